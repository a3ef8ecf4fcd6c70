/// Why guest memory could not be made or reached.
public enum GuestMemoryError: Error, Equatable, CustomStringConvertible {
    /// The size is zero, not a multiple of the page size, or above ``GuestMemory/maximumSize``.
    case badSize(UInt64)
    /// The host has no room for a mapping of this many bytes.
    case hostOutOfMemory(UInt64)
    /// The bytes are not all RAM of this guest.
    case outOfBounds(address: UInt64, count: UInt64)

    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .badSize(let size):
            "guest memory of \(size) bytes: not a multiple of 4096 between 4096 and \(GuestMemory.maximumSize)"
        case .hostOutOfMemory(let size):
            "the host cannot map \(size) bytes of guest memory"
        case .outOfBounds(let address, let count):
            "\(count) bytes at real address 0x\(String(address, radix: 16)) are not all guest memory"
        }
    }
}
