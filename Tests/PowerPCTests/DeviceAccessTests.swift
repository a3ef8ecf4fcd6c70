import PowerPC
import Testing

/// Loads and stores outside RAM, which the machine answers.
@Suite(.everyEngine) struct DeviceAccessTests {
    /// Where the device is, effective and real.
    static let device: UInt32 = 0xE000_0000

    private func machine(state: UInt32 = 0) throws -> Machine {
        var machine = try Machine(state: state)
        try machine.map(Machine.Mapping(effective: Self.device, real: UInt64(Self.device)))
        machine.cpu.setRegister(9, to: Self.device)
        machine.cpu.setRegister(10, to: 0x20)
        return machine
    }

    struct Load: Sendable, CustomStringConvertible {
        let description: String
        let width: Int
        let value: UInt64
        let result: UInt32
        var offset: UInt32 = 0x20
        var updates = false
    }

    static let loads: [Load] = [
        Load(description: "lbz r3,0x20(r9)", width: 1, value: 0x81, result: 0x81),
        Load(description: "lbzu r3,0x20(r9)", width: 1, value: 0x81, result: 0x81, updates: true),
        Load(description: "lbzx r3,r9,r10", width: 1, value: 0x81, result: 0x81),
        Load(description: "lbzux r3,r9,r10", width: 1, value: 0x81, result: 0x81, updates: true),
        Load(description: "lhz r3,0x20(r9)", width: 2, value: 0x8122, result: 0x8122),
        Load(description: "lhzu r3,0x20(r9)", width: 2, value: 0x8122, result: 0x8122, updates: true),
        Load(description: "lhzx r3,r9,r10", width: 2, value: 0x8122, result: 0x8122),
        Load(description: "lhzux r3,r9,r10", width: 2, value: 0x8122, result: 0x8122, updates: true),
        Load(description: "lha r3,0x20(r9)", width: 2, value: 0x8122, result: 0xFFFF_8122),
        Load(description: "lhau r3,0x20(r9)", width: 2, value: 0x8122, result: 0xFFFF_8122, updates: true),
        Load(description: "lhax r3,r9,r10", width: 2, value: 0x7122, result: 0x7122),
        Load(description: "lhaux r3,r9,r10", width: 2, value: 0x8122, result: 0xFFFF_8122, updates: true),
        Load(description: "lwz r3,0x20(r9)", width: 4, value: 0x8122_3344, result: 0x8122_3344),
        Load(description: "lwzu r3,0x20(r9)", width: 4, value: 0x8122_3344, result: 0x8122_3344, updates: true),
        Load(description: "lwzx r3,r9,r10", width: 4, value: 0x8122_3344, result: 0x8122_3344),
        Load(description: "lwzux r3,r9,r10", width: 4, value: 0x8122_3344, result: 0x8122_3344, updates: true),
        Load(description: "lhbrx r3,r9,r10", width: 2, value: 0x8122, result: 0x2281),
        Load(description: "lwbrx r3,r9,r10", width: 4, value: 0x8122_3344, result: 0x4433_2281),
        Load(description: "lwz r3,0x21(r9)", width: 4, value: 5, result: 5, offset: 0x21),
        // What the device gives beyond the width does not count.
        Load(description: "lbz r3,0(r9)", width: 1, value: 0xFFFF_FF12, result: 0x12, offset: 0),
    ]

    @Test(arguments: loads, [0, MSR.pr])
    func `a load from a device ends with the device's value`(load: Load, state: UInt32) throws {
        var machine = try machine(state: state)
        try machine.load([load.description, "addi r4,r3,0"])
        guard case .deviceRead(address: UInt64(Self.device + load.offset), width: load.width) = machine.run(1) else {
            Issue.record("no device read")
            return
        }
        machine.cpu.completeRead(load.value)
        #expect(machine.cpu.register(3) == load.result)
        #expect(machine.cpu.register(9) == Self.device + (load.updates ? load.offset : 0))
        _ = machine.run(1)
        #expect(machine.cpu.register(4) == load.result)
        #expect(machine.cpu.pc == Machine.program + 8)
    }

