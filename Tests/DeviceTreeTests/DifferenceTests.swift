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
