/// The classic floating-point unit: registers and FPSCR around the arithmetic of ``SoftFloat``.
extension CPU {
    /// Carries out an instruction of the unit. False with ``stop`` saying why the interpreter cannot just go on.
    @inline(never)
    mutating func floatingPoint(_ op: MicroOperation, _ direct: DirectAccess) -> Bool {
        guard floatingPointAvailable else {
            stop = .exception(PendingException(interrupt: .floatingPointUnavailable))
            return false
        }
        switch op.operation {
        case .floatingStorage:
            return floatingStorage(op, kind(op.b), gpr[op.a] &+ op.immediate, direct)
        case .floatingStorageIndexed:
            return floatingStorage(op, kind(UInt8(truncatingIfNeeded: op.immediate)), gpr[op.a] &+ gpr[op.b], direct)
        default:
            return floatingArithmetic(op)
        }
    }

    private func kind(_ rawValue: UInt8) -> FloatingPointOperation {
        FloatingPointOperation(rawValue: rawValue) ?? .none
    }

    // MARK: - Storage

    private mutating func floatingStorage(
        _ op: MicroOperation, _ kind: FloatingPointOperation, _ address: UInt32, _ direct: DirectAccess
    ) -> Bool {
        switch kind {
        case .lfs, .lfsu:
            guard let value = load(UInt32.self, address, direct) else { return false }
            fpr[op.d] = SoftFloat.double(fromSingle: value)
        case .lfd, .lfdu:
            guard let value = load(UInt64.self, address, direct) else { return false }
            fpr[op.d] = value
        case .stfs, .stfsu:
            guard store(SoftFloat.single(fromDouble: fpr[op.d]), address, direct) else { return false }
        case .stfd, .stfdu:
            guard store(fpr[op.d], address, direct) else { return false }
        default:
            guard store(UInt32(truncatingIfNeeded: fpr[op.d]), address, direct) else { return false }
        }
        if updates(kind) { gpr[op.a] = address }
        return true
    }

    private func updates(_ kind: FloatingPointOperation) -> Bool {
        kind == .lfsu || kind == .lfdu || kind == .stfsu || kind == .stfdu
    }

    /// Ends an access that stopped: puts what was loaded where it belongs, and updates the base register.
    mutating func finishFloatingStorage(_ op: MicroOperation, loaded value: UInt64?, effective: UInt32) {
        let kind = kind(op.operation == .floatingStorage ? op.b : UInt8(truncatingIfNeeded: op.immediate))
        if let value {
            let isSingle = kind == .lfs || kind == .lfsu
            fpr[op.d] = isSingle ? SoftFloat.double(fromSingle: UInt32(truncatingIfNeeded: value)) : value
        }
        if updates(kind) { gpr[op.a] = effective }
    }

    // MARK: - Arithmetic

    private mutating func floatingArithmetic(_ op: MicroOperation) -> Bool {
        let a = fpr[op.a]
        let b = fpr[op.b]
        let c = fpr[UInt8(truncatingIfNeeded: op.immediate >> MicroOperation.thirdSourceShift)]
        let double = FloatControl(.double, fpscr)
        let single = FloatControl(.single, fpscr)
        switch kind(UInt8(truncatingIfNeeded: op.immediate)) {
        case .fadd: return deliver(SoftFloat.add(a, b, subtracting: false, double), op)
        case .fsub: return deliver(SoftFloat.add(a, b, subtracting: true, double), op)
        case .fmul: return deliver(SoftFloat.multiply(a, c, double), op)
        case .fdiv: return deliver(SoftFloat.divide(a, b, double), op)
        case .fmadd: return deliver(SoftFloat.multiplyAdd(a, c, b, [], double), op)
        case .fmsub: return deliver(SoftFloat.multiplyAdd(a, c, b, .subtracting, double), op)
        case .fnmadd: return deliver(SoftFloat.multiplyAdd(a, c, b, .negating, double), op)
        case .fnmsub: return deliver(SoftFloat.multiplyAdd(a, c, b, [.subtracting, .negating], double), op)
        case .fadds: return deliver(SoftFloat.add(a, b, subtracting: false, single), op)
        case .fsubs: return deliver(SoftFloat.add(a, b, subtracting: true, single), op)
        case .fmuls: return deliver(SoftFloat.multiply(a, c, single), op)
        case .fdivs: return deliver(SoftFloat.divide(a, b, single), op)
        case .fmadds: return deliver(SoftFloat.multiplyAdd(a, c, b, [], single), op)
        case .fmsubs: return deliver(SoftFloat.multiplyAdd(a, c, b, .subtracting, single), op)
        case .fnmadds: return deliver(SoftFloat.multiplyAdd(a, c, b, .negating, single), op)
        case .fnmsubs: return deliver(SoftFloat.multiplyAdd(a, c, b, [.subtracting, .negating], single), op)
        case .fres: return deliver(SoftFloat.reciprocalEstimate(b, single), op)
        case .frsqrte: return deliver(SoftFloat.reciprocalRootEstimate(b, double), op)
        case .frsp: return deliver(SoftFloat.round(b, single), op)
        case .fctiw: return deliverInteger(SoftFloat.integer(b, width: 32, double), op)
        case .fctiwz: return deliverInteger(SoftFloat.integer(b, width: 32, FloatControl(.double, .towardZero)), op)
        case .fcmpu: return compare(a, b, isOrdered: false, op)
        case .fcmpo: return compare(a, b, isOrdered: true, op)
        case .fmr: fpr[op.d] = b
        case .fneg: fpr[op.d] = b ^ DoubleBits.sign
        case .fabs: fpr[op.d] = b & ~DoubleBits.sign
        case .fnabs: fpr[op.d] = b | DoubleBits.sign
        case .fsel:
            // A NaN is not greater than or equal to zero; both zeros are.
            let isSelected = !DoubleBits.isNaN(a) && (a & DoubleBits.sign == 0 || a == DoubleBits.sign)
            fpr[op.d] = isSelected ? c : b
        case .mffs: fpr[op.d] = UInt64(fpscr.bits)
        case .mcrfs: moveStatusToField(op)
        case .mtfsb0: fpscr.write(0, mask: 0x8000_0000 >> UInt32(op.d))
        case .mtfsb1: return setStatusBit(op)
        case .mtfsfi:
            fpscr.write(UInt32(op.a) << (28 - 4 * UInt32(op.d)), mask: 0xF000_0000 >> (4 * UInt32(op.d)))
            return finishStatusMove(op)
        case .mtfsf:
            fpscr.write(UInt32(truncatingIfNeeded: b), mask: Self.statusMask(op.a))
            return finishStatusMove(op)
        default: break
        }
        record(op)
        return true
    }

