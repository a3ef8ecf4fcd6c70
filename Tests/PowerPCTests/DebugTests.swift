import GuestMemory
import PowerPC
import Testing

/// Breakpoints, watchpoints and steps.
@Suite struct DebugTests {
    private static let program = ["li r3,1", "li r4,2", "stw r4,0(r9)", "lwz r5,0(r9)", "addi r6,r5,1"]

    private func machine(_ text: [String] = program) throws -> Machine {
        var machine = try Machine()
        try machine.load(text)
        machine.cpu.setPC(Machine.program)
        machine.cpu.setRegister(9, to: Machine.data)
        machine.cpu.beginSlice(instructions: 1000, at: 0)
        return machine
    }

    private func event(_ exit: Exit) -> DebugEvent? {
        if case .debug(let event) = exit { return event }
        return nil
    }

    private func expect(_ exit: Exit, _ expected: DebugEvent?, at location: SourceLocation = #_sourceLocation) {
        #expect(event(exit) == expected, sourceLocation: location)
    }

    // MARK: Breakpoints

    @Test func `a breakpoint stops before its instruction, each time, and counts what ran`() throws {
        var machine = try machine()
        machine.cpu.setBreakpoints([Machine.program + 8])
        for _ in 0..<2 {
            expect(machine.cpu.run(), .breakpoint)
            #expect(machine.cpu.pc == Machine.program + 8)
            #expect(machine.cpu.instructions == 2)
            #expect(try machine.word(Machine.data) == 0)
        }
        machine.cpu.setBreakpoints([])
        guard case .sliceEnd = machine.cpu.run() else {
            Issue.record("it stopped again")
            return
        }
        #expect(try machine.word(Machine.data) == 2)
        #expect(machine.cpu.register(6) == 3)
    }

    @Test func `a breakpoint can be set in code that ran before`() throws {
        var machine = try machine()
        _ = machine.cpu.run()
        machine.cpu.setPC(Machine.program)
        machine.cpu.setBreakpoints([Machine.program + 4])
        machine.cpu.beginSlice(instructions: 1000, at: 2000)
        expect(machine.cpu.run(), .breakpoint)
        #expect(machine.cpu.pc == Machine.program + 4)
    }

    @Test func `a breakpoint survives a store to its instruction`() throws {
        var machine = try machine(["stw r4,8(r9)", "nop", "nop", "li r7,7"])
        machine.cpu.setRegister(9, to: Machine.program)
        machine.cpu.setRegister(4, to: assemble("li", [3, 9]))
        machine.cpu.setBreakpoints([Machine.program + 8])
        expect(machine.cpu.run(), .breakpoint)
        expect(machine.cpu.step(takingInterrupts: false), .step)
        #expect(machine.cpu.register(3) == 9)
    }

    @Test func `a breakpoint belongs to an effective address, not to the memory behind it`() throws {
        var machine = try Machine(megabytes: 16)
        try machine.load(Self.program)
        try machine.map(.init(effective: 0x4000_0000, real: UInt64(Machine.program), entry: 2, sizeCode: 1))
        machine.cpu.setRegister(9, to: Machine.data)
        machine.cpu.setBreakpoints([Machine.program + 4, 0x4000_0008])
        machine.cpu.setPC(0x4000_0000)
        machine.cpu.beginSlice(instructions: 1000, at: 0)
        expect(machine.cpu.run(), .breakpoint)
        #expect(machine.cpu.pc == 0x4000_0008)
        #expect(machine.cpu.register(4) == 2)
        machine.cpu.setPC(Machine.program)
        expect(machine.cpu.run(), .breakpoint)
        #expect(machine.cpu.pc == Machine.program + 4)
        // Here the other breakpoint's word is one like all others.
        expect(machine.cpu.step(takingInterrupts: false), .step)
        expect(machine.cpu.run(), nil)
        #expect(machine.cpu.register(6) == 3)
    }

    @Test func `a breakpoint waits for memory that is not mapped yet`() throws {
        var machine = try Machine()
        try machine.load(["mtctr r7", "bcctr 20,0"])
        try machine.load(Self.program, at: 0x3_0000)
        machine.cpu.setBreakpoints([0x5000_0004])
        try machine.map(.init(effective: 0x5000_0000, real: 0x3_0000, entry: 2, sizeCode: 1))
        machine.cpu.setRegister(7, to: 0x5000_0000)
        machine.cpu.setPC(Machine.program)
        machine.cpu.beginSlice(instructions: 1000, at: 0)
        expect(machine.cpu.run(), .breakpoint)
        #expect(machine.cpu.pc == 0x5000_0004)
    }

