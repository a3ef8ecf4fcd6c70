/// What an ELF file's header says, as far as loading needs it (System V ABI, chapter 4, and its PowerPC supplement).
enum ELFHeader {
    /// The first four bytes: 0x7F and "ELF".
    static let magic: UInt32 = 0x7F45_4C46
    /// Bytes of the 32-bit header.
    static let size = 52
    /// Bytes of a 32-bit program header.
    static let programHeaderSize = 32

    /// Offsets into the header. The first four fields are the same in both word sizes.
    enum Offset {
        static let wordSize = 4
        static let byteOrder = 5
        static let type = 16
        static let machine = 18
        static let entry = 24
        static let programHeaders = 28
        static let programHeaderSize = 42
        static let programHeaderCount = 44
    }

    /// Offsets into a program header.
    enum SegmentOffset {
        static let type = 0
        static let fileOffset = 4
        static let virtualAddress = 8
        static let physicalAddress = 12
        static let fileSize = 16
        static let memorySize = 20
    }

    static let wordSize32: UInt8 = 1
    static let wordSize64: UInt8 = 2
    static let littleEndian: UInt8 = 1
    static let bigEndian: UInt8 = 2
    static let executable: UInt16 = 2
    static let sharedObject: UInt16 = 3
    static let loadable: UInt32 = 1
}

extension KernelImage {
    /// Reads an ELF file, whose magic was seen already.
    ///
    /// Segments are loaded at their physical addresses. The entry point is a virtual address where it lies in a
    /// segment's virtual range, and is then translated through that segment; otherwise it is physical.
    init(elf file: [UInt8]) throws(ImageError) {
        let segmentCount = try Self.checkHeader(of: file)
        guard let start = file.bigEndianWord(at: ELFHeader.Offset.programHeaders),
            let stride = file.bigEndianHalfword(at: ELFHeader.Offset.programHeaderSize),
            let entry = file.bigEndianWord(at: ELFHeader.Offset.entry)
        else { throw .truncated(.elfHeader, needs: UInt64(ELFHeader.size), has: UInt64(file.count)) }

        var segments: [Segment] = []
        var virtualEntry: UInt64?
        for index in 0..<segmentCount {
            guard let header = try Self.loadableSegment(index, at: Int(start) + index * Int(stride), of: file) else {
                continue
            }
            let place = UInt64(entry) &- header.virtualAddress
            if virtualEntry == nil, UInt64(entry) >= header.virtualAddress, place < header.segment.size {
                virtualEntry = header.segment.address + place
            }
            segments.append(header.segment)
        }
        guard !segments.isEmpty else { throw .noSegments }
        segments.sort { $0.address < $1.address }
        for index in 1..<max(segments.count, 1) where segments[index].address < segments[index - 1].end {
            throw .overlappingSegments(at: segments[index].address)
        }
        let physicalEntry = virtualEntry ?? UInt64(entry)
        guard segments.contains(where: { physicalEntry >= $0.address && physicalEntry < $0.end }) else {
            throw .entryOutsideImage(UInt64(entry))
        }
        self.init(kind: .elf, entry: physicalEntry, segments: segments, bytes: file)
    }

    /// Checks that the file is one for this machine and that its program headers are there; returns their number.
    private static func checkHeader(of file: [UInt8]) throws(ImageError) -> Int {
        typealias Offset = ELFHeader.Offset
        let cutOff = ImageError.truncated(.elfHeader, needs: UInt64(ELFHeader.size), has: UInt64(file.count))
        // Enough for what both word sizes share, so that a short file for another processor is named as that.
        guard let rawMachine = file.bigEndianHalfword(at: Offset.machine),
            let type = file.bigEndianHalfword(at: Offset.type)
        else { throw cutOff }
        let wordSize = file[Offset.wordSize]
        let byteOrder = file[Offset.byteOrder]
        guard wordSize == ELFHeader.wordSize32 || wordSize == ELFHeader.wordSize64,
            byteOrder == ELFHeader.littleEndian || byteOrder == ELFHeader.bigEndian
        else { throw .badIdentification(wordSize: wordSize, byteOrder: byteOrder) }
        let isLittleEndian = byteOrder == ELFHeader.littleEndian
        let machine = ELFMachine(rawValue: isLittleEndian ? rawMachine.byteSwapped : rawMachine)
        guard machine == .powerPC || machine == .powerPC64 else {
            throw .notPowerPC(machine, littleEndian: isLittleEndian)
        }
        guard machine == .powerPC, wordSize == ELFHeader.wordSize32 else { throw .is64Bit }
        guard !isLittleEndian else { throw .isLittleEndian }
        guard type == ELFHeader.executable || type == ELFHeader.sharedObject else { throw .notExecutable(type: type) }
        guard file.count >= ELFHeader.size,
            let start = file.bigEndianWord(at: Offset.programHeaders),
            let stride = file.bigEndianHalfword(at: Offset.programHeaderSize),
            let count = file.bigEndianHalfword(at: Offset.programHeaderCount)
        else { throw cutOff }
        guard count > 0 else { throw .noSegments }
        guard Int(stride) >= ELFHeader.programHeaderSize else { throw .badProgramHeaderSize(stride) }
        let end = UInt64(start) + UInt64(count) * UInt64(stride)
        guard end <= UInt64(file.count) else {
            throw .truncated(.programHeaders, needs: end, has: UInt64(file.count))
        }
        return Int(count)
    }

    /// The program header at `offset`, or nil when it loads nothing.
    private static func loadableSegment(
        _ index: Int, at offset: Int, of file: [UInt8]
    ) throws(ImageError) -> (segment: Segment, virtualAddress: UInt64)? {
        typealias Offset = ELFHeader.SegmentOffset
        guard let type = file.bigEndianWord(at: offset + Offset.type),
            let fileOffset = file.bigEndianWord(at: offset + Offset.fileOffset),
            let virtualAddress = file.bigEndianWord(at: offset + Offset.virtualAddress),
            let physicalAddress = file.bigEndianWord(at: offset + Offset.physicalAddress),
            let fileSize = file.bigEndianWord(at: offset + Offset.fileSize),
            let memorySize = file.bigEndianWord(at: offset + Offset.memorySize)
        else { throw .truncated(.programHeaders, needs: UInt64(offset) + 32, has: UInt64(file.count)) }
        guard type == ELFHeader.loadable, memorySize > 0 || fileSize > 0 else { return nil }
        guard fileSize <= memorySize else { throw .badSegmentSize(index: index) }
        let end = UInt64(fileOffset) + UInt64(fileSize)
        guard fileSize == 0 || end <= UInt64(file.count) else {
            throw .truncated(.segment(index), needs: end, has: UInt64(file.count))
        }
        let contents = fileSize == 0 ? 0..<0 : Int(fileOffset)..<Int(end)
        let segment = Segment(
            address: UInt64(physicalAddress), contents: contents, zeroFill: UInt64(memorySize - fileSize))
        return (segment, UInt64(virtualAddress))
    }
}

extension KernelImage.Segment {
    /// Bytes in guest memory.
    var size: UInt64 { UInt64(contents.count) + zeroFill }
}
