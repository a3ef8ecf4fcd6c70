extension SoftFloat {
    /// What `ftdiv` and its like say of a quotient of two numbers of `format` that double format holds: a field of CR.
    package static func divisionTest(_ a: UInt64, _ b: UInt64, _ format: FloatFormat) -> UInt8 {
        let (x, y) = (Unpacked(a), Unpacked(b))
        let isExtreme = y.kind == .zero || y.kind == .infinity || x.kind == .infinity || isDenormalized(y, format)
        var needsCare =
            x.kind == .nan || y.kind == .nan || x.kind == .infinity || y.kind == .infinity || y.kind == .zero
        if !needsCare {
            let (first, second) = (fieldExponent(x, format), fieldExponent(y, format))
            needsCare = second <= format.minimumExponent || second >= format.maximumExponent - 2
            if x.kind != .zero {
                needsCare =
                    needsCare || first - second >= format.maximumExponent
                    || first - second <= format.minimumExponent + 1
                    || first <= format.minimumExponent + format.fractionBits
            }
        }
        return 8 | (isExtreme ? 4 : 0) | (needsCare ? 2 : 0)
    }

    /// What `ftsqrt` and its like say of a square root.
    package static func rootTest(_ b: UInt64, _ format: FloatFormat) -> UInt8 {
        let x = Unpacked(b)
        let isExtreme = x.kind == .zero || x.kind == .infinity || isDenormalized(x, format)
        let needsCare =
            x.kind != .finite || x.isNegative
            || fieldExponent(x, format) <= format.minimumExponent + format.fractionBits
        return 8 | (isExtreme ? 4 : 0) | (needsCare ? 2 : 0)
    }

    private static func isDenormalized(_ x: Unpacked, _ format: FloatFormat) -> Bool {
        x.kind == .finite && x.exponent < format.minimumExponent
    }

    /// The exponent as its field in the format has it: one below the normal ones for zero and denormalized numbers.
    private static func fieldExponent(_ x: Unpacked, _ format: FloatFormat) -> Int {
        x.kind == .zero || x.exponent < format.minimumExponent ? format.minimumExponent - 1 : x.exponent
    }

    /// The larger of two numbers (or the smaller), where a quiet NaN is less than nothing (Power ISA 2.07 Book I,
    /// `xsmaxdp`).
    package static func extreme(_ a: UInt64, _ b: UInt64, isMaximum: Bool) -> FloatResult {
        let raised = DoubleBits.isSignalingNaN(a) || DoubleBits.isSignalingNaN(b) ? FPSCR.vxsnan : 0
        if DoubleBits.isSignalingNaN(a) { return FloatResult(a | DoubleBits.quiet, raised: raised) }
        if DoubleBits.isNaN(a) {
            let chosen = DoubleBits.isNaN(b) ? a : b
            return FloatResult(chosen, raised: raised)
        }
        if DoubleBits.isSignalingNaN(b) { return FloatResult(b | DoubleBits.quiet, raised: raised) }
        if DoubleBits.isNaN(b) { return FloatResult(a) }
        let (x, y) = (totalOrder(a), totalOrder(b))
        return FloatResult((x > y) == isMaximum ? a : b)
    }

    /// An integer that orders numbers as their values do, and −0 below +0.
    private static func totalOrder(_ bits: UInt64) -> Int64 {
        let value = Int64(bitPattern: bits)
        return value < 0 ? Int64.min &- value &- 1 : value
    }
}
