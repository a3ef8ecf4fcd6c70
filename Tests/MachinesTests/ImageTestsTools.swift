import Foundation
import GuestMemory
import Machines
import TestTools
import Testing

/// Images made by the usual tools, and what those tools say is in them.
@Suite struct ImageToolTests {
    private static let mkimage = HostTool("mkimage")
    private static let gzip = HostTool("gzip")
    private static let compiler = HostTool("powerpc-linux-gnu-gcc")
    private static let objcopy = HostTool("powerpc-linux-gnu-objcopy")

    private static let payload = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 7) }

    @Test(.enabled(if: mkimage != nil)) func `an uncompressed image of mkimage loads its payload`() throws {
        let mkimage = try #require(Self.mkimage)
        let file = try withTemporaryFolder { folder in
            try Data(Self.payload).write(to: folder.appendingPathComponent("payload"))
            try mkimage.run(
                ["-A", "ppc", "-O", "linux", "-T", "kernel", "-C", "none", "-a", "10000", "-e", "10100"]
                    + ["-n", "test", "-d", "payload", "uImage"], in: folder)
            return [UInt8](try Data(contentsOf: folder.appendingPathComponent("uImage")))
        }
        let memory = try GuestMemory(size: 1 << 20)
        let image = try KernelImage(file)
        try image.load(into: memory)
        #expect(image.entry == 0x1_0100)
        #expect(try memory.read(at: 0x1_0000, count: Self.payload.count) == Self.payload)
    }

    @Test(.enabled(if: mkimage != nil && gzip != nil)) func `a gzip image of mkimage loads what was packed`() throws {
        let file = try Self.gzipImage(of: Self.payload)
        let memory = try GuestMemory(size: 1 << 20)
        let image = try KernelImage(file)
        try image.load(into: memory)
        #expect(image.kind == .uImage)
        #expect(image.endAddress == 100_000)
        #expect(try memory.read(at: 0, count: Self.payload.count) == Self.payload)
    }

    @Test(.enabled(if: mkimage != nil && gzip != nil), arguments: [99_999, 65536, 1, 0])
    func `an image that unpacks beyond the limit is refused`(limit: Int) throws {
        let file = try Self.gzipImage(of: Self.payload)
        #expect(throws: ImageError.unpacksBeyond(limit: limit)) { _ = try KernelImage(file, inflationLimit: limit) }
    }

    @Test(.enabled(if: mkimage != nil && gzip != nil)) func `an image that unpacks to the limit is accepted`() throws {
        let file = try Self.gzipImage(of: Self.payload)
        #expect(try KernelImage(file, inflationLimit: 100_000).endAddress == 100_000)
    }

    @Test(.enabled(if: mkimage != nil && gzip != nil)) func `a gzip stream cut off is refused`() throws {
        let file = try Self.gzipImage(of: Self.payload)
        let short = [UInt8](file[64..<file.count - 20])
        #expect(throws: ImageError.badCompressedData) {
            _ = try KernelImage(UImageBuilder(compression: 1, payload: short).file)
        }
    }

    @Test(.enabled(if: mkimage != nil)) func `an image of mkimage for another processor is refused`() throws {
        let mkimage = try #require(Self.mkimage)
        let file = try withTemporaryFolder { folder in
            try Data(Self.payload).write(to: folder.appendingPathComponent("payload"))
            try mkimage.run(
                ["-A", "arm", "-O", "linux", "-T", "kernel", "-C", "none", "-a", "0", "-e", "0", "-d", "payload"]
                    + ["uImage"], in: folder)
            return [UInt8](try Data(contentsOf: folder.appendingPathComponent("uImage")))
        }
        #expect(throws: ImageError.uImageNotPowerPC(2)) { _ = try KernelImage(file) }
    }

    /// A kernel's shape: linked at 0xC000_0000, loaded at 0, with a gap between code and data and zeros at the end.
    @Test(.enabled(if: compiler != nil && objcopy != nil))
    func `a linked file loads what objcopy makes of it`() throws {
        let compiler = try #require(Self.compiler)
        let objcopy = try #require(Self.objcopy)
        let (elf, flat) = try withTemporaryFolder { folder in
            let source = """
                .globl _start
                .text
                .space 0x40
                _start: b _start
                .data
                .long 0x11223344, 0x55667788
                .bss
                .space 0x1234
                """
            let script = """
                ENTRY(_start)
                SECTIONS {
                  .text 0xC0000000 : AT(0) { *(.text) }
                  .data 0xC0002000 : AT(0x2000) { *(.data) }
                  .bss : { *(.bss) }
                  /DISCARD/ : { *(*) }
                }
                """
            try Data(source.utf8).write(to: folder.appendingPathComponent("start.S"))
            try Data(script.utf8).write(to: folder.appendingPathComponent("link.ld"))
            try compiler.run(
                ["-nostdlib", "-static", "-no-pie", "-Wl,-T,link.ld,--build-id=none", "start.S", "-o", "kernel"],
                in: folder)
            try objcopy.run(["-O", "binary", "kernel", "kernel.bin"], in: folder)
            return (
                [UInt8](try Data(contentsOf: folder.appendingPathComponent("kernel"))),
                [UInt8](try Data(contentsOf: folder.appendingPathComponent("kernel.bin")))
            )
        }
        let memory = try GuestMemory(size: 1 << 20)
        try memory.write([UInt8](repeating: 0xEE, count: 0x8000), at: 0)
        let image = try KernelImage(elf)
        try image.load(into: memory)
        #expect(image.entry == 0x40)
        #expect(image.lowestAddress == 0)
        #expect(image.endAddress == 0x2008 + 0x1234)
        #expect(try memory.read(at: 0, count: 0x44) == [UInt8](flat[..<0x44]))
        #expect(try memory.read(at: 0x2000, count: 8) == [UInt8](flat[0x2000..<0x2008]))
        #expect(try memory.read(at: 0x2008, count: 0x1234) == [UInt8](repeating: 0, count: 0x1234))
    }

    /// Packs `payload` as a kernel build does: gzip, then mkimage with load address and entry 0.
    private static func gzipImage(of payload: [UInt8]) throws -> [UInt8] {
        let mkimage = try #require(Self.mkimage)
        let gzip = try #require(Self.gzip)
        return try withTemporaryFolder { folder in
            try Data(payload).write(to: folder.appendingPathComponent("payload"))
            try gzip.run(["-9", "payload"], in: folder)
            try mkimage.run(
                ["-A", "ppc", "-O", "linux", "-T", "kernel", "-C", "gzip", "-a", "0", "-e", "0", "-n", "test"]
                    + ["-d", "payload.gz", "uImage"], in: folder)
            return [UInt8](try Data(contentsOf: folder.appendingPathComponent("uImage")))
        }
    }
}

