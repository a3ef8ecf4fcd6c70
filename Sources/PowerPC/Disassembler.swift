/// Writes instruction words as assembly, in the way of GNU `objdump`.
///
/// The instruction table says everything that a line shows. Of the simplified mnemonics only the ubiquitous ones occur:
/// `li`, `lis`, `mr`, `nop`, `blr`, `bctr`, the moves to and from LR, CTR and XER, and the branches on one condition.
public enum Disassembler {
    /// The assembly of `word`, which lies at effective address `address`; `.long` where that core has no such instruction.
    public static func disassemble(_ word: UInt32, at address: UInt32, on model: CoreModel = .e500v2) -> String {
        disassemble(word, at: address, core: model.core)
    }

    /// The same for the core that has this bit in tables.
    package static func disassemble(_ word: UInt32, at address: UInt32, core: Cores) -> String {
        guard let row = Decoder.instruction(for: word, on: core) else { return line(".long", hexadecimal(word)) }
        let fields = InstructionWord(word)
        if let simplified = simplified(row, fields, address) { return simplified }
        return line(mnemonic(row, fields), operands(row, fields, address))
    }

    /// The assembly of `word` on the 64-bit server core.
    public static func disassembleServer(_ word: UInt32, at address: UInt64) -> String {
        guard let row = Decoder.instruction(for: word, on: .power8) else { return line(".long", hexadecimal(word)) }
        let fields = InstructionWord(word)
        // Targets of branches are shown by their lower words.
        let address = UInt32(truncatingIfNeeded: address)
        return simplified(row, fields, address) ?? line(mnemonic(row, fields), operands(row, fields, address))
    }

    private static func mnemonic(_ row: Instruction, _ fields: InstructionWord) -> String {
        var name = "\(row.mnemonic)"
        if row.variants.contains(.overflow), fields.overflow { name += "o" }
        if row.variants.contains(.vectorRecord), fields.overflow { name += "." }
        if row.variants.contains(.link), fields.link { name += "l" }
        if row.variants.contains(.absolute), fields.absolute { name += "a" }
        if row.variants.contains(.wholeLine), fields.wholeLine { name += "l" }
        if row.variants.contains(.record), fields.record, name.utf8.last != UInt8(ascii: ".") { name += "." }
        return name
    }

