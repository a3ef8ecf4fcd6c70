internal import CKVM

/// A count that the kernel keeps of a vCPU.
public struct KVMStatistic: Sendable {
    /// What the kernel calls it, as in debugfs.
    public let name: String
    /// The count.
    public let value: UInt64
}

extension VCPU {
    /// What the kernel has counted of this vCPU (`KVM_GET_STATS_FD`): plain counts, no histograms.
    ///
    /// Empty where the kernel describes them in a way that this does not know.
    public func statistics() throws(KVMError) -> [KVMStatistic] {
        let raw = try descriptor.request(.getStatistics)
        let file = Descriptor(Int32(truncatingIfNeeded: raw), of: descriptor.kernel)
        let header = file.bytes(at: 0, count: MemoryLayout<kvm_stats_header>.size)
        guard header.count == MemoryLayout<kvm_stats_header>.size else { return [] }
        let nameSize = header.word32(4)
        let count = header.word32(8)
        let descriptions = header.word32(16)
        let data = header.word32(20)
        // struct kvm_stats_desc: flags, exponent, size, offset, bucket size; the name behind it.
        let head = 16
        guard nameSize <= 256, count <= 1024 else { return [] }
        let table = file.bytes(at: UInt64(descriptions), count: count * (head + nameSize))
        var statistics: [KVMStatistic] = []
        for index in 0..<count {
            let start = index * (head + nameSize)
            guard start + head + nameSize <= table.count else { break }
            let flags = table.word32(start)
            guard flags & Int(KVM_STATS_TYPE_MASK) == Int(KVM_STATS_TYPE_CUMULATIVE), table.word16(start + 6) == 1
            else {
                continue
            }
            let value = file.bytes(at: UInt64(data) &+ UInt64(table.word32(start + 8)), count: 8)
            guard value.count == 8 else { continue }
            let name = table[(start + head)..<(start + head + nameSize)].prefix { $0 != 0 }
            statistics.append(
                KVMStatistic(
                    name: String(decoding: name, as: UTF8.self),
                    value: UInt64(value.word32(hostOrderHigh)) << 32 | UInt64(value.word32(hostOrderLow))))
        }
        return statistics
    }

    private var hostOrderHigh: Int {
        #if _endian(big)
            0
        #else
            4
        #endif
    }
    private var hostOrderLow: Int { 4 - hostOrderHigh }
}

extension Descriptor {
    /// At most `count` bytes at an offset; fewer at the end, none where they cannot be read.
    fileprivate func bytes(at offset: UInt64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = unsafe bytes.withUnsafeMutableBytes { unsafe kernel.read(raw, into: $0, at: offset) }
        return read == count ? bytes : Array(bytes.prefix(max(read, 0)))
    }
}

extension [UInt8] {
    /// The 32-bit number at a position, in the host's byte order; 0 behind the end.
    fileprivate func word32(_ position: Int) -> Int {
        guard position >= 0, position + 4 <= count else { return 0 }
        return unsafe withUnsafeBytes { Int(unsafe $0.loadUnaligned(fromByteOffset: position, as: UInt32.self)) }
    }

    /// The 16-bit number at a position, in the host's byte order; 0 behind the end.
    fileprivate func word16(_ position: Int) -> Int {
        guard position >= 0, position + 2 <= count else { return 0 }
        return unsafe withUnsafeBytes { Int(unsafe $0.loadUnaligned(fromByteOffset: position, as: UInt16.self)) }
    }
}
