/// A node with its properties and everything below it: a copy that stays as it is when the tree changes.
///
/// Names consist of the characters that ``DeviceTree`` admits; no two properties and no two children of a node share
/// a name.
public struct Node: Sendable {
    /// The name with the unit address, such as `serial@4500`; empty for the root.
    public let name: String
    /// The properties, in the blob's order.
    public internal(set) var properties: [Property]
    /// The nodes below, in the blob's order.
    public internal(set) var children: [Node]

    init(name: String) {
        self.name = name
        properties = []
        children = []
    }

    /// The value of the property with that name.
    public subscript(name: String) -> PropertyValue? {
        for property in properties where property.name.hasSameBytes(as: name) {
            return property.value
        }
        return nil
    }

    /// The first child with that name; a name without unit address also finds a child that has one, as in libfdt.
    public func child(_ name: String) -> Node? {
        for child in children where child.isNamed(name.utf8) {
            return child
        }
        return nil
    }

    /// The node at a path relative to this one, such as `soc@fe0000000/serial@4500`. Slashes around it do not count.
    public func descendant(_ path: String) -> Node? {
        var node = self
        for component in path.utf8.split(separator: UInt8(ascii: "/")) {
            var found: Node?
            for child in node.children where child.isNamed(component) {
                found = child
                break
            }
            guard let found else { return nil }
            node = found
        }
        return node
    }

    /// Whether the `compatible` list names `model`, byte for byte.
    public func isCompatible(with model: String) -> Bool {
        guard let models = self["compatible"]?.strings else { return false }
        return models.contains { $0.hasSameBytes(as: model) }
    }

    /// The handle by which other nodes refer to this one. 0 and 2³² − 1 are not handles.
    public var phandle: UInt32? {
        guard let value = self["phandle"]?.u32 ?? self["linux,phandle"]?.u32, value != 0, value != .max else {
            return nil
        }
        return value
    }

    /// Calls `body` with the path of this node and of every node below, a node before its children.
    ///
    /// - Parameter path: the path of this node, `/` for the root.
    public func forEach<E>(at path: String = "/", _ body: (String, Node) throws(E) -> Void) throws(E) {
        try body(path, self)
        for child in children {
            try child.forEach(at: path.appendingNode(child.name), body)
        }
    }

    /// Whether a path's component `name` means this node: with its unit address, or without.
    private func isNamed(_ query: some Collection<UInt8>) -> Bool {
        guard self.name.utf8.starts(with: query) else { return false }
        let rest = self.name.utf8.dropFirst(query.count)
        return rest.isEmpty || (rest.first == UInt8(ascii: "@") && !query.contains(UInt8(ascii: "@")))
    }
}

/// A named value of a node.
public struct Property: Sendable {
    /// The name.
    public let name: String
    /// The value.
    public let value: PropertyValue
}

/// RAM that the guest must leave alone, from the blob's memory reservation block.
public struct MemoryReservation: Equatable, Sendable {
    /// The real address of the first byte.
    public let address: UInt64
    /// Bytes.
    public let size: UInt64

    /// Reserves `size` bytes from `address` on.
    public init(address: UInt64, size: UInt64) {
        self.address = address
        self.size = size
    }
}

extension String {
    /// Equality of bytes, which needs no Unicode tables.
    package func hasSameBytes(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    /// Order of bytes, which needs no Unicode tables.
    package func precedesInBytes(_ other: String) -> Bool {
        utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// The path of the child `name` of the node at this path.
    package func appendingNode(_ name: String) -> String {
        utf8.count == 1 ? "/\(name)" : "\(self)/\(name)"
    }
}
