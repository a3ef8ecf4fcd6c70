import GuestMemory
import Testing

/// Two pages of RAM: addresses 0 to 0x1FFF.
private func twoPages() throws -> GuestMemory { try GuestMemory(size: 0x2000) }

@Suite struct GuestMemoryTests {
    @Test(arguments: [0, 1, 4095, 4097, GuestMemory.maximumSize + 4096, UInt64.max] as [UInt64])
    func `a size that is not whole pages within the maximum is refused`(size: UInt64) {
        #expect(throws: GuestMemoryError.badSize(size)) { _ = try GuestMemory(size: size) }
    }

    @Test func `fresh memory reads zero to its last byte`() throws {
        let memory = try twoPages()
        #expect(try memory.read(at: 0, count: 0x2000) == [UInt8](repeating: 0, count: 0x2000))
    }

    @Test func `a big-endian word has its highest byte first`() throws {
        let memory = try twoPages()
        try memory.store(0x1122_3344 as UInt32, at: 0x100, order: .big)
        #expect(try memory.read(at: 0x100, count: 4) == [0x11, 0x22, 0x33, 0x44])
    }

    @Test func `a little-endian word has its lowest byte first`() throws {
        let memory = try twoPages()
        try memory.store(0x1122_3344 as UInt32, at: 0x100, order: .little)
        #expect(try memory.read(at: 0x100, count: 4) == [0x44, 0x33, 0x22, 0x11])
    }

    @Test(arguments: [0, 1, 2, 3, 0xFFD, 0x1FF8] as [UInt64])
    func `a doubleword reads back as written at any alignment`(address: UInt64) throws {
        let memory = try twoPages()
        try memory.store(0x0102_0304_0506_0708 as UInt64, at: address)
        #expect(try memory.load(UInt64.self, at: address) == 0x0102_0304_0506_0708)
    }

    @Test func `the other byte order reads the bytes reversed`() throws {
        let memory = try twoPages()
        try memory.store(0x1234 as UInt16, at: 0, order: .big)
        #expect(try memory.load(UInt16.self, at: 0, order: .little) == 0x3412)
    }

    /// Addresses from which four bytes are not all within the two pages.
    static let outside: [UInt64] = [
        0x1FFD, 0x1FFF, 0x2000, 0x2001, 0xFFFF_FFFF, 1 << 36, UInt64(Int64.max), UInt64(Int64.max) + 1,
        UInt64.max - 3, UInt64.max,
    ]

    @Test(arguments: outside)
    func `a load that leaves memory is refused`(address: UInt64) throws {
        let memory = try twoPages()
        #expect(throws: GuestMemoryError.outOfBounds(address: address, count: 4)) {
            _ = try memory.load(UInt32.self, at: address)
        }
    }

    @Test(arguments: outside)
    func `a store that leaves memory is refused and changes nothing`(address: UInt64) throws {
        let memory = try twoPages()
        #expect(throws: GuestMemoryError.outOfBounds(address: address, count: 4)) {
            try memory.store(UInt32.max, at: address)
        }
        #expect(try memory.read(at: 0x1FF0, count: 16) == [UInt8](repeating: 0, count: 16))
    }

    @Test(arguments: outside)
    func `a write that leaves memory is refused`(address: UInt64) throws {
        let memory = try twoPages()
        #expect(throws: GuestMemoryError.outOfBounds(address: address, count: 4)) {
            try memory.write([1, 2, 3, 4], at: address)
        }
    }

    @Test(arguments: outside)
    func `a read that leaves memory is refused`(address: UInt64) throws {
        let memory = try twoPages()
        #expect(throws: GuestMemoryError.outOfBounds(address: address, count: 4)) {
            _ = try memory.read(at: address, count: 4)
        }
    }

    @Test func `the last word is memory`() throws {
        let memory = try twoPages()
        try memory.store(0xA5A5_5A5A as UInt32, at: 0x1FFC)
        #expect(try memory.load(UInt32.self, at: 0x1FFC) == 0xA5A5_5A5A)
    }

    @Test func `a read of a negative count is refused`() throws {
        let memory = try twoPages()
        #expect(throws: GuestMemoryError.outOfBounds(address: 0, count: 0)) { _ = try memory.read(at: 0, count: -1) }
    }

    @Test func `an empty access is allowed up to the end of memory`() throws {
        let memory = try twoPages()
        #expect(try memory.read(at: 0x2000, count: 0) == [])
        try memory.write([], at: 0x2000)
    }

    @Test func `an empty access beyond the end is refused`() throws {
        let memory = try twoPages()
        #expect(throws: GuestMemoryError.outOfBounds(address: 0x2001, count: 0)) { try memory.write([], at: 0x2001) }
    }

    @Test(
        arguments: [
            (0, 0x2000, true), (0, 0x2001, false), (0x1FFF, 1, true), (0x2000, 0, true), (0x2000, 1, false),
            (1, UInt64.max, false), (UInt64.max, UInt64.max, false),
        ] as [(UInt64, UInt64, Bool)])
    func `a host pointer exists for bytes that are all memory`(address: UInt64, count: UInt64, exists: Bool) throws {
        let memory = try twoPages()
        let found = unsafe memory.hostPointer(at: address, count: count) != nil
        #expect(found == exists)
    }
}

