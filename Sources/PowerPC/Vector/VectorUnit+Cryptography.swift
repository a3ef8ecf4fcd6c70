/// AES, SHA-2, and the exclusive or of bytes that nibbles choose (Power ISA 2.07 Book I, §6.11).
extension VectorUnit {
    static func cipher(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ c: Vector128, _ immediate: UInt8
    ) -> Vector128 {
        switch kind {
        case .vcipher: return mixedColumns(shiftedRows(a, inverse: false, substituting: AES.substitution)) ^ b
        case .vcipherlast: return shiftedRows(a, inverse: false, substituting: AES.substitution) ^ b
        case .vncipher:
            return inverseMixedColumns(shiftedRows(a, inverse: true, substituting: AES.inverse) ^ b)
        case .vncipherlast: return shiftedRows(a, inverse: true, substituting: AES.inverse) ^ b
        case .vsbox: return a.map { (byte: UInt8) in AES.substitution[Int(byte)] }
        case .vshasigmaw:
            return Vector128.of(UInt32.self) { index in
                let word: UInt32 = a[index]
                return sigma(word, isUpper: immediate & 16 != 0, isSecond: immediate & 8 >> UInt8(index) != 0)
            }
        case .vshasigmad:
            return Vector128.of(UInt64.self) { index in
                let doubleword: UInt64 = a[index]
                return sigma(
                    doubleword, isUpper: immediate & 16 != 0, isSecond: immediate & 8 >> UInt8(2 * index) != 0)
            }
        default:
            // vpermxor
            return Vector128.of(UInt8.self) { index in
                let numbers: UInt8 = c[index]
                let (x, y): (UInt8, UInt8) = (a[Int(numbers >> 4)], b[Int(numbers & 15)])
                return x ^ y
            }
        }
    }

    // MARK: - AES

    /// The bytes of a state after SubBytes and ShiftRows, or after their inverses.
    private static func shiftedRows(
        _ state: Vector128, inverse: Bool, substituting table: [256 of UInt8]
    ) -> Vector128 {
        Vector128.of(UInt8.self) { index in
            // Byte `index` is in row index % 4 of column index / 4.
            let row = index & 3
            let byte: UInt8 = state[(index &+ (inverse ? 12 : 4) &* row) & 15]
            return table[Int(byte)]
        }
    }

    private static func mixedColumns(_ state: Vector128) -> Vector128 {
        combined(state) { first, second, third, fourth in AES.twice(first ^ second) ^ second ^ third ^ fourth }
    }

    private static func inverseMixedColumns(_ state: Vector128) -> Vector128 {
        combined(state) { first, second, third, fourth in
            let four = AES.twice(AES.twice(first ^ third))
            let eight = AES.twice(AES.twice(AES.twice(first ^ second ^ third ^ fourth)))
            return eight ^ four ^ AES.twice(first ^ second) ^ second ^ third ^ fourth
        }
    }

    /// Each byte replaced by what `mix` makes of it and of the three below it in its column.
    @inline(__always)
    private static func combined(
        _ state: Vector128, _ mix: (UInt8, UInt8, UInt8, UInt8) -> UInt8
    ) -> Vector128 {
        Vector128.of(UInt8.self) { index in
            let column = index & 12
            let (first, second): (UInt8, UInt8) = (state[index], state[column | (index &+ 1) & 3])
            let (third, fourth): (UInt8, UInt8) = (state[column | (index &+ 2) & 3], state[column | (index &+ 3) & 3])
            return mix(first, second, third, fourth)
        }
    }

    // MARK: - SHA-2

    private static func sigma(_ x: UInt32, isUpper: Bool, isSecond: Bool) -> UInt32 {
        func rotated(_ count: UInt32) -> UInt32 { x &>> count | x &<< (32 - count) }
        return switch (isUpper, isSecond) {
        case (false, false): rotated(7) ^ rotated(18) ^ x >> 3
        case (false, true): rotated(17) ^ rotated(19) ^ x >> 10
        case (true, false): rotated(2) ^ rotated(13) ^ rotated(22)
        case (true, true): rotated(6) ^ rotated(11) ^ rotated(25)
        }
    }

    private static func sigma(_ x: UInt64, isUpper: Bool, isSecond: Bool) -> UInt64 {
        func rotated(_ count: UInt64) -> UInt64 { x &>> count | x &<< (64 - count) }
        return switch (isUpper, isSecond) {
        case (false, false): rotated(1) ^ rotated(8) ^ x >> 7
        case (false, true): rotated(19) ^ rotated(61) ^ x >> 6
        case (true, false): rotated(28) ^ rotated(34) ^ rotated(39)
        case (true, true): rotated(14) ^ rotated(18) ^ rotated(41)
        }
    }
}

/// The field and the tables of AES (FIPS 197).
private enum AES {
    /// The byte multiplied by x in GF(2^8).
    @inline(__always)
    static func twice(_ byte: UInt8) -> UInt8 { byte &<< 1 ^ (byte >> 7) &* 0x1B }

    /// SubBytes: the inverse in the field, and an affine map of it.
    static let substitution: [256 of UInt8] = {
        var table = [256 of UInt8](repeating: 0)
        // 3 generates the field's group; 0xF6 is its inverse.
        var (power, inverse): (UInt8, UInt8) = (1, 1)
        repeat {
            power ^= twice(power)
            inverse ^= inverse << 1
            inverse ^= inverse << 2
            inverse ^= inverse << 4
            if inverse & 0x80 != 0 { inverse ^= 0x09 }
            let rotations = rotated(inverse, 1) ^ rotated(inverse, 2) ^ rotated(inverse, 3) ^ rotated(inverse, 4)
            table[Int(power)] = inverse ^ rotations ^ 0x63
        } while power != 1
        table[0] = 0x63
        return table
    }()

    /// The inverse of ``substitution``.
    static let inverse: [256 of UInt8] = {
        var table = [256 of UInt8](repeating: 0)
        for byte in 0..<256 { table[Int(substitution[byte])] = UInt8(byte) }
        return table
    }()

    private static func rotated(_ byte: UInt8, _ count: UInt8) -> UInt8 { byte << count | byte >> (8 - count) }
}
