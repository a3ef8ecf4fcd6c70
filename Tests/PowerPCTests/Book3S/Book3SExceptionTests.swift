import Testing

import PowerPC

/// What an instruction that raises an exception leaves in the registers of the 64-bit core.
@Suite struct Book3SExceptionTests {
    struct Raised: Sendable, CustomStringConvertible {
        let text: String
        var state: UInt64 = 0
        let interrupt: Book3SInterrupt
        var reason: UInt64 = 0
        var syndrome: UInt64?
        var address: UInt64?
        /// Bytes from the program to the address in SRR0.
        var returnOffset: UInt64 = 0

        var description: String { "\(text), MSR \(hexadecimal(state))" }
    }

    private static let (floating, illegal, privileged, trap): (UInt64, UInt64, UInt64, UInt64) =
        (1 << 20, 1 << 19, 1 << 18, 1 << 17)

    /// Untranslated in either state: r9 holds it.
    private static let nowhere: UInt64 = 0xC000_0000_0500_0000
    /// In no segment: r10 holds it.
    private static let beyond: UInt64 = 0xD000_0000_0000_0010
    /// Read-only: r11 holds it.
    private static let readOnly: UInt64 = 0xC000_0000_0003_0000

    static let anyState: [Raised] = [0, MSR64.pr].flatMap { state in
        [
            Raised(text: ".long 0", state: state, interrupt: .program, reason: illegal),
            Raised(text: ".long 0x7C0007FE", state: state, interrupt: .program, reason: illegal),
            Raised(text: "twi 31,r3,0", state: state, interrupt: .program, reason: trap),
            Raised(text: "td 31,r3,r3", state: state, interrupt: .program, reason: trap),
            Raised(text: "sc 0", state: state, interrupt: .systemCall, returnOffset: 4),
            Raised(text: "lfd f1,0(r9)", state: state, interrupt: .floatingPointUnavailable),
            Raised(text: ".long 0x10000484", state: state, interrupt: .vectorUnavailable),
            Raised(text: ".long 0xF0000490", state: state, interrupt: .vsxUnavailable),
            Raised(text: "tbegin.", state: state, interrupt: .facilityUnavailable),
            Raised(
                text: "ld r3,8(r9)", state: state, interrupt: .dataStorage, syndrome: 0x4000_0000, address: nowhere + 8),
            Raised(
                text: "stdu r3,-8(r9)", state: state, interrupt: .dataStorage, syndrome: 0x4200_0000,
                address: nowhere - 8),
            Raised(
                text: "dcbz r0,r9", state: state, interrupt: .dataStorage, syndrome: 0x4200_0000, address: nowhere),
            Raised(
                text: "stw r3,0(r11)", state: state, interrupt: .dataStorage, syndrome: 0x0A00_0000, address: readOnly),
            Raised(text: "lwz r3,0(r10)", state: state, interrupt: .dataSegment, address: beyond),
            Raised(text: "stb r3,1(r10)", state: state, interrupt: .dataSegment, address: beyond + 1),
            Raised(text: "lwarx r3,r12,r9", state: state, interrupt: .alignment, syndrome: 0, address: nowhere + 2),
            Raised(text: "ldarx r3,r12,r9", state: state, interrupt: .alignment, syndrome: 0, address: nowhere + 2),
        ]
    }

    static let problemState: [Raised] =
        [
            "rfid", "mfmsr r3", "mtmsrd r3,0", "mtmsrd r3,1", "slbmte r3,r4", "slbie r4", "slbia 0", "slbmfee r3,r4",
            "tlbiel r3", "mfspr r3,26", "mtspr 272,r3", "mfspr r3,22", "msgsndp r3", "mfspr r3,1023",
        ].map { Raised(text: $0, state: MSR64.pr, interrupt: .program, reason: privileged) } + [
            Raised(text: "mfspr r3,815", state: MSR64.pr, interrupt: .facilityUnavailable),
            Raised(text: "bctar 20,0", state: MSR64.pr, interrupt: .facilityUnavailable),
            Raised(text: "mtspr 3,r3", state: MSR64.pr, interrupt: .facilityUnavailable),
            Raised(text: "mfspr r3,9", state: MSR64.pr, interrupt: .program, reason: 0).replaced("mfspr r3,7", illegal),
            Raised(
                text: "ld r3,0(r8)", state: MSR64.pr, interrupt: .dataStorage, syndrome: 0x0800_0000,
                address: 0xC000_0000_0004_0000),
        ]

