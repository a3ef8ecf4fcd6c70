internal import CHost

/// Aligned accesses to guest memory. Other vCPUs may race on it, so they are relaxed atomics: plain moves.
enum HostAccess {
    @inline(__always)
    static func load<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type, _ host: UnsafeRawPointer
    ) -> T {
        switch MemoryLayout<T>.size {
        case 1: unsafe T(truncatingIfNeeded: host_load_u8(host))
        case 2: unsafe T(truncatingIfNeeded: host_load_u16(host))
        case 4: unsafe T(truncatingIfNeeded: host_load_u32(host))
        default: unsafe T(truncatingIfNeeded: host_load_u64(host))
        }
    }

    @inline(__always)
    static func store<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ value: T, _ host: UnsafeMutableRawPointer
    ) {
        switch MemoryLayout<T>.size {
        case 1: unsafe host_store_u8(host, UInt8(truncatingIfNeeded: value))
        case 2: unsafe host_store_u16(host, UInt16(truncatingIfNeeded: value))
        case 4: unsafe host_store_u32(host, UInt32(truncatingIfNeeded: value))
        default: unsafe host_store_u64(host, UInt64(truncatingIfNeeded: value))
        }
    }

    /// The big-endian integer of `width` bytes at `host`: all at once where it is aligned, else byte by byte.
    static func load(_ host: UnsafeRawPointer, width: Int) -> UInt64 {
        if UInt(bitPattern: host) & UInt(width - 1) == 0 {
            switch width {
            case 2: return unsafe UInt64(UInt16(bigEndian: host_load_u16(host)))
            case 4: return unsafe UInt64(UInt32(bigEndian: host_load_u32(host)))
            case 8: return unsafe UInt64(bigEndian: host_load_u64(host))
            default: break
            }
        }
        var value: UInt64 = 0
        for byte in 0..<width { value = unsafe value << 8 | UInt64(host_load_u8(host + byte)) }
        return value
    }

    /// Stores the low `width` bytes of `value` in big-endian order at `host`, as ``load(_:width:)`` reads them.
    static func store(_ value: UInt64, _ host: UnsafeMutableRawPointer, width: Int) {
        if UInt(bitPattern: host) & UInt(width - 1) == 0 {
            switch width {
            case 2: return unsafe host_store_u16(host, UInt16(truncatingIfNeeded: value).bigEndian)
            case 4: return unsafe host_store_u32(host, UInt32(truncatingIfNeeded: value).bigEndian)
            case 8: return unsafe host_store_u64(host, value.bigEndian)
            default: break
            }
        }
        for byte in 0..<width {
            unsafe host_store_u8(host + byte, UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - byte))))
        }
    }

    /// Zeros `count` bytes, a multiple of 8 at a multiple of 8.
    @inline(__always)
    static func zero(_ host: UnsafeMutableRawPointer, count: Int) {
        for offset in stride(from: 0, to: count, by: 8) { unsafe host_store_u64(host + offset, 0) }
    }
}

/// Accesses of any alignment, in the host's byte order: all that a direct access of a 64-bit core is sure of.
extension HostAccess {
    /// The integer at `host`, in the host's byte order and of any alignment.
    @inline(__always)
    static func loadUnaligned<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type, _ host: UnsafeRawPointer
    ) -> T {
        switch MemoryLayout<T>.size {
        case 1: unsafe T(truncatingIfNeeded: host_load_u8(host))
        case 2: unsafe T(truncatingIfNeeded: host_load_unaligned_u16(host))
        case 4: unsafe T(truncatingIfNeeded: host_load_unaligned_u32(host))
        default: unsafe T(truncatingIfNeeded: host_load_unaligned_u64(host))
        }
    }

    @inline(__always)
    static func storeUnaligned<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ value: T, _ host: UnsafeMutableRawPointer
    ) {
        switch MemoryLayout<T>.size {
        case 1: unsafe host_store_u8(host, UInt8(truncatingIfNeeded: value))
        case 2: unsafe host_store_unaligned_u16(host, UInt16(truncatingIfNeeded: value))
        case 4: unsafe host_store_unaligned_u32(host, UInt32(truncatingIfNeeded: value))
        default: unsafe host_store_unaligned_u64(host, UInt64(truncatingIfNeeded: value))
        }
    }
}
