/// What instructions on vector-scalar registers make of their operands: pure functions that know no CPU.
enum VectorUnit {
    /// Carries out the instruction `op` of ``Operation/vector``, unless it moves to or from general-purpose registers.
    ///
    /// - Parameters:
    ///   - a: the register that VRA or XA names, and so on.
    ///   - d: the target register before.
    static func execute(
        _ op: MicroOperation, a: Vector128, b: Vector128, c: Vector128, d: Vector128, _ status: inout VectorStatus,
        _ floatingStatus: inout FPSCR
    ) -> VectorEffect {
        let kind = op.vector
        let immediate = UInt8(truncatingIfNeeded: op.immediate >> MicroOperation.vectorImmediateShift)
        switch kind.rawValue {
        case VectorOperation.xxland.rawValue...:
            return VectorEffect(target: move(kind, a, b, c, immediate))
        case ...VectorOperation.vbpermq.rawValue:
            return VectorEffect(target: integer(kind, a, b, c, &status))
        case ...VectorOperation.vcmpgtsd.rawValue:
            let result = compare(kind, a, b)
            return VectorEffect(target: result, field: op.recordsVector ? allOrNone(result) : nil)
        case ...VectorOperation.vmsumshs.rawValue:
            return VectorEffect(target: product(kind, a, b, c, &status))
        case ...VectorOperation.vpermxor.rawValue:
            return VectorEffect(target: cipher(kind, a, b, c, immediate))
        case ...VectorOperation.bcdsub.rawValue:
            return decimal(a, b, subtracting: kind == .bcdsub, preferredSign: immediate & 1)
        case ...VectorOperation.vsldoi.rawValue:
            return VectorEffect(target: permute(kind, a, b, c, immediate, &status))
        case ...VectorOperation.vctsxs.rawValue:
            return VectorEffect(target: floating(kind, a, b, c, immediate, &status))
        case ...VectorOperation.vcmpbfp.rawValue:
            return floatingComparison(kind, a, b, records: op.recordsVector, isNonJava: status.isNonJava)
        case VectorOperation.mfvscr.rawValue:
            return VectorEffect(target: Vector128(0, UInt64(status.register)))
        case VectorOperation.mtvscr.rawValue:
            status.register = UInt32(truncatingIfNeeded: b.low)
            return VectorEffect()
        case ...VectorOperation.xscpsgndp.rawValue:
            return scalar(kind, a, b, d, &floatingStatus)
        default:
            return vector(kind, a, b, d, records: op.recordsVector, &floatingStatus)
        }
    }

    /// What a comparison of all elements gives CR6: whether it holds for all of them, and for none.
    static func allOrNone(_ result: Vector128) -> UInt8 {
        result == .ones ? 0b1000 : result == .zero ? 0b0010 : 0
    }
}

extension MicroOperation {
    /// Which instruction on vector-scalar registers it is.
    var vector: VectorOperation {
        VectorOperation(rawValue: UInt16(truncatingIfNeeded: immediate & Self.vectorOperation)) ?? .none
    }

    /// Whether a comparison records in CR6.
    var recordsVector: Bool { immediate & Self.vectorRecord != 0 }

    /// What has to be available for an instruction on vector-scalar registers.
    var facility: VectorFacility {
        VectorFacility(rawValue: UInt8(truncatingIfNeeded: immediate >> Self.facilityShift) & 3) ?? .vectorScalar
    }

    /// The third source of an instruction on vector-scalar registers.
    var vectorThirdSource: UInt8 { UInt8(truncatingIfNeeded: immediate >> Self.vectorThirdSourceShift) & 63 }
}
