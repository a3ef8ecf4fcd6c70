/// What an access does.
public enum StorageAccess: UInt8, Sendable {
    /// A load, or what counts as one.
    case load
    /// A store, or what counts as one.
    case store
    /// An instruction fetch.
    case fetch
}

/// What a translation allows until it is invalidated.
public struct StorageRights: OptionSet, Sendable, BitwiseCopyable {
    /// One bit a right.
    public let rawValue: UInt8

    /// These rights.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Loads.
    @inlinable public static var load: StorageRights { .init(rawValue: 1 << 0) }
    /// Stores; missing as well while the page's C bit is clear, so that the first store sets it.
    @inlinable public static var store: StorageRights { .init(rawValue: 1 << 1) }
    /// Instruction fetches.
    @inlinable public static var fetch: StorageRights { .init(rawValue: 1 << 2) }
    /// All of them.
    @inlinable public static var all: StorageRights { .init(rawValue: 7) }
}

/// Where an effective address leads.
public struct HashTranslation: Equatable, Sendable, BitwiseCopyable {
    /// The real address.
    public let real: UInt64
    /// The page's size as a power of two: from 12 to 24.
    public let shift: UInt8
    /// What the privilege state that asked may do there.
    public let rights: StorageRights
    /// W, I, M and G, in the bits of ``HashedPageEntry/Real``.
    public let attributes: UInt64
}

/// What comes out of a translation.
public enum HashTranslationResult: Equatable, Sendable {
    /// The access may be done.
    case translated(HashTranslation)
    /// No segment: a data or instruction segment interrupt.
    case noSegment
    /// A data or instruction storage interrupt with this DSISR, or these bits of SRR1.
    case fault(UInt32)
}

/// The reasons in DSISR and in SRR1 (Power ISA 2.07B book III-S §6.5.3, §6.5.5).
public enum StorageFault {
    /// The page is in neither of its groups.
    public static let noTranslation: UInt32 = 0x4000_0000
    /// A fetch from a guarded or no-execute page or segment.
    public static let noExecute: UInt32 = 0x1000_0000
    /// PP and key do not allow the access.
    public static let protection: UInt32 = 0x0800_0000
    /// The access was a store.
    public static let store: UInt32 = 0x0200_0000
    /// AMR does not allow the access.
    public static let virtualPageClass: UInt32 = 0x0020_0000
}

/// The state of a vCPU that decides about translations.
public struct HashTranslationContext: Sendable, BitwiseCopyable {
    /// MSR[PR].
    public var isProblemState: Bool
    /// AMR: two bits a key, which deny stores and loads.
    public var authorityMask: UInt64
    /// The page sizes that the guest may use.
    public var pageSizes: HashPageSizes

    /// This state.
    @inlinable
    public init(isProblemState: Bool, authorityMask: UInt64 = 0, pageSizes: HashPageSizes = .power8) {
        self.isProblemState = isProblemState
        self.authorityMask = authorityMask
        self.pageSizes = pageSizes
    }
}

extension HashedPageTable {
    /// Where `address` leads for an access, and sets the page's R and C as the access does.
    ///
    /// - Parameters:
    ///   - address: effective; without its upper half where MSR[SF] is 0.
    ///   - segments: the vCPU's segments.
    public func translate(
        _ address: UInt64, for access: StorageAccess, segments: borrowing SegmentLookasideBuffer,
        _ context: HashTranslationContext
    ) -> HashTranslationResult {
        guard let segment = segments.entry(for: address) else { return .noSegment }
        return translate(address, for: access, in: segment, context)
    }

    /// Where `address` leads, which is in `segment`.
    public func translate(
        _ address: UInt64, for access: StorageAccess, in segment: SegmentEntry, _ context: HashTranslationContext
    ) -> HashTranslationResult {
        let storeBit = access == .store ? StorageFault.store : 0
        if access == .fetch, segment.virtual & SegmentEntry.Virtual.noExecute != 0 {
            return .fault(StorageFault.noExecute)
        }
        guard let baseShift = context.pageSizes.baseShift(of: segment) else {
            return .fault(StorageFault.noTranslation | storeBit)
        }
        // An entry that changes under the walk is looked up again. Whoever changes it does so once a call, so that it ends;
        // a bound all the same.
        for _ in 0..<64 {
            guard
                let (index, entry, shift) = find(
                    address, in: segment, baseShift: baseShift, sizes: context.pageSizes)
            else { return .fault(StorageFault.noTranslation | storeBit) }
            let rights = Self.rights(of: entry, in: segment, context)
            guard rights.allowed.contains(access.right) else { return .fault(rights.reason(for: access) | storeBit) }
            let marks = access == .store ? Real.referenced | Real.changed : Real.referenced
            guard mark(marks, in: index, of: entry) else { continue }
            var lasting = rights.allowed
            if (entry.real | marks) & Real.changed == 0 { lasting.remove(.store) }
            let offset = (UInt64(1) << UInt64(shift)) - 1
            return .translated(
                HashTranslation(
                    real: entry.real & Real.page & ~offset | address & offset, shift: shift, rights: lasting,
                    attributes: entry.real & Real.attributes))
        }
        return .fault(StorageFault.noTranslation | storeBit)
    }

    private typealias Real = HashedPageEntry.Real
    private typealias Virtual = HashedPageEntry.Virtual

    /// The hash of an address in a segment (Power ISA 2.07B book III-S §5.7.7.2): its lower bits are the number of the group
    /// where the page is looked for first.
    public static func hash(_ address: UInt64, in segment: SegmentEntry, baseShift: UInt8) -> UInt64 {
        let offset = address & (UInt64(1) << segment.shift - 1)
        let page = offset >> UInt64(baseShift)
        let id = segment.segmentID
        return (segment.isTerabyte ? id ^ id << 25 : id) ^ page
    }

