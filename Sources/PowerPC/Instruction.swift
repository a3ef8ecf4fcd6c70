/// One row of the instruction table: what an instruction is called, how its word looks, and what its operands are.
///
/// The decoder, the disassembler and the instruction tests all read these rows; nothing else states an opcode.
package struct Instruction {
    /// The base mnemonic, without the `.`, `o`, `l` and `a` that ``Variants`` add.
    package let mnemonic: StaticString
    /// The operation that the interpreter carries out.
    let operation: Operation
    /// Which one of the floating-point unit it is, if it is one of them.
    let floatingPoint: FloatingPointOperation
    /// Which one of those on vector-scalar registers it is, if it is one of them.
    var vector = VectorOperation.none
    /// The value of the bits of ``mask``.
    package let match: UInt32
    /// The bits that tell this instruction from all others.
    package let mask: UInt32
    /// Which operands there are, and in which order assembly writes them.
    package let operands: Operands
    /// The forms that one more bit selects.
    package let variants: Variants
    /// The models that have it.
    package let cores: Cores

    /// Bits that select a form of the same instruction.
    package struct Variants: OptionSet {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Bit 31 records the result in CR0 (`.`).
        package static let record = Variants(rawValue: 1)
        /// Bit 21 records overflow in XER (`o`).
        package static let overflow = Variants(rawValue: 2)
        /// Bit 31 sets LR (`l`).
        package static let link = Variants(rawValue: 4)
        /// Bit 30 makes the target absolute (`a`).
        package static let absolute = Variants(rawValue: 8)
        /// Bit 10 asks for a whole line, however long lines seem to be (`l`).
        package static let wholeLine = Variants(rawValue: 16)
        /// Bit 21 records the outcome of a comparison of vectors in CR6 (`.`).
        package static let vectorRecord = Variants(rawValue: 32)
    }
}

