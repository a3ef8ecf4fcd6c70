/// Reads a flattened device tree (versions 16 and 17) from bytes that nobody has vouched for.
///
/// libfdt trusts a blob further than one from outside deserves: a property with a length near 2³² makes 1.6.1 walk in
/// a circle. So every blob passes here first, where each access is checked, and libfdt only sees what came through.
enum Blob {
    /// What a blob holds.
    struct Contents {
        /// The root node with all others in it.
        var root: Node
        /// The memory reservations, in the blob's order.
        var reservations: [MemoryReservation]
    }

    /// Bytes of the header of version 17; version 16 lacks the last field.
    static let headerSize = 40

    private static let magic: UInt32 = 0xD00D_FEED

    /// The tokens of the structure block.
    private enum Token {
        static let beginNode: UInt32 = 1
        static let endNode: UInt32 = 2
        static let property: UInt32 = 3
        static let nop: UInt32 = 4
        static let end: UInt32 = 9
    }

    /// A block's place in the blob.
    private struct Block {
        let start: Int
        let end: Int

        func overlaps(_ other: Block) -> Bool {
            start < other.end && other.start < end
        }
    }

    /// The blob's size as its header has it, at most `bytes.count`.
    static func totalSize(_ bytes: Span<UInt8>) throws(DeviceTreeError) -> Int {
        guard bytes.count >= 4 else { throw .truncated }
        guard word(bytes, 0) == magic else { throw .notADeviceTree }
        guard bytes.count >= headerSize else { throw .truncated }
        let total = Int(word(bytes, 4))
        guard total <= DeviceTree.maximumFileSize else {
            throw .tooLarge(bytes: total, limit: DeviceTree.maximumFileSize)
        }
        guard total >= headerSize, total <= bytes.count else { throw .truncated }
        return total
    }

    /// Everything in the blob, once all of it has been found sound.
    static func read(_ bytes: Span<UInt8>) throws(DeviceTreeError) -> Contents {
        let blob = bytes.extracting(..<(try totalSize(bytes)))
        let version = word(blob, 20)
        guard version == 16 || version == 17, word(blob, 24) <= version, word(blob, 24) >= 2 else {
            throw .unsupportedVersion(version)
        }
        let structure = try block(blob, start: 8, size: version == 17 ? 36 : nil, alignment: 4)
        let strings = try block(blob, start: 12, size: 32, alignment: 1)
        let (reservations, map) = try readReservations(blob)
        let (root, end) = try readStructure(blob, structure, strings)
        let header = Block(start: 0, end: version == 17 ? headerSize : headerSize - 4)
        let used = Block(start: structure.start, end: version == 17 ? structure.end : end)
        let blocks = [header, map, used, strings]
        for index in blocks.indices {
            for other in blocks[..<index] where blocks[index].overlaps(other) {
                throw .badLayout
            }
        }
        return Contents(root: root, reservations: reservations)
    }

    /// The block whose start and size are in the header's fields at these offsets; without a size it ends with the blob.
    private static func block(
        _ blob: Span<UInt8>, start: Int, size: Int?, alignment: Int
    ) throws(DeviceTreeError) -> Block {
        let first = Int(word(blob, start))
        guard first.isMultiple(of: alignment) else { throw .badLayout }
        guard first <= blob.count else { throw .truncated }
        guard let size else { return Block(start: first, end: blob.count) }
        let count = Int(word(blob, size))
        guard count <= blob.count - first else { throw .truncated }
        return Block(start: first, end: first + count)
    }

    /// The reservations up to the one of size 0 and address 0 that ends them.
    private static func readReservations(
        _ blob: Span<UInt8>
    ) throws(DeviceTreeError) -> ([MemoryReservation], Block) {
        let start = Int(word(blob, 16))
        guard start.isMultiple(of: 8) else { throw .badLayout }
        var reservations: [MemoryReservation] = []
        var offset = start
        while true {
            guard offset <= blob.count - 16 else { throw .truncated }
            let address = UInt64(word(blob, offset)) << 32 | UInt64(word(blob, offset + 4))
            let size = UInt64(word(blob, offset + 8)) << 32 | UInt64(word(blob, offset + 12))
            offset += 16
            // libfdt ends the list at size 0 alone, and so do the kernels.
            if size == 0 { return (reservations, Block(start: start, end: offset)) }
            reservations.append(MemoryReservation(address: address, size: size))
        }
    }

