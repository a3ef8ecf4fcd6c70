/// Turns instruction words into rows of the instruction table, and rows into predecoded operations.
package enum Decoder {
    private static let opcodes = 64 * 2048

    /// For each model, and each of 64 primary × 2048 extended opcodes, the row's index plus one, or 0 where there is no
    /// instruction. An extended opcode is in bits 21–31, of which most instructions leave some to other uses.
    private static let index: [UInt16] = {
        var index = [UInt16](repeating: 0, count: Cores.count * opcodes)
        for (number, row) in InstructionTable.rows.enumerated() {
            let primary = Int(row.match >> 26)
            for extended in 0..<2048 where UInt32(extended) & row.mask == row.match & row.mask & 0x7FF {
                for core in 0..<Cores.count where row.cores.contains(Cores(rawValue: 1 << UInt8(core))) {
                    index[core * opcodes | primary << 11 | extended] = UInt16(number + 1)
                }
            }
        }
        return index
    }()

    /// For each row another one with the same opcode, to try where bits outside the opcode tell them apart: its index plus
    /// one, or 0.
    private static let alternatives: [UInt16] = {
        let rows = InstructionTable.rows
        var alternatives = [UInt16](repeating: 0, count: rows.count)
        for number in rows.indices where rows[number].mask & 0x03FF_F800 != 0 {
            alternatives[number] =
                rows[..<number].lastIndex {
                    $0.mask & 0xFC00_07FF == rows[number].mask & 0xFC00_07FF
                        && $0.match & 0xFC00_07FF == rows[number].match & 0xFC00_07FF
                        && !$0.cores.isDisjoint(with: rows[number].cores)
                }.map { UInt16($0 + 1) } ?? 0
        }
        return alternatives
    }()

    /// The row that describes `word`, or nil where that core has no such instruction.
    package static func instruction(for word: UInt32, on core: Cores) -> Instruction? {
        var number = index[core.rawValue.trailingZeroBitCount * opcodes | Int(word >> 26) << 11 | Int(word & 0x7FF)]
        while number != 0 {
            let row = InstructionTable.rows[Int(number) - 1]
            if word & row.mask == row.match { return row }
            number = alternatives[Int(number) - 1]
        }
        return nil
    }

    /// Predecodes `word`, which lies `offset` bytes into its 4 KiB page.
    static func decode(_ word: UInt32, offset: UInt32, core: Cores) -> MicroOperation {
        guard let row = instruction(for: word, on: core) else { return MicroOperation(.illegal, immediate: word) }
        let fields = InstructionWord(word)
        let a0 = fields.a == 0 ? MicroOperation.zeroRegister : fields.a
        switch row.operands {
        case .targetA0Signed:
            return MicroOperation(row.operation, d: fields.target, a: a0, immediate: fields.signed)
        case .targetASigned:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, immediate: fields.signed)
        case .targetA0SignedShifted:
            return MicroOperation(row.operation, d: fields.target, a: a0, immediate: fields.unsigned << 16)
        case .aSourceUnsigned:
            return MicroOperation(row.operation, d: fields.a, a: fields.target, immediate: fields.unsigned)
        case .aSourceUnsignedShifted:
            return MicroOperation(row.operation, d: fields.a, a: fields.target, immediate: fields.unsigned << 16)
        case .displacement:
            return MicroOperation(row.operation, d: fields.target, a: a0, immediate: fields.signed)
        case .displacementUpdate:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, immediate: fields.signed)
        case .indexed, .stringImmediate, .cacheTouch, .address:
            return MicroOperation(row.operation, d: fields.target, a: a0, b: fields.b, immediate: word)
        case .indexedUpdate:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, b: fields.b)
        case .targetAB, .targetA:
            return MicroOperation(
                row.operation, d: fields.target, a: fields.a, b: fields.b, immediate: recordFlags(row, fields))
        case .aSourceB, .aSource, .aSourceShift:
            return MicroOperation(
                row.operation, d: fields.a, a: fields.target, b: fields.b, immediate: recordFlags(row, fields))
        case .rotateImmediate, .rotateRegister:
            // On a 64-bit core a mask that wraps around takes in the upper word.
            if core == .power8, fields.c > fields.maskEnd { return MicroOperation(.rotateWordWrapped, immediate: word) }
            return MicroOperation(
                rotation(row.operation, record: fields.record), d: fields.a, a: fields.target, b: fields.b,
                immediate: fields.rotateMask)
        case .displacementDoubleword:
            return MicroOperation(row.operation, d: fields.target, a: a0, immediate: fields.signed & ~3)
        case .displacementDoublewordUpdate:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, immediate: fields.signed & ~3)
        case .displacementQuadword:
            return MicroOperation(row.operation, d: fields.target, a: a0, immediate: fields.signed & ~15)
        case .aSourceShiftDoubleword:
            return MicroOperation(
                row.operation, d: fields.a, a: fields.target, b: fields.doublewordShift,
                immediate: recordFlags(row, fields))
        case .rotateDoubleword, .rotateDoublewordRegister:
            return MicroOperation(
                row.operation, d: fields.a, a: fields.target,
                b: row.operands == .rotateDoubleword ? fields.doublewordShift : fields.b,
                immediate: fields.doublewordMask | (fields.record ? MicroOperation.rotateRecord : 0))
        case .compareSigned:
            return MicroOperation(row.operation, d: fields.crField, a: fields.a, immediate: fields.signed)
        case .compareUnsigned:
            return MicroOperation(row.operation, d: fields.crField, a: fields.a, immediate: fields.unsigned)
        case .compareRegisters:
            return MicroOperation(row.operation, d: fields.crField, a: fields.a, b: fields.b)
        case .trapImmediate:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, immediate: fields.signed)
        case .trapRegisters:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, b: fields.b)
        case .select:
            return MicroOperation(
                row.operation, d: fields.target, a: a0, b: fields.b, immediate: UInt32(fields.c))
        case .branch:
            return branch(fields, offset: offset)
        case .branchConditional:
            return conditionalBranch(fields, offset: offset)
        case .branchRegister:
            return registerBranch(row.operation, fields)
        case .targetSPR:
            return moveFromSPR(fields, core)
        case .sprSource:
            return moveToSPR(fields, core)
        case .crBits:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, b: fields.b)
        case .crFields, .crField:
            return MicroOperation(row.operation, d: fields.crField, a: fields.crSource)
        case .fieldMaskSource, .fieldMaskTarget:
            return MicroOperation(row.operation, d: fields.target, immediate: UInt32(fields.fieldMask))
        case .floatDisplacement, .floatDisplacementUpdate:
            return MicroOperation(
                row.operation, d: fields.target, a: row.operands == .floatDisplacement ? a0 : fields.a,
                b: row.floatingPoint.rawValue, immediate: fields.signed)
        case .floatIndexed, .floatIndexedUpdate:
            return MicroOperation(
                row.operation, d: fields.target, a: row.operands == .floatIndexed ? a0 : fields.a, b: fields.b,
                immediate: UInt32(row.floatingPoint.rawValue))
        case .floatAB, .floatAC, .floatACB, .floatB, .floatTarget, .statusBit:
            return floatingPoint(row, fields, d: fields.target, a: fields.a)
        case .floatPairDisplacement:
            return MicroOperation(
                row.operation, d: fields.target, a: a0, b: row.floatingPoint.rawValue, immediate: fields.signed & ~3)
        case .floatCompare, .floatTest:
            return floatingPoint(row, fields, d: fields.crField, a: fields.a)
        case .statusField, .statusFieldHalf:
            return floatingPoint(row, fields, d: fields.crField, a: fields.statusValue)
        case .statusMaskB, .statusMaskHalf:
            return floatingPoint(row, fields, d: 0, a: fields.statusMask)
        case .statusToField:
            return floatingPoint(row, fields, d: fields.crField, a: fields.crSource)
        case .vectorAB, .vectorA, .vectorB, .vectorTarget, .vectorSourceB, .vectorABC, .vectorACB, .vectorShift,
            .vectorSplat, .vectorScale, .vectorSignedImmediate, .vectorSigma, .vectorDecimal, .vectorIndexed, .vsxAB,
            .vsxB,
            .vsxCompare, .vsxTest, .vsxSplat, .vsxABImmediate, .vsxSelect, .vsxIndexed, .vsxToRegister,
            .vsxFromRegister:
            return vector(row, fields)
        case .invalidation, .message:
            return MicroOperation(row.operation, d: fields.target, a: a0, b: fields.b)
        case .stream, .streamStop: return MicroOperation(row.operation)
        case .sourceLevel, .targetB, .segmentHint, .synchronization:
            return MicroOperation(row.operation, d: fields.target, a: fields.a, b: fields.b, immediate: word)
        case .none, .target, .source, .targetTimebase, .enable, .order, .level, .waitCondition:
            return MicroOperation(row.operation, d: fields.target, immediate: word)
        }
    }

    private static func floatingPoint(
        _ row: Instruction, _ fields: InstructionWord, d: UInt8, a: UInt8
    ) -> MicroOperation {
        let record = row.variants.contains(.record) && fields.record
        return MicroOperation(
            row.operation, d: d, a: a, b: fields.b,
            immediate: UInt32(row.floatingPoint.rawValue) | UInt32(fields.c) << MicroOperation.thirdSourceShift
                | (record ? MicroOperation.floatingRecord : 0) | statusSelection(row, fields))
    }

    /// Which part of FPSCR a move writes.
    private static func statusSelection(_ row: Instruction, _ fields: InstructionWord) -> UInt32 {
        guard row.operands == .statusFieldHalf || row.operands == .statusMaskHalf else { return 0 }
        let all = row.operands == .statusMaskHalf && fields.statusAll
        return (fields.statusHalf ? MicroOperation.statusHalf : 0) | (all ? MicroOperation.statusAll : 0)
    }

    private static func recordFlags(_ row: Instruction, _ fields: InstructionWord) -> UInt32 {
        (row.variants.contains(.record) && fields.record ? MicroOperation.record : 0)
            | (row.variants.contains(.overflow) && fields.overflow ? MicroOperation.overflow : 0)
    }

    private static func rotation(_ operation: Operation, record: Bool) -> Operation {
        switch (operation, record) {
        case (.rlwinm, true): .rlwinmRecord
        case (.rlwimi, true): .rlwimiRecord
        case (.rlwnm, true): .rlwnmRecord
        default: operation
        }
    }

    /// Whether a branch at `offset` into a page by `displacement` bytes stays in the page.
    private static func staysInPage(offset: UInt32, displacement: UInt32) -> Bool {
        offset &+ displacement < 0x1000
    }

    /// How many predecoded operations `displacement` bytes are.
    private static func operations(_ displacement: UInt32) -> UInt32 {
        UInt32(bitPattern: Int32(bitPattern: displacement) >> 2)
    }

    private static func branch(_ fields: InstructionWord, offset: UInt32) -> MicroOperation {
        if fields.absolute {
            return MicroOperation(.branchAbsolute, d: fields.link ? 1 : 0, immediate: fields.branchDisplacement)
        }
        return branch(fields, by: fields.branchDisplacement, offset: offset)
    }

    private static func branch(
        _ fields: InstructionWord, by displacement: UInt32, offset: UInt32
    ) -> MicroOperation {
        if staysInPage(offset: offset, displacement: displacement) {
            return MicroOperation(fields.link ? .branchLink : .branch, immediate: operations(displacement))
        }
        return MicroOperation(fields.link ? .branchLinkFar : .branchFar, immediate: displacement)
    }

    private static func conditionalBranch(_ fields: InstructionWord, offset: UInt32) -> MicroOperation {
        let general = MicroOperation(.branchConditional, d: fields.target, a: fields.a, immediate: fields.word)
        if isUnconditional(fields), !fields.absolute {
            return branch(fields, by: fields.conditionalDisplacement, offset: offset)
        }
        guard !fields.absolute, !fields.link else { return general }
        let displacement = fields.conditionalDisplacement
        let local = staysInPage(offset: offset, displacement: displacement)
        let immediate = local ? operations(displacement) : displacement
        let bit = UInt8(8) >> (fields.a & 3)
        switch fields.target >> 1 {
        case 0b0110, 0b0111:
            return MicroOperation(local ? .branchTrue : .branchTrueFar, a: fields.a >> 2, b: bit, immediate: immediate)
        case 0b0010, 0b0011:
            return MicroOperation(
                local ? .branchFalse : .branchFalseFar, a: fields.a >> 2, b: bit, immediate: immediate)
        case 0b1000 where local, 0b1100 where local:
            return MicroOperation(.branchDecrementNotZero, immediate: immediate)
        case 0b1001 where local, 0b1101 where local:
            return MicroOperation(.branchDecrementZero, immediate: immediate)
        default:
            return general
        }
    }

    /// Whether a conditional branch neither looks at CR nor counts CTR down.
    private static func isUnconditional(_ fields: InstructionWord) -> Bool { fields.target & 0b10100 == 0b10100 }

    private static func registerBranch(_ operation: Operation, _ fields: InstructionWord) -> MicroOperation {
        switch (operation, isUnconditional(fields)) {
        case (.branchConditionalToLR, true) where !fields.link:
            return MicroOperation(.branchToLR)
        case (.branchConditionalToCTR, true):
            return MicroOperation(.branchToCTR, d: fields.link ? 1 : 0)
        default:
            return MicroOperation(operation, d: fields.target, a: fields.a, immediate: fields.word)
        }
    }

    private static func moveFromSPR(_ fields: InstructionWord, _ core: Cores) -> MicroOperation {
        switch fields.spr {
        case SPR.lr: MicroOperation(.mflr, d: fields.target)
        case SPR.ctr: MicroOperation(.mfctr, d: fields.target)
        default: plainMove(.mfspr, fields, core, writes: false)
        }
    }

    private static func moveToSPR(_ fields: InstructionWord, _ core: Cores) -> MicroOperation {
        switch fields.spr {
        case SPR.lr: MicroOperation(.mtlr, d: fields.target)
        case SPR.ctr: MicroOperation(.mtctr, d: fields.target)
        default: plainMove(.mtspr, fields, core, writes: true)
        }
    }

    /// A move from or to an SPR, with the place of a register that is plain storage.
    private static func plainMove(
        _ operation: Operation, _ fields: InstructionWord, _ core: Cores, writes: Bool
    ) -> MicroOperation {
        guard let info = SPRTable.info(fields.spr, on: core), !writes || info.isWritable,
            let place = info.place(writes: writes)
        else { return MicroOperation(operation, d: fields.target, immediate: fields.word) }
        return MicroOperation(
            operation, d: fields.target, a: place.kind.rawValue, b: info.isPrivileged ? 1 : 0,
            immediate: UInt32(bitPattern: Int32(truncatingIfNeeded: place.offset)))
    }
}
