import PowerPC

/// Instruction words from assembly text, one instruction a line, by way of the instruction table.
///
/// Operands stand in the order of the table's ``Operands``; registers are `r5`, condition bits are numbers, a branch
/// target is its displacement. `.long`, `li`, `lis`, `mr`, `nop`, `blr`, and the moves to and from LR, CTR and XER work
/// too.
func assemble(_ text: String) -> [UInt32] {
    text.split(whereSeparator: { $0 == "\n" || $0 == ";" }).map { line in
        let words = line.split(separator: " ", maxSplits: 1)
        let operands =
            words.count > 1
            ? words[1].split(whereSeparator: { ",() ".contains($0) }).map { operand in number(String(operand)) } : []
        return assemble(String(words[0]), operands)
    }
}

/// The instruction word of a mnemonic and its operands.
func assemble(_ mnemonic: String, _ operands: [Int]) -> UInt32 {
    switch mnemonic {
    case ".long": return UInt32(truncatingIfNeeded: operands[0])
    case "li": return assemble("addi", [operands[0], 0, operands[1]])
    case "lis": return assemble("addis", [operands[0], 0, operands[1]])
    case "mr": return assemble("or", [operands[0], operands[1], operands[1]])
    case "nop": return assemble("ori", [0, 0, 0])
    case "blr": return assemble("bclr", [20, 0])
    case "mflr": return assemble("mfspr", [operands[0], 8])
    case "mtlr": return assemble("mtspr", [8, operands[0]])
    case "mfctr": return assemble("mfspr", [operands[0], 9])
    case "mtctr": return assemble("mtspr", [9, operands[0]])
    case "mfxer": return assemble("mfspr", [operands[0], 1])
    case "mtxer": return assemble("mtspr", [1, operands[0]])
    default: break
    }
    guard let form = forms[mnemonic] else { fatalError("no instruction \(mnemonic)") }
    return form.row.match | form.bits | fields(form.row.operands, operands)
}

/// The words that `load` leaves in rN: any 32-bit constant.
func load(_ register: Int, _ value: UInt32) -> String {
    "lis r\(register),\(Int16(truncatingIfNeeded: value >> 16)); ori r\(register),r\(register),\(value & 0xFFFF)"
}

/// The row of the instruction table with that mnemonic.
func row(_ mnemonic: String) -> Instruction {
    guard let form = forms[mnemonic] else { fatalError("no instruction \(mnemonic)") }
    return form.row
}

/// Every mnemonic with every suffix that its variants give it.
private let forms: [String: (row: Instruction, bits: UInt32)] = {
    var forms: [String: (row: Instruction, bits: UInt32)] = [:]
    for row in InstructionTable.rows {
        // Of rows with the same name the first one is meant.
        for (suffix, bits) in suffixes(row.variants) where forms["\(row.mnemonic)\(suffix)"] == nil {
            forms["\(row.mnemonic)\(suffix)"] = (row, bits)
        }
        // The record form is the only one.
        let mnemonic = "\(row.mnemonic)"
        if row.variants == .record, mnemonic.hasSuffix(".") { forms[mnemonic] = (row, 1) }
    }
    return forms
}()

/// The suffixes of a row's variants and the bits that they set.
func suffixes(_ variants: Instruction.Variants) -> [(suffix: String, bits: UInt32)] {
    var all: [(suffix: String, bits: UInt32)] = [("", 0)]
    func add(_ variant: Instruction.Variants, _ suffix: String, _ bit: UInt32) {
        if variants.contains(variant) { all += all.map { ($0.suffix + suffix, $0.bits | bit) } }
    }
    add(.overflow, "o", 0x400)
    add(.link, "l", 1)
    add(.absolute, "a", 2)
    add(.wholeLine, "l", 0x0020_0000)
    add(.vectorRecord, ".", 0x400)
    add(.record, ".", 1)
    return all
}

