internal import CDeflate

/// The CRC-32 (ISO 3309) of the bytes in `range`, which lies within them.
func checksum(of bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        let part = unsafe UnsafeBufferPointer(rebasing: buffer[range])
        return unsafe libdeflate_crc32(0, part.baseAddress, part.count)
    }
}

/// What the last four bytes of the gzip file in `range` say of its unpacked size: right for small honest files alone.
private func statedSize(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
    bytes[range].suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
}

/// No byte of a DEFLATE stream stands for more than this: a match of 258 bytes takes two bits.
private let mostOutputPerByte = 1032

/// Unpacks the gzip file in `range`, which lies within `bytes`; what follows its end mark is ignored.
///
/// - Parameter limit: the most bytes that may come out. Unpacking stops as soon as there are more.
func unpackGzip(_ bytes: [UInt8], _ range: Range<Int>, limit: Int) throws(ImageError) -> [UInt8] {
    guard let decompressor = unsafe libdeflate_alloc_decompressor() else { throw .badCompressedData }
    defer { unsafe libdeflate_free_decompressor(decompressor) }
    // The stated size is believed only as far as the file's own size can bear it out, and tried larger where it is wrong.
    let most = min(limit, (range.count &* mostOutputPerByte))
    var room = min(statedSize(bytes, range), most)
    while true {
        var result = LIBDEFLATE_BAD_DATA
        let output = unsafe [UInt8](unsafeUninitializedCapacity: max(room, 1)) { space, produced in
            // SAFETY: what libdeflate says that it produced is initialized, and no more than the room it was given.
            unsafe bytes.withUnsafeBufferPointer { buffer in
                let part = unsafe UnsafeBufferPointer(rebasing: buffer[range])
                result = unsafe libdeflate_gzip_decompress_ex(
                    decompressor, part.baseAddress, part.count, space.baseAddress, room, nil, &produced)
            }
            if result != LIBDEFLATE_SUCCESS { produced = 0 }
        }
        switch result {
        case LIBDEFLATE_SUCCESS: return output
        case LIBDEFLATE_INSUFFICIENT_SPACE where room < most: room = min(max(room, 1 << 10) * 4, most)
        case LIBDEFLATE_INSUFFICIENT_SPACE: throw .unpacksBeyond(limit: limit)
        default: throw .badCompressedData
        }
    }
}
