extension Book3SCPU {
    /// Whether the guest asked, through its magic page, for no interrupts just now: `critical` equals r1 in supervisor
    /// state (Documentation/virt/kvm/ppc-pv.rst, "Magic page layout").
    private var isInCriticalSection: Bool {
        guard magicPage != nil, !user else { return false }
        return page[SharedPage.critical] & addressMask == gpr[1] & addressMask
    }

    /// The interrupt to take now, of those that wait for MSR[EE].
    func deliverable(decrementer: Bool) -> Book3SInterrupt? {
        let pins = signals.pins
        guard pins != 0 || decrementer, msr & MSR64.ee != 0, !isInCriticalSection else { return nil }
        if pins & Interrupt.external.pendingBit != 0 { return .external }
        if decrementer { return .decrementer }
        if pins & Interrupt.doorbell.pendingBit != 0 { return .doorbell }
        return nil
    }

    /// Takes the exception that the instruction at ``pc`` raised; an exit if the guest cannot go on.
    mutating func raise(_ exception: Book3SException) -> Exit? {
        instructions &+= 1
        if exception.interrupt == .machineCheck, msr & MSR64.me == 0 { return .crash(.checkstop) }
        if exception.interrupt != .systemCall, pc == vector(exception.interrupt), mayBeHandler(of: exception.interrupt)
        {
            return .crash(.unhandledServer(exception.interrupt, vector: pc))
        }
        deliver(exception)
        return nil
    }

    /// Whether the vCPU executes as the handler of an interrupt does. A program may be at the same effective address.
    private func mayBeHandler(of interrupt: Book3SInterrupt) -> Bool {
        !user && Book3SMode.isRelocated(fetchMode) == isAlternate(interrupt)
    }

    /// Whether the interrupt is taken with translation on, at its other place.
    private func isAlternate(_ interrupt: Book3SInterrupt) -> Bool {
        guard alternateInterruptLocation >= 2, interrupt != .machineCheck, interrupt != .systemReset else {
            return false
        }
        return msr & (MSR64.ir | MSR64.dr) == MSR64.ir | MSR64.dr
    }

    private func vector(_ interrupt: Book3SInterrupt) -> UInt64 {
        guard isAlternate(interrupt) else { return interrupt.vector }
        return interrupt.vector | (alternateInterruptLocation == 2 ? 0x1_8000 : 0xC000_0000_0000_4000)
    }

    /// Saves the context, sets the syndrome and goes to the handler.
    mutating func deliver(_ exception: Book3SException) {
        let interrupt = exception.interrupt
        counters.count(interrupt)
        let msr = self.msr
        page[SharedPage.srr0] = pc & addressMask
        page[SharedPage.srr1] = msr & ~SRR1.reasons | exception.reason
        if interrupt.setsSyndrome { page[word: SharedPage.dsisr] = exception.syndrome }
        if interrupt.setsDataAddress { page[SharedPage.dar] = exception.dataAddress }
        let relocation = isAlternate(interrupt) ? MSR64.ir | MSR64.dr : 0
        let kept = interrupt == .machineCheck ? 0 : msr & MSR64.me
        pc = vector(interrupt)
        setMSR(MSR64.sf | kept | relocation | (takesInterruptsLittleEndian ? MSR64.le : 0))
    }
}