private func number(_ text: String) -> Int {
    let digits =
        text.hasPrefix("cr")
        ? text.dropFirst(2) : text.hasPrefix("r") || text.hasPrefix("f") ? text.dropFirst() : Substring(text)
    let negative = digits.hasPrefix("-")
    let magnitude = negative ? digits.dropFirst() : digits
    let value = magnitude.hasPrefix("0x") ? Int(magnitude.dropFirst(2), radix: 16) : Int(magnitude)
    guard let value else { fatalError("not a number: \(text)") }
    return negative ? -value : value
}

/// The bits of operands in assembly order.
private func fields(_ operands: Operands, _ values: [Int]) -> UInt32 {
    func field(_ position: Int, _ shift: UInt32, _ width: UInt32 = 5) -> UInt32 {
        (UInt32(truncatingIfNeeded: values[position]) & ((1 << width) - 1)) << shift
    }
    func spr(_ position: Int) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: values[position])
        return (number & 31) << 16 | (number >> 5 & 31) << 11
    }
    /// A vector-scalar register, whose highest bit lies elsewhere.
    func vsx(_ position: Int, _ shift: UInt32, _ high: UInt32) -> UInt32 {
        field(position, shift) | (UInt32(truncatingIfNeeded: values[position]) >> 5 & 1) << high
    }
    let (target, a, b, c): (UInt32, UInt32, UInt32, UInt32) = (21, 16, 11, 6)
    switch operands {
    case .none: return 0
    case .targetA0Signed, .targetASigned, .targetA0SignedShifted, .trapImmediate:
        return field(0, target) | field(1, a) | field(2, 0, 16)
    case .aSourceUnsigned, .aSourceUnsignedShifted: return field(0, a) | field(1, target) | field(2, 0, 16)
    case .displacement, .displacementUpdate: return field(0, target) | field(2, a) | field(1, 0, 16)
    case .indexed, .indexedUpdate, .stringImmediate, .cacheTouch, .targetAB, .trapRegisters, .crBits:
        return field(0, target) | field(1, a) | field(2, b)
    case .address: return field(0, a) | field(1, b)
    case .invalidation: return field(0, target, 2) | field(1, a) | field(2, b)
    case .message: return field(0, b)
    case .floatDisplacement, .floatDisplacementUpdate: return field(0, target) | field(2, a) | field(1, 0, 16)
    case .floatIndexed, .floatIndexedUpdate, .floatAB: return field(0, target) | field(1, a) | field(2, b)
    case .floatAC: return field(0, target) | field(1, a) | field(2, c)
    case .floatACB: return field(0, target) | field(1, a) | field(2, c) | field(3, b)
    case .floatB: return field(0, target) | field(1, b)
    case .floatCompare: return field(0, 23, 3) | field(1, a) | field(2, b)
    case .floatTarget, .statusBit: return field(0, target)
    case .statusField: return field(0, 23, 3) | field(1, 12, 4)
    case .statusMaskB: return field(0, 17, 8) | field(1, b)
    case .statusToField: return field(0, 23, 3) | field(1, 18, 3)
    case .waitCondition: return field(0, target, 2)
    case .floatTest: return field(0, 23, 3) | field(1, b)
    case .floatPairDisplacement: return field(0, target) | field(2, a) | field(1, 0, 16) & ~3
    case .statusFieldHalf: return field(0, 23, 3) | field(1, 12, 4) | field(2, 16, 1)
    case .statusMaskHalf: return field(0, 17, 8) | field(1, b) | field(2, 25, 1) | field(3, 16, 1)
    case .stream: return field(0, a) | field(1, b) | field(2, target, 2)
    case .streamStop: return field(0, target, 2)
    case .vectorAB, .vectorIndexed: return field(0, target) | field(1, a) | field(2, b)
    case .vectorA: return field(0, target) | field(1, a)
    case .vectorB: return field(0, target) | field(1, b)
    case .vectorTarget: return field(0, target)
    case .vectorSourceB: return field(0, b)
    case .vectorABC: return field(0, target) | field(1, a) | field(2, b) | field(3, c)
    case .vectorACB: return field(0, target) | field(1, a) | field(2, c) | field(3, b)
    case .vectorShift: return field(0, target) | field(1, a) | field(2, b) | field(3, c, 4)
    case .vectorSplat, .vectorScale: return field(0, target) | field(1, b) | field(2, a)
    case .vectorSignedImmediate: return field(0, target) | field(1, a)
    case .vectorSigma: return field(0, target) | field(1, a) | field(2, 15, 1) | field(3, b, 4)
    case .vectorDecimal: return field(0, target) | field(1, a) | field(2, b) | field(3, 9, 1)
    case .vsxAB: return vsx(0, target, 0) | vsx(1, a, 2) | vsx(2, b, 1)
    case .vsxB: return vsx(0, target, 0) | vsx(1, b, 1)
    case .vsxCompare: return field(0, 23, 3) | vsx(1, a, 2) | vsx(2, b, 1)
    case .vsxTest: return field(0, 23, 3) | vsx(1, b, 1)
    case .vsxSplat: return vsx(0, target, 0) | vsx(1, b, 1) | field(2, a, 2)
    case .vsxABImmediate: return vsx(0, target, 0) | vsx(1, a, 2) | vsx(2, b, 1) | field(3, 8, 2)
    case .vsxSelect: return vsx(0, target, 0) | vsx(1, a, 2) | vsx(2, b, 1) | vsx(3, c, 3)
    case .vsxIndexed: return vsx(0, target, 0) | field(1, a) | field(2, b)
    case .vsxToRegister: return vsx(1, target, 0) | field(0, a)
    case .vsxFromRegister: return vsx(0, target, 0) | field(1, a)
    case .targetA: return field(0, target) | field(1, a)
    case .aSourceB, .aSourceShift: return field(0, a) | field(1, target) | field(2, b)
    case .aSource: return field(0, a) | field(1, target)
    case .rotateImmediate, .rotateRegister:
        return field(0, a) | field(1, target) | field(2, b) | field(3, c) | field(4, 1)
    case .compareSigned, .compareUnsigned: return field(0, 23, 3) | field(1, a) | field(2, 0, 16)
    case .displacementDoubleword, .displacementDoublewordUpdate, .displacementQuadword:
        return field(0, target) | field(2, a) | field(1, 0, 16)
    case .aSourceShiftDoubleword:
        return field(0, a) | field(1, target) | field(2, b) | (UInt32(truncatingIfNeeded: values[2]) >> 5 & 1) << 1
    case .rotateDoubleword:
        let (shift, mask) = (UInt32(truncatingIfNeeded: values[2]), UInt32(truncatingIfNeeded: values[3]))
        return field(0, a) | field(1, target) | field(2, b) | (shift >> 5 & 1) << 1 | (mask & 31) << 6 | mask & 0x20
    case .rotateDoublewordRegister:
        let mask = UInt32(truncatingIfNeeded: values[3])
        return field(0, a) | field(1, target) | field(2, b) | (mask & 31) << 6 | mask & 0x20
    case .fieldMaskTarget: return field(0, target) | field(1, 12, 8)
    case .sourceLevel: return field(0, target) | field(1, 16, 1)
    case .targetB: return field(0, target) | field(1, b)
    case .segmentHint, .synchronization: return field(0, target, 3)
    case .compareRegisters: return field(0, 23, 3) | field(1, a) | field(2, b)
    case .select: return field(0, target) | field(1, a) | field(2, b) | field(3, c)
    case .branch: return UInt32(truncatingIfNeeded: values[0]) & 0x03FF_FFFC
    case .branchConditional: return field(0, target) | field(1, a) | UInt32(truncatingIfNeeded: values[2]) & 0xFFFC
    case .branchRegister: return field(0, target) | field(1, a)
    case .crFields: return field(0, 23, 3) | field(1, 18, 3)
    case .crField: return field(0, 23, 3)
    case .target, .source, .order: return field(0, target)
    case .fieldMaskSource: return field(0, 12, 8) | field(1, target)
    case .targetSPR, .targetTimebase: return field(0, target) | spr(1)
    case .sprSource: return spr(0) | field(1, target)
    case .enable: return field(0, 15, 1)
    case .level: return field(0, 5, 7) | 2
    }
}
