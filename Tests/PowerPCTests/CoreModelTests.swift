import GuestMemory
import PowerPC
import Testing

/// What tells the core models apart.
@Suite struct CoreModelTests {
    /// Registers that describe a core. TLB1CFG and TLB0CFG are those of QEMU's models; L1CFG0 and MMUCFG the manuals', for
    /// QEMU 7.2 gives lines of 128 bytes and an MMU without arrays.
    static let descriptions: [(model: CoreModel, values: [(register: Int, value: UInt32)])] = [
        (
            .e500v2,
            [(287, 0x8021_0030), (1023, 0), (688, 0x0411_0200), (689, 0x101C_C010), (1015, 0x19C4), (515, 0x3820)]
        ),
        (
            .e500mc,
            [
                (287, 0x8023_0020), (1023, 0), (688, 0x0411_0200), (689, 0x401C_C040), (1015, 0x0048_09C4),
                (515, 0x0080_3820), (516, 0x0080_3820),
            ]
        ),
    ]

    @Test(arguments: descriptions)
    func `a core says what it is`(model: CoreModel, values: [(register: Int, value: UInt32)]) throws {
        var machine = try Machine(model)
        for (register, value) in values {
            try machine.execute(["mfspr r3,\(register)"])
            #expect(machine.interrupt == nil)
            #expect(machine.cpu.register(3) == value, "register \(register)")
        }
    }

    @Test(arguments: [
        ("spefscr", 512, true, false), ("pid1", 633, true, false), ("hid1", 1009, true, false),
        ("ivor32", 528, true, false), ("ivor36", 532, false, true), ("dsrr0", 574, false, true),
        ("sprg9", 605, false, true), ("gsrr0", 378, false, true), ("l2csr0", 1017, false, true),
        ("epcr", 307, false, false), ("ivor38", 432, false, false), ("msrp", 311, false, false),
    ])
    func `a register that the core does not have is an illegal instruction`(
        name: String, register: Int, onE500v2: Bool, onE500mc: Bool
    ) throws {
        for (model, exists) in [(CoreModel.e500v2, onE500v2), (.e500mc, onE500mc)] {
            var machine = try Machine(model)
            try machine.execute(["mfspr r3,\(register)"])
            #expect((machine.interrupt == .program) == !exists, "\(name) on \(model.name)")
            #expect(exists || machine.spr(Number.esr) == 0x0800_0000)
        }
    }

    @Test(arguments: [
        ("lwz r3,0(r0)", true, true), (".long 0x10000200", true, false), ("wait 0", false, true),
        ("msgclr r3", false, true), ("msgsnd r3", false, true), ("tlbilx 0,r0,r3", false, true),
        ("dcbal r0,r3", true, true),
    ])
    func `an instruction that the core does not have is illegal`(
        text: String, onE500v2: Bool, onE500mc: Bool
    ) throws {
        for (model, exists) in [(CoreModel.e500v2, onE500v2), (.e500mc, onE500mc)] {
            var machine = try Machine(model)
            try machine.execute([text])
            let isIllegal = machine.interrupt == .program && machine.spr(Number.esr) == 0x0800_0000
            #expect(isIllegal == !exists, "\(text) on \(model.name)")
        }
    }

    @Test(arguments: [(CoreModel.e500v2, UInt32(32)), (.e500mc, 64)], ["dcbz", "dcbzl"])
    func `dcbz clears a line`(line: (model: CoreModel, size: UInt32), mnemonic: String) throws {
        var machine = try Machine(line.model)
        for offset in stride(from: UInt32(0), to: 256, by: 4) { try machine.set(Machine.data + offset, 0xFFFF_FFFF) }
        machine.cpu.setRegister(3, to: Machine.data + 64 + 21)
        try machine.execute(["\(mnemonic) r0,r3"])
        let cleared = try stride(from: UInt32(0), to: 256, by: 4).filter { try machine.word(Machine.data + $0) == 0 }
        #expect(cleared == Array(stride(from: 64, to: 64 + line.size, by: 4)))
    }

    @Test func `a reservation of the e500mc covers 64 bytes`() throws {
        for (model, holds) in [(CoreModel.e500v2, false), (.e500mc, true)] {
            var machine = try Machine(model)
            machine.cpu.setRegister(3, to: Machine.data)
            machine.cpu.setRegister(4, to: Machine.data + 60)
            try machine.execute(["lwarx r5,r0,r3", "stwcx. r5,r0,r4"])
            #expect((machine.cpu.conditionRegister & 0x2000_0000 != 0) == holds, "\(model.name)")
        }
    }

    @Test(arguments: [(CoreModel.e500v2, 0x0606_FF34), (.e500mc, 0x0402_FB36)] as [(CoreModel, UInt32)])
    func `MSR has the bits of the model`(model: CoreModel, bits: UInt32) throws {
        var machine = try Machine(model)
        machine.cpu.setMachineState(0xFFFF_FFFF)
        #expect(machine.cpu.msr == bits)
    }

    @Test(arguments: [(CoreModel.e500v2, false), (.e500mc, true)])
    func `entries 17 and 33 of TLB1 are two where there are 64, and one where there are 16`(
        model: CoreModel, areTwo: Bool
    ) throws {
        var machine = try Machine(model)
        try machine.map(Machine.Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: 17))
        try machine.map(Machine.Mapping(effective: 0x3000_1000, real: 0x3_1000, entry: 33))
        machine.cpu.setRegister(3, to: 0x3000_0000)
        try machine.execute(["lwz r4,4096(r3)", "lwz r4,0(r3)"])
        #expect((machine.interrupt == nil) == areTwo)
    }
}