    private static func operands(_ row: Instruction, _ fields: InstructionWord, _ address: UInt32) -> String {
        let target = register(fields.target)
        let a = register(fields.a)
        let a0 = fields.a == 0 ? "0" : a
        let b = register(fields.b)
        switch row.operands {
        case .none: return ""
        case .targetA0Signed: return "\(target),\(a0),\(signed(fields))"
        case .targetASigned: return "\(target),\(a),\(signed(fields))"
        case .targetA0SignedShifted: return "\(target),\(a0),\(signed(fields))"
        case .aSourceUnsigned, .aSourceUnsignedShifted: return "\(a),\(target),\(fields.unsigned)"
        case .displacement, .displacementUpdate:
            return "\(target),\(signed(fields))(\(row.operands == .displacement ? a0 : a))"
        case .displacementDoubleword: return "\(target),\(signed(fields) & ~3)(\(a0))"
        case .displacementDoublewordUpdate: return "\(target),\(signed(fields) & ~3)(\(a))"
        case .displacementQuadword: return "\(target),\(signed(fields) & ~15)(\(a0))"
        case .indexed: return "\(target),\(a0),\(b)"
        case .indexedUpdate, .targetAB: return "\(target),\(a),\(b)"
        case .stringImmediate: return "\(target),\(a0),\(fields.b == 0 ? 32 : fields.b)"
        case .address: return "\(a0),\(b)"
        case .cacheTouch: return "\(fields.target),\(a0),\(b)"
        case .invalidation: return "\(fields.target & 3),\(a0),\(b)"
        case .message: return b
        case .floatDisplacement: return "\(floating(fields.target)),\(signed(fields))(\(a0))"
        case .floatDisplacementUpdate: return "\(floating(fields.target)),\(signed(fields))(\(a))"
        case .floatIndexed: return "\(floating(fields.target)),\(a0),\(b)"
        case .floatIndexedUpdate: return "\(floating(fields.target)),\(a),\(b)"
        case .floatAB: return "\(floating(fields.target)),\(floating(fields.a)),\(floating(fields.b))"
        case .floatAC: return "\(floating(fields.target)),\(floating(fields.a)),\(floating(fields.c))"
        case .floatACB:
            return "\(floating(fields.target)),\(floating(fields.a)),\(floating(fields.c)),\(floating(fields.b))"
        case .floatB: return "\(floating(fields.target)),\(floating(fields.b))"
        case .floatCompare: return "cr\(fields.crField),\(floating(fields.a)),\(floating(fields.b))"
        case .floatTarget: return floating(fields.target)
        case .statusBit: return "\(fields.target)"
        case .statusField: return "\(fields.crField),\(fields.statusValue)"
        case .floatTest: return "cr\(fields.crField),\(floating(fields.b))"
        case .floatPairDisplacement: return "\(floating(fields.target)),\(signed(fields) & ~3)(\(a0))"
        case .statusFieldHalf: return "\(fields.crField),\(fields.statusValue),\(fields.statusHalf ? 1 : 0)"
        case .statusMaskHalf:
            return "\(fields.statusMask),\(floating(fields.b)),\(fields.statusAll ? 1 : 0),\(fields.statusHalf ? 1 : 0)"
        case .statusMaskB: return "\(fields.statusMask),\(floating(fields.b))"
        case .statusToField: return "cr\(fields.crField),cr\(fields.crSource)"
        case .stream: return "\(a),\(b),\(fields.target & 3)"
        case .streamStop: return "\(fields.target & 3)"
        case .vectorAB, .vectorA, .vectorB, .vectorTarget, .vectorSourceB, .vectorABC, .vectorACB, .vectorShift,
            .vectorSplat, .vectorScale, .vectorSignedImmediate, .vectorSigma, .vectorDecimal, .vectorIndexed, .vsxAB,
            .vsxB, .vsxCompare, .vsxTest, .vsxSplat, .vsxABImmediate, .vsxSelect, .vsxIndexed, .vsxToRegister,
            .vsxFromRegister:
            return vectorOperands(row, fields)
        case .waitCondition: return fields.target & 3 == 0 ? "" : "\(fields.target & 3)"
        case .targetA: return "\(target),\(a)"
        case .aSourceB: return "\(a),\(target),\(b)"
        case .aSource: return "\(a),\(target)"
        case .aSourceShift: return "\(a),\(target),\(fields.b)"
        case .rotateImmediate: return "\(a),\(target),\(fields.b),\(fields.c),\(fields.maskEnd)"
        case .rotateRegister: return "\(a),\(target),\(b),\(fields.c),\(fields.maskEnd)"
        case .aSourceShiftDoubleword: return "\(a),\(target),\(fields.doublewordShift)"
        case .rotateDoubleword: return "\(a),\(target),\(fields.doublewordShift),\(fields.doublewordMask)"
        case .rotateDoublewordRegister: return "\(a),\(target),\(b),\(fields.doublewordMask)"
        case .compareSigned: return "\(compared(fields))\(a),\(signed(fields))"
        case .compareUnsigned: return "\(compared(fields))\(a),\(fields.unsigned)"
        case .compareRegisters: return "\(compared(fields))\(a),\(b)"
        case .trapImmediate: return "\(fields.target),\(a),\(signed(fields))"
        case .trapRegisters: return "\(fields.target),\(a),\(b)"
        case .select: return "\(target),\(a0),\(b),\(conditionBit(fields.c))"
        case .branch, .branchConditional:
            let destination = hexadecimal(branchTarget(row, fields, address))
            if row.operands == .branch { return destination }
            return "\(fields.target),\(conditionBit(fields.a)),\(destination)"
        case .branchRegister: return "\(fields.target),\(conditionBit(fields.a))"
        case .crBits: return "\(conditionBit(fields.target)),\(conditionBit(fields.a)),\(conditionBit(fields.b))"
        case .crFields: return "cr\(fields.crField),cr\(fields.crSource)"
        case .crField: return "cr\(fields.crField)"
        case .target, .source: return target
        case .fieldMaskSource: return "\(fields.fieldMask),\(target)"
        case .fieldMaskTarget: return "\(target),\(fields.fieldMask)"
        case .sourceLevel: return fields.a & 1 == 0 ? target : "\(target),1"
        case .targetB: return "\(target),\(b)"
        case .segmentHint: return fields.target & 7 == 0 ? "" : "\(fields.target & 7)"
        case .synchronization: return "\(fields.target & 3)"
        case .targetSPR, .targetTimebase: return "\(target),\(fields.spr)"
        case .sprSource: return "\(fields.spr),\(target)"
        case .enable: return fields.word & 0x8000 != 0 ? "1" : "0"
        case .order: return "\(fields.target)"
        case .level: return "\(fields.level)"
        }
    }

