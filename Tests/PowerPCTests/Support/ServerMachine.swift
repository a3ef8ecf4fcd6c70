import GuestMemory
import Testing

import PowerPC

/// One 64-bit vCPU with RAM, for tests to load programs into. It starts in real mode; interrupts go to vectors where a
/// branch to itself waits.
struct ServerMachine: ~Copyable {
    let memory: GuestMemory
    let table: HashedPageTable
    var cpu: Book3SCPU
    let isLittleEndian: Bool

    /// Where programs start.
    static let program: UInt64 = 0x1_0000
    /// Where programs keep data.
    static let data: UInt64 = 0x2_0000
    /// Real mode, 64-bit, machine checks enabled.
    static let state = MSR64.sf | MSR64.me

    init(
        littleEndian: Bool = false, state: UInt64 = 0, time: TimeSource = .virtual, sharesMemory: Bool = false
    ) throws {
        let memory = try GuestMemory(size: 16 << 20)
        let table = try #require(HashedPageTable(order: 18))
        for interrupt in Book3SInterrupt.allCases {
            for vector in [interrupt.vector, interrupt.vector | 0x4000] {
                try memory.store(assemble("b", [0]), at: vector, order: littleEndian ? .little : .big)
            }
        }
        self.memory = memory
        self.table = table
        isLittleEndian = littleEndian
        cpu = Book3SCPU(index: 0, memory: memory, pageTable: table, time: time, sharesMemory: sharesMemory)
        cpu.takesInterruptsLittleEndian = littleEndian
        cpu.start(at: Self.program, r3: 0)
        cpu.setMachineState(Self.state | state | (littleEndian ? MSR64.le : 0))
    }

    func load(words: [UInt32], at address: UInt64) throws {
        for (number, word) in words.enumerated() {
            try memory.store(word, at: address + UInt64(number) * 4, order: isLittleEndian ? .little : .big)
        }
    }

    /// Writes a program to RAM, and a branch to itself behind it.
    func load(_ text: [String], at address: UInt64 = program) throws {
        try load(words: text.flatMap { assemble($0) } + [assemble("b", [0])], at: address)
    }

    /// Executes `count` instructions and those up to the next branch, stopping where the machine is needed.
    @discardableResult
    mutating func run(_ count: UInt64 = 100) -> Exit {
        cpu.beginSlice(instructions: count, at: cpu.now)
        return cpu.run()
    }

    /// Loads a program and executes it for `count` instructions, or to its end: a branch to itself behind it.
    mutating func execute(_ text: String..., count: UInt64 = 100) throws {
        try load(text)
        run(count)
    }

    /// Which interrupt's vector the program counter is at.
    var interrupt: Book3SInterrupt? { Book3SInterrupt.allCases.first { $0.vector == cpu.pc } }

    mutating func spr(_ number: Int) -> UInt64 { cpu.specialRegister(number) ?? 0xDEAD_DEAD }

    func doubleword(_ address: UInt64) throws -> UInt64 {
        try memory.load(UInt64.self, at: address, order: isLittleEndian ? .little : .big)
    }

    func set(_ address: UInt64, _ value: UInt64) throws {
        try memory.store(value, at: address, order: isLittleEndian ? .little : .big)
    }

    // MARK: Translation

    /// VSID of the segment that ``map(_:to:pp:flags:)`` uses.
    static let segment: UInt64 = 0x12345
    /// The first effective address of that segment.
    static let mapped: UInt64 = 0xC000_0000_0000_0000

    /// Puts the segment at ``mapped`` into the vCPU's segments, with keys for problem state alone.
    mutating func addSegment(_ index: UInt64 = 0, flags: UInt64 = SegmentEntry.Virtual.problemKey) {
        _ = cpu.segments.moveTo(rs: Self.segment << 12 | flags, rb: Self.mapped | 1 << 27 | index)
    }

    /// Maps the page of 4 KiB at ``mapped`` + `offset` to the real address `real`. PP 0 is for supervisor state alone, 2 is
    /// for all, 3 for reading.
    func map(_ offset: UInt64, to real: UInt64, pp: UInt64 = 2, flags: UInt64 = 0) {
        let entry = HashedPageEntry(
            virtual: Self.segment << 12 | (offset >> 23) << 7 | 1, real: real & ~0xFFF | pp | flags)
        let group = Int((Self.segment ^ offset >> 12) & 0x7FF)
        for place in 0..<8 where !table[group * 8 + place].isValid {
            table.enter(entry, at: group * 8 + place)
            return
        }
    }
}

/// The numbers of SPRs that tests of the 64-bit core name.
enum ServerNumber {
    static let (dsisr, dar, dec, srr0, srr1) = (18, 19, 22, 26, 27)
    static let (fscr, tar, sprg0, sprg3, tb) = (153, 815, 272, 275, 268)
}
