internal import CHost
internal import ParavirtABI

/// Instructions that the interpreter's loop leaves to this file: system linkage, MSR, TLB and cache control.
///
/// ``CPU/pc`` is at the instruction when one starts. It counts itself and moves ``CPU/pc`` on unless it answers
/// ``Step/next``.
extension CPU {
    mutating func system(_ op: MicroOperation) -> Step {
        if op.operation.isPrivileged {
            if user { return fault(PendingException(interrupt: .program, syndrome: ESR.privileged)) }
            counters.count(op.operation)
        }
        switch op.operation {
        case .sc: return systemCall(op)
        case .rfi:
            return returnFromInterrupt(to: page[double: SharedPage.srr0], msr: page[double: SharedPage.srr1])
        case .rfci: return returnFromInterrupt(to: spr[SPR.csrr0], msr: spr[SPR.csrr1])
        case .rfmci: return returnFromInterrupt(to: spr[SPR.mcsrr0], msr: spr[SPR.mcsrr1])
        case .rfdi: return returnFromInterrupt(to: spr[SPR.dsrr0], msr: spr[SPR.dsrr1])
        case .mfmsr:
            gpr[op.d] = msr
            return .next
        case .mtmsr:
            setMSR(gpr[op.d])
            return finish()
        case .wrtee: return writeExternalEnable(gpr[op.d] & MSR.ee)
        case .wrteei: return writeExternalEnable(op.immediate & MSR.ee)
        case .mfspr: return moveFromSPR(op)
        case .mtspr: return moveToSPR(op)
        case .mftb: return moveFromTimebase(op)
        case .tlbre:
            readTLB()
            return .next
        case .tlbwe:
            writeTLB()
            return finish()
        case .tlbsx:
            searchTLB(address(op))
            return .next
        case .tlbivax:
            invalidate(operand: address(op))
            guard sharesMemory else { return finish() }
            _ = finish()
            return .exit(.invalidateTLB(operand: address(op)))
        case .tlbilx: return invalidateLocally(kind: op.d & 3, address(op)) ? finish() : illegal()
        case .tlbsync: return .next
        case .dcbi, .cacheTouchData:
            if touch(address(op)) { return .next }
            return finishStop(op).map { .exit($0) } ?? .resync
        case .icbi:
            if sharesMemory { return invalidateCode(op) }
            if touch(address(op)) { return .next }
            return finishStop(op).map { .exit($0) } ?? .resync
        case .msgsnd:
            _ = finish()
            if sharesMemory { return .exit(.message(operand: gpr[op.b])) }
            receiveMessage(operand: gpr[op.b])
            return .resync
        case .msgclr:
            if let interrupt = ProcessorMessage(gpr[op.b]).interrupt { setPin(interrupt, asserted: false) }
            return finish()
        case .wait:
            // Only WC=0 waits for an interrupt; the others may be, and are, nothing.
            if op.d & 3 == 0 {
                waiting = .forDelivery
                requestService()
            }
            return finish()
        case .spe:
            observe(.unimplemented(.spe, address: pc))
            // This model has no SPE unit: enabling it makes its instructions illegal.
            return msr & MSR.spe == 0
                ? fault(PendingException(interrupt: .speUnavailable, syndrome: ESR.spe)) : illegal()
        default:
            return illegal()
        }
    }

    /// `icbi` where other vCPUs may hold the code, or have written it: no predecoded copy stays.
    private mutating func invalidateCode(_ op: MicroOperation) -> Step {
        // Whoever predecodes the page after this sees what was written before.
        host_fence()
        guard let place = codePlace(address(op)) else { return finishStop(op).map { .exit($0) } ?? .resync }
        guard case .code(let page) = place else { return .next }
        announceWrite(toPage: page)
        return finish()
    }

    private func address(_ op: MicroOperation) -> UInt32 { gpr[op.a] &+ gpr[op.b] }

    /// Ends an instruction after which the next one has to be looked up.
    mutating func finish() -> Step {
        pc &+= 4
        instructions &+= 1
        return .resync
    }

    mutating func fault(_ exception: PendingException) -> Step {
        raise(exception).map { .exit($0) } ?? .resync
    }

    mutating func illegal() -> Step {
        observe(.illegalInstruction(word: instruction(at: pc) ?? 0, address: pc))
        return fault(PendingException(interrupt: .program, syndrome: ESR.illegal))
    }

    /// `sc`: a hypercall in supervisor state when it is KVM's sequence or has level 1, else a system call.
    private mutating func systemCall(_ op: MicroOperation) -> Step {
        let level = InstructionWord(op.immediate).level
        if answersHypercalls {
            if level == 1, user { return fault(PendingException(interrupt: .program, syndrome: ESR.privileged)) }
            if level == 1 || (!user && gpr[0] == HypercallInstructions.magicR0) {
                _ = finish()
                return .exit(.hypercall)
            }
        }
        pc &+= 4
        return fault(PendingException(interrupt: .systemCall))
    }

    private mutating func returnFromInterrupt(to address: UInt32, msr: UInt32) -> Step {
        instructions &+= 1
        pc = address & ~3
        setMSR(msr)
        return .resync
    }

    /// `wrtee` and `wrteei`: MSR[EE] alone, which changes nothing that the loop holds unless an interrupt waits.
    private mutating func writeExternalEnable(_ enable: UInt32) -> Step {
        page[double: SharedPage.msr] = msr & ~MSR.ee | enable
        guard enable != 0, pins | timers.pending != 0 else { return .next }
        requestService()
        return finish()
    }
}
