import Testing

import PowerPC

/// A small table with hand-made entries, and one vCPU's segments.
private struct Translator {
    let table: HashedPageTable
    var segments = SegmentLookasideBuffer()

    init(order: Int = 18) throws {
        table = try #require(HashedPageTable(order: order))
    }

    mutating func segment(
        _ index: UInt64 = 0, at effective: UInt64, id: UInt64, flags: UInt64 = 0, terabyte: Bool = false
    ) {
        let virtual = id << (terabyte ? 24 : 12) | flags | (terabyte ? 1 << 62 : 0)
        _ = segments.moveTo(rs: virtual, rb: effective & ~0xFFF_FFFF | 1 << 27 | index)
    }

    func translate(
        _ address: UInt64, _ access: StorageAccess = .load, user: Bool = false, amr: UInt64 = 0,
        sizes: HashPageSizes = .power8
    ) -> HashTranslationResult {
        table.translate(
            address, for: access, segments: segments,
            HashTranslationContext(isProblemState: user, authorityMask: amr, pageSizes: sizes))
    }
}

/// A translation, or none.
private struct Page: Equatable {
    var real: UInt64?
    var shift: UInt8
    var rights: StorageRights
    var attributes: UInt64

    init(real: UInt64?, shift: UInt8, rights: StorageRights, attributes: UInt64) {
        (self.real, self.shift, self.rights, self.attributes) = (real, shift, rights, attributes)
    }

    init(_ result: HashTranslationResult) {
        guard case .translated(let page) = result else {
            self.init(real: nil, shift: 0, rights: [], attributes: 0)
            return
        }
        self.init(real: page.real, shift: page.shift, rights: page.rights, attributes: page.attributes)
    }
}

@Suite struct HashTranslationTests {
    /// VSID 0x12345, page 0x4321 of a 256 MiB segment: hash 0x12345 ^ 0x4321 = 0x16064.
    private static let virtual: UInt64 = 0x12345 << 12 | (0x0432_1000 >> 23) << 7 | 1
    private static let primary = 0x16064 & 0x7FF
    private static let secondary = ~0x16064 & 0x7FF

    private static func mapped(
        real: UInt64 = 0x7654_3000 | 0x190, at index: Int = primary * 8, virtual: UInt64 = virtual
    ) throws -> Translator {
        var translator = try Translator()
        translator.segment(at: 0xC000_0000_2000_0000, id: 0x12345)
        translator.table.enter(HashedPageEntry(virtual: virtual, real: real), at: index)
        return translator
    }

    private static let address: UInt64 = 0xC000_0000_2432_1ABC

    @Test func `an address without a segment has none`() throws {
        let translator = try Self.mapped()
        #expect(translator.translate(0xC000_0000_3432_1ABC) == .noSegment)
    }

