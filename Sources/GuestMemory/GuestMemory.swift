internal import CHost

/// A guest's RAM: one host mapping per region, and the only door between guest addresses and host memory.
///
/// Every access names a guest real address and is checked against the regions, so that no guest address reaches host
/// memory outside them. Values cross in the byte order that the caller names.
///
/// The vCPUs' fast paths hold host pointers into a region (see ``hostPointer(at:count:)``) and keep predecoded copies
/// of its code. ``isCode(page:)`` and ``codeJournal`` are how they learn that somebody else wrote to such a page.
///
/// vCPUs run at the same time, so every access is atomic, byte by byte: other threads may race on what is in RAM, but
/// not on anything of ours.
@safe
public final class GuestMemory {
    /// A contiguous stretch of RAM.
    @safe
    public struct Region {
        /// The guest real address of the first byte, a multiple of the page size.
        public let start: UInt64
        /// Bytes, a multiple of the page size.
        public let size: UInt64
        /// Where the host mapped it.
        public let host: UnsafeMutableRawPointer
    }

    /// Bytes of a page, the granule of regions and of ``isCode(page:)``.
    public static let pageSize: UInt64 = 4096

    /// The most bytes that one guest may have: the 36-bit real address space below the device windows.
    public static let maximumSize: UInt64 = 32 << 30

    /// The RAM at real address 0, which every machine has.
    public let ram: Region

    /// One byte a page of ``ram``: not zero while some vCPU holds predecoded code of that page.
    private let codeFlags: UnsafeMutablePointer<UInt8>

    /// What happened to pages that hold code, for the vCPUs to read.
    public let codeJournal: CodeJournal

    /// Maps `size` bytes of zeroed RAM at real address 0.
    ///
    /// - Parameter size: bytes, a multiple of ``pageSize`` from one page to ``maximumSize``.
    public init(size: UInt64) throws(GuestMemoryError) {
        guard size > 0, size.isMultiple(of: Self.pageSize), size <= Self.maximumSize else { throw .badSize(size) }
        guard let host = unsafe host_map_memory(Int(size)) else { throw .hostOutOfMemory(size) }
        let pages = Int(size / Self.pageSize)
        guard let flags = unsafe host_map_memory(pages) else {
            unsafe host_unmap_memory(host, Int(size))
            throw .hostOutOfMemory(size)
        }
        unsafe host_advise_large_pages(host, Int(size))
        ram = unsafe Region(start: 0, size: size, host: host)
        unsafe codeFlags = flags.bindMemory(to: UInt8.self, capacity: pages)
        codeJournal = CodeJournal()
    }

    deinit {
        unsafe host_unmap_memory(ram.host, Int(ram.size))
        unsafe host_unmap_memory(codeFlags, Int(ram.size / Self.pageSize))
    }

    /// The host address of `count` bytes at `address`, or nil where they are not all RAM.
    @inlinable
    public func hostPointer(at address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
        guard address <= ram.size, count <= ram.size - address else { return nil }
        return unsafe ram.host + Int(address)
    }

    /// Whether the `count` bytes at `address` are all RAM.
    public func contains(_ address: UInt64, count: UInt64) -> Bool {
        address <= ram.size && count <= ram.size - address
    }

    /// Reads an integer in the given byte order; the address needs no alignment.
    public func load<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, at address: UInt64, order: ByteOrder = .big
    ) throws(GuestMemoryError) -> T {
        let count = UInt64(MemoryLayout<T>.size)
        guard let host = unsafe hostPointer(at: address, count: count) else {
            throw .outOfBounds(address: address, count: count)
        }
        var raw = T.zero
        unsafe withUnsafeMutableBytes(of: &raw) { unsafe host_copy_shared($0.baseAddress!, host, $0.count) }
        return order == .big ? T(bigEndian: raw) : T(littleEndian: raw)
    }

    /// Writes an integer in the given byte order; the address needs no alignment.
    public func store<T: FixedWidthInteger & BitwiseCopyable>(
        _ value: T, at address: UInt64, order: ByteOrder = .big
    ) throws(GuestMemoryError) {
        let count = UInt64(MemoryLayout<T>.size)
        guard let host = unsafe hostPointer(at: address, count: count) else {
            throw .outOfBounds(address: address, count: count)
        }
        let raw = order == .big ? value.bigEndian : value.littleEndian
        unsafe withUnsafeBytes(of: raw) { unsafe host_copy_shared(host, $0.baseAddress!, $0.count) }
        noteWrite(at: address, count: count)
    }

    /// Copies bytes out of the guest.
    public func read(at address: UInt64, count: Int) throws(GuestMemoryError) -> [UInt8] {
        guard count >= 0, let host = unsafe hostPointer(at: address, count: UInt64(count)) else {
            throw .outOfBounds(address: address, count: UInt64(clamping: count))
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            if let base = bytes.baseAddress { unsafe host_copy_shared(base, host, count) }
            initialized = count
        }
    }

    /// Copies bytes into the guest.
    public func write(_ bytes: RawSpan, at address: UInt64) throws(GuestMemoryError) {
        let count = UInt64(bytes.byteCount)
        guard let host = unsafe hostPointer(at: address, count: count) else {
            throw .outOfBounds(address: address, count: count)
        }
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe host_copy_shared(host, base, source.count)
        }
        noteWrite(at: address, count: count)
    }

    /// Copies bytes into the guest.
    public func write(_ bytes: [UInt8], at address: UInt64) throws(GuestMemoryError) {
        try unsafe write(bytes.span.bytes, at: address)
    }

    /// Copies `count` bytes within the guest; the two ranges may overlap.
    public func copy(from source: UInt64, to target: UInt64, count: UInt64) throws(GuestMemoryError) {
        guard let from = unsafe hostPointer(at: source, count: count) else {
            throw .outOfBounds(address: source, count: count)
        }
        guard let to = unsafe hostPointer(at: target, count: count) else {
            throw .outOfBounds(address: target, count: count)
        }
        unsafe host_copy_shared(to, from, Int(count))
        noteWrite(at: target, count: count)
    }

    // MARK: Code

    /// Whether some vCPU holds predecoded code of RAM page `page`.
    public func isCode(page: Int) -> Bool { unsafe host_load_u8(codeFlags + page) != 0 }

    /// Marks RAM page `page` as code. True when it was not: the caller announces it in ``codeJournal``.
    ///
    /// What the caller reads of the page afterwards is as new as any write that did not see the mark.
    public func markCode(page: Int) -> Bool {
        if isCode(page: page) { return false }
        return unsafe host_exchange_u8(codeFlags + page, 1) == 0
    }

    /// Marks RAM page `page` as holding no code.
    public func unmarkCode(page: Int) { unsafe host_store_u8(codeFlags + page, 0) }

    /// Tells the vCPUs when bytes were written over code that they hold predecoded. The range is within RAM.
    private func noteWrite(at address: UInt64, count: UInt64) {
        guard count > 0 else { return }
        host_fence()
        for page in Int(address / Self.pageSize)...Int((address + count - 1) / Self.pageSize) where isCode(page: page) {
            codeJournal.append(.written(page: page))
        }
    }
}

/// The order in which an integer's bytes lie in guest memory.
public enum ByteOrder: Sendable {
    /// Most significant byte first.
    case big
    /// Least significant byte first.
    case little
}
