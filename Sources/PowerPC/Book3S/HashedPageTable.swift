internal import CHost

/// One entry of a hashed page table, its two doublewords as numbers (Power ISA 2.07B book III-S §5.7.7.1).
public struct HashedPageEntry: Equatable, Sendable, BitwiseCopyable {
    /// The first doubleword: segment size, virtual page, L, H and V.
    public var virtual: UInt64
    /// The second doubleword: real page, key, protection, storage attributes, R and C.
    public var real: UInt64

    /// An entry of these doublewords.
    @inlinable
    public init(virtual: UInt64, real: UInt64) {
        self.virtual = virtual
        self.real = real
    }

    /// Bits of ``virtual``.
    public enum Virtual {
        /// V: the entry translates.
        @inlinable public static var valid: UInt64 { 1 }
        /// H: the entry is in the group of the secondary hash.
        @inlinable public static var secondary: UInt64 { 1 << 1 }
        /// L: the page is larger than 4 KiB.
        @inlinable public static var large: UInt64 { 1 << 2 }
        /// Software's bits; the second lowest is Linux's "bolted".
        @inlinable public static var software: UInt64 { 0x78 }
        /// AVPN: the virtual page without its lower 23 bits of address.
        @inlinable public static var page: UInt64 { 0x3FFF_FFFF_FFFF_FF80 }
        /// B: the segment's size.
        @inlinable public static var segmentSize: UInt64 { 0xC000_0000_0000_0000 }
    }

    /// Bits of ``real``.
    public enum Real {
        /// PP: the lower two bits of the protection.
        @inlinable public static var protection: UInt64 { 3 }
        /// N: no execution.
        @inlinable public static var noExecute: UInt64 { 1 << 2 }
        /// G: guarded.
        @inlinable public static var guarded: UInt64 { 1 << 3 }
        /// M: coherent.
        @inlinable public static var coherent: UInt64 { 1 << 4 }
        /// I: not cached.
        @inlinable public static var cacheInhibited: UInt64 { 1 << 5 }
        /// W: written through.
        @inlinable public static var writeThrough: UInt64 { 1 << 6 }
        /// W, I, M and G.
        @inlinable public static var attributes: UInt64 { 0x78 }
        /// C: somebody stored to the page.
        @inlinable public static var changed: UInt64 { 1 << 7 }
        /// R: somebody accessed the page.
        @inlinable public static var referenced: UInt64 { 1 << 8 }
        /// The lower three bits of the key.
        @inlinable public static var keyLow: UInt64 { 0xE00 }
        /// ARPN and LP: the real page; the encoding of the page's size is in the bits that its size leaves free.
        @inlinable public static var page: UInt64 { 0x0FFF_FFFF_FFFF_F000 }
        /// The upper two bits of the key.
        @inlinable public static var keyHigh: UInt64 { 0x3000_0000_0000_0000 }
        /// PP0: the upper bit of the protection.
        @inlinable public static var protectionHigh: UInt64 { 1 << 63 }
    }

    /// Whether the entry translates.
    @inlinable public var isValid: Bool { virtual & Virtual.valid != 0 }
}

/// A partition's hashed page table, in memory of the hypervisor that the guest reaches through hypercalls alone.
///
/// Entries are big-endian and the table is aligned to its size, so that KVM-PR can walk it as well: see ``sdr1``.
///
/// Calls that enter, remove or change entries come one at a time, under the machine's lock. vCPUs on threads walk the table
/// meanwhile, and each access is one atomic doubleword. An entry becomes valid last and invalid first. Who walks sets R and C
/// *before* it looks whether the entry is still there, and who removes an entry reads R and C *after* it made the entry
/// invalid: so either the walker starts again, or the remover sees its bits.
@safe
public final class HashedPageTable {
    /// Bytes of an entry.
    public static let entrySize = 16
    /// Entries of a group.
    public static let groupSize = 8
    /// The sizes that a table can have, as powers of two: 256 KiB, the smallest that there is, to 16 GiB.
    public static let orders = 18...34

    /// The table has 2 to the power of this bytes.
    public let order: Int
    /// Where the table is in the host's memory.
    public let host: UnsafeMutableRawPointer

