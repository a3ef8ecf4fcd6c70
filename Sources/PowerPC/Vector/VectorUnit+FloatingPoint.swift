/// Floating point of the vector facility: words of single format, to nearest, without exceptions (Power ISA 2.07 Book I,
/// §6.10).
extension VectorUnit {
    static func floating(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ c: Vector128, _ immediate: UInt8,
        _ status: inout VectorStatus
    ) -> Vector128 {
        let flushes = status.isNonJava
        let control = FloatControl(.single)
        switch kind {
        case .vaddfp: return words(a, b, flushes) { SoftFloat.add($0, $1, subtracting: false, control).bits }
        case .vsubfp: return words(a, b, flushes) { SoftFloat.add($0, $1, subtracting: true, control).bits }
        case .vmaxfp: return words(a, b, flushes) { extreme($0, $1, isMaximum: true) }
        case .vminfp: return words(a, b, flushes) { extreme($0, $1, isMaximum: false) }
        case .vmaddfp, .vnmsubfp:
            let combination: SoftFloat.Combination = kind == .vmaddfp ? [] : [.subtracting, .negating]
            return Vector128.of(UInt32.self) { index in
                let (x, y, z): (UInt32, UInt32, UInt32) = (a[index], c[index], b[index])
                return word(
                    SoftFloat.multiplyAdd(
                        operand(x, flushes), operand(y, flushes), operand(z, flushes), combination, control
                    ).bits, flushes)
            }
        case .vrefp: return words(b, flushes) { SoftFloat.reciprocalEstimate($0, control).bits }
        case .vrsqrtefp: return words(b, flushes) { SoftFloat.reciprocalRootEstimate($0, root: .single, control).bits }
        case .vexptefp: return words(b, flushes) { SoftFloat.exponential($0, control) }
        case .vlogefp: return words(b, flushes) { SoftFloat.logarithm($0, control) }
        case .vrfin: return words(b, flushes) { SoftFloat.integral($0, .nearest).bits }
        case .vrfiz: return words(b, flushes) { SoftFloat.integral($0, .towardZero).bits }
        case .vrfip: return words(b, flushes) { SoftFloat.integral($0, .towardPositive).bits }
        case .vrfim: return words(b, flushes) { SoftFloat.integral($0, .towardNegative).bits }
        case .vcfux:
            return b.map { (x: UInt32) in
                scaled(SoftFloat.number(unsigned: UInt64(x), control).bits, by: -Int64(immediate))
            }
        case .vcfsx:
            return b.map { (x: UInt32) in
                scaled(
                    SoftFloat.number(signed: Int64(Int32(bitPattern: x)), control).bits, by: -Int64(immediate))
            }
        default: return integers(b, scale: immediate, isSigned: kind == .vctsxs, &status)
        }
    }

    static func floatingComparison(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, records: Bool, isNonJava: Bool
    ) -> VectorEffect {
        let result = Vector128.of(UInt32.self) { index -> UInt32 in
            let (left, right): (UInt32, UInt32) = (a[index], b[index])
            let (x, y) = (operand(left, isNonJava), operand(right, isNonJava))
            let order = relation(x, y)
            switch kind {
            case .vcmpeqfp: return order == 2 ? .max : 0
            case .vcmpgefp: return order & 6 != 0 ? .max : 0
            case .vcmpgtfp: return order == 4 ? .max : 0
            default:
                // vcmpbfp: bit 0 if not a ≤ b, bit 1 if not a ≥ −b.
                let isAbove = order & 0b1010 == 0
                let isBelow = relation(x, y ^ DoubleBits.sign) & 0b0110 == 0
                return (isAbove ? 1 << 31 : 0) | (isBelow ? 1 << 30 : 0)
            }
        }
        guard records else { return VectorEffect(target: result) }
        let field: UInt8 = kind == .vcmpbfp ? (result == .zero ? 0b0010 : 0) : allOrNone(result)
        return VectorEffect(target: result, field: field)
    }

    /// LT, GT, EQ or unordered, as in a field of CR.
    private static func relation(_ x: UInt64, _ y: UInt64) -> UInt8 {
        SoftFloat.compare(x, y, isOrdered: false, invalidIsEnabled: false).outcome
    }

    // MARK: - Words

    /// A word of single format in double format. Denormalized numbers are zero where they are to be flushed.
    private static func operand(_ word: UInt32, _ flushes: Bool) -> UInt64 {
        SoftFloat.double(fromSingle: flushes && word & 0x7F80_0000 == 0 ? word & 0x8000_0000 : word)
    }

    /// A result as a word of single format, flushed as operands are.
    private static func word(_ bits: UInt64, _ flushes: Bool) -> UInt32 {
        let word = SoftFloat.single(fromDouble: bits)
        return flushes && word & 0x7F80_0000 == 0 ? word & 0x8000_0000 : word
    }

    @inline(__always)
    private static func words(_ b: Vector128, _ flushes: Bool, _ transform: (UInt64) -> UInt64) -> Vector128 {
        b.map { (x: UInt32) in word(transform(operand(x, flushes)), flushes) }
    }

    @inline(__always)
    private static func words(
        _ a: Vector128, _ b: Vector128, _ flushes: Bool, _ combine: (UInt64, UInt64) -> UInt64
    ) -> Vector128 {
        a.zip(b) { (x: UInt32, y: UInt32) in word(combine(operand(x, flushes), operand(y, flushes)), flushes) }
    }

    /// The larger or the smaller number. Unlike that of VSX, a NaN comes through.
    private static func extreme(_ a: UInt64, _ b: UInt64, isMaximum: Bool) -> UInt64 {
        if DoubleBits.isNaN(a) { return a | DoubleBits.quiet }
        if DoubleBits.isNaN(b) { return b | DoubleBits.quiet }
        return SoftFloat.extreme(a, b, isMaximum: isMaximum).bits
    }

    // MARK: - Integers

    /// A word of single format times a power of two, which does not leave the normal numbers unless it is zero.
    private static func scaled(_ bits: UInt64, by exponent: Int64) -> UInt32 {
        guard bits & ~DoubleBits.sign != 0 else { return 0 }
        return SoftFloat.single(fromDouble: bits &+ UInt64(bitPattern: exponent &<< 52))
    }

    /// The elements times a power of two as integers, cut off behind the point; the nearest ones there are, and 0 for NaNs.
    private static func integers(
        _ b: Vector128, scale: UInt8, isSigned: Bool, _ status: inout VectorStatus
    ) -> Vector128 {
        let control = FloatControl(.double, .towardZero)
        var isSaturated = false
        let flushes = status.isNonJava
        let result = b.map { (x: UInt32) -> UInt32 in
            var bits = operand(x, flushes)
            if DoubleBits.isNaN(bits) { return 0 }
            if bits & ~DoubleBits.sign != 0, bits & ~DoubleBits.sign != DoubleBits.infinity {
                bits &+= UInt64(scale) << 52
            }
            let converted =
                isSigned
                ? SoftFloat.integer(bits, width: 32, control) : SoftFloat.unsignedInteger(bits, width: 32, control)
            if converted.raised & FPSCR.vxcvi != 0 { isSaturated = true }
            return UInt32(truncatingIfNeeded: converted.bits)
        }
        if isSaturated { status.isSaturated = true }
        return result
    }
}
