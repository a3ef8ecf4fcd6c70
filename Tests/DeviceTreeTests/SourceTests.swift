import DeviceTree
import TestTools
import Testing

@Suite struct SourceTests {
    @Test func `A tree prints as source`() throws {
        let source = try smallTree().source
        #expect(
            source == """
                /dts-v1/;

                /memreserve/ 0x1000 0x200;

                / {
                \tmodel = "small";
                \t#address-cells = <0x1>;

                \tsoc@f0000000 {
                \t\tcompatible = "acme,soc", "simple-bus";
                \t\tranges;

                \t\tpic@40000 {
                \t\t\tphandle = <0x1>;
                \t\t\tbig = <0x1 0x2>;
                \t\t};

                \t\tserial@4500 {
                \t\t\tinterrupt-parent = <0x1>;
                \t\t\tmac = [00 01 02 03 04 ff];
                \t\t};
                \t};
                };

                """)
    }

    @Test(
        arguments: [
            ([], "empty"), ([0], "\"\""), ([0x61, 0], "\"a\""), ([0x61, 0, 0x62, 0], "\"a\", \"b\""),
            ([0x61], "[61]"), ([0x61, 0, 0], "[61 00 00]"), ([0, 0, 0, 0], "<0x0>"),
            ([0x61, 0x62, 0, 0], "<0x61620000>"),
            ([0x22, 0x5C, 9, 10, 13, 0], #""\"\\\t\n\r""#), ([0x7F, 0], "[7f 00]"), ([0xC3, 0xA4, 0], "[c3 a4 00]"),
            ([0, 0x61, 0], "[00 61 00]"),
        ] as [([UInt8], String)]) func `A value prints as what it looks like`(bytes: [UInt8], text: String)
    {
        #expect(PropertyValue.bytes(bytes).source == text)
    }

    @Test(arguments: UInt64(1)...20) func `dtc makes an equal tree of the source of a random tree`(seed: UInt64) throws
    {
        var random = SeededRandom(seed: seed)
        var builder = DeviceTreeBuilder(reservations: [MemoryReservation(address: random.next(), size: 16)])
        fill(&builder, depth: 0, &random)
        let tree = try builder.finish()
        let compiled = try DeviceTree(DeviceTreeCompiler.compile(tree.source))
        let differences = tree.differences(to: compiled)
        #expect(differences == [])
    }

    @Test func `dtc reads the blob as the same tree as its source`() throws {
        let tree = try smallTree()
        let (fromBlob, fromSource) = (
            try DeviceTreeCompiler.decompile(tree.finish()),
            try DeviceTreeCompiler.decompile(DeviceTreeCompiler.compile(tree.source))
        )
        #expect(fromBlob == fromSource)
    }

    /// Fills a node with values of all looks and with nodes, four levels deep.
    private func fill(_ node: inout DeviceTreeBuilder, depth: Int, _ random: inout SeededRandom) {
        for index in 0..<random.below(6) {
            let count = random.below(24)
            let values: [UInt8] = random.below(2) == 0 ? [0, 0x22, 0x41, 0x5C, 0x7A] : [UInt8](0...255)
            let bytes = (0..<count).map { _ in values[random.below(values.count)] }
            node.set("p\(index),#", .bytes(bytes + (random.below(2) == 0 ? [0] : [])))
        }
        guard depth < 4 else { return }
        for index in 0..<random.below(4) {
            node.node("n\(index)@\(random.below(9))") { fill(&$0, depth: depth + 1, &random) }
        }
    }
}
