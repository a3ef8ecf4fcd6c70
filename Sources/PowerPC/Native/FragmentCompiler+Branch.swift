/// Branches: within the page to a place in the fragment or a way out of it, out of the page through ``NativeRoutines``.
extension FragmentCompiler {
    /// Emits a branch; `field` is the condition field that is in cl, or -1. Nil for what is no branch or cannot be emitted.
    mutating func emitBranch(_ op: MicroOperation, field: Int) -> Flow? {
        switch op.operation {
        case .branch:
            branch(by: op.immediate)
            return .ends
        case .branchLink:
            assembler.move(.rax, block(RegisterBlock.page))
            assembler.arithmetic(.add, .rax, constant: UInt32(truncatingIfNeeded: number * 4 + 4))
            store(.rax, Guest.lr)
            expectReturn()
            branch(by: op.immediate)
            return .ends
        case .branchTrue, .branchFalse:
            testField(op, field)
            branch(by: op.immediate, if: op.operation == .branchTrue ? .notEqual : .equal)
            return .next
        case .branchDecrementNotZero, .branchDecrementZero:
            load(.rax, Guest.ctr)
            assembler.arithmetic(.subtract, .rax, constant: 1)
            // Moves keep the flags.
            store(.rax, Guest.ctr)
            branch(by: op.immediate, if: op.operation == .branchDecrementNotZero ? .notEqual : .equal)
            return .next
        case .branchFar:
            branchFar(to: .displacement(op.immediate))
            return .ends
        case .branchLinkFar:
            branchFar(to: .displacement(op.immediate), links: true)
            return .ends
        case .branchTrueFar, .branchFalseFar:
            testField(op, field)
            branchFar(
                to: .displacement(op.immediate), if: op.operation == .branchTrueFar ? .notEqual : .equal)
            return .next
        case .branchToLR:
            branchFar(to: .lr)
            return .ends
        case .branchToCTR:
            branchFar(to: .ctr, links: op.d != 0)
            return .ends
        case .branchConditionalToLR:
            return conditionalToLR(op, field)
        default:
            return nil
        }
    }

    /// The host's zero flag tells whether the condition bit of `op` is clear.
    private mutating func testField(_ op: MicroOperation, _ field: Int) {
        testField(Int(op.a), mask: op.b, inCL: field)
    }

    private mutating func testField(_ number: Int, mask: UInt8, inCL field: Int) {
        if number == field {
            assembler.testByte(.rcx, mask: mask)
        } else {
            assembler.testByte(block(RegisterBlock.cr + number), mask: mask)
        }
    }

    /// `bclr` on a condition alone, such as `beqlr`. The forms that count CTR down or set LR are left to the interpreter.
    private mutating func conditionalToLR(_ op: MicroOperation, _ field: Int) -> Flow? {
        let word = InstructionWord(op.immediate)
        let countsOrAlways = word.target & 0b10100 != 0b00100
        if word.link || countsOrAlways { return nil }
        testField(Int(word.a >> 2), mask: 8 >> (word.a & 3), inCL: field)
        branchFar(to: .lr, if: word.target & 0b01000 != 0 ? .notEqual : .equal)
        return .next
    }
}
