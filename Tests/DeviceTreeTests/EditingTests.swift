import DeviceTree
import Testing

@Suite struct EditingTests {
    @Test func `A property is added and replaced`() throws {
        var tree = DeviceTree()
        try tree.setProperty("a", .u32(1), at: "/")
        try tree.setProperty("a", .string("longer than before"), at: "/")
        let properties = tree.root.properties.map { $0.value }
        #expect(properties == [.string("longer than before")])
    }

    @Test func `Nodes are added below existing ones`() throws {
        var tree = DeviceTree()
        try tree.addNode("/a")
        try tree.addNode("/a/b@1")
        let found = tree.node(at: "/a/b@1") != nil
        #expect(found)
    }

    @Test func `A node and a property are removed`() throws {
        var tree = try smallTree()
        try tree.removeNode("/soc/pic")
        try tree.removeProperty("model", at: "/")
        let (node, property) = (tree.node(at: "/soc/pic") == nil, tree.property("model", at: "/"))
        #expect(node)
        #expect(property == nil)
    }

    @Test func `A node gets a phandle once, and one that is free`() throws {
        var tree = try smallTree()
        let (present, made) = (try tree.phandle(of: "/soc/pic"), try tree.phandle(of: "/soc/serial"))
        let again = try tree.phandle(of: "/soc/serial")
        #expect(present == 1)
        #expect(made == 2)
        #expect(again == 2)
    }

    @Test func `A reservation is added`() throws {
        var tree = DeviceTree()
        try tree.addReservation(MemoryReservation(address: 0x10, size: 0x20))
        let reservations = tree.reservations
        #expect(reservations == [MemoryReservation(address: 0x10, size: 0x20)])
    }

    @Test func `The tree grows as it needs`() throws {
        var tree = DeviceTree()
        for index in 0..<100 {
            try tree.addNode("/n\(index)")
            try tree.setProperty("data", .bytes([UInt8](repeating: 1, count: 1000)), at: "/n\(index)")
        }
        let again = try DeviceTree(tree.finish()).root.children.count
        #expect(again == 100)
    }

    @Test func `The tree grows up to its limit, and stays what it was`() throws {
        var tree = DeviceTree()
        let half = PropertyValue.bytes([UInt8](repeating: 1, count: DeviceTree.maximumSize / 2))
        try tree.setProperty("first", half, at: "/")
        let before = tree.finish()
        let error = failure { try tree.setProperty("second", half, at: "/") }
        #expect(error == "a device tree of 1048577 bytes is over the limit of 1048576")
        let after = tree.finish()
        #expect(after == before)
    }

    @Test func `A mistake names the path and the property`() throws {
        var tree = try smallTree()
        #expect(failure { try tree.setProperty("a", .empty, at: "/none") } == "/none: no such node")
        #expect(failure { try tree.removeProperty("a", at: "/soc") } == "/soc: no property 'a'")
        #expect(failure { try tree.removeNode("/none") } == "/none: no such node")
        #expect(failure { try tree.addNode("/soc@f0000000") } == "/soc@f0000000: the node exists already")
        #expect(failure { try tree.addNode("/none/b") } == "/none: no such node")
        #expect(
            failure { try tree.setProperty("a b", .empty, at: "/") } == "/: 'a b' is not the name of a node or property"
        )
    }

    @Test(arguments: ["", "a", "/", "/a//b", "/a/", "/a b", "/@1", "/a@1@2", "/a\0b"])
    func `No node is added at what is no path`(path: String) {
        var tree = DeviceTree()
        #expect(failure { try tree.addNode(path) }?.contains("is not the path of a node") == true)
    }

    @Test func `The root stays`() {
        var tree = DeviceTree()
        #expect(failure { try tree.removeNode("/") } != nil)
    }

    @Test func `Nodes nest no deeper than a blob may`() throws {
        var tree = DeviceTree()
        var path = ""
        for level in 1..<DeviceTree.maximumDepth {
            path += "/n\(level)"
            try tree.addNode(path)
        }
        #expect(failure { try tree.addNode(path + "/deeper") }?.hasSuffix("nodes nest deeper than 64 levels") == true)
        #expect(openingFailure(tree.finish()) == nil)
    }

    @Test func `A copy is a tree of its own`() throws {
        let tree = try smallTree()
        var copy = tree.copy()
        try copy.removeNode("/soc")
        let (kept, removed) = (tree.node(at: "/soc") != nil, copy.node(at: "/soc") == nil)
        #expect(kept)
        #expect(removed)
    }
}

@Suite struct BuilderTests {
    @Test func `A name that is none is thrown at the end with its place`() {
        var tree = DeviceTreeBuilder()
        tree.node("a") { $0.set("b c", .empty) }
        #expect(builderFailure(tree) == "/a: 'b c' is not the name of a node or property")
    }

    @Test func `A name that occurs twice is thrown at the end`() {
        var tree = DeviceTreeBuilder()
        tree.node("a") { _ in }
        tree.node("a") { _ in }
        #expect(builderFailure(tree) == "/: the name 'a' occurs twice")
    }

    @Test func `A property after a node is thrown at the end`() {
        var tree = DeviceTreeBuilder()
        tree.node("a") { _ in }
        tree.set("b", .empty)
        #expect(builderFailure(tree) == "/: nodes and properties are not properly nested")
    }

    @Test func `A reservation of nothing is thrown at the end`() {
        let tree = DeviceTreeBuilder(reservations: [MemoryReservation(address: 1, size: 0)])
        #expect(builderFailure(tree) == "/: property '/memreserve/' does not hold what it has to")
    }

    @Test func `The tree grows as it needs`() throws {
        var tree = DeviceTreeBuilder()
        for index in 0..<1000 {
            tree.node("n\(index)") { $0.set("data", .bytes([UInt8](repeating: 1, count: 500))) }
        }
        let count = try tree.finish().root.children.count
        #expect(count == 1000)
    }

    @Test func `A tree above the limit is thrown at the end`() {
        var tree = DeviceTreeBuilder()
        tree.set("data", .bytes([UInt8](repeating: 1, count: DeviceTree.maximumSize)))
        #expect(builderFailure(tree)?.hasSuffix("is over the limit of 1048576") == true)
    }

    private func builderFailure(_ tree: consuming DeviceTreeBuilder) -> String? {
        do {
            _ = try tree.finish()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
