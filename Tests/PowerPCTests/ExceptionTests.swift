import PowerPC
import Testing

/// What an instruction that raises an exception leaves in the registers.
@Suite(.everyEngine) struct ExceptionTests {
    struct Raised: Sendable, CustomStringConvertible {
        let text: String
        var state: UInt32 = 0
        let interrupt: Interrupt
        var syndrome: UInt32?
        var address: UInt32?
        /// Bytes from the program to the address in SRR0.
        var returnOffset: UInt32 = 0

        var description: String { "\(text), MSR \(hexadecimal(state))" }
    }

    private static let (illegal, privileged, trap, store): (UInt32, UInt32, UInt32, UInt32) =
        (0x0800_0000, 0x0400_0000, 0x0200_0000, 0x0080_0000)

    /// An address that nothing maps.
    static let nowhere = 0x3000_0000

    static let raised: [Raised] =
        [0, MSR.pr].flatMap { state in
            [
                Raised(text: ".long 0", state: state, interrupt: .program, syndrome: illegal),
                Raised(text: ".long 0x7C0007FE", state: state, interrupt: .program, syndrome: illegal),
                Raised(text: ".long 0xFC00002A", state: state, interrupt: .program, syndrome: illegal),
                // A floating-point load: the core has no floating-point unit.
                Raised(text: ".long 0xC0230000", state: state, interrupt: .program, syndrome: illegal),
                Raised(text: "mftb r3,270", state: state, interrupt: .program, syndrome: illegal),
                // No core has this SPR; its number says that user state might.
                Raised(text: "mfspr r3,7", state: state, interrupt: .program, syndrome: illegal),
                Raised(text: "mtspr 268,r3", state: state, interrupt: .program, syndrome: illegal),
                Raised(text: "twi 31,r3,0", state: state, interrupt: .program, syndrome: trap),
                Raised(text: "tw 31,r3,r3", state: state, interrupt: .program, syndrome: trap),
                Raised(text: "sc 0", state: state, interrupt: .systemCall, returnOffset: 4),
                Raised(
                    text: "lwz r3,4(r9)", state: state, interrupt: .dataTLBMiss, syndrome: 0,
                    address: UInt32(nowhere) + 4),
                Raised(
                    text: "stbu r3,-1(r9)", state: state, interrupt: .dataTLBMiss, syndrome: store,
                    address: UInt32(nowhere) - 1),
                Raised(
                    text: "dcbz r0,r9", state: state, interrupt: .dataTLBMiss, syndrome: store, address: UInt32(nowhere)
                ),
                Raised(
                    text: "stmw r30,0(r9)", state: state, interrupt: .dataTLBMiss, syndrome: store,
                    address: UInt32(nowhere)),
                Raised(
                    text: "lwarx r3,r0,r9", state: state, interrupt: .dataTLBMiss, syndrome: 0, address: UInt32(nowhere)
                ),
                Raised(
                    text: "stwcx. r3,r0,r9", state: state, interrupt: .dataTLBMiss, syndrome: store,
                    address: UInt32(nowhere)),
                Raised(
                    text: "icbi r0,r9", state: state, interrupt: .dataTLBMiss, syndrome: 0, address: UInt32(nowhere)),
                Raised(
                    text: "dcbst r0,r9", state: state, interrupt: .dataTLBMiss, syndrome: 0, address: UInt32(nowhere)),
                Raised(
                    text: "lmw r30,2(r8)", state: state, interrupt: .alignment, syndrome: 0, address: Machine.data + 2),
                Raised(
                    text: "stmw r30,1(r8)", state: state, interrupt: .alignment, syndrome: store,
                    address: Machine.data + 1),
                Raised(
                    text: "lwarx r3,r8,r7", state: state, interrupt: .alignment, syndrome: 0, address: Machine.data + 2),
                Raised(
                    text: "stwcx. r3,r8,r7", state: state, interrupt: .alignment, syndrome: store,
                    address: Machine.data + 2),
                // Both quarters of the SPE unit's opcode.
                Raised(text: ".long 0x10642A2C", state: state, interrupt: .speUnavailable, syndrome: 0x80),
                Raised(text: ".long 0x10642C00", state: state, interrupt: .speUnavailable, syndrome: 0x80),
            ]
        }
        + [
            "rfi", "rfci", "rfmci", "mfmsr r3", "mtmsr r3", "wrtee r3", "wrteei 1", "wrteei 0", "tlbre", "tlbwe",
            "tlbsx r0,r3", "tlbivax r0,r3", "tlbsync", "dcbi r0,r8", "mfspr r3,1016", "mfspr r3,26", "mtspr 26,r3",
        ].map { Raised(text: $0, state: MSR.pr, interrupt: .program, syndrome: privileged) }

