/// What a predecoded instruction does.
///
/// Most cases are one instruction. Branches have more, for the forms that occur often: within a page, out of it, and
/// the general one. Raw value 0 is ``undecoded``, so that zeroed memory is a page of instructions not looked at yet.
enum Operation: UInt8 {
    case undecoded = 0
    /// The slot behind a page's last instruction: execution goes on in the next page.
    case pageEnd
    /// Native code begins here: the immediate is its place in the vCPU's buffer.
    case native
    case illegal
    case nop
    /// What stands for an instruction at which a debugger wants to stop.
    case breakpoint

    // Integer arithmetic with an immediate.
    case addi, addic, addicRecord, subfic, mulli
    case andiRecord, ori, xori
    case cmpwi, cmplwi, cmpw, cmplw

    // Integer arithmetic on registers.
    case add, addc, adde, addme, addze
    case subf, subfc, subfe, subfme, subfze
    case neg, mullw, mulhw, mulhwu, divw, divwu
    case and, andc, or, orc, xor, nor, nand, eqv
    case extsb, extsh, cntlzw
    case slw, srw, sraw, srawi
    case rlwinm, rlwinmRecord, rlwimi, rlwimiRecord, rlwnm, rlwnmRecord
    case isel

    // Doublewords, and what else the 64-bit server core has.
    case cmpdi, cmpldi, cmpd, cmpld
    case mulld, mulhd, mulhdu, divd, divdu, divde, divdeu, divwe, divweu
    case extsw, cntlzd, sld, srd, srad, sradi
    case rldicl, rldicr, rldic, rldimi, rldcl, rldcr, rotateWordWrapped
    case popcntb, popcntw, popcntd, prtyw, prtyd, cmpb, bpermd, addg6s, cdtbcd, cbcdtd

    // Loads and stores: displacement, update, indexed, indexed with update.
    case lbz, lbzu, lbzx, lbzux
    case lhz, lhzu, lhzx, lhzux
    case lha, lhau, lhax, lhaux
    case lwz, lwzu, lwzx, lwzux
    case lhbrx, lwbrx
    case stb, stbu, stbx, stbux
    case sth, sthu, sthx, sthux
    case stw, stwu, stwx, stwux
    case sthbrx, stwbrx
    case lmw, stmw, lswi, lswx, stswi, stswx
    case lwarx, stwcx
    case lwa, lwax, lwaux
    case ld, ldu, ldx, ldux, ldbrx
    case std, stdu, stdx, stdux, stdbrx
    case lq, stq
    case lbarx, lharx, ldarx, lqarx, stbcx, sthcx, stdcx, stqcx
    case dcbz

    // The classic floating-point unit, whose instructions ``FloatingPointOperation`` tells apart: accesses with a
    // displacement, accesses with an index, and all the rest.
    case floatingStorage, floatingStorageIndexed, floatingPoint

    // What works on vector-scalar registers, told apart by ``VectorOperation``: accesses, and all the rest.
    case vectorStorage, vector

    // Branches.
    case branch, branchFar, branchLink, branchLinkFar, branchAbsolute
    case branchTrue, branchTrueFar, branchFalse, branchFalseFar
    case branchDecrementNotZero, branchDecrementZero
    case branchConditional
    case branchToLR, branchConditionalToLR
    case branchToCTR, branchConditionalToCTR, branchConditionalToTAR

    // The condition register, LR, CTR and XER.
    case crand, crandc, creqv, crnand, crnor, cror, crorc, crxor
    case mcrf, mcrxr, mfcr, mfocrf, mtcrf
    case mflr, mtlr, mfctr, mtctr

    case tw, twi, td, tdi

    // Order of storage accesses, and of what other vCPUs did to code.
    case fence, contextFence

    // Everything below leaves the interpreter's loop for `Interpreter+System`.
    case sc, rfi, rfci, rfmci, rfdi
    case mfmsr, mtmsr, wrtee, wrteei
    case mfspr, mtspr, mftb
    case tlbre, tlbwe, tlbsx, tlbivax, tlbilx, tlbsync
    case dcbi, cacheTouchData, icbi
    case msgsnd, msgclr, wait
    case spe
    case rfid, mtmsrd, msgsndp, msgclrp
    case slbmte, slbie, slbia, slbmfev, slbmfee, slbfee
    case tlbie, tlbiel
    case transaction
}

extension Operation {
    /// How many operations there can be, for tables indexed by raw value.
    static let count = 256

