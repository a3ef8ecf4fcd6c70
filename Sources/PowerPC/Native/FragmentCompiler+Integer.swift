/// Integer and condition-register operations.
extension FragmentCompiler {
    /// Emits one operation. Until it is known whether it can be emitted, nothing is.
    mutating func emit(_ op: MicroOperation) -> Flow {
        let compared = self.compared
        self.compared = nil
        let flow = emitStorage(op) ?? emitBranch(op, after: compared) ?? emitInteger(op) ?? emitSystem(op)
        return flow ?? .unsupported
    }

    private func recordsOverflow(_ op: MicroOperation) -> Bool {
        op.immediate & MicroOperation.overflow != 0
    }

    /// eax is the result: to its register, and to CR0 where the operation records.
    private mutating func finish(_ op: MicroOperation) -> Flow {
        store(.rax, op.d)
        if op.immediate & MicroOperation.record != 0 { record() }
        return .next
    }

    /// CR0 from eax.
    private mutating func record() {
        assembler.test(.rax, .rax)
        setField(0, less: .less, greater: .greater)
    }

    /// A condition field from the host's flags, which stay as they are.
    private mutating func setField(_ field: UInt8, less: HostCondition, greater: HostCondition) {
        assembler.move(.rcx, block(RegisterBlock.fieldEqual))
        assembler.move(.rcx, block(RegisterBlock.fieldLess), if: less)
        assembler.move(.rcx, block(RegisterBlock.fieldGreater), if: greater)
        assembler.moveByte(block(RegisterBlock.cr + Int(field)), .rcx)
        compared = Comparison(field: field, less: less, greater: greater)
    }

    /// Puts `ra OP rb`, of two bits of CR, into a third.
    private mutating func combineBits(
        _ op: MicroOperation, _ operation: HostArithmetic, complementsB: Bool = false, complements: Bool = false
    ) -> Flow {
        func place(_ bit: UInt8) -> HostMemory { block(RegisterBlock.cr + Int(bit >> 2)) }
        func mask(_ bit: UInt8) -> UInt8 { 8 >> (bit & 3) }
        assembler.testByte(place(op.a), mask: mask(op.a))
        assembler.set(.rax, to: .notEqual)
        assembler.testByte(place(op.b), mask: mask(op.b))
        assembler.set(.rcx, to: complementsB ? .equal : .notEqual)
        assembler.arithmetic(operation, .rax, .rcx)
        assembler.arithmetic(.and, .rax, constant: 1)
        if complements { assembler.arithmetic(.xor, .rax, constant: 1) }
        assembler.shift(.left, .rax, by: 3 - op.d & 3)
        assembler.zeroExtendByte(.rcx, place(op.d))
        assembler.arithmetic(.and, .rcx, constant: ~UInt32(mask(op.d)))
        assembler.arithmetic(.or, .rcx, .rax)
        assembler.moveByte(place(op.d), .rcx)
        return .next
    }

    /// XER[CA] from the host's carry flag.
    private mutating func recordCarry() {
        assembler.set(.rcx, to: .below)
        assembler.zeroExtendByte(.rcx, .rcx)
        assembler.move(block(RegisterBlock.carry), .rcx)
    }

    private mutating func compare(_ op: MicroOperation, less: HostCondition, greater: HostCondition) -> Flow {
        setField(op.d, less: less, greater: greater)
        return .next
    }

    /// `ra OP rb`, with the result complemented where the instruction does.
    private mutating func logical(
        _ op: MicroOperation, _ operation: HostArithmetic, complementsB: Bool = false, complements: Bool = false
    ) -> Flow {
        if complementsB {
            load(.rax, op.b)
            assembler.unary(.not, .rax)
            combine(operation, .rax, op.a)
        } else {
            load(.rax, op.a)
            combine(operation, .rax, op.b)
        }
        if complements { assembler.unary(.not, .rax) }
        return finish(op)
    }

    private enum CarryIn {
        case none, one, register
    }

    /// The carrying additions: eax plus a register or a constant, plus a carry.
    private mutating func addCarrying(_ op: MicroOperation, register: UInt8?, constant: UInt32, _ carry: CarryIn)
        -> Flow
    {
        switch carry {
        case .none: break
        case .one: assembler.setCarry()
        case .register: assembler.carryFromBit0(block(RegisterBlock.carry))
        }
        let operation = carry == .none ? HostArithmetic.add : .addWithCarry
        if let register {
            combine(operation, .rax, register)
        } else {
            assembler.arithmetic(operation, .rax, constant: constant)
        }
        recordCarry()
        return finish(op)
    }