@Suite struct CodeJournalTests {
    /// The pages of the journal's writes, oldest first.
    private func written(_ journal: CodeJournal) -> [Int] {
        (0..<journal.count).compactMap { number in
            guard case .written(let page)? = journal.event(number) else { return nil }
            return page
        }
    }

    @Test func `a write to a page without predecoded code is not noted`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 1)
        try memory.store(1 as UInt32, at: 0xFFC)
        #expect(written(memory.codeJournal) == [])
    }

    @Test func `a store to a page with predecoded code is noted`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 1)
        try memory.store(1 as UInt32, at: 0x1000)
        #expect(written(memory.codeJournal) == [1])
    }

    @Test func `a store across two pages is noted when the second one has code`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 1)
        try memory.store(1 as UInt32, at: 0xFFE)
        #expect(written(memory.codeJournal) == [1])
    }

    @Test func `a write over several pages with code is noted for each`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 0)
        _ = memory.markCode(page: 1)
        try memory.write([UInt8](repeating: 0, count: 0x2000), at: 0)
        #expect(written(memory.codeJournal) == [0, 1])
    }

    @Test func `an empty write is not noted`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 0)
        try memory.write([], at: 0)
        #expect(written(memory.codeJournal) == [])
    }

    @Test func `a refused store is not noted`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 1)
        try? memory.store(1 as UInt32, at: 0x1FFE)
        #expect(written(memory.codeJournal) == [])
    }

    @Test func `events that fell out of the journal are gone, and later ones are not`() throws {
        let memory = try twoPages()
        _ = memory.markCode(page: 1)
        for writer in 0...Int(CodeJournal.capacity) { memory.codeJournal.append(.written(page: 1), by: writer) }
        #expect(memory.codeJournal.event(0) == nil)
        #expect(memory.codeJournal.event(1) != nil)
        #expect(memory.codeJournal.event(memory.codeJournal.count) == nil)
    }

    @Test func `a writer that repeats itself unread is noted once, and again after somebody read it`() throws {
        let journal = try twoPages().codeJournal
        #expect(journal.append(.written(page: 1), by: 0) == 0)
        #expect(journal.append(.written(page: 1), by: 0) == nil)
        #expect(journal.append(.written(page: 1), by: 1) == 1)
        #expect(journal.append(.becameCode(page: 1), by: 1) == 2)
        #expect(journal.event(2) == .becameCode(page: 1))
        #expect(journal.append(.becameCode(page: 1), by: 1) == 3)
    }
}

@Suite struct CopyTests {
    @Test func `bytes are copied, forward and backward over themselves`() throws {
        let memory = try GuestMemory(size: 0x2000)
        try memory.write(Array("abcdef".utf8), at: 0)
        try memory.copy(from: 0, to: 2, count: 4)
        #expect(try memory.read(at: 0, count: 6) == Array("ababcd".utf8))
        try memory.copy(from: 2, to: 1, count: 4)
        #expect(try memory.read(at: 0, count: 6) == Array("aabcdd".utf8))
    }

    @Test(
        arguments: [(0x2000, 0, 1), (0, 0x1FFF, 2), (.max, 0, 1), (0, 0, .max), (1, .max, .max)]
            as [(
                UInt64, UInt64, UInt64
            )])
    func `a copy from or to outside is refused`(source: UInt64, target: UInt64, count: UInt64) throws {
        let memory = try GuestMemory(size: 0x2000)
        #expect(throws: GuestMemoryError.self) { try memory.copy(from: source, to: target, count: count) }
    }

    @Test func `a copy over code is noted`() throws {
        let memory = try GuestMemory(size: 0x2000)
        _ = memory.markCode(page: 1)
        try memory.copy(from: 0, to: 0x1000, count: 1)
        #expect(memory.codeJournal.count == 1)
    }

    @Test func `memory contains what lies in it to the last byte`() throws {
        let memory = try GuestMemory(size: 0x2000)
        #expect(memory.contains(0, count: 0x2000))
        #expect(memory.contains(0x2000, count: 0))
        #expect(!memory.contains(1, count: 0x2000))
        #expect(!memory.contains(.max, count: 2))
    }
}