    /// The record forms: CR1 gets FX, FEX, VX and OX.
    private mutating func record(_ op: MicroOperation) {
        if op.immediate & MicroOperation.floatingRecord != 0 { cr[1] = fpscr.summary }
    }

    /// Notes the exceptions and the rounding of an arithmetic result, and delivers it unless an enabled exception keeps
    /// the target as it is.
    private mutating func deliver(_ result: FloatResult, _ op: MicroOperation) -> Bool {
        if isSuppressed(result.raised) {
            fpscr.describe(0, mask: FPSCR.fr | FPSCR.fi)
        } else {
            fpscr.describe(result.rounding | result.resultFlags, mask: FPSCR.fr | FPSCR.fi | FPSCR.fprf)
            fpr[op.d] = result.bits
        }
        return finishArithmetic(result.raised, op)
    }

    /// The same for a conversion to an integer, of which FPRF says nothing.
    private mutating func deliverInteger(_ result: FloatResult, _ op: MicroOperation) -> Bool {
        fpscr.describe(result.rounding, mask: FPSCR.fr | FPSCR.fi)
        if !isSuppressed(result.raised) { fpr[op.d] = result.bits }
        return finishArithmetic(result.raised, op)
    }

    private mutating func compare(_ a: UInt64, _ b: UInt64, isOrdered: Bool, _ op: MicroOperation) -> Bool {
        let comparison = SoftFloat.compare(a, b, isOrdered: isOrdered, invalidIsEnabled: fpscr.has(FPSCR.ve))
        cr[op.d] = comparison.outcome
        fpscr.describe(UInt32(comparison.outcome) << 12, mask: FPSCR.fpcc)
        return finishArithmetic(comparison.raised, op)
    }

    /// Whether an enabled exception leaves the target register alone: invalid operation and division by zero do.
    private func isSuppressed(_ raised: UInt32) -> Bool {
        (raised & FPSCR.invalid != 0 && fpscr.has(FPSCR.ve)) || (raised & FPSCR.zx != 0 && fpscr.has(FPSCR.ze))
    }

    private mutating func finishArithmetic(_ raised: UInt32, _ op: MicroOperation) -> Bool {
        guard raised != 0 else {
            record(op)
            return true
        }
        fpscr.raise(raised)
        record(op)
        return FPSCR(raised | fpscr.bits & FPSCR.enables).has(FPSCR.fex) ? interruptIfEnabled() : true
    }

    // MARK: - FPSCR

    private mutating func moveStatusToField(_ op: MicroOperation) {
        let shift = 28 - 4 * UInt32(op.a)
        cr[op.d] = UInt8(truncatingIfNeeded: fpscr.bits >> shift) & 15
        fpscr.write(0, mask: 15 << shift & (FPSCR.exceptions | FPSCR.fx))
    }

    private mutating func setStatusBit(_ op: MicroOperation) -> Bool {
        let bit = UInt32(0x8000_0000) >> UInt32(op.d)
        if bit & FPSCR.exceptions != 0 {
            fpscr.raise(bit)
        } else {
            fpscr.write(bit, mask: bit)
        }
        return finishStatusMove(op)
    }

    /// The fields that FLM names, its most significant bit standing for field 0.
    private static func statusMask(_ fields: UInt8) -> UInt32 {
        var mask: UInt32 = 0
        for field in UInt32(0)..<8 where fields & 0x80 >> UInt8(field) != 0 { mask |= 0xF000_0000 >> (4 * field) }
        return mask
    }

    /// Ends a move to FPSCR, which may have made an enabled exception.
    private mutating func finishStatusMove(_ op: MicroOperation) -> Bool {
        record(op)
        return fpscr.has(FPSCR.fex) ? interruptIfEnabled() : true
    }

    /// An enabled exception: the program interrupt, unless MSR[FE0] and MSR[FE1] are both 0. The modes in between are
    /// precise here as well.
    private mutating func interruptIfEnabled() -> Bool {
        guard msr & (MSR.fe0 | MSR.fe1) != 0 else { return true }
        stop = .exception(PendingException(interrupt: .program, syndrome: ESR.floatingPoint))
        return false
    }
}
