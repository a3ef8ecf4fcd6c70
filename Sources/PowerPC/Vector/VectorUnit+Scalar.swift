/// Scalar floating point on vector-scalar registers (Power ISA 2.07 Book I, chapter 7): the arithmetic of
/// ``FloatingPointUnit`` on doubleword 0 of the registers. Doubleword 1 of the target, which the architecture leaves
/// undefined, becomes zero.
extension VectorUnit {
    static func scalar(
        _ kind: VectorOperation, _ a: Vector128, _ b: Vector128, _ d: Vector128, _ status: inout FPSCR
    ) -> VectorEffect {
        let double = FloatControl(.double, status)
        let single = FloatControl(.single, status)
        let (x, y, z) = (a.high, b.high, d.high)
        switch kind {
        case .xsadddp: return deliver(SoftFloat.add(x, y, subtracting: false, double), &status)
        case .xssubdp: return deliver(SoftFloat.add(x, y, subtracting: true, double), &status)
        case .xsmuldp: return deliver(SoftFloat.multiply(x, y, double), &status)
        case .xsdivdp: return deliver(SoftFloat.divide(x, y, double), &status)
        case .xsmaddadp: return deliver(SoftFloat.multiplyAdd(x, y, z, [], double), &status)
        case .xsmaddmdp: return deliver(SoftFloat.multiplyAdd(x, z, y, [], double), &status)
        case .xsmsubadp: return deliver(SoftFloat.multiplyAdd(x, y, z, .subtracting, double), &status)
        case .xsmsubmdp: return deliver(SoftFloat.multiplyAdd(x, z, y, .subtracting, double), &status)
        case .xsnmaddadp: return deliver(SoftFloat.multiplyAdd(x, y, z, .negating, double), &status)
        case .xsnmaddmdp: return deliver(SoftFloat.multiplyAdd(x, z, y, .negating, double), &status)
        case .xsnmsubadp: return deliver(SoftFloat.multiplyAdd(x, y, z, [.subtracting, .negating], double), &status)
        case .xsnmsubmdp: return deliver(SoftFloat.multiplyAdd(x, z, y, [.subtracting, .negating], double), &status)
        case .xssqrtdp: return deliver(SoftFloat.squareRoot(y, double), &status)
        case .xsredp: return deliver(SoftFloat.reciprocalEstimate(y, double), &status)
        case .xsrsqrtedp: return deliver(SoftFloat.reciprocalRootEstimate(y, double), &status)
        case .xsaddsp: return deliver(SoftFloat.add(x, y, subtracting: false, single), &status)
        case .xssubsp: return deliver(SoftFloat.add(x, y, subtracting: true, single), &status)
        case .xsmulsp: return deliver(SoftFloat.multiply(x, y, single), &status)
        case .xsdivsp: return deliver(SoftFloat.divide(x, y, single), &status)
        case .xsmaddasp: return deliver(SoftFloat.multiplyAdd(x, y, z, [], single), &status)
        case .xsmaddmsp: return deliver(SoftFloat.multiplyAdd(x, z, y, [], single), &status)
        case .xsmsubasp: return deliver(SoftFloat.multiplyAdd(x, y, z, .subtracting, single), &status)
        case .xsmsubmsp: return deliver(SoftFloat.multiplyAdd(x, z, y, .subtracting, single), &status)
        case .xsnmaddasp: return deliver(SoftFloat.multiplyAdd(x, y, z, .negating, single), &status)
        case .xsnmaddmsp: return deliver(SoftFloat.multiplyAdd(x, z, y, .negating, single), &status)
        case .xsnmsubasp: return deliver(SoftFloat.multiplyAdd(x, y, z, [.subtracting, .negating], single), &status)
        case .xsnmsubmsp: return deliver(SoftFloat.multiplyAdd(x, z, y, [.subtracting, .negating], single), &status)
        case .xssqrtsp: return deliver(SoftFloat.squareRoot(y, single), &status)
        case .xsresp: return deliver(SoftFloat.reciprocalEstimate(y, single), &status)
        case .xsrsqrtesp: return deliver(SoftFloat.reciprocalRootEstimate(y, single), &status)
        case .xsrsp: return deliver(SoftFloat.round(y, single), &status)
        case .xsrdpi: return deliver(SoftFloat.integral(y, .nearestAway), &status)
        case .xsrdpiz: return deliver(SoftFloat.integral(y, .towardZero), &status)
        case .xsrdpip: return deliver(SoftFloat.integral(y, .towardPositive), &status)
        case .xsrdpim: return deliver(SoftFloat.integral(y, .towardNegative), &status)
        case .xsrdpic:
            return deliver(SoftFloat.integral(y, status.roundingMode, tellsInexact: true), &status)
        case .xscvdpsp:
            var effect = deliver(SoftFloat.round(y, single), &status)
            if let bits = effect.target?.high { effect.target = word(SoftFloat.single(fromDouble: bits)) }
            return effect
        case .xscvspdp: return deliver(SoftFloat.round(SoftFloat.double(fromSingle: firstWord(y)), double), &status)
        case .xscvdpspn: return VectorEffect(target: word(SoftFloat.single(fromDouble: y)))
        case .xscvspdpn: return VectorEffect(target: Vector128(SoftFloat.double(fromSingle: firstWord(y)), 0))
        case .xscvdpsxds, .xscvdpuxds, .xscvdpsxws, .xscvdpuxws: return scalarToInteger(kind, y, &status)
        case .xscvsxddp: return deliver(SoftFloat.number(signed: Int64(bitPattern: y), double), &status)
        case .xscvuxddp: return deliver(SoftFloat.number(unsigned: y, double), &status)
        case .xscvsxdsp: return deliver(SoftFloat.number(signed: Int64(bitPattern: y), single), &status)
        case .xscvuxdsp: return deliver(SoftFloat.number(unsigned: y, single), &status)
        case .xsmaxdp: return deliverUndescribed(SoftFloat.extreme(x, y, isMaximum: true), &status)
        case .xsmindp: return deliverUndescribed(SoftFloat.extreme(x, y, isMaximum: false), &status)
        case .xscmpudp: return compareScalars(x, y, isOrdered: false, &status)
        case .xscmpodp: return compareScalars(x, y, isOrdered: true, &status)
        case .xstdivdp: return VectorEffect(field: SoftFloat.divisionTest(x, y, .double))
        case .xstsqrtdp: return VectorEffect(field: SoftFloat.rootTest(y, .double))
        case .xsabsdp: return VectorEffect(target: Vector128(y & ~DoubleBits.sign, 0))
        case .xsnabsdp: return VectorEffect(target: Vector128(y | DoubleBits.sign, 0))
        case .xsnegdp: return VectorEffect(target: Vector128(y ^ DoubleBits.sign, 0))
        case .xscpsgndp: return VectorEffect(target: Vector128(x & DoubleBits.sign | y & ~DoubleBits.sign, 0))
        default: return VectorEffect()
        }
    }

