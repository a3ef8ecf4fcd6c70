/// The instructions on vector-scalar registers: registers and storage around ``VectorUnit``.
extension Book3SCPU {
    /// Carries out an instruction on registers. False with ``stop`` saying why the interpreter cannot just go on.
    @inline(never)
    mutating func vector(_ op: MicroOperation) -> Bool {
        guard requireAvailable(op.facility) else { return false }
        let kind = op.vector
        switch kind {
        case .mfvsrd: gpr[op.a] = vsr[op.d].high
        case .mfvsrwz: gpr[op.a] = vsr[op.d].high & 0xFFFF_FFFF
        case .mtvsrd: vsr[op.d] = Vector128(gpr[op.a], 0)
        case .mtvsrwa: vsr[op.d] = Vector128(extendWord(gpr[op.a]), 0)
        case .mtvsrwz: vsr[op.d] = Vector128(gpr[op.a] & 0xFFFF_FFFF, 0)
        default:
            let effect = VectorUnit.execute(
                op, a: vsr[op.a], b: vsr[op.b], c: vsr[op.vectorThirdSource], d: vsr[op.d], &vectorStatus, &fpscr)
            if let target = effect.target { vsr[op.d] = target }
            if let field = effect.field {
                let isSixth = op.recordsVector || kind == .bcdadd || kind == .bcdsub
                cr[isSixth ? 6 : op.d & 7] = field
            }
            return effect.isEnabled ? interruptIfEnabled() : true
        }
        return true
    }

    /// Carries out a storage access of vector-scalar registers, or `lvsl` and `lvsr`.
    @inline(never)
    mutating func vectorStorage(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        guard requireAvailable(op.facility) else { return false }
        let address = gpr[op.a] &+ gpr[op.b]
        switch op.vector {
        case .lvsl, .lvsr, .lvebx, .lvehx, .lvewx, .lvx: return loadVector(op, address, direct)
        case .stvebx, .stvehx, .stvewx, .stvx: return storeVector(op, address, direct)
        case .stxsiwx, .stxsspx, .stxsdx, .stxvw4x, .stxvd2x: return storeVectorScalar(op, address, direct)
        default: return loadVectorScalar(op, address, direct)
        }
    }

    // MARK: - Vector facility

    private mutating func loadVector(_ op: MicroOperation, _ address: UInt64, _ direct: Book3SDirectAccess) -> Bool {
        switch op.vector {
        case .lvsl: vsr[op.d] = Self.bytes(from: UInt8(truncatingIfNeeded: address & 15))
        case .lvsr: vsr[op.d] = Self.bytes(from: 16 - UInt8(truncatingIfNeeded: address & 15))
        case .lvebx: return loadElement(UInt8.self, op, address, direct)
        case .lvehx: return loadElement(UInt16.self, op, address, direct)
        case .lvewx: return loadElement(UInt32.self, op, address, direct)
        default:
            guard let (first, second) = loadPair(address & ~15, direct) else { return false }
            vsr[op.d] = direct.isLittleEndian ? Vector128(second, first) : Vector128(first, second)
        }
        return true
    }

    private mutating func storeVector(_ op: MicroOperation, _ address: UInt64, _ direct: Book3SDirectAccess) -> Bool {
        switch op.vector {
        case .stvebx: return storeElement(UInt8.self, op, address, direct)
        case .stvehx: return storeElement(UInt16.self, op, address, direct)
        case .stvewx: return storeElement(UInt32.self, op, address, direct)
        default:
            let value = vsr[op.d]
            return direct.isLittleEndian
                ? storePair(value.low, value.high, address & ~15, direct)
                : storePair(value.high, value.low, address & ~15, direct)
        }
    }

    /// Sixteen bytes that count from `first`.
    private static func bytes(from first: UInt8) -> Vector128 { Vector128.of(UInt8.self) { first &+ UInt8($0) } }

    /// Which element an address belongs to.
    private func element<T: FixedWidthInteger>(_ type: T.Type, _ address: UInt64) -> Int {
        let index = Int(address & 15) / MemoryLayout<T>.size
        return isLittleEndian ? 16 / MemoryLayout<T>.size - 1 - index : index
    }

    private mutating func loadElement<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type, _ op: MicroOperation, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        let address = address & ~UInt64(MemoryLayout<T>.size - 1)
        guard let value = load(T.self, address, direct) else { return false }
        var vector = vsr[op.d]
        vector[element(T.self, address)] = value
        vsr[op.d] = vector
        return true
    }

    private mutating func storeElement<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type, _ op: MicroOperation, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        let address = address & ~UInt64(MemoryLayout<T>.size - 1)
        let value: T = vsr[op.d][element(T.self, address)]
        return store(value, address, direct)
    }

    // MARK: - Vector-scalar extension

    private mutating func loadVectorScalar(
        _ op: MicroOperation, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        switch op.vector {
        case .lxsiwzx, .lxsiwax, .lxsspx:
            guard let value = load(UInt32.self, address, direct) else { return false }
            let high =
                switch op.vector {
                case .lxsiwzx: UInt64(value)
                case .lxsiwax: extendWord(UInt64(value))
                default: SoftFloat.double(fromSingle: value)
                }
            vsr[op.d] = Vector128(high, 0)
        case .lxsdx:
            guard let value = load(UInt64.self, address, direct) else { return false }
            vsr[op.d] = Vector128(value, 0)
        case .lxvdsx:
            guard let value = load(UInt64.self, address, direct) else { return false }
            vsr[op.d] = Vector128(value, value)
        case .lxvd2x:
            guard let (first, second) = loadPair(address, direct) else { return false }
            vsr[op.d] = Vector128(first, second)
        default:
            guard let (first, second) = loadPair(address, direct) else { return false }
            vsr[op.d] = Vector128(wordsInOrder(first), wordsInOrder(second))
        }
        return true
    }

    private mutating func storeVectorScalar(
        _ op: MicroOperation, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        let value = vsr[op.d]
        switch op.vector {
        case .stxsiwx: return store(UInt32(truncatingIfNeeded: value.high), address, direct)
        case .stxsspx: return store(SoftFloat.single(fromDouble: value.high), address, direct)
        case .stxsdx: return store(value.high, address, direct)
        case .stxvd2x: return storePair(value.high, value.low, address, direct)
        default: return storePair(wordsInOrder(value.high), wordsInOrder(value.low), address, direct)
        }
    }

    /// Two words of storage that were accessed as one doubleword: the first one in the left half, and back.
    private func wordsInOrder(_ value: UInt64) -> UInt64 { isLittleEndian ? value << 32 | value >> 32 : value }
}
