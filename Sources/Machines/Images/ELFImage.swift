internal import ELF

extension KernelImage {
    /// Reads an ELF file, whose magic was seen already.
    ///
    /// Segments are loaded at their physical addresses. The entry point is a virtual address where it lies in a
    /// segment's virtual range, and is then translated through that segment; otherwise it is physical.
    init(elf file: [UInt8], for processor: Processor) throws(ImageError) {
        let elf = try Self.checkIdentification(of: file, for: processor)
        guard let (start, stride, count) = elf.programHeaders, let entry = elf.entry else {
            throw .truncated(.elfHeader, needs: UInt64(elf.headerSize), has: UInt64(file.count))
        }
        guard count > 0 else { throw .noSegments }
        guard Int(stride) >= elf.leastProgramHeaderSize else {
            throw .badProgramHeaderSize(stride, needs: elf.leastProgramHeaderSize)
        }
        let (end, overflow) = start.addingReportingOverflow(UInt64(count) * UInt64(stride))
        guard !overflow, end <= UInt64(file.count) else {
            throw .truncated(.programHeaders, needs: overflow ? .max : end, has: UInt64(file.count))
        }

        var segments: [Segment] = []
        var virtualEntry: UInt64?
        for index in 0..<Int(count) {
            let place = Int(start) + index * Int(stride)
            guard let header = try Self.loadableSegment(index, at: place, of: elf) else { continue }
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
    ) throws(ImageError) -> ELFFile {
        // Enough for what both word sizes share, so that a short file for another processor is named as that.
        guard let elf = ELFFile(file) else {
            let size = ELFFile.headerSize(is64Bit: processor == .bits64)
            throw .truncated(.elfHeader, needs: UInt64(size), has: UInt64(file.count))
        }
        guard elf.isIdentified else { throw .badIdentification(wordSize: elf.wordSize, byteOrder: elf.byteOrder) }
        let machine = ELFMachine(rawValue: elf.machine)
        guard machine == .powerPC || machine == .powerPC64 else {
            throw .notPowerPC(machine, littleEndian: elf.isLittleEndian, needs: processor)
        }
        switch processor {
        case .bits32:
            guard machine == .powerPC, !elf.is64Bit else { throw .is64Bit }
            guard !elf.isLittleEndian else { throw .isLittleEndian }
        case .bits64:
            guard machine == .powerPC64, elf.is64Bit else { throw .is32Bit }
        }
        guard elf.type == ELFFile.executable || elf.type == ELFFile.sharedObject else {
            throw .notExecutable(type: elf.type)
        }
        return elf
    }

    /// The program header at `offset`, or nil when it loads nothing.
    private static func loadableSegment(
        _ index: Int, at offset: Int, of elf: ELFFile
    ) throws(ImageError) -> (segment: Segment, virtualAddress: UInt64)? {
        let size = UInt64(elf.bytes.count)
        guard let header = elf.programHeader(at: offset) else {
            throw .truncated(.programHeaders, needs: UInt64(offset) + UInt64(elf.leastProgramHeaderSize), has: size)
        }
        guard header.isLoadable, header.memorySize > 0 || header.fileSize > 0 else { return nil }
        guard header.fileSize <= header.memorySize else { throw .badSegmentSize(index: index) }
        let (end, overflow) = header.fileOffset.addingReportingOverflow(header.fileSize)
        guard header.fileSize == 0 || !overflow && end <= size else {
            throw .truncated(.segment(index), needs: overflow ? .max : end, has: size)
        }
        guard !header.physicalAddress.addingReportingOverflow(header.memorySize).overflow else {
            throw .segmentBeyondMemory(index: index)
        }
        let contents = header.fileSize == 0 ? 0..<0 : Int(header.fileOffset)..<Int(end)
        let segment = Segment(
            address: header.physicalAddress, contents: contents, zeroFill: header.memorySize - header.fileSize)
        return (segment, header.virtualAddress)
    }
}

extension KernelImage.Segment {
    /// Bytes in guest memory.
    var size: UInt64 { UInt64(contents.count) + zeroFill }
}
