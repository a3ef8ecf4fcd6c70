/// The rows that a 64-bit server core has alone: doublewords, segments, and system instructions in its own forms (Power ISA
/// 2.07B books I to III-S).
extension InstructionTable {
    static let doublewordRows: [Instruction] =
        comparisonRows + doublewordStorageRows + doublewordIntegerRows + doublewordRotateRows + bitRows
        + serverSystemRows + transactionRows

    private static func server(
        _ mnemonic: StaticString, _ operation: Operation, _ opcode: UInt32, match: UInt32 = 0, mask: UInt32 = 0,
        _ operands: Operands, _ variants: Instruction.Variants = []
    ) -> Instruction {
        Instruction(
            mnemonic: mnemonic, operation: operation, floatingPoint: .none, match: opcode << 26 | match,
            mask: 0x3F << 26 | mask, operands: operands, variants: variants, cores: .power8)
    }

    /// A form with a 10-bit extended opcode in bits 21–30; with overflow variants bit 21 is theirs.
    private static func server(
        _ mnemonic: StaticString, _ operation: Operation, _ opcode: UInt32, extended: UInt32, _ operands: Operands,
        _ variants: Instruction.Variants = []
    ) -> Instruction {
        let bits: UInt32 = variants.contains(.overflow) ? 0x1FF : 0x3FF
        return server(
            mnemonic, operation, opcode, match: extended << 1, mask: bits << 1, operands, variants)
    }

    /// Bit 10: a comparison of doublewords.
    private static let doubleword: UInt32 = 0x0020_0000
    /// Bit 11: one field of CR.
    private static let oneField: UInt32 = 0x0010_0000

    private static let comparisonRows: [Instruction] = [
        server("cmplwi", .cmplwi, 10, mask: doubleword, .compareUnsigned),
        server("cmpldi", .cmpldi, 10, match: doubleword, mask: doubleword, .compareUnsigned),
        server("cmpwi", .cmpwi, 11, mask: doubleword, .compareSigned),
        server("cmpdi", .cmpdi, 11, match: doubleword, mask: doubleword, .compareSigned),
        server("cmpw", .cmpw, 31, mask: doubleword | 0x7FE, .compareRegisters),
        server("cmpd", .cmpd, 31, match: doubleword, mask: doubleword | 0x7FE, .compareRegisters),
        server("cmplw", .cmplw, 31, match: 32 << 1, mask: doubleword | 0x7FE, .compareRegisters),
        server("cmpld", .cmpld, 31, match: doubleword | 32 << 1, mask: doubleword | 0x7FE, .compareRegisters),
        server("tdi", .tdi, 2, .trapImmediate),
        server("td", .td, 31, extended: 68, .trapRegisters),
    ]

    private static let doublewordStorageRows: [Instruction] = [
        server("lq", .lq, 56, .displacementQuadword),
        server("ld", .ld, 58, match: 0, mask: 3, .displacementDoubleword),
        server("ldu", .ldu, 58, match: 1, mask: 3, .displacementDoublewordUpdate),
        server("lwa", .lwa, 58, match: 2, mask: 3, .displacementDoubleword),
        server("std", .std, 62, match: 0, mask: 3, .displacementDoubleword),
        server("stdu", .stdu, 62, match: 1, mask: 3, .displacementDoublewordUpdate),
        server("stq", .stq, 62, match: 2, mask: 3, .displacementDoubleword),
        server("ldx", .ldx, 31, extended: 21, .indexed),
        server("lbarx", .lbarx, 31, extended: 52, .indexed),
        server("ldux", .ldux, 31, extended: 53, .indexedUpdate),
        server("ldarx", .ldarx, 31, extended: 84, .indexed),
        server("lharx", .lharx, 31, extended: 116, .indexed),
        server("stdx", .stdx, 31, extended: 149, .indexed),
        server("stdux", .stdux, 31, extended: 181, .indexedUpdate),
        server("stqcx.", .stqcx, 31, extended: 182, .indexed, .record),
        server("stdcx.", .stdcx, 31, extended: 214, .indexed, .record),
        server("lqarx", .lqarx, 31, extended: 276, .indexed),
        server("lwax", .lwax, 31, extended: 341, .indexed),
        server("lwaux", .lwaux, 31, extended: 373, .indexedUpdate),
        server("ldbrx", .ldbrx, 31, extended: 532, .indexed),
        server("stdbrx", .stdbrx, 31, extended: 660, .indexed),
        server("stbcx.", .stbcx, 31, extended: 694, .indexed, .record),
        server("sthcx.", .sthcx, 31, extended: 726, .indexed, .record),
        server("dcbz", .dcbz, 31, extended: 1014, .address),
    ]

    private static let doublewordIntegerRows: [Instruction] = [
        server("mulhdu", .mulhdu, 31, extended: 9, .targetAB, .record),
        server("mulhd", .mulhd, 31, extended: 73, .targetAB, .record),
        server("addg6s", .addg6s, 31, extended: 74, .targetAB),
        server("mulld", .mulld, 31, extended: 233, .targetAB, [.record, .overflow]),
        server("divdeu", .divdeu, 31, extended: 393, .targetAB, [.record, .overflow]),
        server("divweu", .divweu, 31, extended: 395, .targetAB, [.record, .overflow]),
        server("divde", .divde, 31, extended: 425, .targetAB, [.record, .overflow]),
        server("divwe", .divwe, 31, extended: 427, .targetAB, [.record, .overflow]),
        server("divdu", .divdu, 31, extended: 457, .targetAB, [.record, .overflow]),
        server("divd", .divd, 31, extended: 489, .targetAB, [.record, .overflow]),
    ]

