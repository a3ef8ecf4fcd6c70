extension Decoder {
    /// Predecodes an instruction on vector-scalar registers. All registers are numbers of vector-scalar ones: vector
    /// register N is N + 32.
    static func vector(_ row: Instruction, _ fields: InstructionWord) -> MicroOperation {
        let first = VectorRegisters.firstVector
        let a0 = fields.a == 0 ? MicroOperation.zeroRegister : fields.a
        let record = row.variants.contains(.vectorRecord) && fields.overflow
        func operation(
            _ facility: VectorFacility, d: UInt8, a: UInt8 = 0, b: UInt8 = 0, c: UInt8 = 0, immediate: UInt8 = 0
        ) -> MicroOperation {
            MicroOperation(
                row.operation, d: d, a: a, b: b,
                immediate: UInt32(row.vector.rawValue) | (record ? MicroOperation.vectorRecord : 0)
                    | UInt32(facility.rawValue) << MicroOperation.facilityShift
                    | UInt32(c) << MicroOperation.vectorThirdSourceShift
                    | UInt32(immediate) << MicroOperation.vectorImmediateShift)
        }
        func vmx(_ immediate: UInt8 = 0) -> MicroOperation {
            operation(
                .vector, d: fields.target | first, a: fields.a | first, b: fields.b | first, c: fields.c | first,
                immediate: immediate)
        }
        func vsx(d: UInt8, _ immediate: UInt8 = 0) -> MicroOperation {
            operation(.vectorScalar, d: d, a: fields.vsxA, b: fields.vsxB, c: fields.vsxC, immediate: immediate)
        }
        switch row.operands {
        case .vectorShift: return vmx(fields.c & 15)
        case .vectorSplat, .vectorScale: return vmx(fields.a)
        case .vectorSignedImmediate: return vmx(UInt8(bitPattern: fields.signedA))
        case .vectorSigma: return vmx(fields.b)
        case .vectorDecimal: return vmx(UInt8(truncatingIfNeeded: fields.word >> 9) & 1)
        case .vectorIndexed: return operation(.vector, d: fields.target | first, a: a0, b: fields.b)
        case .vsxIndexed: return operation(.vectorScalar, d: fields.vsxTarget, a: a0, b: fields.b)
        case .vsxToRegister, .vsxFromRegister:
            return operation(fields.record ? .vector : .floatingPoint, d: fields.vsxTarget, a: fields.a)
        case .vsxCompare, .vsxTest: return vsx(d: fields.crField)
        case .vsxSplat: return vsx(d: fields.vsxTarget, fields.a & 3)
        case .vsxAB, .vsxB, .vsxABImmediate, .vsxSelect: return vsx(d: fields.vsxTarget, fields.vsxImmediate)
        default: return vmx()
        }
    }
}

/// What MSR has to make available for an instruction.
enum VectorFacility: UInt8 {
    /// MSR[FP].
    case floatingPoint
    /// MSR[VEC].
    case vector
    /// MSR[VSX].
    case vectorScalar
}