    /// The carrying operations on registers; `ra` comes in complemented for subtractions.
    private mutating func extended(
        _ op: MicroOperation, subtracts: Bool = false, register: UInt8? = nil, constant: UInt32 = 0, _ carry: CarryIn
    ) -> Flow? {
        if recordsOverflow(op) { return nil }
        load(.rax, op.a)
        if subtracts { assembler.unary(.not, .rax) }
        return addCarrying(op, register: register, constant: constant, carry)
    }

    /// Rotates `ra` and keeps what the mask names.
    private mutating func rotateAndMask(_ op: MicroOperation) {
        load(.rax, op.a)
        if op.b != 0 { assembler.shift(.rotateLeft, .rax, by: op.b & 31) }
        if op.immediate != .max { assembler.arithmetic(.and, .rax, constant: op.immediate) }
    }

    /// As ``rotateAndMask(_:)``, and the rest of the target stays.
    private mutating func rotateAndInsert(_ op: MicroOperation) {
        rotateAndMask(op)
        load(.rcx, op.d)
        assembler.arithmetic(.and, .rcx, constant: ~op.immediate)
        assembler.arithmetic(.or, .rax, .rcx)
    }

    private mutating func rotateByRegister(_ op: MicroOperation) {
        load(.rcx, op.b)
        load(.rax, op.a)
        assembler.shiftByCL(.rotateLeft, .rax)
        assembler.arithmetic(.and, .rax, constant: op.immediate)
    }

    private mutating func storeRecording(_ op: MicroOperation) -> Flow {
        store(.rax, op.d)
        record()
        return .next
    }

    private mutating func storeOnly(_ op: MicroOperation) -> Flow {
        store(.rax, op.d)
        return .next
    }

