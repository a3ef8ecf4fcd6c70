public import Devices
internal import ELF
public import GuestMemory

/// A guest kernel as its file describes it: what goes where in guest memory, and where execution starts.
///
/// ```swift
/// let image = try KernelImage(bytes, inflationLimit: Int(memory.ram.size))
/// try image.load(into: memory)
/// // Start at image.entry.
/// ```
///
/// Everything in the file is checked before it is believed. Work and memory are bounded by the file's size and the
/// inflation limit, whatever the file says.
public struct KernelImage {
    /// What the caller knows about the file.
    public enum Format: Equatable, Sendable {
        /// An ELF file or a uImage, told apart by their signatures.
        case auto
        /// Bare machine code, loaded to and entered at real address 0.
        case raw
    }

    /// What the machine's vCPUs are.
    public enum Processor: Equatable, Sendable {
        /// 32-bit PowerPC, big-endian.
        case bits32
        /// 64-bit PowerPC; the kernel may have either byte order.
        case bits64
    }

    /// What the file turned out to be.
    public enum Kind: Equatable, Sendable {
        /// An ELF file.
        case elf
        /// A legacy U-Boot image, as `mkimage` makes it.
        case uImage
        /// Bare machine code.
        case raw
    }

    /// A stretch of guest memory to fill.
    public struct Segment: Equatable, Sendable {
        /// The guest real address of the first byte.
        public let address: UInt64
        /// Where in ``KernelImage/bytes`` the contents are.
        public let contents: Range<Int>
        /// How many zero bytes follow the contents.
        public let zeroFill: UInt64

        /// The guest real address after the last byte.
        public var end: UInt64 { address + UInt64(contents.count) + zeroFill }
    }

    /// How many bytes compressed images may unpack to unless the caller says otherwise: 256 MiB.
    public static let defaultInflationLimit = 256 << 20

    /// What the file is.
    public let kind: Kind
    /// The guest real address of the first instruction.
    public let entry: UInt64
    /// What to load, in ascending order of address and without overlaps; not empty.
    public let segments: [Segment]
    /// The bytes that the segments' contents are in: the file's, or what it unpacked to.
    public let bytes: [UInt8]

    /// The lowest guest real address that is loaded.
    public var lowestAddress: UInt64 { segments[0].address }
    /// The guest real address after the highest one that is loaded.
    public var endAddress: UInt64 { segments[segments.count - 1].end }
    /// From the lowest to the highest guest real address that is loaded.
    public var range: AddressRange { AddressRange(base: lowestAddress, size: endAddress - lowestAddress) }

    /// Reads a kernel file.
    ///
    /// - Parameters:
    ///   - file: the whole file.
    ///   - format: ``Format/auto``, or ``Format/raw`` for a file without any header.
    ///   - processor: what the kernel has to be for.
    ///   - inflationLimit: the most bytes that a compressed image may unpack to.
    public init(
        _ file: [UInt8], format: Format = .auto, for processor: Processor = .bits32,
        inflationLimit: Int = KernelImage.defaultInflationLimit
    ) throws(ImageError) {
        guard !file.isEmpty else { throw .empty }
        switch format {
        case .raw:
            self.init(kind: .raw, entry: 0, loading: file, at: 0)
        case .auto:
            switch file.bigEndianWord(at: 0) {
            case ELFFile.magic?: try self.init(elf: file, for: processor)
            case UImageHeader.magic?: try self.init(uImage: file, inflationLimit: inflationLimit)
            case let other: throw .unknownFormat(magic: other ?? file.shortMagic, needs: processor)
            }
        }
    }

    /// An image of these segments, which are sorted and not empty.
    init(kind: Kind, entry: UInt64, segments: [Segment], bytes: [UInt8]) {
        self.kind = kind
        self.entry = entry
        self.segments = segments
        self.bytes = bytes
    }

    /// An image of one piece.
    init(kind: Kind, entry: UInt64, loading bytes: [UInt8], at address: UInt64) {
        self.init(
            kind: kind, entry: entry, segments: [Segment(address: address, contents: 0..<bytes.count, zeroFill: 0)],
            bytes: bytes)
    }

    /// Copies the segments into guest memory, zero-filled bytes included.
    public func load(into memory: GuestMemory) throws(ImageError) {
        let tooBig = ImageError.doesNotFit(end: endAddress, memory: memory.ram.size)
        guard endAddress <= memory.ram.size else { throw tooBig }
        let zeros = [UInt8](repeating: 0, count: Int(GuestMemory.pageSize))
        do throws(GuestMemoryError) {
            for segment in segments {
                try unsafe memory.write(bytes.span.bytes.extracting(segment.contents), at: segment.address)
                var address = segment.address + UInt64(segment.contents.count)
                while address < segment.end {
                    let count = min(segment.end - address, GuestMemory.pageSize)
                    try unsafe memory.write(zeros.span.bytes.extracting(0..<Int(count)), at: address)
                    address += count
                }
            }
        } catch {
            throw tooBig
        }
    }
}

extension [UInt8] {
    /// The big-endian 32-bit value at `offset`, or nil where the bytes end before.
    func bigEndianWord(at offset: Int) -> UInt32? {
        guard offset >= 0, count >= 4, offset <= count - 4 else { return nil }
        return self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The first bytes of a file shorter than a word, as the upper bytes of one.
    fileprivate var shortMagic: UInt32 {
        var magic: UInt32 = 0
        for index in 0..<4 { magic = magic << 8 | (index < count ? UInt32(self[index]) : 0) }
        return magic
    }
}
