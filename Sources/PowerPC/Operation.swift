/// What a predecoded instruction does.
///
/// Most cases are one instruction. Branches have more, for the forms that occur often: within a page, out of it, and
/// the general one. Raw value 0 is ``undecoded``, so that zeroed memory is a page of instructions not looked at yet.
enum Operation: UInt8 {
    case undecoded = 0
    /// The slot behind a page's last instruction: execution goes on in the next page.
    case pageEnd
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
    case dcbz

    // Branches.
    case branch, branchFar, branchLink, branchLinkFar, branchAbsolute
    case branchTrue, branchTrueFar, branchFalse, branchFalseFar
    case branchDecrementNotZero, branchDecrementZero
    case branchConditional
    case branchToLR, branchConditionalToLR
    case branchToCTR, branchConditionalToCTR

    // The condition register, LR, CTR and XER.
    case crand, crandc, creqv, crnand, crnor, cror, crorc, crxor
    case mcrf, mcrxr, mfcr, mtcrf
    case mflr, mtlr, mfctr, mtctr

    case tw, twi

    // Everything below leaves the interpreter's loop for `Interpreter+System`.
    case sc, rfi, rfci, rfmci
    case mfmsr, mtmsr, wrtee, wrteei
    case mfspr, mtspr, mftb
    case tlbre, tlbwe, tlbsx, tlbivax, tlbsync
    case dcbi, cacheTouchData, icbi
    case spe
}

extension Operation {
    /// How many operations there can be, for tables indexed by raw value.
    static let count = 256

    /// Whether only supervisor state may execute it. `mfspr` and `mtspr` depend on the register instead.
    var isPrivileged: Bool {
        switch self {
        case .rfi, .rfci, .rfmci, .mfmsr, .mtmsr, .wrtee, .wrteei, .tlbre, .tlbwe, .tlbsx, .tlbivax, .tlbsync, .dcbi:
            true
        default:
            false
        }
    }
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

    /// In ``immediate`` of a register-register operation: record the result in CR0.
    static let record: UInt32 = 1
    /// In ``immediate`` of a register-register operation: record overflow in XER.
    static let overflow: UInt32 = 2
}