    struct Store: Sendable, CustomStringConvertible {
        let description: String
        let width: Int
        let value: UInt64
        var updates = false
    }

    static let stores: [Store] = [
        Store(description: "stb r3,0x20(r9)", width: 1, value: 0x44),
        Store(description: "stbu r3,0x20(r9)", width: 1, value: 0x44, updates: true),
        Store(description: "stbx r3,r9,r10", width: 1, value: 0x44),
        Store(description: "stbux r3,r9,r10", width: 1, value: 0x44, updates: true),
        Store(description: "sth r3,0x20(r9)", width: 2, value: 0x3344),
        Store(description: "sthu r3,0x20(r9)", width: 2, value: 0x3344, updates: true),
        Store(description: "sthx r3,r9,r10", width: 2, value: 0x3344),
        Store(description: "sthux r3,r9,r10", width: 2, value: 0x3344, updates: true),
        Store(description: "stw r3,0x20(r9)", width: 4, value: 0x1122_3344),
        Store(description: "stwu r3,0x20(r9)", width: 4, value: 0x1122_3344, updates: true),
        Store(description: "stwx r3,r9,r10", width: 4, value: 0x1122_3344),
        Store(description: "stwux r3,r9,r10", width: 4, value: 0x1122_3344, updates: true),
        Store(description: "sthbrx r3,r9,r10", width: 2, value: 0x4433),
        Store(description: "stwbrx r3,r9,r10", width: 4, value: 0x4433_2211),
    ]

    @Test(arguments: stores, [0, MSR.pr])
    func `a store to a device carries its value and is done`(store: Store, state: UInt32) throws {
        var machine = try machine(state: state)
        machine.cpu.setRegister(3, to: 0x1122_3344)
        try machine.load([store.description, "li r4,1"])
        guard
            case .deviceWrite(address: UInt64(Self.device + 0x20), width: store.width, value: store.value) =
                machine.run(1)
        else {
            Issue.record("no device write")
            return
        }
        #expect(machine.cpu.register(9) == Self.device + (store.updates ? 0x20 : 0))
        #expect(machine.cpu.pc == Machine.program + 4)
        _ = machine.run(1)
        #expect(machine.cpu.register(4) == 1)
    }

    @Test(arguments: ["lmw r29,0(r9)", "lswi r3,r9,4", "lwz r3,-2(r9)", "lhz r3,-1(r9)"])
    func `a load in parts cannot be from a device`(text: String) throws {
        var machine = try machine()
        try machine.map(Machine.Mapping(effective: Self.device - 0x1000, real: 0x3_0000, entry: 2))
        try machine.execute([text])
        #expect(machine.interrupt == .alignment)
        #expect(machine.spr(Number.esr) == 0)
    }

    @Test(arguments: ["stmw r29,0(r9)", "stswi r3,r9,4", "stw r3,-2(r9)", "sth r3,-1(r9)", "dcbz r0,r9"])
    func `a store in parts cannot be to a device`(text: String) throws {
        var machine = try machine()
        try machine.map(Machine.Mapping(effective: Self.device - 0x1000, real: 0x3_0000, entry: 2))
        try machine.set(0x3_0FFC, 0x1122_3344)
        try machine.execute([text])
        #expect(machine.interrupt == .alignment)
        #expect(machine.spr(Number.esr) == 0x0080_0000)
        #expect(try machine.word(0x3_0FFC) == 0x1122_3344)
    }

    @Test(arguments: [("lwarx r3,r0,r9", 0), ("stwcx. r3,r0,r9", 0x0080_0000)] as [(String, UInt32)])
    func `a reservation on a device is a storage interrupt`(text: String, syndrome: UInt32) throws {
        var machine = try machine()
        try machine.execute([text])
        #expect(machine.interrupt == .dataStorage)
        #expect(machine.spr(Number.esr) == syndrome)
        #expect(machine.spr(Number.dear) == Self.device)
    }

    @Test func `an answer to no question changes nothing`() throws {
        var machine = try machine()
        let before = registers(of: machine.cpu)
        machine.cpu.completeRead(0xFFFF_FFFF)
        #expect(registers(of: machine.cpu) == before)
    }
}