    /// The line in a simplified mnemonic, where the word is one of those that have one.
    private static func simplified(_ row: Instruction, _ fields: InstructionWord, _ address: UInt32) -> String? {
        let target = register(fields.target)
        switch row.operation {
        case .addi where fields.a == 0:
            return line(row.operands == .targetA0Signed ? "li" : "lis", "\(target),\(signed(fields))")
        case .ori where fields.word == 0x6000_0000:
            return "nop"
        case .or where fields.target == fields.b:
            return line(fields.record ? "mr." : "mr", "\(register(fields.a)),\(target)")
        case .mfspr, .mtspr:
            guard let name = shortName(ofSPR: fields.spr) else { return nil }
            return line((row.operation == .mfspr ? "mf" : "mt") + name, target)
        case .tlbilx where fields.target & 3 == 0:
            return "tlbilxlpid"
        case .tlbilx where fields.target & 3 == 1:
            return "tlbilxpid"
        case .tlbilx where fields.target & 3 == 3:
            return line("tlbilxva", "\(fields.a == 0 ? "0" : register(fields.a)),\(register(fields.b))")
        case .branchConditionalToLR where fields.target == 20 && fields.a == 0:
            return fields.link ? "blrl" : "blr"
        case .branchConditionalToCTR where fields.target == 20 && fields.a == 0:
            return fields.link ? "bctrl" : "bctr"
        case .branchConditional where fields.target == 12 || fields.target == 4:
            let whenSet = ["blt", "bgt", "beq", "bso"]
            let whenClear = ["bge", "ble", "bne", "bns"]
            let base = (fields.target == 12 ? whenSet : whenClear)[Int(fields.a & 3)]
            let suffix = (fields.link ? "l" : "") + (fields.absolute ? "a" : "")
            let field = fields.a < 4 ? "" : "cr\(fields.a >> 2),"
            return line(base + suffix, field + hexadecimal(branchTarget(row, fields, address)))
        default:
            return nil
        }
    }

    private static func branchTarget(_ row: Instruction, _ fields: InstructionWord, _ address: UInt32) -> UInt32 {
        let displacement = row.operands == .branch ? fields.branchDisplacement : fields.conditionalDisplacement
        return fields.absolute ? displacement : address &+ displacement
    }

    private static func shortName(ofSPR number: Int) -> String? {
        switch number {
        case SPR.lr: "lr"
        case SPR.ctr: "ctr"
        case SPR.xer: "xer"
        default: nil
        }
    }

    /// A mnemonic and its operands, in columns.
    private static func line(_ mnemonic: String, _ operands: String) -> String {
        if operands.utf8.count == 0 { return mnemonic }
        var text = mnemonic
        for _ in 0..<max(8 - mnemonic.utf8.count, 1) { text += " " }
        return text + operands
    }

    static func register(_ number: UInt8) -> String { "r\(number)" }

    private static func floating(_ number: UInt8) -> String { "f\(number)" }

    static func signed(_ fields: InstructionWord) -> Int16 { Int16(truncatingIfNeeded: fields.word) }

    private static func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }

    /// The condition register field that a compare writes, which goes without saying when it is the first.
    private static func compared(_ fields: InstructionWord) -> String {
        fields.crField == 0 ? "" : "cr\(fields.crField),"
    }

    /// A bit of the condition register, `lt` to `4*cr7+so`.
    private static func conditionBit(_ number: UInt8) -> String {
        let name = ["lt", "gt", "eq", "so"][Int(number & 3)]
        return number < 4 ? name : "4*cr\(number >> 2)+\(name)"
    }
}

