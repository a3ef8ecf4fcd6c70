import GuestMemory
import Machines
import TestTools
import Testing

/// A 64-bit ELF file as a table of its fields, so that each test can get one of them wrong.
struct ELF64Builder {
    struct Segment {
        var type: UInt32 = 1
        var virtual: UInt64
        var physical: UInt64
        var contents: [UInt8]
        /// Bytes in the file and in memory; as many as there are contents unless given.
        var fileSize: UInt64?
        var memorySize: UInt64?
        var offset: UInt64?
    }

    var isLittleEndian: Bool
    var wordSize: UInt8 = 2
    var type: UInt16 = 2
    var machine: UInt16 = 21
    var entry: UInt64 = 0xC000_0000_0000_0004
    var programHeaders: UInt64 = 64
    var programHeaderSize: UInt16 = 56
    var segments = [
        Segment(virtual: 0xC000_0000_0000_0000, physical: 0, contents: [1, 2, 3, 4, 5, 6, 7, 8]),
        Segment(virtual: 0xC000_0000_0000_1000, physical: 0x1000, contents: [9, 10, 11, 12], memorySize: 20),
    ]

    private func field(_ value: some FixedWidthInteger) -> [UInt8] {
        isLittleEndian ? value.bytes.reversed() : value.bytes
    }

    /// The file: header, program headers, contents.
    var file: [UInt8] {
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, wordSize, isLittleEndian ? 1 : 2, 1]
        file += [UInt8](repeating: 0, count: 9)
        file += field(type) + field(machine) + field(1 as UInt32) + field(entry) + field(programHeaders)
        file += field(0 as UInt64) + field(2 as UInt32) + field(64 as UInt16) + field(programHeaderSize)
        file += field(UInt16(segments.count)) + [UInt8](repeating: 0, count: 6)
        var offset = UInt64(64 + 56 * segments.count)
        for segment in segments {
            let count = UInt64(segment.contents.count)
            file += field(segment.type) + field(7 as UInt32) + field(segment.offset ?? offset)
            file += field(segment.virtual) + field(segment.physical) + field(segment.fileSize ?? count)
            file += field(segment.memorySize ?? count) + field(0x1_0000 as UInt64)
            offset += count
        }
        for segment in segments { file += segment.contents }
        return file
    }
}

@Suite struct ELF64ImageTests {
    private static func image(_ builder: ELF64Builder) throws(ImageError) -> KernelImage {
        try KernelImage(builder.file, for: .bits64)
    }

    @Test(arguments: [true, false])
    func `a kernel is loaded at its physical addresses and entered there, in either byte order`(little: Bool) throws {
        let image = try Self.image(ELF64Builder(isLittleEndian: little))
        #expect(image.kind == .elf)
        #expect(image.entry == 4)
        #expect(image.segments.map(\.address) == [0, 0x1000])
        #expect(image.endAddress == 0x1014)
        let memory = try GuestMemory(size: 0x2000)
        try memory.store(UInt64.max, at: 0x1004)
        try image.load(into: memory)
        #expect(try memory.read(at: 0, count: 8) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try memory.read(at: 0x1000, count: 8) == [9, 10, 11, 12, 0, 0, 0, 0])
    }

    @Test func `an entry point that is no virtual address is a physical one`() throws {
        var builder = ELF64Builder(isLittleEndian: false)
        builder.entry = 0x1004
        #expect(try Self.image(builder).entry == 0x1004)
        builder.entry = 0x2000
        #expect(throws: ImageError.entryOutsideImage(0x2000)) { _ = try Self.image(builder) }
    }

    @Test(arguments: [true, false])
    func `32-bit PowerPC is refused, and 64-bit where 32 are needed`(little: Bool) {
        #expect(throws: ImageError.is32Bit) { _ = try KernelImage(ELFBuilder.valid.file, for: .bits64) }
        #expect(throws: ImageError.is64Bit) { _ = try KernelImage(ELF64Builder(isLittleEndian: little).file) }
        var builder = ELF64Builder(isLittleEndian: little)
        builder.machine = 20
        #expect(throws: ImageError.is32Bit) { _ = try Self.image(builder) }
        builder.machine = 21
        builder.wordSize = 1
        #expect(throws: ImageError.is32Bit) { _ = try Self.image(builder) }
    }

