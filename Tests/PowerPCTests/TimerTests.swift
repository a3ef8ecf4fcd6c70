import PowerPC
import Testing

/// The timers in virtual time, where every instruction is one tick.
@Suite(.everyEngine) struct TimerTests {
    private static let (watchdogEnable, decrementerEnable, autoReload, fixedEnable): (UInt32, UInt32, UInt32, UInt32) =
        (0x0800_0000, 0x0400_0000, 0x0040_0000, 0x0080_0000)
    private static let (decrementerStatus, fixedStatus, watchdogStatus, enableNext): (UInt32, UInt32, UInt32, UInt32) =
        (0x0800_0000, 0x0400_0000, 0x4000_0000, 0x8000_0000)

    @Test(arguments: ["mftb r3,268", "mfspr r3,268", "mfspr r3,526"])
    func `the timebase counts instructions`(text: String) throws {
        var machine = try Machine(state: MSR.pr)
        try machine.execute([text, "nop", "nop", text.replacingOccurrences("r3", "r4")])
        #expect(machine.cpu.register(4) - machine.cpu.register(3) == 3)
    }

    @Test func `the timebase carries from its lower into its upper half`() throws {
        var machine = try Machine()
        try machine.execute([
            "li r3,0", "mtspr 284,r3", "li r3,7", "mtspr 285,r3", "li r3,-2", "mtspr 284,r3", "nop", "nop", "nop",
            "nop",
            "mftb r4,269", "mftb r5,268",
        ])
        #expect(machine.cpu.register(4) == 8)
        #expect(machine.cpu.register(5) < 10)
    }

    @Test func `the decrementer interrupts when it reaches zero and stays there`() throws {
        var machine = try Machine(state: MSR.ee)
        machine.cpu.setSpecialRegister(Number.tcr, to: Self.decrementerEnable)
        try machine.load(["li r3,10", "mtspr 22,r3", "addi r4,r4,1", "b -4"])
        _ = machine.run(100)
        #expect(machine.interrupt == .decrementer)
        #expect((5...6).contains(machine.cpu.register(4)))
        #expect(machine.spr(Number.dec) == 0)
        #expect(machine.spr(Number.tsr) & Self.decrementerStatus != 0)
    }

    @Test(arguments: [(0, MSR.ee), (decrementerEnable, 0)] as [(UInt32, UInt32)])
    func `a decrementer that is masked only sets its status`(control: UInt32, state: UInt32) throws {
        var machine = try Machine(state: state)
        machine.cpu.setSpecialRegister(Number.tcr, to: control)
        try machine.execute(["li r3,5", "mtspr 22,r3", "b 0"], count: 100)
        #expect(machine.cpu.pc == Machine.program + 8)
        #expect(machine.spr(Number.tsr) & Self.decrementerStatus != 0)
    }

    @Test func `writing zero to the decrementer raises nothing`() throws {
        var machine = try Machine(state: MSR.ee)
        machine.cpu.setSpecialRegister(Number.tcr, to: Self.decrementerEnable)
        try machine.execute(["li r3,0", "mtspr 22,r3", "b 0"], count: 50)
        #expect(machine.interrupt == nil)
        #expect(machine.spr(Number.tsr) == 0)
    }

    @Test func `writing one to TSR clears the status and ends the interrupt`() throws {
        var machine = try Machine(state: MSR.ee)
        machine.cpu.setSpecialRegister(Number.tcr, to: Self.decrementerEnable)
        try machine.load(
            [load(5, Self.decrementerStatus), "mtspr 336,r5", "addi r6,r6,1", "rfi"], at: Machine.vector(.decrementer))
        try machine.execute(["li r3,5", "mtspr 22,r3", "b 0"], count: 100)
        #expect(machine.cpu.register(6) == 1)
        #expect(machine.cpu.pc == Machine.program + 8)
        #expect(machine.spr(Number.tsr) == 0)
    }

    @Test func `with auto-reload the decrementer starts again from DECAR`() throws {
        var machine = try Machine()
        try machine.execute([
            load(3, Self.autoReload), "mtspr 340,r3", "li r3,100", "mtspr 54,r3", "li r3,5", "mtspr 22,r3", "nop",
            "nop", "nop", "nop", "nop", "nop", "mfspr r4,22",
        ])
        #expect((90...100).contains(machine.cpu.register(4)))
        #expect(machine.spr(Number.tsr) & Self.decrementerStatus != 0)
        #expect(machine.spr(Number.decar) == 100)
    }

    @Test func `with auto-reload the decrementer interrupts at every period`() throws {
        var machine = try Machine(state: MSR.ee)
        try machine.load(
            [load(5, Self.decrementerStatus), "mtspr 336,r5", "addi r6,r6,1", "rfi"], at: Machine.vector(.decrementer))
        try machine.execute(
            [
                load(3, Self.autoReload | Self.decrementerEnable), "mtspr 340,r3", "li r3,100", "mtspr 54,r3",
                "mtspr 22,r3", "b 0",
            ],
            count: 1050)
        #expect(machine.cpu.register(6) == 10)
    }

    /// TCR's FP and FPEXT fields for a bit of the timebase, 0 being the least significant.
    private func fixedPeriod(_ bit: UInt32) -> UInt32 {
        let number = 63 - bit
        return (number >> 2) << 13 | (number & 3) << 24
    }

