import PowerPC
import Testing

@Suite(.everyEngine) struct CacheInstructionTests {
    static let instructions = [
        "dcbi r0,r9", "dcba r0,r9", "dcbf r0,r9", "dcbst r0,r9", "icbi r0,r9", "dcbt 0,r0,r9", "dcbtst 0,r0,r9",
        "dcbtls 0,r0,r9", "dcbtstls 0,r0,r9", "dcblc 0,r0,r9", "icbt 0,r0,r9", "icbtls 0,r0,r9", "icblc 0,r0,r9",
    ]

    @Test(arguments: instructions)
    func `a cache instruction changes neither registers nor memory`(text: String) throws {
        var machine = try Machine()
        for register in 0..<32 { machine.cpu.setRegister(register, to: UInt32(register) * 0x101) }
        machine.cpu.setRegister(9, to: Machine.data)
        try machine.set(Machine.data, 0x1234_5678)
        let before = registers(of: machine.cpu)
        try machine.execute([text])
        #expect(machine.cpu.pc == Machine.program + 4)
        #expect(registers(of: machine.cpu) == before)
        #expect(try machine.word(Machine.data) == 0x1234_5678)
    }

    @Test(arguments: [
        "dcbf r0,r9", "dcbst r0,r9", "icbi r0,r9", "dcbi r0,r9", "dcbtls 0,r0,r9", "dcbtstls 0,r0,r9", "icbtls 0,r0,r9",
    ])
    func `a cache instruction that acts needs a translation`(text: String) throws {
        var machine = try Machine()
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute([text])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test(arguments: ["dcbt 0,r0,r9", "dcbtst 0,r0,r9", "dcba r0,r9", "icbt 0,r0,r9"])
    func `a hint never faults`(text: String) throws {
        var machine = try Machine()
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute([text])
        #expect(machine.interrupt == nil)
    }
}
