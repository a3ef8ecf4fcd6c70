/// A tree's nodes as a list in document order, for work that follows references.
///
/// Each node has a number; the root's is 0. Parents, children, paths and phandles are found without walking the tree, so
/// that following many references in a tree of any shape takes little time. Paths are made when asked for: those of all
/// nodes together can take a thousand times the blob's size.
public struct TreeIndex: Sendable {
    private struct Entry: Sendable {
        let node: Node
        let parent: Int
        /// The number after those of the node and everything below it.
        var end: Int
        /// The places of the node's properties by name, where there are too many to look through each time.
        var properties: [Int] = []
        /// Whether the node's properties are names: it is `/aliases` or dtc's, such as `/__symbols__`, or below one.
        let isListOfNames: Bool
    }

    private var entries: [Entry] = []
    /// The nodes that have phandles, by phandle and then number.
    private var handles: [(phandle: UInt32, number: Int)] = []
    /// All nodes but the root, by parent and then name.
    private var names: [Int] = []

    /// Up to so many properties of a node are looked through.
    private static let fewProperties = 16

    /// The nodes of `root` and below.
    public init(_ root: Node) {
        add(root, parent: -1)
        for (number, entry) in entries.enumerated() {
            if let phandle = entry.node.phandle { handles.append((phandle, number)) }
        }
        handles.sort { $0.phandle != $1.phandle ? $0.phandle < $1.phandle : $0.number < $1.number }
        let entries = entries
        names = entries.indices.dropFirst().sorted { first, second in
            let (first, second) = (entries[first], entries[second])
            return first.parent != second.parent
                ? first.parent < second.parent : first.node.name.precedesInBytes(second.node.name)
        }
    }

    private mutating func add(_ node: Node, parent: Int) {
        let number = entries.count
        let isListOfNames =
            parent == 0
            ? node.name.hasSameBytes(as: "aliases") || node.name.utf8.starts(with: "__".utf8)
            : parent > 0 && entries[parent].isListOfNames
        var entry = Entry(node: node, parent: parent, end: number + 1, isListOfNames: isListOfNames)
        if node.properties.count > Self.fewProperties {
            entry.properties = node.properties.indices.sorted {
                node.properties[$0].name.precedesInBytes(node.properties[$1].name)
            }
        }
        entries.append(entry)
        for child in node.children {
            add(child, parent: number)
        }
        entries[number].end = entries.count
    }

    /// The numbers of all nodes.
    public var numbers: Range<Int> { entries.indices }

    /// The node with that number.
    public subscript(number: Int) -> Node { entries[number].node }

    /// The value of a property of the node with that number.
    public subscript(number: Int, name: String) -> PropertyValue? {
        let (node, order) = (entries[number].node, entries[number].properties)
        guard !order.isEmpty else { return node[name] }
        let place = Self.lowerBound(order.count) { node.properties[order[$0]].name.precedesInBytes(name) }
        guard place < order.count, node.properties[order[place]].name.hasSameBytes(as: name) else { return nil }
        return node.properties[order[place]].value
    }

    /// The number of the node's parent; nil for the root.
    public func parent(of number: Int) -> Int? {
        number == 0 ? nil : entries[number].parent
    }

    /// Whether the names of the node's properties are aliases or labels, so that none means what it means elsewhere.
    public func isListOfNames(_ number: Int) -> Bool {
        entries[number].isListOfNames
    }

    /// The numbers of the node's children, in document order.
    public func children(of number: Int) -> [Int] {
        var children: [Int] = []
        var child = number + 1
        while child < entries[number].end {
            children.append(child)
            child = entries[child].end
        }
        return children
    }

    /// The node's path.
    public func path(of number: Int) -> String {
        var chain: [Int] = []
        var node = number
        while node != 0 {
            chain.append(node)
            node = entries[node].parent
        }
        return chain.reversed().reduce("/") { $0.appendingNode(entries[$1].node.name) }
    }

    /// The number of the first node with that phandle.
    public func number(ofPhandle phandle: UInt32) -> Int? {
        let place = Self.lowerBound(handles.count) { handles[$0].phandle < phandle }
        guard place < handles.count, handles[place].phandle == phandle else { return nil }
        return handles[place].number
    }

    /// Calls `body` with the numbers of two nodes for each pair of neighbours in the list of nodes that share a phandle.
    package func forEachRepeatedPhandle(_ body: (_ first: Int, _ second: Int) -> Void) {
        for place in handles.indices.dropFirst() where handles[place].phandle == handles[place - 1].phandle {
            body(handles[place - 1].number, handles[place].number)
        }
    }

    /// The number of the node at an absolute path, in which unit addresses may be left out.
    public func number(ofPath path: String) -> Int? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        var (rest, number) = (path.utf8.dropFirst(), 0)
        // One component at a time: most of the paths that lead nowhere end early.
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            let component = rest[..<end]
            rest = rest[end...].dropFirst()
            if component.isEmpty { continue }
            guard let child = child(of: number, named: component) else { return nil }
            number = child
        }
        return number
    }

    /// A child with that name, or where the name has no unit address one that has.
    private func child(of parent: Int, named name: Substring.UTF8View) -> Int? {
        if let exact = first(of: parent, from: name), self[exact].name.utf8.elementsEqual(name) { return exact }
        let prefix = Array(name) + [UInt8(ascii: "@")]
        guard !name.contains(UInt8(ascii: "@")), let found = first(of: parent, from: prefix),
            self[found].name.utf8.starts(with: prefix)
        else { return nil }
        return found
    }

    /// The child with the least name that does not precede `name`.
    private func first(of parent: Int, from name: some Collection<UInt8>) -> Int? {
        let place = Self.lowerBound(names.count) { place in
            let entry = entries[names[place]]
            return entry.parent != parent
                ? entry.parent < parent : entry.node.name.utf8.lexicographicallyPrecedes(name)
        }
        guard place < names.count, entries[names[place]].parent == parent else { return nil }
        return names[place]
    }

    /// The first place of `count` for which `precedes` does not hold.
    private static func lowerBound(_ count: Int, _ precedes: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
