/// What an ELF file's header says, as far as loading needs it (System V ABI, chapter 4, and its PowerPC supplements).
enum ELFHeader {
    /// The first four bytes: 0x7F and "ELF".
    static let magic: UInt32 = 0x7F45_4C46

    /// Offsets of the fields that are the same in both word sizes.
    enum Offset {
        static let wordSize = 4
        static let byteOrder = 5
        static let type = 16
        static let machine = 18
        static let entry = 24
    }

    static let wordSize32: UInt8 = 1
    static let wordSize64: UInt8 = 2
    static let littleEndian: UInt8 = 1
    static let bigEndian: UInt8 = 2
    static let executable: UInt16 = 2
    static let sharedObject: UInt16 = 3
    static let loadable: UInt32 = 1

    /// Where the other fields are, which depends on the word size.
    struct Layout {
        /// Bytes of the header.
        let size: Int
        let programHeaders: Int
        let programHeaderSize: Int
        let programHeaderCount: Int
        /// Bytes of a program header at least.
        let segmentSize: Int
        let segmentType = 0
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

/// The fields of an ELF file.
private struct ELFReader {
    let file: [UInt8]
    let isLittleEndian: Bool
    let is64Bit: Bool
    var layout: ELFHeader.Layout { is64Bit ? .bits64 : .bits32 }

    /// `width` bytes at `offset`; nil where the file ends before.
    private func integer(at offset: Int, width: Int) -> UInt64? {
        guard offset >= 0, width <= file.count, offset <= file.count - width else { return nil }
        var value: UInt64 = 0
        for place in 0..<width {
            value = value << 8 | UInt64(file[offset + (isLittleEndian ? width - 1 - place : place)])
        }
        return value
    }

    func halfword(at offset: Int) -> UInt16? { integer(at: offset, width: 2).map { UInt16($0) } }
    func word(at offset: Int) -> UInt32? { integer(at: offset, width: 4).map { UInt32($0) } }
    /// An address, an offset or a size.
    func long(at offset: Int) -> UInt64? { integer(at: offset, width: is64Bit ? 8 : 4) }
}

extension KernelImage {
    /// Reads an ELF file, whose magic was seen already.
    ///
    /// Segments are loaded at their physical addresses. The entry point is a virtual address where it lies in a
    /// segment's virtual range, and is then translated through that segment; otherwise it is physical.
    init(elf file: [UInt8], for processor: Processor) throws(ImageError) {
        let reader = try Self.checkIdentification(of: file, for: processor)
        let layout = reader.layout
        guard file.count >= layout.size, let start = reader.long(at: layout.programHeaders),
            let stride = reader.halfword(at: layout.programHeaderSize),
            let count = reader.halfword(at: layout.programHeaderCount),
            let entry = reader.long(at: ELFHeader.Offset.entry)
        else { throw .truncated(.elfHeader, needs: UInt64(layout.size), has: UInt64(file.count)) }
        guard count > 0 else { throw .noSegments }
        guard Int(stride) >= layout.segmentSize else {
            throw .badProgramHeaderSize(stride, needs: layout.segmentSize)
        }
        let (end, overflow) = start.addingReportingOverflow(UInt64(count) * UInt64(stride))
        guard !overflow, end <= UInt64(file.count) else {
            throw .truncated(.programHeaders, needs: overflow ? .max : end, has: UInt64(file.count))
        }

        var segments: [Segment] = []
        var virtualEntry: UInt64?
        for index in 0..<Int(count) {
            let place = Int(start) + index * Int(stride)
            guard let header = try Self.loadableSegment(index, at: place, of: reader) else { continue }
            let distance = entry &- header.virtualAddress
            if virtualEntry == nil, entry >= header.virtualAddress, distance < header.segment.size {
                virtualEntry = header.segment.address + distance
            }
            segments.append(header.segment)
        }
        guard !segments.isEmpty else { throw .noSegments }
        segments.sort { $0.address < $1.address }
        for index in 1..<max(segments.count, 1) where segments[index].address < segments[index - 1].end {
            throw .overlappingSegments(at: segments[index].address)
        }
        let physicalEntry = virtualEntry ?? entry
        guard segments.contains(where: { physicalEntry >= $0.address && physicalEntry < $0.end }) else {
            throw .entryOutsideImage(entry)
        }
        self.init(kind: .elf, entry: physicalEntry, segments: segments, bytes: file)
    }