    @Test func `another processor is refused by name`() {
        var builder = ELF64Builder(isLittleEndian: true)
        builder.machine = 62
        let error = #expect(throws: ImageError.self) { _ = try Self.image(builder) }
        #expect(error == .notPowerPC(ELFMachine(rawValue: 62), littleEndian: true, needs: .bits64))
        #expect(error?.description.contains("64-bit PowerPC file is needed") == true)
    }

    @Test(arguments: [true, false])
    func `a file that is no executable is refused`(little: Bool) {
        var builder = ELF64Builder(isLittleEndian: little)
        builder.type = 1
        #expect(throws: ImageError.notExecutable(type: 1)) { _ = try Self.image(builder) }
    }

    /// What the first segment's fields are, and the error.
    static let badSegments: [(offset: UInt64?, fileSize: UInt64?, memorySize: UInt64?, physical: UInt64, ImageError)] =
        [
            (nil, 9, 8, 0, .badSegmentSize(index: 0)),
            (.max, nil, nil, 0, .truncated(.segment(0), needs: .max, has: 188)),
            (.max - 7, nil, nil, 0, .truncated(.segment(0), needs: .max, has: 188)),
            (181, nil, nil, 0, .truncated(.segment(0), needs: 189, has: 188)),
            (nil, .max, .max, 0, .truncated(.segment(0), needs: .max, has: 188)),
            (nil, 1 << 63, .max, 0, .truncated(.segment(0), needs: 1 << 63 + 176, has: 188)),
            (nil, nil, nil, .max - 6, .segmentBeyondMemory(index: 0)),
            (nil, nil, .max, 1, .segmentBeyondMemory(index: 0)),
            (nil, nil, 0x1001, 0, .overlappingSegments(at: 0x1000)),
            (nil, nil, .max, 0, .overlappingSegments(at: 0x1000)),
        ]

    @Test(arguments: badSegments)
    func `a segment that cannot be is refused`(
        offset: UInt64?, fileSize: UInt64?, memorySize: UInt64?, physical: UInt64, error: ImageError
    ) {
        var builder = ELF64Builder(isLittleEndian: true)
        builder.segments[0].offset = offset
        builder.segments[0].fileSize = fileSize
        builder.segments[0].memorySize = memorySize
        builder.segments[0].physical = physical
        #expect(throws: error) { _ = try Self.image(builder) }
    }

    /// Where the program headers are, their size, and the error.
    private static let badHeaders: [(start: UInt64, size: UInt16, error: ImageError)] = [
        (64, 55, .badProgramHeaderSize(55, needs: 56)),
        (.max, 56, .truncated(.programHeaders, needs: .max, has: 188)),
        (.max - 200, 56, .truncated(.programHeaders, needs: .max - 88, has: 188)),
        (77, 56, .truncated(.programHeaders, needs: 189, has: 188)),
        (64, .max, .truncated(.programHeaders, needs: 64 + 2 * 65535, has: 188)),
    ]

    @Test(arguments: badHeaders)
    func `program headers that are not there are refused`(start: UInt64, size: UInt16, error: ImageError) {
        var builder = ELF64Builder(isLittleEndian: true)
        builder.programHeaders = start
        builder.programHeaderSize = size
        #expect(throws: error) { _ = try Self.image(builder) }
    }

    @Test func `a file without anything to load is refused`() {
        var builder = ELF64Builder(isLittleEndian: true)
        builder.segments[0].type = 4
        builder.segments[1].type = 4
        #expect(throws: ImageError.noSegments) { _ = try Self.image(builder) }
        builder.segments = []
        #expect(throws: ImageError.noSegments) { _ = try Self.image(builder) }
    }

    @Test(arguments: [true, false])
    func `a file that ends anywhere is refused`(little: Bool) {
        let file = ELF64Builder(isLittleEndian: little).file
        for count in 0..<file.count {
            #expect(throws: ImageError.self) { _ = try KernelImage(Array(file[..<count]), for: .bits64) }
        }
    }

    @Test func `a damaged file is refused or is an image of which everything is in the file`() {
        var random = SeededRandom(seed: 1)
        let file = ELF64Builder(isLittleEndian: true).file
        for _ in 0..<20_000 {
            var damaged = file
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 4..<176, using: &random)
                damaged[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
            }
            guard let image = try? KernelImage(damaged, for: .bits64) else { continue }
            var end: UInt64 = 0
            for segment in image.segments {
                #expect(segment.address >= end && segment.end >= segment.address)
                #expect(segment.contents.upperBound <= image.bytes.count)
                end = segment.end
            }
        }
    }
}
