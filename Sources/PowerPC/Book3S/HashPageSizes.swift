/// One page size of one kind of segment, and how a page of it is recognized.
public struct HashPageEncoding: Equatable, Sendable, BitwiseCopyable {
    /// Which member of ``HashPageSizes`` it is.
    public let member: HashPageSizes
    /// The segment's base page size, as a power of two: what the hash is made of.
    public let baseShift: UInt8
    /// The page's own size, as a power of two.
    public let shift: UInt8
    /// L and LP of the segment's entry.
    public let segment: UInt16
    /// LP of the page's entry: what is in the lowest bits of the real page's number.
    public let page: UInt8

    /// How many rows there are.
    public static let count = 6

    /// The table, ascending in base page size and then page size.
    public static let all: InlineArray<6, HashPageEncoding> = [
        HashPageEncoding(member: .small, baseShift: 12, shift: 12, segment: 0, page: 0),
        HashPageEncoding(member: .mediumInSmall, baseShift: 12, shift: 16, segment: 0, page: 0x07),
        HashPageEncoding(member: .largeInSmall, baseShift: 12, shift: 24, segment: 0, page: 0x38),
        HashPageEncoding(member: .medium, baseShift: 16, shift: 16, segment: 0x110, page: 0x01),
        HashPageEncoding(member: .largeInMedium, baseShift: 16, shift: 24, segment: 0x110, page: 0x08),
        HashPageEncoding(member: .large, baseShift: 24, shift: 24, segment: 0x100, page: 0x00),
    ]
}

/// Which page sizes a guest may use in which segments: what `ibm,segment-page-sizes` says.
///
/// The encodings are POWER7's and POWER8's, as QEMU's `-cpu power8` and KVM's `KVM_PPC_GET_SMMU_INFO` state them.
public struct HashPageSizes: OptionSet, Sendable, BitwiseCopyable {
    /// One bit a row of ``HashPageEncoding/all``.
    public let rawValue: UInt8

    /// The sizes of these bits.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// 4 KiB.
    @inlinable public static var small: HashPageSizes { .init(rawValue: 1 << 0) }
    /// 64 KiB in segments of 4 KiB.
    @inlinable public static var mediumInSmall: HashPageSizes { .init(rawValue: 1 << 1) }
    /// 16 MiB in segments of 4 KiB.
    @inlinable public static var largeInSmall: HashPageSizes { .init(rawValue: 1 << 2) }
    /// 64 KiB.
    @inlinable public static var medium: HashPageSizes { .init(rawValue: 1 << 3) }
    /// 16 MiB in segments of 64 KiB.
    @inlinable public static var largeInMedium: HashPageSizes { .init(rawValue: 1 << 4) }
    /// 16 MiB.
    @inlinable public static var large: HashPageSizes { .init(rawValue: 1 << 5) }

    /// All: what POWER8 has, less pages of 16 GiB.
    public static let power8: HashPageSizes = [
        .small, .mediumInSmall, .largeInSmall, .medium, .largeInMedium, .large,
    ]

    /// What KVM-PR has on a host of 4 KiB pages: no segment with pages of several sizes.
    public static let smallAndLarge: HashPageSizes = [.small, .large]
    /// What KVM-PR has on a host of 64 KiB pages.
    public static let kvmPR: HashPageSizes = [.small, .medium, .large]

    /// The base page size of a segment as a power of two; nil where it is none of these.
    public func baseShift(of segment: SegmentEntry) -> UInt8? {
        let encoding = UInt16(truncatingIfNeeded: segment.virtual & SegmentEntry.Virtual.pageSize)
        for index in 0..<HashPageEncoding.count {
            let row = HashPageEncoding.all[index]
            if row.segment == encoding, contains(row.member) { return row.baseShift }
        }
        return nil
    }

    /// The size of the page that `entry` maps in a segment of that base page size, as a power of two; nil for an
    /// encoding that is none of these.
    public func shift(of entry: HashedPageEntry, baseShift: UInt8) -> UInt8? {
        guard entry.virtual & HashedPageEntry.Virtual.large != 0 else { return baseShift == 12 ? 12 : nil }
        for index in 0..<HashPageEncoding.count {
            let row = HashPageEncoding.all[index]
            if row.baseShift == baseShift, row.shift > 12, contains(row.member), row.matches(entry) { return row.shift }
        }
        return nil
    }

    /// The row of the page that `entry` maps, whatever the segment; nil for an encoding that is none of these.
    ///
    /// 16 MiB pages of 4 KiB and 64 KiB segments have other encodings than those of 16 MiB segments, so that it is clear.
    public func encoding(of entry: HashedPageEntry) -> HashPageEncoding? {
        for index in 0..<HashPageEncoding.count {
            let row = HashPageEncoding.all[index]
            let isLarge = entry.virtual & HashedPageEntry.Virtual.large != 0
            if contains(row.member), isLarge == (row.shift > 12), !isLarge || row.matches(entry) { return row }
        }
        return nil
    }
}

extension HashPageEncoding {
    /// Whether the real half of `entry` has the page's encoding.
    fileprivate func matches(_ entry: HashedPageEntry) -> Bool {
        let mask = (UInt64(1) << UInt64(shift) - 1) & HashedPageEntry.Real.page
        return entry.real & mask == UInt64(page) << 12
    }
}
