/// The arithmetic of the Power ISA's floating-point instructions, on numbers in double format: exact, then rounded once.
///
/// Everything is integer arithmetic. It depends on neither the host's floating-point environment nor a library, and it is
/// the same for every core: a core's instructions choose the operation and what to do with the exceptions.
package enum SoftFloat {
    /// The NaN that an operation on `operands` gives: the first of them that is one, made quiet. Nil if there is none.
    ///
    /// A result of single precision keeps only the fraction bits that the format has.
    private static func nan(_ operands: (UInt64, UInt64, UInt64), _ control: FloatControl) -> FloatResult? {
        let first =
            if DoubleBits.isNaN(operands.0) {
                operands.0
            } else if DoubleBits.isNaN(operands.1) {
                operands.1
            } else {
                operands.2
            }
        guard DoubleBits.isNaN(first) else { return nil }
        let isSignaling =
            DoubleBits.isSignalingNaN(operands.0) || DoubleBits.isSignalingNaN(operands.1)
            || DoubleBits.isSignalingNaN(operands.2)
        let cut = ~UInt64(0) << UInt64(truncatingIfNeeded: 52 - control.format.fractionBits)
        return FloatResult((first | DoubleBits.quiet) & cut, raised: isSignaling ? FPSCR.vxsnan : 0)
    }

    /// The sum of `a` and `b`, or their difference.
    package static func add(_ a: UInt64, _ b: UInt64, subtracting: Bool, _ control: FloatControl) -> FloatResult {
        if let nan = nan((a, b, b), control) { return nan }
        let x = Unpacked(a)
        let y = Unpacked(subtracting ? b ^ DoubleBits.sign : b)
        if x.kind == .infinity {
            return y.kind == .infinity && x.isNegative != y.isNegative
                ? .invalid(FPSCR.vxisi) : .infinity(x.isNegative)
        }
        if y.kind == .infinity { return .infinity(y.isNegative) }
        return sum(x, y, control)
    }

    /// The sum of two numbers that are not infinite.
    private static func sum(_ x: Unpacked, _ y: Unpacked, _ control: FloatControl) -> FloatResult {
        if x.kind == .zero {
            if y.kind == .zero { return .zero(signOfZero(x, y, control)) }
            return FloatResult(
                isNegative: y.isNegative, exponent: y.exponent, significand: y.significand, control)
        }
        if y.kind == .zero {
            return FloatResult(
                isNegative: x.isNegative, exponent: x.exponent, significand: x.significand, control)
        }
        // The larger in magnitude first, one bit lower to have room for a carry.
        let isOrdered = (x.exponent, x.significand) >= (y.exponent, y.significand)
        let (large, small) = isOrdered ? (x, y) : (y, x)
        let first = large.significand >> 1
        let second = (small.significand >> 1).shiftedRightSticky(large.exponent - small.exponent)
        let sum = large.isNegative == small.isNegative ? first + second : first - second
        guard sum != 0 else { return .zero(control.mode == .towardNegative) }
        let shift = sum.leadingZeroBitCount
        return FloatResult(
            isNegative: large.isNegative, exponent: large.exponent + 1 - shift,
            significand: sum << UInt64(truncatingIfNeeded: shift), control)
    }

    /// The sign of a sum that is exactly zero.
    private static func signOfZero(_ x: Unpacked, _ y: Unpacked, _ control: FloatControl) -> Bool {
        x.isNegative == y.isNegative ? x.isNegative : control.mode == .towardNegative
    }

    /// The product of `a` and `c`.
    package static func multiply(_ a: UInt64, _ c: UInt64, _ control: FloatControl) -> FloatResult {
        if let nan = nan((a, c, c), control) { return nan }
        let x = Unpacked(a)
        let y = Unpacked(c)
        let isNegative = x.isNegative != y.isNegative
        if x.kind == .infinity || y.kind == .infinity {
            return x.kind == .zero || y.kind == .zero ? .invalid(FPSCR.vximz) : .infinity(isNegative)
        }
        if x.kind == .zero || y.kind == .zero { return .zero(isNegative) }
        let product = x.significand.multipliedFullWidth(by: y.significand)
        let shift = product.high.leadingZeroBitCount
        let significand =
            product.high << UInt64(truncatingIfNeeded: shift)
            | (shift == 0 ? 0 : product.low >> 63) | (product.low << UInt64(truncatingIfNeeded: shift) == 0 ? 0 : 1)
        return FloatResult(
            isNegative: isNegative, exponent: x.exponent + y.exponent + 1 - shift, significand: significand, control)
    }

    /// How a multiply-add combines its operands.
    package struct Combination: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The third operand is subtracted.
        package static let subtracting = Combination(rawValue: 1)
        /// The rounded result changes its sign, unless it is a NaN.
        package static let negating = Combination(rawValue: 2)
    }

    /// `a` × `c` + `b`, rounded once, with the variations of `combination`.
    package static func multiplyAdd(
        _ a: UInt64, _ c: UInt64, _ b: UInt64, _ combination: Combination, _ control: FloatControl
    ) -> FloatResult {
        let x = Unpacked(a)
        let y = Unpacked(c)
        let isInvalidProduct =
            (x.kind == .infinity && y.kind == .zero) || (x.kind == .zero && y.kind == .infinity)
        if var nan = nan((a, b, c), control) {
            if isInvalidProduct { nan.raised |= FPSCR.vximz }
            return nan
        }
        if isInvalidProduct { return .invalid(FPSCR.vximz) }
        let z = Unpacked(combination.contains(.subtracting) ? b ^ DoubleBits.sign : b)
        let isNegative = x.isNegative != y.isNegative
        var result: FloatResult
        if x.kind == .infinity || y.kind == .infinity {
            if z.kind == .infinity, z.isNegative != isNegative { return .invalid(FPSCR.vxisi) }
            result = .infinity(isNegative)
        } else if z.kind == .infinity {
            result = .infinity(z.isNegative)
        } else if x.kind == .zero || y.kind == .zero {
            var product = x
            product.kind = .zero
            product.isNegative = isNegative
            result = sum(product, z, control)
        } else {
            result = sumOfProduct(x, y, z, isNegative, control)
        }
        if combination.contains(.negating) { result.bits ^= DoubleBits.sign }
        return result
    }

    /// `x` × `y` + `z` for finite numbers, of which the first two are not zero.
    private static func sumOfProduct(
        _ x: Unpacked, _ y: Unpacked, _ z: Unpacked, _ isNegative: Bool, _ control: FloatControl
    ) -> FloatResult {
        // The product has 106 bits at most. Its leading bit goes to bit 126, one below the top.
        let halves = x.significand.multipliedFullWidth(by: y.significand)
        let shift = halves.high.leadingZeroBitCount
        let product = ((UInt128(halves.high) << 64 | UInt128(halves.low)) &<< UInt128(truncatingIfNeeded: shift)) >> 1
        let exponent = x.exponent + y.exponent + 1 - shift
        guard z.kind != .zero else {
            return FloatResult(
                isNegative: isNegative, exponent: exponent, significand: (product << 1).upperHalfSticky, control)
        }
        let addend = UInt128(z.significand) << 63
        let isOrdered = (exponent, product) >= (z.exponent, addend)
        let (first, second) = isOrdered ? (product, addend) : (addend, product)
        let aligned = second.shiftedRightSticky(isOrdered ? exponent - z.exponent : z.exponent - exponent)
        let sum = isNegative == z.isNegative ? first + aligned : first - aligned
        guard sum != 0 else { return .zero(control.mode == .towardNegative) }
        let normalizing = sum.leadingZeroBitCount
        return FloatResult(
            isNegative: isOrdered ? isNegative : z.isNegative,
            exponent: (isOrdered ? exponent : z.exponent) + 1 - normalizing,
            significand: (sum &<< UInt128(truncatingIfNeeded: normalizing)).upperHalfSticky, control)
    }

    /// The quotient of `a` and `b`.
    package static func divide(_ a: UInt64, _ b: UInt64, _ control: FloatControl) -> FloatResult {
        if let nan = nan((a, b, b), control) { return nan }
        let x = Unpacked(a)
        let y = Unpacked(b)
        let isNegative = x.isNegative != y.isNegative
        switch (x.kind, y.kind) {
        case (.infinity, .infinity): return .invalid(FPSCR.vxidi)
        case (.zero, .zero): return .invalid(FPSCR.vxzdz)
        case (.infinity, _): return .infinity(isNegative)
        case (_, .infinity), (.zero, _): return .zero(isNegative)
        case (_, .zero):
            var result = FloatResult.infinity(isNegative)
            result.raised = FPSCR.zx
            return result
        default: break
        }
        // A quotient between 1 and 2 has its leading bit at bit 63.
        let isSmaller = x.significand < y.significand
        let dividend: (high: UInt64, low: UInt64) =
            isSmaller ? (x.significand, 0) : (x.significand >> 1, x.significand << 63)
        let (quotient, remainder) = y.significand.dividingFullWidth(dividend)
        return FloatResult(
            isNegative: isNegative, exponent: x.exponent - y.exponent - (isSmaller ? 1 : 0),
            significand: quotient | (remainder == 0 ? 0 : 1), control)
    }

    /// The square root of `b`.
    package static func squareRoot(_ b: UInt64, _ control: FloatControl) -> FloatResult {
        if let nan = nan((b, b, b), control) { return nan }
        let x = Unpacked(b)
        if x.kind == .zero { return .zero(x.isNegative) }
        if x.isNegative { return .invalid(FPSCR.vxsqrt) }
        if x.kind == .infinity { return .infinity(false) }
        // An even exponent halves; the root of the 128-bit number has its leading bit at bit 63.
        let isOdd = x.exponent & 1 != 0
        let radicand = UInt128(x.significand) << (isOdd ? 64 : 63)
        let root = integerRoot(radicand)
        return FloatResult(
            isNegative: false, exponent: x.exponent >> 1,
            significand: root.value | (root.isExact ? 0 : 1), control)
    }

    /// The square root of `radicand` rounded down, one bit at a time.
    private static func integerRoot(_ radicand: UInt128) -> (value: UInt64, isExact: Bool) {
        var remainder = radicand
        var root: UInt128 = 0
        var bit = UInt128(1) << 126
        while bit != 0 {
            if remainder >= root + bit {
                remainder -= root + bit
                root = root >> 1 + bit
            } else {
                root >>= 1
            }
            bit >>= 2
        }
        return (UInt64(truncatingIfNeeded: root), remainder == 0)
    }

    /// An estimate of 1 ÷ `b`: the quotient itself, which is as good as an estimate can be.
    package static func reciprocalEstimate(_ b: UInt64, _ control: FloatControl) -> FloatResult {
        divide(DoubleBits.one, b, control)
    }

    /// An estimate of 1 ÷ √`b`: the rounded quotient of the root, which is rounded to `format`.
    package static func reciprocalRootEstimate(
        _ b: UInt64, root format: FloatFormat = .double, _ control: FloatControl
    ) -> FloatResult {
        if let nan = nan((b, b, b), control) { return nan }
        let root = squareRoot(b, FloatControl(format, control.mode))
        guard root.raised & FPSCR.invalid == 0 else { return root }
        var result = divide(DoubleBits.one, root.bits, control)
        result.raised |= root.raised
        result.rounding |= root.rounding & FPSCR.fi
        return result
    }

    /// `b` rounded to the format of `control`.
    package static func round(_ b: UInt64, _ control: FloatControl) -> FloatResult {
        if let nan = nan((b, b, b), control) { return nan }
        let x = Unpacked(b)
        switch x.kind {
        case .zero: return .zero(x.isNegative)
        case .infinity, .nan: return .infinity(x.isNegative)
        case .finite:
            return FloatResult(
                isNegative: x.isNegative, exponent: x.exponent, significand: x.significand, control)
        }
    }

    /// A comparison: LT, GT, EQ or unordered as in a field of CR, and the exceptions of an ordered or unordered one.
    package static func compare(_ a: UInt64, _ b: UInt64, isOrdered: Bool, invalidIsEnabled: Bool)
        -> (outcome: UInt8, raised: UInt32)
    {
        if DoubleBits.isNaN(a) || DoubleBits.isNaN(b) {
            let isSignaling = DoubleBits.isSignalingNaN(a) || DoubleBits.isSignalingNaN(b)
            var raised = isSignaling ? FPSCR.vxsnan : 0
            if isOrdered, !isSignaling || !invalidIsEnabled { raised |= FPSCR.vxvc }
            return (1, raised)
        }
        let (x, y) = (order(a), order(b))
        return (x < y ? 8 : x > y ? 4 : 2, 0)
    }

    /// An integer that orders numbers as their values do; both zeros are 0.
    private static func order(_ bits: UInt64) -> Int64 {
        let magnitude = Int64(bitPattern: bits & ~DoubleBits.sign)
        return bits & DoubleBits.sign != 0 ? -magnitude : magnitude
    }
}
