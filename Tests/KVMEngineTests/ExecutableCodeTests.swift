import GuestMemory
import KVMEngine
import Testing

/// Where instructions are in an ELF file, as the System V ABI describes one.
@Suite struct ExecutableCodeTests {
    /// A file with one segment of 0x3000 bytes at real address 0x10000 and virtual address 0xC0000000_00010000, and sections
    /// in it.
    private static func file(
        _ order: ByteOrder, isExecutable: Bool = true,
        sections: [(type: UInt32, flags: UInt64, offset: UInt64, size: UInt64)]
    ) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: 64 + 56 + 64 * sections.count)
        func put<T: FixedWidthInteger>(_ value: T, _ offset: Int) {
            let raw = order == .big ? value.bigEndian : value.littleEndian
            let bytes = unsafe withUnsafeBytes(of: raw) { unsafe [UInt8]($0) }
            for (index, byte) in bytes.enumerated() { file[offset + index] = byte }
        }
        for (index, byte) in [0x7F, 0x45, 0x4C, 0x46, 2, order == .big ? 2 : 1].enumerated() {
            file[index] = UInt8(byte)
        }
        put(UInt64(64), 32)
        put(UInt64(sections.isEmpty ? 0 : 120), 40)
        put(UInt16(56), 54)
        put(UInt16(1), 56)
        put(UInt16(64), 58)
        put(UInt16(sections.count), 60)
        put(UInt32(1), 64)
        put(UInt32(isExecutable ? 5 : 6), 68)
        put(UInt64(0xC000_0000_0001_0000), 64 + 16)
        put(UInt64(0x1_0000), 64 + 24)
        put(UInt64(0x3000), 64 + 32)
        for (index, section) in sections.enumerated() {
            let header = 120 + 64 * index
            put(section.type, header + 4)
            put(section.flags, header + 8)
            put(0xC000_0000_0001_0000 &+ section.offset, header + 16)
            put(section.size, header + 32)
        }
        return file
    }

    private static func pieces(_ file: [UInt8]) -> [[UInt64]]? {
        ExecutableCode(file)?.pieces.map { [$0.address, $0.size] }
    }

    @Test(arguments: [ByteOrder.big, .little]) func `executable sections count, at their real addresses`(
        order: ByteOrder
    ) {
        let file = Self.file(
            order, sections: [(1, 6, 0x100, 0x80), (1, 2, 0x200, 0x80), (8, 6, 0x300, 0x80), (1, 7, 0x1000, 0x2000)])
        #expect(ExecutableCode(file)?.order == order)
        #expect(Self.pieces(file) == [[0x1_0100, 0x80], [0x1_1000, 0x2000]])
    }

    @Test func `a file without sections has its executable segments`() {
        #expect(Self.pieces(Self.file(.little, sections: [])) == [[0x1_0000, 0x3000]])
        #expect(Self.pieces(Self.file(.little, isExecutable: false, sections: [])) == [])
    }

    @Test func `a section that no segment loads does not count`() {
        let file = Self.file(.big, sections: [(1, 6, 0x2FFF, 2), (1, 6, .max, .max), (1, 6, 0, 4)])
        #expect(Self.pieces(file) == [[0x1_0000, 4]])
    }

    @Test func `pieces ascend, and no byte is in two of them`() {
        let sections: [(type: UInt32, flags: UInt64, offset: UInt64, size: UInt64)] = [
            (1, 6, 0x800, 0x100), (1, 6, 0x100, 0x80), (1, 6, 0x840, 8), (1, 6, 0x140, 0x80), (1, 6, 0, 0),
        ]
        let file = Self.file(.big, sections: sections)
        #expect(Self.pieces(file) == [[0x1_0100, 0xC0], [0x1_0800, 0x100]])
    }

    @Test func `a segment that ends behind the last address has no pieces, nor has an empty one there`() {
        var file = Self.file(.big, sections: [])
        file.replaceSubrange(64 + 24..<64 + 32, with: [UInt8](repeating: 0xFF, count: 8))
        #expect(Self.pieces(file) == [])
        file.replaceSubrange(64 + 32..<64 + 40, with: [UInt8](repeating: 0, count: 8))
        #expect(Self.pieces(file) == [])
    }

    @Test func `what is no 64-bit ELF file has none`() {
        #expect(ExecutableCode([]) == nil)
        #expect(ExecutableCode([UInt8](repeating: 0, count: 64)) == nil)
        var file = Self.file(.big, sections: [])
        file[4] = 1
        #expect(ExecutableCode(file) == nil)
    }

    @Test func `headers that end early or count too much are survived`() {
        let whole = Self.file(.little, sections: [(1, 6, 0x100, 0x80)])
        for length in 0..<whole.count { _ = ExecutableCode(Array(whole.prefix(length))) }
        var file = whole
        for place in 32..<64 { file[place] = 0xFF }
        _ = ExecutableCode(file)
    }
}
