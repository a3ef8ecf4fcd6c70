/// Branches: within the page to a place in the fragment or a way out of it, out of the page through ``NativeRoutines``.
extension FragmentCompiler {
    /// Emits a branch; `compared` is what the host's flags still tell. Nil for what is no branch or cannot be emitted.
    mutating func emitBranch(_ op: MicroOperation, after compared: Comparison?) -> Flow? {
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
            let condition = test(op.a, mask: op.b, compared)
            branch(by: op.immediate, if: op.operation == .branchTrue ? condition : condition.inverted)
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
            let condition = test(op.a, mask: op.b, compared)
            branchFar(
                to: .displacement(op.immediate),
                if: op.operation == .branchTrueFar ? condition : condition.inverted)
            return .next
        case .branchToLR:
            branchFar(to: .lr)
            return .ends
        case .branchToCTR:
            branchFar(to: .ctr, links: op.d != 0)
            return .ends
        case .branchConditional:
            return decrementAndTest(op)
        case .branchConditionalToLR:
            return conditionalToLR(op, compared)
        default:
            return nil
        }
    }

    /// What of the host's flags tells that the bit `mask` of a condition field is set.
    private mutating func test(_ field: UInt8, mask: UInt8, _ compared: Comparison?) -> HostCondition {
        if let compared, compared.field == field, let condition = compared.condition(mask) { return condition }
        assembler.testByte(block(RegisterBlock.cr + Int(field)), mask: mask)
        return .notEqual
    }

    /// `bdnzt` and its kin within the page: CTR is counted down, and decides together with a bit of CR.
    private mutating func decrementAndTest(_ op: MicroOperation) -> Flow? {
        let word = InstructionWord(op.immediate)
        let distance = Int(Int32(bitPattern: word.conditionalDisplacement)) >> 2
        guard word.target & 0b10100 == 0, !word.link, !word.absolute, isInPage(number + distance) else { return nil }
        load(.rax, Guest.ctr)
        assembler.arithmetic(.subtract, .rax, constant: 1)
        // Moves keep the flags.
        store(.rax, Guest.ctr)
        let stays = skip(unless: word.target & 0b00010 != 0 ? .equal : .notEqual)
        let condition = test(word.a >> 2, mask: 8 >> (word.a & 3), nil)
        branch(
            by: UInt32(truncatingIfNeeded: distance), if: word.target & 0b01000 != 0 ? condition : condition.inverted)
        land(stays)
        return .next
    }

    /// `bclr` on a condition alone, such as `beqlr`. The forms that count CTR down or set LR are left to the interpreter.
    private mutating func conditionalToLR(_ op: MicroOperation, _ compared: Comparison?) -> Flow? {
        let word = InstructionWord(op.immediate)
        let countsOrAlways = word.target & 0b10100 != 0b00100
        if word.link || countsOrAlways { return nil }
        let condition = test(word.a >> 2, mask: 8 >> (word.a & 3), compared)
        branchFar(to: .lr, if: word.target & 0b01000 != 0 ? condition : condition.inverted)
        return .next
    }
}
