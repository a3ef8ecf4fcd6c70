/// The classic floating-point unit's place in the CPU: its registers, storage and interrupts around ``FloatingPointUnit``.
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
        let c = UInt8(truncatingIfNeeded: op.immediate >> MicroOperation.thirdSourceShift)
        let effect = FloatingPointUnit.execute(op, a: fpr[op.a], b: fpr[op.b], c: fpr[c], &fpscr)
        if let target = effect.target { fpr[op.d] = target }
        if let field = effect.field { cr[op.d] = field }
        if op.immediate & MicroOperation.floatingRecord != 0 { cr[1] = fpscr.summary }
        return effect.isEnabled ? interruptIfEnabled() : true
    }

    /// An enabled exception: the program interrupt, unless MSR[FE0] and MSR[FE1] are both 0. The modes in between are
    /// precise here as well.
    private mutating func interruptIfEnabled() -> Bool {
        guard msr & (MSR.fe0 | MSR.fe1) != 0 else { return true }
        stop = .exception(PendingException(interrupt: .program, syndrome: ESR.floatingPoint))
        return false
    }
}
