/// Floating point on all elements of vector-scalar registers (Power ISA 2.07 Book I, chapter 7). FPSCR gets the exceptions of
/// all elements; an enabled one leaves the target as it is.
extension VectorUnit {
    static func vector(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ d: Vector128, records: Bool, _ status: inout FPSCR
    ) -> VectorEffect {
        let double = FloatControl(.double, status)
        let single = FloatControl(.single, status)
        switch kind {
        case .xvadddp:
            return doubles(a, b, &status) { SoftFloat.add($0, $1, subtracting: false, double) }
        case .xvsubdp:
            return doubles(a, b, &status) { SoftFloat.add($0, $1, subtracting: true, double) }
        case .xvmuldp:
            return doubles(a, b, &status) { SoftFloat.multiply($0, $1, double) }
        case .xvdivdp:
            return doubles(a, b, &status) { SoftFloat.divide($0, $1, double) }
        case .xvmaddadp:
            return doubles(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, [], double) }
        case .xvmaddmdp:
            return doubles(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, [], double) }
        case .xvmsubadp:
            return doubles(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, .subtracting, double) }
        case .xvmsubmdp:
            return doubles(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, .subtracting, double) }
        case .xvnmaddadp:
            return doubles(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, .negating, double) }
        case .xvnmaddmdp:
            return doubles(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, .negating, double) }
        case .xvnmsubadp:
            return doubles(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, [.subtracting, .negating], double) }
        case .xvnmsubmdp:
            return doubles(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, [.subtracting, .negating], double) }
        case .xvsqrtdp:
            return doubles(b, b, &status) { SoftFloat.squareRoot($1, double) }
        case .xvredp:
            return doubles(b, b, &status) { SoftFloat.reciprocalEstimate($1, double) }
        case .xvrsqrtedp:
            return doubles(b, b, &status) { SoftFloat.reciprocalRootEstimate($1, double) }
        case .xvmaxdp:
            return doubles(a, b, &status) { SoftFloat.extreme($0, $1, isMaximum: true) }
        case .xvmindp:
            return doubles(a, b, &status) { SoftFloat.extreme($0, $1, isMaximum: false) }
        case .xvrdpi: return doubles(b, b, &status) { SoftFloat.integral($1, .nearestAway) }
        case .xvrdpiz: return doubles(b, b, &status) { SoftFloat.integral($1, .towardZero) }
        case .xvrdpip: return doubles(b, b, &status) { SoftFloat.integral($1, .towardPositive) }
        case .xvrdpim: return doubles(b, b, &status) { SoftFloat.integral($1, .towardNegative) }
        case .xvrdpic:
            return doubles(b, b, &status) { SoftFloat.integral($1, double.mode, tellsInexact: true) }
        case .xvaddsp:
            return words(a, b, &status) { SoftFloat.add($0, $1, subtracting: false, single) }
        case .xvsubsp:
            return words(a, b, &status) { SoftFloat.add($0, $1, subtracting: true, single) }
        case .xvmulsp:
            return words(a, b, &status) { SoftFloat.multiply($0, $1, single) }
        case .xvdivsp:
            return words(a, b, &status) { SoftFloat.divide($0, $1, single) }
        case .xvmaddasp:
            return words(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, [], single) }
        case .xvmaddmsp:
            return words(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, [], single) }
        case .xvmsubasp:
            return words(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, .subtracting, single) }
        case .xvmsubmsp:
            return words(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, .subtracting, single) }
        case .xvnmaddasp:
            return words(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, .negating, single) }
        case .xvnmaddmsp:
            return words(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, .negating, single) }
        case .xvnmsubasp:
            return words(a, b, d, &status) { SoftFloat.multiplyAdd($0, $1, $2, [.subtracting, .negating], single) }
        case .xvnmsubmsp:
            return words(a, d, b, &status) { SoftFloat.multiplyAdd($0, $1, $2, [.subtracting, .negating], single) }
        case .xvsqrtsp:
            return words(b, b, &status) { SoftFloat.squareRoot($1, single) }
        case .xvresp:
            return words(b, b, &status) { SoftFloat.reciprocalEstimate($1, single) }
        case .xvrsqrtesp:
            return words(b, b, &status) { SoftFloat.reciprocalRootEstimate($1, root: .single, single) }
        case .xvmaxsp:
            return words(a, b, &status) { SoftFloat.extreme($0, $1, isMaximum: true) }
        case .xvminsp:
            return words(a, b, &status) { SoftFloat.extreme($0, $1, isMaximum: false) }
        case .xvrspi: return words(b, b, &status) { SoftFloat.integral($1, .nearestAway) }
        case .xvrspiz: return words(b, b, &status) { SoftFloat.integral($1, .towardZero) }
        case .xvrspip: return words(b, b, &status) { SoftFloat.integral($1, .towardPositive) }
        case .xvrspim: return words(b, b, &status) { SoftFloat.integral($1, .towardNegative) }
        case .xvrspic:
            return words(b, b, &status) { SoftFloat.integral($1, single.mode, tellsInexact: true) }
        case .xvcmpeqdp, .xvcmpgtdp, .xvcmpgedp, .xvcmpeqsp, .xvcmpgtsp, .xvcmpgesp:
            return vectorComparison(kind, a, b, records: records, &status)
        case .xvtdivdp:
            return VectorEffect(
                field: SoftFloat.divisionTest(a.high, b.high, .double) | SoftFloat.divisionTest(a.low, b.low, .double))
        case .xvtsqrtdp:
            return VectorEffect(field: SoftFloat.rootTest(b.high, .double) | SoftFloat.rootTest(b.low, .double))
        case .xvtdivsp, .xvtsqrtsp: return VectorEffect(field: wordTest(kind, a, b))
        case .xvabsdp: return VectorEffect(target: b & ~Vector128(both: DoubleBits.sign))
        case .xvnabsdp: return VectorEffect(target: b | Vector128(both: DoubleBits.sign))
        case .xvnegdp: return VectorEffect(target: b ^ Vector128(both: DoubleBits.sign))
        case .xvabssp: return VectorEffect(target: b & ~Vector128(both: wordSigns))
        case .xvnabssp: return VectorEffect(target: b | Vector128(both: wordSigns))
        case .xvnegsp: return VectorEffect(target: b ^ Vector128(both: wordSigns))
        case .xvcpsgndp:
            let sign = Vector128(both: DoubleBits.sign)
            return VectorEffect(target: a & sign | b & ~sign)
        case .xvcpsgnsp:
            let sign = Vector128(both: wordSigns)
            return VectorEffect(target: a & sign | b & ~sign)
        default: return vectorConversion(kind, b, &status)
        }
    }

    /// The sign bits of two words of single format.
    private static let wordSigns: UInt64 = 0x8000_0000_8000_0000

    // MARK: - Elements

    /// Notes the exceptions of all elements, and delivers the results unless one of them is enabled.
    private static func deliver(_ result: Vector128, _ raised: UInt32, _ status: inout FPSCR) -> VectorEffect {
        let isEnabled = FloatingPointUnit.raise(raised, &status)
        return VectorEffect(target: isEnabled ? nil : result, isEnabled: isEnabled)
    }

    @inline(__always)
    private static func doubles(
        _ a: Vector128, _ b: Vector128, _ status: inout FPSCR, _ combine: (UInt64, UInt64) -> FloatResult
    ) -> VectorEffect {
        let (left, right) = (combine(a.high, b.high), combine(a.low, b.low))
        return deliver(Vector128(left.bits, right.bits), left.raised | right.raised, &status)
    }

    @inline(__always)
    private static func doubles(
        _ a: Vector128, _ b: Vector128, _ c: Vector128, _ status: inout FPSCR,
        _ combine: (UInt64, UInt64, UInt64) -> FloatResult
    ) -> VectorEffect {
        let (left, right) = (combine(a.high, b.high, c.high), combine(a.low, b.low, c.low))
        return deliver(Vector128(left.bits, right.bits), left.raised | right.raised, &status)
    }

    @inline(__always)
    private static func words(
        _ a: Vector128, _ b: Vector128, _ status: inout FPSCR, _ combine: (UInt64, UInt64) -> FloatResult
    ) -> VectorEffect {
        words(a, b, b, &status) { x, y, _ in combine(x, y) }
    }

    @inline(__always)
    private static func words(
        _ a: Vector128, _ b: Vector128, _ c: Vector128, _ status: inout FPSCR,
        _ combine: (UInt64, UInt64, UInt64) -> FloatResult
    ) -> VectorEffect {
        var raised: UInt32 = 0
        let results = Vector128.of(UInt32.self) { index in
            let (x, y, z): (UInt32, UInt32, UInt32) = (a[index], b[index], c[index])
            let result = combine(
                SoftFloat.double(fromSingle: x), SoftFloat.double(fromSingle: y), SoftFloat.double(fromSingle: z))
            raised |= result.raised
            return SoftFloat.single(fromDouble: result.bits)
        }
        return deliver(results, raised, &status)
    }

    // MARK: - Comparisons

    private static func vectorComparison(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, records: Bool, _ status: inout FPSCR
    ) -> VectorEffect {
        let isEqual = kind == .xvcmpeqdp || kind == .xvcmpeqsp
        let accepted: UInt8 =
            isEqual ? 0b0010 : kind == .xvcmpgtdp || kind == .xvcmpgtsp ? 0b0100 : 0b0110
        let invalidIsEnabled = status.has(FPSCR.ve)
        var raised: UInt32 = 0
        func holds(_ x: UInt64, _ y: UInt64) -> Bool {
            let comparison = SoftFloat.compare(x, y, isOrdered: !isEqual, invalidIsEnabled: invalidIsEnabled)
            raised |= comparison.raised
            return comparison.outcome & accepted != 0
        }
        let result: Vector128
        switch kind {
        case .xvcmpeqdp, .xvcmpgtdp, .xvcmpgedp:
            result = Vector128(holds(a.high, b.high) ? .max : 0, holds(a.low, b.low) ? .max : 0)
        default:
            result = a.zip(b) { (x: UInt32, y: UInt32) in
                holds(SoftFloat.double(fromSingle: x), SoftFloat.double(fromSingle: y)) ? .max : 0
            }
        }
        var effect = deliver(result, raised, &status)
        if records { effect.field = allOrNone(result) }
        return effect
    }

    private static func wordTest(_ kind: VectorOperation, _ a: Vector128, _ b: Vector128) -> UInt8 {
        var field: UInt8 = 0
        for index in 0..<4 {
            let (left, right): (UInt32, UInt32) = (a[index], b[index])
            let (x, y) = (SoftFloat.double(fromSingle: left), SoftFloat.double(fromSingle: right))
            field |= kind == .xvtdivsp ? SoftFloat.divisionTest(x, y, .single) : SoftFloat.rootTest(y, .single)
        }
        return field
    }

    // MARK: - Conversions

    private static func vectorConversion(
        _ kind: VectorOperation, _ b: Vector128, _ status: inout FPSCR
    ) -> VectorEffect {
        let double = FloatControl(.double, status)
        let single = FloatControl(.single, status)
        let truncation = FloatControl(.double, .towardZero)
        switch kind {
        case .xvcvdpsp: return narrowing(b, &status) { narrow(SoftFloat.round($0, single)) }
        case .xvcvspdp:
            return widening(b, &status) { SoftFloat.round(SoftFloat.double(fromSingle: $0), double) }
        case .xvcvdpsxds: return doubles(b, b, &status) { x, _ in SoftFloat.integer(x, width: 64, truncation) }
        case .xvcvdpuxds: return doubles(b, b, &status) { x, _ in SoftFloat.unsignedInteger(x, width: 64, truncation) }
        case .xvcvdpsxws: return narrowing(b, &status) { SoftFloat.integer($0, width: 32, truncation) }
        case .xvcvdpuxws: return narrowing(b, &status) { SoftFloat.unsignedInteger($0, width: 32, truncation) }
        case .xvcvspsxds:
            return widening(b, &status) { SoftFloat.integer(SoftFloat.double(fromSingle: $0), width: 64, truncation) }
        case .xvcvspuxds:
            return widening(b, &status) {
                SoftFloat.unsignedInteger(SoftFloat.double(fromSingle: $0), width: 64, truncation)
            }
        case .xvcvspsxws:
            return converted(b, &status) { SoftFloat.integer(SoftFloat.double(fromSingle: $0), width: 32, truncation) }
        case .xvcvspuxws:
            return converted(b, &status) {
                SoftFloat.unsignedInteger(SoftFloat.double(fromSingle: $0), width: 32, truncation)
            }
        case .xvcvsxddp:
            return doubles(b, b, &status) { x, _ in SoftFloat.number(signed: Int64(bitPattern: x), double) }
        case .xvcvuxddp: return doubles(b, b, &status) { x, _ in SoftFloat.number(unsigned: x, double) }
        case .xvcvsxwdp:
            return widening(b, &status) { SoftFloat.number(signed: Int64(Int32(bitPattern: $0)), double) }
        case .xvcvuxwdp: return widening(b, &status) { SoftFloat.number(unsigned: UInt64($0), double) }
        case .xvcvsxdsp:
            return narrowing(b, &status) { narrow(SoftFloat.number(signed: Int64(bitPattern: $0), single)) }
        case .xvcvuxdsp: return narrowing(b, &status) { narrow(SoftFloat.number(unsigned: $0, single)) }
        case .xvcvsxwsp:
            return converted(b, &status) { narrow(SoftFloat.number(signed: Int64(Int32(bitPattern: $0)), single)) }
        case .xvcvuxwsp: return converted(b, &status) { narrow(SoftFloat.number(unsigned: UInt64($0), single)) }
        default: return VectorEffect()
        }
    }

    /// A result of single precision with its bits as a word.
    private static func narrow(_ result: FloatResult) -> FloatResult {
        var result = result
        result.bits = UInt64(SoftFloat.single(fromDouble: result.bits))
        return result
    }

    /// Doublewords become words 0 and 2. Words 1 and 3, which the architecture leaves undefined, are the same.
    @inline(__always)
    private static func narrowing(
        _ b: Vector128, _ status: inout FPSCR, _ convert: (UInt64) -> FloatResult
    ) -> VectorEffect {
        let (left, right) = (convert(b.high), convert(b.low))
        let result = Vector128(
            left.bits << 32 | left.bits & 0xFFFF_FFFF, right.bits << 32 | right.bits & 0xFFFF_FFFF)
        return deliver(result, left.raised | right.raised, &status)
    }

    /// Words 0 and 2 become doublewords.
    @inline(__always)
    private static func widening(
        _ b: Vector128, _ status: inout FPSCR, _ convert: (UInt32) -> FloatResult
    ) -> VectorEffect {
        let (left, right) = (
            convert(UInt32(truncatingIfNeeded: b.high >> 32)), convert(UInt32(truncatingIfNeeded: b.low >> 32))
        )
        return deliver(Vector128(left.bits, right.bits), left.raised | right.raised, &status)
    }

    /// Words become words.
    @inline(__always)
    private static func converted(
        _ b: Vector128, _ status: inout FPSCR, _ convert: (UInt32) -> FloatResult
    ) -> VectorEffect {
        var raised: UInt32 = 0
        let results = b.map { (x: UInt32) in
            let result = convert(x)
            raised |= result.raised
            return UInt32(truncatingIfNeeded: result.bits)
        }
        return deliver(results, raised, &status)
    }
}
