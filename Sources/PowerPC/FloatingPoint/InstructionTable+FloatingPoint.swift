/// The floating-point instructions of the POWER8 that the embedded cores do not have (Power ISA 2.07 Book I, chapter 4).
/// Decimal floating point is not offered: a guest's device tree says so, and its instructions are illegal.
extension InstructionTable {
    /// An instruction of the floating-point unit. `bits` of its extended opcode count: 10, or 5 with a third source.
    private static func float(
        _ mnemonic: StaticString, _ floatingPoint: FloatingPointOperation, _ opcode: UInt32, _ extended: UInt32,
        bits: UInt32 = 10, _ operands: Operands, _ variants: Instruction.Variants = []
    ) -> Instruction {
        let operation: Operation =
            switch operands {
            case .floatPairDisplacement: .floatingStorage
            case .floatIndexed: .floatingStorageIndexed
            default: .floatingPoint
            }
        // A displacement of the DS form has its extended opcode in the last two bits.
        let mask: UInt32 = operands == .floatPairDisplacement ? 3 : ((1 << bits) - 1) << 1
        return Instruction(
            mnemonic: mnemonic, operation: operation, floatingPoint: floatingPoint,
            match: opcode << 26 | extended << 1, mask: 0x3F << 26 | mask, operands: operands, variants: variants,
            cores: .power8)
    }

    static let wideFloatRows: [Instruction] = [
        float("lfdp", .lfdp, 57, 0, .floatPairDisplacement),
        float("stfdp", .stfdp, 61, 0, .floatPairDisplacement),
        float("lfdpx", .lfdp, 31, 791, .floatIndexed),
        float("stfdpx", .stfdp, 31, 919, .floatIndexed),
        float("lfiwax", .lfiwax, 31, 855, .floatIndexed),
        float("lfiwzx", .lfiwzx, 31, 887, .floatIndexed),
        float("fsqrts", .fsqrts, 59, 22, bits: 5, .floatB, .record),
        float("frsqrtes", .frsqrtes, 59, 26, bits: 5, .floatB, .record),
        float("fsqrt", .fsqrt, 63, 22, bits: 5, .floatB, .record),
        float("fre", .fre, 63, 24, bits: 5, .floatB, .record),
        float("fcpsgn", .fcpsgn, 63, 8, .floatAB, .record),
        float("ftdiv", .ftdiv, 63, 128, .floatCompare),
        float("fctiwu", .fctiwu, 63, 142, .floatB, .record),
        float("fctiwuz", .fctiwuz, 63, 143, .floatB, .record),
        float("ftsqrt", .ftsqrt, 63, 160, .floatTest),
        float("frin", .frin, 63, 392, .floatB, .record),
        float("friz", .friz, 63, 424, .floatB, .record),
        float("frip", .frip, 63, 456, .floatB, .record),
        float("frim", .frim, 63, 488, .floatB, .record),
        float("fctid", .fctid, 63, 814, .floatB, .record),
        float("fctidz", .fctidz, 63, 815, .floatB, .record),
        float("fmrgow", .fmrgow, 63, 838, .floatAB),
        float("fcfid", .fcfid, 63, 846, .floatB, .record),
        float("fctidu", .fctidu, 63, 942, .floatB, .record),
        float("fctiduz", .fctiduz, 63, 943, .floatB, .record),
        float("fmrgew", .fmrgew, 63, 966, .floatAB),
        float("fcfidu", .fcfidu, 63, 974, .floatB, .record),
        float("fcfids", .fcfids, 59, 846, .floatB, .record),
        float("fcfidus", .fcfidus, 59, 974, .floatB, .record),
        float("mtfsfi", .mtfsfi, 63, 134, .statusFieldHalf, .record),
        float("mtfsf", .mtfsf, 63, 711, .statusMaskHalf, .record),
    ]
}