    @Test(arguments: 0..<8)
    func `a page is found at every place of its primary group`(place: Int) throws {
        let translator = try Self.mapped(at: Self.primary * 8 + place)
        #expect(
            Page(translator.translate(Self.address))
                == Page(real: 0x7654_3ABC, shift: 12, rights: .all, attributes: 0x10))
    }

    @Test(arguments: 0..<8)
    func `a page is found at every place of its secondary group`(place: Int) throws {
        let translator = try Self.mapped(at: Self.secondary * 8 + place, virtual: Self.virtual | 2)
        guard case .translated(let page) = translator.translate(Self.address) else {
            Issue.record("not found")
            return
        }
        #expect(page.real == 0x7654_3ABC)
    }

    @Test func `an entry of the secondary hash does not count in the primary group`() throws {
        let translator = try Self.mapped(virtual: Self.virtual | 2)
        #expect(translator.translate(Self.address) == .fault(0x4000_0000))
    }

    @Test func `an invalid entry does not translate`() throws {
        let translator = try Self.mapped(virtual: Self.virtual & ~1)
        #expect(translator.translate(Self.address) == .fault(0x4000_0000))
        #expect(translator.translate(Self.address, .store) == .fault(0x4200_0000))
        #expect(translator.translate(Self.address, .fetch) == .fault(0x4000_0000))
    }

    @Test func `a page of another segment with the same hash is another page`() throws {
        // VSID 0x12344 and page 0x4320 have the hash of VSID 0x12345 and page 0x4321.
        let translator = try Self.mapped(virtual: 0x12344 << 12 | (0x0432_0000 >> 23) << 7 | 1)
        #expect(translator.translate(Self.address) == .fault(0x4000_0000))
    }

    @Test func `a load sets R and a store sets C`() throws {
        let translator = try Self.mapped(real: 0x7654_3000)
        guard case .translated(let loaded) = translator.translate(Self.address) else {
            Issue.record("not found")
            return
        }
        #expect(!loaded.rights.contains(.store))
        #expect(translator.table[Self.primary * 8].real == 0x7654_3100)
        guard case .translated(let stored) = translator.translate(Self.address, .store) else {
            Issue.record("not found")
            return
        }
        #expect(stored.rights.contains(.store))
        #expect(translator.table[Self.primary * 8].real == 0x7654_3180)
    }

    @Test func `a refused access leaves R and C alone`() throws {
        let translator = try Self.mapped(real: 0x7654_3003)
        #expect(translator.translate(Self.address, .store) == .fault(0x0A00_0000))
        #expect(translator.table[Self.primary * 8].real == 0x7654_3003)
    }

    /// PP, the segment's key, and what is allowed.
    struct Protection: CustomTestStringConvertible {
        var code: UInt64
        var key: Bool
        var allowed: StorageRights
        var testDescription: String { "PP \(code), key \(key)" }
    }

    static let protections: [Protection] = [
        Protection(code: 0, key: false, allowed: .all), Protection(code: 0, key: true, allowed: []),
        Protection(code: 1, key: false, allowed: .all), Protection(code: 1, key: true, allowed: [.load, .fetch]),
        Protection(code: 2, key: false, allowed: .all), Protection(code: 2, key: true, allowed: .all),
        Protection(code: 3, key: false, allowed: [.load, .fetch]),
        Protection(code: 3, key: true, allowed: [.load, .fetch]),
        Protection(code: 4, key: false, allowed: []), Protection(code: 4, key: true, allowed: []),
        Protection(code: 5, key: false, allowed: []), Protection(code: 5, key: true, allowed: []),
        Protection(code: 6, key: false, allowed: [.load, .fetch]), Protection(code: 6, key: true, allowed: []),
        Protection(code: 7, key: false, allowed: []), Protection(code: 7, key: true, allowed: []),
    ]

    @Test(arguments: protections, [false, true])
    func `PP and key decide what is allowed`(_ protection: Protection, user: Bool) throws {
        let real = 0x7654_3180 | protection.code & 3 | (protection.code >> 2) << 63
        var translator = try Self.mapped(real: real)
        // Ks and Kp; the state that does not ask has the other value.
        let flags: UInt64 = protection.key == user ? 0x400 : 0x800
        translator.segment(at: Self.address, id: 0x12345, flags: flags)
        for (access, right, store) in [
            (StorageAccess.load, StorageRights.load, UInt32(0)), (.store, .store, 0x0200_0000), (.fetch, .fetch, 0),
        ] {
            let result = translator.translate(Self.address, access, user: user)
            if protection.allowed.contains(right) {
                guard case .translated(let page) = result else {
                    Issue.record("\(access): \(result)")
                    continue
                }
                #expect(page.rights == protection.allowed)
            } else {
                #expect(result == .fault(0x0800_0000 | store))
            }
        }
    }

    @Test(arguments: [UInt64(4), 8])
    func `pages with N or G are not executed`(bit: UInt64) throws {
        let translator = try Self.mapped(real: 0x7654_3180 | bit)
        #expect(translator.translate(Self.address, .fetch) == .fault(0x1000_0000))
        #expect(
            Page(translator.translate(Self.address))
                == Page(real: 0x7654_3ABC, shift: 12, rights: [.load, .store], attributes: bit & 8))
    }

    @Test func `segments with N are not executed, whatever is mapped`() throws {
        var translator = try Self.mapped()
        translator.segment(at: Self.address, id: 0x12345, flags: 0x200)
        #expect(translator.translate(Self.address, .fetch) == .fault(0x1000_0000))
        #expect(translator.translate(Self.address + 0x1000, .fetch) == .fault(0x1000_0000))
    }

    @Test func `AMR denies stores and loads by key`() throws {
        // Key 0b10110, whose bits of AMR are 2 * 22 from the left.
        let translator = try Self.mapped(real: 0x2000_0000_7654_3D80)
        let denyStores: UInt64 = 1 << (63 - 44)
        let denyLoads: UInt64 = 1 << (63 - 45)
        #expect(translator.translate(Self.address, .store, amr: denyStores) == .fault(0x0220_0000))
        #expect(translator.translate(Self.address, .load, amr: denyLoads) == .fault(0x0020_0000))
        guard case .translated(let page) = translator.translate(Self.address, .load, amr: denyStores) else {
            Issue.record("not found")
            return
        }
        #expect(page.rights == [.load, .fetch])
        #expect(page.real == 0x7654_3ABC)
    }

    @Test func `a segment of 1 TiB has a hash of its own`() throws {
        var translator = try Translator()
        translator.segment(at: 0xC000_0100_0000_0000, id: 0x5A, terabyte: true)
        let address: UInt64 = 0xC000_01AB_CDEF_1234
        let page: UInt64 = 0xAB_CDEF_1234 >> 12
        let hash = (UInt64(0x5A) ^ 0x5A << 25 ^ page) & 0x7FF
        let virtual = 1 << 62 | 0x5A << 24 | (UInt64(0xAB_CDEF_1234) >> 23) << 7 | 1
        translator.table.enter(HashedPageEntry(virtual: virtual, real: 0x1_2345_6180), at: Int(hash) * 8)
        #expect(
            Page(translator.translate(address)) == Page(real: 0x1_2345_6234, shift: 12, rights: .all, attributes: 0))
    }

    @Test func `a page of 64 KiB has 64 KiB`() throws {
        var translator = try Translator()
        translator.segment(at: 0x1000_0000, id: 7, flags: 0x110)
        let hash = 7 ^ (UInt64(0x0234_0000) >> 16)
        let virtual = 7 << 12 | (UInt64(0x0234_0000) >> 23) << 7 | 4 | 1
        translator.table.enter(HashedPageEntry(virtual: virtual, real: 0x5555_1180), at: Int(hash & 0x7FF) * 8 + 3)
        #expect(
            Page(translator.translate(0x1234_89AB)) == Page(real: 0x5555_89AB, shift: 16, rights: .all, attributes: 0))
        #expect(translator.translate(0x1234_89AB, sizes: [.small]) == .fault(0x4000_0000))
    }

    @Test func `a page of 16 MiB is found without the address below it`() throws {
        var translator = try Translator()
        translator.segment(at: 0x2000_0000, id: 9, flags: 0x100)
        let hash = UInt64(9) ^ 5
        // AVPN's lowest bit is address bit 23, within the page: whatever it is, it does not matter.
        let virtual = 9 << 12 | (UInt64(0x0580_0000) >> 23) << 7 | 4 | 1
        translator.table.enter(HashedPageEntry(virtual: virtual, real: 0x0700_0180), at: Int(hash) * 8)
        #expect(
            Page(translator.translate(0x25AB_CDEF)) == Page(real: 0x07AB_CDEF, shift: 24, rights: .all, attributes: 0))
    }

    @Test func `a page of 16 MiB in a segment of 4 KiB pages is found through each of these`() throws {
        var translator = try Translator()
        translator.segment(at: 0x2000_0000, id: 9)
        let address: UInt64 = 0x25AB_CDEF
        let hash = 9 ^ (UInt64(0x05AB_CDEF) >> 12)
        let virtual = 9 << 12 | (UInt64(0x05AB_CDEF) >> 23) << 7 | 4 | 1
        translator.table.enter(
            HashedPageEntry(virtual: virtual, real: 0x0703_8180), at: Int(hash & 0x7FF) * 8)
        #expect(
            Page(translator.translate(address)) == Page(real: 0x07AB_CDEF, shift: 24, rights: .all, attributes: 0))
        #expect(translator.translate(address, sizes: .kvmPR) == .fault(0x4000_0000))
    }

    @Test func `a page size that does not exist does not translate`() throws {
        let translator = try Self.mapped(real: 0x7654_2180, virtual: Self.virtual | 4)
        #expect(translator.translate(Self.address) == .fault(0x4000_0000))
    }

    @Test func `whatever is in table and segments, an access has some answer`() throws {
        var generator = SystemRandomNumberGenerator()
        var translator = try Translator()
        for _ in 0..<20_000 {
            let id = generator.next() & 0xFF
            let flags = generator.next() & 0xFFF
            _ = translator.segments.moveTo(
                rs: generator.next() & 0xC000_0000_0000_0000 | id << 12 | flags, rb: generator.next())
            let index = Int(truncatingIfNeeded: generator.next())
            translator.table.enter(
                HashedPageEntry(virtual: generator.next() & ~0x3FFF_FFFF_FFF0_0000 | 1, real: generator.next()),
                at: index)
            let address = translator.segments.entries[Int(generator.next() % 32)].effective ^ generator.next() >> 36
            let access = [StorageAccess.load, .store, .fetch][Int(generator.next() % 3)]
            if case .translated(let page) = translator.translate(address, access, amr: generator.next()) {
                #expect(page.rights.contains(access.right))
                #expect(page.real >> 60 == 0)
            }
        }
    }
}
