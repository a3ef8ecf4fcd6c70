/// The floating-point unit without its registers: what an instruction makes of its operands and FPSCR, on every core.
enum FloatingPointUnit {
    /// What an instruction leaves besides FPSCR.
    struct Effect {
        /// The target register; nil leaves it as it is.
        var target: UInt64?
        /// The field of CR that the instruction names.
        var field: UInt8?
        /// Whether an exception is enabled that the instruction raised, or moved into FPSCR.
        var isEnabled = false
    }

    /// Carries out the instruction `op` of ``Operation/floatingPoint`` on the operands that its registers hold.
    static func execute(_ op: MicroOperation, a: UInt64, b: UInt64, c: UInt64, _ status: inout FPSCR) -> Effect {
        let kind = FloatingPointOperation(rawValue: UInt8(truncatingIfNeeded: op.immediate)) ?? .none
        let double = FloatControl(.double, status)
        let single = FloatControl(.single, status)
        switch kind {
        case .fadd: return deliver(SoftFloat.add(a, b, subtracting: false, double), &status)
        case .fsub: return deliver(SoftFloat.add(a, b, subtracting: true, double), &status)
        case .fmul: return deliver(SoftFloat.multiply(a, c, double), &status)
        case .fdiv: return deliver(SoftFloat.divide(a, b, double), &status)
        case .fmadd: return deliver(SoftFloat.multiplyAdd(a, c, b, [], double), &status)
        case .fmsub: return deliver(SoftFloat.multiplyAdd(a, c, b, .subtracting, double), &status)
        case .fnmadd: return deliver(SoftFloat.multiplyAdd(a, c, b, .negating, double), &status)
        case .fnmsub: return deliver(SoftFloat.multiplyAdd(a, c, b, [.subtracting, .negating], double), &status)
        case .fadds: return deliver(SoftFloat.add(a, b, subtracting: false, single), &status)
        case .fsubs: return deliver(SoftFloat.add(a, b, subtracting: true, single), &status)
        case .fmuls: return deliver(SoftFloat.multiply(a, c, single), &status)
        case .fdivs: return deliver(SoftFloat.divide(a, b, single), &status)
        case .fmadds: return deliver(SoftFloat.multiplyAdd(a, c, b, [], single), &status)
        case .fmsubs: return deliver(SoftFloat.multiplyAdd(a, c, b, .subtracting, single), &status)
        case .fnmadds: return deliver(SoftFloat.multiplyAdd(a, c, b, .negating, single), &status)
        case .fnmsubs: return deliver(SoftFloat.multiplyAdd(a, c, b, [.subtracting, .negating], single), &status)
        case .fsqrt: return deliver(SoftFloat.squareRoot(b, double), &status)
        case .fsqrts: return deliver(SoftFloat.squareRoot(b, single), &status)
        case .fre: return deliver(SoftFloat.reciprocalEstimate(b, double), &status)
        case .fres: return deliver(SoftFloat.reciprocalEstimate(b, single), &status)
        case .frsqrte: return deliver(SoftFloat.reciprocalRootEstimate(b, double), &status)
        case .frsqrtes: return deliver(SoftFloat.reciprocalRootEstimate(b, single), &status)
        case .frsp: return deliver(SoftFloat.round(b, single), &status)
        case .fctiw, .fctiwz, .fctiwu, .fctiwuz, .fctid, .fctidz, .fctidu, .fctiduz:
            return deliver(integer: toInteger(kind, b, double), &status)
        case .fcfid: return deliver(SoftFloat.number(signed: Int64(bitPattern: b), double), &status)
        case .fcfids: return deliver(SoftFloat.number(signed: Int64(bitPattern: b), single), &status)
        case .fcfidu: return deliver(SoftFloat.number(unsigned: b, double), &status)
        case .fcfidus: return deliver(SoftFloat.number(unsigned: b, single), &status)
        case .frin: return deliver(SoftFloat.integral(b, .nearestAway), &status)
        case .friz: return deliver(SoftFloat.integral(b, .towardZero), &status)
        case .frip: return deliver(SoftFloat.integral(b, .towardPositive), &status)
        case .frim: return deliver(SoftFloat.integral(b, .towardNegative), &status)
        case .fcmpu: return compare(a, b, isOrdered: false, &status)
        case .fcmpo: return compare(a, b, isOrdered: true, &status)
        case .ftdiv: return Effect(field: SoftFloat.divisionTest(a, b, .double))
        case .ftsqrt: return Effect(field: SoftFloat.rootTest(b, .double))
        case .fmr: return Effect(target: b)
        case .fneg: return Effect(target: b ^ DoubleBits.sign)
        case .fabs: return Effect(target: b & ~DoubleBits.sign)
        case .fnabs: return Effect(target: b | DoubleBits.sign)
        case .fcpsgn: return Effect(target: a & DoubleBits.sign | b & ~DoubleBits.sign)
        case .fmrgew: return Effect(target: a & ~0xFFFF_FFFF | b >> 32)
        case .fmrgow: return Effect(target: a << 32 | b & 0xFFFF_FFFF)
        case .fsel:
            // A NaN is not greater than or equal to zero; both zeros are.
            let isSelected = !DoubleBits.isNaN(a) && (a & DoubleBits.sign == 0 || a == DoubleBits.sign)
            return Effect(target: isSelected ? c : b)
        case .mffs: return Effect(target: status.wide)
        case .mcrfs, .mtfsb0, .mtfsb1, .mtfsfi, .mtfsf: return move(kind, op, b, &status)
        default: return Effect()
        }
    }

