import GuestMemory
import Machines
import Testing

@Suite struct ELFImageTests {
    @Test func `segments go to their physical addresses`() throws {
        let image = try KernelImage(ELFBuilder.valid.file)
        #expect(image.kind == .elf)
        #expect(image.segments.map(\.address) == [0x1000, 0x2000])
        #expect(
            image.segments.map { [UInt8](image.bytes[$0.contents]) } == [[1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11, 12]])
        #expect(image.segments.map(\.zeroFill) == [0, 16])
        #expect(image.lowestAddress == 0x1000)
        #expect(image.endAddress == 0x2014)
    }

    @Test func `a virtual entry point is translated through its segment`() throws {
        #expect(try KernelImage(ELFBuilder.valid.file).entry == 0x1004)
    }

    @Test func `an entry point outside every virtual range is physical`() throws {
        var builder = ELFBuilder.valid
        builder.entry = 0x2013
        #expect(try KernelImage(builder.file).entry == 0x2013)
    }

    @Test(arguments: [0, 0xFFF, 0x1008, 0x2014, 0xC000_0008, 0xFFFF_FFFF] as [UInt32])
    func `an entry point outside the image is refused`(entry: UInt32) {
        var builder = ELFBuilder.valid
        builder.entry = entry
        #expect(throws: ImageError.entryOutsideImage(UInt64(entry))) { _ = try KernelImage(builder.file) }
    }

    @Test func `segments may come in any order`() throws {
        var builder = ELFBuilder.valid
        builder.segments.reverse()
        #expect(try KernelImage(builder.file).segments.map(\.address) == [0x1000, 0x2000])
    }

    @Test func `shared objects are accepted`() throws {
        var builder = ELFBuilder.valid
        builder.type = 3
        #expect(try KernelImage(builder.file).entry == 0x1004)
    }

    @Test func `program headers that load nothing are passed over`() throws {
        var builder = ELFBuilder.valid
        builder.segments.append(.init(type: 4, virtual: 0, physical: 0x1000, contents: [1]))
        builder.segments.append(.init(virtual: 0, physical: 0x1000, contents: []))
        #expect(try KernelImage(builder.file).segments.count == 2)
    }

    @Test func `a segment of zeros alone needs no bytes in the file`() throws {
        var builder = ELFBuilder.valid
        builder.segments.append(.init(virtual: 0, physical: 0x3000, contents: [], memorySize: 0x100))
        #expect(try KernelImage(builder.file).endAddress == 0x3100)
    }

    @Test(
        arguments: [
            (62, 1, "x86-64, little-endian"), (3, 1, "x86, little-endian"), (22, 2, "s390, big-endian"),
            (183, 1, "AArch64, little-endian"), (243, 1, "RISC-V, little-endian"),
            (0x1234, 2, "machine 4660, big-endian"),
        ] as [(UInt16, UInt8, String)])
    func `a file for another processor is refused by name`(machine: UInt16, byteOrder: UInt8, name: String) throws {
        var builder = ELFBuilder.valid
        builder.machine = byteOrder == 1 ? machine.byteSwapped : machine
        builder.byteOrder = byteOrder
        let error = #expect(throws: ImageError.self) { _ = try KernelImage(builder.file) }
        #expect(error == .notPowerPC(ELFMachine(rawValue: machine), littleEndian: byteOrder == 1, needs: .bits32))
        #expect(error?.description.contains(name) == true)
    }

    @Test func `64-bit PowerPC is refused`() {
        var builder = ELFBuilder.valid
        builder.machine = 21
        builder.wordSize = 2
        #expect(throws: ImageError.is64Bit) { _ = try KernelImage(builder.file) }
    }

    @Test func `little-endian PowerPC is refused`() {
        var builder = ELFBuilder.valid
        builder.machine = (20 as UInt16).byteSwapped
        builder.byteOrder = 1
        #expect(throws: ImageError.isLittleEndian) { _ = try KernelImage(builder.file) }
    }

    @Test(arguments: [(0, 2), (3, 2), (1, 0), (1, 3)] as [(UInt8, UInt8)])
    func `an unknown identification is refused`(wordSize: UInt8, byteOrder: UInt8) {
        var builder = ELFBuilder.valid
        builder.wordSize = wordSize
        builder.byteOrder = byteOrder
        #expect(throws: ImageError.badIdentification(wordSize: wordSize, byteOrder: byteOrder)) {
            _ = try KernelImage(builder.file)
        }
    }

    @Test(arguments: [0, 1, 4, 0xFFFF] as [UInt16])
    func `a file that is no executable is refused`(type: UInt16) {
        var builder = ELFBuilder.valid
        builder.type = type
        #expect(throws: ImageError.notExecutable(type: type)) { _ = try KernelImage(builder.file) }
    }

    @Test func `a file without anything to load is refused`() {
        #expect(throws: ImageError.noSegments) { _ = try KernelImage(ELFBuilder(entry: 0, segments: []).file) }
    }

    @Test func `program headers too small for the format are refused`() {
        var builder = ELFBuilder.valid
        builder.programHeaderSize = 31
        #expect(throws: ImageError.badProgramHeaderSize(31, needs: 32)) { _ = try KernelImage(builder.file) }
    }

    @Test func `a segment with more bytes in the file than in memory is refused`() {
        var builder = ELFBuilder.valid
        builder.segments[1].memorySize = 3
        #expect(throws: ImageError.badSegmentSize(index: 1)) { _ = try KernelImage(builder.file) }
    }

    @Test func `overlapping segments are refused`() {
        var builder = ELFBuilder.valid
        builder.segments[0].memorySize = 0x1001
        #expect(throws: ImageError.overlappingSegments(at: 0x2000)) { _ = try KernelImage(builder.file) }
    }

    @Test func `adjacent segments are accepted`() throws {
        var builder = ELFBuilder.valid
        builder.segments[0].memorySize = 0x1000
        #expect(try KernelImage(builder.file).segments.count == 2)
    }

    @Test func `a file cut off anywhere is refused and never believed`() {
        let file = ELFBuilder.valid.file
        for count in 1..<file.count {
            #expect(throws: ImageError.self) { _ = try KernelImage([UInt8](file[..<count])) }
        }
    }

    @Test(
        arguments: [
            (20, .elfHeader, 52), (51, .elfHeader, 52), (52, .programHeaders, 116), (115, .programHeaders, 116),
            (116, .segment(0), 124), (127, .segment(1), 128),
        ] as [(Int, ImageError.Part, UInt64)])
    func `a file cut off says what is missing`(count: Int, part: ImageError.Part, needs: UInt64) {
        let file = [UInt8](ELFBuilder.valid.file[..<count])
        #expect(throws: ImageError.truncated(part, needs: needs, has: UInt64(count))) { _ = try KernelImage(file) }
    }
}

