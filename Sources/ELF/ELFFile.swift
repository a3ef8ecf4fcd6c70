/// The fields of an ELF file, as far as loading needs them (System V ABI, chapter 4), in either word size and byte order.
///
/// Nothing is judged here but whether the file has the fields: what a value may be is the caller's affair.
public struct ELFFile {
    /// The first four bytes: 0x7F and "ELF".
    public static let magic: UInt32 = 0x7F45_4C46
    /// ``type`` of an executable.
    public static let executable: UInt16 = 2
    /// ``type`` of a shared object.
    public static let sharedObject: UInt16 = 3
    /// Bytes that say what the file is for.
    private static let identificationSize = 20

    /// The whole file.
    public let bytes: [UInt8]
    /// The byte that says how wide addresses are: 1 or 2.
    public let wordSize: UInt8
    /// The byte that says in which order the bytes of numbers are: 1 or 2.
    public let byteOrder: UInt8
    private let layout: Layout

    /// A file that is long enough to tell what it is for; nil otherwise. The magic is not looked at.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.identificationSize else { return nil }
        self.bytes = bytes
        wordSize = bytes[4]
        byteOrder = bytes[5]
        layout = bytes[4] == 2 ? .bits64 : .bits32
    }

    /// Whether it begins as an ELF file does.
    public var hasMagic: Bool { bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) } == Self.magic }
    /// Whether word size and byte order are among those that there are.
    public var isIdentified: Bool { (1...2).contains(wordSize) && (1...2).contains(byteOrder) }
    /// Whether addresses have 64 bits.
    public var is64Bit: Bool { wordSize == 2 }
    /// Whether numbers begin with their lowest byte.
    public var isLittleEndian: Bool { byteOrder == 1 }
    /// Bytes of the header.
    public var headerSize: Int { layout.size }
    /// Bytes of the header in that word size.
    public static func headerSize(is64Bit: Bool) -> Int { (is64Bit ? Layout.bits64 : .bits32).size }
    /// Bytes of a program header at least.
    public var leastProgramHeaderSize: Int { layout.segmentSize }
    /// What kind of file it is.
    public var type: UInt16 { halfword(at: 16) ?? 0 }
    /// The processor that it is for.
    public var machine: UInt16 { halfword(at: 18) ?? 0 }
    /// The address of the first instruction; nil where the file ends before.
    public var entry: UInt64? { long(at: 24) }
    /// Where the program headers begin, how far apart and how many they are; nil where the file ends before.
    public var programHeaders: (start: UInt64, stride: UInt16, count: UInt16)? {
        guard bytes.count >= layout.size, let start = long(at: layout.programHeaders),
            let stride = halfword(at: layout.programHeaderSize), let count = halfword(at: layout.programHeaderCount)
        else { return nil }
        return (start, stride, count)
    }

    /// The program header at `offset`; nil where the file ends before.
    public func programHeader(at offset: Int) -> ELFProgramHeader? {
        guard offset >= 0, offset <= bytes.count - layout.segmentSize, let type = word(at: offset),
            let fileOffset = long(at: offset + layout.fileOffset),
            let virtualAddress = long(at: offset + layout.virtualAddress),
            let physicalAddress = long(at: offset + layout.physicalAddress),
            let fileSize = long(at: offset + layout.fileSize),
            let memorySize = long(at: offset + layout.memorySize)
        else { return nil }
        return ELFProgramHeader(
            isLoadable: type == 1, fileOffset: fileOffset, virtualAddress: virtualAddress,
            physicalAddress: physicalAddress, fileSize: fileSize, memorySize: memorySize)
    }

    /// `width` bytes at `offset`; nil where the file ends before.
    private func integer(at offset: Int, width: Int) -> UInt64? {
        guard offset >= 0, width <= bytes.count, offset <= bytes.count - width else { return nil }
        var value: UInt64 = 0
        for place in 0..<width {
            value = value << 8 | UInt64(bytes[offset + (isLittleEndian ? width - 1 - place : place)])
        }
        return value
    }

    private func halfword(at offset: Int) -> UInt16? { integer(at: offset, width: 2).map { UInt16($0) } }
    private func word(at offset: Int) -> UInt32? { integer(at: offset, width: 4).map { UInt32($0) } }
    private func long(at offset: Int) -> UInt64? { integer(at: offset, width: is64Bit ? 8 : 4) }

    /// Where the fields are whose place depends on the word size.
    private struct Layout {
        /// Bytes of the header.
        let size: Int
        let programHeaders: Int
        let programHeaderSize: Int
        let programHeaderCount: Int
        /// Bytes of a program header at least.
        let segmentSize: Int
        let fileOffset: Int
        let virtualAddress: Int
        let physicalAddress: Int
        let fileSize: Int
        let memorySize: Int

        static let bits32 = Layout(
            size: 52, programHeaders: 28, programHeaderSize: 42, programHeaderCount: 44, segmentSize: 32,
            fileOffset: 4, virtualAddress: 8, physicalAddress: 12, fileSize: 16, memorySize: 20)
        static let bits64 = Layout(
            size: 64, programHeaders: 32, programHeaderSize: 54, programHeaderCount: 56, segmentSize: 56,
            fileOffset: 8, virtualAddress: 16, physicalAddress: 24, fileSize: 32, memorySize: 40)
    }
}

/// One program header: a piece of the file, and where it goes.
public struct ELFProgramHeader {
    /// Whether it is loaded (`PT_LOAD`).
    public let isLoadable: Bool
    /// Where in the file it begins.
    public let fileOffset: UInt64
    /// Where the program believes to be.
    public let virtualAddress: UInt64
    /// Where it goes.
    public let physicalAddress: UInt64
    /// Bytes in the file.
    public let fileSize: UInt64
    /// Bytes in memory; those that the file lacks are zero.
    public let memorySize: UInt64
}