    /// The conversions to integers, whose mnemonics say the width, the sign and where to round to.
    private static func toInteger(
        _ kind: FloatingPointOperation, _ b: UInt64, _ control: FloatControl
    ) -> FloatResult {
        let truncation = FloatControl(.double, .towardZero)
        return switch kind {
        case .fctiw: SoftFloat.integer(b, width: 32, control)
        case .fctiwz: SoftFloat.integer(b, width: 32, truncation)
        case .fctiwu: SoftFloat.unsignedInteger(b, width: 32, control)
        case .fctiwuz: SoftFloat.unsignedInteger(b, width: 32, truncation)
        case .fctid: SoftFloat.integer(b, width: 64, control)
        case .fctidz: SoftFloat.integer(b, width: 64, truncation)
        case .fctidu: SoftFloat.unsignedInteger(b, width: 64, control)
        default: SoftFloat.unsignedInteger(b, width: 64, truncation)
        }
    }

    // MARK: - Results

    /// Notes the exceptions and the rounding of an arithmetic result, and delivers it unless an enabled exception keeps
    /// the target as it is.
    static func deliver(_ result: FloatResult, _ status: inout FPSCR) -> Effect {
        let suppressed = isSuppressed(result.raised, status)
        if suppressed {
            status.describe(0, mask: FPSCR.fr | FPSCR.fi)
        } else {
            status.describe(result.rounding | result.resultFlags, mask: FPSCR.fr | FPSCR.fi | FPSCR.fprf)
        }
        return Effect(target: suppressed ? nil : result.bits, isEnabled: raise(result.raised, &status))
    }

    /// The same for a conversion to an integer, of which FPRF says nothing.
    static func deliver(integer result: FloatResult, _ status: inout FPSCR) -> Effect {
        status.describe(result.rounding, mask: FPSCR.fr | FPSCR.fi)
        let suppressed = isSuppressed(result.raised, status)
        return Effect(target: suppressed ? nil : result.bits, isEnabled: raise(result.raised, &status))
    }

    static func compare(_ a: UInt64, _ b: UInt64, isOrdered: Bool, _ status: inout FPSCR) -> Effect {
        let comparison = SoftFloat.compare(a, b, isOrdered: isOrdered, invalidIsEnabled: status.has(FPSCR.ve))
        status.describe(UInt32(comparison.outcome) << 12, mask: FPSCR.fpcc)
        return Effect(field: comparison.outcome, isEnabled: raise(comparison.raised, &status))
    }

    /// Whether an enabled exception leaves the target register alone: invalid operation and division by zero do.
    static func isSuppressed(_ raised: UInt32, _ status: FPSCR) -> Bool {
        (raised & FPSCR.invalid != 0 && status.has(FPSCR.ve)) || (raised & FPSCR.zx != 0 && status.has(FPSCR.ze))
    }

    /// Sets the exception bits of one instruction. True if one of them is enabled.
    static func raise(_ raised: UInt32, _ status: inout FPSCR) -> Bool {
        guard raised != 0 else { return false }
        status.raise(raised)
        return FPSCR(raised | status.bits & FPSCR.enables).has(FPSCR.fex)
    }

    // MARK: - FPSCR

    private static func move(
        _ kind: FloatingPointOperation, _ op: MicroOperation, _ b: UInt64, _ status: inout FPSCR
    ) -> Effect {
        let isLeft = op.immediate & MicroOperation.statusHalf != 0
        switch kind {
        case .mcrfs:
            let shift = 28 - 4 * UInt32(op.a & 7)
            let field = UInt8(truncatingIfNeeded: status.bits >> shift) & 15
            status.write(0, mask: 15 << shift & (FPSCR.exceptions | FPSCR.fx))
            return Effect(field: field)
        case .mtfsb0:
            status.write(0, mask: 0x8000_0000 >> UInt32(op.d & 31))
            return Effect()
        case .mtfsb1:
            let bit = UInt32(0x8000_0000) >> UInt32(op.d & 31)
            if bit & FPSCR.exceptions != 0 { status.raise(bit) } else { status.write(bit, mask: bit) }
        case .mtfsfi:
            let shift = 28 - 4 * UInt32(op.d & 7)
            let (value, mask) = (UInt32(op.a) << shift, UInt32(15) << shift)
            if isLeft { status.writeLeft(value, mask: mask) } else { status.write(value, mask: mask) }
        default:
            let all = op.immediate & MicroOperation.statusAll != 0
            let mask = all ? .max : statusMask(op.a)
            if all || isLeft { status.writeLeft(UInt32(truncatingIfNeeded: b >> 32), mask: mask) }
            if all || !isLeft { status.write(UInt32(truncatingIfNeeded: b), mask: mask) }
        }
        return Effect(isEnabled: status.has(FPSCR.fex))
    }

    /// The fields that FLM names, its most significant bit standing for field 0.
    private static func statusMask(_ fields: UInt8) -> UInt32 {
        var mask: UInt32 = 0
        for field in UInt32(0)..<8 where fields & 0x80 >> UInt8(field) != 0 { mask |= 0xF000_0000 >> (4 * field) }
        return mask
    }
}