    private let mapping: UnsafeMutableRawPointer
    private let mappingSize: Int

    /// A table without entries; nil where the host has no room for it. Memory is committed as entries come.
    ///
    /// - Parameter order: within ``orders``.
    public init?(order: Int) {
        precondition(Self.orders.contains(order), "no hashed page table has that size")
        let size = 1 << order
        guard let mapping = unsafe host_map_memory(2 * size) else { return nil }
        self.order = order
        unsafe self.mapping = mapping
        mappingSize = 2 * size
        unsafe host = mapping.alignedUp(toMultipleOf: size)
    }

    deinit { unsafe host_unmap_memory(mapping, mappingSize) }

    /// The order that suits so many bytes of memory: one 128th of it, as QEMU and PowerVM choose.
    public static func order(forMemory size: UInt64) -> Int {
        var order = orders.lowerBound
        while order < orders.upperBound, UInt64(1) << (order + 7) < size { order += 1 }
        return order
    }

    /// The value of KVM-PR's SDR1 for the table: its host address and its size (`KVM_SET_SREGS` of a PAPR vCPU).
    public var sdr1: UInt64 { unsafe UInt64(UInt(bitPattern: host)) | UInt64(order - 18) }

    /// Entries of the table.
    public var count: Int { 1 << (order - 4) }

    /// Selects a group out of a hash.
    var groupMask: UInt64 { (UInt64(1) << (order - 7)) - 1 }

    // MARK: Entries

    /// Entry `index`; indices beyond the table wrap.
    public subscript(index: Int) -> HashedPageEntry {
        let place = unsafe place(of: index)
        // The real half is no older than the virtual one.
        let virtual = unsafe host_load_acquire_u64(place)
        let real = unsafe host_load_u64(place + 8)
        return HashedPageEntry(virtual: UInt64(bigEndian: virtual), real: UInt64(bigEndian: real))
    }

    /// Makes an invalid entry valid, or one with other bits.
    public func enter(_ entry: HashedPageEntry, at index: Int) {
        let place = unsafe place(of: index)
        unsafe host_store_u64(place + 8, entry.real.bigEndian)
        unsafe host_store_release_u64(place, entry.virtual.bigEndian)
    }

    /// Makes entry `index` invalid, and tells what it was; R and C are final.
    public func remove(_ index: Int) -> HashedPageEntry {
        let place = unsafe place(of: index)
        let virtual = unsafe host_load_u64(place)
        unsafe host_store_release_u64(place, 0)
        host_fence()
        let real = unsafe host_load_u64(place + 8)
        return HashedPageEntry(virtual: UInt64(bigEndian: virtual), real: UInt64(bigEndian: real))
    }

    /// Sets `set` and clears `clear` in the real half of entry `index`, and tells what it was.
    @discardableResult
    public func changeReal(of index: Int, set: UInt64, clear: UInt64) -> UInt64 {
        let place = unsafe place(of: index) + 8
        while true {
            let raw = unsafe host_load_u64(place)
            let old = UInt64(bigEndian: raw)
            let new = (old & ~clear | set).bigEndian
            if unsafe host_compare_exchange_u64(place, raw, new) != 0 { return old }
        }
    }

    /// Sets bits of R and C in entry `index`, and tells whether it is still `entry` apart from these bits.
    func mark(_ bits: UInt64, in index: Int, of entry: HashedPageEntry) -> Bool {
        let place = unsafe place(of: index)
        if entry.real & bits != bits {
            unsafe host_set_bits_u64(place + 8, bits.bigEndian)
            host_fence()
        }
        let marks = HashedPageEntry.Real.referenced | HashedPageEntry.Real.changed
        let real = unsafe UInt64(bigEndian: host_load_u64(place + 8))
        return unsafe UInt64(bigEndian: host_load_acquire_u64(place)) == entry.virtual
            && real & ~marks == entry.real & ~marks
    }

    /// The virtual half of entry `index`, which is within the table.
    func virtual(of index: Int) -> UInt64 { unsafe UInt64(bigEndian: host_load_acquire_u64(place(of: index))) }

    private func place(of index: Int) -> UnsafeMutableRawPointer {
        unsafe host + (index & (count - 1)) * Self.entrySize
    }
}
