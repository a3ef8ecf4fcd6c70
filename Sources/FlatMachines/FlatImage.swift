internal import ELF
public import GuestMemory

/// A bare-metal guest for x86-64 or s390x: an ELF64 file whose segments go to their physical addresses.
public struct FlatImage: Sendable {
    /// A processor that such guests are for.
    public enum Architecture: Sendable {
        /// x86-64.
        case x86
        /// s390x.
        case s390x
    }

    /// A piece of the file and where it goes.
    struct Segment {
        let address: UInt64
        let contents: Range<Int>
        /// Bytes in memory, at least as many as `contents` has. What is behind those is zero.
        let size: UInt64
    }

    /// Which processor it is for.
    public let architecture: Architecture
    /// The address of its first instruction.
    public let entry: UInt64
    let segments: [Segment]
    private let file: [UInt8]

    /// Reads an ELF file.
    public init(_ file: [UInt8]) throws(FlatImageError) {
        guard let elf = ELFFile(file), elf.hasMagic else { throw .notELF }
        guard elf.is64Bit else { throw .not64Bit }
        switch (elf.machine, elf.isLittleEndian) {
        case (62, true): architecture = .x86
        case (22, false): architecture = .s390x
        case (let machine, _): throw .otherProcessor(machine)
        }
        guard elf.type == ELFFile.executable else { throw .notExecutable }
        guard let entry = elf.entry, let (start, stride, count) = elf.programHeaders,
            Int(stride) >= elf.leastProgramHeaderSize
        else { throw .truncated }
        var segments: [Segment] = []
        for index in 0..<UInt64(count) {
            let (place, overflow) = start.addingReportingOverflow(index * UInt64(stride))
            guard !overflow, let place = Int(exactly: place) else { throw .truncated }
            if let segment = try Self.segment(elf, at: place) { segments.append(segment) }
        }
        guard !segments.isEmpty else { throw .noSegments }
        // So that loading writes no more than memory holds, however many headers name the same bytes.
        segments.sort { $0.address < $1.address }
        for (lower, upper) in zip(segments, segments.dropFirst()) where upper.address - lower.address < lower.size {
            throw .overlap(at: upper.address)
        }
        self.entry = entry
        self.segments = segments
        self.file = file
    }

    /// The segment that the program header at `offset` describes, or nil where that loads nothing.
    private static func segment(_ elf: ELFFile, at offset: Int) throws(FlatImageError) -> Segment? {
        guard let header = elf.programHeader(at: offset) else { throw .truncated }
        guard header.isLoadable, header.memorySize > 0 else { return nil }
        let (end, overflow) = header.fileOffset.addingReportingOverflow(header.fileSize)
        guard !overflow, end <= UInt64(elf.bytes.count), header.fileSize <= header.memorySize else { throw .truncated }
        return Segment(
            address: header.physicalAddress, contents: Int(header.fileOffset)..<Int(end), size: header.memorySize)
    }

    /// Puts the segments into memory, which is zero so far.
    public func load(into memory: GuestMemory) throws(FlatImageError) {
        for segment in segments {
            guard memory.contains(segment.address, count: segment.size) else {
                throw .outsideMemory(address: segment.address, size: segment.size)
            }
            do throws(GuestMemoryError) {
                try memory.write([UInt8](file[segment.contents]), at: segment.address)
            } catch {
                throw .outsideMemory(address: segment.address, size: segment.size)
            }
        }
    }
}

/// Why a file is no guest.
public enum FlatImageError: Error, Equatable, CustomStringConvertible {
    /// It does not begin as an ELF file does.
    case notELF
    /// It is an ELF file of 32 bits.
    case not64Bit
    /// It is no executable.
    case notExecutable
    /// It is for the processor with this ELF number.
    case otherProcessor(UInt16)
    /// It ends too soon, or its headers lead outside it.
    case truncated
    /// Nothing in it is to be loaded.
    case noSegments
    /// Two segments claim this address.
    case overlap(at: UInt64)
    /// A segment lies where the machine has no memory.
    case outsideMemory(address: UInt64, size: UInt64)

    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .notELF: "not an ELF file"
        case .not64Bit: "an ELF file of 32 bits; these machines take 64"
        case .notExecutable: "an ELF file that is no executable"
        case .otherProcessor(let machine): "an ELF file for processor \(machine), neither x86-64 (62) nor s390x (22)"
        case .truncated: "an ELF file that ends too soon"
        case .noSegments: "an ELF file with nothing to load"
        case .overlap(let address): "an ELF file with two segments at 0x\(String(address, radix: 16))"
        case .outsideMemory(let address, let size):
            "a segment of \(size) bytes at 0x\(String(address, radix: 16)), where the machine has no memory"
        }
    }
}
