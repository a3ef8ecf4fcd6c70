import DeviceTree
import TestTools
import Testing

@Suite struct OpeningTests {
    @Test func `A finished tree opens again as the same bytes`() throws {
        let blob = try smallTree().finish()
        let again = try DeviceTree(blob).finish()
        #expect(again == blob)
    }

    @Test func `What dtc compiles opens with its nodes, properties and reservations`() throws {
        let blob = try DeviceTreeCompiler.compile(
            "/dts-v1/; /memreserve/ 0x10 0x20; / { a { b = <5>; }; };")
        let tree = try DeviceTree(blob)
        let (reservations, value) = (tree.reservations, tree.property("b", at: "/a"))
        #expect(reservations == [MemoryReservation(address: 0x10, size: 0x20)])
        #expect(value == .u32(5))
    }

    @Test func `Version 16 opens and becomes version 17`() throws {
        let blob = try DeviceTree(
            try Tool(named: "dtc").run(
                ["-q", "-V", "16", "-O", "dtb"], input: [UInt8]("/dts-v1/; / { a = <1>; };".utf8)
            ).output
        ).finish()
        #expect(word(blob, at: HeaderField.version) == 17)
    }

    @Test func `Bytes after the blob do not matter`() throws {
        let blob = try smallTree().finish()
        let opened = try DeviceTree(blob + [1, 2, 3]).finish()
        #expect(opened == blob)
    }

    @Test func `Every truncation is refused`() throws {
        let blob = try smallTree().finish()
        let opened = blob.indices.filter { openingFailure([UInt8](blob[..<$0])) == nil }
        #expect(opened == [])
    }

    @Test func `Other bytes are refused as no device tree`() {
        #expect(
            openingFailure([UInt8](repeating: 0x7F, count: 100))
                == "not a device tree blob: the magic number d00dfeed is missing")
    }

    @Test(arguments: [0, 3, 15, 18, 0xFFFF_FFFF] as [UInt32]) func `Another version is refused`(version: UInt32) throws
    {
        let blob = patching(try smallTree().finish(), [(HeaderField.version, version)])
        #expect(
            openingFailure(blob)
                == "device tree version \(version): only 16 and 17 are supported; recompile it with dtc -V 17")
    }

    @Test func `A blob that claims more than the limit is refused`() throws {
        let blob = patching(try smallTree().finish(), [(HeaderField.totalSize, 0x7FFF_FFFF)])
        #expect(openingFailure(blob) == "a device tree of 2147483647 bytes is over the limit of 8388608")
    }

    @Test func `A tree above the limit is refused`() throws {
        let source = "/dts-v1/; / { a = [\(String(repeating: "00", count: DeviceTree.maximumSize))]; };"
        let blob = try DeviceTreeCompiler.compile(source)
        #expect(openingFailure(blob)?.hasSuffix("is over the limit of 1048576") == true)
    }

    @Test func `Padding does not count toward the limit`() throws {
        let blob = try smallTree().finish()
        let padded =
            patching(blob, [(HeaderField.totalSize, 2 << 20)])
            + [UInt8](repeating: 0, count: 2 << 20 - blob.count)
        let opened = try DeviceTree(padded).finish()
        #expect(opened == blob)
    }

    @Test(arguments: [HeaderField.structure, HeaderField.strings, HeaderField.reservations])
    func `A block outside the blob is refused`(field: Int) throws {
        let blob = patching(try smallTree().finish(), [(field, 0xFFFF_FFF8)])
        #expect(openingFailure(blob) == "the device tree blob is truncated")
    }

    @Test(arguments: [HeaderField.structureSize, HeaderField.stringsSize])
    func `A block that ends outside the blob is refused`(field: Int) throws {
        let blob = patching(try smallTree().finish(), [(field, 0xFFFF_FFF0)])
        #expect(openingFailure(blob) == "the device tree blob is truncated")
    }

    @Test func `Blocks that overlap are refused`() throws {
        let blob = try smallTree().finish()
        let overlapping = patching(
            blob, [(HeaderField.strings, word(blob, at: HeaderField.strings) - 8)])
        #expect(openingFailure(overlapping) != nil)
    }

    @Test func `Strings that are the structure block are refused`() throws {
        let blob = try DeviceTreeCompiler.compile("/dts-v1/; / { };")
        let overlapping = patching(
            blob, [(HeaderField.strings, word(blob, at: HeaderField.structure)), (HeaderField.stringsSize, 8)])
        #expect(
            openingFailure(overlapping)
                == "the blocks of the device tree blob overlap, are misaligned or lie outside it")
    }

    @Test func `A property that claims a negative length is refused and not walked in a circle`() throws {
        let blob = try DeviceTreeCompiler.compile("/dts-v1/; / { a = <1>; };")
        // After the begin token and the empty name comes the property's token, then its length.
        let length = Int(word(blob, at: HeaderField.structure)) + 12
        #expect(openingFailure(patching(blob, [(length, 0xFFFF_FFF4)])) == "the device tree blob is truncated")
    }

    @Test func `Two properties of one name are refused`() throws {
        let blob = try DeviceTreeCompiler.compile("/dts-v1/; / { n { aa = <1>; ab = <2>; }; };")
        let changed = try #require(blob.lastIndex(of: UInt8(ascii: "b")))
        var duplicate = blob
        duplicate[changed] = UInt8(ascii: "a")
        #expect(openingFailure(duplicate) == "/n: the name 'aa' occurs twice")
    }

    @Test func `Two children of one name are refused`() throws {
        let blob = try DeviceTreeCompiler.compile("/dts-v1/; / { n { xa { }; xb { }; }; };")
        var duplicate = blob
        duplicate[try #require(blob.lastIndex(of: UInt8(ascii: "b")))] = UInt8(ascii: "a")
        #expect(openingFailure(duplicate) == "/n: the name 'xa' occurs twice")
    }

    @Test func `Many names are searched for duplicates too`() throws {
        let names = (0..<100).map { "p\($0) = <1>;" }.joined()
        let blob = try DeviceTreeCompiler.compile("/dts-v1/; / { \(names) p1x = <2>; };")
        var duplicate = blob
        duplicate[try #require(blob.lastIndex(of: UInt8(ascii: "x")))] = UInt8(ascii: "7")
        #expect(openingFailure(duplicate) == "/: the name 'p17' occurs twice")
    }

    @Test func `A name that dtc could not read is refused`() throws {
        var blob = try DeviceTreeCompiler.compile("/dts-v1/; / { zz { }; };")
        blob[try #require(blob.lastIndex(of: UInt8(ascii: "z")))] = 10
        #expect(openingFailure(blob) == "/: 'z?' is not the name of a node or property")
    }

    @Test func `Nodes nest as deep as in Linux and no deeper`() throws {
        func nested(_ depth: Int) throws -> [UInt8] {
            let open = (1..<depth).map { "n\($0) {" }.joined()
            return try DeviceTreeCompiler.compile(
                "/dts-v1/; / { \(open) \(String(repeating: "};", count: depth - 1)) };")
        }
        #expect(openingFailure(try nested(DeviceTree.maximumDepth)) == nil)
        #expect(
            openingFailure(try nested(DeviceTree.maximumDepth + 1))?.hasSuffix("nest deeper than 64 levels") == true)
    }
}
