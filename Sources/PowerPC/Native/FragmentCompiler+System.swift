internal import ParavirtABI

/// Instructions of supervisor state that change nothing which native code or the interpreter's loop holds, and order.
extension FragmentCompiler {
    mutating func emitSystem(_ op: MicroOperation) -> Flow? {
        switch op.operation {
        case .mfmsr:
            requireSupervisor(op.operation)
            loadMachineState()
            store(.rax, op.d)
            return .next
        case .wrteei:
            let enables = op.immediate & MSR.ee != 0
            requireSupervisor(op.operation) { if enables { $0.requireNoInterrupt() } }
            loadMachineState()
            assembler.arithmetic(.and, .rax, constant: ~MSR.ee)
            if enables { assembler.arithmetic(.or, .rax, constant: MSR.ee) }
            storeMachineState()
            return .next
        case .wrtee:
            requireSupervisor(op.operation) { compiler in
                compiler.load(.rcx, op.d)
                compiler.assembler.arithmetic(.and, .rcx, constant: MSR.ee)
                let disables = compiler.skip(unless: .notEqual)
                compiler.requireNoInterrupt()
                compiler.land(disables)
            }
            loadMachineState()
            assembler.arithmetic(.and, .rax, constant: ~MSR.ee)
            assembler.arithmetic(.or, .rax, .rcx)
            storeMachineState()
            return .next
        case .mfspr:
            guard let kind = SPRInfo.PlaceKind(rawValue: op.a), kind != .none else { return nil }
            if op.b != 0 { requireSupervisor(op.operation) }
            assembler.move(.rax, place(op))
            if kind != .host { assembler.swapBytes(.rax) }
            store(.rax, op.d)
            return .next
        case .mtspr:
            guard let kind = SPRInfo.PlaceKind(rawValue: op.a), kind != .none else { return nil }
            if op.b != 0 { requireSupervisor(op.operation) }
            load(.rax, op.d)
            if kind != .host { assembler.swapBytes(.rax) }
            assembler.move(place(op), .rax)
            if kind == .bigEndianLow { assembler.move(place(op, before: 4), constant: 0) }
            return .next
        case .fence:
            if sharesMemory { assembler.fence() }
            return .next
        case .contextFence:
            guard sharesMemory else { return .next }
            assembler.move(.rax, block(RegisterBlock.journalCounter), .bits64)
            assembler.move(.rax, HostMemory(.rax), .bits64)
            assembler.arithmetic(.compare, .rax, block(RegisterBlock.journalPosition), .bits64)
            giveUp(assembler.jump(if: .notEqual))
            return .next
        default:
            return nil
        }
    }

    /// Leaves a privileged instruction to the interpreter in user state, and where `check` finds a reason; else counts it.
    private mutating func requireSupervisor(
        _ operation: Operation, _ check: (inout FragmentCompiler) -> Void = { _ in }
    ) {
        assembler.compareByte(block(RegisterBlock.user), constant: 0)
        giveUp(assembler.jump(if: .notEqual))
        check(&self)
        assembler.arithmetic(
            .add, block(RegisterBlock.counters + Counters.offset(of: operation)), constant: 1, .bits64)
    }

    /// Leaves an instruction that enables interrupts to the interpreter if one waits.
    private mutating func requireNoInterrupt() {
        for offset in [RegisterBlock.signals, RegisterBlock.timerInterrupts] {
            assembler.arithmetic(.compare, block(offset), constant: 0)
            giveUp(assembler.jump(if: .notEqual))
        }
    }

    /// eax: MSR.
    private mutating func loadMachineState() {
        assembler.move(.rax, block(RegisterBlock.sharedPage + SharedPage.msr + 4))
        assembler.swapBytes(.rax)
        assembler.arithmetic(.and, .rax, constant: machineState)
    }

    /// MSR from eax.
    private mutating func storeMachineState() {
        assembler.swapBytes(.rax)
        assembler.move(block(RegisterBlock.sharedPage + SharedPage.msr + 4), .rax)
        assembler.move(block(RegisterBlock.sharedPage + SharedPage.msr), constant: 0)
    }

    /// The register that a move with a place names.
    private func place(_ op: MicroOperation, before distance: Int = 0) -> HostMemory {
        block(Int(Int32(bitPattern: op.immediate)) - distance)
    }
}
