/// A binary floating-point format, as far as rounding to it goes. Registers hold double format whatever was rounded to.
package struct FloatFormat: Equatable, Sendable {
    /// Bits behind the point.
    let fractionBits: Int
    /// The exponents of normal numbers.
    let minimumExponent: Int
    let maximumExponent: Int
    /// What an enabled overflow subtracts from the exponent, and an enabled underflow adds (Power ISA 2.06 Book I §4.4.3).
    let adjustment: Int

    package static let double = FloatFormat(
        fractionBits: 52, minimumExponent: -1022, maximumExponent: 1023, adjustment: 1536)
    package static let single = FloatFormat(
        fractionBits: 23, minimumExponent: -126, maximumExponent: 127, adjustment: 192)
}

/// The bits of the double format.
enum DoubleBits {
    static let sign: UInt64 = 1 << 63
    static let infinity: UInt64 = 0x7FF << 52
    static let fraction: UInt64 = 1 << 52 - 1
    /// What makes a NaN quiet.
    static let quiet: UInt64 = 1 << 51
    /// The NaN of an invalid operation without a NaN among its operands.
    static let defaultNaN: UInt64 = 0x7FF8 << 48
    static let one: UInt64 = 0x3FF << 52

    static func isNaN(_ bits: UInt64) -> Bool { bits & ~sign > infinity }
    static func isSignalingNaN(_ bits: UInt64) -> Bool { isNaN(bits) && bits & quiet == 0 }
}

/// A number taken apart: (−1)^sign × significand × 2^(exponent − 63).
struct Unpacked {
    enum Kind {
        case zero, finite, infinity, nan
    }

    var kind: Kind
    var isNegative: Bool
    /// Of a finite number: the exponent of its leading bit.
    var exponent: Int
    /// Of a finite number: its leading bit is bit 63, also if it is denormalized.
    var significand: UInt64

    /// The number that a register holds.
    init(_ bits: UInt64) {
        isNegative = bits & DoubleBits.sign != 0
        let fraction = bits & DoubleBits.fraction
        let biased = Int(bits >> 52 & 0x7FF)
        switch biased {
        case 0x7FF:
            kind = fraction == 0 ? .infinity : .nan
            exponent = 0
            significand = 0
        case 0:
            let shift = fraction.leadingZeroBitCount
            kind = fraction == 0 ? .zero : .finite
            exponent = -1011 - shift
            significand = fraction << UInt64(shift)
        default:
            kind = .finite
            exponent = biased - 1023
            significand = (fraction | 1 << 52) << 11
        }
    }
}

extension UInt64 {
    /// Shifted right by `count`, with a one at the end if a one was shifted out.
    func shiftedRightSticky(_ count: Int) -> UInt64 {
        if count <= 0 { return self }
        if count >= 64 { return self == 0 ? 0 : 1 }
        let count = UInt64(truncatingIfNeeded: count)
        return self &>> count | (self &<< (64 - count) == 0 ? 0 : 1)
    }
}

extension UInt128 {
    /// Shifted right by `count`, with a one at the end if a one was shifted out.
    func shiftedRightSticky(_ count: Int) -> UInt128 {
        if count <= 0 { return self }
        if count >= 128 { return self == 0 ? 0 : 1 }
        let count = UInt128(truncatingIfNeeded: count)
        return self &>> count | (self &<< (128 - count) == 0 ? 0 : 1)
    }

    /// The upper half, with a one at the end if the lower half has any.
    var upperHalfSticky: UInt64 {
        UInt64(truncatingIfNeeded: self >> 64) | (UInt64(truncatingIfNeeded: self) == 0 ? 0 : 1)
    }
}
