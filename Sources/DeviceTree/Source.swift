extension DeviceTree {
    /// The tree as dts source, which dtc compiles to an equal tree.
    ///
    /// A blob does not say what a value means, so it is guessed as dtc does: text where all of it is text, otherwise
    /// cells where it fits, otherwise bytes.
    public var source: String {
        var text = SourceText()
        text.append("/dts-v1/;\n\n")
        for reservation in reservations {
            text.append("/memreserve/ 0x\(String(reservation.address, radix: 16))")
            text.append(" 0x\(String(reservation.size, radix: 16));\n")
        }
        if !reservations.isEmpty { text.append("\n") }
        text.append(root, depth: 0)
        return String(decoding: text.bytes, as: UTF8.self)
    }
}

extension PropertyValue {
    /// The value as dts source: `"text"`, `<0x1 0x2>` or `[00 ff]`, and `empty` where there is none.
    public var source: String {
        guard !bytes.isEmpty else { return "empty" }
        var text = SourceText()
        text.append(self)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// Whether all of it is text: an empty string, or one or more that are not, of printable ASCII and a few controls.
    fileprivate var isText: Bool {
        if bytes.count == 1 { return bytes[0] == 0 }
        guard bytes.last == 0, bytes.first != 0 else { return false }
        var previous: UInt8 = 0
        for byte in bytes {
            switch byte {
            case 0 where previous == 0: return false
            case 0, 0x20...0x7E, UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): previous = byte
            default: return false
            }
        }
        return true
    }
}

/// dts source while it is being written.
private struct SourceText {
    var bytes: [UInt8] = []

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(_ node: Node, depth: Int) {
        indent(depth)
        append(depth == 0 ? "/" : node.name)
        append(" {\n")
        for property in node.properties {
            indent(depth + 1)
            append(property.name)
            if !property.value.bytes.isEmpty {
                append(" = ")
                append(property.value)
            }
            append(";\n")
        }
        for (index, child) in node.children.enumerated() {
            if index > 0 || !node.properties.isEmpty { append("\n") }
            append(child, depth: depth + 1)
        }
        indent(depth)
        append("};\n")
    }

    mutating func append(_ value: PropertyValue) {
        if value.isText {
            appendStrings(value.bytes)
        } else if value.bytes.count.isMultiple(of: 4) {
            append("<")
            for offset in stride(from: 0, to: value.bytes.count, by: 4) {
                append(offset == 0 ? "0x" : " 0x")
                append(String(value.cell(at: offset), radix: 16))
            }
            append(">")
        } else {
            append("[")
            for (index, byte) in value.bytes.enumerated() {
                if index > 0 { append(" ") }
                bytes.append(Self.digit(byte >> 4))
                bytes.append(Self.digit(byte & 15))
            }
            append("]")
        }
    }

    /// Strings that each end in NUL.
    private mutating func appendStrings(_ text: [UInt8]) {
        append("\"")
        for (index, byte) in text.enumerated() {
            switch byte {
            case 0: append(index == text.count - 1 ? "\"" : "\", \"")
            case UInt8(ascii: "\t"): append("\\t")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\r"): append("\\r")
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            default: bytes.append(byte)
            }
        }
    }

    private mutating func indent(_ depth: Int) {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "\t"), count: depth))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
