/// A property's value: bytes, to which the device tree format attaches no type.
///
/// The factories encode as the Devicetree Specification says (cells are big-endian, strings end in NUL), and the
/// getters of the same names read the bytes back, or give nil where their number or content does not fit.
///
/// ```swift
/// tree.set("reg", .cells([0x4500, 0x100]))
/// tree.set("compatible", .strings(["fsl,mpc8544-immr", "simple-bus"]))
/// ```
public struct PropertyValue: Equatable, Sendable {
    /// The bytes as they lie in the blob.
    public let bytes: [UInt8]

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// No bytes: a property whose presence is its meaning.
    public static let empty = PropertyValue([])

    /// Bytes as they are.
    public static func bytes(_ bytes: [UInt8]) -> PropertyValue {
        PropertyValue(bytes)
    }

    /// One cell.
    public static func u32(_ value: UInt32) -> PropertyValue {
        PropertyValue([
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
        ])
    }

    /// Two cells, the high one first.
    public static func u64(_ value: UInt64) -> PropertyValue {
        cells([UInt32(truncatingIfNeeded: value >> 32), UInt32(truncatingIfNeeded: value)])
    }

    /// A list of cells.
    public static func cells(_ cells: [UInt32]) -> PropertyValue {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * cells.count)
        for cell in cells {
            bytes.append(UInt8(truncatingIfNeeded: cell >> 24))
            bytes.append(UInt8(truncatingIfNeeded: cell >> 16))
            bytes.append(UInt8(truncatingIfNeeded: cell >> 8))
            bytes.append(UInt8(truncatingIfNeeded: cell))
        }
        return PropertyValue(bytes)
    }

    /// One string. It should hold no NUL, which would make it a list.
    public static func string(_ string: String) -> PropertyValue {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(string.utf8.count + 1)
        bytes.append(contentsOf: string.utf8)
        bytes.append(0)
        return PropertyValue(bytes)
    }

    /// A list of strings, the most specific first.
    public static func strings(_ strings: [String]) -> PropertyValue {
        var bytes: [UInt8] = []
        for string in strings {
            bytes.append(contentsOf: string.utf8)
            bytes.append(0)
        }
        return PropertyValue(bytes)
    }
}

extension PropertyValue {
    /// The number that exactly four bytes hold.
    public var u32: UInt32? {
        bytes.count == 4 ? cell(at: 0) : nil
    }

    /// The number that exactly eight bytes hold.
    public var u64: UInt64? {
        bytes.count == 8 ? UInt64(cell(at: 0)) << 32 | UInt64(cell(at: 4)) : nil
    }

    /// The cells, where the bytes are a multiple of four.
    public var cells: [UInt32]? {
        guard bytes.count.isMultiple(of: 4) else { return nil }
        var cells: [UInt32] = []
        cells.reserveCapacity(bytes.count / 4)
        for offset in stride(from: 0, to: bytes.count, by: 4) {
            cells.append(cell(at: offset))
        }
        return cells
    }

    /// The string, where the only NUL is the last byte.
    public var string: String? {
        guard let strings, strings.count == 1 else { return nil }
        return strings[0]
    }

    /// The strings, where the last byte is NUL. Bytes that are not UTF-8 come out as U+FFFD.
    public var strings: [String]? {
        guard let last = bytes.last, last == 0 else { return nil }
        var strings: [String] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == 0 {
            strings.append(String(decoding: bytes[start..<index], as: UTF8.self))
            start = index + 1
        }
        return strings
    }

    /// The big-endian number at a byte offset that lies inside.
    package func cell(at offset: Int) -> UInt32 {
        UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
            | UInt32(bytes[offset + 3])
    }
}