    /// The entry that maps `address`, its index and its page's size.
    private func find(
        _ address: UInt64, in segment: SegmentEntry, baseShift: UInt8, sizes: HashPageSizes
    ) -> (index: Int, entry: HashedPageEntry, shift: UInt8)? {
        let hash = Self.hash(address, in: segment, baseShift: baseShift)
        let offset = address & (UInt64(1) << segment.shift - 1)
        // AVPN has the address from bit 23 on; below the base page size it says nothing.
        let ignored = baseShift > 23 ? (UInt64(1) << (UInt64(baseShift) - 16) - 1) & Virtual.page : 0
        let mask = (Virtual.segmentSize | Virtual.page | Virtual.secondary | Virtual.valid) & ~ignored
        let size = segment.virtual & Virtual.segmentSize
        let page = segment.segmentID << (segment.isTerabyte ? 24 : 12) | (offset >> 16) & Virtual.page
        let wanted = (size | page | Virtual.valid) & mask
        for secondary in [false, true] {
            let group = (secondary ? ~hash : hash) & groupMask
            let match = secondary ? wanted | Virtual.secondary : wanted
            for place in 0..<Self.groupSize {
                let index = Int(group) * Self.groupSize + place
                guard virtual(of: index) & mask == match else { continue }
                let entry = self[index]
                guard entry.virtual & mask == match, let shift = sizes.shift(of: entry, baseShift: baseShift) else {
                    continue
                }
                return (index, entry, shift)
            }
        }
        return nil
    }

    private struct Protection {
        var allowed: StorageRights = []
        var deniedByProtection: StorageRights = []
        var deniedByKey: StorageRights = []
        var isNoExecute = false

        func reason(for access: StorageAccess) -> UInt32 {
            if access == .fetch, isNoExecute { return StorageFault.noExecute }
            return (deniedByProtection.contains(access.right) ? StorageFault.protection : 0)
                | (deniedByKey.contains(access.right) ? StorageFault.virtualPageClass : 0)
        }
    }

    private static func rights(
        of entry: HashedPageEntry, in segment: SegmentEntry, _ context: HashTranslationContext
    ) -> Protection {
        let keyBit = context.isProblemState ? SegmentEntry.Virtual.problemKey : SegmentEntry.Virtual.supervisorKey
        let isRestricted = segment.virtual & keyBit != 0
        // PP0 || PP, figure 40.
        let code = (entry.real & Real.protectionHigh) >> 61 | entry.real & Real.protection
        let byProtection: StorageRights =
            switch (code, isRestricted) {
            case (0, false), (1, false), (2, _): .all
            case (3, _), (1, true), (6, false): [.load, .fetch]
            default: []
            }
        let key = (entry.real & Real.keyHigh) >> 57 | (entry.real & Real.keyLow) >> 9
        let mask = context.authorityMask >> (62 - 2 * key)
        var byKey = StorageRights.all
        if mask & 1 != 0 { byKey.remove(.load) }
        if mask & 2 != 0 { byKey.remove(.store) }
        var protection = Protection()
        protection.isNoExecute =
            entry.real & (Real.noExecute | Real.guarded) != 0
            || segment.virtual & SegmentEntry.Virtual.noExecute != 0
        protection.deniedByProtection = StorageRights.all.subtracting(byProtection)
        protection.deniedByKey = StorageRights.all.subtracting(byKey)
        protection.allowed = byProtection.intersection(byKey)
        if protection.isNoExecute { protection.allowed.remove(.fetch) }
        return protection
    }
}

extension StorageAccess {
    /// The right that it needs.
    @inlinable public var right: StorageRights {
        switch self {
        case .load: .load
        case .store: .store
        case .fetch: .fetch
        }
    }
}

/// A page of virtual addresses, as whoever keeps translations has to know it to drop them.
public struct VirtualPage: Equatable, Sendable, BitwiseCopyable {
    /// B and VSID, where ``SegmentEntry/virtual`` has them.
    public let segment: UInt64
    /// Where the page begins in its segment.
    public let offset: UInt64
    /// The page's size as a power of two.
    public let shift: UInt8

    /// The page that entry `index` of a table maps; nil where its encoding is unknown.
    ///
    /// AVPN lacks the lower 23 bits of the address; those come out of the group's number, which is a hash of them.
    public init?(_ entry: HashedPageEntry, at index: Int, in table: HashedPageTable, sizes: HashPageSizes) {
        guard let encoding = sizes.encoding(of: entry) else { return nil }
        typealias Virtual = HashedPageEntry.Virtual
        let isTerabyte = entry.virtual & Virtual.segmentSize == 1 << 62
        let segmentBits = isTerabyte ? 40 : UInt64(28)
        let id = (entry.virtual & Virtual.page) >> (segmentBits - 23 + 7)
        segment = entry.virtual & Virtual.segmentSize | id << (segmentBits - 23 + 7)
        var offset = (entry.virtual & Virtual.page) << 16 & (UInt64(1) << segmentBits - 1)
        let baseShift = UInt64(encoding.baseShift)
        if baseShift < 23 {
            let group = UInt64(index / HashedPageTable.groupSize)
            let hash = entry.virtual & Virtual.secondary != 0 ? ~group : group
            let page = hash ^ (isTerabyte ? id ^ id << 25 : id)
            // The group has at least 11 bits, which is what pages of 4 KiB lack.
            offset |= page << baseShift & (1 << 23 - 1)
        }
        shift = encoding.shift
        self.offset = offset & ~(UInt64(1) << UInt64(encoding.shift) - 1)
    }
}