    // MARK: Watchpoints

    static let accesses: [(access: String, offset: UInt32, writes: Bool, width: UInt32)] = [
        ("stw r4,0(r9)", 0, true, 4), ("stb r4,3(r9)", 3, true, 1), ("sth r4,6(r9)", 6, true, 2),
        ("stwu r4,4(r9)", 4, true, 4), ("stmw r30,8(r9)", 8, true, 8), ("stswi r4,r9,7", 0, true, 7),
        ("stw r4,2(r9)", 2, true, 4), ("dcbz r0,r9", 0, true, 32), ("lwz r5,0(r9)", 0, false, 4),
        ("lbzu r5,5(r9)", 5, false, 1), ("lmw r30,8(r9)", 8, false, 8), ("lswi r5,r9,7", 0, false, 7),
        ("lwarx r5,r0,r9", 0, false, 4), ("lha r5,6(r9)", 6, false, 2),
    ]

    @Test(arguments: accesses)
    func `an access stops before it is done where it touches what is watched, and then passes`(
        access: String, offset: UInt32, writes: Bool, width: UInt32
    ) throws {
        let first = Machine.data + offset
        // The first and the last byte of the access, and their neighbours, by all kinds.
        for address in [first - 1, first, first + width - 1, first + width] {
            for kind in [Watchpoint.Kind.read, .write, .access] {
                var machine = try machine(["li r3,1", access, "li r8,1"])
                let watchpoint = Watchpoint(kind, address: address, length: 1)
                machine.cpu.setWatchpoints([watchpoint])
                let touches = address >= first && address < first + width
                if touches, kind == .access || (kind == .write) == writes {
                    expect(machine.cpu.resume(), .watchpoint(watchpoint, accessed: address))
                    #expect(machine.cpu.pc == Machine.program + 4 && machine.cpu.register(8) == 0)
                }
                expect(machine.cpu.resume(), nil)
                #expect(machine.cpu.register(8) == 1, "\(access) at \(address)")
            }
        }
    }

    @Test func `what was translated before it is watched is watched too`() throws {
        var machine = try machine(["stw r4,0(r9)", "bcl 20,31,4", "stw r4,0(r9)"])
        expect(machine.cpu.step(takingInterrupts: false), .step)
        machine.cpu.setWatchpoints([Watchpoint(.write, address: Machine.data, length: 4)])
        guard case .watchpoint = event(machine.cpu.resume()) else {
            Issue.record("the store was not seen")
            return
        }
        #expect(machine.cpu.pc == Machine.program + 8)
    }

    @Test func `an access across pages is seen in the second one`() throws {
        var machine = try machine(["li r3,1", "stw r4,-2(r9)", "li r8,1"])
        machine.cpu.setRegister(4, to: 0x1122_3344)
        let watchpoint = Watchpoint(.write, address: Machine.data + 1, length: 1)
        machine.cpu.setWatchpoints([watchpoint])
        expect(machine.cpu.resume(), .watchpoint(watchpoint, accessed: Machine.data + 1))
        // Nothing is done yet.
        #expect(try machine.word(Machine.data - 4) == 0)
        expect(machine.cpu.resume(), nil)
        #expect(try machine.word(Machine.data - 2) == 0x1122_3344)
    }

    @Test func `a watched range may end at the last address`() throws {
        let watchpoint = Watchpoint(.write, address: 0xFFFF_FFFC, length: 4)
        var machine = try machine(["stw r4,-4(r0)"])
        try machine.map(.init(effective: 0xFFFF_F000, real: 0x2_0000, entry: 2, sizeCode: 1))
        machine.cpu.setPC(Machine.program)
        machine.cpu.beginSlice(instructions: 100, at: 0)
        machine.cpu.setWatchpoints([watchpoint])
        expect(machine.cpu.resume(), .watchpoint(watchpoint, accessed: 0xFFFF_FFFC))
    }

    // MARK: Steps

