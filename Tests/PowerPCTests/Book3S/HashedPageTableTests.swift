import Testing

import PowerPC

@Suite struct HashedPageTableTests {
    @Test(arguments: [18, 20, 24])
    func `a table is aligned to its size, and KVM's SDR1 names both`(order: Int) throws {
        let table = try #require(HashedPageTable(order: order))
        #expect(table.sdr1 & (1 << UInt64(order) - 1) == UInt64(order - 18))
        #expect(table.count == 1 << (order - 4))
    }

    @Test func `entries lie in memory big-endian`() throws {
        let table = try #require(HashedPageTable(order: 18))
        table.enter(HashedPageEntry(virtual: 0x0102_0304_0506_0708, real: 0x1112_1314_1516_1718), at: 3)
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: table.host + 48, count: 16))
        #expect(bytes == [1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18])
    }

    @Test func `a removed entry is invalid, and keeps its real half until it is used again`() throws {
        let table = try #require(HashedPageTable(order: 18))
        let entry = HashedPageEntry(virtual: 0x1001, real: 0x2180)
        table.enter(entry, at: 77)
        #expect(table.remove(77) == entry)
        #expect(!table[77].isValid)
    }

    @Test func `an index beyond the table is one within it`() throws {
        let table = try #require(HashedPageTable(order: 18))
        table.enter(HashedPageEntry(virtual: 1, real: 2), at: table.count + 5)
        #expect(table[5] == HashedPageEntry(virtual: 1, real: 2))
        #expect(table[-1] == HashedPageEntry(virtual: 0, real: 0))
    }

    @Test(arguments: [(UInt64(64) << 20, 19), (1 << 30, 23), (UInt64(3) << 29, 24), (4096, 18), (1 << 62, 34)])
    func `a table has one 128th of memory`(memory: UInt64, order: Int) {
        #expect(HashedPageTable.order(forMemory: memory) == order)
    }

    @Test(arguments: HashPageEncodingCase.all)
    func `an entry's place tells the rest of its virtual page`(_ example: HashPageEncodingCase) throws {
        let table = try #require(HashedPageTable(order: 18))
        let segment = SegmentEntry(
            effective: 1 << 27,
            virtual: (example.terabyte ? 1 << 62 | 0x3_5A5A << 24 : 0x1_2345_6789 << 12)
                | UInt64(example.encoding.segment))
        let address: UInt64 = 0x0ABC_D000 & ~(1 << UInt64(example.encoding.baseShift) - 1)
        let hash = HashedPageTable.hash(address, in: segment, baseShift: example.encoding.baseShift)
        let size = segment.virtual & 3 << 62
        let virtual =
            size | segment.segmentID << (example.terabyte ? 24 : 12) | (address >> 23) << 7
            | (example.secondary ? 3 : 1) | (example.encoding.shift > 12 ? 4 : 0)
        let entry = HashedPageEntry(virtual: virtual, real: UInt64(example.encoding.page) << 12)
        let group = Int((example.secondary ? ~hash : hash) & 0x7FF)
        let page = try #require(VirtualPage(entry, at: group * 8 + 2, in: table, sizes: .power8))
        #expect(page.segment == segment.virtual & ~0xFFF)
        #expect(page.offset == address & ~(1 << UInt64(example.encoding.shift) - 1))
        #expect(page.shift == example.encoding.shift)
    }
}

struct HashPageEncodingCase: CustomTestStringConvertible {
    let encoding: HashPageEncoding
    let terabyte: Bool
    let secondary: Bool

    var testDescription: String {
        "2^\(encoding.shift) in 2^\(encoding.baseShift), terabyte \(terabyte), secondary \(secondary)"
    }

    static let all: [HashPageEncodingCase] = (0..<6).flatMap { row in
        [(false, false), (false, true), (true, false), (true, true)].map {
            HashPageEncodingCase(encoding: HashPageEncoding.all[row], terabyte: $0.0, secondary: $0.1)
        }
    }
}
