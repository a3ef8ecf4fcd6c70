import DeviceTree
import TestTools
import Testing

@Suite struct DifferenceTests {
    @Test func `A tree does not differ from itself`() throws {
        #expect(try differences("/ { a = <1>; n { }; };", "/ { a = <1>; n { }; };") == [])
    }

    @Test func `The order of nodes and properties does not count`() throws {
        #expect(try differences("/ { a; b; n { }; m { x; y; }; };", "/ { b; a; m { y; x; }; n { }; };") == [])
    }

    @Test func `A property that only one tree has is named`() throws {
        #expect(try differences("/ { n { a; }; };", "/ { n { b; }; };") == ["- /n: a", "+ /n: b"])
    }

    @Test func `A node that only one tree has is named without what is in it`() throws {
        #expect(try differences("/ { n { a; m { }; }; };", "/ { o { }; };") == ["- /n", "+ /o"])
    }

    @Test func `A changed property is shown with both values`() throws {
        #expect(
            try differences("/ { a = <1 2>; };", "/ { a = \"x\", \"y\"; };") == ["! /: a = <0x1 0x2> -> \"x\", \"y\""])
    }

    @Test func `A property that has become empty is shown so`() throws {
        #expect(try differences("/ { a = [01]; };", "/ { a; };") == ["! /: a = [01] -> empty"])
    }

    @Test func `Reservations are compared`() throws {
        #expect(
            try differences("/memreserve/ 1 2; / { };", "/ { };")
                == ["! /: /memreserve/ = <0x0 0x1 0x0 0x2> -> empty"])
    }

    private func differences(_ first: String, _ second: String) throws -> [String] {
        let first = try DeviceTree(DeviceTreeCompiler.compile("/dts-v1/; " + first))
        let second = try DeviceTree(DeviceTreeCompiler.compile("/dts-v1/; " + second))
        return first.differences(to: second).map(\.description)
    }
}

@Suite struct ReferenceComparisonTests {
    /// Two trees that are equal but for the numbers of their phandles.
    static let trees = (
        tree("a: a { phandle = <1>; #interrupt-cells = <1>; }; b: b { phandle = <2>; #interrupt-cells = <1>; };"),
        tree("a: a { phandle = <9>; #interrupt-cells = <1>; }; b: b { phandle = <8>; #interrupt-cells = <1>; };")
    )

    private static func tree(_ controllers: String) -> String {
        """
        / { \(controllers) user { interrupt-parent = <&a>; interrupts-extended = <&a 1 &b 2>; other = <&a>; };
            nexus { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 &a 2>, <2 &b 3>; }; };
        """
    }

    @Test func `References are equal where they lead to the same node`() throws {
        let found = try differences(Self.trees.0, Self.trees.1, .target)
        // Nobody knows that this property holds a phandle.
        #expect(found == ["! /user: other = <0x1> -> <0x9>"])
    }

    @Test func `As bytes they differ`() throws {
        let found = try differences(Self.trees.0, Self.trees.1, .value)
        #expect(found.contains("! /user: interrupt-parent = <0x1> -> <0x9>"))
        #expect(found.contains("! /a: phandle = <0x1> -> <0x9>"))
        #expect(found.count == 6)
    }

    @Test func `The same number for another node is a difference, shown as paths`() throws {
        let first = "/ { a { phandle = <1>; }; b { phandle = <2>; }; user { interrupt-parent = <1>; }; };"
        let second = "/ { a { phandle = <2>; }; b { phandle = <1>; }; user { interrupt-parent = <1>; }; };"
        #expect(
            try differences(first, second, .target) == ["! /user: interrupt-parent = <&{/a}> -> <&{/b}>"])
    }

    @Test func `A reference that leads nowhere is a number`() throws {
        let (first, second) = ("/ { n { interrupt-parent = <7>; }; };", "/ { n { interrupt-parent = <8>; }; };")
        #expect(try differences(first, first, .target) == [])
        #expect(try differences(first, second, .target) == ["! /n: interrupt-parent = <0x7> -> <0x8>"])
    }

    @Test func `What surrounds a reference counts`() throws {
        let (first, second) = (
            "/ { a: a { #gpio-cells = <1>; }; n { gpios = <&a 1>; }; };",
            "/ { a: a { #gpio-cells = <1>; }; n { gpios = <&a 2>; }; };"
        )
        #expect(try differences(first, second, .target) == ["! /n: gpios = <&{/a} 0x1> -> <&{/a} 0x2>"])
    }

    private func differences(_ first: String, _ second: String, _ comparison: ReferenceComparison) throws -> [String] {
        let first = try DeviceTree(DeviceTreeCompiler.compile("/dts-v1/; " + first))
        let second = try DeviceTree(DeviceTreeCompiler.compile("/dts-v1/; " + second))
        return first.differences(to: second, comparing: comparison).map(\.description)
    }
}