    private mutating func emitInteger(_ op: MicroOperation) -> Flow? {
        switch op.operation {
        case .nop:
            return .next

        // MARK: With an immediate
        case .addi:
            load(.rax, op.a, plus: op.immediate)
            return storeOnly(op)
        case .addic, .addicRecord:
            load(.rax, op.a)
            assembler.arithmetic(.add, .rax, constant: op.immediate)
            recordCarry()
            return op.operation == .addic ? storeOnly(op) : storeRecording(op)
        case .subfic:
            load(.rax, op.a)
            assembler.unary(.not, .rax)
            assembler.setCarry()
            assembler.arithmetic(.addWithCarry, .rax, constant: op.immediate)
            recordCarry()
            return storeOnly(op)
        case .mulli:
            load(.rax, op.a)
            assembler.multiply(.rax, .rax, constant: op.immediate)
            return storeOnly(op)
        case .andiRecord:
            load(.rax, op.a)
            assembler.arithmetic(.and, .rax, constant: op.immediate)
            return storeRecording(op)
        case .ori:
            load(.rax, op.a)
            if op.immediate != 0 { assembler.arithmetic(.or, .rax, constant: op.immediate) }
            return storeOnly(op)
        case .xori:
            load(.rax, op.a)
            assembler.arithmetic(.xor, .rax, constant: op.immediate)
            return storeOnly(op)

        // MARK: Compares
        case .cmpwi:
            load(.rax, op.a)
            assembler.arithmetic(.compare, .rax, constant: op.immediate)
            return compare(op, less: .less, greater: .greater)
        case .cmplwi:
            load(.rax, op.a)
            assembler.arithmetic(.compare, .rax, constant: op.immediate)
            return compare(op, less: .below, greater: .above)
        case .cmpw:
            load(.rax, op.a)
            combine(.compare, .rax, op.b)
            return compare(op, less: .less, greater: .greater)
        case .cmplw:
            load(.rax, op.a)
            combine(.compare, .rax, op.b)
            return compare(op, less: .below, greater: .above)

        // MARK: On registers
        case .add where !recordsOverflow(op):
            load(.rax, op.a)
            combine(.add, .rax, op.b)
            return finish(op)
        case .subf where !recordsOverflow(op):
            load(.rax, op.b)
            combine(.subtract, .rax, op.a)
            return finish(op)
        case .neg where !recordsOverflow(op):
            load(.rax, op.a)
            assembler.unary(.negate, .rax)
            return finish(op)
        case .addc: return extended(op, register: op.b, .none)
        case .adde: return extended(op, register: op.b, .register)
        case .addme: return extended(op, constant: .max, .register)
        case .addze: return extended(op, constant: 0, .register)
        case .subfc: return extended(op, subtracts: true, register: op.b, .one)
        case .subfe: return extended(op, subtracts: true, register: op.b, .register)
        case .subfme: return extended(op, subtracts: true, constant: .max, .register)
        case .subfze: return extended(op, subtracts: true, constant: 0, .register)
        case .mullw where !recordsOverflow(op):
            load(.rax, op.a)
            load(.rcx, op.b)
            assembler.multiply(.rax, .rcx)
            return finish(op)
        case .mulhw, .mulhwu:
            load(.rax, op.a)
            load(.rcx, op.b)
            assembler.unary(op.operation == .mulhw ? .multiplySigned : .multiply, .rcx)
            assembler.move(.rax, .rdx)
            return finish(op)
        case .divw where !recordsOverflow(op):
            load(.rax, op.a)
            load(.rcx, op.b)
            // Both quotients that do not exist are left to the interpreter: -1 is the divisor of one.
            assembler.loadAddress(.rdx, HostMemory(.rcx, displacement: 1))
            assembler.arithmetic(.compare, .rdx, constant: 1)
            giveUp(assembler.jump(if: .equal))
            assembler.test(.rdx, .rdx)
            giveUp(assembler.jump(if: .equal))
            assembler.extendSignToEDX()
            assembler.unary(.divideSigned, .rcx)
            return finish(op)
        case .divwu where !recordsOverflow(op):
            load(.rax, op.a)
            load(.rcx, op.b)
            assembler.test(.rcx, .rcx)
            giveUp(assembler.jump(if: .equal))
            assembler.arithmetic(.xor, .rdx, .rdx)
            assembler.unary(.divide, .rcx)
            return finish(op)

        // MARK: Logic
        case .and: return logical(op, .and)
        case .andc: return logical(op, .and, complementsB: true)
        case .or:
            if op.a == op.b {
                load(.rax, op.a)
                return finish(op)
            }
            return logical(op, .or)
        case .orc: return logical(op, .or, complementsB: true)
        case .xor: return logical(op, .xor)
        case .nor: return logical(op, .or, complements: true)
        case .nand: return logical(op, .and, complements: true)
        case .eqv: return logical(op, .xor, complements: true)
        case .extsb:
            load(.rax, op.a)
            assembler.signExtendByte(.rax, .rax)
            return finish(op)
        case .extsh:
            load(.rax, op.a)
            assembler.signExtendHalfword(.rax, .rax)
            return finish(op)
        case .cntlzw:
            load(.rcx, op.a)
            assembler.move(.rdx, constant: 63)
            assembler.highestBit(.rax, .rcx)
            assembler.move(.rax, .rdx, if: .equal)
            assembler.arithmetic(.xor, .rax, constant: 31)
            return finish(op)

        // MARK: Shifts and rotates
        case .slw, .srw:
            // In 64 bits, where amounts up to 63 shift everything out of the lower half.
            load(.rcx, op.b)
            load(.rax, op.a)
            assembler.shiftByCL(op.operation == .slw ? .left : .right, .rax, .bits64)
            assembler.move(.rax, .rax)
            return finish(op)
        case .srawi:
            load(.rcx, op.a)
            assembler.move(.rax, .rcx)
            assembler.shift(.rightArithmetic, .rax, by: 31)
            assembler.arithmetic(.and, .rax, .rcx)
            // The ones that a negative number loses.
            assembler.arithmetic(.and, .rax, constant: (1 << UInt32(op.b & 31)) &- 1)
            assembler.set(.rdx, to: .notEqual)
            assembler.zeroExtendByte(.rdx, .rdx)
            assembler.move(block(RegisterBlock.carry), .rdx)
            assembler.move(.rax, .rcx)
            assembler.shift(.rightArithmetic, .rax, by: op.b & 31)
            return finish(op)
        case .sraw:
            // In 64 bits, where amounts up to 63 leave nothing but the sign.
            load(.rcx, op.b)
            load(.rdx, op.a)
            assembler.signExtendWord(.rdx, .rdx)
            assembler.move(.rax, .rdx, .bits64)
            assembler.shiftByCL(.rightArithmetic, .rax, .bits64)
            store(.rax, op.d)
            // CA: the number is negative, and shifting back gives another.
            assembler.shiftByCL(.left, .rax, .bits64)
            assembler.arithmetic(.xor, .rax, .rdx, .bits64)
            assembler.set(.rcx, to: .notEqual)
            assembler.shift(.right, .rdx, by: 31)
            assembler.arithmetic(.and, .rcx, .rdx)
            assembler.zeroExtendByte(.rcx, .rcx)
            assembler.move(block(RegisterBlock.carry), .rcx)
            if op.immediate & MicroOperation.record != 0 {
                load(.rax, op.d)
                record()
            }
            return .next
        case .rlwinm:
            rotateAndMask(op)
            return storeOnly(op)
        case .rlwinmRecord:
            rotateAndMask(op)
            return storeRecording(op)
        case .rlwimi:
            rotateAndInsert(op)
            return storeOnly(op)
        case .rlwimiRecord:
            rotateAndInsert(op)
            return storeRecording(op)
        case .rlwnm:
            rotateByRegister(op)
            return storeOnly(op)
        case .rlwnmRecord:
            rotateByRegister(op)
            return storeRecording(op)
        case .isel:
            let bit = UInt8(truncatingIfNeeded: op.immediate & 31)
            load(.rax, op.b)
            load(.rcx, op.a)
            assembler.testByte(block(RegisterBlock.cr + Int(bit >> 2)), mask: 8 >> (bit & 3))
            assembler.move(.rax, .rcx, if: .notEqual)
            return storeOnly(op)

        // MARK: Moves between registers
        case .mflr:
            load(.rax, Guest.lr)
            return storeOnly(op)
        case .mfctr:
            load(.rax, Guest.ctr)
            return storeOnly(op)
        case .mtlr:
            load(.rax, op.d)
            store(.rax, Guest.lr)
            return .next
        case .mtctr:
            load(.rax, op.d)
            store(.rax, Guest.ctr)
            return .next
        case .mcrf:
            assembler.zeroExtendByte(.rcx, block(RegisterBlock.cr + Int(op.a)))
            assembler.moveByte(block(RegisterBlock.cr + Int(op.d)), .rcx)
            return .next

        case .crand: return combineBits(op, .and)
        case .crandc: return combineBits(op, .and, complementsB: true)
        case .creqv: return combineBits(op, .xor, complements: true)
        case .crnand: return combineBits(op, .and, complements: true)
        case .crnor: return combineBits(op, .or, complements: true)
        case .cror: return combineBits(op, .or)
        case .crorc: return combineBits(op, .or, complementsB: true)
        case .crxor: return combineBits(op, .xor)

        case .mtcrf:
            for field in UInt32(0)..<8 where op.immediate & 0x80 >> field != 0 {
                load(.rax, op.d)
                assembler.shift(.right, .rax, by: UInt8(28 - 4 * field))
                assembler.arithmetic(.and, .rax, constant: 15)
                assembler.moveByte(block(RegisterBlock.cr + Int(field)), .rax)
            }
            return .next
        case .mfcr:
            assembler.zeroExtendByte(.rax, block(RegisterBlock.cr))
            for field in 1..<8 {
                assembler.shift(.left, .rax, by: 4)
                assembler.zeroExtendByte(.rcx, block(RegisterBlock.cr + field))
                assembler.arithmetic(.or, .rax, .rcx)
            }
            return storeOnly(op)

        // MARK: Traps
        case .twi:
            load(.rax, op.a)
            assembler.arithmetic(.compare, .rax, constant: op.immediate)
            return trap(op)
        case .tw:
            load(.rax, op.a)
            combine(.compare, .rax, op.b)
            return trap(op)

        default:
            return nil
        }
    }

    /// Leaves a trap whose condition holds to the interpreter.
    private mutating func trap(_ op: MicroOperation) -> Flow {
        let conditions: [(bit: UInt8, HostCondition)] = [
            (16, .less), (8, .greater), (4, .equal), (2, .below), (1, .above),
        ]
        for (bit, condition) in conditions where op.d & bit != 0 { giveUp(assembler.jump(if: condition)) }
        return .next
    }
}
