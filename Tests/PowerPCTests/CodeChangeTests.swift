import GuestMemory
import PowerPC
import Testing

/// Stores to code: what runs afterwards is what memory holds.
@Suite(.everyEngine) struct CodeChangeTests {
    /// The word of `li r3,value`.
    private func loads(_ value: Int) -> UInt32 { assemble("li", [3, value]) }

    @Test func `an instruction that the same page overwrites runs as overwritten, even the next one`() throws {
        var machine = try Machine()
        machine.cpu.setRegister(9, to: Machine.program)
        // The first time the store changes nothing, but everything is predecoded.
        machine.cpu.setRegister(5, to: loads(1))
        try machine.execute(["stw r5,4(r9)", "li r3,1"])
        #expect(machine.cpu.register(3) == 1)
        machine.cpu.setPC(Machine.program)
        machine.cpu.setRegister(5, to: loads(8))
        _ = machine.run(10)
        #expect(machine.cpu.register(3) == 8)
    }

    @Test(arguments: [
        "stw r5,0(r9)", "stwu r5,0(r9)", "stwx r5,r0,r9", "stmw r31,0(r9)", "stswi r5,r9,4", "stwbrx r6,r0,r9",
    ])
    func `every kind of store changes the code of another page`(text: String) throws {
        var machine = try Machine()
        try machine.load(words: [loads(1), assemble("blr", [])], at: 0x3_0000)
        machine.cpu.setRegister(5, to: loads(7))
        machine.cpu.setRegister(6, to: loads(7).byteSwapped)
        machine.cpu.setRegister(31, to: loads(7))
        machine.cpu.setRegister(9, to: 0x3_0000)
        try machine.execute(["mtctr r9", "bcctrl 20,0", "mr r4,r3", text, "mtctr r9", "bcctrl 20,0"])
        #expect(machine.cpu.register(4) == 1)
        #expect(machine.cpu.register(3) == 7)
        #expect(machine.cpu.pc == Machine.program + 24)
    }

    @Test func `a conditional store and a cleared line change code too`() throws {
        var machine = try Machine()
        try machine.load(words: [loads(1), assemble("blr", [])], at: 0x3_0000)
        machine.cpu.setRegister(5, to: loads(7))
        machine.cpu.setRegister(9, to: 0x3_0000)
        try machine.execute(["mtctr r9", "bcctrl 20,0", "lwarx r6,r0,r9", "stwcx. r5,r0,r9", "bcctrl 20,0"])
        #expect(machine.cpu.register(3) == 7)
        try machine.execute(["mtctr r9", "dcbz r0,r9", "bcctrl 20,0"])
        #expect(machine.interrupt == .program)
        #expect(machine.spr(Number.srr0) == 0x3_0000)
    }

    @Test func `a store across a boundary changes the code on both sides`() throws {
        var machine = try Machine()
        // The last instruction of one page and the first of the next.
        try machine.load(words: [loads(1), assemble("li", [4, 1]), assemble("blr", [])], at: 0x3_0FFC)
        machine.cpu.setRegister(9, to: 0x3_0FFC)
        // The lower half of the first and the upper half of the second: li r3,2; li r5,1.
        machine.cpu.setRegister(5, to: 2 << 16 | assemble("li", [5, 0]) >> 16)
        try machine.execute(["mtctr r9", "bcctrl 20,0", "stw r5,2(r9)", "li r4,0", "li r5,0", "bcctrl 20,0"])
        #expect((3...5).map { machine.cpu.register($0) } == [2, 0, 1])
    }

    @Test func `code that is rewritten again and again always runs as it is`() throws {
        var machine = try Machine()
        try machine.load(words: [loads(0), assemble("blr", [])], at: 0x3_0000)
        machine.cpu.setRegister(5, to: loads(0))
        machine.cpu.setRegister(9, to: 0x3_0000)
        // A page is dropped after 256 stores; this goes past it several times.
        try machine.execute(
            [
                "li r7,0", "mtctr r9", "bcctrl 20,0", "add r6,r6,r3", "addi r5,r5,1", "stw r5,0(r9)", "addi r7,r7,1",
                "cmpwi 0,r7,1000", "bc 12,0,-28",
            ], count: 20_000)
        #expect(machine.cpu.register(6) == 999 * 1000 / 2)
        #expect(machine.cpu.register(7) == 1000)
    }

    @Test func `a page that rewrites itself past the limit goes on running`() throws {
        var machine = try Machine()
        machine.cpu.setRegister(5, to: loads(0))
        machine.cpu.setRegister(9, to: Machine.program)
        try machine.execute(
            [
                "li r3,0", "add r6,r6,r3", "addi r5,r5,1", "stw r5,0(r9)", "cmpwi 0,r3,1000", "bc 12,0,-20",
            ], count: 20_000)
        #expect(machine.cpu.register(6) == 1000 * 1001 / 2)
    }

