/// Every instruction of the e500v2 and e500mc cores (PowerPC e500 Core Family Reference Manual, chapter 3; e500mc Core
/// Reference Manual, chapter 3), and of the POWER8 as a guest sees it (Power ISA 2.07B).
///
/// SPE and embedded floating point share primary opcode 4 and are one row, because there is no SPE unit.
package enum InstructionTable {
    private static func primary(
        _ mnemonic: StaticString, _ operation: Operation, _ opcode: UInt32, _ operands: Operands,
        _ variants: Instruction.Variants = [], on cores: Cores = .all
    ) -> Instruction {
        Instruction(
            mnemonic: mnemonic, operation: operation, floatingPoint: .none, match: opcode << 26, mask: 0x3F << 26,
            operands: operands,
            variants: variants, cores: cores)
    }

    /// A form with a 10-bit extended opcode in bits 21–30; with overflow variants bit 21 is theirs.
    private static func extended(
        _ mnemonic: StaticString, _ operation: Operation, _ opcode: UInt32, _ extended: UInt32, _ operands: Operands,
        _ variants: Instruction.Variants = [], on cores: Cores = .all
    ) -> Instruction {
        let bits: UInt32 = variants.contains(.overflow) ? 0x1FF : 0x3FF
        return Instruction(
            mnemonic: mnemonic, operation: operation, floatingPoint: .none, match: opcode << 26 | extended << 1,
            mask: 0x3F << 26 | bits << 1,
            operands: operands, variants: variants, cores: cores)
    }

    /// `isel` has a 5-bit extended opcode, because its fourth operand takes bits 21–25.
    private static func select(_ mnemonic: StaticString, _ operation: Operation) -> Instruction {
        Instruction(
            mnemonic: mnemonic, operation: operation, floatingPoint: .none, match: 31 << 26 | 15 << 1,
            mask: 0x3F << 26 | 0x1F << 1,
            operands: .select, variants: [], cores: .all)
    }

    /// A quarter of primary opcode 4 that belongs to the SPE unit.
    private static func spe(_ quarter: UInt32) -> Instruction {
        Instruction(
            mnemonic: "spe", operation: .spe, floatingPoint: .none, match: 4 << 26 | quarter, mask: 0x3F << 26 | 0x600,
            operands: .targetAB,
            variants: [], cores: .e500v2)
    }

    /// An instruction of the floating-point unit. `bits` of its extended opcode count: 10, 5 with a third source, or none.
    private static func float(
        _ mnemonic: StaticString, _ floatingPoint: FloatingPointOperation, _ opcode: UInt32, _ extended: UInt32 = 0,
        bits: UInt32 = 10, _ operands: Operands, _ variants: Instruction.Variants = [],
        on cores: Cores = [.e500mc, .power8]
    ) -> Instruction {
        let operation: Operation =
            switch operands {
            case .floatDisplacement, .floatDisplacementUpdate: .floatingStorage
            case .floatIndexed, .floatIndexedUpdate: .floatingStorageIndexed
            default: .floatingPoint
            }
        return Instruction(
            mnemonic: mnemonic, operation: operation, floatingPoint: floatingPoint,
            match: opcode << 26 | extended << 1, mask: 0x3F << 26 | ((1 << bits) - 1) << 1, operands: operands,
            variants: variants, cores: cores)
    }

    package static let rows: [Instruction] =
        immediateRows + branchRows + storageRows + integerRows + logicalRows + systemRows + floatStorageRows
        + floatArithmeticRows + floatStatusRows + doublewordRows + wideFloatRows + vectorRows

    private static let immediateRows: [Instruction] = [
        primary("twi", .twi, 3, .trapImmediate),
        primary("mulli", .mulli, 7, .targetASigned),
        primary("subfic", .subfic, 8, .targetASigned),
        primary("cmplwi", .cmplwi, 10, .compareUnsigned, on: .e500),
        primary("cmpwi", .cmpwi, 11, .compareSigned, on: .e500),
        primary("addic", .addic, 12, .targetASigned),
        primary("addic.", .addicRecord, 13, .targetASigned),
        primary("addi", .addi, 14, .targetA0Signed),
        primary("addis", .addi, 15, .targetA0SignedShifted),
        primary("rlwimi", .rlwimi, 20, .rotateImmediate, .record),
        primary("rlwinm", .rlwinm, 21, .rotateImmediate, .record),
        primary("rlwnm", .rlwnm, 23, .rotateRegister, .record),
        primary("ori", .ori, 24, .aSourceUnsigned),
        primary("oris", .ori, 25, .aSourceUnsignedShifted),
        primary("xori", .xori, 26, .aSourceUnsigned),
        primary("xoris", .xori, 27, .aSourceUnsignedShifted),
        primary("andi.", .andiRecord, 28, .aSourceUnsigned),
        primary("andis.", .andiRecord, 29, .aSourceUnsignedShifted),
    ]

    private static let branchRows: [Instruction] = [
        primary("bc", .branchConditional, 16, .branchConditional, [.link, .absolute]),
        primary("sc", .sc, 17, .level),
        primary("b", .branch, 18, .branch, [.link, .absolute]),
        extended("mcrf", .mcrf, 19, 0, .crFields),
        extended("bclr", .branchConditionalToLR, 19, 16, .branchRegister, .link),
        extended("crnor", .crnor, 19, 33, .crBits),
        extended("rfmci", .rfmci, 19, 38, .none, on: .e500),
        extended("rfdi", .rfdi, 19, 39, .none, on: .e500mc),
        extended("rfi", .rfi, 19, 50, .none, on: .e500),
        extended("rfci", .rfci, 19, 51, .none, on: .e500),
        extended("crandc", .crandc, 19, 129, .crBits),
        extended("isync", .contextFence, 19, 150, .none),
        extended("crxor", .crxor, 19, 193, .crBits),
        extended("crnand", .crnand, 19, 225, .crBits),
        extended("crand", .crand, 19, 257, .crBits),
        extended("creqv", .creqv, 19, 289, .crBits),
        extended("crorc", .crorc, 19, 417, .crBits),
        extended("cror", .cror, 19, 449, .crBits),
        extended("bcctr", .branchConditionalToCTR, 19, 528, .branchRegister, .link),
    ]

    private static let storageRows: [Instruction] = [
        primary("lwz", .lwz, 32, .displacement),
        primary("lwzu", .lwzu, 33, .displacementUpdate),
        primary("lbz", .lbz, 34, .displacement),
        primary("lbzu", .lbzu, 35, .displacementUpdate),
        primary("stw", .stw, 36, .displacement),
        primary("stwu", .stwu, 37, .displacementUpdate),
        primary("stb", .stb, 38, .displacement),
        primary("stbu", .stbu, 39, .displacementUpdate),
        primary("lhz", .lhz, 40, .displacement),
        primary("lhzu", .lhzu, 41, .displacementUpdate),
        primary("lha", .lha, 42, .displacement),
        primary("lhau", .lhau, 43, .displacementUpdate),
        primary("sth", .sth, 44, .displacement),
        primary("sthu", .sthu, 45, .displacementUpdate),
        primary("lmw", .lmw, 46, .displacement),
        primary("stmw", .stmw, 47, .displacement),
        extended("lwarx", .lwarx, 31, 20, .indexed),
        extended("icbt", .nop, 31, 22, .cacheTouch),
        extended("lwzx", .lwzx, 31, 23, .indexed),
        extended("dcbst", .cacheTouchData, 31, 54, .address),
        extended("lwzux", .lwzux, 31, 55, .indexedUpdate),
        extended("dcbf", .cacheTouchData, 31, 86, .address),
        extended("lbzx", .lbzx, 31, 87, .indexed),
        extended("lbzux", .lbzux, 31, 119, .indexedUpdate),
        extended("dcbtstls", .cacheTouchData, 31, 134, .cacheTouch, on: .e500),
        extended("stwcx.", .stwcx, 31, 150, .indexed, .record),
        extended("stwx", .stwx, 31, 151, .indexed),
        extended("dcbtls", .cacheTouchData, 31, 166, .cacheTouch, on: .e500),
        extended("stwux", .stwux, 31, 183, .indexedUpdate),
        extended("stbx", .stbx, 31, 215, .indexed),
        extended("icblc", .nop, 31, 230, .cacheTouch, on: .e500),
        extended("dcbtst", .nop, 31, 246, .cacheTouch),
        extended("stbux", .stbux, 31, 247, .indexedUpdate),
        extended("dcbt", .nop, 31, 278, .cacheTouch),
        extended("lhzx", .lhzx, 31, 279, .indexed),
        extended("lhzux", .lhzux, 31, 311, .indexedUpdate),
        extended("lhax", .lhax, 31, 343, .indexed),
        extended("lhaux", .lhaux, 31, 375, .indexedUpdate),
        extended("dcblc", .nop, 31, 390, .cacheTouch, on: .e500),
        extended("sthx", .sthx, 31, 407, .indexed),
        extended("sthux", .sthux, 31, 439, .indexedUpdate),
        extended("dcbi", .dcbi, 31, 470, .address, on: .e500),
        extended("icbtls", .cacheTouchData, 31, 486, .cacheTouch, on: .e500),
        extended("lswx", .lswx, 31, 533, .indexed),
        extended("lwbrx", .lwbrx, 31, 534, .indexed),
        extended("lswi", .lswi, 31, 597, .stringImmediate),
        extended("msync", .fence, 31, 598, .none, on: .e500),
        extended("stswx", .stswx, 31, 661, .indexed),
        extended("stwbrx", .stwbrx, 31, 662, .indexed),
        extended("stswi", .stswi, 31, 725, .stringImmediate),
        extended("dcba", .nop, 31, 758, .address, on: .e500v2),
        extended("dcba", .nop, 31, 758, .address, .wholeLine, on: .e500mc),
        extended("lhbrx", .lhbrx, 31, 790, .indexed),
        extended("mbar", .fence, 31, 854, .order, on: .e500),
        extended("sthbrx", .sthbrx, 31, 918, .indexed),
        extended("icbi", .icbi, 31, 982, .address),
        extended("dcbz", .dcbz, 31, 1014, .address, on: .e500v2),
        extended("dcbz", .dcbz, 31, 1014, .address, .wholeLine, on: .e500mc),
    ]

    private static let integerRows: [Instruction] = [
        extended("cmpw", .cmpw, 31, 0, .compareRegisters, on: .e500),
        extended("tw", .tw, 31, 4, .trapRegisters),
        extended("subfc", .subfc, 31, 8, .targetAB, [.record, .overflow]),
        extended("addc", .addc, 31, 10, .targetAB, [.record, .overflow]),
        extended("mulhwu", .mulhwu, 31, 11, .targetAB, .record),
        select("isel", .isel),
        extended("cmplw", .cmplw, 31, 32, .compareRegisters, on: .e500),
        extended("subf", .subf, 31, 40, .targetAB, [.record, .overflow]),
        extended("mulhw", .mulhw, 31, 75, .targetAB, .record),
        extended("neg", .neg, 31, 104, .targetA, [.record, .overflow]),
        extended("subfe", .subfe, 31, 136, .targetAB, [.record, .overflow]),
        extended("adde", .adde, 31, 138, .targetAB, [.record, .overflow]),
        extended("subfze", .subfze, 31, 200, .targetA, [.record, .overflow]),
        extended("addze", .addze, 31, 202, .targetA, [.record, .overflow]),
        extended("subfme", .subfme, 31, 232, .targetA, [.record, .overflow]),
        extended("addme", .addme, 31, 234, .targetA, [.record, .overflow]),
        extended("mullw", .mullw, 31, 235, .targetAB, [.record, .overflow]),
        extended("add", .add, 31, 266, .targetAB, [.record, .overflow]),
        extended("divwu", .divwu, 31, 459, .targetAB, [.record, .overflow]),
        extended("divw", .divw, 31, 491, .targetAB, [.record, .overflow]),
    ]

    private static let logicalRows: [Instruction] = [
        extended("slw", .slw, 31, 24, .aSourceB, .record),
        extended("cntlzw", .cntlzw, 31, 26, .aSource, .record),
        extended("and", .and, 31, 28, .aSourceB, .record),
        extended("andc", .andc, 31, 60, .aSourceB, .record),
        extended("nor", .nor, 31, 124, .aSourceB, .record),
        extended("eqv", .eqv, 31, 284, .aSourceB, .record),
        extended("xor", .xor, 31, 316, .aSourceB, .record),
        extended("orc", .orc, 31, 412, .aSourceB, .record),
        extended("or", .or, 31, 444, .aSourceB, .record),
        extended("nand", .nand, 31, 476, .aSourceB, .record),
        extended("srw", .srw, 31, 536, .aSourceB, .record),
        extended("sraw", .sraw, 31, 792, .aSourceB, .record),
        extended("srawi", .srawi, 31, 824, .aSourceShift, .record),
        extended("extsh", .extsh, 31, 922, .aSource, .record),
        extended("extsb", .extsb, 31, 954, .aSource, .record),
    ]

    private static let systemRows: [Instruction] = [
        spe(0x200),
        spe(0x400),
        extended("tlbilx", .tlbilx, 31, 18, .invalidation, on: .e500mc),
        extended("mfcr", .mfcr, 31, 19, .target, on: .e500),
        extended("wait", .wait, 31, 62, .waitCondition, on: .e500mc),
        extended("mfmsr", .mfmsr, 31, 83, .target),
        extended("wrtee", .wrtee, 31, 131, .source, on: .e500),
        extended("mtcrf", .mtcrf, 31, 144, .fieldMaskSource, on: .e500),
        extended("mtmsr", .mtmsr, 31, 146, .source, on: .e500),
        extended("wrteei", .wrteei, 31, 163, .enable, on: .e500),
        extended("msgsnd", .msgsnd, 31, 206, .message, on: .e500mc),
        extended("msgclr", .msgclr, 31, 238, .message, on: .e500mc),
        extended("mfspr", .mfspr, 31, 339, .targetSPR),
        extended("mftb", .mftb, 31, 371, .targetTimebase),
        extended("mtspr", .mtspr, 31, 467, .sprSource),
        extended("mcrxr", .mcrxr, 31, 512, .crField, on: .e500),
        extended("tlbsync", .tlbsync, 31, 566, .none),
        extended("tlbivax", .tlbivax, 31, 786, .address, on: .e500),
        extended("tlbsx", .tlbsx, 31, 914, .address, on: .e500),
        extended("tlbre", .tlbre, 31, 946, .none, on: .e500),
        extended("tlbwe", .tlbwe, 31, 978, .none, on: .e500),
    ]

    private static let floatStorageRows: [Instruction] = [
        float("lfs", .lfs, 48, bits: 0, .floatDisplacement),
        float("lfsu", .lfsu, 49, bits: 0, .floatDisplacementUpdate),
        float("lfd", .lfd, 50, bits: 0, .floatDisplacement),
        float("lfdu", .lfdu, 51, bits: 0, .floatDisplacementUpdate),
        float("stfs", .stfs, 52, bits: 0, .floatDisplacement),
        float("stfsu", .stfsu, 53, bits: 0, .floatDisplacementUpdate),
        float("stfd", .stfd, 54, bits: 0, .floatDisplacement),
        float("stfdu", .stfdu, 55, bits: 0, .floatDisplacementUpdate),
        float("lfsx", .lfs, 31, 535, .floatIndexed),
        float("lfsux", .lfsu, 31, 567, .floatIndexedUpdate),
        float("lfdx", .lfd, 31, 599, .floatIndexed),
        float("lfdux", .lfdu, 31, 631, .floatIndexedUpdate),
        float("stfsx", .stfs, 31, 663, .floatIndexed),
        float("stfsux", .stfsu, 31, 695, .floatIndexedUpdate),
        float("stfdx", .stfd, 31, 727, .floatIndexed),
        float("stfdux", .stfdu, 31, 759, .floatIndexedUpdate),
        float("stfiwx", .stfiwx, 31, 983, .floatIndexed),
    ]

    private static let floatArithmeticRows: [Instruction] = [
        float("fdivs", .fdivs, 59, 18, bits: 5, .floatAB, .record),
        float("fsubs", .fsubs, 59, 20, bits: 5, .floatAB, .record),
        float("fadds", .fadds, 59, 21, bits: 5, .floatAB, .record),
        float("fres", .fres, 59, 24, bits: 5, .floatB, .record),
        float("fmuls", .fmuls, 59, 25, bits: 5, .floatAC, .record),
        float("fmsubs", .fmsubs, 59, 28, bits: 5, .floatACB, .record),
        float("fmadds", .fmadds, 59, 29, bits: 5, .floatACB, .record),
        float("fnmsubs", .fnmsubs, 59, 30, bits: 5, .floatACB, .record),
        float("fnmadds", .fnmadds, 59, 31, bits: 5, .floatACB, .record),
        float("fdiv", .fdiv, 63, 18, bits: 5, .floatAB, .record),
        float("fsub", .fsub, 63, 20, bits: 5, .floatAB, .record),
        float("fadd", .fadd, 63, 21, bits: 5, .floatAB, .record),
        float("fsel", .fsel, 63, 23, bits: 5, .floatACB, .record),
        float("fmul", .fmul, 63, 25, bits: 5, .floatAC, .record),
        float("frsqrte", .frsqrte, 63, 26, bits: 5, .floatB, .record),
        float("fmsub", .fmsub, 63, 28, bits: 5, .floatACB, .record),
        float("fmadd", .fmadd, 63, 29, bits: 5, .floatACB, .record),
        float("fnmsub", .fnmsub, 63, 30, bits: 5, .floatACB, .record),
        float("fnmadd", .fnmadd, 63, 31, bits: 5, .floatACB, .record),
        float("fcmpu", .fcmpu, 63, 0, .floatCompare),
        float("frsp", .frsp, 63, 12, .floatB, .record),
        float("fctiw", .fctiw, 63, 14, .floatB, .record),
        float("fctiwz", .fctiwz, 63, 15, .floatB, .record),
        float("fcmpo", .fcmpo, 63, 32, .floatCompare),
        float("fneg", .fneg, 63, 40, .floatB, .record),
        float("fmr", .fmr, 63, 72, .floatB, .record),
        float("fnabs", .fnabs, 63, 136, .floatB, .record),
        float("fabs", .fabs, 63, 264, .floatB, .record),
    ]

    private static let floatStatusRows: [Instruction] = [
        float("mtfsb1", .mtfsb1, 63, 38, .statusBit, .record),
        float("mcrfs", .mcrfs, 63, 64, .statusToField),
        float("mtfsb0", .mtfsb0, 63, 70, .statusBit, .record),
        float("mtfsfi", .mtfsfi, 63, 134, .statusField, .record, on: .e500mc),
        float("mffs", .mffs, 63, 583, .floatTarget, .record),
        float("mtfsf", .mtfsf, 63, 711, .statusMaskB, .record, on: .e500mc),
    ]
}
