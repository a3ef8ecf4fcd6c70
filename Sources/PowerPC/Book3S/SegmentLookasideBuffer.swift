/// One entry of the segment lookaside buffer, in the form of `slbmte`'s operands (Power ISA 2.07B book III-S §5.7.6.1).
public struct SegmentEntry: Equatable, Sendable, BitwiseCopyable {
    /// RB without its index: ESID and V.
    public var effective: UInt64
    /// RS: B, VSID, Ks, Kp, N, L, C and LP.
    public var virtual: UInt64

    /// An entry of these words; bits that mean nothing are cleared.
    @inlinable
    public init(effective: UInt64, virtual: UInt64) {
        self.effective = effective & (Effective.segment | Effective.valid)
        self.virtual = virtual & Virtual.meaningful
    }

    /// An entry that translates nothing.
    @inlinable public static var invalid: SegmentEntry { SegmentEntry(effective: 0, virtual: 0) }

    /// Bits of ``effective``.
    public enum Effective {
        /// ESID, for segments of 256 MiB.
        @inlinable public static var segment: UInt64 { 0xFFFF_FFFF_F000_0000 }
        /// V.
        @inlinable public static var valid: UInt64 { 1 << 27 }
    }

    /// Bits of ``virtual``.
    public enum Virtual {
        /// B: the segment's size.
        @inlinable public static var segmentSize: UInt64 { 0xC000_0000_0000_0000 }
        /// VSID, for segments of 256 MiB.
        @inlinable public static var segment: UInt64 { 0x3FFF_FFFF_FFFF_F000 }
        /// Ks: supervisor state is restricted.
        @inlinable public static var supervisorKey: UInt64 { 1 << 11 }
        /// Kp: problem state is restricted.
        @inlinable public static var problemKey: UInt64 { 1 << 10 }
        /// N: no execution.
        @inlinable public static var noExecute: UInt64 { 1 << 9 }
        /// L and LP: the base page size.
        @inlinable public static var pageSize: UInt64 { 0x130 }
        /// C: the class, for `slbie`.
        @inlinable public static var segmentClass: UInt64 { 1 << 7 }
        /// All of them.
        @inlinable public static var meaningful: UInt64 {
            segmentSize | segment | supervisorKey | problemKey | noExecute | pageSize | segmentClass
        }
    }

    /// Whether the entry translates.
    @inlinable public var isValid: Bool { effective & Effective.valid != 0 }
    /// Whether the segment has 1 TiB; 256 MiB otherwise. Other sizes do not exist and count as the latter.
    @inlinable public var isTerabyte: Bool { virtual & Virtual.segmentSize == 1 << 62 }
    /// The segment has 2 to the power of this bytes.
    @inlinable public var shift: UInt64 { isTerabyte ? 40 : 28 }
    /// The virtual segment's number: 50 bits, or 38 for a segment of 1 TiB.
    @inlinable public var segmentID: UInt64 { (virtual & Virtual.segment) >> (isTerabyte ? 24 : 12) }

    /// Whether the segment contains `address`, and the entry is valid.
    @inlinable
    public func translates(_ address: UInt64) -> Bool {
        isValid && (effective ^ address) >> shift == 0
    }
}

/// A vCPU's segment lookaside buffer: 32 entries, as many as POWER8 has.
///
/// The methods are what the instructions of the same names do to it. An effective address that two entries contain is the
/// guest's mistake; the one of the lower index counts.
public struct SegmentLookasideBuffer: Sendable {
    /// How many entries there are: `ibm,slb-size`.
    public static let count = 32

    /// All entries.
    public var entries: InlineArray<32, SegmentEntry>

    /// A buffer without valid entries.
    public init() { entries = InlineArray(repeating: .invalid) }

    /// The valid entry whose segment contains `address`.
    public func entry(for address: UInt64) -> SegmentEntry? {
        for index in 0..<Self.count where entries[index].translates(address) { return entries[index] }
        return nil
    }

    /// `slbmte`: puts an entry where RB says. False for an index that does not exist, or a base page size or segment size
    /// that `sizes` do not have, with which nothing is changed.
    public mutating func moveTo(rs: UInt64, rb: UInt64, sizes: HashPageSizes = .power8) -> Bool {
        let index = rb & 0xFFF
        let entry = SegmentEntry(effective: rb, virtual: rs)
        guard index < UInt64(Self.count), rs >> 63 == 0, sizes.baseShift(of: entry) != nil else { return false }
        entries[Int(index)] = entry
        return true
    }

    /// `slbmfee`: the effective half of the entry whose index is in RB; 0 where there is none.
    public func moveFromEffective(rb: UInt64) -> UInt64 { at(rb).effective }

    /// `slbmfev`: the virtual half of the entry whose index is in RB; 0 where there is none.
    public func moveFromVirtual(rb: UInt64) -> UInt64 { at(rb).virtual }

    /// `slbfee.`: the virtual half of the entry that translates the address in RB; nil where none does.
    public func find(rb: UInt64) -> UInt64? { entry(for: rb)?.virtual }

    /// `slbie`: makes the entry invalid that translates the address in RB. The entry that was, for whoever keeps
    /// translations made of it.
    ///
    /// RB's class and segment size have to agree with the entry's, or the result is undefined; here they do not matter.
    public mutating func invalidate(rb: UInt64) -> SegmentEntry? {
        for index in 0..<Self.count where entries[index].translates(rb) {
            let entry = entries[index]
            entries[index].effective &= ~SegmentEntry.Effective.valid
            return entry
        }
        return nil
    }

    /// `slbia`: makes all entries but the first invalid; with IH=4 the first one, too. IH 3 and 6 spare those of class 0.
    public mutating func invalidateAll(hint: UInt32 = 0) {
        for index in 0..<Self.count {
            if index == 0, hint != 4 { continue }
            if hint == 3 || hint == 6, entries[index].virtual & SegmentEntry.Virtual.segmentClass == 0 { continue }
            entries[index].effective &= ~SegmentEntry.Effective.valid
        }
    }

    private func at(_ rb: UInt64) -> SegmentEntry {
        let index = rb & 0xFFF
        return index < UInt64(Self.count) ? entries[Int(index)] : .invalid
    }
}
