import DeviceTree
import TestTools
import Testing

/// The tree that the overlays here are for.
let overlayBase = """
    /dts-v1/;
    / {
        model = "base";
        pic: pic@1 { interrupt-controller; };
        soc: soc { uart: uart@10 { reg = <0x10>; interrupt-parent = <&pic>; }; };
    };
    """

/// An overlay that uses every mechanism: labels of the tree, labels and references of its own, and a target path.
let richOverlay = """
    /dts-v1/;
    /plugin/;
    &soc {
        led: led@20 { reg = <0x20>; interrupt-parent = <&pic>; friend = <&uart &led>; };
    };
    &uart { status = "disabled"; };
    &{/} { model = "merged"; };
    """

@Suite struct OverlayTests {
    @Test(arguments: [
        richOverlay,
        "/dts-v1/; /plugin/; &{/soc} { new { x = <1>; }; };",
        "/dts-v1/; /plugin/; &uart { reg = <0x11>; };",
        "/dts-v1/; / { fragment@0 { target-path = \"/\"; __overlay__ { a; }; }; note { }; };",
    ]) func `A merged tree is the one that fdtoverlay makes`(overlay: String) throws {
        let base = try DeviceTreeCompiler.compile(overlayBase, symbols: true)
        let overlay = try DeviceTreeCompiler.compile(overlay, symbols: true)
        var tree = try DeviceTree(base)
        try tree.apply(overlay: DeviceTree(overlay))
        let expected = try DeviceTree(DeviceTreeCompiler.merge(base, overlay: overlay))
        let differences = tree.differences(to: expected)
        #expect(differences == [])
    }

    @Test func `An overlay can be merged onto a merged tree`() throws {
        var tree = try DeviceTree(DeviceTreeCompiler.compile(overlayBase, symbols: true))
        try tree.apply(overlay: overlay(richOverlay))
        try tree.apply(overlay: overlay("/dts-v1/; /plugin/; &led { status = \"okay\"; };"))
        let status = tree.property("status", at: "/soc/led")
        #expect(status?.string == "okay")
    }

    @Test func `A large overlay makes the tree grow`() throws {
        let data = String(repeating: "5a", count: 50_000)
        var tree = DeviceTree()
        try tree.apply(overlay: overlay("/dts-v1/; /plugin/; &{/} { data = [\(data)]; };"))
        let count = tree.property("data", at: "/")?.bytes.count
        #expect(count == 50_000)
    }

    @Test(arguments: [
        (
            "/dts-v1/; /plugin/; &nobody { };",
            "the overlay refers to the label 'nobody', which the tree's /__symbols__ lacks (compile it with dtc -@)"
        ),
        ("/dts-v1/; /plugin/; &{/nowhere} { };", "overlay /fragment@0: the tree has no target /nowhere"),
        (fragment("target = <99>;"), "overlay /f: the tree has no target with phandle 99"),
        (fragment("target = <1 2>;"), "overlay /f: 'target' is not sound"),
        (fragment("target = <0xffffffff>;"), "overlay /: 'target' is not sound"),
        (fragment(""), "overlay /f: 'target-path' is not sound"),
        (fragment("target-path = \"soc\";"), "overlay /f: 'target-path' is not sound"),
        (fragment("target-path = [2f 73 6f 63];"), "overlay /f: 'target-path' is not sound"),
        (fixups("/f/__overlay__:a"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f/__overlay__:a:"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f/__overlay__:a:1"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f/__overlay__:a:-4"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f/__overlay__:a:4294967292"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f/__overlay__:b:0"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f/none:a:0"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("f/__overlay__:a:0"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/f:target-path:0"), "overlay /__fixups__: 'pic' is not sound"),
        (fixups("/__fixups__:pic:0"), "overlay /__fixups__: 'pic' is not sound"),
        (local("f { __overlay__ { a = <1>; }; };"), "overlay /f/__overlay__: 'a' is not sound"),
        (local("f { __overlay__ { a = <0x7fffffff>; }; };"), "overlay /f/__overlay__: 'a' is not sound"),
        (local("f { __overlay__ { a = [00]; }; };"), "overlay /f/__overlay__: 'a' is not sound"),
        (local("f { __overlay__ { b = <0>; }; };"), "overlay /f/__overlay__: 'b' is not sound"),
        (local("f { target-path = <0>; };"), "overlay /f: 'target-path' is not sound"),
        (local("f { other { }; };"), "overlay /f/other: '__local_fixups__' is not sound"),
    ]) func `An overlay that cannot be merged says why and changes nothing`(overlay: String, message: String) throws {
        var tree = try DeviceTree(DeviceTreeCompiler.compile(overlayBase, symbols: true))
        let before = tree.finish()
        let unsound = try self.overlay(overlay)
        #expect(failure { try tree.apply(overlay: unsound) } == message)
        let after = tree.finish()
        #expect(after == before)
    }

    @Test func `A label whose symbol is an alias of itself is refused and not followed`() throws {
        var tree = try DeviceTree(
            DeviceTreeCompiler.compile("/dts-v1/; / { aliases { a = \"a\"; }; __symbols__ { pic = \"a\"; }; };"))
        let unsound = try overlay(fixups("/f/__overlay__:a:0"))
        #expect(
            failure { try tree.apply(overlay: unsound) }
                == "/__symbols__: property 'pic' does not hold what it has to")
    }

    @Test func `Phandles that would exceed their range are refused`() throws {
        var tree = try DeviceTree(DeviceTreeCompiler.compile("/dts-v1/; / { n { phandle = <0xfffffff0>; }; };"))
        let unsound = try overlay("/dts-v1/; /plugin/; &{/} { m { phandle = <0x20>; }; };")
        #expect(failure { try tree.apply(overlay: unsound) } == "all phandles are in use")
    }

    @Test func `An overlay above the limit is refused`() throws {
        let data = String(repeating: "5a", count: DeviceTree.maximumOverlaySize)
        let large = try overlay("/dts-v1/; /plugin/; &{/} { data = [\(data)]; };")
        var tree = DeviceTree()
        #expect(failure { try tree.apply(overlay: large) }?.hasSuffix("is over the limit of 65536") == true)
    }

    @Test func `Merging may not nest nodes deeper than a blob may`() throws {
        var tree = DeviceTree()
        var path = ""
        for level in 1...40 {
            path += "/n\(level)"
            try tree.addNode(path)
        }
        let nested = (1...40).map { "m\($0) {" }.joined() + String(repeating: "};", count: 40)
        let deep = try overlay("/dts-v1/; /plugin/; &{\(path)} { \(nested) };")
        #expect(failure { try tree.apply(overlay: deep) }?.hasSuffix("nodes nest deeper than 64 levels") == true)
    }

    private func overlay(_ source: String) throws -> DeviceTree {
        try DeviceTree(DeviceTreeCompiler.compile(source, symbols: true))
    }
}

/// An overlay of one fragment `f` with these properties and an empty content.
private func fragment(_ properties: String) -> String {
    "/dts-v1/; / { f { \(properties) __overlay__ { }; }; };"
}

/// A sound fragment `f` with property `a` of one cell, and one fix-up for the label `pic`.
private func fixups(_ reference: String) -> String {
    "/dts-v1/; / { f { target-path = \"/\"; __overlay__ { a = <0>; }; }; __fixups__ { pic = \"\(reference)\"; }; };"
}

/// A sound fragment `f` with property `a` of one cell, and local fix-ups.
private func local(_ fixups: String) -> String {
    "/dts-v1/; / { f { target-path = \"/\"; __overlay__ { a = <0>; }; }; __local_fixups__ { \(fixups) }; };"
}