/// Damaged files: whatever is in them, reading one ends, within bounds, in an image or an error.
@Suite struct ImageFuzzTests {
    static let mutations = 100_000
    private static let limit = 1 << 16

    /// Changes one to four bytes to random or extreme values, and now and then cuts the end off.
    private static func mutate(_ file: [UInt8], _ generator: inout SeededRandom) -> [UInt8] {
        var file = file
        for _ in 0...Int(generator.next() & 3) {
            let random = generator.next()
            let extremes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: random >> 32)]
            file[Int(random % UInt64(file.count))] = extremes[Int(random >> 48) % extremes.count]
        }
        if generator.next() & 15 == 0 { file.removeLast(Int(generator.next() % UInt64(file.count))) }
        return file
    }

    /// Reads a file and loads it, and checks what every image promises.
    private static func check(_ file: [UInt8], into memory: GuestMemory) {
        guard let image = try? KernelImage(file, inflationLimit: limit) else { return }
        let bounded = image.bytes.count <= max(file.count, limit)
        let sorted = zip(image.segments, image.segments.dropFirst()).allSatisfy { $0.end <= $1.address }
        let entered = image.segments.contains { $0.address <= image.entry && image.entry < $0.end }
        if !bounded || !sorted || !entered { Issue.record("broken promise for \(file)") }
        // Whether it fits is another matter; that loading survives is this one.
        try? image.load(into: memory)
    }

    @Test func `damaged ELF files are survived`() throws {
        var generator = SeededRandom(seed: 1)
        let memory = try GuestMemory(size: 1 << 16)
        for _ in 0..<Self.mutations { Self.check(Self.mutate(ELFBuilder.valid.file, &generator), into: memory) }
    }

    @Test func `damaged uImages are survived`() throws {
        var generator = SeededRandom(seed: 2)
        let memory = try GuestMemory(size: 1 << 16)
        for _ in 0..<Self.mutations { Self.check(Self.mutate(UImageBuilder().file, &generator), into: memory) }
    }

    /// With their checksums put right, damaged fields get past them.
    @Test func `damaged uImages with right checksums are survived`() throws {
        var generator = SeededRandom(seed: 3)
        let memory = try GuestMemory(size: 1 << 16)
        for _ in 0..<Self.mutations {
            var file = Self.mutate(UImageBuilder().file, &generator)
            if file.count >= 64 {
                file.replaceSubrange(24..<28, with: crc32([UInt8](file[64...])).bytes)
                file.replaceSubrange(4..<8, with: [0, 0, 0, 0])
                file.replaceSubrange(4..<8, with: crc32([UInt8](file[..<64])).bytes)
            }
            Self.check(file, into: memory)
        }
    }

    /// "paravane" a hundred times over, as `gzip -9n` packs it.
    private static let gzipped: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0x48, 0x2C, 0x4A, 0x2C, 0x4B,
        0xCC, 0x4B, 0x2D, 0x18, 0xA5, 0x47, 0xE9, 0x51, 0x1A, 0x83, 0x06, 0x00, 0xCA, 0x09, 0x7C, 0x14,
        0x20, 0x03, 0x00, 0x00,
    ]

    @Test func `damaged gzip data is survived`() throws {
        var generator = SeededRandom(seed: 4)
        let memory = try GuestMemory(size: 1 << 16)
        for _ in 0..<Self.mutations {
            let payload = Self.mutate(Self.gzipped, &generator)
            Self.check(UImageBuilder(compression: 1, payload: payload).file, into: memory)
        }
    }
}