/// Operands of an instruction in assembly order. `0` after a register name stands for the rA|0 rule: register number 0
/// means the value zero.
package enum Operands: UInt8 {
    /// No operand.
    case none
    /// `rT, rA0, SI`
    case targetA0Signed
    /// `rT, rA, SI`
    case targetASigned
    /// `rT, rA0, SI` with SI shifted left by 16.
    case targetA0SignedShifted
    /// `rA, rS, UI`
    case aSourceUnsigned
    /// `rA, rS, UI` with UI shifted left by 16.
    case aSourceUnsignedShifted
    /// `rT, D(rA0)`
    case displacement
    /// `rT, D(rA)` that also writes the effective address to rA.
    case displacementUpdate
    /// `rT, D(rA0)` with a displacement that is a multiple of 4.
    case displacementDoubleword
    /// `rT, D(rA)` of the same kind that also writes the effective address to rA.
    case displacementDoublewordUpdate
    /// `rT, D(rA0)` with a displacement that is a multiple of 16.
    case displacementQuadword
    /// `rT, rA0, rB` of a storage access.
    case indexed
    /// `rT, rA, rB` of a storage access that also writes the effective address to rA.
    case indexedUpdate
    /// `rT, rA0, NB`
    case stringImmediate
    /// `rA0, rB` of a cache or TLB operation.
    case address
    /// `CT, rA0, rB`
    case cacheTouch
    /// `T, rA0, rB`
    case invalidation
    /// `rB`
    case message
    /// `WC`
    case waitCondition
    /// `frT, D(rA0)`
    case floatDisplacement
    /// `frT, D(rA)` that also writes the effective address to rA.
    case floatDisplacementUpdate
    /// `frT, rA0, rB` of a storage access.
    case floatIndexed
    /// `frT, rA, rB` of a storage access that also writes the effective address to rA.
    case floatIndexedUpdate
    /// `frT, frA, frB`
    case floatAB
    /// `frT, frA, frC`
    case floatAC
    /// `frT, frA, frC, frB`
    case floatACB
    /// `frT, frB`
    case floatB
    /// `BF, frA, frB`
    case floatCompare
    /// `BF, frB`
    case floatTest
    /// `frT, D(rA0)` of two registers, with a displacement that is a multiple of 4.
    case floatPairDisplacement
    /// `frT`
    case floatTarget
    /// `BT` of FPSCR.
    case statusBit
    /// `BF, U` of FPSCR.
    case statusField
    /// `FLM, frB`
    case statusMaskB
    /// `BF, U, W` of FPSCR, of which W selects the left half.
    case statusFieldHalf
    /// `FLM, frB, L, W`, of which L means all fields and W selects the left half.
    case statusMaskHalf
    /// `BF, BFA` of which the second is of FPSCR.
    case statusToField
    /// `rA0, rB, STRM`, and a bit that says that the stream is transient.
    case stream
    /// `STRM`, and a bit that says all streams.
    case streamStop
    /// `vT, vA, vB`
    case vectorAB
    /// `vT, vA`
    case vectorA
    /// `vT, vB`
    case vectorB
    /// `vT`
    case vectorTarget
    /// `vB`
    case vectorSourceB
    /// `vT, vA, vB, vC`
    case vectorABC
    /// `vT, vA, vC, vB`
    case vectorACB
    /// `vT, vA, vB, SHB`
    case vectorShift
    /// `vT, vB, UIM` with the number of an element.
    case vectorSplat
    /// `vT, vB, UIM` with the exponent of a scale.
    case vectorScale
    /// `vT, SIM`
    case vectorSignedImmediate
    /// `vT, vA, ST, SIX`
    case vectorSigma
    /// `vT, vA, vB, PS`
    case vectorDecimal
    /// `vT, rA0, rB` of a storage access.
    case vectorIndexed
    /// `vsT, vsA, vsB`
    case vsxAB
    /// `vsT, vsB`
    case vsxB
    /// `BF, vsA, vsB`
    case vsxCompare
    /// `BF, vsB`
    case vsxTest
    /// `vsT, vsB, UIM` with a UIM of two bits.
    case vsxSplat
    /// `vsT, vsA, vsB, DM`
    case vsxABImmediate
    /// `vsT, vsA, vsB, vsC`
    case vsxSelect
    /// `vsT, rA0, rB` of a storage access.
    case vsxIndexed
    /// `rA, vsS`
    case vsxToRegister
    /// `vsT, rA`
    case vsxFromRegister
    /// `rT, rA, rB`
    case targetAB
    /// `rT, rA`
    case targetA
    /// `rA, rS, rB`
    case aSourceB
    /// `rA, rS`
    case aSource
    /// `rA, rS, SH`
    case aSourceShift
    /// `rA, rS, SH, MB, ME`
    case rotateImmediate
    /// `rA, rS, rB, MB, ME`
    case rotateRegister
    /// `rA, rS, SH` with a shift of six bits.
    case aSourceShiftDoubleword
    /// `rA, rS, SH, MB` or `ME`, of six bits each.
    case rotateDoubleword
    /// `rA, rS, rB, MB` or `ME`
    case rotateDoublewordRegister
    /// `BF, rA, SI`
    case compareSigned
    /// `BF, rA, UI`
    case compareUnsigned
    /// `BF, rA, rB`
    case compareRegisters
    /// `TO, rA, SI`
    case trapImmediate
    /// `TO, rA, rB`
    case trapRegisters
    /// `rT, rA0, rB, BC`
    case select
    /// A 26-bit branch target.
    case branch
    /// `BO, BI` and a 16-bit branch target.
    case branchConditional
    /// `BO, BI`
    case branchRegister
    /// `BT, BA, BB`
    case crBits
    /// `BF, BFA`
    case crFields
    /// `BF`
    case crField
    /// `rT`
    case target
    /// `rS`
    case source
    /// `FXM, rS`
    case fieldMaskSource
    /// `rT, FXM`
    case fieldMaskTarget
    /// `rS, L`
    case sourceLevel
    /// `rT, rB`
    case targetB
    /// `IH`
    case segmentHint
    /// `L` of `sync`.
    case synchronization
    /// `rT, SPR`
    case targetSPR
    /// `SPR, rS`
    case sprSource
    /// `rT, TBR`
    case targetTimebase
    /// `E`
    case enable
    /// `MO`
    case order
    /// `LEV`
    case level
}

