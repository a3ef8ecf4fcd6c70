/// Makes packets.
public enum Packet {
    /// The packet with that payload, which may be any bytes.
    public static func encode(_ payload: [UInt8]) -> [UInt8] {
        var packet: [UInt8] = [UInt8(ascii: "$")]
        packet.reserveCapacity(payload.count + 4)
        var sum: UInt8 = 0
        func append(_ byte: UInt8) {
            packet.append(byte)
            sum &+= byte
        }
        for byte in payload {
            switch byte {
            case UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "}"), UInt8(ascii: "*"):
                append(UInt8(ascii: "}"))
                append(byte ^ 0x20)
            default:
                append(byte)
            }
        }
        packet.append(UInt8(ascii: "#"))
        packet += Hex.encode([sum])
        return packet
    }
}

/// Hexadecimal digits in ASCII.
enum Hex {
    /// The value of a digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func character(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    /// Two digits a byte.
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            digits.append(character(byte >> 4))
            digits.append(character(byte & 15))
        }
        return digits
    }

    /// The digits of a number without leading zeros.
    static func encode(_ value: UInt64) -> [UInt8] { [UInt8](String(value, radix: 16).utf8) }

    /// The bytes of pairs of digits, or nil where they are something else.
    static func decode(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var index = digits.startIndex
        while index < digits.endIndex {
            guard let high = digit(digits[index]), let low = digit(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }
}

/// Reads a packet's payload from front to back.
struct PacketReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var isAtEnd: Bool { position >= bytes.count }

    var next: UInt8? { isAtEnd ? nil : bytes[position] }

    /// Takes the next byte.
    mutating func take() -> UInt8? {
        guard !isAtEnd else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// Takes `text` if it is next.
    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        let matches = text.withUTF8Buffer { utf8 in
            for offset in 0..<count where unsafe utf8[offset] != bytes[position + offset] { return false }
            return true
        }
        if matches { position += count }
        return matches
    }

    /// Takes a hexadecimal number of 1 to 16 digits.
    mutating func number() -> UInt64? {
        var value: UInt64 = 0
        var digits = 0
        while let byte = next, let digit = Hex.digit(byte) {
            guard digits < 16 else { return nil }
            value = value << 4 | UInt64(digit)
            digits += 1
            position += 1
        }
        return digits > 0 ? value : nil
    }

    /// A number that has to be followed by `separator`.
    mutating func number(before separator: Unicode.Scalar) -> UInt64? {
        guard let value = number(), take() == UInt8(ascii: separator) else { return nil }
        return value
    }

    /// A number that has to be the last thing.
    mutating func lastNumber() -> UInt64? {
        guard let value = number(), isAtEnd else { return nil }
        return value
    }

    /// Everything that is left.
    var rest: ArraySlice<UInt8> { bytes[min(position, bytes.count)...] }
}
