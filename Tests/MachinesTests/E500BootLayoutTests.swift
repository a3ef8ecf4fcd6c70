import Devices
import Machines
import Testing

@Suite struct E500BootLayoutTests {
    private static let mebibyte: UInt64 = 1 << 20

    private func layout(
        kernel: AddressRange = AddressRange(base: 0, size: 7 << 20), entry: UInt64 = 0, initrd: UInt64? = nil,
        memory: UInt64 = 256 << 20
    ) throws(E500BootError) -> E500BootLayout {
        try E500BootLayout(entry: entry, kernel: kernel, initrdSize: initrd, memorySize: memory)
    }

    @Test func `the tree leaves the kernel 24 MiB for its data, and the RAM disk follows the tree`() throws {
        let layout = try layout(initrd: 123_456)
        #expect(layout.tree == AddressRange(base: 31 << 20, size: 1 << 20))
        #expect(layout.initrd == AddressRange(base: 32 << 20, size: 123_456))
    }

    @Test(
        arguments: [
            (AddressRange(base: 0, size: 1), 32_505_856),
            (AddressRange(base: 1 << 20, size: 6 << 20), 0),
            (AddressRange(base: 0, size: (7 << 20) - 1), 0),
        ] as [(AddressRange, UInt64)])
    func `kernel, tree and RAM disk are apart and end on 1 MiB`(kernel: AddressRange, initrd: UInt64) throws {
        let layout = try layout(kernel: kernel, initrd: initrd)
        #expect(layout.tree.base.isMultiple(of: Self.mebibyte))
        #expect(!layout.tree.overlaps(kernel))
        #expect(try #require(layout.initrd).base >= layout.tree.base + layout.tree.size)
    }

    @Test func `a kernel that ends above memory is refused`() {
        #expect(throws: E500BootError.self) {
            try layout(kernel: AddressRange(base: 0, size: 65 << 20), memory: 64 << 20)
        }
    }

    @Test func `a kernel without room for its data and the tree is refused`() {
        #expect(throws: E500BootError.self) {
            try layout(kernel: AddressRange(base: 0, size: 60 << 20), memory: 64 << 20)
        }
    }

    @Test(arguments: [34_603_008, UInt64.max])
    func `a RAM disk that does not fit behind the tree is refused`(size: UInt64) {
        #expect(throws: E500BootError.self) { try layout(initrd: size, memory: 64 << 20) }
    }

    @Test(arguments: [2, 256 << 20, UInt64.max - 3])
    func `an entry that is no word in memory is refused`(entry: UInt64) {
        #expect(throws: E500BootError.self) { try layout(entry: entry) }
    }
}
