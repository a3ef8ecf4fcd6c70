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
        let fields = ELF64Fields(file)
        guard file.count >= ELF64.headerSize, file[..<4].elementsEqual(ELF64.magic) else { throw .notELF }
        guard file[ELF64.wordSize] == 2 else { throw .not64Bit }
        guard fields.number(at: ELF64.type, count: 2) == 2 else { throw .notExecutable }
        switch (fields.number(at: ELF64.machine, count: 2), file[ELF64.byteOrder]) {
        case (62, 1): architecture = .x86
        case (22, 2): architecture = .s390x
        case (let machine, _): throw .otherProcessor(machine ?? 0)
        }
        guard let entry = fields.number(at: ELF64.entry, count: 8),
            let start = fields.number(at: ELF64.programHeaders, count: 8),
            let stride = fields.number(at: ELF64.programHeaderSize, count: 2),
            let count = fields.number(at: ELF64.programHeaderCount, count: 2),
            stride >= ELF64.leastProgramHeaderSize
        else { throw .truncated }
        var segments: [Segment] = []
        for index in 0..<count {
            if let segment = try Self.segment(fields, at: start &+ index &* stride) { segments.append(segment) }
        }
        guard !segments.isEmpty else { throw .noSegments }
        self.entry = entry
        self.segments = segments
        self.file = file
    }

    /// The loadable segment that the program header at `offset` describes, or nil.
    private static func segment(_ fields: ELF64Fields, at offset: UInt64) throws(FlatImageError) -> Segment? {
        guard let offset = Int(exactly: offset), offset <= Int.max - ELF64.headerSize,
            let type = fields.number(at: offset, count: 4),
            let start = fields.number(at: offset + ELF64.Segment.offset, count: 8),
            let address = fields.number(at: offset + ELF64.Segment.physicalAddress, count: 8),
            let fileSize = fields.number(at: offset + ELF64.Segment.fileSize, count: 8),
            let size = fields.number(at: offset + ELF64.Segment.memorySize, count: 8)
        else { throw .truncated }
        guard type == 1 else { return nil }
        let (end, overflow) = start.addingReportingOverflow(fileSize)
        guard !overflow, end <= UInt64(fields.bytes.count), fileSize <= size else { throw .truncated }
        return Segment(address: address, contents: Int(start)..<Int(end), size: size)
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
    case otherProcessor(UInt64)
    /// It ends too soon, or its headers lead outside it.
    case truncated
    /// Nothing in it is to be loaded.
    case noSegments
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
        case .outsideMemory(let address, let size):
            "a segment of \(size) bytes at 0x\(String(address, radix: 16)), where the machine has no memory"
        }
    }
}

/// Where things are in an ELF64 file (System V ABI, chapter 4).
private enum ELF64 {
    static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    static let headerSize = 64
    static let wordSize = 4
    static let byteOrder = 5
    static let type = 16
    static let machine = 18
    static let entry = 24
    static let programHeaders = 32
    static let programHeaderSize = 54
    static let programHeaderCount = 56
    static let leastProgramHeaderSize: UInt64 = 56

    enum Segment {
        static let offset = 8
        static let physicalAddress = 24
        static let fileSize = 32
        static let memorySize = 40
    }
}

/// Numbers in an ELF file, in its own byte order.
private struct ELF64Fields {
    let bytes: [UInt8]
    private let isBigEndian: Bool

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        isBigEndian = bytes.count > ELF64.byteOrder && bytes[ELF64.byteOrder] == 2
    }

    /// The number in the `count` bytes at `offset`, or nil where the file has ended.
    func number(at offset: Int, count: Int) -> UInt64? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count {
            value = value << 8 | UInt64(bytes[isBigEndian ? offset + index : offset + count - 1 - index])
        }
        return value
    }
}