    static let supervisorState: [Raised] = ["tlbie r3,r4", "tlbsync", "mfspr r3,318", "mtspr 304,r3"].map {
        Raised(text: $0, interrupt: .program, reason: privileged)
    }

    private func check(_ raised: Raised, littleEndian: Bool) throws {
        var machine = try ServerMachine(littleEndian: littleEndian)
        machine.addSegment()
        machine.map(0x1_0000, to: ServerMachine.program)
        machine.map(0x3_0000, to: 0x3_0000, pp: 3)
        machine.map(0x4_0000, to: 0x4_0000, pp: 0)
        try machine.load([raised.text])
        machine.cpu.setRegister(8, to: 0xC000_0000_0004_0000)
        machine.cpu.setRegister(9, to: Self.nowhere)
        machine.cpu.setRegister(10, to: Self.beyond)
        machine.cpu.setRegister(11, to: Self.readOnly)
        machine.cpu.setRegister(12, to: 2)
        let relocation = MSR64.ir | MSR64.dr
        machine.cpu.setMachineState(
            ServerMachine.state | raised.state | relocation | (littleEndian ? MSR64.le : 0))
        let before = machine.cpu.msr
        let start = ServerMachine.mapped + ServerMachine.program
        machine.cpu.setPC(start)
        machine.run(2)
        #expect(machine.interrupt == raised.interrupt)
        #expect(machine.spr(ServerNumber.srr0) == start + raised.returnOffset)
        #expect(machine.spr(ServerNumber.srr1) == before | raised.reason)
        #expect(machine.cpu.msr == MSR64.sf | MSR64.me | (littleEndian ? MSR64.le : 0))
        if let syndrome = raised.syndrome { #expect(machine.spr(ServerNumber.dsisr) == syndrome) }
        if let address = raised.address { #expect(machine.spr(ServerNumber.dar) == address) }
    }

    @Test(arguments: anyState + problemState + supervisorState, [false, true])
    func `an exception saves where and why it was raised`(raised: Raised, littleEndian: Bool) throws {
        try check(raised, littleEndian: littleEndian)
    }

    @Test func `a page that is not mapped cannot be executed`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ir)
        machine.cpu.setPC(ServerMachine.mapped + 0x5000)
        machine.run(1)
        #expect(machine.interrupt == .instructionStorage)
        #expect(machine.spr(ServerNumber.srr1) == ServerMachine.state | MSR64.ir | 0x4000_0000)
        #expect(machine.spr(ServerNumber.srr0) == ServerMachine.mapped + 0x5000)
    }

