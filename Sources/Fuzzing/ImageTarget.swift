internal import Devices
internal import GuestMemory
internal import Machines

/// Damaged kernel files, loaded into a machine's memory as far as they get.
final class ImageTarget: FuzzTarget {
    let casesPerInput = 1

    /// Small, so that files reach its end; what is loaded stays, which nothing depends on.
    private let memory: GuestMemory = {
        do { return try GuestMemory(size: 1 << 20) } catch { fatalError("the host has no memory: \(error)") }
    }()
    private static let inflationLimit = 1 << 20

    func generate(_ random: inout FuzzRandom) -> [UInt8] {
        switch random.below(6) {
        case 0, 1: return elf(&random)
        case 4, 5: return elf64(&random)
        case 2: return uImage(&random, compressed: random.oneIn(2))
        default:
            var file = random.oneIn(2) ? elf(&random) : uImage(&random, compressed: true)
            Mutation.apply(to: &file, &random)
            return file
        }
    }

    func run(_ input: [UInt8]) {
        for (format, processor) in [
            (KernelImage.Format.auto, KernelImage.Processor.bits32), (.auto, .bits64), (.raw, .bits32),
        ] {
            do throws(ImageError) {
                let image = try KernelImage(
                    input, format: format, for: processor, inflationLimit: Self.inflationLimit)
                try examine(image)
            } catch {
                check(!error.description.utf8.contains(UInt8(ascii: "\n")), "an error is one line")
            }
        }
    }

    private func examine(_ image: KernelImage) throws(ImageError) {
        check(!image.segments.isEmpty, "an image has segments")
        check(
            image.entry >= image.lowestAddress && image.entry < image.endAddress, "the entry point is in the image")
        var end: UInt64 = 0
        for segment in image.segments {
            check(segment.address >= end && segment.end >= segment.address, "segments ascend without overlaps")
            check(segment.contents.upperBound <= image.bytes.count, "contents are in the bytes")
            end = segment.end
        }
        let layout = try? E500BootLayout(
            entry: image.entry, kernel: image.range, initrdSize: image.entry, memorySize: 1 << 32)
        if let layout { check(layout.tree.base >= image.endAddress, "the tree lies behind the kernel") }
        let partition = try? PSeriesBootLayout(
            entry: image.entry, kernel: image.range, kernelSlack: image.entry, initrdSize: image.entry,
            memorySize: 1 << 32)
        if let partition { check(partition.rtas.base >= image.endAddress, "RTAS lies behind the kernel") }
        try image.load(into: memory)
        check(image.endAddress <= memory.ram.size, "what was loaded fits")
    }

    // MARK: Files

