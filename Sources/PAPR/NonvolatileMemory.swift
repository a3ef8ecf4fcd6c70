/// What a guest finds in nonvolatile memory that nobody has written to: one partition of free space, from which it makes its
/// own (Common Hardware Reference Platform, chapter 8; QEMU's `hw/nvram/chrp_nvram.c`).
public enum NonvolatileMemory {
    /// Bytes of a partition's header, and of the unit that its length counts.
    static let blockSize = 16
    /// The signature of free space.
    static let freeSpace: UInt8 = 0x7F

    /// `size` bytes, which are a multiple of 16 and at most 16 times 65535.
    public static func blank(size: Int) -> [UInt8] {
        let blocks = size / blockSize
        // Signature, checksum, length, and twelve bytes of name, which free space fills with "w".
        var header: [UInt8] = [freeSpace, 0, UInt8(truncatingIfNeeded: blocks >> 8), UInt8(truncatingIfNeeded: blocks)]
        header += [UInt8](repeating: UInt8(ascii: "w"), count: 12)
        header[1] = checksum(of: header)
        return header + [UInt8](repeating: 0, count: size - blockSize)
    }

    /// The sum of a header's bytes but for the checksum itself, whose carries are added at the lower end.
    static func checksum(of header: [UInt8]) -> UInt8 {
        var sum = 0
        for (place, byte) in header.enumerated() where place != 1 {
            sum += Int(byte)
            if sum > 0xFF { sum -= 0xFF }
        }
        return UInt8(sum)
    }
}
