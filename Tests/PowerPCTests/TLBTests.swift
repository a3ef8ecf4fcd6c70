import PowerPC
import Testing

@Suite(.everyEngine) struct TLBTests {
    typealias Mapping = Machine.Mapping

    // MARK: Misses

    static let defaults: [(mas4: UInt32, mas0: UInt32, tid: UInt32)] = [
        // TLB0, process from PID0: way 0 is proposed and way 1 is next.
        (0x0000_0100, 0x0000_0001, 3), (0x0001_0200, 0x0000_0001, 4), (0x0002_071F, 0x0000_0001, 5),
        (0x0003_0100, 0x0000_0001, 0),
        // TLB1: the handler chooses the entry.
        (0x1000_0706, 0x1000_0000, 3),
    ]

    @Test(arguments: defaults, [0, MSR.ds])
    func `a data miss proposes an entry with the defaults of MAS4`(
        defaults: (mas4: UInt32, mas0: UInt32, tid: UInt32), state: UInt32
    ) throws {
        var machine = try Machine()
        machine.cpu.setSpecialRegister(Number.pid0, to: 3)
        machine.cpu.setSpecialRegister(Number.pid1, to: 4)
        machine.cpu.setSpecialRegister(Number.pid2, to: 5)
        machine.cpu.setSpecialRegister(Number.mas4, to: defaults.mas4)
        machine.cpu.setMachineState(state)
        machine.cpu.setRegister(9, to: 0x3000_5678)
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
        #expect(machine.spr(Number.mas0) == defaults.mas0)
        let space: UInt32 = state == 0 ? 0 : 0x1000
        #expect(machine.spr(Number.mas1) == 0x8000_0000 | defaults.tid << 16 | space | defaults.mas4 & 0xF00)
        #expect(machine.spr(Number.mas2) == 0x3000_5000 | defaults.mas4 & 0x7F)
        #expect(machine.spr(Number.mas3) == 0)
        #expect(machine.spr(Number.mas7) == 0)
        #expect(machine.spr(Number.mas6) == 3 << 16 | (state == 0 ? 0 : 1))
    }

    @Test(arguments: [0, MSR.is])
    func `an instruction miss proposes an entry for its own address and space`(state: UInt32) throws {
        var machine = try Machine()
        machine.cpu.setSpecialRegister(Number.pid0, to: 9)
        machine.cpu.setSpecialRegister(Number.mas4, to: 0x100)
        machine.cpu.setMachineState(state)
        machine.cpu.setPC(0x3000_5678)
        _ = machine.run(1)
        #expect(machine.interrupt == .instructionTLBMiss)
        #expect(machine.spr(Number.mas1) == 0x8009_0100 | (state == 0 ? 0 : 0x1000))
        #expect(machine.spr(Number.mas2) == 0x3000_5000)
        #expect(machine.spr(Number.mas6) == 9 << 16 | (state == 0 ? 0 : 1))
    }

    @Test func `misses propose the four ways in turn`() throws {
        var machine = try Machine()
        machine.cpu.setRegister(9, to: 0x3000_0000)
        var proposed: [UInt32] = []
        for _ in 0..<5 {
            try machine.execute(["lwz r3,0(r9)"])
            proposed.append(machine.spr(Number.mas0))
        }
        #expect(proposed == [0x0000_0001, 0x0001_0002, 0x0002_0003, 0x0003_0000, 0x0000_0001])
    }

