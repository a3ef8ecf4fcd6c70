/// `mfspr`, `mtspr` and `mftb`: what the SPR table says, and the registers whose reading or writing does something.
extension CPU {
    mutating func moveFromSPR(_ op: MicroOperation) -> Step {
        if let kind = SPRInfo.PlaceKind(rawValue: op.a), kind != .none {
            guard mayMove(op) else { return fault(PendingException(interrupt: .program, syndrome: ESR.privileged)) }
            let word = unsafe registers.load(fromByteOffset: place(op), as: UInt32.self)
            gpr[op.d] = kind == .host ? word : word.bigEndian
            return .next
        }
        let number = InstructionWord(op.immediate).spr
        guard let info = SPRTable.info(number, on: model.core) else { return unknownSPR(number) }
        if info.isPrivileged {
            if user { return fault(PendingException(interrupt: .program, syndrome: ESR.privileged)) }
            counters.count(op.operation)
        }
        guard let value = readSpecial(number) else { return illegal() }
        gpr[op.d] = value
        return .next
    }

    mutating func moveToSPR(_ op: MicroOperation) -> Step {
        if let kind = SPRInfo.PlaceKind(rawValue: op.a), kind != .none {
            guard mayMove(op) else { return fault(PendingException(interrupt: .program, syndrome: ESR.privileged)) }
            let place = place(op)
            let value = gpr[op.d]
            unsafe registers.storeBytes(
                of: kind == .host ? value : value.bigEndian, toByteOffset: place, as: UInt32.self)
            if kind == .bigEndianLow { unsafe registers.storeBytes(of: 0, toByteOffset: place - 4, as: UInt32.self) }
            return .next
        }
        let number = InstructionWord(op.immediate).spr
        guard let info = SPRTable.info(number, on: model.core) else { return unknownSPR(number) }
        if info.isPrivileged {
            if user { return fault(PendingException(interrupt: .program, syndrome: ESR.privileged)) }
            counters.count(op.operation)
        }
        guard info.isWritable else { return illegal() }
        let value = gpr[op.d]
        switch info.storage {
        case .file(let mask): spr[number] = value & mask
        case .special: return writeSpecial(number, value)
        case .shared64, .shared32, .sharedAlias64: return illegal()
        }
        return .next
    }

    /// Where the register is that a move with a place names: the decoder took it from the table of SPRs.
    private func place(_ op: MicroOperation) -> Int { Int(Int32(bitPattern: op.immediate)) }

    /// Whether the guest's state allows a move with a place, which is counted then.
    private func mayMove(_ op: MicroOperation) -> Bool {
        guard op.b != 0 else { return true }
        if user { return false }
        counters.count(op.operation)
        return true
    }

    mutating func moveFromTimebase(_ op: MicroOperation) -> Step {
        let number = InstructionWord(op.immediate).spr
        guard number == SPR.tbl || number == SPR.tbu, let value = readSpecial(number) else { return illegal() }
        gpr[op.d] = value
        return .next
    }

    /// An SPR that the core does not have: bit 5 of the number says whether user state may name it.
    private mutating func unknownSPR(_ number: Int) -> Step {
        observe(.unknownRegister(number: number, address: pc))
        let syndrome = user && number & 0x10 != 0 ? ESR.privileged : ESR.illegal
        return fault(PendingException(interrupt: .program, syndrome: syndrome))
    }

    mutating func readSpecial(_ number: Int) -> UInt32? {
        switch number {
        case SPR.xer: return special.xer
        case SPR.lr: return special.lr
        case SPR.ctr: return special.ctr
        case SPR.tbl, SPR.atbl: return UInt32(truncatingIfNeeded: timers.timebase(at: now))
        case SPR.tbu, SPR.atbu: return UInt32(truncatingIfNeeded: timers.timebase(at: now) >> 32)
        case SPR.dec: return timers.decrementer(at: now)
        case SPR.decar: return timers.decrementerReload
        case SPR.tsr: return timers.status(at: now)
        case SPR.tcr: return timers.tcr
        case SPR.pid0, SPR.pid1, SPR.pid2, SPR.mcsr, SPR.dbsr, SPR.dbcr0, SPR.mmucsr0: return spr[number]
        default: return nil
        }
    }

    mutating func writeSpecial(_ number: Int, _ value: UInt32) -> Step {
        let now = self.now
        switch number {
        case SPR.xer: special.xer = value
        case SPR.lr: special.lr = value
        case SPR.ctr: special.ctr = value
        case SPR.tblWrite:
            timers.setTimebase(timers.timebase(at: now) & ~0xFFFF_FFFF | UInt64(value), at: now)
            return timerChanged()
        case SPR.tbuWrite:
            timers.setTimebase(timers.timebase(at: now) & 0xFFFF_FFFF | UInt64(value) << 32, at: now)
            return timerChanged()
        case SPR.dec:
            timers.setDecrementer(value, at: now)
            return timerChanged()
        case SPR.decar:
            timers.setReload(value, at: now)
        case SPR.tsr:
            timers.clearStatus(value, at: now)
            return timerChanged()
        case SPR.tcr:
            timers.setControl(value, at: now)
            return timerChanged()
        case SPR.pid0, SPR.pid1, SPR.pid2:
            setProcess(number, to: value)
            observe(.process(number: number == SPR.pid0 ? 0 : number - SPR.pid1 + 1, value: spr[number]))
            return finish()
        case SPR.mcsr, SPR.dbsr:
            // Ones clear.
            spr[number] = spr[number] & ~value
        case SPR.dbcr0:
            spr[number] = value
            if value & 0x4FFF_FFFF != 0 { observe(.unimplemented(.debugEvents, address: pc)) }
            if value & 0x3000_0000 != 0 {
                _ = finish()
                return .exit(.reset(.debugControl))
            }
        case SPR.mmucsr0:
            // The flash invalidates finish at once, and the bits read as zero.
            if value & 4 != 0 { tlb.invalidateAll(tlb1: false) }
            if value & 2 != 0 { tlb.invalidateAll(tlb1: true) }
            flushTranslations()
            return finish()
        default: return illegal()
        }
        return .next
    }

    private mutating func timerChanged() -> Step {
        requestService()
        return finish()
    }
}