    /// The root node, and where the structure block's end token ends.
    private static func readStructure(
        _ blob: Span<UInt8>, _ structure: Block, _ strings: Block
    ) throws(DeviceTreeError) -> (Node, Int) {
        var open: [Node] = []
        var root: Node?
        var offset = structure.start
        while true {
            guard offset <= structure.end - 4 else { throw .truncated }
            let token = word(blob, offset)
            offset += 4
            switch token {
            case Token.nop: break
            case Token.beginNode:
                guard root == nil else { throw .badStructure(path: path(open)) }
                guard open.count < DeviceTree.maximumDepth else { throw .tooDeep(path: path(open)) }
                guard let end = terminator(blob, from: offset, limit: structure.end) else { throw .truncated }
                let name = string(blob, offset, end)
                guard open.isEmpty ? name.utf8.isEmpty : isNodeName(name.utf8) else {
                    throw .badName(path: path(open), name: printable(name))
                }
                open.append(Node(name: name))
                offset = aligned(end + 1)
            case Token.property:
                guard let node = open.indices.last, open[node].children.isEmpty, offset <= structure.end - 8 else {
                    throw .badStructure(path: path(open))
                }
                let size = Int(word(blob, offset))
                let nameOffset = Int(word(blob, offset + 4))
                offset += 8
                guard size <= structure.end - offset, nameOffset < strings.end - strings.start,
                    let nameEnd = terminator(blob, from: strings.start + nameOffset, limit: strings.end)
                else { throw .truncated }
                let name = string(blob, strings.start + nameOffset, nameEnd)
                guard isPropertyName(name.utf8) else { throw .badName(path: path(open), name: printable(name)) }
                let value = PropertyValue.bytes(bytes(blob, offset, offset + size))
                open[node].properties.append(Property(name: name, value: value))
                offset = aligned(offset + size)
            case Token.endNode:
                guard let node = open.last else { throw .badStructure(path: "/") }
                try checkNamesDiffer(node, open)
                open.removeLast()
                if let parent = open.indices.last {
                    open[parent].children.append(node)
                } else {
                    root = node
                }
            case Token.end:
                guard let root else { throw .badStructure(path: path(open)) }
                return (root, offset)
            default:
                throw .badStructure(path: path(open))
            }
        }
    }

    private static func checkNamesDiffer(_ node: Node, _ open: [Node]) throws(DeviceTreeError) {
        if let name = repeated(node.properties.map { $0.name }) ?? repeated(node.children.map { $0.name }) {
            throw .duplicateName(path: path(open), name: name)
        }
    }

    /// A name that occurs twice. Few names are compared each with each, many are sorted first.
    private static func repeated(_ names: [String]) -> String? {
        if names.count <= 16 {
            for index in names.indices {
                for other in names[..<index] where other.hasSameBytes(as: names[index]) {
                    return other
                }
            }
            return nil
        }
        let sorted = names.sorted { $0.precedesInBytes($1) }
        for index in sorted.indices.dropFirst() where sorted[index].hasSameBytes(as: sorted[index - 1]) {
            return sorted[index]
        }
        return nil
    }

    /// The path of the innermost of the nodes that are open.
    private static func path(_ open: [Node]) -> String {
        open.dropFirst().reduce("/") { $0.appendingNode($1.name) }
    }

    // MARK: Names

    /// Whether a property may have that name: one or more of the characters that the Devicetree Specification and
    /// dtc allow.
    static func isPropertyName(_ name: String.UTF8View) -> Bool {
        !name.isEmpty && name.count <= DeviceTree.maximumNameLength
            && name.allSatisfy { isNameCharacter($0) || $0 == UInt8(ascii: "@") }
    }

    /// Whether a node may have that name: a name, and after an `@` a unit address.
    static func isNodeName(_ name: some Collection<UInt8>) -> Bool {
        var ats = 0
        for character in name {
            if character == UInt8(ascii: "@") {
                ats += 1
            } else if !isNameCharacter(character) {
                return false
            }
        }
        return ats <= 1 && !name.isEmpty && name.count <= DeviceTree.maximumNameLength
            && name.first != UInt8(ascii: "@")
    }

    private static func isNameCharacter(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "#"):
            true
        default: false
        }
    }

    /// The name as an error may show it: one line of ASCII, not too long.
    static func printable(_ name: String) -> String {
        let shown = name.utf8.prefix(64).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: shown, as: UTF8.self)
    }

    // MARK: Bytes

    /// The big-endian word at an offset of which the caller knows that it lies inside.
    private static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
        UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
            | UInt32(bytes[offset + 3])
    }

    /// The offset of the first NUL.
    private static func terminator(_ bytes: Span<UInt8>, from start: Int, limit: Int) -> Int? {
        var offset = start
        while offset < limit {
            if bytes[offset] == 0 { return offset }
            offset += 1
        }
        return nil
    }

    private static func bytes(_ blob: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
        unsafe blob.extracting(start..<end).withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    private static func string(_ blob: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        unsafe blob.extracting(start..<end).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private static func aligned(_ offset: Int) -> Int {
        (offset + 3) & ~3
    }
}