    private static func deliver(_ result: FloatResult, _ status: inout FPSCR) -> VectorEffect {
        VectorEffect(FloatingPointUnit.deliver(result, &status))
    }

    /// A result of which FPSCR gets the exceptions and nothing else.
    private static func deliverUndescribed(_ result: FloatResult, _ status: inout FPSCR) -> VectorEffect {
        let suppressed = FloatingPointUnit.isSuppressed(result.raised, status)
        let isEnabled = FloatingPointUnit.raise(result.raised, &status)
        return VectorEffect(target: suppressed ? nil : Vector128(result.bits, 0), isEnabled: isEnabled)
    }

    private static func compareScalars(
        _ x: UInt64, _ y: UInt64, isOrdered: Bool, _ status: inout FPSCR
    ) -> VectorEffect {
        VectorEffect(FloatingPointUnit.compare(x, y, isOrdered: isOrdered, &status))
    }

    private static func scalarToInteger(_ kind: VectorOperation, _ y: UInt64, _ status: inout FPSCR) -> VectorEffect {
        let truncation = FloatControl(.double, .towardZero)
        let result =
            switch kind {
            case .xscvdpsxds: SoftFloat.integer(y, width: 64, truncation)
            case .xscvdpuxds: SoftFloat.unsignedInteger(y, width: 64, truncation)
            case .xscvdpsxws: SoftFloat.integer(y, width: 32, truncation)
            default: SoftFloat.unsignedInteger(y, width: 32, truncation)
            }
        var effect = VectorEffect(FloatingPointUnit.deliver(integer: result, &status))
        if kind == .xscvdpsxws || kind == .xscvdpuxws, let bits = effect.target?.high {
            // The result is word 1. Word 0, which the architecture leaves undefined, is the same.
            effect.target = Vector128(bits << 32 | bits & 0xFFFF_FFFF, 0)
        }
        return effect
    }

    /// A word in word 0, and in word 1, which the architecture leaves undefined.
    private static func word(_ word: UInt32) -> Vector128 { Vector128(UInt64(word) << 32 | UInt64(word), 0) }

    private static func firstWord(_ doubleword: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: doubleword >> 32) }
}

extension VectorEffect {
    /// What an instruction of the floating-point unit leaves, in doubleword 0.
    fileprivate init(_ effect: FloatingPointUnit.Effect) {
        self.init(target: effect.target.map { Vector128($0, 0) }, field: effect.field, isEnabled: effect.isEnabled)
    }
}