extension Operands {
    /// The bits of an instruction word that the operands take. The others have to be zero, apart from those of the opcode
    /// and of the ``Instruction/Variants``.
    package var bits: UInt32 {
        let target: UInt32 = 0x03E0_0000
        let a: UInt32 = 0x001F_0000
        let b: UInt32 = 0x0000_F800
        let c: UInt32 = 0x0000_07C0
        let immediate: UInt32 = 0xFFFF
        let crField: UInt32 = 0x0380_0000
        switch self {
        case .none: return 0
        case .targetA0Signed, .targetASigned, .targetA0SignedShifted, .aSourceUnsigned, .aSourceUnsignedShifted,
            .displacement, .displacementUpdate, .trapImmediate:
            return target | a | immediate
        case .indexed, .indexedUpdate, .stringImmediate, .cacheTouch, .targetAB, .aSourceB, .aSourceShift,
            .trapRegisters, .crBits:
            return target | a | b
        case .address: return a | b
        case .invalidation: return 0x0060_0000 | a | b
        case .message: return b
        case .waitCondition: return 0x0060_0000
        case .floatDisplacement, .floatDisplacementUpdate: return target | a | immediate
        case .floatIndexed, .floatIndexedUpdate, .floatAB: return target | a | b
        case .floatAC: return target | a | c
        case .floatACB: return target | a | b | c
        case .floatB: return target | b
        case .floatCompare: return crField | a | b
        case .floatTarget, .statusBit: return target
        case .statusField: return crField | 0xF000
        case .statusMaskB: return 0x01FE_0000 | b
        case .floatTest: return crField | b
        case .floatPairDisplacement: return 0x03C0_0000 | a | 0xFFFC
        case .statusFieldHalf: return crField | 0x0001_F000
        case .statusMaskHalf: return 0x03FF_0000 | b
        case .statusToField: return crField | 0x001C_0000
        case .stream: return 0x0060_0000 | a | b
        case .streamStop: return 0x0060_0000
        case .vectorAB, .vectorSigma, .vectorIndexed: return target | a | b
        case .vectorA, .vectorSignedImmediate: return target | a
        case .vectorB: return target | b
        case .vectorTarget: return target
        case .vectorSourceB: return b
        case .vectorABC, .vectorACB: return target | a | b | c
        case .vectorShift: return target | a | b | 0x3C0
        case .vectorSplat: return target | 0x0003_0000 | b
        case .vectorScale: return target | a | b
        case .vectorDecimal: return target | a | b | 0x200
        case .vsxAB: return target | a | b | 7
        case .vsxB: return target | b | 3
        case .vsxCompare: return crField | a | b | 6
        case .vsxTest: return crField | b | 2
        case .vsxSplat: return target | 0x0003_0000 | b | 3
        case .vsxABImmediate: return target | a | b | 0x307
        case .vsxSelect: return target | a | b | c | 15
        case .vsxIndexed: return target | a | b | 1
        case .vsxToRegister, .vsxFromRegister: return target | a | 1
        case .targetA, .aSource, .branchRegister: return target | a
        case .rotateImmediate, .rotateRegister: return target | a | b | c | 0x3E
        case .compareSigned, .compareUnsigned: return crField | a | immediate
        case .compareRegisters: return crField | a | b
        case .displacementDoubleword, .displacementDoublewordUpdate: return target | a | 0xFFFC
        case .displacementQuadword: return target | a | 0xFFF0
        case .aSourceShiftDoubleword: return target | a | b | 2
        case .rotateDoubleword: return target | a | b | c | 0x22
        case .rotateDoublewordRegister: return target | a | b | c | 0x20
        case .fieldMaskTarget: return target | 0x000F_F000
        case .sourceLevel: return target | 0x0001_0000
        case .targetB: return target | b
        case .segmentHint: return 0x00E0_0000
        case .synchronization: return 0x0060_0000
        case .select: return target | a | b | c
        case .branch: return 0x03FF_FFFC
        case .branchConditional: return target | a | 0xFFFC
        case .crFields: return crField | 0x001C_0000
        case .crField: return crField
        case .target, .source, .order: return target
        case .fieldMaskSource: return target | 0x000F_F000
        case .targetSPR, .sprSource, .targetTimebase: return target | a | b
        case .enable: return 0x8000
        case .level: return 0x0FE0
        }
    }
}
