internal import CHost
internal import GuestMemory

extension Book3SCPU {
    /// Runs until the machine is needed.
    public mutating func run() -> Exit {
        while true {
            if instructions >= deadline || signals.hasNews {
                if let exit = service() { return exit }
            } else if isJournalNews {
                readJournal()
            }
            if let operations = unsafe code.array(fetchMode).lookup(pc) {
                if let exit = unsafe interpret(operations) { return exit }
            } else if let exit = fetch() {
                return exit
            }
        }
    }

    /// Looks at everything that is not an instruction: other writers of code, the decrementer, interrupts, the slice's
    /// end. Sets the next ``deadline``.
    mutating func service() -> Exit? {
        signals.acknowledge()
        readJournal()
        let now = self.now
        let isDue = decrementer.isPending(at: now)
        isDecrementerDue = isDue
        let isPending = isDue || signals.pins != 0
        if magicPage != nil { page[word: SharedPage.interruptPending] = isPending ? 1 : 0 }
        let isProdded = signals.takeProd()
        switch waiting {
        case .no: break
        case .forPending where isPending || isProdded: waiting = .no
        case .forPending, .stopped: return .idle
        }
        if let interrupt = deliverable(decrementer: isDue) {
            // A message is consumed by taking its interrupt.
            if interrupt == .doorbell { signals.setPin(.doorbell, asserted: false) }
            deliver(Book3SException(interrupt: interrupt))
        }

        if instructions >= sliceEnd || signals.wantsLeave { return .sliceEnd }
        deadline = sliceEnd
        if magicPage != nil, isPending {
            // The guest may enable interrupts by a plain store, which nothing tells us of.
            deadline = instructions + 1
        } else if time.hostTicks == nil, let event = decrementer.nextEvent(after: now) {
            deadline = min(sliceEnd, instructions &+ max(event &- now, 1))
        }
        return nil
    }

    /// Whether others did something to code since ``readJournal()``.
    var isJournalNews: Bool {
        @inline(__always) get { unsafe journalPosition != host_load_acquire_u64(journalCounter) }
    }

    /// Catches up with what others did to pages of which this vCPU holds code or fast translations.
    mutating func readJournal() {
        guard isJournalNews else { return }
        if cache.readJournal(from: &journalPosition, by: index, stores: data) { code.flush() }
    }

    /// Forgets the code of a page because of a write that this vCPU did not see, and tells the others.
    mutating func announceWrite(toPage page: Int) {
        if cache.forget(page: page) { code.flush() }
        memory.codeJournal.append(.written(page: page), by: index)
    }

    /// Translates ``pc`` and makes its page's predecoded operations reachable, or takes the exception.
    mutating func fetch() -> Exit? {
        pc &= addressMask
        let real: UInt64
        switch translate(pc, for: .fetch) {
        case .translated(let translation): real = translation.real
        case .noSegment:
            return raise(Book3SException(interrupt: .instructionSegment))
        case .fault(let reason):
            return raise(Book3SException(interrupt: .instructionStorage, reason: UInt64(reason)))
        }
        var isNew = false
        guard real < memory.ram.size,
            let operations = unsafe cache.operations(
                ofPage: Int(real / GuestMemory.pageSize), littleEndian: isLittleEndian, isNew: &isNew)
        else { return raise(Book3SException(interrupt: .machineCheck)) }
        let page = Int(real / GuestMemory.pageSize)
        // Alone, the vCPU gets no direct writes to a page that is code already.
        if isNew || sharesMemory { _ = data.denyWrites(toHostPage: cache.hostPage(page)) }
        if isNew {
            counters.countCodePage()
            if sharesMemory { memory.codeJournal.append(.becameCode(page: page), by: index) }
        }
        unsafe code.set(pc, mode: fetchMode, operations: operations)
        return nil
    }

    /// Where an access of the current mode goes.
    func translate(_ effective: UInt64, for access: StorageAccess) -> HashTranslationResult {
        let relocated = Book3SMode.isRelocated(access == .fetch ? fetchMode : dataMode)
        guard relocated else {
            // Real mode ignores the upper four bits.
            return .translated(
                HashTranslation(real: effective & 0x0FFF_FFFF_FFFF_FFFF, shift: 12, rights: .all, attributes: 0))
        }
        return pageTable.translate(
            effective, for: access, segments: segments,
            HashTranslationContext(isProblemState: user, authorityMask: spr[Book3SSPR.amr]))
    }
}
