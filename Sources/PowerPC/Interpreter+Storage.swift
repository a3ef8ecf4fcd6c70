internal import CHost
internal import GuestMemory

/// What a direct access needs: the translations of the current mode, and the tag part of the current processes.
struct DirectAccess {
    let array: DataTranslationArray
    let context: UInt64
}

/// Loads and stores: the direct path through the software TLB, and the road around it.
extension CPU {
    /// The value at `address`, or nil with ``stop`` saying why not.
    ///
    /// An access is direct when it is aligned, and its page's tag matches.
    @inline(__always)
    mutating func load<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type, _ address: UInt32, _ direct: DirectAccess
    ) -> T? {
        let entry = direct.array[address]
        if entry.read == direct.context | UInt64(address & (~0xFFF | UInt32(MemoryLayout<T>.size - 1))) {
            // SAFETY: the tag vouches for the whole page, and an aligned access does not leave it.
            return unsafe T(
                bigEndian: HostAccess.load(
                    T.self, UnsafeRawPointer(bitPattern: entry.offset &+ UInt(address)).unsafelyUnwrapped))
        }
        return loadSlowly(address, MemoryLayout<T>.size).map { T(truncatingIfNeeded: $0) }
    }

    /// Stores `value` at `address`. False with ``stop`` saying why the interpreter cannot just go on.
    @inline(__always)
    mutating func store<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ value: T, _ address: UInt32, _ direct: DirectAccess
    ) -> Bool {
        let entry = direct.array[address]
        if entry.write == direct.context | UInt64(address & (~0xFFF | UInt32(MemoryLayout<T>.size - 1))) {
            // SAFETY: the tag vouches for the whole page, and an aligned access does not leave it.
            unsafe HostAccess.store(
                value.bigEndian, UnsafeMutableRawPointer(bitPattern: entry.offset &+ UInt(address)).unsafelyUnwrapped)
            return true
        }
        return storeSlowly(UInt64(value), address, MemoryLayout<T>.size)
    }

    /// Where an effective address leads.
    @safe private enum Place {
        case memory(UnsafeMutableRawPointer, littleEndian: Bool, code: UInt64?)
        case device(UInt64)
    }

    /// Translates a data access within one page, and remembers the translation where later accesses may use it directly.
    /// Nil with ``stop`` set when it raised an exception.
    ///
    /// The access is `width` bytes wide, as far as it lies in the page; 0 for one that only asks.
    private mutating func place(_ address: UInt32, width: Int, writes: Bool) -> Place? {
        if debug.watches, isWatched(address, width: width, writes: writes) { return nil }
        let tag = context | UInt64(address & ~0xFFF)
        if data.array(dataMode)[address].read != tag { counters.countRefill() }
        if let magic = magicPageAddress, !user, address & ~0xFFF == magic {
            let host = unsafe UInt(bitPattern: page.base)
            if !debug.watchesPage(address) {
                data.array(dataMode)[address] = DataTranslations.Entry(
                    read: tag, write: tag, offset: host &- UInt(address & ~0xFFF))
            }
            return unsafe .memory(page.base + Int(address & 0xFFF), littleEndian: false, code: nil)
        }
        guard let location = find(address, space: UInt8(dataMode >> 1)) else {
            stop = .exception(
                PendingException(
                    interrupt: .dataTLBMiss, syndrome: writes ? ESR.store : 0, dataAddress: address))
            return nil
        }
        let entry = tlb[location]
        let reading = AccessKind(purpose: .read, user: user, space: entry.space).permission
        let writing = AccessKind(purpose: .write, user: user, space: entry.space).permission
        guard entry.permissions & (writes ? writing : reading) != 0 else {
            stop = .exception(
                PendingException(interrupt: .dataStorage, syndrome: writes ? ESR.store : 0, dataAddress: address))
            return nil
        }
        let real = entry.translate(address)
        guard let pointer = unsafe memory.hostPointer(at: real, count: 1) else { return .device(real) }
        let isCode = memory.isCode(page: Int(real / GuestMemory.pageSize))
        let littleEndian = entry.attributes & MAS.littleEndian != 0
        if !littleEndian, !debug.watchesPage(address) {
            let host = UInt(bitPattern: pointer) & ~0xFFF
            data.array(dataMode)[address] = DataTranslations.Entry(
                read: entry.permissions & reading != 0 ? tag : SoftwareTLB.noTag,
                write: entry.permissions & writing != 0 && !isCode ? tag : SoftwareTLB.noTag,
                offset: host &- UInt(address & ~0xFFF))
        }
        return unsafe .memory(pointer, littleEndian: littleEndian, code: isCode ? real : nil)
    }

    /// A load that is not direct: not translated yet, unaligned, little-endian, or from a device.
    @inline(never)
    mutating func loadSlowly(_ address: UInt32, _ width: Int) -> UInt64? {
        if Int(address & 0xFFF) + width > 0x1000 { return loadAcrossPages(address, width) }
        guard let place = place(address, width: width, writes: false) else { return nil }
        switch place {
        case .device(let real):
            stop = .deviceRead(address: real, width: width, effective: address)
            return nil
        case .memory(let pointer, let littleEndian, _):
            let value = unsafe HostAccess.load(pointer, width: width)
            return littleEndian ? value.byteSwapped >> UInt64(64 - 8 * width) : value
        }
    }

    /// A store that is not direct. False with ``stop`` set.
    @inline(never)
    mutating func storeSlowly(_ value: UInt64, _ address: UInt32, _ width: Int) -> Bool {
        if Int(address & 0xFFF) + width > 0x1000 { return storeAcrossPages(value, address, width) }
        guard let place = place(address, width: width, writes: true) else { return false }
        switch place {
        case .device(let real):
            stop = .deviceWrite(address: real, width: width, value: value, effective: address)
            return false
        case .memory(let pointer, let littleEndian, let code):
            let ordered = littleEndian ? value.byteSwapped >> UInt64(64 - 8 * width) : value
            unsafe HostAccess.store(ordered, pointer, width: width)
            guard let code else { return true }
            noteCodeStore(at: code, count: width)
            stop = .codeChanged(effective: address)
            return false
        }
    }

    /// Tells everybody who holds predecoded code that `count` bytes at real address `real` changed.
    private mutating func noteCodeStore(at real: UInt64, count: Int) {
        if cache.noteStore(at: real, count: count) { code.flush() }
        if sharesMemory {
            let number = memory.codeJournal.append(.written(page: Int(real / GuestMemory.pageSize)), by: index)
            // The writer has already taken note of its own event, unless there are others before it.
            if let number, number == journalPosition { journalPosition = number + 1 }
        }
    }

    private mutating func loadAcrossPages(_ address: UInt32, _ width: Int) -> UInt64? {
        var value: UInt64 = 0
        for byte in 0..<width {
            guard let next = loadSlowly(address &+ UInt32(byte), 1) else {
                turnDeviceIntoAlignment(address)
                return nil
            }
            value = value << 8 | next
        }
        return value
    }

    private mutating func storeAcrossPages(_ value: UInt64, _ address: UInt32, _ width: Int) -> Bool {
        // Both pages have to take the store before either changes. A fault names the first byte that has no place.
        let secondPage = (address &+ UInt32(width - 1)) & ~0xFFF
        let firstPart = 0x1000 - Int(address & 0xFFF)
        for (start, part) in [(address, firstPart), (secondPage, width - firstPart)] {
            guard let place = place(start, width: part, writes: true) else { return false }
            if case .device = place {
                stop = .exception(
                    PendingException(interrupt: .alignment, syndrome: ESR.store, dataAddress: address))
                return false
            }
        }
        var codeChanged = false
        for byte in 0..<width {
            let part = value >> UInt64(8 * (width - 1 - byte)) & 0xFF
            if !storeSlowly(part, address &+ UInt32(byte), 1) { codeChanged = true }
        }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    /// An access of several parts cannot stop halfway for a device: the core raises an alignment interrupt instead.
    private mutating func turnDeviceIntoAlignment(_ address: UInt32) {
        switch stop {
        case .deviceRead:
            stop = .exception(PendingException(interrupt: .alignment, dataAddress: address))
        case .deviceWrite:
            stop = .exception(PendingException(interrupt: .alignment, syndrome: ESR.store, dataAddress: address))
        case .none, .exception, .codeChanged, .watchpoint: break
        }
    }

    // MARK: - Multiple and string accesses

    private func effectiveAddress(_ op: MicroOperation) -> UInt32 {
        switch op.operation {
        case .lmw, .stmw: gpr[op.a] &+ op.immediate
        case .lswi, .stswi: gpr[op.a]
        default: gpr[op.a] &+ gpr[op.b]
        }
    }

    /// Raises an alignment interrupt unless `address` is a multiple of 4.
    private mutating func requireWordAlignment(_ address: UInt32, stores: Bool) -> Bool {
        if address & 3 == 0 { return true }
        stop = .exception(
            PendingException(interrupt: .alignment, syndrome: stores ? ESR.store : 0, dataAddress: address))
        return false
    }

    mutating func loadMultiple(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        guard requireWordAlignment(address, stores: false) else { return false }
        var next = address
        for register in op.d...31 {
            guard let value = loadSlowly(next, 4) else {
                turnDeviceIntoAlignment(address)
                return false
            }
            gpr[register] = UInt32(truncatingIfNeeded: value)
            next &+= 4
        }
        return true
    }

    mutating func storeMultiple(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        guard requireWordAlignment(address, stores: true) else { return false }
        var codeChanged = false
        var next = address
        for register in op.d...31 {
            guard storePart(UInt64(gpr[register]), next, 4, codeChanged: &codeChanged) else {
                turnDeviceIntoAlignment(address)
                return false
            }
            next &+= 4
        }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    /// One part of a store of several; one that only changed code is done.
    private mutating func storePart(_ value: UInt64, _ address: UInt32, _ width: Int, codeChanged: inout Bool) -> Bool {
        if storeSlowly(value, address, width) { return true }
        guard case .codeChanged = stop else { return false }
        stop = .none
        codeChanged = true
        return true
    }

    /// How many bytes a string instruction moves.
    private func stringCount(_ op: MicroOperation) -> Int {
        switch op.operation {
        case .lswi, .stswi: op.b == 0 ? 32 : Int(op.b)
        default: Int(special.stringCount)
        }
    }

    mutating func loadString(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        for byte in 0..<stringCount(op) {
            guard let value = loadSlowly(address &+ UInt32(byte), 1) else {
                turnDeviceIntoAlignment(address)
                return false
            }
            let register = (op.d &+ UInt8(byte / 4)) & 31
            if byte % 4 == 0 { gpr[register] = 0 }
            gpr[register] = gpr[register] | UInt32(truncatingIfNeeded: value) << (24 - 8 * UInt32(byte % 4))
        }
        return true
    }

    mutating func storeString(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        var codeChanged = false
        for byte in 0..<stringCount(op) {
            let register = (op.d &+ UInt8(byte / 4)) & 31
            let value = UInt64(gpr[register] >> (24 - 8 * UInt32(byte % 4)) & 0xFF)
            guard storePart(value, address &+ UInt32(byte), 1, codeChanged: &codeChanged) else {
                turnDeviceIntoAlignment(address)
                return false
            }
        }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    // MARK: - Order, reservations and cache lines

    /// Puts all accesses before it in order with those after it, as other vCPUs see them.
    @inline(never)
    func fence() { host_fence() }

    mutating func loadReserve(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        guard requireWordAlignment(address, stores: false) else { return false }
        guard let place = place(address, width: 4, writes: false) else { return false }
        switch place {
        case .device:
            stop = .exception(PendingException(interrupt: .dataStorage, dataAddress: address))
            return false
        case .memory(let pointer, let littleEndian, _):
            let value = unsafe host_load_u32(pointer)
            gpr[op.d] = littleEndian ? value : value.byteSwapped
            reservation = unsafe reserved(pointer)
            reservedValue = value
            return true
        }
    }

    mutating func storeConditional(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        guard requireWordAlignment(address, stores: true) else { return false }
        guard let place = place(address, width: 4, writes: true) else { return false }
        switch place {
        case .device:
            stop = .exception(
                PendingException(interrupt: .dataStorage, syndrome: ESR.store, dataAddress: address))
            return false
        case .memory(let pointer, let littleEndian, let code):
            let value = littleEndian ? gpr[op.d] : gpr[op.d].byteSwapped
            let stores = unsafe reservation == reserved(pointer) && replaceReserved(pointer, by: value)
            reservation = 0
            cr[0] = (stores ? ConditionFields.equal : 0) | special.summaryOverflow
            guard stores else { return true }
            guard let code else { return true }
            noteCodeStore(at: code, count: 4)
            stop = .codeChanged(effective: address)
            return false
        }
    }

    /// What ``CPU/reservation`` is for a word at `pointer`: its granule, which nobody else writes to meanwhile, or where
    /// vCPUs share the memory the word alone, whose value tells.
    private func reserved(_ pointer: UnsafeMutableRawPointer) -> UInt {
        UInt(bitPattern: pointer) & reservationMask
    }

    /// Stores `value` where `lwarx` looked. False where another vCPU has changed the word: with the same value written
    /// back, nobody can tell.
    private func replaceReserved(_ pointer: UnsafeMutableRawPointer, by value: UInt32) -> Bool {
        if sharesMemory { return unsafe host_compare_exchange_u32(pointer, reservedValue, value) != 0 }
        unsafe host_store_u32(pointer, value)
        return true
    }

    /// `dcbz`: a line of zeros.
    @inline(never)
    mutating func zeroLine(_ op: MicroOperation, _ direct: DirectAccess) -> Bool {
        let address = (gpr[op.a] &+ gpr[op.b]) & ~(model.cacheLineSize - 1)
        let entry = direct.array[address]
        if entry.write == direct.context | UInt64(address & ~0xFFF) {
            // SAFETY: the tag vouches for the whole page, and a line does not leave it.
            unsafe HostAccess.zero(
                UnsafeMutableRawPointer(bitPattern: entry.offset &+ UInt(address)).unsafelyUnwrapped,
                count: Int(model.cacheLineSize))
            return true
        }
        guard let place = place(address, width: Int(model.cacheLineSize), writes: true) else { return false }
        switch place {
        case .device:
            stop = .exception(PendingException(interrupt: .alignment, syndrome: ESR.store, dataAddress: address))
            return false
        case .memory(let pointer, _, let code):
            unsafe HostAccess.zero(pointer, count: Int(model.cacheLineSize))
            guard let code else { return true }
            noteCodeStore(at: code, count: Int(model.cacheLineSize))
            stop = .codeChanged(effective: address)
            return false
        }
    }

    /// Raises what a load from the operand of a cache instruction would raise. True when it raised nothing.
    mutating func touch(_ address: UInt32) -> Bool { place(address, width: 0, writes: false) != nil }

    /// What `icbi` finds.
    enum CodePlace {
        /// A page of RAM that some vCPU has executed.
        case code(page: Int)
        /// Anything else.
        case other
    }

    /// Translates the operand of `icbi`; nil with ``stop`` set when that raised an exception.
    mutating func codePlace(_ address: UInt32) -> CodePlace? {
        guard let place = place(address, width: 0, writes: false) else { return nil }
        guard case .memory(_, _, let real?) = place else { return .other }
        return .code(page: Int(real / GuestMemory.pageSize))
    }

    // MARK: - Accesses that stopped

    /// Carries on after a storage access of `op` at ``pc`` stopped.
    mutating func finishStop(_ op: MicroOperation) -> Exit? {
        let stopped = stop
        stop = .none
        switch stopped {
        case .none:
            return nil
        case .exception(let exception):
            return raise(exception)
        case .deviceRead(let address, let width, let effective):
            pendingLoad = PendingLoad(operation: op, effective: effective)
            pc &+= 4
            instructions &+= 1
            return .deviceRead(address: address, width: width)
        case .deviceWrite(let address, let width, let value, let effective):
            finishStore(op, effective: effective)
            return .deviceWrite(address: address, width: width, value: value)
        case .codeChanged(let effective):
            finishStore(op, effective: effective)
            return nil
        case .watchpoint(let watchpoint, let effective):
            debug.reportedWatchpoint = pc
            return .debug(.watchpoint(watchpoint, accessed: effective))
        }
    }

    private mutating func finishStore(_ op: MicroOperation, effective: UInt32) {
        switch op.operation {
        case .stbu, .stbux, .sthu, .sthux, .stwu, .stwux: gpr[op.a] = effective
        case .floatingStorage, .floatingStorageIndexed: finishFloatingStorage(op, loaded: nil, effective: effective)
        default: break
        }
        pc &+= 4
        instructions &+= 1
    }

    /// Puts a device's value where the load `op` wants it.
    mutating func finishLoad(_ op: MicroOperation, value: UInt64, effective: UInt32) {
        switch op.operation {
        case .lbzu, .lbzux, .lhzu, .lhzux, .lhau, .lhaux, .lwzu, .lwzux: gpr[op.a] = effective
        default: break
        }
        switch op.operation {
        case .lbz, .lbzu, .lbzx, .lbzux: gpr[op.d] = UInt32(UInt8(truncatingIfNeeded: value))
        case .lhz, .lhzu, .lhzx, .lhzux: gpr[op.d] = UInt32(UInt16(truncatingIfNeeded: value))
        case .lha, .lhau, .lhax, .lhaux: gpr[op.d] = extend(UInt16(truncatingIfNeeded: value))
        case .floatingStorage, .floatingStorageIndexed: finishFloatingStorage(op, loaded: value, effective: effective)
        case .lhbrx: gpr[op.d] = UInt32(UInt16(truncatingIfNeeded: value).byteSwapped)
        case .lwbrx: gpr[op.d] = UInt32(truncatingIfNeeded: value).byteSwapped
        default: gpr[op.d] = UInt32(truncatingIfNeeded: value)
        }
    }
}