    private static let doublewordRotateRows: [Instruction] = [
        server("rldicl", .rldicl, 30, match: 0 << 2, mask: 7 << 2, .rotateDoubleword, .record),
        server("rldicr", .rldicr, 30, match: 1 << 2, mask: 7 << 2, .rotateDoubleword, .record),
        server("rldic", .rldic, 30, match: 2 << 2, mask: 7 << 2, .rotateDoubleword, .record),
        server("rldimi", .rldimi, 30, match: 3 << 2, mask: 7 << 2, .rotateDoubleword, .record),
        server("rldcl", .rldcl, 30, match: 8 << 1, mask: 15 << 1, .rotateDoublewordRegister, .record),
        server("rldcr", .rldcr, 30, match: 9 << 1, mask: 15 << 1, .rotateDoublewordRegister, .record),
        server("sld", .sld, 31, extended: 27, .aSourceB, .record),
        server("srd", .srd, 31, extended: 539, .aSourceB, .record),
        server("srad", .srad, 31, extended: 794, .aSourceB, .record),
        server("sradi", .sradi, 31, match: 413 << 2, mask: 0x1FF << 2, .aSourceShiftDoubleword, .record),
    ]

    private static let bitRows: [Instruction] = [
        server("cntlzd", .cntlzd, 31, extended: 58, .aSource, .record),
        server("popcntb", .popcntb, 31, extended: 122, .aSource),
        server("prtyw", .prtyw, 31, extended: 154, .aSource),
        server("prtyd", .prtyd, 31, extended: 186, .aSource),
        server("bpermd", .bpermd, 31, extended: 252, .aSourceB),
        server("cdtbcd", .cdtbcd, 31, extended: 282, .aSource),
        server("cbcdtd", .cbcdtd, 31, extended: 314, .aSource),
        server("popcntw", .popcntw, 31, extended: 378, .aSource),
        server("popcntd", .popcntd, 31, extended: 506, .aSource),
        server("cmpb", .cmpb, 31, extended: 508, .aSourceB),
        server("extsw", .extsw, 31, extended: 986, .aSource, .record),
        server("mfcr", .mfcr, 31, match: 19 << 1, mask: oneField | 0x7FE, .target),
        server("mfocrf", .mfocrf, 31, match: oneField | 19 << 1, mask: oneField | 0x7FE, .fieldMaskTarget),
        server("mtcrf", .mtcrf, 31, match: 144 << 1, mask: oneField | 0x7FE, .fieldMaskSource),
        server("mtocrf", .mtcrf, 31, match: oneField | 144 << 1, mask: oneField | 0x7FE, .fieldMaskSource),
    ]

    private static let serverSystemRows: [Instruction] = [
        server("rfid", .rfid, 19, extended: 18, .none),
        server("bctar", .branchConditionalToTAR, 19, extended: 560, .branchRegister, .link),
        server("msgsndp", .msgsndp, 31, extended: 142, .message),
        server("mtmsr", .mtmsr, 31, extended: 146, .sourceLevel),
        server("msgclrp", .msgclrp, 31, extended: 174, .message),
        server("mtmsrd", .mtmsrd, 31, extended: 178, .sourceLevel),
        server("tlbiel", .tlbiel, 31, extended: 274, .message),
        server("tlbie", .tlbie, 31, extended: 306, .targetB),
        server("slbmte", .slbmte, 31, extended: 402, .targetB),
        server("slbie", .slbie, 31, extended: 434, .message),
        server("slbia", .slbia, 31, extended: 498, .segmentHint),
        server("sync", .fence, 31, extended: 598, .synchronization),
        server("slbmfev", .slbmfev, 31, extended: 851, .targetB),
        server("eieio", .fence, 31, extended: 854, .none),
        server("slbmfee", .slbmfee, 31, extended: 915, .targetB),
        server("slbfee.", .slbfee, 31, extended: 979, .targetB, .record),
    ]

    /// Transactional memory, which the core does not offer: its instructions say that it is unavailable.
    private static let transactionRows: [Instruction] = [
        server("tbegin.", .transaction, 31, extended: 654, .none),
        server("tend.", .transaction, 31, extended: 686, .none),
        server("tcheck", .transaction, 31, extended: 718, .crField),
        server("tsr.", .transaction, 31, extended: 750, .none),
        server("tabortwc.", .transaction, 31, extended: 782, .trapRegisters),
        server("tabortdc.", .transaction, 31, extended: 814, .trapRegisters),
        server("tabort.", .transaction, 31, extended: 910, .targetA),
        server("treclaim.", .transaction, 31, extended: 942, .targetA),
        server("trechkpt.", .transaction, 31, extended: 1006, .none),
    ]
}