    @Test(arguments: raised)
    func `an exception saves where and why it happened`(raised: Raised) throws {
        var machine = try Machine(state: raised.state | MSR.ee | MSR.ce | MSR.me)
        machine.cpu.setSpecialRegister(Number.esr, to: 0x1234)
        machine.cpu.setSpecialRegister(Number.dear, to: 0x5678)
        machine.cpu.setRegister(7, to: 2)
        machine.cpu.setRegister(8, to: Machine.data)
        machine.cpu.setRegister(9, to: UInt32(Self.nowhere))
        try machine.execute([raised.text])
        #expect(machine.interrupt == raised.interrupt)
        #expect(machine.spr(Number.srr0) == Machine.program + raised.returnOffset)
        #expect(machine.spr(Number.srr1) == raised.state | MSR.ee | MSR.ce | MSR.me)
        #expect(machine.cpu.msr == MSR.ce | MSR.me)
        #expect(machine.spr(Number.esr) == raised.syndrome ?? 0x1234)
        #expect(machine.spr(Number.dear) == raised.address ?? 0x5678)
        #expect(machine.cpu.counters.interrupts(raised.interrupt) == 1)
    }

    @Test(arguments: [
        "lwzu r3,4(r9)", "stwu r3,4(r9)", "lhaux r3,r9,r7", "stbux r3,r9,r7", "lwz r9,0(r9)", "lmw r9,0(r9)",
    ])
    func `an access that faults changes no register`(text: String) throws {
        var machine = try Machine()
        machine.cpu.setRegister(3, to: 33)
        machine.cpu.setRegister(7, to: 2)
        machine.cpu.setRegister(9, to: UInt32(Self.nowhere))
        try machine.execute([text])
        #expect(machine.interrupt == .dataTLBMiss)
        #expect(machine.cpu.register(3) == 33)
        #expect(machine.cpu.register(9) == UInt32(Self.nowhere))
    }

