/// How accesses of any width reach devices whose registers have one width.
enum RegisterAccess {
    /// A load from a block of 32-bit registers: a word, or two of them with the lower address in the high half.
    /// Narrower and unaligned loads are undefined in such hardware and yield 0.
    @inline(__always)
    static func readWords(_ offset: UInt64, width: Int, word: (UInt64) -> UInt32) -> UInt64 {
        guard offset & 3 == 0 else { return 0 }
        switch width {
        case 4: return UInt64(word(offset))
        case 8: return UInt64(word(offset)) << 32 | UInt64(word(offset &+ 4))
        default: return 0
        }
    }

    /// A store to a block of 32-bit registers, split like ``readWords(_:width:word:)``; others do nothing.
    @inline(__always)
    static func writeWords(_ value: UInt64, _ offset: UInt64, width: Int, word: (UInt32, UInt64) -> Void) {
        guard offset & 3 == 0 else { return }
        switch width {
        case 4: word(UInt32(truncatingIfNeeded: value), offset)
        case 8:
            word(UInt32(truncatingIfNeeded: value >> 32), offset)
            word(UInt32(truncatingIfNeeded: value), offset &+ 4)
        default: break
        }
    }

    /// A load from a block of byte registers: one after the other from the lowest address, which gives the highest byte.
    @inline(__always)
    static func readBytes(_ offset: UInt64, width: Int, byte: (UInt64) -> UInt8) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<UInt64(clamping: min(width, 8)) {
            value = value << 8 | UInt64(byte(offset &+ index))
        }
        return value
    }

    /// A store to a block of byte registers, split like ``readBytes(_:width:byte:)``.
    @inline(__always)
    static func writeBytes(_ value: UInt64, _ offset: UInt64, width: Int, byte: (UInt8, UInt64) -> Void) {
        let count = UInt64(clamping: min(width, 8))
        for index in 0..<count {
            byte(UInt8(truncatingIfNeeded: value >> ((count - 1 - index) * 8)), offset &+ index)
        }
    }
}
