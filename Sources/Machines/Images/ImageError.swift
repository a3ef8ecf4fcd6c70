/// Why a file cannot be booted as a kernel.
public enum ImageError: Error, Equatable, CustomStringConvertible {
    /// A part of a file whose size something else in the file announces.
    public enum Part: Equatable, Sendable {
        /// The header of an ELF file.
        case elfHeader
        /// The program headers of an ELF file.
        case programHeaders
        /// The contents of the program header with this index.
        case segment(Int)
        /// The header of a uImage.
        case uImageHeader
        /// The payload of a uImage.
        case uImageData
    }

    /// There are no bytes to boot.
    case empty
    /// The file starts with none of the known signatures, but with this.
    case unknownFormat(magic: UInt32, needs: KernelImage.Processor)
    /// The file ends before a part that it announces.
    case truncated(Part, needs: UInt64, has: UInt64)

    /// The ELF identification names no known word size or byte order.
    case badIdentification(wordSize: UInt8, byteOrder: UInt8)
    /// The ELF file is for another processor.
    case notPowerPC(ELFMachine, littleEndian: Bool, needs: KernelImage.Processor)
    /// The ELF file is for 64-bit PowerPC, the machine for 32-bit.
    case is64Bit
    /// The ELF file is for 32-bit PowerPC, the machine for 64-bit.
    case is32Bit
    /// The ELF file is for little-endian PowerPC.
    case isLittleEndian
    /// The ELF file is of this type and not an executable.
    case notExecutable(type: UInt16)
    /// The ELF program headers are smaller than the format's.
    case badProgramHeaderSize(UInt16, needs: Int)
    /// The program header with this index has more bytes in the file than in memory.
    case badSegmentSize(index: Int)
    /// The program header with this index ends above every address.
    case segmentBeyondMemory(index: Int)
    /// The ELF file loads nothing.
    case noSegments
    /// Two segments claim this address.
    case overlappingSegments(at: UInt64)
    /// The entry point is in nothing that is loaded.
    case entryOutsideImage(UInt64)

    /// The uImage's header does not have its checksum.
    case badHeaderChecksum(stated: UInt32, computed: UInt32)
    /// The uImage's payload does not have its checksum.
    case badDataChecksum(stated: UInt32, computed: UInt32)
    /// The uImage is for the processor with this number.
    case uImageNotPowerPC(UInt8)
    /// The uImage is of this type and not a kernel.
    case uImageNotKernel(UInt8)
    /// The uImage is compressed in this way.
    case unsupportedCompression(UInt8)
    /// The gzip data is damaged or incomplete.
    case badCompressedData
    /// The gzip data unpacks to more than this many bytes.
    case unpacksBeyond(limit: Int)

    /// The image ends at this address, above the guest's memory.
    case doesNotFit(end: UInt64, memory: UInt64)

    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .empty:
            "the kernel image is empty"
        case .unknownFormat(let magic, let processor):
            """
            the kernel image starts with \(Self.hex(magic)): neither a \(Self.bits(processor)) PowerPC ELF file nor a \
            uImage; a raw binary has to be named as one (format raw)
            """
        case .truncated(let part, let needs, let has):
            "the kernel image ends within its \(Self.name(part)): \(needs) bytes are needed, \(has) are there"
        case .badIdentification(let wordSize, let byteOrder):
            "the ELF identification is invalid: class \(wordSize), data encoding \(byteOrder)"
        case .notPowerPC(let machine, let littleEndian, let processor):
            """
            the ELF file is for \(machine.description), \(littleEndian ? "little" : "big")-endian; \
            a \(Self.bits(processor)) \(processor == .bits32 ? "big-endian " : "")PowerPC file is needed
            """
        case .is64Bit:
            "the ELF file is for 64-bit PowerPC; a 32-bit big-endian one is needed"
        case .is32Bit:
            "the ELF file is for 32-bit PowerPC; a 64-bit one is needed"
        case .isLittleEndian:
            "the ELF file is for little-endian PowerPC; a 32-bit big-endian one is needed"
        case .notExecutable(let type):
            "the ELF file is of type \(type), not an executable or a shared object"
        case .badProgramHeaderSize(let size, let needed):
            "the ELF program headers have \(size) bytes; \(needed) are needed"
        case .badSegmentSize(let index):
            "ELF segment \(index) has more bytes in the file than in memory"
        case .segmentBeyondMemory(let index):
            "ELF segment \(index) ends above the highest address"
        case .noSegments:
            "the ELF file has nothing to load"
        case .overlappingSegments(let address):
            "two ELF segments overlap at \(Self.hex(address))"
        case .entryOutsideImage(let entry):
            "the entry point \(Self.hex(entry)) is not within the loaded image"
        case .badHeaderChecksum(let stated, let computed):
            "the uImage header's checksum is \(Self.hex(stated)), its bytes give \(Self.hex(computed))"
        case .badDataChecksum(let stated, let computed):
            "the uImage payload's checksum is \(Self.hex(stated)), its bytes give \(Self.hex(computed))"
        case .uImageNotPowerPC(let architecture):
            "the uImage is for architecture \(architecture), not PowerPC (\(UImageHeader.powerPC))"
        case .uImageNotKernel(let type):
            "the uImage is of type \(type), not a kernel (\(UImageHeader.kernel))"
        case .unsupportedCompression(let method):
            "the uImage's compression \(method) is not supported: only none (0) and gzip (1) are"
        case .badCompressedData:
            "the uImage's gzip data is damaged or incomplete"
        case .unpacksBeyond(let limit):
            "the uImage unpacks to more than \(limit) bytes"
        case .doesNotFit(let end, let memory):
            "the kernel image ends at \(Self.hex(end)), above the guest's \(memory) bytes of memory"
        }
    }

    private static func bits(_ processor: KernelImage.Processor) -> String {
        processor == .bits32 ? "32-bit" : "64-bit"
    }

    private static func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }

    private static func name(_ part: Part) -> String {
        switch part {
        case .elfHeader: "ELF header"
        case .programHeaders: "ELF program headers"
        case .segment(let index): "ELF segment \(index)"
        case .uImageHeader: "uImage header"
        case .uImageData: "uImage payload"
        }
    }
}

/// A processor by its number in an ELF header (`e_machine`).
public struct ELFMachine: RawRepresentable, Equatable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: UInt16

    /// The processor with this number.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// 32-bit PowerPC.
    public static let powerPC = ELFMachine(rawValue: 20)
    /// 64-bit PowerPC.
    public static let powerPC64 = ELFMachine(rawValue: 21)

    /// The processor's usual name, or its number.
    public var description: String {
        switch rawValue {
        case 2: "SPARC"
        case 3: "x86"
        case 4: "m68k"
        case 8: "MIPS"
        case 15: "PA-RISC"
        case Self.powerPC.rawValue: "PowerPC"
        case Self.powerPC64.rawValue: "64-bit PowerPC"
        case 22: "s390"
        case 40: "Arm"
        case 42: "SuperH"
        case 43: "64-bit SPARC"
        case 62: "x86-64"
        case 183: "AArch64"
        case 243: "RISC-V"
        case 258: "LoongArch"
        default: "machine \(rawValue)"
        }
    }
}
