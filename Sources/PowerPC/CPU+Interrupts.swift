extension CPU {
    /// The interrupt to take now, of those in `pending`: BookE's priorities, masked by MSR.
    mutating func deliverable(_ pending: UInt32) -> Interrupt? {
        guard pending != 0 else { return nil }
        let msr = self.msr
        func has(_ interrupt: Interrupt) -> Bool { pending & interrupt.pendingBit != 0 }
        if has(.machineCheck), msr & MSR.me != 0 { return .machineCheck }
        if msr & MSR.ce != 0 {
            if has(.criticalInput) { return .criticalInput }
            if has(.watchdog) { return .watchdog }
            if has(.criticalDoorbell) { return .criticalDoorbell }
        }
        if msr & MSR.ee != 0, !isInCriticalSection {
            if has(.external) { return .external }
            if has(.fixedInterval) { return .fixedInterval }
            if has(.decrementer) { return .decrementer }
            if has(.doorbell) { return .doorbell }
        }
        return nil
    }

    /// Whether the guest asked, through its magic page, for no interrupts just now: `critical` equals r1 in supervisor
    /// state (Documentation/virt/kvm/ppc-pv.rst, "Magic page layout").
    private var isInCriticalSection: Bool {
        magicPageAddress != nil && !user && page[double: SharedPage.critical] == gpr[1]
    }

    /// Takes the exception that the instruction at ``pc`` raised; an exit if the guest cannot go on.
    mutating func raise(_ exception: PendingException) -> Exit? {
        instructions &+= 1
        if exception.interrupt == .machineCheck, msr & MSR.me == 0 { return .crash(.checkstop) }
        // A program may be at the same effective address, in user state or in the other address space.
        let mayBeHandler = !user && msr & MSR.is == 0
        if exception.interrupt != .systemCall, mayBeHandler, pc == vector(exception.interrupt) {
            return .crash(.unhandled(exception.interrupt, vector: pc))
        }
        if exception.interrupt == .dataTLBMiss {
            proposeEntry(for: exception.dataAddress, space: UInt8(dataMode >> 1))
        } else if exception.interrupt == .instructionTLBMiss {
            proposeEntry(for: pc, space: UInt8(fetchMode >> 1))
        }
        deliver(exception)
        return nil
    }

    private func vector(_ interrupt: Interrupt) -> UInt32 {
        spr[SPR.ivpr] & 0xFFFF_0000 | spr[interrupt.vectorRegister] & 0xFFF0
    }

    /// Saves the context, sets the syndrome and goes to the handler.
    mutating func deliver(_ exception: PendingException) {
        let interrupt = exception.interrupt
        counters.count(interrupt)
        let msr = self.msr
        // What each class leaves alone (EREF, interrupt definitions); everything else becomes 0.
        let kept: UInt32
        switch interrupt.saveClass {
        case .base:
            page[double: SharedPage.srr0] = pc
            page[double: SharedPage.srr1] = msr
            kept = MSR.ce | MSR.me | MSR.de | MSR.ri
        case .critical:
            spr[SPR.csrr0] = pc
            spr[SPR.csrr1] = msr
            kept = MSR.me | MSR.de | MSR.ri
        case .machineCheck:
            spr[SPR.mcsrr0] = pc
            spr[SPR.mcsrr1] = msr
            kept = 0
        }
        if interrupt.setsSyndrome { page[word: SharedPage.esr] = exception.syndrome }
        if interrupt.setsDataAddress { page[double: SharedPage.dar] = exception.dataAddress }
        let saved = pc
        pc = vector(interrupt)
        observe(
            .interrupt(
                TakenInterrupt(
                    interrupt: interrupt, savedPC: saved, savedMSR: msr, vector: pc,
                    syndrome: interrupt.setsSyndrome ? exception.syndrome : nil,
                    dataAddress: interrupt.setsDataAddress ? exception.dataAddress : nil)))
        setMSR(msr & kept)
    }
}