@Suite struct UImageTests {
    @Test func `the payload goes to the load address`() throws {
        let image = try KernelImage(UImageBuilder(load: 0x10_0000, entry: 0x10_0002, payload: [1, 2, 3, 4]).file)
        #expect(image.kind == .uImage)
        #expect(image.entry == 0x10_0002)
        #expect(image.segments.map(\.address) == [0x10_0000])
        #expect([UInt8](image.bytes[image.segments[0].contents]) == [1, 2, 3, 4])
    }

    @Test func `bytes after the payload are ignored`() throws {
        let image = try KernelImage(UImageBuilder().file + [0xFF, 0xFF])
        #expect(image.endAddress == 4)
    }

    @Test func `a damaged header is refused`() {
        let builder = UImageBuilder(headerChecksum: 0x1234_5678)
        let computed = crc32(
            [UInt8](UImageBuilder().file[..<4]) + [0, 0, 0, 0] + [UInt8](UImageBuilder().file[8..<64]))
        #expect(throws: ImageError.badHeaderChecksum(stated: 0x1234_5678, computed: computed)) {
            _ = try KernelImage(builder.file)
        }
    }

    @Test func `a damaged payload is refused`() {
        let file = UImageBuilder(dataChecksum: 0x1234_5678).file
        #expect(throws: ImageError.badDataChecksum(stated: 0x1234_5678, computed: crc32([1, 2, 3, 4]))) {
            _ = try KernelImage(file)
        }
    }

    @Test func `another processor's image is refused`() {
        #expect(throws: ImageError.uImageNotPowerPC(2)) { _ = try KernelImage(UImageBuilder(architecture: 2).file) }
    }

    @Test func `an image that is no kernel is refused`() {
        #expect(throws: ImageError.uImageNotKernel(3)) { _ = try KernelImage(UImageBuilder(type: 3).file) }
    }

    @Test(arguments: [2, 3, 4, 5, 6, 255] as [UInt8])
    func `another compression is refused`(method: UInt8) {
        #expect(throws: ImageError.unsupportedCompression(method)) {
            _ = try KernelImage(UImageBuilder(compression: method).file)
        }
    }

    @Test func `data that is not gzip is refused`() {
        #expect(throws: ImageError.badCompressedData) { _ = try KernelImage(UImageBuilder(compression: 1).file) }
    }

    @Test func `an empty payload is refused`() {
        #expect(throws: ImageError.empty) { _ = try KernelImage(UImageBuilder(payload: []).file) }
    }

    @Test func `a header cut off is refused`() {
        let file = [UInt8](UImageBuilder().file[..<63])
        #expect(throws: ImageError.truncated(.uImageHeader, needs: 64, has: 63)) { _ = try KernelImage(file) }
    }

    @Test(arguments: [5, 0xFFFF_FFFF] as [UInt32])
    func `a payload cut off is refused`(size: UInt32) {
        let file = UImageBuilder(dataSize: size).file
        #expect(throws: ImageError.truncated(.uImageData, needs: 64 + UInt64(size), has: 68)) {
            _ = try KernelImage(file)
        }
    }

    @Test(arguments: [0xFFF, 0x1004, 0xFFFF_FFFF] as [UInt32])
    func `an entry point outside the payload is refused`(entry: UInt32) {
        #expect(throws: ImageError.entryOutsideImage(UInt64(entry))) {
            _ = try KernelImage(UImageBuilder(load: 0x1000, entry: entry).file)
        }
    }
}