    @Test func `a store through another mapping of the page changes the code`() throws {
        var machine = try Machine()
        try machine.map(Machine.Mapping(effective: 0x3000_0000, real: 0x3_0000))
        try machine.load(words: [loads(1), assemble("blr", [])], at: 0x3_0000)
        machine.cpu.setRegister(5, to: loads(7))
        machine.cpu.setRegister(9, to: 0x3_0000)
        machine.cpu.setRegister(10, to: 0x3000_0000)
        // The other mapping is written before the page is code, so that its fast translation exists.
        try machine.execute(["stw r5,64(r10)", "mtctr r9", "bcctrl 20,0", "mr r4,r3", "stw r5,0(r10)", "bcctrl 20,0"])
        #expect(machine.cpu.register(4) == 1)
        #expect(machine.cpu.register(3) == 7)
    }

    @Test func `a vCPU that missed events on code goes on, with its magic page written before`() throws {
        var machine = try Machine(sharesMemory: true)
        machine.cpu.mapMagicPage(at: 0xFFFF_F000)
        machine.cpu.setRegister(3, to: 5)
        try machine.execute(["stw r3,-4096(0)", "li r4,1"])
        for page in 0...Int(CodeJournal.capacity) { _ = machine.memory.codeJournal.append(.written(page: page)) }
        machine.cpu.setRegister(4, to: 0)
        machine.cpu.setPC(Machine.program)
        _ = machine.run(100)
        #expect(machine.cpu.register(4) == 1)
    }

    @Test func `one page of code runs at two addresses, each relative to its own`() throws {
        var machine = try Machine()
        try machine.map(Machine.Mapping(effective: 0x3000_0000, real: 0x3_0000))
        try machine.load(words: assemble("mflr r5; bcl 20,31,4; mflr r3; mtlr r5; blr"), at: 0x3_0000)
        machine.cpu.setRegister(9, to: 0x3_0000)
        machine.cpu.setRegister(10, to: 0x3000_0000)
        try machine.execute(["mtctr r9", "bcctrl 20,0", "mr r4,r3", "mtctr r10", "bcctrl 20,0"])
        #expect(machine.cpu.register(4) == 0x3_0008)
        #expect(machine.cpu.register(3) == 0x3000_0008)
    }

    @Test func `a write from outside changes the code at the next slice`() throws {
        var machine = try Machine()
        try machine.execute(["li r3,1"])
        try machine.memory.store(loads(7), at: UInt64(Machine.program))
        machine.cpu.setPC(Machine.program)
        _ = machine.run(1)
        #expect(machine.cpu.register(3) == 7)
    }

    @Test func `a write from outside at an exit changes the code for the rest of the slice`() throws {
        var machine = try Machine()
        try machine.load(words: [loads(1), assemble("blr", [])], at: 0x3_0000)
        machine.cpu.setRegister(9, to: 0x3_0000)
        try machine.load(["mtctr r9", "bcctrl 20,0", "sc 1", "bcctrl 20,0"])
        machine.cpu.setPC(Machine.program)
        guard case .hypercall = machine.run(1000) else {
            Issue.record("no exit for the hypercall")
            return
        }
        #expect(machine.cpu.register(3) == 1)
        try machine.memory.store(loads(7), at: 0x3_0000)
        _ = machine.cpu.run()
        #expect(machine.cpu.register(3) == 7)
    }

    @Test func `a write by another vCPU changes the code here`() throws {
        var machine = try Machine(sharesMemory: true)
        var other = CPU(index: 1, memory: machine.memory, time: .virtual, answersHypercalls: true, sharesMemory: true)
        other.start(
            CPU.Start(
                pc: 0x5_0000, stack: 0, mappedEffective: 0, mappedReal: 0, mappedSizeCode: 7, mappingEntry: 0,
                coherent: true), processorID: 1)
        // The other writes to the page before it is code, so that its fast translation exists.
        other.setRegister(5, to: loads(7))
        other.setRegister(9, to: Machine.program)
        try machine.load(["stw r5,64(r9)", "b 4", "stw r5,0(r9)"], at: 0x5_0000)
        other.beginSlice(instructions: 1, at: 0)
        _ = other.run()
        try machine.execute(["li r3,1"])
        other.beginSlice(instructions: 10, at: 0)
        _ = other.run()
        machine.cpu.setPC(Machine.program)
        _ = machine.run(1)
        #expect(machine.cpu.register(3) == 7)
    }

    @Test(arguments: ["stwu r5,0(r9)", "stwux r5,r10,r11", "sthu r5,2(r9)", "stbu r5,3(r9)"])
    func `a store with update over itself still updates its address register`(store: String) throws {
        var machine = try Machine()
        let updated = assemble(store)[0] >> 16 & 31
        machine.cpu.setRegister(9, to: Machine.program)
        machine.cpu.setRegister(10, to: 0x1000)
        machine.cpu.setRegister(11, to: Machine.program - 0x1000)
        machine.cpu.setRegister(5, to: assemble("b", [0]))
        try machine.execute([store])
        let offset = store.contains("(") ? UInt32(store.split(separator: ",")[1].prefix(1))! : 0
        #expect(machine.cpu.register(Int(updated)) == Machine.program + offset)
    }

    @Test func `execution goes on from the last instruction of a page to the next page`() throws {
        var machine = try Machine()
        try machine.load(["li r3,1", "li r4,2", "addi r5,r3,1"], at: 0x3_0FF8)
        machine.cpu.setPC(0x3_0FF8)
        _ = machine.run(10)
        #expect((3...5).map { machine.cpu.register($0) } == [1, 2, 2])
        #expect(machine.cpu.pc == 0x3_1004)
    }
}
