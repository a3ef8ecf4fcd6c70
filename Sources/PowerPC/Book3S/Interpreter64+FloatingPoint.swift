/// The floating-point unit: registers and storage around the arithmetic of ``FloatingPointUnit``.
extension Book3SCPU {
    /// Carries out an instruction of the unit. False with ``stop`` saying why the interpreter cannot just go on.
    @inline(never)
    mutating func floatingPoint(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        guard requireAvailable(.floatingPoint) else { return false }
        switch op.operation {
        case .floatingStorage:
            return floatingStorage(op, kind(op.b), gpr[op.a] &+ op.signed, direct)
        case .floatingStorageIndexed:
            return floatingStorage(op, kind(UInt8(truncatingIfNeeded: op.immediate)), gpr[op.a] &+ gpr[op.b], direct)
        default:
            return floatingArithmetic(op)
        }
    }

    /// Whether MSR makes a facility available. False with ``stop`` set.
    @inline(__always)
    mutating func requireAvailable(_ facility: VectorFacility) -> Bool {
        let (bit, interrupt): (UInt64, Book3SInterrupt) =
            switch facility {
            case .floatingPoint: (MSR64.fp, .floatingPointUnavailable)
            case .vector: (MSR64.vec, .vectorUnavailable)
            case .vectorScalar: (MSR64.vsx, .vsxUnavailable)
            }
        if msr & bit != 0 { return true }
        stop = .exception(Book3SException(interrupt: interrupt))
        return false
    }

    /// An enabled exception: the program interrupt, unless MSR[FE0] and MSR[FE1] are both 0. The modes in between are
    /// precise here as well.
    mutating func interruptIfEnabled() -> Bool {
        guard msr & (MSR64.fe0 | MSR64.fe1) != 0 else { return true }
        stop = .exception(.program(SRR1.floatingPoint))
        return false
    }

    private func kind(_ rawValue: UInt8) -> FloatingPointOperation {
        FloatingPointOperation(rawValue: rawValue) ?? .none
    }

    private mutating func floatingStorage(
        _ op: MicroOperation, _ kind: FloatingPointOperation, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        var codeChanged = false
        switch kind {
        case .lfs, .lfsu:
            guard let value = load(UInt32.self, address, direct) else { return false }
            vsr[floating: op.d] = SoftFloat.double(fromSingle: value)
        case .lfd, .lfdu:
            guard let value = load(UInt64.self, address, direct) else { return false }
            vsr[floating: op.d] = value
        case .lfiwax:
            guard let value = load(UInt32.self, address, direct) else { return false }
            vsr[floating: op.d] = extendWord(UInt64(value))
        case .lfiwzx:
            guard let value = load(UInt32.self, address, direct) else { return false }
            vsr[floating: op.d] = UInt64(value)
        case .lfdp:
            guard let (first, second) = loadPair(address, direct) else { return false }
            vsr[floating: op.d & ~1] = isLittleEndian ? second : first
            vsr[floating: op.d | 1] = isLittleEndian ? first : second
        case .stfs, .stfsu:
            let value = UInt64(SoftFloat.single(fromDouble: vsr[floating: op.d]))
            guard storePart(value, address, 4, direct, codeChanged: &codeChanged) else { return false }
        case .stfd, .stfdu:
            guard storePart(vsr[floating: op.d], address, 8, direct, codeChanged: &codeChanged) else { return false }
        case .stfdp:
            let (even, odd) = (vsr[floating: op.d & ~1], vsr[floating: op.d | 1])
            return isLittleEndian ? storePair(odd, even, address, direct) : storePair(even, odd, address, direct)
        default:
            guard storePart(vsr[floating: op.d], address, 4, direct, codeChanged: &codeChanged) else { return false }
        }
        switch kind {
        case .lfsu, .lfdu, .stfsu, .stfdu: gpr[op.a] = address
        default: break
        }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    private mutating func floatingArithmetic(_ op: MicroOperation) -> Bool {
        let c = UInt8(truncatingIfNeeded: op.immediate >> MicroOperation.thirdSourceShift)
        let effect = FloatingPointUnit.execute(
            op, a: vsr[floating: op.a], b: vsr[floating: op.b], c: vsr[floating: c], &fpscr)
        if let target = effect.target { vsr[floating: op.d] = target }
        if let field = effect.field { cr[op.d & 7] = field }
        if op.immediate & MicroOperation.floatingRecord != 0 { cr[1] = fpscr.summary }
        return effect.isEnabled ? interruptIfEnabled() : true
    }
}
