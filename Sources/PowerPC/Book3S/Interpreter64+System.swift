internal import CHost
internal import GuestMemory
internal import ParavirtABI

/// Instructions that the interpreter's loop leaves to this file: system linkage, MSR, segments and cache control.
///
/// ``Book3SCPU/pc`` is at the instruction when one starts. It counts itself and moves ``Book3SCPU/pc`` on unless it answers
/// ``Step/next``.
extension Book3SCPU {
    mutating func system(_ op: MicroOperation) -> Step {
        if op.operation.isPrivileged {
            if user { return fault(.program(SRR1.privileged)) }
            counters.count(op.operation)
        }
        switch op.operation {
        case .sc: return systemCall(op)
        case .rfid: return returnFromInterrupt()
        case .mfmsr:
            gpr[op.d] = msr
            return .next
        case .mtmsrd: return writeMSR(op, mask: .max)
        case .mtmsr: return writeMSR(op, mask: 0xFFFF_FFFF)
        case .mfspr: return moveFromSPR(op)
        case .mtspr: return moveToSPR(op)
        case .mftb: return moveFromTimebase(op)
        case .slbmte: return moveToSegment(op)
        case .slbie:
            if let entry = segments.invalidate(rb: gpr[op.b]) { drop(entry) }
            return finish()
        case .slbia: return invalidateSegments(hint: InstructionWord(op.immediate).word >> 21 & 7)
        case .slbmfee:
            gpr[op.d] = segments.moveFromEffective(rb: gpr[op.b])
            return .next
        case .slbmfev:
            gpr[op.d] = segments.moveFromVirtual(rb: gpr[op.b])
            return .next
        case .slbfee:
            let found = segments.find(rb: gpr[op.b])
            gpr[op.d] = found ?? 0
            cr[0] = (found != nil ? ConditionFields.equal : 0) | special.summaryOverflow
            return .next
        case .tlbie, .tlbsync:
            // The page table is the hypervisor's.
            return fault(.program(SRR1.privileged))
        case .tlbiel:
            dropAllTranslations()
            return finish()
        case .cacheTouchData:
            if place(address(op), writes: false) != nil { return .next }
            return finishStop(op).map { .exit($0) } ?? .resync
        case .icbi: return invalidateCode(op)
        case .msgsndp:
            if let message = message(gpr[op.b]) { signals.setPin(message, asserted: true) }
            return finish()
        case .msgclrp:
            if let message = message(gpr[op.b]) { signals.setPin(message, asserted: false) }
            return finish()
        case .transaction:
            return fault(unavailable(.transactions))
        default:
            return illegal()
        }
    }

    /// The doorbell that a message rings: one of the type for threads of the own core, which has but this one.
    private func message(_ operand: UInt64) -> Interrupt? {
        operand >> 27 & 31 == 5 && operand & 0x7F == 0 ? .doorbell : nil
    }

    private func address(_ op: MicroOperation) -> UInt64 { gpr[op.a] &+ gpr[op.b] }

    /// `icbi`: where other vCPUs may hold the code, or have written it, no predecoded copy stays.
    private mutating func invalidateCode(_ op: MicroOperation) -> Step {
        // Whoever predecodes the page after this sees what was written before.
        if sharesMemory { host_fence() }
        let address = address(op) & addressMask
        let real: UInt64
        switch translate(address, for: .load) {
        case .translated(let translation): real = translation.real
        default:
            guard place(address, writes: false) == nil else { return .next }
            return finishStop(op).map { .exit($0) } ?? .resync
        }
        guard sharesMemory, real < memory.ram.size else { return .next }
        let page = Int(real / GuestMemory.pageSize)
        guard memory.isCode(page: page) else { return .next }
        announceWrite(toPage: page)
        return finish()
    }

    // MARK: Segments

    private mutating func moveToSegment(_ op: MicroOperation) -> Step {
        let (rs, rb) = (gpr[op.d], gpr[op.b])
        let index = Int(truncatingIfNeeded: rb & 0xFFF)
        let old = index < SegmentLookasideBuffer.count ? segments.entries[index] : .invalid
        guard segments.moveTo(rs: rs, rb: rb) else { return .next }
        if old.isValid, old != segments.entries[index] { drop(old) }
        return .next
    }

    private mutating func invalidateSegments(hint: UInt32) -> Step {
        segments.invalidateAll(hint: hint)
        let segments = self.segments
        func isTranslated(_ address: UInt64) -> Bool { segments.entry(for: address) != nil }
        data.flush(unless: isTranslated)
        code.flush(unless: isTranslated)
        return finish()
    }

    // MARK: Ends of instructions

    /// Ends an instruction after which the next one has to be looked up.
    mutating func finish() -> Step {
        pc &+= 4
        instructions &+= 1
        return .resync
    }

    mutating func fault(_ exception: Book3SException) -> Step {
        raise(exception).map { .exit($0) } ?? .resync
    }

    mutating func illegal() -> Step { fault(.program(SRR1.illegal)) }

    // MARK: System linkage

    /// `sc`: a PAPR call with level 1, KVM's sequence in supervisor state, else a system call.
    private mutating func systemCall(_ op: MicroOperation) -> Step {
        if InstructionWord(op.immediate).level & 1 == 1 {
            let isPrivileged = !user
            _ = finish()
            return .exit(.partitionCall(isPrivileged: isPrivileged))
        }
        if !user, UInt32(truncatingIfNeeded: gpr[0]) == HypercallInstructions.magicR0 {
            _ = finish()
            return .exit(.hypercall)
        }
        pc &+= 4
        return fault(Book3SException(interrupt: .systemCall))
    }

    private mutating func returnFromInterrupt() -> Step {
        instructions &+= 1
        pc = page[SharedPage.srr0] & ~3
        setMSR(page[SharedPage.srr1] & ~MSR64.me | msr & MSR64.me)
        return .resync
    }

    /// `mtmsr` and `mtmsrd`: with L=1 only EE and RI, which change nothing that the loop holds unless an interrupt waits.
    private mutating func writeMSR(_ op: MicroOperation, mask: UInt64) -> Step {
        let value = gpr[op.d]
        let old = msr
        if op.a & 1 != 0 {
            page[SharedPage.msr] = old & ~(MSR64.ee | MSR64.ri) | value & (MSR64.ee | MSR64.ri)
            guard value & MSR64.ee != 0, isInterruptWaiting else { return .next }
            requestService()
            return finish()
        }
        let mask = mask & ~(MSR64.me | MSR64.le)
        setMSR(old & ~mask | value & mask)
        return finish()
    }
}