    @Test func `a page with N set cannot be executed`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x5000, to: 0x5000, flags: HashedPageEntry.Real.noExecute)
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ir)
        machine.cpu.setPC(ServerMachine.mapped + 0x5000)
        machine.run(1)
        #expect(machine.interrupt == .instructionStorage)
        #expect(machine.spr(ServerNumber.srr1) == ServerMachine.state | MSR64.ir | 0x1000_0000)
    }

    @Test func `an address without a segment cannot be executed`() throws {
        var machine = try ServerMachine()
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ir)
        machine.cpu.setPC(0x5000)
        machine.run(1)
        #expect(machine.interrupt == .instructionSegment)
        #expect(machine.spr(ServerNumber.srr0) == 0x5000)
    }

    @Test func `real mode ignores the upper four bits of an address`() throws {
        var machine = try ServerMachine()
        try machine.set(ServerMachine.data, 0x1234)
        machine.cpu.setRegister(4, to: ServerMachine.data | 0xC << 60)
        try machine.execute("ld r3,0(r4)")
        #expect(machine.cpu.register(3) == 0x1234)
    }

    @Test func `memory that is not there raises a machine check`() throws {
        var machine = try ServerMachine()
        machine.cpu.setRegister(4, to: 1 << 40)
        try machine.execute("ld r3,0(r4)")
        #expect(machine.interrupt == .machineCheck)
        #expect(machine.spr(ServerNumber.dar) == 1 << 40)
    }

    @Test func `a facility that FSCR allows is available in problem state`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x1_0000, to: ServerMachine.program)
        machine.cpu.setSpecialRegister(ServerNumber.fscr, to: 1 << 8)
        try machine.load(["mtspr 815,r5", "mfspr r3,815", "mfspr r4,3"])
        machine.cpu.setRegister(5, to: 0xABCD)
        machine.cpu.setMachineState(ServerMachine.state | MSR64.pr)
        machine.cpu.setPC(ServerMachine.mapped + ServerMachine.program)
        machine.run(5)
        #expect(machine.cpu.register(3) == 0xABCD)
        #expect(machine.interrupt == .facilityUnavailable)
        #expect(machine.spr(ServerNumber.fscr) == 1 << 8 | 2 << 56)
    }

    @Test func `alternate interrupts keep translation on`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x1_0000, to: ServerMachine.program)
        machine.map(0x4000, to: 0x4000)
        machine.cpu.alternateInterruptLocation = 3
        try machine.load(["sc 0"])
        machine.cpu.setMachineState(ServerMachine.state | MSR64.ir | MSR64.dr)
        machine.cpu.setPC(ServerMachine.mapped + ServerMachine.program)
        machine.run(2)
        #expect(machine.cpu.pc == 0xC000_0000_0000_4C00)
        #expect(machine.cpu.msr == ServerMachine.state | MSR64.ir | MSR64.dr)
    }

    @Test func `a handler that raises its own interrupt ends the guest`() throws {
        var machine = try ServerMachine()
        try machine.load(words: [0], at: Book3SInterrupt.program.vector)
        try machine.load([".long 0"])
        guard case .crash(.unhandledServer(.program, vector: 0x700)) = machine.run(10) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test func `a program at the effective address of a handler raises interrupts like any other`() throws {
        var machine = try ServerMachine()
        _ = machine.cpu.segments.moveTo(rs: ServerMachine.segment << 12, rb: 1 << 27)
        machine.map(0, to: ServerMachine.program)
        try machine.load(words: [0], at: ServerMachine.program + Book3SInterrupt.program.vector)
        for state in [MSR64.pr, MSR64.ir | MSR64.dr] {
            machine.cpu.setMachineState(ServerMachine.state | state)
            machine.cpu.setPC(Book3SInterrupt.program.vector)
            guard case .sliceEnd = machine.run(5) else {
                Issue.record("the guest ends")
                return
            }
            #expect(machine.interrupt == .program)
            #expect(machine.cpu.msr == ServerMachine.state)
        }
    }

    @Test func `a jump of problem state to a handler is an instruction storage interrupt`() throws {
        var machine = try ServerMachine()
        machine.addSegment()
        machine.map(0x4000, to: 0x4000, pp: 0)
        machine.cpu.alternateInterruptLocation = 3
        machine.cpu.setMachineState(ServerMachine.state | MSR64.pr)
        machine.cpu.setPC(0xC000_0000_0000_4400)
        guard case .sliceEnd = machine.run(5) else {
            Issue.record("the guest ends")
            return
        }
        #expect(machine.cpu.pc == 0xC000_0000_0000_4400)
        #expect(machine.cpu.msr == ServerMachine.state | MSR64.ir | MSR64.dr)
        #expect(machine.spr(ServerNumber.srr1) & MSR64.pr != 0)
    }

    @Test func `level 1 is a call of the partition, in either state`() throws {
        var machine = try ServerMachine()
        try machine.load(["sc 1"])
        guard case .partitionCall(isPrivileged: true) = machine.run(2) else {
            Issue.record("no call")
            return
        }
        #expect(machine.cpu.pc == ServerMachine.program + 4)
    }

    @Test func `KVM's sequence is a hypercall in supervisor state`() throws {
        var machine = try ServerMachine()
        try machine.load([load(0, 0x4B56_4D21), "sc 0"])
        guard case .hypercall = machine.run(5) else {
            Issue.record("no call")
            return
        }
        #expect(machine.cpu.pc == ServerMachine.program + 12)
    }
}

extension Book3SExceptionTests.Raised {
    /// The same with another instruction and reason.
    func replaced(_ text: String, _ reason: UInt64) -> Self {
        Self(text: text, state: state, interrupt: interrupt, reason: reason)
    }
}