    @Test func `four pages of one set stay mapped, and a fifth replaces the way that is written`() throws {
        var machine = try Machine()
        // 128 sets of 4 KiB pages: addresses 512 KiB apart share a set.
        for way in 0..<4 {
            try machine.map(
                Mapping(
                    effective: 0x3000_0000 + UInt32(way) * 0x8_0000, real: UInt64(0x3_0000 + way * 0x1000), entry: nil,
                    way: way))
            try machine.set(UInt32(0x3_0000 + way * 0x1000), UInt32(100 + way))
        }
        try machine.map(Mapping(effective: 0x3020_0000, real: 0x3_4000, entry: nil, way: 2))
        try machine.set(0x3_4000, 104)
        for (address, value) in [(0x3000_0000, 100), (0x3008_0000, 101), (0x3018_0000, 103), (0x3020_0000, 104)]
            as [(UInt32, UInt32)]
        {
            machine.cpu.setRegister(9, to: address)
            try machine.execute(["lwz r3,0(r9)"])
            #expect(machine.cpu.register(3) == value)
        }
        machine.cpu.setRegister(9, to: 0x3010_0000)
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    // MARK: Matching

    @Test(arguments: [nil, 2] as [Int?], [0, 5] as [UInt32])
    func `an entry matches when its process is 0 or in one of the three PIDs`(entry: Int?, process: UInt32) throws {
        for pids in [(5, 0, 0), (0, 5, 0), (0, 0, 5), (4, 6, 7), (0, 0, 0)] as [(UInt32, UInt32, UInt32)] {
            var machine = try Machine()
            try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: entry, process: process))
            machine.cpu.setSpecialRegister(Number.pid0, to: pids.0)
            machine.cpu.setSpecialRegister(Number.pid1, to: pids.1)
            machine.cpu.setSpecialRegister(Number.pid2, to: pids.2)
            machine.cpu.setRegister(9, to: 0x3000_0000)
            try machine.execute(["lwz r3,0(r9)"])
            let matches = process == 0 || [pids.0, pids.1, pids.2].contains(process)
            #expect((machine.interrupt == nil) == matches, "\(pids)")
        }
    }

    @Test(arguments: [(0, 0), (0, 1), (1, 0), (1, 1)] as [(UInt32, UInt32)])
    func `an entry matches in its own address space only`(space: UInt32, selected: UInt32) throws {
        var machine = try Machine(state: selected == 0 ? 0 : MSR.ds)
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, space: space))
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute(["lwz r3,0(r9)"])
        #expect((machine.interrupt == nil) == (space == selected))
    }

    @Test(arguments: 1...10 as ClosedRange<UInt32>)
    func `a TLB1 page ends where its size says`(code: UInt32) throws {
        var machine = try Machine()
        let size = UInt64(1024) << (2 * UInt64(code))
        // Beyond RAM, so that every hit becomes a device access with its real address.
        try machine.map(Mapping(effective: 0x4000_0000, real: 0x8_0000_0000, sizeCode: code))
        for offset in [0, size - 1] {
            machine.cpu.setRegister(9, to: 0x4000_0000 + UInt32(offset))
            try machine.load(["lbz r3,0(r9)"])
            machine.cpu.setPC(Machine.program)
            guard case .deviceRead(address: 0x8_0000_0000 + offset, width: 1) = machine.run(1) else {
                Issue.record("no device read at \(offset)")
                return
            }
            machine.cpu.completeRead(0)
        }
        machine.cpu.setRegister(9, to: UInt32(truncatingIfNeeded: 0x4000_0000 + size))
        try machine.execute(["lbz r3,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test func `a TLB0 page is 4 KiB whatever MAS1 says`() throws {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: nil, sizeCode: 7, protected: true))
        machine.cpu.setRegister(9, to: 0x3000_1000)
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test func `the same page leads elsewhere for another process`() throws {
        var machine = try Machine()
        for process in [1, 2] as [UInt32] {
            try machine.map(
                Mapping(
                    effective: 0x3000_0000, real: UInt64(0x3_0000 + process * 0x1000), entry: Int(process),
                    process: process))
            try machine.set(0x3_0000 + process * 0x1000, 100 + process)
        }
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute([
            "li r5,1", "li r6,2", "mtspr 48,r5", "lwz r10,0(r9)", "mtspr 48,r6", "lwz r11,0(r9)", "mtspr 48,r5",
            "lwz r12,0(r9)",
        ])
        #expect((10...12).map { machine.cpu.register($0) } == [101, 102, 101])
    }

    // MARK: Permissions

    @Test(arguments: 0..<64 as Range<UInt32>)
    func `an access needs the permission of its kind and privilege`(permissions: UInt32) throws {
        for user in [false, true] {
            let bits: (execute: UInt32, write: UInt32, read: UInt32) = user ? (0x20, 8, 2) : (0x10, 4, 1)
            var machine = try Machine(state: user ? MSR.pr : 0)
            try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, permissions: permissions))
            try machine.load([], at: 0x3_0000)
            machine.cpu.setRegister(9, to: 0x3000_0040)
            try machine.execute(["lwz r3,0(r9)"])
            #expect(machine.interrupt == (permissions & bits.read != 0 ? nil : .dataStorage))
            if permissions & bits.read == 0 {
                #expect(machine.spr(Number.esr) == 0)
                #expect(machine.spr(Number.dear) == 0x3000_0040)
            }
            machine.cpu.setMachineState(user ? MSR.pr : 0)
            try machine.execute(["stw r3,0(r9)"])
            #expect(machine.interrupt == (permissions & bits.write != 0 ? nil : .dataStorage))
            if permissions & bits.write == 0 { #expect(machine.spr(Number.esr) == 0x0080_0000) }
            machine.cpu.setMachineState(user ? MSR.pr : 0)
            machine.cpu.setPC(0x3000_0000)
            _ = machine.run(10)
            #expect(machine.interrupt == (permissions & bits.execute != 0 ? nil : .instructionStorage))
            if permissions & bits.execute == 0 { #expect(machine.spr(Number.srr0) == 0x3000_0000) }
        }
    }

    @Test func `user state cannot use what supervisor state has just translated`() throws {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, permissions: 0x15))
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute(["stw r3,0(r9)", "lwz r3,0(r9)"])
        #expect(machine.interrupt == nil)
        machine.cpu.setMachineState(MSR.pr)
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == .dataStorage)
    }

    // MARK: tlbwe, tlbre, tlbsx

    @Test(arguments: [nil, 0, 5, 15] as [Int?])
    func `tlbre gives back what tlbwe wrote`(entry: Int?) throws {
        var machine = try Machine()
        let mapping = Mapping(
            effective: 0x3000_5000, real: 0x5_1234_5000, entry: entry == 0 ? 14 : entry, permissions: 0x3C5,
            process: 77,
            space: 1, way: 3, protected: entry != nil, attributes: 0x5E)
        try machine.map(mapping)
        let written = [Number.mas1, Number.mas2, Number.mas3, Number.mas7].map { machine.spr($0) }
        for number in [Number.mas1, Number.mas3, Number.mas7] { machine.cpu.setSpecialRegister(number, to: 0) }
        try machine.supervise("tlbre")
        #expect([Number.mas1, Number.mas2, Number.mas3, Number.mas7].map { machine.spr($0) } == written)
    }

    @Test func `tlbsx finds an entry of either array and says where it is`() throws {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_5000, real: 0x3_0000, entry: nil, process: 7, way: 2))
        try machine.map(Mapping(effective: 0x4000_0000, real: 0x100_0000, entry: 9, sizeCode: 5, permissions: 0x15))
        machine.cpu.setSpecialRegister(Number.mas6, to: 7 << 16)
        machine.cpu.setRegister(9, to: 0x3000_5678)
        try machine.execute(["tlbsx r0,r9"])
        #expect(machine.spr(Number.mas0) >> 16 == 2)
        #expect(machine.spr(Number.mas1) == 0x8007_0100)
        #expect(machine.spr(Number.mas3) == 0x3_003F)
        machine.cpu.setRegister(9, to: 0x4000_5678)
        try machine.execute(["tlbsx r0,r9"])
        #expect(machine.spr(Number.mas0) >> 16 == 0x1009)
        #expect(machine.spr(Number.mas1) == 0x8000_0500)
        #expect(machine.spr(Number.mas3) == 0x100_0015)
    }

    @Test(
        arguments: [(0x0008_0000, 0x3000_5678), (0x0007_0001, 0x3000_5678), (0x0007_0000, 0x3000_6000)]
            as [(UInt32, UInt32)])
    func `tlbsx misses another process, space or page, and then shows no valid entry`(mas6: UInt32, address: UInt32)
        throws
    {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_5000, real: 0x3_0000, entry: nil, process: 7, way: 2))
        machine.cpu.setSpecialRegister(Number.mas6, to: mas6)
        machine.cpu.setRegister(9, to: address)
        try machine.execute(["tlbsx r0,r9"])
        #expect(machine.spr(Number.mas1) & 0x8000_0000 == 0)
    }

    @Test(arguments: [nil, 1] as [Int?])
    func `an entry that is written over translates no more`(entry: Int?) throws {
        var machine = try Machine()
        try machine.set(0x3_0000, 1)
        try machine.set(0x3_1000, 2)
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: entry))
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute(["lwz r3,0(r9)"])
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_1000, entry: entry))
        try machine.execute(["lwz r4,0(r9)"])
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_1000, entry: entry, valid: false))
        #expect(machine.cpu.register(3) == 1)
        #expect(machine.cpu.register(4) == 2)
        try machine.execute(["lwz r5,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test func `a large entry that is written over translates none of its pages any more`() throws {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_0000, real: 0, sizeCode: 5))
        machine.cpu.setRegister(9, to: 0x3003_0000)
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == nil)
        try machine.map(Mapping(effective: 0x5000_0000, real: 0, sizeCode: 5))
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test func `code runs from where its page is mapped now`() throws {
        var machine = try Machine()
        try machine.load(["addi r3,r3,1"], at: 0x3_0000)
        try machine.load(["addi r3,r3,10"], at: 0x3_1000)
        for real in [0x3_0000, 0x3_1000, 0x3_0000] as [UInt64] {
            try machine.map(Mapping(effective: 0x3000_0000, real: real, entry: nil))
            machine.cpu.setPC(0x3000_0000)
            _ = machine.run(5)
        }
        #expect(machine.cpu.register(3) == 12)
    }

    // MARK: Invalidation

    struct Invalidation: Sendable, CustomStringConvertible {
        let text: String
        let operand: UInt32
        /// Which pages stay mapped of: TLB0 0x30000000, TLB0 0x30001000, TLB1 0x40000000, protected TLB1 0x50000000.
        let stays: [Bool]
        var description: String { "\(text) \(hexadecimal(operand))" }
    }

    static let invalidations: [Invalidation] = [
        Invalidation(text: "tlbivax r0,r9", operand: 0x3000_0000, stays: [false, true, true, true]),
        Invalidation(text: "tlbivax r0,r9", operand: 0x3000_0008, stays: [true, true, true, true]),
        Invalidation(text: "tlbivax r0,r9", operand: 0x4000_1008, stays: [true, true, false, true]),
        Invalidation(text: "tlbivax r0,r9", operand: 0x4000_1000, stays: [true, true, true, true]),
        Invalidation(text: "tlbivax r0,r9", operand: 0x5000_0008, stays: [true, true, true, true]),
        Invalidation(text: "tlbivax r0,r9", operand: 0x0000_0004, stays: [false, false, true, true]),
        Invalidation(text: "tlbivax r0,r9", operand: 0x0000_000C, stays: [true, true, false, true]),
        Invalidation(text: "mtspr 1012,r9", operand: 4, stays: [false, false, true, true]),
        Invalidation(text: "mtspr 1012,r9", operand: 2, stays: [true, true, false, true]),
        Invalidation(text: "mtspr 1012,r9", operand: 6, stays: [false, false, false, true]),
    ]

    @Test(arguments: invalidations)
    func `an invalidation drops what it names, except protected entries`(invalidation: Invalidation) throws {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: nil))
        try machine.map(Mapping(effective: 0x3000_1000, real: 0x3_1000, entry: nil))
        try machine.map(Mapping(effective: 0x4000_0000, real: 0, entry: 4, sizeCode: 5))
        try machine.map(Mapping(effective: 0x5000_0000, real: 0, entry: 5, sizeCode: 5, protected: true))
        let pages: [UInt32] = [0x3000_0000, 0x3000_1000, 0x4000_1000, 0x5000_0000]
        for (number, page) in pages.enumerated() { machine.cpu.setRegister(10 + number, to: page) }
        // Every page once, so that fast translations of them exist.
        try machine.execute((10...13).map { "lwz r3,0(r\($0))" })
        machine.cpu.setRegister(9, to: invalidation.operand)
        try machine.execute([invalidation.text, "tlbsync"])
        #expect(machine.spr(Number.mmucsr0) == 0)
        for (number, stays) in invalidation.stays.enumerated() {
            try machine.execute(["lwz r3,0(r\(10 + number))"])
            #expect((machine.interrupt == nil) == stays, "page \(number)")
        }
    }

    @Test func `tlbivax leaves the guest where other vCPUs have to hear of it`() throws {
        var machine = try Machine(sharesMemory: true)
        machine.cpu.setRegister(9, to: 0x3000_0004)
        try machine.load(["tlbivax r0,r9"])
        guard case .invalidateTLB(operand: 0x3000_0004) = machine.run(1) else {
            Issue.record("no exit")
            return
        }
        #expect(machine.cpu.pc == Machine.program + 4)
    }

    @Test func `another vCPU's tlbivax drops the entry here`() throws {
        var machine = try Machine(sharesMemory: true)
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: nil))
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute(["lwz r3,0(r9)"])
        machine.cpu.invalidateTLB(operand: 0x3000_0000)
        try machine.execute(["lwz r3,0(r9)"])
        #expect(machine.interrupt == .dataTLBMiss)
    }

    @Test(arguments: [
        ("tlbilx 0,r0,r9", [false, false, false, true]), ("tlbilx 1,r0,r9", [false, true, true, true]),
        ("tlbilx 3,r0,r9", [true, true, false, true]), ("tlbilx 3,r9,r8", [true, true, false, true]),
    ])
    func `tlbilx drops everything, a process or a page, but nothing protected`(text: String, stays: [Bool]) throws {
        var machine = try Machine(.e500mc)
        let mappings = [
            Mapping(effective: 0x3000_0000, real: 0x3_0000, entry: nil, process: 7),
            Mapping(effective: 0x3000_1000, real: 0x3_1000, entry: 40),
            Mapping(effective: 0x3000_2000, real: 0x3_2000, entry: nil),
            Mapping(effective: 0x3000_3000, real: 0x3_3000, entry: 63, protected: true),
        ]
        for mapping in mappings { try machine.map(mapping) }
        machine.cpu.setSpecialRegister(Number.pid0, to: 7)
        machine.cpu.setSpecialRegister(Number.mas6, to: 7 << 16)
        machine.cpu.setRegister(9, to: 0x3000_2000)
        try machine.execute([text])
        for (number, stays) in stays.enumerated() {
            machine.cpu.setRegister(3, to: 0x3000_0000 + UInt32(number) << 12)
            try machine.execute(["lwz r3,0(r3)"])
            #expect((machine.interrupt == nil) == stays, "page \(number)")
        }
    }

    @Test func `a little-endian page swaps the bytes of every access`() throws {
        var machine = try Machine()
        try machine.map(Mapping(effective: 0x3000_0000, real: 0x3_0000, attributes: 1))
        try machine.set(0x3_0000, 0x1122_3344)
        machine.cpu.setRegister(9, to: 0x3000_0000)
        try machine.execute([
            "lwz r3,0(r9)", "lhz r4,0(r9)", "lwbrx r5,r0,r9", "stw r4,4(r9)", "sth r4,8(r9)", "lwarx r6,r0,r9",
        ])
        #expect((3...6).map { machine.cpu.register($0) } == [0x4433_2211, 0x2211, 0x1122_3344, 0x4433_2211])
        #expect(try machine.word(0x3_0004) == 0x1122_0000)
        #expect(try machine.word(0x3_0008) == 0x1122_0000)
    }
}
