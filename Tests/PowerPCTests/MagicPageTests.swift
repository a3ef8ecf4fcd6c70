import ParavirtABI
import PowerPC
import Testing

/// The page that shares registers between guest and hypervisor.
@Suite(.everyEngine) struct MagicPageTests {
    /// Where Linux maps it on 32 bits; a negative displacement from r0 reaches it.
    static let address: UInt32 = 0xFFFF_F000

    /// The displacement of a field's 32 bits.
    private static func displacement(_ field: MagicPage.Field) -> Int {
        field.offset + (field.width == 8 ? 4 : 0) - 0x1000
    }

    private func machine(state: UInt32 = 0) throws -> Machine {
        var machine = try Machine(state: state)
        machine.cpu.mapMagicPage(at: Self.address)
        return machine
    }

    struct Shared: Sendable, CustomStringConvertible {
        let description: String
        let number: Int
        let displacement: Int
    }

    static let shared: [Shared] =
        [
            ("sprg0", 272, .sprg0), ("sprg1", 273, .sprg1), ("sprg2", 274, .sprg2), ("sprg3", 275, .sprg3),
            ("sprg4", 276, .sprg4), ("sprg5", 277, .sprg5), ("sprg6", 278, .sprg6), ("sprg7", 279, .sprg7),
            ("srr0", Number.srr0, .srr0), ("srr1", Number.srr1, .srr1), ("dear", Number.dear, .dar),
            ("esr", Number.esr, .esr),
            ("mas0", Number.mas0, .mas0), ("mas1", Number.mas1, .mas1), ("mas2", Number.mas2, .mas2),
            ("mas4", Number.mas4, .mas4), ("mas6", Number.mas6, .mas6), ("pir", 286, .pir),
        ].map { (name: String, number: Int, field: MagicPage.Field) in
            Shared(description: name, number: number, displacement: displacement(field))
        } + [
            Shared(description: "mas7", number: Number.mas7, displacement: MagicPage.Field.mas73.offset - 0x1000),
            Shared(description: "mas3", number: Number.mas3, displacement: MagicPage.Field.mas73.offset + 4 - 0x1000),
        ]

    @Test(arguments: shared)
    func `a store to the page is a write to the register`(shared: Shared) throws {
        var machine = try machine()
        machine.cpu.setRegister(3, to: 0x1234_5678)
        try machine.execute(["stw r3,\(shared.displacement)(r0)", "mfspr r4,\(shared.number)"])
        #expect(machine.cpu.register(4) == 0x1234_5678)
    }

    @Test(arguments: shared)
    func `a write to the register shows in the page`(shared: Shared) throws {
        var machine = try machine()
        machine.cpu.setRegister(3, to: 0x1234_5678)
        try machine.execute(["mtspr \(shared.number),r3", "lwz r4,\(shared.displacement)(r0)"])
        #expect(machine.cpu.register(4) == 0x1234_5678)
    }