    private func elf(_ random: inout FuzzRandom) -> [UInt8] {
        let count = random.oneIn(40) ? random.below(2000) : random.below(5)
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 2, 1] + [UInt8](repeating: 0, count: 9)
        file += half(2) + half(20) + word(1) + word(address(&random))
        file += word(52) + word(0) + word(0) + half(52) + half(32) + half(UInt16(count)) + half(0) + half(0) + half(0)
        let contents = random.bytes(random.below(256))
        let start = UInt32(file.count + 32 * count)
        var next: UInt32 = 0x1000
        for _ in 0..<count {
            let size = random.oneIn(6) ? edge(&random) : UInt32(random.below(contents.count + 2))
            let physical = random.oneIn(6) ? address(&random) : next
            let more = random.oneIn(8) ? edge(&random) : UInt32(random.below(0x800))
            file += word(random.oneIn(8) ? edge(&random) : 1)
            file += word(random.oneIn(8) ? edge(&random) : start)
            file += word(random.oneIn(2) ? physical : address(&random)) + word(physical)
            file += word(size) + word(size &+ more) + word(7) + word(4)
            next = physical &+ size &+ more
        }
        file += contents
        if random.oneIn(4) { Mutation.apply(to: &file, &random) }
        return file
    }

    private func uImage(_ random: inout FuzzRandom, compressed: Bool) -> [UInt8] {
        var payload = compressed ? Self.gzip : random.bytes(1 + random.below(300))
        if compressed, random.oneIn(3) { payload = Self.bomb }
        if random.oneIn(2) { Mutation.apply(to: &payload, &random) }
        let load = address(&random)
        let entry = random.oneIn(4) ? address(&random) : load &+ UInt32(random.below(64))
        var header = word(0x2705_1956) + word(0) + word(0)
        header += word(random.oneIn(8) ? edge(&random) : UInt32(payload.count)) + word(load) + word(entry)
        header += word(random.oneIn(8) ? 0 : Self.checksum(payload)) + [5, 7, 2, compressed ? 1 : 0]
        header += [UInt8](repeating: 0, count: 32)
        if random.oneIn(4) { Mutation.apply(to: &header, &random) }
        // Nearly always right, for nothing behind it is reached otherwise.
        if !random.oneIn(16), header.count >= 8 {
            header.replaceSubrange(4..<8, with: word(0))
            header.replaceSubrange(4..<8, with: word(Self.checksum(header)))
        }
        return header + payload
    }

    /// A 64-bit ELF file in either byte order.
    private func elf64(_ random: inout FuzzRandom) -> [UInt8] {
        let isLittleEndian = random.oneIn(2)
        func field(_ value: some FixedWidthInteger) -> [UInt8] {
            let count = value.bitWidth / 8
            return (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (isLittleEndian ? $0 : count - 1 - $0))) }
        }
        func long(_ random: inout FuzzRandom) -> UInt64 {
            random.oneIn(2) ? UInt64(address(&random)) : UInt64(edge(&random)) << UInt64(random.below(33))
        }
        let count = random.oneIn(40) ? random.below(2000) : random.below(5)
        var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, isLittleEndian ? 1 : 2, 1] + [UInt8](repeating: 0, count: 9)
        file += field(2 as UInt16) + field(21 as UInt16) + field(1 as UInt32) + field(long(&random))
        file += field(random.oneIn(20) ? long(&random) : 64) + field(0 as UInt64) + field(0 as UInt32)
        file += field(64 as UInt16) + field(56 as UInt16) + field(UInt16(count)) + [UInt8](repeating: 0, count: 6)
        let contents = random.bytes(random.below(256))
        let start = UInt64(file.count + 56 * count)
        var next: UInt64 = 0
        for _ in 0..<count {
            let size = random.oneIn(6) ? long(&random) : UInt64(random.below(contents.count + 2))
            let physical = random.oneIn(6) ? long(&random) : next
            let more = random.oneIn(8) ? long(&random) : UInt64(random.below(0x800))
            file += field(random.oneIn(8) ? edge(&random) : 1) + field(7 as UInt32)
            file += field(random.oneIn(8) ? long(&random) : start)
            file += field(random.oneIn(2) ? physical : 0xC000_0000_0000_0000 | physical) + field(physical)
            file += field(size) + field(size &+ more) + field(0x1_0000 as UInt64)
            next = physical &+ size &+ more
        }
        file += contents
        if random.oneIn(4) { Mutation.apply(to: &file, &random) }
        return file
    }

    private func address(_ random: inout FuzzRandom) -> UInt32 {
        random.oneIn(3) ? edge(&random) : UInt32(random.below(1 << 20)) & (random.oneIn(2) ? ~0xFFF : ~0)
    }

    private func edge(_ random: inout FuzzRandom) -> UInt32 {
        random.pick([
            0, 1, 3, 31, 32, 51, 52, 0xFFF, 0x1000, 0xF_FFFF, 0x10_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_F000,
            0xFFFF_FFFC, 0xFFFF_FFFF, UInt32(truncatingIfNeeded: random.next()),
        ])
    }

    private func word(_ value: UInt32) -> [UInt8] { half(UInt16(value >> 16)) + half(UInt16(value & 0xFFFF)) }
    private func half(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    /// The CRC-32 of a uImage's parts.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes { crc = crcTable[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
        return ~crc
    }

    private static let crcTable: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }

    /// 222 bytes of program, as gzip packs them.
    private static let gzip: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x73, 0x51, 0x68, 0x2A, 0x48, 0x2C,
        0x4A, 0x2C, 0xCB, 0x2C, 0x2A, 0xF9, 0xFB, 0xEC, 0x23, 0x8C, 0x89, 0x4E, 0x1F, 0xCA, 0x36, 0x40,
        0x17, 0xE2, 0x3B, 0x7E, 0x17, 0x97, 0x6A, 0xC6, 0x27, 0x1D, 0xB8, 0xA4, 0x4A, 0x4D, 0x16, 0xC1,
        0x98, 0xDC, 0xBC, 0x2C, 0xE8, 0xB2, 0x79, 0x37, 0xF8, 0x70, 0x69, 0x2C, 0x7C, 0xF0, 0x17, 0x97,
        0x54, 0xF9, 0x86, 0x32, 0x5C, 0x52, 0x00, 0x5B, 0x85, 0xB1, 0x96, 0xDE, 0x00, 0x00, 0x00,
    ]

    /// 300 KiB of zeros, as gzip packs them.
    private static let bomb: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xED, 0xC1, 0x01, 0x0D, 0x00, 0x00,
        0x00, 0xC2, 0xA0, 0xF7, 0x4F, 0x6D, 0x0E, 0x37, 0xA0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0xE0, 0xCF, 0x00, 0x96, 0xC0, 0xEC, 0x82, 0x00, 0xB0, 0x04, 0x00,
    ]
}

/// What happens to bytes on their way here.
enum Mutation {
    /// Changes a few places of `bytes`.
    static func apply(to bytes: inout [UInt8], _ random: inout FuzzRandom) {
        for _ in 0...random.below(4) where !bytes.isEmpty {
            let index = random.below(bytes.count)
            switch random.below(8) {
            case 0: bytes[index] ^= 1 << random.below(8)
            case 1: bytes[index] = UInt8(truncatingIfNeeded: random.next())
            case 2, 3:
                let edge = random.pick([
                    0, 1, 2, 3, 4, 9, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF4, 0xFFFF_FFFC, 0xFFFF_FFFF,
                    UInt32(bytes.count), UInt32(random.below(bytes.count + 8)),
                ])
                for (position, place) in (index & ~3..<min(index & ~3 + 4, bytes.count)).enumerated() {
                    bytes[place] = UInt8(truncatingIfNeeded: edge >> UInt32(24 - 8 * position))
                }
            case 4: bytes.swapAt(index, random.below(bytes.count))
            case 5: bytes.removeLast(min(random.below(64), bytes.count))
            case 6: bytes.removeSubrange(index..<min(index + 1 + random.below(16), bytes.count))
            default:
                let copy = Array(bytes[index..<min(index + 4 * (1 + random.below(16)), bytes.count)])
                bytes.insert(contentsOf: copy, at: random.below(bytes.count + 1) & ~3)
            }
        }
    }
}
