internal import CHost

/// One entry of the architected TLB.
struct TLBEntry: BitwiseCopyable {
    var valid: UInt8 = 0
    var protected: UInt8 = 0
    /// The address space, MAS1[TS].
    var space: UInt8 = 0
    /// The process that may use it; 0 for all.
    var process: UInt8 = 0
    /// MAS1[TSIZE]: the page has 4^size KiB.
    var sizeCode: UInt8 = 0
    /// MAS2's low bits: X0, X1 and WIMGE.
    var attributes: UInt8 = 0
    /// MAS3's low ten bits: user bits and permissions.
    var permissions: UInt16 = 0
    /// Effective address of the page; bits inside the page are zero.
    var effective: UInt32 = 0
    /// The bits of an address that select the page.
    var mask: UInt32 = 0
    /// Real address of the page, 36 bits; bits inside the page are zero.
    var real: UInt64 = 0
}

/// Bits of the MMU assist registers (EREF, MAS0–MAS7; MMU architecture version 1).
enum MAS {
    static let mas0Select1: UInt32 = 1 << 28
    static let mas0SelectMask: UInt32 = 3 << 28
    static let mas1Valid: UInt32 = 0x8000_0000
    static let mas1Protected: UInt32 = 0x4000_0000
    static let mas1Space: UInt32 = 0x1000
    static let mas2Page: UInt32 = 0xFFFF_F000
    static let mas2Attributes: UInt32 = 0x7F
    static let mas3Permissions: UInt32 = 0x3FF
    static let userExecute: UInt16 = 0x20
    static let supervisorExecute: UInt16 = 0x10
    static let userWrite: UInt16 = 0x08
    static let supervisorWrite: UInt16 = 0x04
    static let userRead: UInt16 = 0x02
    static let supervisorRead: UInt16 = 0x01
    /// MAS2[E]: the page is little-endian.
    static let littleEndian: UInt8 = 0x01

    static func entry(_ mas0: UInt32) -> Int { Int(mas0 >> 16 & 0xFFF) }
    static func victim(_ mas0: UInt32) -> UInt32 { mas0 & 3 }
    static func process(_ mas1: UInt32) -> UInt8 { UInt8(mas1 >> 16 & 0xFF) }
    static func sizeCode(_ mas1: UInt32) -> UInt8 { UInt8(mas1 >> 8 & 15) }
}

/// What an access does, and who makes it.
struct AccessKind {
    enum Purpose { case read, write, execute }
    var purpose: Purpose
    var user: Bool
    /// MSR[IS] or MSR[DS].
    var space: UInt8

    /// The permission bit that allows it.
    var permission: UInt16 {
        switch (purpose, user) {
        case (.read, true): MAS.userRead
        case (.read, false): MAS.supervisorRead
        case (.write, true): MAS.userWrite
        case (.write, false): MAS.supervisorWrite
        case (.execute, true): MAS.userExecute
        case (.execute, false): MAS.supervisorExecute
        }
    }
}

/// The architected TLB of an e500 core: TLB0, a few ways of many sets, for 4 KiB pages, and TLB1, fully associative, for
/// pages from 4 KiB to 4 GiB (PowerPC e500 Core Family Reference Manual, chapter 12).
@safe
struct TLB {
    /// Ways and sets of TLB0, powers of two.
    let ways: Int
    let sets: Int
    let tlb0Count: Int
    /// Entries of TLB1, a power of two.
    let tlb1Count: Int

    /// TLB1's entries, and TLB0's behind them, set by set.
    private let entries: UnsafeMutablePointer<TLBEntry>

    init(_ model: CoreModel) {
        ways = model.tlb0.ways
        sets = model.tlb0.sets
        tlb0Count = model.tlb0.entries
        tlb1Count = model.tlb1.entries
        let count = tlb1Count + tlb0Count
        unsafe entries = .allocate(capacity: count)
        unsafe entries.initialize(repeating: TLBEntry(), count: count)
    }

    func release() {
        unsafe entries.deallocate()
    }

    /// A place in one of the two arrays.
    struct Location: Equatable {
        var isTLB1: Bool
        /// The entry number of TLB1, or the way of TLB0.
        var entry: Int
        /// The set of TLB0.
        var set: Int
    }

    /// The place that MAS0 and the effective address of MAS2 name.
    func location(mas0: UInt32, effective: UInt32) -> Location {
        let isTLB1 = mas0 & MAS.mas0SelectMask == MAS.mas0Select1
        return isTLB1
            ? location(tlb1: MAS.entry(mas0))
            : Location(isTLB1: false, entry: MAS.entry(mas0) & (ways - 1), set: set(of: effective))
    }

