/// How an operation rounds: what it takes from FPSCR, and the format of the result.
package struct FloatControl: Sendable {
    package var format: FloatFormat
    package var mode: RoundingMode
    /// FPSCR[OE]: an overflow delivers the number with a smaller exponent.
    package var adjustsOverflow: Bool
    /// FPSCR[UE]: an underflow delivers the number with a larger exponent.
    package var adjustsUnderflow: Bool

    package init(
        _ format: FloatFormat, _ mode: RoundingMode = .nearest, adjustsOverflow: Bool = false,
        adjustsUnderflow: Bool = false
    ) {
        self.format = format
        self.mode = mode
        self.adjustsOverflow = adjustsOverflow
        self.adjustsUnderflow = adjustsUnderflow
    }

    init(_ format: FloatFormat, _ status: FPSCR) {
        self.init(
            format, status.roundingMode, adjustsOverflow: status.has(FPSCR.oe), adjustsUnderflow: status.has(FPSCR.ue))
    }

    /// Whether the magnitude grows by one unit, given what is behind the kept bits: below, at or above `half`.
    @inline(__always)
    func increments(isNegative: Bool, isOdd: Bool, rest: UInt64, half: UInt64) -> Bool {
        switch mode {
        case .nearest: rest > half || (rest == half && isOdd)
        case .towardZero: false
        case .towardPositive: rest != 0 && !isNegative
        case .towardNegative: rest != 0 && isNegative
        case .nearestAway: rest >= half
        }
    }
}

/// What an operation came to: a number in double format, and what it means for FPSCR.
package struct FloatResult: Equatable, Sendable {
    package var bits: UInt64
    /// The exception bits of FPSCR that it raises.
    package var raised: UInt32 = 0
    /// FR and FI.
    package var rounding: UInt32 = 0
    /// Whether it is denormalized in the format that it was rounded to.
    package var isDenormalized = false

    init(_ bits: UInt64, raised: UInt32 = 0) {
        self.bits = bits
        self.raised = raised
    }

    /// FPRF of the number (Power ISA 2.06 Book I, figure 44).
    package var resultFlags: UInt32 {
        let isNegative = bits & DoubleBits.sign != 0
        let magnitude = bits & ~DoubleBits.sign
        let code: UInt32 =
            if magnitude > DoubleBits.infinity {
                0b10001
            } else if magnitude == DoubleBits.infinity {
                isNegative ? 0b01001 : 0b00101
            } else if magnitude == 0 {
                isNegative ? 0b10010 : 0b00010
            } else if isDenormalized {
                isNegative ? 0b11000 : 0b10100
            } else {
                isNegative ? 0b01000 : 0b00100
            }
        return code << 12
    }

    static func zero(_ isNegative: Bool) -> FloatResult { FloatResult(isNegative ? DoubleBits.sign : 0) }

    static func infinity(_ isNegative: Bool) -> FloatResult {
        FloatResult(DoubleBits.infinity | (isNegative ? DoubleBits.sign : 0))
    }

    /// The NaN of an invalid operation on numbers.
    static func invalid(_ exception: UInt32) -> FloatResult { FloatResult(DoubleBits.defaultNaN, raised: exception) }

    /// The number (−1)^sign × significand × 2^(exponent − 63), rounded.
    ///
    /// `significand` has its leading bit at bit 63. Its last bit also stands for everything below it. A number is tiny
    /// before it is rounded, as the architecture has it.
    init(isNegative: Bool, exponent: Int, significand: UInt64, _ control: FloatControl) {
        let format = control.format
        let dropped = UInt64(truncatingIfNeeded: 63 - format.fractionBits)
        var exponent = exponent
        var significand = significand
        var raised: UInt32 = 0
        let isTiny = exponent < format.minimumExponent
        var denormalizes = isTiny
        if isTiny, control.adjustsUnderflow {
            raised |= FPSCR.ux
            exponent += format.adjustment
            // Operands that are no single-precision numbers may lead out of the double format all the same.
            denormalizes = exponent < FloatFormat.double.minimumExponent
        }
        if denormalizes {
            significand = significand.shiftedRightSticky(format.minimumExponent - exponent)
            exponent = format.minimumExponent
        }

        let rest = significand & ((1 << dropped) - 1)
        var kept = significand >> dropped
        let increments = control.increments(
            isNegative: isNegative, isOdd: kept & 1 != 0, rest: rest, half: 1 << (dropped - 1))
        if increments { kept += 1 }
        if rest != 0 {
            raised |= FPSCR.xx | (isTiny ? FPSCR.ux : 0)
            rounding = FPSCR.fi | (increments ? FPSCR.fr : 0)
        }
        if kept >> UInt64(truncatingIfNeeded: format.fractionBits + 1) != 0 {
            kept >>= 1
            exponent += 1
        }

        let sign = isNegative ? DoubleBits.sign : 0
        if exponent > format.maximumExponent {
            raised |= FPSCR.ox
            if control.adjustsOverflow, exponent - format.adjustment <= FloatFormat.double.maximumExponent {
                exponent -= format.adjustment
            } else {
                self.raised = raised | FPSCR.xx
                let toInfinity = Self.overflowsToInfinity(control.mode, isNegative: isNegative)
                rounding = FPSCR.fi | (toInfinity ? FPSCR.fr : 0)
                bits = sign | (toInfinity ? DoubleBits.infinity : format.largest)
                return
            }
        }
        self.raised = raised
        bits = sign | Self.pack(kept << UInt64(truncatingIfNeeded: 52 - format.fractionBits), exponent)
        isDenormalized = kept >> UInt64(truncatingIfNeeded: format.fractionBits) == 0 && kept != 0
    }

    private static func overflowsToInfinity(_ mode: RoundingMode, isNegative: Bool) -> Bool {
        switch mode {
        case .nearest, .nearestAway: true
        case .towardZero: false
        case .towardPositive: !isNegative
        case .towardNegative: isNegative
        }
    }

    /// The magnitude of `significand` × 2^(exponent − 52) in double format. It is representable.
    private static func pack(_ significand: UInt64, _ exponent: Int) -> UInt64 {
        if significand >> 52 != 0 {
            return UInt64(truncatingIfNeeded: exponent + 1023) << 52 | significand & DoubleBits.fraction
        }
        guard significand != 0 else { return 0 }
        // A denormalized number, which may be normal in double format.
        let shift = min(significand.leadingZeroBitCount - 11, exponent + 1022)
        guard shift > 0 else { return significand }
        return pack(significand << UInt64(truncatingIfNeeded: shift), exponent - shift)
    }
}

extension FloatFormat {
    /// The magnitude of the largest number.
    fileprivate var largest: UInt64 { self == .double ? 0x7FEF_FFFF_FFFF_FFFF : 0x47EF_FFFF_E000_0000 }
}
