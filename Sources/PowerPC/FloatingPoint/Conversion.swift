extension SoftFloat {
    /// `b` as a signed integer of `width` bits, sign-extended: rounded, and the nearest integer there is where the width
    /// does not hold it.
    package static func integer(_ b: UInt64, width: Int, _ control: FloatControl) -> FloatResult {
        let x = Unpacked(b)
        let limit = UInt64(1) << UInt64(truncatingIfNeeded: width - 1)
        func outOfRange(isNegative: Bool, _ raised: UInt32 = 0) -> FloatResult {
            FloatResult(isNegative ? 0 &- limit : limit - 1, raised: FPSCR.vxcvi | raised)
        }
        switch x.kind {
        case .nan: return outOfRange(isNegative: true, DoubleBits.isSignalingNaN(b) ? FPSCR.vxsnan : 0)
        case .infinity: return outOfRange(isNegative: x.isNegative)
        case .zero: return FloatResult(0)
        case .finite: break
        }
        guard x.exponent < 64 else { return outOfRange(isNegative: x.isNegative) }
        // The magnitude's integer part, and behind the point 64 bits of its fraction.
        var magnitude: UInt64 = 0
        var fraction = x.significand.shiftedRightSticky(-1 - x.exponent)
        if x.exponent >= 0 {
            magnitude = x.significand >> UInt64(truncatingIfNeeded: 63 - x.exponent)
            fraction = x.significand << UInt64(truncatingIfNeeded: x.exponent + 1)
        }
        let increments = control.increments(
            isNegative: x.isNegative, isOdd: magnitude & 1 != 0, rest: fraction, half: 1 << 63)
        if increments { magnitude += 1 }
        guard magnitude <= (x.isNegative ? limit : limit - 1) else { return outOfRange(isNegative: x.isNegative) }
        var result = FloatResult(x.isNegative ? 0 &- magnitude : magnitude)
        if fraction != 0 {
            result.raised = FPSCR.xx
            result.rounding = FPSCR.fi | (increments ? FPSCR.fr : 0)
        }
        return result
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