    /// Entry `number` of TLB1, of whose number only the meaningful bits count.
    func location(tlb1 number: Int) -> Location { Location(isTLB1: true, entry: number & (tlb1Count - 1), set: 0) }

    private func set(of effective: UInt32) -> Int { Int(effective >> 12) & (sets - 1) }

    private func index(_ location: Location) -> Int {
        location.isTLB1 ? location.entry : tlb1Count + location.set * ways + location.entry
    }

    subscript(location: Location) -> TLBEntry {
        get { unsafe entries[index(location)] }
        nonmutating set { unsafe entries[index(location)] = newValue }
    }

    /// The first valid entry that maps `effective` in `space` for any of the processes that `matches` accepts.
    func find(_ effective: UInt32, space: UInt8, matches: (UInt8) -> Bool) -> Location? {
        for number in 0..<tlb1Count {
            let entry = unsafe entries[number]
            if entry.valid != 0, effective & entry.mask == entry.effective, entry.space == space,
                matches(entry.process)
            {
                return Location(isTLB1: true, entry: number, set: 0)
            }
        }
        let set = self.set(of: effective)
        for way in 0..<ways {
            let entry = unsafe entries[tlb1Count + set * ways + way]
            if entry.valid != 0, effective & entry.mask == entry.effective, entry.space == space,
                matches(entry.process)
            {
                return Location(isTLB1: false, entry: way, set: set)
            }
        }
        return nil
    }

    /// Drops the entries that map `effective`, whatever their process, except protected ones.
    func invalidate(_ effective: UInt32, tlb1: Bool) {
        if tlb1 {
            for number in 0..<tlb1Count where unsafe effective & entries[number].mask == entries[number].effective {
                dropUnlessProtected(number)
            }
        } else {
            let first = tlb1Count + set(of: effective) * ways
            for index in first..<first + ways
            where unsafe effective & entries[index].mask == entries[index].effective {
                dropUnlessProtected(index)
            }
        }
    }

    /// Drops all entries of one array except protected ones.
    func invalidateAll(tlb1: Bool) {
        let range = tlb1 ? 0..<tlb1Count : tlb1Count..<tlb1Count + tlb0Count
        for index in range { dropUnlessProtected(index) }
    }

    /// Drops all entries of a process except protected ones.
    func invalidate(process: UInt8) {
        for index in 0..<tlb1Count + tlb0Count where unsafe entries[index].process == process {
            dropUnlessProtected(index)
        }
    }

    private func dropUnlessProtected(_ index: Int) {
        if unsafe entries[index].protected == 0 { unsafe entries[index].valid = 0 }
    }
}

extension TLBEntry {
    /// The entry that the MAS registers describe. TLB0 holds unprotected 4 KiB pages whatever MAS1 says.
    init(mas1: UInt32, mas2: UInt32, mas3: UInt32, mas7: UInt32, isTLB1: Bool) {
        valid = mas1 & MAS.mas1Valid != 0 ? 1 : 0
        protected = isTLB1 && mas1 & MAS.mas1Protected != 0 ? 1 : 0
        space = mas1 & MAS.mas1Space != 0 ? 1 : 0
        process = MAS.process(mas1)
        // 4^11 KiB is 4 GiB, the largest page; a size of 0 has no meaning and counts as 4 KiB.
        sizeCode = isTLB1 ? min(max(MAS.sizeCode(mas1), 1), 11) : 1
        mask = UInt32(truncatingIfNeeded: ~UInt64(0) << (10 + 2 * UInt64(sizeCode)))
        attributes = UInt8(mas2 & MAS.mas2Attributes)
        permissions = UInt16(mas3 & MAS.mas3Permissions)
        effective = mas2 & mask
        real = (UInt64(mas7 & 15) << 32 | UInt64(mas3)) & (~UInt64(0) << (10 + 2 * UInt64(sizeCode)))
    }

    var mas1: UInt32 {
        (valid != 0 ? MAS.mas1Valid : 0) | (protected != 0 ? MAS.mas1Protected : 0) | UInt32(process) << 16
            | (space != 0 ? MAS.mas1Space : 0) | UInt32(sizeCode) << 8
    }
    var mas2: UInt32 { effective | UInt32(attributes) }
    var mas3: UInt32 { UInt32(truncatingIfNeeded: real) & MAS.mas2Page | UInt32(permissions) }
    var mas7: UInt32 { UInt32(truncatingIfNeeded: real >> 32) }

    /// The real address that `address` maps to.
    func translate(_ address: UInt32) -> UInt64 { real | UInt64(address & ~mask) }
}
