/// The TLB instructions, which work on the MAS registers (EREF, chapter 5), and translation's view of the TLB.
extension CPU {
    /// The TLB entry that maps `address` in `space` for the current processes.
    @inline(__always)
    func find(_ address: UInt32, space: UInt8) -> TLB.Location? {
        let (pid0, pid1, pid2) = (spr[SPR.pid0], spr[SPR.pid1], spr[SPR.pid2])
        return tlb.find(address, space: space) { process in
            process == 0 || UInt32(process) == pid0 || UInt32(process) == pid1 || UInt32(process) == pid2
        }
    }

    /// Forgets every fast translation.
    func flushTranslations() {
        data.flush()
        code.flush()
    }

    /// Forgets the fast translations that `entry` may have made.
    private func flushTranslations(of entry: TLBEntry) {
        guard entry.valid != 0 else { return }
        if entry.sizeCode == 1 {
            data.flush(page: entry.effective)
            code.flush(page: entry.effective)
        } else {
            flushTranslations()
        }
    }

    private var location: TLB.Location {
        tlb.location(mas0: page[word: SharedPage.mas0], effective: page[double: SharedPage.mas2])
    }

    mutating func writeTLB() {
        let location = self.location
        flushTranslations(of: tlb[location])
        let entry = TLBEntry(
            mas1: page[word: SharedPage.mas1], mas2: page[double: SharedPage.mas2],
            mas3: page[word: SharedPage.mas3], mas7: page[word: SharedPage.mas7], isTLB1: location.isTLB1)
        tlb[location] = entry
        flushTranslations(of: entry)
        observe(.tlbWrite(TranslationReport(entry, at: location, ways: tlb.ways)))
        if !location.isTLB1 { nextVictim = MAS.victim(page[word: SharedPage.mas0]) }
    }

    mutating func readTLB() {
        let location = self.location
        show(tlb[location])
        let mas0 = page[word: SharedPage.mas0]
        page[word: SharedPage.mas0] = mas0 & ~0xFFF | (location.isTLB1 ? 0 : nextVictim)
    }

    private func show(_ entry: TLBEntry) {
        page[word: SharedPage.mas1] = entry.mas1
        page[double: SharedPage.mas2] = entry.mas2
        page[word: SharedPage.mas3] = entry.mas3
        page[word: SharedPage.mas7] = entry.mas7
    }

    /// `tlbsx`: searches with the process and address space of MAS6.
    mutating func searchTLB(_ address: UInt32) {
        let mas6 = page[word: SharedPage.mas6]
        let searched = MAS.process(mas6)
        let space = UInt8(mas6 & 1)
        let hit = tlb.find(address, space: space) { $0 == 0 || $0 == searched }
        guard let hit else {
            propose(address, mas1: UInt32(searched) << 16 | (space != 0 ? MAS.mas1Space : 0))
            page[double: SharedPage.mas2] = page[double: SharedPage.mas2] & ~MAS.mas2Page
            return
        }
        show(tlb[hit])
        page[word: SharedPage.mas0] =
            (hit.isTLB1 ? MAS.mas0Select1 : 0) | UInt32(hit.entry) << 16 | (hit.isTLB1 ? 0 : nextVictim)
    }

    /// Sets the MAS registers on a TLB miss, so that the handler has only MAS3 and MAS7 to fill in.
    mutating func proposeEntry(for address: UInt32, space: UInt8) {
        let mas4 = page[word: SharedPage.mas4]
        // MAS4[TIDSELD] names the process register whose value becomes the default; 3 stands for process 0.
        let process: UInt32 =
            switch mas4 >> 16 & 3 {
            case 0: spr[SPR.pid0]
            case 1: spr[SPR.pid1]
            case 2: spr[SPR.pid2]
            default: 0
            }
        let spaceBit = space != 0 ? MAS.mas1Space : 0
        propose(address, mas1: MAS.mas1Valid | process << 16 | spaceBit)
        page[word: SharedPage.mas6] = spr[SPR.pid0] << 16 | UInt32(space)
    }

    /// The MAS registers for a new entry: array, size and attributes from MAS4, the next victim's way, no permissions.
    private mutating func propose(_ address: UInt32, mas1: UInt32) {
        let mas4 = page[word: SharedPage.mas4]
        var mas0 = mas4 & MAS.mas0SelectMask
        if mas0 & MAS.mas0SelectMask == 0 {
            let victim = nextVictim
            nextVictim = (victim + 1) & UInt32(tlb.ways - 1)
            mas0 |= victim << 16 | nextVictim
        }
        page[word: SharedPage.mas0] = mas0
        page[word: SharedPage.mas1] = mas1 | mas4 & 0xF00
        page[double: SharedPage.mas2] = address & MAS.mas2Page | mas4 & MAS.mas2Attributes
        page[word: SharedPage.mas3] = 0
        page[word: SharedPage.mas7] = 0
    }

    /// `tlbivax`: bit 61 of the operand asks for all entries, bit 60 names TLB1.
    mutating func invalidate(operand: UInt32) {
        observe(.tlbInvalidate(operand: operand))
        let tlb1 = operand & 8 != 0
        if operand & 4 != 0 {
            tlb.invalidateAll(tlb1: tlb1)
        } else {
            tlb.invalidate(operand & MAS.mas2Page, tlb1: tlb1)
        }
        if operand & 4 != 0 || tlb1 {
            flushTranslations()
        } else {
            data.flush(page: operand)
            code.flush(page: operand)
        }
    }

    /// `tlbilx`: invalidates in this core alone, everything, the process of MAS6, or a page of whatever process. False
    /// where there is no such kind.
    mutating func invalidateLocally(kind: UInt8, _ address: UInt32) -> Bool {
        switch kind {
        case 0:
            tlb.invalidateAll(tlb1: false)
            tlb.invalidateAll(tlb1: true)
        case 1:
            tlb.invalidate(process: MAS.process(page[word: SharedPage.mas6]))
        case 3:
            tlb.invalidate(address, tlb1: false)
            tlb.invalidate(address, tlb1: true)
        default: return false
        }
        flushTranslations()
        return true
    }
}
