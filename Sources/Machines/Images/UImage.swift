/// What the header of a legacy U-Boot image says (U-Boot's `include/image.h`): 64 bytes, big-endian.
enum UImageHeader {
    /// The first four bytes.
    static let magic: UInt32 = 0x2705_1956
    /// Bytes of the header; the payload follows.
    static let size = 64

    /// Offsets into the header.
    enum Offset {
        static let headerChecksum = 4
        static let dataSize = 12
        static let loadAddress = 16
        static let entry = 20
        static let dataChecksum = 24
        static let architecture = 29
        static let type = 30
        static let compression = 31
    }

    static let powerPC: UInt8 = 7
    static let kernel: UInt8 = 2
    static let uncompressed: UInt8 = 0
    static let gzip: UInt8 = 1
}

extension KernelImage {
    /// Reads a legacy uImage, whose magic was seen already. Bytes after its payload are ignored.
    init(uImage file: [UInt8], inflationLimit: Int) throws(ImageError) {
        typealias Offset = UImageHeader.Offset
        let size = UImageHeader.size
        guard file.count >= size, let headerChecksum = file.bigEndianWord(at: Offset.headerChecksum),
            let dataSize = file.bigEndianWord(at: Offset.dataSize),
            let loadAddress = file.bigEndianWord(at: Offset.loadAddress),
            let entry = file.bigEndianWord(at: Offset.entry),
            let dataChecksum = file.bigEndianWord(at: Offset.dataChecksum)
        else { throw .truncated(.uImageHeader, needs: UInt64(size), has: UInt64(file.count)) }

        // The header's checksum was made with its own field at zero.
        var header = [UInt8](file[..<size])
        for index in Offset.headerChecksum..<Offset.headerChecksum + 4 { header[index] = 0 }
        let computedHeaderChecksum = checksum(of: header, 0..<size)
        guard computedHeaderChecksum == headerChecksum else {
            throw .badHeaderChecksum(stated: headerChecksum, computed: computedHeaderChecksum)
        }
        guard file[Offset.architecture] == UImageHeader.powerPC else {
            throw .uImageNotPowerPC(file[Offset.architecture])
        }
        guard file[Offset.type] == UImageHeader.kernel else { throw .uImageNotKernel(file[Offset.type]) }

        guard dataSize > 0 else { throw .empty }
        let end = UInt64(size) + UInt64(dataSize)
        guard end <= UInt64(file.count) else { throw .truncated(.uImageData, needs: end, has: UInt64(file.count)) }
        let data = size..<Int(end)
        let computedDataChecksum = checksum(of: file, data)
        guard computedDataChecksum == dataChecksum else {
            throw .badDataChecksum(stated: dataChecksum, computed: computedDataChecksum)
        }

        let segment: Segment
        let bytes: [UInt8]
        switch file[Offset.compression] {
        case UImageHeader.uncompressed:
            bytes = file
            segment = Segment(address: UInt64(loadAddress), contents: data, zeroFill: 0)
        case UImageHeader.gzip:
            bytes = try unpackGzip(file, data, limit: inflationLimit)
            guard !bytes.isEmpty else { throw .empty }
            segment = Segment(address: UInt64(loadAddress), contents: 0..<bytes.count, zeroFill: 0)
        case let other:
            throw .unsupportedCompression(other)
        }
        guard UInt64(entry) >= segment.address, UInt64(entry) < segment.end else {
            throw .entryOutsideImage(UInt64(entry))
        }
        self.init(kind: .uImage, entry: UInt64(entry), segments: [segment], bytes: bytes)
    }
}