    @Test func `mapping the page changes no register`() throws {
        var machine = try Machine()
        for register in Self.shared { machine.cpu.setSpecialRegister(register.number, to: UInt32(register.number)) }
        machine.cpu.mapMagicPage(at: Self.address)
        for register in Self.shared { #expect(machine.spr(register.number) == UInt32(register.number)) }
    }

    @Test func `user state does not see the page, even after supervisor state used it`() throws {
        var machine = try machine()
        try machine.execute(["lwz r3,-4096(r0)", "stw r3,-4096(r0)"])
        #expect(machine.interrupt == nil)
        for text in ["lwz r3,-4096(r0)", "stw r3,-4096(r0)"] {
            machine.cpu.setMachineState(MSR.pr)
            try machine.execute([text])
            #expect(machine.interrupt == .dataTLBMiss)
        }
    }

    @Test func `user state sees the page of its own at the same address`() throws {
        var machine = try machine()
        try machine.map(Machine.Mapping(effective: Self.address, real: 0x3_0000))
        try machine.set(0x3_0020, 0x1111)
        machine.cpu.setSpecialRegister(272, to: 0x2222)
        let text = ["lwz r3,\(Self.displacement(.sprg0) - 4)(r0)", "lwz r4,\(Self.displacement(.sprg0))(r0)"]
        machine.cpu.setMachineState(MSR.pr)
        try machine.execute(text)
        #expect(machine.cpu.register(3) == 0x1111)
        machine.cpu.setMachineState(0)
        try machine.execute(text)
        #expect(machine.cpu.register(3) == 0)
        #expect(machine.cpu.register(4) == 0x2222)
    }

    @Test func `the page is in both address spaces`() throws {
        var machine = try machine(state: MSR.ds)
        machine.cpu.setSpecialRegister(272, to: 0x2222)
        try machine.execute(["lwz r3,\(Self.displacement(.sprg0))(r0)"])
        #expect(machine.cpu.register(3) == 0x2222)
    }

    @Test func `after it is unmapped the page is gone and its registers stay`() throws {
        var machine = try machine()
        try machine.execute(["li r3,5", "stw r3,\(Self.displacement(.sprg0))(r0)"])
        machine.cpu.mapMagicPage(at: nil)
        try machine.execute(["mfspr r4,272", "lwz r3,-4096(r0)"])
        #expect(machine.cpu.register(4) == 5)
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test func `the scratch fields keep what the guest puts there`() throws {
        var machine = try machine()
        try machine.execute([
            "li r3,77", "stw r3,-4096(r0)", "stb r3,-4073(r0)", "lwz r4,-4096(r0)", "lbz r5,-4073(r0)",
        ])
        #expect(machine.cpu.register(4) == 77)
        #expect(machine.cpu.register(5) == 77)
    }

    @Test func `a store of EE to the page enables interrupts from the next branch on`() throws {
        var machine = try machine()
        machine.cpu.setPin(.external, asserted: true)
        machine.cpu.setRegister(1, to: 0x8000)
        machine.cpu.setRegister(3, to: MSR.ee)
        try machine.load(["stw r3,\(Self.displacement(.msr))(r0)", "li r4,1", "b 4", "li r5,1"])
        _ = machine.run(100)
        #expect(machine.interrupt == .external)
        #expect(machine.spr(Number.srr1) == MSR.ee)
        #expect(machine.cpu.register(4) == 1)
        #expect(machine.cpu.register(5) == 0)
    }

    @Test func `a store that clears EE in the page disables interrupts`() throws {
        var machine = try machine(state: MSR.ee)
        try machine.execute(["li r3,0", "stw r3,\(Self.displacement(.msr))(r0)", "mfmsr r4"])
        #expect(machine.cpu.register(4) == 0)
        machine.cpu.setPin(.external, asserted: true)
        _ = machine.run(10)
        #expect(machine.interrupt == nil)
    }

    @Test func `taking an interrupt clears EE in the page and rfi sets it again`() throws {
        var machine = try machine(state: MSR.ee)
        try machine.load(["lwz r5,\(Self.displacement(.msr))(r0)", "rfi"], at: Machine.vector(.systemCall))
        try machine.execute(["sc 0", "lwz r6,\(Self.displacement(.msr))(r0)"])
        #expect(machine.cpu.register(5) == 0)
        #expect(machine.cpu.register(6) == MSR.ee)
    }

    @Test func `while critical equals r1, supervisor state is not interrupted`() throws {
        var machine = try machine(state: MSR.ee)
        machine.cpu.setRegister(1, to: 0x8000)
        machine.cpu.setRegister(3, to: 0x8000)
        machine.cpu.setRegister(4, to: 0x8001)
        try machine.execute(["stw r3,\(Self.displacement(.critical))(r0)", "b 4"])
        machine.cpu.setPin(.external, asserted: true)
        _ = machine.run(50)
        #expect(machine.interrupt == nil)
        try machine.execute(["stw r4,\(Self.displacement(.critical))(r0)", "b 4", "li r5,1"])
        #expect(machine.interrupt == .external)
        #expect(machine.cpu.register(5) == 0)
    }

    @Test func `critical holds back neither critical interrupts nor anything in user state`() throws {
        var machine = try machine(state: MSR.ee | MSR.ce)
        machine.cpu.setRegister(1, to: 0x8000)
        machine.cpu.setRegister(3, to: 0x8000)
        try machine.execute(["stw r3,\(Self.displacement(.critical))(r0)"])
        machine.cpu.setPin(.criticalInput, asserted: true)
        _ = machine.run(1)
        #expect(machine.interrupt == .criticalInput)
        machine.cpu.setPin(.criticalInput, asserted: false)
        machine.cpu.setPin(.external, asserted: true)
        machine.cpu.setMachineState(MSR.ee | MSR.pr)
        try machine.execute(["nop"])
        #expect(machine.interrupt == .external)
    }

    @Test func `int_pending tells of an interrupt that waits`() throws {
        var machine = try machine()
        let text = ["lwz r3,\(Self.displacement(.intPending))(r0)"]
        try machine.execute(text)
        #expect(machine.cpu.register(3) == 0)
        machine.cpu.setPin(.external, asserted: true)
        try machine.execute(text)
        #expect(machine.cpu.register(3) != 0)
        machine.cpu.setPin(.external, asserted: false)
        try machine.execute(text)
        #expect(machine.cpu.register(3) == 0)
    }

    @Test func `a decrementer that waits shows in int_pending too`() throws {
        var machine = try machine()
        machine.cpu.setSpecialRegister(Number.tcr, to: 0x0400_0000)
        machine.cpu.setSpecialRegister(Number.dec, to: 20)
        try machine.execute(["b 0"], count: 50)
        try machine.execute(["lwz r3,\(Self.displacement(.intPending))(r0)"])
        #expect(machine.cpu.register(3) != 0)
    }
}