    @Test func `a store across a boundary into an unmapped page writes nothing`() throws {
        var machine = try Machine()
        try machine.map(Machine.Mapping(effective: 0x1000_0000, real: 0x3_0000))
        try machine.set(0x3_0FFC, 0x1122_3344)
        machine.cpu.setRegister(9, to: 0x1000_0FFE)
        try machine.execute(["stw r9,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
        #expect(machine.spr(Number.dear) == 0x1000_1000, "the first byte that has no place")
        #expect(try machine.word(0x3_0FFC) == 0x1122_3344)
    }

    /// Privileged SPRs of every kind of storage; the others a user may read.
    static let privilegedSPRs = [
        22, 26, 27, 48, 54, 58, 59, 61, 62, 63, 272, 273, 274, 275, 276, 277, 278, 279, 284, 285, 286, 287, 304, 308,
        336, 340, 400, 415, 528, 570, 571, 572, 624, 625, 626, 627, 628, 630, 633, 634, 688, 689, 702, 944, 1008, 1009,
        1010, 1011, 1012, 1013, 1015, 1023,
    ]

    @Test(arguments: privilegedSPRs, ["mfspr r3,", "mtspr "])
    func `user state may not touch a supervisor register`(number: Int, form: String) throws {
        var machine = try Machine(state: MSR.pr)
        let before = machine.spr(number)
        machine.cpu.setRegister(3, to: 0xFFFF_FFFF)
        try machine.execute([form == "mtspr " ? "mtspr \(number),r3" : "mfspr r3,\(number)"])
        #expect(machine.interrupt == .program)
        #expect(machine.spr(Number.esr) == 0x0400_0000)
        #expect(machine.cpu.register(3) == 0xFFFF_FFFF)
        // The interrupt itself changes three of them.
        if ![Number.srr0, Number.srr1, Number.esr].contains(number) { #expect(machine.spr(number) == before) }
    }

    @Test(arguments: [256, 259, 260, 261, 262, 263, 268, 269, 512, 515, 516, 526, 527])
    func `user state reads the registers that are open to it`(number: Int) throws {
        var machine = try Machine(state: MSR.pr)
        try machine.execute(["mfspr r3,\(number)"])
        #expect(machine.cpu.pc == Machine.program + 4)
    }

    @Test(arguments: [(275, 259), (276, 260), (277, 261), (278, 262), (279, 263)])
    func `user state sees what the supervisor wrote to a register it may read`(supervisor: Int, user: Int) throws {
        var machine = try Machine()
        try machine.execute([load(3, 0xCAFE_F00D), "mtspr \(supervisor),r3"])
        machine.cpu.setMachineState(MSR.pr)
        try machine.execute(["mfspr r4,\(user)"])
        #expect(machine.cpu.register(4) == 0xCAFE_F00D)
    }

    @Test(arguments: [287, 515, 516, 688, 689, 1015, 1023])
    func `a read-only register is illegal to write`(number: Int) throws {
        var machine = try Machine()
        let before = machine.spr(number)
        try machine.execute(["mtspr \(number),r1"])
        #expect(machine.interrupt == .program)
        #expect(machine.spr(Number.esr) == 0x0800_0000)
        #expect(machine.spr(number) == before)
    }

    @Test(arguments: 0..<32)
    func `a trap is taken for each relation that TO names and no other`(relations: Int) throws {
        // (a, b): less, greater and equal, signed and unsigned alike or opposite.
        let pairs: [(a: UInt32, b: UInt32, holds: Int)] = [
            (1, 2, 16 | 2), (2, 1, 8 | 1), (7, 7, 4), (0xFFFF_FFFF, 1, 16 | 1), (1, 0xFFFF_FFFF, 8 | 2),
            (0x8000_0000, 0x7FFF_FFFF, 16 | 1),
        ]
        for pair in pairs {
            for immediate in [false, true] where !immediate || pair.b != 0x7FFF_FFFF {
                var machine = try Machine()
                machine.cpu.setRegister(3, to: pair.a)
                machine.cpu.setRegister(4, to: pair.b)
                let text = immediate ? "twi \(relations),r3,\(Int32(bitPattern: pair.b))" : "tw \(relations),r3,r4"
                try machine.execute([text])
                #expect((machine.interrupt == .program) == (relations & pair.holds != 0), "\(text) \(pair)")
                #expect(machine.interrupt == .program || machine.cpu.pc == Machine.program + 4)
            }
        }
    }

    @Test func `an SPE instruction is illegal when the unit is enabled, because there is none`() throws {
        var machine = try Machine(state: MSR.spe)
        try machine.execute([".long 0x10642A2C"])
        #expect(machine.interrupt == .program)
        #expect(machine.spr(Number.esr) == 0x0800_0000)
    }

    @Test func `a fetch from an unmapped page misses at its own address`() throws {
        var machine = try Machine()
        machine.cpu.setPC(UInt32(Self.nowhere) + 8)
        machine.cpu.setSpecialRegister(Number.dear, to: 0x5678)
        _ = machine.run(1)
        #expect(machine.interrupt == .instructionTLBMiss)
        #expect(machine.spr(Number.srr0) == UInt32(Self.nowhere) + 8)
        #expect(machine.spr(Number.dear) == 0x5678)
    }

    @Test func `a fetch from a mapped page without RAM is a machine check`() throws {
        var machine = try Machine(state: MSR.me)
        try machine.map(Machine.Mapping(effective: 0x1000_0000, real: 0xE000_0000))
        machine.cpu.setPC(0x1000_0000)
        _ = machine.run(1)
        #expect(machine.interrupt == .machineCheck)
        #expect(machine.spr(Number.mcsrr0) == 0x1000_0000)
        #expect(machine.spr(Number.mcsrr1) == MSR.me)
        #expect(machine.cpu.msr == 0)
    }

    @Test func `a machine check that is disabled is a checkstop`() throws {
        var machine = try Machine()
        try machine.map(Machine.Mapping(effective: 0x1000_0000, real: 0xE000_0000))
        machine.cpu.setPC(0x1000_0000)
        guard case .crash(.checkstop) = machine.run(1) else {
            Issue.record("no checkstop")
            return
        }
    }

    @Test func `user state at the address of a handler raises interrupts like any other program`() throws {
        var machine = try Machine(state: MSR.pr)
        try machine.load([".long 0"], at: Machine.vector(.program))
        machine.cpu.setPC(Machine.vector(.program))
        guard case .sliceEnd = machine.run(1) else {
            Issue.record("the guest ends")
            return
        }
        #expect(machine.cpu.counters.interrupts(.program) == 1)
        #expect(machine.cpu.pc == Machine.vector(.program))
        #expect(machine.cpu.msr == 0)
    }

    @Test func `a handler whose first instruction raises its own interrupt is a crash`() throws {
        var machine = try Machine()
        try machine.load([".long 0"], at: Machine.vector(.program))
        try machine.load([".long 0"])
        guard case .crash(.unhandled(.program, vector: Machine.vector(.program))) = machine.run(100) else {
            Issue.record("no crash")
            return
        }
    }
}
