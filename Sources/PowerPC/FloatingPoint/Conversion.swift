extension SoftFloat {
    /// `b` as a signed integer of `width` bits, sign-extended: rounded, and the nearest integer there is where the width
    /// does not hold it.
    package static func integer(_ b: UInt64, width: Int, _ control: FloatControl) -> FloatResult {
        let limit = UInt64(1) << UInt64(truncatingIfNeeded: width - 1)
        return integer(b, leastMagnitude: limit, largest: limit - 1, control)
    }

    /// `b` as an unsigned integer of `width` bits: rounded, and the nearest integer there is where the width does not hold
    /// it.
    package static func unsignedInteger(_ b: UInt64, width: Int, _ control: FloatControl) -> FloatResult {
        integer(b, leastMagnitude: 0, largest: ~0 >> UInt64(truncatingIfNeeded: 64 - width), control)
    }

    /// `b` as an integer from -`leastMagnitude` to `largest`; a NaN is the least.
    private static func integer(
        _ b: UInt64, leastMagnitude: UInt64, largest: UInt64, _ control: FloatControl
    ) -> FloatResult {
        let x = Unpacked(b)
        func outOfRange(isNegative: Bool, _ raised: UInt32 = 0) -> FloatResult {
            FloatResult(isNegative ? 0 &- leastMagnitude : largest, raised: FPSCR.vxcvi | raised)
        }
        switch x.kind {
        case .nan: return outOfRange(isNegative: true, DoubleBits.isSignalingNaN(b) ? FPSCR.vxsnan : 0)
        case .infinity: return outOfRange(isNegative: x.isNegative)
        case .zero: return FloatResult(0)
        case .finite: break
        }
        guard x.exponent < 64 else { return outOfRange(isNegative: x.isNegative) }
        let rounded = roundedMagnitude(x, control)
        let magnitude = rounded.magnitude
        guard magnitude <= (x.isNegative ? leastMagnitude : largest) else {
            return outOfRange(isNegative: x.isNegative)
        }
        return FloatResult(x.isNegative ? 0 &- magnitude : magnitude, inexact: rounded)
    }

    /// A finite number's magnitude below 2^64 as an integer, and how rounding got there.
    private static func roundedMagnitude(
        _ x: Unpacked, _ control: FloatControl
    ) -> (magnitude: UInt64, isExact: Bool, increments: Bool) {
        // The magnitude's integer part, and behind the point 64 bits of its fraction.
        var magnitude: UInt64 = 0
        var fraction = x.significand.shiftedRightSticky(-1 - x.exponent)
        if x.exponent >= 0 {
            magnitude = x.significand >> UInt64(truncatingIfNeeded: 63 - x.exponent)
            fraction = x.significand << UInt64(truncatingIfNeeded: x.exponent + 1)
        }
        let increments = control.increments(
            isNegative: x.isNegative, isOdd: magnitude & 1 != 0, rest: fraction, half: 1 << 63)
        return (increments ? magnitude + 1 : magnitude, fraction == 0, increments)
    }

    /// `b` rounded to an integer in double format. It is exact, or says nothing of being inexact unless `tellsInexact`.
    package static func integral(_ b: UInt64, _ mode: RoundingMode, tellsInexact: Bool = false) -> FloatResult {
        if DoubleBits.isNaN(b) {
            return FloatResult(b | DoubleBits.quiet, raised: DoubleBits.isSignalingNaN(b) ? FPSCR.vxsnan : 0)
        }
        let x = Unpacked(b)
        guard x.kind == .finite, x.exponent < 52 else { return FloatResult(b) }
        let rounded = roundedMagnitude(x, FloatControl(.double, mode))
        guard rounded.magnitude != 0 else {
            var zero = FloatResult.zero(x.isNegative)
            if tellsInexact { zero.tell(rounded) }
            return zero
        }
        var result = number(rounded.magnitude, isNegative: x.isNegative, FloatControl(.double, mode))
        if tellsInexact { result.tell(rounded) }
        return result
    }

    /// A signed integer as a number of the format of `control`.
    package static func number(signed value: Int64, _ control: FloatControl) -> FloatResult {
        number(value.magnitude, isNegative: value < 0, control)
    }

    /// An unsigned integer as a number of the format of `control`.
    package static func number(unsigned value: UInt64, _ control: FloatControl) -> FloatResult {
        number(value, isNegative: false, control)
    }

    private static func number(_ magnitude: UInt64, isNegative: Bool, _ control: FloatControl) -> FloatResult {
        guard magnitude != 0 else { return .zero(false) }
        let shift = magnitude.leadingZeroBitCount
        return FloatResult(
            isNegative: isNegative, exponent: 63 - shift, significand: magnitude << UInt64(truncatingIfNeeded: shift),
            control)
    }

    /// A word of single format in double format, as loads convert it. A signaling NaN stays one.
    package static func double(fromSingle word: UInt32) -> UInt64 {
        let sign = UInt64(word & 0x8000_0000) << 32
        let fraction = UInt64(word & 0x7F_FFFF)
        switch word >> 23 & 0xFF {
        case 0xFF: return sign | DoubleBits.infinity | fraction << 29
        case 0:
            guard fraction != 0 else { return sign }
            // Normal in double format: the leading bit goes to bit 52, where the exponent's field loses it.
            let shift = UInt64(truncatingIfNeeded: fraction.leadingZeroBitCount - 11)
            return sign | (926 - shift) << 52 | fraction << shift & DoubleBits.fraction
        case let exponent: return sign | UInt64(exponent + 896) << 52 | fraction << 29
        }
    }

    /// A number of double format as a word of single format, as stores convert it: without rounding. One too small is
    /// zero; the architecture leaves that open.
    package static func single(fromDouble bits: UInt64) -> UInt32 {
        let exponent = bits >> 52 & 0x7FF
        let sign = UInt32(truncatingIfNeeded: bits >> 32) & 0x8000_0000
        if exponent > 896 {
            return UInt32(truncatingIfNeeded: bits >> 32) & 0xC000_0000
                | UInt32(truncatingIfNeeded: bits >> 29) & 0x3FFF_FFFF
        }
        guard exponent >= 874 else { return sign }
        return sign | UInt32(truncatingIfNeeded: (bits & DoubleBits.fraction | 1 << 52) >> (926 - exponent))
    }
}

extension FloatResult {
    /// An integer, and whether rounding to it was exact.
    fileprivate init(_ bits: UInt64, inexact rounded: (magnitude: UInt64, isExact: Bool, increments: Bool)) {
        self.init(bits)
        tell(rounded)
    }

    fileprivate mutating func tell(_ rounded: (magnitude: UInt64, isExact: Bool, increments: Bool)) {
        guard !rounded.isExact else { return }
        raised |= FPSCR.xx
        rounding = FPSCR.fi | (rounded.increments ? FPSCR.fr : 0)
    }
}