@Suite struct RawImageTests {
    @Test func `a raw image is loaded and entered at zero`() throws {
        let image = try KernelImage([0x48, 0, 0, 0], format: .raw)
        #expect(image.kind == .raw)
        #expect(image.entry == 0)
        #expect(image.segments.map(\.address) == [0])
        #expect([UInt8](image.bytes[image.segments[0].contents]) == [0x48, 0, 0, 0])
    }

    @Test func `raw means raw, whatever the first bytes look like`() throws {
        #expect(try KernelImage(ELFBuilder.valid.file, format: .raw).kind == .raw)
    }

    @Test(arguments: [KernelImage.Format.auto, .raw])
    func `an empty file is refused`(format: KernelImage.Format) {
        #expect(throws: ImageError.empty) { _ = try KernelImage([], format: format) }
    }

    @Test(
        arguments: [
            ([0x48, 0, 0, 0], 0x4800_0000), ([0x1F, 0x8B, 8, 0, 0], 0x1F8B_0800), ([0x7F, 0x45], 0x7F45_0000), ([0], 0),
        ] as [([UInt8], UInt32)])
    func `an unknown file is refused with a hint at the raw format`(file: [UInt8], magic: UInt32) {
        let error = #expect(throws: ImageError.self) { _ = try KernelImage(file) }
        #expect(error == .unknownFormat(magic: magic, needs: .bits32))
        #expect(error?.description.contains("format raw") == true)
    }
}

@Suite struct ImageLoadTests {
    @Test func `contents and zeros arrive in guest memory`() throws {
        let memory = try GuestMemory(size: 0x4000)
        try memory.write([UInt8](repeating: 0xEE, count: 0x4000), at: 0)
        try KernelImage(ELFBuilder.valid.file).load(into: memory)
        #expect(try memory.read(at: 0xFFF, count: 10) == [0xEE, 1, 2, 3, 4, 5, 6, 7, 8, 0xEE])
        #expect(
            try memory.read(at: 0x1FFF, count: 22)
                == [0xEE, 9, 10, 11, 12] + [UInt8](repeating: 0, count: 16) + [0xEE])
    }

    @Test func `zeros span several pages`() throws {
        var builder = ELFBuilder.valid
        builder.segments[1].memorySize = 0x2345
        let memory = try GuestMemory(size: 0x5000)
        try memory.write([UInt8](repeating: 0xEE, count: 0x5000), at: 0)
        try KernelImage(builder.file).load(into: memory)
        #expect(try memory.read(at: 0x2004, count: 0x2341) == [UInt8](repeating: 0, count: 0x2341))
        #expect(try memory.read(at: 0x4345, count: 1) == [0xEE])
    }

    @Test func `an image may end exactly where memory does`() throws {
        let memory = try GuestMemory(size: 0x2000)
        try KernelImage(UImageBuilder(load: 0x1FFC, entry: 0x1FFC).file).load(into: memory)
        #expect(try memory.load(UInt32.self, at: 0x1FFC) == 0x0102_0304)
    }

    @Test(arguments: [0x1FFD, 0x2000, 0xFFFF_FFFF] as [UInt32])
    func `an image that leaves memory is refused before anything is written`(address: UInt32) throws {
        let memory = try GuestMemory(size: 0x2000)
        let image = try KernelImage(UImageBuilder(load: address, entry: address).file)
        #expect(throws: ImageError.doesNotFit(end: UInt64(address) + 4, memory: 0x2000)) {
            try image.load(into: memory)
        }
        #expect(try memory.read(at: 0, count: 0x2000) == [UInt8](repeating: 0, count: 0x2000))
    }
}
