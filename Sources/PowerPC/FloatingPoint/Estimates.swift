/// The estimates of the vector facility, with more bits than it asks for.
extension SoftFloat {
    /// Two to the power of `b`, to single precision.
    static func exponential(_ b: UInt64, _ control: FloatControl) -> UInt64 {
        if DoubleBits.isNaN(b) { return b | DoubleBits.quiet }
        let x = Unpacked(b)
        if x.kind == .zero { return DoubleBits.one }
        if x.kind == .infinity || x.exponent >= 8 { return x.isNegative ? 0 : DoubleBits.infinity }
        // The magnitude with 55 bits behind the point, as far as they matter, and from there the floor and what is above.
        let magnitude = Int64(bitPattern: x.significand.shiftedRightSticky(8 - x.exponent))
        let fixed = x.isNegative ? 0 - magnitude : magnitude
        let fraction = UInt64(bitPattern: fixed) & (1 << 55 - 1)
        // e^(fraction × ln 2) by its series, with 62 bits behind the point.
        let power = UInt64(truncatingIfNeeded: (UInt128(fraction) * UInt128(naturalLogarithmOfTwo)) >> 57)
        var (sum, term): (UInt64, UInt64) = (1 << 62, 1 << 62)
        for number in UInt64(1)...20 {
            term = UInt64(truncatingIfNeeded: (UInt128(term) * UInt128(power)) >> 62) / number
            sum += term
        }
        return FloatResult(
            isNegative: false, exponent: Int(fixed >> 55), significand: min(sum, .max >> 1) << 1, control
        ).bits
    }

    /// ln 2 with 64 bits behind the point.
    private static let naturalLogarithmOfTwo: UInt64 = 0xB172_17F7_D1CF_79AB

    /// The logarithm of `b` to base 2, to single precision.
    static func logarithm(_ b: UInt64, _ control: FloatControl) -> UInt64 {
        if DoubleBits.isNaN(b) { return b | DoubleBits.quiet }
        let x = Unpacked(b)
        if x.kind == .zero { return DoubleBits.infinity | DoubleBits.sign }
        if x.isNegative { return DoubleBits.defaultNaN }
        if x.kind == .infinity { return DoubleBits.infinity }
        // Squaring a number from 1 to 2 tells a bit of its logarithm each time.
        var (square, fraction): (UInt64, Int64) = (x.significand, 0)
        for _ in 0..<54 {
            let (high, low) = square.multipliedFullWidth(by: square)
            fraction <<= 1
            if high >> 63 != 0 {
                fraction |= 1
                square = high
            } else {
                square = high << 1 | low >> 63
            }
        }
        let value = Int64(x.exponent) << 54 + fraction
        return FloatResult.scaled(value, binaryPoint: 54, control).bits
    }
}

extension FloatResult {
    /// An integer divided by a power of two.
    fileprivate static func scaled(_ value: Int64, binaryPoint: Int, _ control: FloatControl) -> FloatResult {
        guard value != 0 else { return .zero(false) }
        let shift = value.magnitude.leadingZeroBitCount
        return FloatResult(
            isNegative: value < 0, exponent: 63 - binaryPoint - shift,
            significand: value.magnitude << UInt64(truncatingIfNeeded: shift), control)
    }
}