    /// Whether only supervisor state may execute it. `mfspr` and `mtspr` depend on the register instead.
    var isPrivileged: Bool {
        switch self {
        case .rfi, .rfci, .rfmci, .rfdi, .mfmsr, .mtmsr, .wrtee, .wrteei, .tlbre, .tlbwe, .tlbsx, .tlbivax, .tlbilx,
            .tlbsync, .dcbi, .msgsnd, .msgclr, .rfid, .mtmsrd, .msgsndp, .msgclrp, .slbmte, .slbie, .slbia, .slbmfev,
            .slbmfee, .slbfee, .tlbie, .tlbiel:
            true
        default:
            false
        }
    }
}

/// The instructions of the classic floating-point unit. Raw values are what predecoded operations hold.
enum FloatingPointOperation: UInt8 {
    /// Not an instruction of this unit.
    case none = 0

    // Accesses, with a displacement or an index.
    case lfs, lfsu, lfd, lfdu
    case stfs, stfsu, stfd, stfdu, stfiwx
    case lfiwax, lfiwzx, lfdp, stfdp

    // Arithmetic in double and in single precision.
    case fadd, fsub, fmul, fdiv, fmadd, fmsub, fnmadd, fnmsub
    case fadds, fsubs, fmuls, fdivs, fmadds, fmsubs, fnmadds, fnmsubs
    case fres, frsqrte
    case fsqrt, fsqrts, fre, frsqrtes

    // Conversions and comparisons.
    case frsp, fctiw, fctiwz, fcmpu, fcmpo
    case fctid, fctidz, fctidu, fctiduz, fctiwu, fctiwuz
    case fcfid, fcfids, fcfidu, fcfidus
    case frin, friz, frip, frim
    case ftdiv, ftsqrt

    // Moves, which look at no value but one.
    case fmr, fneg, fabs, fnabs, fsel
    case fcpsgn, fmrgew, fmrgow

    // FPSCR.
    case mffs, mcrfs, mtfsb0, mtfsb1, mtfsfi, mtfsf
}

/// One predecoded instruction: 8 bytes of plain data.
///
/// Which fields mean what depends on the operation; ``Decoder`` is the only writer. Registers are numbers 0–31, where
/// 32 stands for the constant zero of the rA|0 rule.
struct MicroOperation: BitwiseCopyable {
    var operation: Operation
    var d: UInt8
    var a: UInt8
    var b: UInt8
    var immediate: UInt32

    init(_ operation: Operation, d: UInt8 = 0, a: UInt8 = 0, b: UInt8 = 0, immediate: UInt32 = 0) {
        self.operation = operation
        self.d = d
        self.a = a
        self.b = b
        self.immediate = immediate
    }

    /// The number of the register that always reads as zero.
    static let zeroRegister: UInt8 = 32

    /// Where ``immediate`` lies, for native code.
    static let immediateOffset: Int32 = 4

    /// In ``immediate`` of a register-register operation: record the result in CR0.
    static let record: UInt32 = 1
    /// In ``immediate`` of a rotate of doublewords, beside the bit where the mask begins or ends: record the result in CR0.
    static let rotateRecord: UInt32 = 1 << 8
    /// In ``immediate`` of a register-register operation: record overflow in XER.
    static let overflow: UInt32 = 2

    /// In ``immediate`` of ``Operation/floatingPoint``, beside the ``FloatingPointOperation`` in the low byte: where the
    /// third source register is.
    static let thirdSourceShift: UInt32 = 8
    /// In ``immediate`` of ``Operation/floatingPoint``: copy FPSCR's summary to CR1.
    static let floatingRecord: UInt32 = 1 << 16
    /// In ``immediate`` of ``Operation/floatingPoint``: a move to FPSCR writes the left half, or all fields.
    static let statusHalf: UInt32 = 1 << 17
    static let statusAll: UInt32 = 1 << 18

    /// In ``immediate`` of ``Operation/vector`` and ``Operation/vectorStorage``: the ``VectorOperation``.
    static let vectorOperation: UInt32 = 0x3FF
    /// In ``immediate`` of ``Operation/vector``: record the outcome of a comparison in CR6.
    static let vectorRecord: UInt32 = 1 << 10
    /// In ``immediate`` of ``Operation/vector`` and ``Operation/vectorStorage``: the ``VectorFacility``.
    static let facilityShift: UInt32 = 12
    /// In ``immediate`` of ``Operation/vector``: where the third source register is, and where the immediate operand is.
    static let vectorThirdSourceShift: UInt32 = 16
    static let vectorImmediateShift: UInt32 = 24
}
