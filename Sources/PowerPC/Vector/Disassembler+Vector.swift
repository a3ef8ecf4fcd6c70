extension Disassembler {
    /// The operands of an instruction on vector-scalar registers.
    static func vectorOperands(_ row: Instruction, _ fields: InstructionWord) -> String {
        let a0 = fields.a == 0 ? "0" : register(fields.a)
        let (target, a, b, c) = (vector(fields.target), vector(fields.a), vector(fields.b), vector(fields.c))
        let (scalarTarget, scalarA, scalarB) = (scalar(fields.vsxTarget), scalar(fields.vsxA), scalar(fields.vsxB))
        switch row.operands {
        case .vectorA: return "\(target),\(a)"
        case .vectorB: return "\(target),\(b)"
        case .vectorTarget: return target
        case .vectorSourceB: return b
        case .vectorABC: return "\(target),\(a),\(b),\(c)"
        case .vectorACB: return "\(target),\(a),\(c),\(b)"
        case .vectorShift: return "\(target),\(a),\(b),\(fields.c & 15)"
        case .vectorSplat, .vectorScale: return "\(target),\(b),\(fields.a)"
        case .vectorSignedImmediate: return "\(target),\(fields.signedA)"
        case .vectorSigma: return "\(target),\(a),\(fields.b >> 4),\(fields.b & 15)"
        case .vectorDecimal: return "\(target),\(a),\(b),\(fields.word >> 9 & 1)"
        case .vectorIndexed: return "\(target),\(a0),\(register(fields.b))"
        case .vsxAB: return "\(scalarTarget),\(scalarA),\(scalarB)"
        case .vsxB: return "\(scalarTarget),\(scalarB)"
        case .vsxCompare: return "cr\(fields.crField),\(scalarA),\(scalarB)"
        case .vsxTest: return "cr\(fields.crField),\(scalarB)"
        case .vsxSplat: return "\(scalarTarget),\(scalarB),\(fields.a & 3)"
        case .vsxABImmediate: return "\(scalarTarget),\(scalarA),\(scalarB),\(fields.vsxImmediate)"
        case .vsxSelect: return "\(scalarTarget),\(scalarA),\(scalarB),\(scalar(fields.vsxC))"
        case .vsxIndexed: return "\(scalarTarget),\(a0),\(register(fields.b))"
        case .vsxToRegister: return "\(register(fields.a)),\(scalarTarget)"
        case .vsxFromRegister: return "\(scalarTarget),\(register(fields.a))"
        default: return "\(target),\(a),\(b)"
        }
    }

    private static func vector(_ number: UInt8) -> String { "v\(number)" }

    private static func scalar(_ number: UInt8) -> String { "vs\(number)" }
}
