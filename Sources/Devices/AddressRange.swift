/// A stretch of addresses, or of offsets from another range's base.
public struct AddressRange: Equatable, Sendable {
    /// The first address.
    public let base: UInt64
    /// Bytes.
    public let size: UInt64

    /// The range that starts at `base` and spans `size` bytes.
    public init(base: UInt64, size: UInt64) {
        self.base = base
        self.size = size
    }

    /// Whether `address` lies inside.
    public func contains(_ address: UInt64) -> Bool {
        address >= base && address - base < size
    }

    /// Whether the `count` bytes from `address` all lie inside.
    public func contains(_ address: UInt64, count: UInt64) -> Bool {
        address >= base && count <= size && address - base <= size - count
    }

    /// Whether some address lies in both.
    public func overlaps(_ other: AddressRange) -> Bool {
        size > 0 && other.size > 0 && (contains(other.base) || other.contains(base))
    }
}