    /// Checks that the file is one for that processor.
    private static func checkIdentification(
        of file: [UInt8], for processor: Processor
    ) throws(ImageError) -> ELFReader {
        typealias Offset = ELFHeader.Offset
        let size = (processor == .bits32 ? ELFHeader.Layout.bits32 : .bits64).size
        // Enough for what both word sizes share, so that a short file for another processor is named as that.
        guard let rawMachine = file.bigEndianHalfword(at: Offset.machine),
            let rawType = file.bigEndianHalfword(at: Offset.type)
        else { throw .truncated(.elfHeader, needs: UInt64(size), has: UInt64(file.count)) }
        let wordSize = file[Offset.wordSize]
        let byteOrder = file[Offset.byteOrder]
        guard wordSize == ELFHeader.wordSize32 || wordSize == ELFHeader.wordSize64,
            byteOrder == ELFHeader.littleEndian || byteOrder == ELFHeader.bigEndian
        else { throw .badIdentification(wordSize: wordSize, byteOrder: byteOrder) }
        let isLittleEndian = byteOrder == ELFHeader.littleEndian
        let machine = ELFMachine(rawValue: isLittleEndian ? rawMachine.byteSwapped : rawMachine)
        guard machine == .powerPC || machine == .powerPC64 else {
            throw .notPowerPC(machine, littleEndian: isLittleEndian, needs: processor)
        }
        let is64Bit = wordSize == ELFHeader.wordSize64
        switch processor {
        case .bits32:
            guard machine == .powerPC, !is64Bit else { throw .is64Bit }
            guard !isLittleEndian else { throw .isLittleEndian }
        case .bits64:
            guard machine == .powerPC64, is64Bit else { throw .is32Bit }
        }
        let type = isLittleEndian ? rawType.byteSwapped : rawType
        guard type == ELFHeader.executable || type == ELFHeader.sharedObject else { throw .notExecutable(type: type) }
        return ELFReader(file: file, isLittleEndian: isLittleEndian, is64Bit: is64Bit)
    }

    /// The program header at `offset`, or nil when it loads nothing.
    private static func loadableSegment(
        _ index: Int, at offset: Int, of reader: ELFReader
    ) throws(ImageError) -> (segment: Segment, virtualAddress: UInt64)? {
        let layout = reader.layout
        let size = UInt64(reader.file.count)
        guard let type = reader.word(at: offset + layout.segmentType),
            let fileOffset = reader.long(at: offset + layout.fileOffset),
            let virtualAddress = reader.long(at: offset + layout.virtualAddress),
            let physicalAddress = reader.long(at: offset + layout.physicalAddress),
            let fileSize = reader.long(at: offset + layout.fileSize),
            let memorySize = reader.long(at: offset + layout.memorySize)
        else {
            throw .truncated(.programHeaders, needs: UInt64(offset) + UInt64(layout.segmentSize), has: size)
        }
        guard type == ELFHeader.loadable, memorySize > 0 || fileSize > 0 else { return nil }
        guard fileSize <= memorySize else { throw .badSegmentSize(index: index) }
        let (end, overflow) = fileOffset.addingReportingOverflow(fileSize)
        guard fileSize == 0 || !overflow && end <= size else {
            throw .truncated(.segment(index), needs: overflow ? .max : end, has: size)
        }
        guard !physicalAddress.addingReportingOverflow(memorySize).overflow else {
            throw .segmentBeyondMemory(index: index)
        }
        let contents = fileSize == 0 ? 0..<0 : Int(fileOffset)..<Int(end)
        let segment = Segment(address: physicalAddress, contents: contents, zeroFill: memorySize - fileSize)
        return (segment, virtualAddress)
    }
}

extension KernelImage.Segment {
    /// Bytes in guest memory.
    var size: UInt64 { UInt64(contents.count) + zeroFill }
}
