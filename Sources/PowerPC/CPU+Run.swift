internal import CHost
internal import GuestMemory

extension CPU {
    /// Runs until the machine is needed.
    public mutating func run() -> Exit {
        while true {
            if instructions >= deadline || signals.hasNews {
                if let exit = service() { return exit }
            } else if isJournalNews {
                readJournal()
            }
            if let operations = unsafe code.array(fetchMode).lookup(pc, tag: context | UInt64(pc & ~0xFFF)) {
                if let exit = unsafe interpret(operations) { return exit }
            } else if let exit = fetch() {
                return exit
            }
        }
    }

    /// Looks at everything that is not an instruction: other writers of code, timers, interrupts, the slice's end. Sets
    /// the next ``deadline``.
    mutating func service() -> Exit? {
        signals.acknowledge()
        readJournal()
        let now = self.now
        timers.catchUp(to: now)
        if timers.takeReset() { return .reset(.watchdog) }

        let pins = self.pins
        let pending = pins | timers.pending
        if magicPageAddress != nil { page[word: SharedPage.interruptPending] = pending != 0 ? 1 : 0 }
        if acknowledged {
            acknowledged = false
            wake()
            deliver(PendingException(interrupt: .external))
        } else if let interrupt = deliverable(pending) {
            if interrupt == .external, signals.externalProxy { return .acknowledge }
            wake()
            // A message is consumed by taking its interrupt.
            if interrupt == .doorbell || interrupt == .criticalDoorbell { signals.setPin(interrupt, asserted: false) }
            deliver(PendingException(interrupt: interrupt))
        } else {
            switch waiting {
            case .no: break
            case .forPending where pending != 0: wake()
            case .forPending, .forDelivery:
                observe(.waits)
                return .idle
            }
        }

        if instructions >= sliceEnd || signals.wantsLeave { return .sliceEnd }
        deadline = sliceEnd
        if magicPageAddress != nil, pending != 0 {
            // The guest may enable interrupts by a plain store, which nothing tells us of.
            deadline = instructions + 1
        } else if time.hostTicks == nil, let event = timers.nextEvent(after: now) {
            deadline = min(sliceEnd, instructions &+ max(event &- now, 1))
        }
        return nil
    }

    /// Ends the wait for an interrupt, if there is one.
    private mutating func wake() {
        guard waiting != .no else { return }
        waiting = .no
        observe(.wakes)
    }

    /// Whether others did something to code since ``readJournal()``.
    var isJournalNews: Bool {
        @inline(__always) get { unsafe journalPosition != host_load_acquire_u64(journalCounter) }
    }

    /// Catches up with what others did to pages of which this vCPU holds code or fast translations.
    mutating func readJournal() {
        guard isJournalNews else { return }
        var position = journalPosition
        let forgets = cache.readJournal(from: &position, by: index, stores: data)
        journalPosition = position
        if forgets { code.flush() }
    }

    /// Forgets the code of a page because of a write that this vCPU did not see, and tells the others.
    mutating func announceWrite(toPage page: Int) {
        if cache.forget(page: page) { code.flush() }
        memory.codeJournal.append(.written(page: page), by: index)
    }

    /// Translates ``pc`` and makes its page's predecoded operations reachable, or takes the exception.
    mutating func fetch() -> Exit? {
        guard let location = find(pc, space: UInt8(fetchMode >> 1)) else {
            return raise(PendingException(interrupt: .instructionTLBMiss))
        }
        let entry = tlb[location]
        let access = AccessKind(purpose: .execute, user: user, space: entry.space)
        guard entry.permissions & access.permission != 0 else {
            return raise(PendingException(interrupt: .instructionStorage))
        }
        let real = entry.translate(pc)
        var isNew = false
        guard real < memory.ram.size,
            let operations = unsafe cache.operations(ofPage: Int(real / GuestMemory.pageSize), isNew: &isNew)
        else { return raise(PendingException(interrupt: .machineCheck)) }
        let page = Int(real / GuestMemory.pageSize)
        // Alone, the vCPU gets no direct writes to a page that is code already.
        if isNew || sharesMemory { _ = data.denyWrites(toHostPage: cache.hostPage(page)) }
        if isNew {
            counters.countCodePage()
            if sharesMemory { memory.codeJournal.append(.becameCode(page: page), by: index) }
        }
        if debug.marksCode { unsafe markCode(operations) }
        unsafe code.array(fetchMode).set(pc, tag: context | UInt64(pc & ~0xFFF), operations: operations)
        return nil
    }
}