    @Test func `steps execute one instruction each, whatever it is`() throws {
        let text = ["li r3,1", "b 8", "nop", "bcl 20,31,8", "nop", "stw r3,0(r9)", "sc 0", "li r4,1"]
        var machine = try machine(text)
        var places: [UInt32] = []
        for _ in 0..<6 {
            expect(machine.cpu.step(takingInterrupts: false), .step)
            places.append(machine.cpu.pc)
        }
        let start = Machine.program
        #expect(
            places == [
                start + 4, start + 12, start + 20, start + 24, Machine.vector(.systemCall), Machine.vector(.systemCall),
            ])
        #expect(machine.cpu.instructions == 6)
        #expect(try machine.word(Machine.data) == 1)
    }

    @Test func `a step goes from page to page`() throws {
        var machine = try Machine()
        try machine.load(["nop", "nop", "b -0x2000"], at: 0x3_0FFC)
        machine.cpu.setPC(0x3_0FFC)
        machine.cpu.beginSlice(instructions: 100, at: 0)
        var places: [UInt32] = []
        for _ in 0..<3 {
            _ = machine.cpu.step(takingInterrupts: false)
            places.append(machine.cpu.pc)
        }
        #expect(places == [0x3_1000, 0x3_1004, 0x2_F004])
    }

    @Test func `a step ignores the breakpoint of its instruction, and the next one stops`() throws {
        var machine = try machine()
        machine.cpu.setBreakpoints([Machine.program, Machine.program + 4])
        expect(machine.cpu.step(takingInterrupts: false), .step)
        #expect(machine.cpu.pc == Machine.program + 4)
        expect(machine.cpu.run(), .breakpoint)
    }

    @Test func `a step takes no interrupt that waits, unless it is to`() throws {
        for takes in [false, true] {
            var machine = try machine()
            machine.cpu.setMachineState(0x8000)
            machine.cpu.setPin(.external, asserted: true)
            expect(machine.cpu.step(takingInterrupts: takes), .step)
            #expect(machine.cpu.pc == (takes ? Machine.vector(.external) : Machine.program + 4))
        }
    }

    @Test func `a step of a vCPU that waits takes the interrupt that ends the wait`() throws {
        var machine = try machine()
        machine.cpu.setMachineState(0x4_8000)
        guard case .idle = machine.cpu.step(takingInterrupts: false) else {
            Issue.record("it does not wait")
            return
        }
        machine.cpu.setPin(.external, asserted: true)
        expect(machine.cpu.step(takingInterrupts: false), .step)
        #expect(machine.cpu.pc == Machine.vector(.external))
    }

    @Test func `a step to a device leaves the access to the machine`() throws {
        var machine = try Machine()
        try machine.load(["lwz r5,0(r9)"])
        try machine.map(.init(effective: 0x6000_0000, real: 0xF_E000_0000, entry: 2, sizeCode: 1))
        machine.cpu.setRegister(9, to: 0x6000_0000)
        machine.cpu.setPC(Machine.program)
        machine.cpu.beginSlice(instructions: 100, at: 0)
        guard case .deviceRead(0xF_E000_0000, 4) = machine.cpu.step(takingInterrupts: false) else {
            Issue.record("no access")
            return
        }
        machine.cpu.completeRead(77)
        #expect(machine.cpu.register(5) == 77 && machine.cpu.pc == Machine.program + 4)
    }

    @Test func `a turn in single steps is the turn at once`() throws {
        let text = [
            load(5, 100), "mtctr r5", "addi r3,r3,3", "stw r3,0(r9)", "lwzx r4,r0,r9", "rlwinm r4,r4,3,0,31",
            "xor r6,r6,r4", "bc 16,0,-20",
        ]
        var whole = try machine(text)
        _ = whole.cpu.run()
        var stepped = try machine(text)
        while true {
            if case .sliceEnd = stepped.cpu.step(takingInterrupts: true) { break }
        }
        #expect(registers(of: whole.cpu) == registers(of: stepped.cpu))
        #expect(whole.cpu.pc == stepped.cpu.pc)
    }

    // MARK: Looking

    @Test func `memory is read by the current translations, without effects and across pages`() throws {
        var machine = try Machine(megabytes: 16)
        try machine.map(.init(effective: 0x4000_0000, real: 0x5_0000, entry: 2, sizeCode: 1, permissions: 0))
        try machine.map(.init(effective: 0x4000_1000, real: 0x7_0000, entry: 3, sizeCode: 1))
        try machine.map(.init(effective: 0x6000_0000, real: 0xF_E000_0000, entry: 4, sizeCode: 1))
        try machine.set(0x5_0FFC, 0x1122_3344)
        try machine.set(0x7_0000, 0x5566_7788)
        let before = machine.cpu.instructions
        #expect(machine.cpu.debugRead(at: 0x4000_0FFC, count: 8) == [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88])
        #expect(machine.cpu.debugRead(at: 0x4000_1FFC, count: 8).count == 4)
        #expect(machine.cpu.debugRead(at: 0x6000_0000, count: 4).isEmpty)
        #expect(machine.cpu.debugRead(at: 0x7000_0000, count: 4).isEmpty)
        let isWritten = machine.cpu.debugWrite([1, 2, 3, 4, 5, 6, 7, 8], at: 0x4000_0FFC)
        #expect(isWritten)
        #expect(try machine.word(0x5_0FFC) == 0x0102_0304)
        #expect(try machine.word(0x7_0000) == 0x0506_0708)
        // Where one byte has no place none is written.
        let isCut = machine.cpu.debugWrite([9, 9, 9, 9, 9, 9, 9, 9], at: 0x4000_1FFC)
        #expect(!isCut)
        #expect(try machine.word(0x7_0FFC) == 0)
        #expect(machine.cpu.instructions == before)
    }

    @Test func `a debugger's write to code is executed`() throws {
        var machine = try machine()
        _ = machine.cpu.run()
        let word = assemble("li", [3, 42])
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
        let isWritten = machine.cpu.debugWrite(bytes, at: Machine.program)
        #expect(isWritten)
        machine.cpu.setPC(Machine.program)
        machine.cpu.beginSlice(instructions: 100, at: 2000)
        _ = machine.cpu.run()
        #expect(machine.cpu.register(3) == 42)
    }

    @Test func `every register has a name of its own, and keeps what is written where it can be`() throws {
        var machine = try Machine()
        let all = CPU.debugRegisters(of: .e500v2)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(all.prefix(38).map(\.name) == (0..<32).map { "r\($0)" } + ["pc", "msr", "cr", "lr", "ctr", "xer"])
        for register in all.prefix(38) where register.name != "msr" {
            let value: UInt64 = register.name == "xer" ? 0xE000_0078 : 0x1234_5678
            let (isSet, kept) = (machine.cpu.setValue(of: register, to: value), machine.cpu.value(of: register))
            #expect(isSet && kept == value, "\(register.name)")
        }
        for (name, value) in [("pvr", 0x8021_0030), ("ivor5", 0x4140), ("pir", 0)] as [(String, UInt64)] {
            let register = try #require(all.first { $0.name == name })
            let kept = machine.cpu.value(of: register)
            #expect(kept == value, "\(name)")
        }
        let pvr = try #require(all.first { $0.name == "pvr" })
        let isSet = machine.cpu.setValue(of: pvr, to: 0)
        #expect(!isSet)
        let timebase = try #require(all.first { $0.name == "tbu" })
        let (isTimeSet, time) = (machine.cpu.setValue(of: timebase, to: 5), machine.cpu.value(of: timebase))
        #expect(isTimeSet && time == 5)
    }

    // MARK: Telling

    private final class Listener: CPUObserver {
        var events: [String] = []
        func observe(_ event: CPUEvent, vcpu: Int, at tick: UInt64) {
            switch event {
            case .interrupt(let taken):
                events.append("\(taken.interrupt.name) \(taken.savedPC) \(taken.vector)")
            case .firstExecution(_, let address): events.append("first \(address)")
            case .illegalInstruction(let word, _): events.append("illegal \(word)")
            case .unknownRegister(let number, _): events.append("register \(number)")
            case .tlbWrite(let report): events.append(report.description)
            case .tlbInvalidate(let operand): events.append("invalidate \(operand)")
            case .process(let number, let value): events.append("pid\(number) \(value)")
            case .unimplemented(let facility, _): events.append("\(facility.name)")
            case .waits: events.append("waits")
            case .wakes: events.append("wakes")
            }
        }
    }

    @Test func `an observer is told what happens, in order`() throws {
        var machine = try machine(["li r3,5", "mtspr 48,r3", "tlbivax r0,r3", "mtspr 999,r3"])
        let listener = Listener()
        machine.cpu.setObserver(listener)
        _ = machine.run(6)
        let at = Machine.program + 12
        #expect(
            listener.events == ["pid0 5", "invalidate 5", "register 999", "program \(at) \(Machine.vector(.program))"])
    }

    @Test func `each instruction is shown when it is first executed, and again when it changed`() throws {
        var machine = try machine(["addi r3,r3,1", "stw r4,8(r9)", "nop", "bcl 20,31,-12"])
        machine.cpu.setRegister(9, to: Machine.program)
        machine.cpu.setRegister(4, to: assemble("ori", [0, 0, 0]))
        let listener = Listener()
        machine.cpu.setObserver(listener, showsFirstExecutions: true)
        _ = machine.run(20)
        let start = Machine.program
        #expect(listener.events == ([0, 4, 8, 12] as [UInt32]).map { "first \(start + $0)" })
        machine.cpu.setRegister(4, to: assemble("li", [7, 7]))
        _ = machine.run(20)
        #expect(listener.events.dropFirst(4) == ["first \(start + 8)"])
    }
}