/// The bit fields of an instruction word that operands are read from.
struct InstructionWord {
    let word: UInt32

    init(_ word: UInt32) { self.word = word }

    var primary: UInt32 { word >> 26 }
    var target: UInt8 { UInt8(truncatingIfNeeded: word >> 21) & 31 }
    var a: UInt8 { UInt8(truncatingIfNeeded: word >> 16) & 31 }
    var b: UInt8 { UInt8(truncatingIfNeeded: word >> 11) & 31 }
    /// The fourth register-sized field: MB, or the condition bit of `isel`.
    var c: UInt8 { UInt8(truncatingIfNeeded: word >> 6) & 31 }
    var maskEnd: UInt8 { UInt8(truncatingIfNeeded: word >> 1) & 31 }
    var signed: UInt32 { UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: word))) }
    var unsigned: UInt32 { word & 0xFFFF }
    var record: Bool { word & 1 != 0 }
    var wholeLine: Bool { word & 0x0020_0000 != 0 }
    var overflow: Bool { word & 0x400 != 0 }
    var absolute: Bool { word & 2 != 0 }
    var link: Bool { word & 1 != 0 }
    /// The displacement of an I-form branch in bytes.
    var branchDisplacement: UInt32 { UInt32(bitPattern: Int32(bitPattern: word << 6) >> 6) & ~3 }
    /// The displacement of a B-form branch in bytes.
    var conditionalDisplacement: UInt32 { signed & ~3 }
    /// The condition register field that a compare writes.
    var crField: UInt8 { UInt8(truncatingIfNeeded: word >> 23) & 7 }
    var crSource: UInt8 { UInt8(truncatingIfNeeded: word >> 18) & 7 }
    var fieldMask: UInt8 { UInt8(truncatingIfNeeded: word >> 12) }
    /// The SPR (or timebase register) number, whose two halves the encoding swaps.
    var spr: Int { Int((word >> 16 & 31) | (word >> 6 & 0x3E0)) }
    var level: UInt32 { word >> 5 & 0x7F }
    /// The numbers of vector-scalar registers, whose highest bits lie at the end of the word.
    var vsxTarget: UInt8 { target | UInt8(truncatingIfNeeded: word & 1) << 5 }
    var vsxA: UInt8 { a | UInt8(truncatingIfNeeded: word >> 2 & 1) << 5 }
    var vsxB: UInt8 { b | UInt8(truncatingIfNeeded: word >> 1 & 1) << 5 }
    var vsxC: UInt8 { c | UInt8(truncatingIfNeeded: word >> 3 & 1) << 5 }
    /// The two bits that choose doublewords or words of vector-scalar registers.
    var vsxImmediate: UInt8 { UInt8(truncatingIfNeeded: word >> 8) & 3 }
    /// A signed immediate of five bits.
    var signedA: Int8 { Int8(bitPattern: a << 3) >> 3 }
    /// Which half of FPSCR a move writes: true for the left one.
    var statusHalf: Bool { word & 0x0001_0000 != 0 }
    /// Whether a move to FPSCR writes all fields.
    var statusAll: Bool { word & 0x0200_0000 != 0 }
    /// Which fields of FPSCR a move writes.
    var statusMask: UInt8 { UInt8(truncatingIfNeeded: word >> 17) }
    /// Four bits for a field of FPSCR.
    var statusValue: UInt8 { UInt8(truncatingIfNeeded: word >> 12) & 15 }

    /// A shift of six bits, of which one stands apart.
    var doublewordShift: UInt8 { b | UInt8(truncatingIfNeeded: word >> 1 & 1) << 5 }
    /// Where the mask of a rotate of doublewords begins or ends.
    var doublewordMask: UInt32 { word >> 6 & 31 | word & 0x20 }

    /// The mask of ones from bit MB to bit ME, wrapping around (Power ISA, rotate instructions).
    var rotateMask: UInt32 {
        let begin = UInt32(c)
        let end = UInt32(maskEnd)
        let fromBegin = UInt32.max >> begin
        let toEnd = UInt32.max << (31 - end)
        return begin <= end ? fromBegin & toEnd : fromBegin | toEnd
    }
}