    @Test(arguments: [4, 6, 9] as [UInt32])
    func `the fixed-interval timer interrupts when its bit of the timebase rises`(bit: UInt32) throws {
        var machine = try Machine(state: MSR.ee)
        try machine.load(
            [load(5, Self.fixedStatus), "mtspr 336,r5", "addi r6,r6,1", "rfi"], at: Machine.vector(.fixedInterval))
        machine.cpu.setSpecialRegister(Number.tcr, to: Self.fixedEnable | fixedPeriod(bit))
        try machine.execute(["b 0"], count: 8 << (Int(bit) + 1))
        // A handler that is slower than the period would lose some; these are not.
        #expect((7...8).contains(machine.cpu.register(6)))
    }

    /// TCR's WP and WPEXT fields for a bit of the timebase.
    private func watchdogPeriod(_ bit: UInt32) -> UInt32 {
        let number = 63 - bit
        return (number >> 2) << 17 | (number & 3) << 30
    }

    @Test func `the watchdog arms at its first time-out, interrupts at its second and resets at its third`() throws {
        var machine = try Machine(state: MSR.ce)
        machine.cpu.setSpecialRegister(
            Number.tcr, to: Self.watchdogEnable | watchdogPeriod(5) | 0x1000_0000)
        try machine.load(["b 0"])
        _ = machine.run(40)
        #expect(machine.spr(Number.tsr) & (Self.enableNext | Self.watchdogStatus) == Self.enableNext)
        #expect(machine.interrupt == nil)
        _ = machine.run(64)
        #expect(machine.interrupt == .watchdog)
        #expect(machine.spr(Number.csrr0) == Machine.program)
        #expect(machine.spr(Number.tsr) & Self.watchdogStatus != 0)
        guard case .reset(.watchdog) = machine.run(64) else {
            Issue.record("no reset")
            return
        }
    }

    @Test func `the watchdog's reset comes even if the guest reads TSR before anything else`() throws {
        var machine = try Machine()
        machine.cpu.setSpecialRegister(Number.tcr, to: watchdogPeriod(5) | 0x1000_0000)
        // The bit rises at 32, 96 and 160, in the midst of a stretch without branches.
        try machine.load([String](repeating: "nop", count: 200) + ["mfspr r3,336"])
        guard case .reset(.watchdog) = machine.run(250) else {
            Issue.record("no reset")
            return
        }
    }

    @Test func `a watchdog without reset control never resets`() throws {
        var machine = try Machine()
        machine.cpu.setSpecialRegister(Number.tcr, to: watchdogPeriod(5))
        try machine.load(["b 0"])
        guard case .sliceEnd = machine.run(1000) else {
            Issue.record("the slice did not end")
            return
        }
    }

    @Test func `the watchdog's reset control cannot be cleared`() throws {
        var machine = try Machine()
        try machine.execute([load(3, 0x1000_0000), "mtspr 340,r3", "li r3,0", "mtspr 340,r3", "mfspr r4,340"])
        #expect(machine.cpu.register(4) & 0x3000_0000 == 0x1000_0000)
    }

    @Test func `the next timer event is when the decrementer ends`() throws {
        var machine = try Machine()
        machine.cpu.setSpecialRegister(Number.tcr, to: Self.decrementerEnable)
        machine.cpu.setSpecialRegister(Number.dec, to: 1000)
        #expect(machine.cpu.nextTimerEvent() == machine.cpu.now + 1000)
    }

    @Test func `a slice that begins later in virtual time finds the timers run down`() throws {
        var machine = try Machine(state: MSR.ee)
        machine.cpu.setSpecialRegister(Number.tcr, to: Self.decrementerEnable)
        machine.cpu.setSpecialRegister(Number.dec, to: 1000)
        try machine.load(["b 0"])
        machine.cpu.beginSlice(instructions: 1, at: machine.cpu.now + 1000)
        _ = machine.cpu.run()
        #expect(machine.interrupt == .decrementer)
        #expect(machine.spr(Number.srr0) == Machine.program)
    }

    @Test(arguments: [1, 2, 3, 7, 100] as [UInt64])
    func `the length of slices changes nothing`(length: UInt64) throws {
        func end(_ length: UInt64) throws -> [UInt32] {
            var machine = try Machine(state: MSR.ee)
            machine.cpu.setSpecialRegister(Number.tcr, to: Self.decrementerEnable | Self.autoReload)
            machine.cpu.setSpecialRegister(Number.decar, to: 37)
            machine.cpu.setSpecialRegister(Number.dec, to: 37)
            try machine.load(
                [load(5, Self.decrementerStatus), "mtspr 336,r5", "addi r6,r6,1", "mftb r7,268", "rfi"],
                at: Machine.vector(.decrementer))
            try machine.load(["addi r3,r3,1", "addi r4,r4,2", "b -8"])
            while machine.cpu.instructions < 1000 { _ = machine.run(min(length, 1000 - machine.cpu.instructions)) }
            return [3, 4, 6, 7].map { machine.cpu.register($0) } + [machine.cpu.pc]
        }
        #expect(try end(length) == end(1000))
    }
}

extension String {
    /// The text with one word in place of another.
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String {
        split(separator: " ").map { $0.hasPrefix(old) ? new + $0.dropFirst(old.count) : String($0) }.joined(
            separator: " ")
    }
}
