import DeviceTree
import Testing

@Suite struct ReadingTests {
    @Test func `A path leads to a node and a property`() throws {
        let tree = try smallTree()
        let (node, value) = (tree.node(at: "/soc@f0000000/serial@4500"), tree.property("model", at: "/"))
        #expect(node?.name == "serial@4500")
        #expect(value?.string == "small")
    }

    @Test func `A unit address may be left out of a path`() throws {
        let tree = try smallTree()
        let (node, value) = (tree.node(at: "/soc/pic"), tree.property("phandle", at: "/soc/pic"))
        #expect(node?.name == "pic@40000")
        #expect(value?.u32 == 1)
    }

    @Test(arguments: ["", "soc", "/soc/", "//soc", "/soc//pic", "/none", "/soc/pic/none", "/soc@1"])
    func `Other paths lead nowhere`(path: String) throws {
        let tree = try smallTree()
        let (node, value) = (tree.node(at: path) == nil, tree.property("compatible", at: path))
        #expect(node)
        #expect(value == nil)
    }

    @Test func `An alias of itself is no path`() throws {
        var tree = DeviceTreeBuilder()
        tree.node("aliases") { $0.set("loop", .string("loop")) }
        let value = try tree.finish().property("loop", at: "loop")
        #expect(value == nil)
    }

    @Test func `Children and properties come in the blob's order`() throws {
        let node = try smallTree().node(at: "/soc")
        let soc = try #require(node)
        #expect(soc.children.map(\.name) == ["pic@40000", "serial@4500"])
        #expect(soc.properties.map(\.name) == ["compatible", "ranges"])
    }

    @Test func `Every node is visited before its children`() throws {
        var paths: [String] = []
        try smallTree().root.forEach { path, _ in paths.append(path) }
        #expect(paths == ["/", "/soc@f0000000", "/soc@f0000000/pic@40000", "/soc@f0000000/serial@4500"])
    }

    @Test func `Compatible names any model of the list and no part of one`() throws {
        let node = try smallTree().node(at: "/soc")
        let soc = try #require(node)
        #expect(soc.isCompatible(with: "acme,soc"))
        #expect(soc.isCompatible(with: "simple-bus"))
        #expect(!soc.isCompatible(with: "simple"))
    }

    @Test func `A phandle leads to its node`() throws {
        let tree = try smallTree()
        let (found, missing) = (tree.path(ofPhandle: 1), tree.path(ofPhandle: 2))
        #expect(found == "/soc@f0000000/pic@40000")
        #expect(missing == nil)
    }

    @Test(arguments: [0, 0xFFFF_FFFF] as [UInt32]) func `Two numbers are no phandles`(number: UInt32) throws {
        var tree = DeviceTreeBuilder()
        tree.set("phandle", .u32(number))
        let root = try tree.finish().root
        #expect(root.phandle == nil)
    }

    @Test func `A copy of a node outlives a change of the tree`() throws {
        var tree = try smallTree()
        let before = tree.node(at: "/soc/serial")
        try tree.removeNode("/soc")
        #expect(before?["interrupt-parent"]?.u32 == 1)
    }
}
