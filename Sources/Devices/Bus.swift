/// The devices of a machine by real address.
///
/// An access belongs to a device when all its bytes lie in the device's range. What an access that belongs to none
/// means (a machine check, all zeros) is the machine's to say.
public final class Bus {
    private struct Mapping {
        let range: AddressRange
        let device: any MMIODevice
    }

    /// Sorted by address, without overlaps.
    private var mappings: [Mapping] = []
    /// The index of the mapping that answered last: drivers tend to stay with one device.
    private var lastHit = 0

    /// A bus without devices.
    public init() {}

    /// Puts `device` at `range`.
    ///
    /// - Precondition: the range is not empty, ends within the 64-bit address space and overlaps no other device's.
    public func map(_ device: any MMIODevice, at range: AddressRange) {
        precondition(range.size > 0, "a device's range is not empty")
        precondition(range.base <= UInt64.max - (range.size - 1), "a device's range does not wrap around")
        precondition(
            mappings.allSatisfy { !$0.range.overlaps(range) }, "devices' ranges do not overlap")
        let index = mappings.firstIndex { $0.range.base > range.base } ?? mappings.endIndex
        mappings.insert(Mapping(range: range, device: device), at: index)
    }

    /// What a load of `width` bytes (1, 2, 4 or 8) at `address` yields, or nil where no device answers.
    public func read(_ address: UInt64, width: Int) -> UInt64? {
        guard let mapping = mapping(at: address, width: width) else { return nil }
        return mapping.device.read(offset: address - mapping.range.base, width: width)
    }

    /// Stores the low `width` bytes (1, 2, 4 or 8) of `value` at `address`; false where no device answers.
    public func write(_ value: UInt64, at address: UInt64, width: Int) -> Bool {
        guard let mapping = mapping(at: address, width: width) else { return false }
        mapping.device.write(value, offset: address - mapping.range.base, width: width)
        return true
    }

    private func mapping(at address: UInt64, width: Int) -> Mapping? {
        guard width == 1 || width == 2 || width == 4 || width == 8 else { return nil }
        let count = UInt64(width)
        if lastHit < mappings.count, mappings[lastHit].range.contains(address, count: count) {
            return mappings[lastHit]
        }
        // The first mapping above the address; the one before it is the only candidate.
        var low = 0
        var high = mappings.count
        while low < high {
            let middle = (low + high) / 2
            if mappings[middle].range.base <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, mappings[low - 1].range.contains(address, count: count) else { return nil }
        lastHit = low - 1
        return mappings[low - 1]
    }
}
