/// `mfspr`, `mtspr` and `mftb`: what the SPR table says, and the registers whose reading or writing does something.
extension Book3SCPU {
    mutating func moveFromSPR(_ op: MicroOperation) -> Step {
        let number = InstructionWord(op.immediate).spr
        guard let info = Book3SSPRTable.info(number) else { return unknownSPR(number) }
        if let refusal = refuse(info) { return fault(refusal) }
        if info.isPrivileged { counters.count(op.operation) }
        let value = read(info)
        gpr[op.d] = value
        return .next
    }

    mutating func moveToSPR(_ op: MicroOperation) -> Step {
        let number = InstructionWord(op.immediate).spr
        guard let info = Book3SSPRTable.info(number) else { return unknownSPR(number) }
        if let refusal = refuse(info) { return fault(refusal) }
        if info.isPrivileged { counters.count(op.operation) }
        guard info.isWritable else { return unknownSPR(number) }
        return write(info, gpr[op.d])
    }

    mutating func moveFromTimebase(_ op: MicroOperation) -> Step {
        let number = InstructionWord(op.immediate).spr
        guard number == SPR.tbl || number == SPR.tbu, let info = Book3SSPRTable.info(number) else { return illegal() }
        let value = read(info)
        gpr[op.d] = value
        return .next
    }

    /// The exception that using a register raises in the current state.
    private mutating func refuse(_ info: Book3SSPRInfo) -> Book3SException? {
        if info.access == .hypervisor || user && info.isPrivileged { return .program(SRR1.privileged) }
        if let facility = info.facility, isUnavailable(facility) { return unavailable(facility) }
        return nil
    }

    /// An SPR that the core does not have, or that cannot be written: nothing in supervisor state, else bit 5 of the
    /// number says what kind of exception.
    private mutating func unknownSPR(_ number: Int) -> Step {
        guard user || number == 0 || number == 4 || number == 5 || number == 6 else { return .next }
        return fault(.program(number & 0x10 != 0 ? SRR1.privileged : SRR1.illegal))
    }

    /// Whether a facility must not be used now.
    func isUnavailable(_ facility: Facility) -> Bool {
        facility == .transactions || user && spr[Book3SSPR.fscr] & facility.bit == 0
    }

    /// The exception of using it all the same.
    mutating func unavailable(_ facility: Facility) -> Book3SException {
        spr[Book3SSPR.fscr] = spr[Book3SSPR.fscr] & ~(0xFF << 56) | facility.rawValue << 56
        return Book3SException(interrupt: .facilityUnavailable)
    }

    /// The value of special-purpose register `number`, or nil where supervisor state has none.
    package mutating func specialRegister(_ number: Int) -> UInt64? {
        guard let info = Book3SSPRTable.info(number), info.access != .hypervisor else { return nil }
        return read(info)
    }

    /// Sets special-purpose register `number` to `value`, as a write by the guest's supervisor would.
    package mutating func setSpecialRegister(_ number: Int, to value: UInt64) {
        guard let info = Book3SSPRTable.info(number), info.isWritable else { return }
        let before = (pc, instructions)
        _ = write(info, value)
        (pc, instructions) = before
    }

    private mutating func read(_ info: Book3SSPRInfo) -> UInt64 {
        switch info.storage {
        case .file: return spr[info.number]
        case .alias(let number): return spr[number]
        case .shared64(let offset): return page[offset]
        case .shared32(let offset): return UInt64(page[word: offset])
        case .special: break
        }
        switch info.number {
        case SPR.xer: return special.xer
        case SPR.lr: return special.lr
        case SPR.ctr: return special.ctr
        case Book3SSPR.tar: return special.tar
        case Book3SSPR.userAMR, Book3SSPR.amr: return spr[Book3SSPR.amr]
        case SPR.tbl, Book3SSPR.vtb, Book3SSPR.purr, Book3SSPR.spurr: return now
        case SPR.tbu: return now >> 32
        case SPR.dec: return UInt64(decrementer.value(at: now))
        case Book3SSPR.ppr32: return spr[Book3SSPR.ppr] >> 32
        case Book3SSPR.dpdes: return signals.pins & Interrupt.doorbell.pendingBit != 0 ? 1 : 0
        case 848: return instructions
        default: return 0
        }
    }

    private mutating func write(_ info: Book3SSPRInfo, _ value: UInt64) -> Step {
        switch info.storage {
        case .file(let mask): spr[info.number] = value & mask
        case .alias(let number):
            guard let target = Book3SSPRTable.info(number) else { break }
            return write(target, value)
        case .shared64(let offset): page[offset] = value
        case .shared32(let offset): page[word: offset] = UInt32(truncatingIfNeeded: value)
        case .special:
            switch info.number {
            case SPR.xer: special.xer = value
            case SPR.lr: special.lr = value
            case SPR.ctr: special.ctr = value
            case Book3SSPR.tar: special.tar = value
            case Book3SSPR.ppr32: spr[Book3SSPR.ppr] = value << 32 & 0x001C_0000_0000_0000
            case Book3SSPR.userAMR, Book3SSPR.amr:
                // Problem state reaches the bits that UAMOR gives it.
                let mask = user ? spr[Book3SSPR.uamor] : .max
                spr[Book3SSPR.amr] = spr[Book3SSPR.amr] & ~mask | value & mask
                data.flush()
            case SPR.dec:
                decrementer.set(UInt32(truncatingIfNeeded: value), at: now)
                requestService()
                return finish()
            default: break
            }
        }
        return .next
    }
}
