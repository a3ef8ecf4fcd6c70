internal import CZlib

/// The CRC-32 (ISO 3309) of the bytes in `range`, which lies within them.
func checksum(of bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        let part = unsafe UnsafeBufferPointer(rebasing: buffer[range])
        return unsafe UInt32(truncatingIfNeeded: crc32_z(0, part.baseAddress, part.count))
    }
}

/// What the last four bytes of the gzip file in `range` say of its unpacked size: right for small honest files alone.
private func statedSize(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
    bytes[range].suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
}

/// Unpacks the gzip file in `range`, which lies within `bytes`; what follows its end mark is ignored.
///
/// - Parameter limit: the most bytes that may come out. Unpacking stops as soon as there are more.
func unpackGzip(_ bytes: [UInt8], _ range: Range<Int>, limit: Int) throws(ImageError) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(min(statedSize(bytes, range), limit))
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    var failure: ImageError?
    unsafe bytes.withUnsafeBufferPointer { buffer in
        var stream = unsafe z_stream()
        guard unsafe czlib_inflate_gzip_begin(&stream) == Z_OK else {
            failure = .badCompressedData
            return
        }
        defer { _ = unsafe inflateEnd(&stream) }
        // A uImage's size field has 32 bits, so that every payload fits `avail_in`.
        let part = unsafe UnsafeBufferPointer(rebasing: buffer[range])
        unsafe stream.next_in = UnsafeMutablePointer(mutating: part.baseAddress)
        unsafe stream.avail_in = uInt(clamping: part.count)
        var status = Z_OK
        while status != Z_STREAM_END {
            let produced = unsafe chunk.withUnsafeMutableBufferPointer { room in
                unsafe stream.next_out = room.baseAddress
                unsafe stream.avail_out = uInt(room.count)
                status = unsafe inflate(&stream, Z_NO_FLUSH)
                return unsafe room.count - Int(stream.avail_out)
            }
            // Z_OK without output means that the input ended early.
            guard status == Z_STREAM_END || (status == Z_OK && produced > 0) else {
                failure = .badCompressedData
                return
            }
            guard produced <= limit - output.count else {
                failure = .unpacksBeyond(limit: limit)
                return
            }
            output.append(contentsOf: chunk[..<produced])
        }
    }
    if let failure { throw failure }
    return output
}
