internal import CHost
internal import GuestMemory

/// Loads and stores: the direct path through the software TLB, and the road around it.
extension Book3SCPU {
    /// What a direct access in the current state needs. Good until MSR changes.
    var direct: Book3SDirectAccess { Book3SDirectAccess(array: data.array(dataMode), isLittleEndian: isLittleEndian) }

    /// The value at `address`, or nil with ``stop`` saying why not.
    @inline(__always)
    mutating func load<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> T? {
        let entry = direct.array[address]
        if entry.read == (address &+ UInt64(MemoryLayout<T>.size - 1)) & Book3STag.page {
            // SAFETY: the tag vouches for the whole page, in which the access begins and ends.
            let raw = unsafe HostAccess.loadUnaligned(
                T.self,
                UnsafeRawPointer(bitPattern: entry.offset &+ UInt(truncatingIfNeeded: address)).unsafelyUnwrapped)
            return direct.isLittleEndian ? T(littleEndian: raw) : T(bigEndian: raw)
        }
        return loadSlowly(address, MemoryLayout<T>.size).map { T(truncatingIfNeeded: $0) }
    }

    /// Stores `value` at `address`. False with ``stop`` saying why the interpreter cannot just go on.
    @inline(__always)
    mutating func store<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ value: T, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        let entry = direct.array[address]
        if entry.write == (address &+ UInt64(MemoryLayout<T>.size - 1)) & Book3STag.page {
            // SAFETY: the tag vouches for the whole page, in which the access begins and ends.
            unsafe HostAccess.storeUnaligned(
                direct.isLittleEndian ? value.littleEndian : value.bigEndian,
                UnsafeMutableRawPointer(bitPattern: entry.offset &+ UInt(truncatingIfNeeded: address))
                    .unsafelyUnwrapped)
            return true
        }
        return storeSlowly(UInt64(value), address, MemoryLayout<T>.size)
    }

    /// The 16 bytes at `address` as two doublewords in the order of their addresses, each in the current byte order. Nil
    /// with ``stop`` saying why not.
    @inline(__always)
    mutating func loadPair(_ address: UInt64, _ direct: Book3SDirectAccess) -> (first: UInt64, second: UInt64)? {
        guard let first = load(UInt64.self, address, direct), let second = load(UInt64.self, address &+ 8, direct)
        else { return nil }
        return (first, second)
    }

    /// Stores 16 bytes as ``loadPair(_:_:)`` loads them. False with ``stop`` saying why the interpreter cannot just go on.
    @inline(__always)
    mutating func storePair(
        _ first: UInt64, _ second: UInt64, _ address: UInt64, _ direct: Book3SDirectAccess
    ) -> Bool {
        var codeChanged = false
        guard storePart(first, address, 8, direct, codeChanged: &codeChanged),
            storePart(second, address &+ 8, 8, direct, codeChanged: &codeChanged)
        else { return false }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    /// One part of a store of several; one that only changed code is done.
    @inline(__always)
    mutating func storePart(
        _ value: UInt64, _ address: UInt64, _ width: Int, _ direct: Book3SDirectAccess, codeChanged: inout Bool
    ) -> Bool {
        let stored =
            switch width {
            case 1: store(UInt8(truncatingIfNeeded: value), address, direct)
            case 2: store(UInt16(truncatingIfNeeded: value), address, direct)
            case 4: store(UInt32(truncatingIfNeeded: value), address, direct)
            default: store(value, address, direct)
            }
        if stored { return true }
        guard case .codeChanged = stop else { return false }
        stop = .none
        codeChanged = true
        return true
    }

    /// Where an effective address leads: into RAM, and whether somebody holds predecoded code of the page.
    @safe struct Place {
        var host: UnsafeMutableRawPointer
        /// The real address, if the page is code.
        var code: UInt64?
    }

    /// Translates a data access within one page, and remembers the translation. Nil with ``stop`` set when it raised an
    /// exception.
    mutating func place(_ effective: UInt64, writes: Bool) -> Place? {
        let address = effective & addressMask
        let entry = data.array(dataMode)[address]
        if (writes ? entry.write : entry.read) == address & Book3STag.page {
            // SAFETY: the tag vouches for the whole page.
            return unsafe Place(
                host: UnsafeMutableRawPointer(bitPattern: entry.offset &+ UInt(address)).unsafelyUnwrapped, code: nil)
        }
        counters.countRefill()
        if let magicPage, !user, isMagic(address, magicPage) {
            let host = unsafe UInt(bitPattern: page.base)
            data.set(address, mode: dataMode, read: true, write: true, host: host)
            return unsafe Place(host: page.base + Int(address & 0xFFF), code: nil)
        }
        let translation: HashTranslation
        switch translate(address, for: writes ? .store : .load) {
        case .translated(let result): translation = result
        case .noSegment:
            stop = .exception(
                Book3SException(interrupt: .dataSegment, dataAddress: address))
            return nil
        case .fault(let syndrome):
            stop = .exception(
                Book3SException(interrupt: .dataStorage, syndrome: syndrome, dataAddress: address))
            return nil
        }
        guard let pointer = unsafe memory.hostPointer(at: translation.real, count: 1) else {
            stop = .exception(Book3SException(interrupt: .machineCheck, dataAddress: address))
            return nil
        }
        let isCode = memory.isCode(page: Int(translation.real / GuestMemory.pageSize))
        data.set(
            address, mode: dataMode, read: translation.rights.contains(.load),
            write: translation.rights.contains(.store) && !isCode, host: UInt(bitPattern: pointer) & ~0xFFF)
        return unsafe Place(host: pointer, code: isCode ? translation.real : nil)
    }

    private func isMagic(_ address: UInt64, _ place: MagicPlace) -> Bool {
        let mask =
            (Book3SMode.isRelocated(dataMode) ? UInt64.max : 0x0FFF_FFFF_FFFF_FFFF) & addressMask & Book3STag.page
        return (address ^ (Book3SMode.isRelocated(dataMode) ? place.effective : place.real)) & mask == 0
    }

    /// A load that is not direct: not translated yet, or across pages.
    @inline(never)
    mutating func loadSlowly(_ address: UInt64, _ width: Int) -> UInt64? {
        if Int(address & 0xFFF) + width > 0x1000 { return loadAcrossPages(address, width) }
        guard let place = place(address, writes: false) else { return nil }
        return unsafe ordered(HostAccess.load(place.host, width: width), width)
    }

    /// A store that is not direct. False with ``stop`` set.
    @inline(never)
    mutating func storeSlowly(_ value: UInt64, _ address: UInt64, _ width: Int) -> Bool {
        if Int(address & 0xFFF) + width > 0x1000 { return storeAcrossPages(value, address, width) }
        guard let place = place(address, writes: true) else { return false }
        unsafe HostAccess.store(ordered(value, width), place.host, width: width)
        guard let code = place.code else { return true }
        noteCodeStore(at: code, count: width)
        stop = .codeChanged(effective: address)
        return false
    }

    /// A big-endian value of `width` bytes as the current byte order has it, and back.
    private func ordered(_ value: UInt64, _ width: Int) -> UInt64 {
        isLittleEndian ? value.byteSwapped >> UInt64(64 - 8 * width) : value
    }

    /// Tells everybody who holds predecoded code that `count` bytes at real address `real` changed.
    mutating func noteCodeStore(at real: UInt64, count: Int) {
        if cache.noteStore(at: real, count: count) { code.flush() }
        if sharesMemory {
            let number = memory.codeJournal.append(.written(page: Int(real / GuestMemory.pageSize)), by: index)
            // The writer has already taken note of its own event, unless there are others before it.
            if number == journalPosition { journalPosition += 1 }
        }
    }

    private mutating func loadAcrossPages(_ address: UInt64, _ width: Int) -> UInt64? {
        var value: UInt64 = 0
        for byte in 0..<width {
            guard let next = loadSlowly(address &+ UInt64(byte), 1) else { return nil }
            value = value << 8 | next
        }
        return ordered(value, width)
    }

    private mutating func storeAcrossPages(_ value: UInt64, _ address: UInt64, _ width: Int) -> Bool {
        // Both pages have to take the store before either changes.
        let secondPage = (address &+ UInt64(width - 1)) & ~0xFFF
        guard let first = place(address, writes: true), let second = place(secondPage, writes: true) else {
            return false
        }
        let value = ordered(value, width)
        let countOfFirst = 0x1000 - Int(address & 0xFFF)
        for byte in 0..<width {
            let part = value >> UInt64(8 * (width - 1 - byte)) & 0xFF
            let host = unsafe byte < countOfFirst ? first.host + byte : second.host + (byte - countOfFirst)
            unsafe HostAccess.store(part, host, width: 1)
        }
        if let code = first.code { noteCodeStore(at: code, count: countOfFirst) }
        if let code = second.code { noteCodeStore(at: code, count: width - countOfFirst) }
        guard first.code != nil || second.code != nil else { return true }
        stop = .codeChanged(effective: address)
        return false
    }

    // MARK: - Multiple, string and quadword accesses

    private func effectiveAddress(_ op: MicroOperation) -> UInt64 {
        switch op.operation {
        case .lmw, .stmw, .lq, .stq: gpr[op.a] &+ op.signed
        case .lswi, .stswi: gpr[op.a]
        default: gpr[op.a] &+ gpr[op.b]
        }
    }

    /// Raises an alignment interrupt unless `address` is a multiple of `alignment`.
    private mutating func requireAlignment(_ address: UInt64, _ alignment: UInt64) -> Bool {
        if address & (alignment - 1) == 0 { return true }
        stop = .exception(Book3SException(interrupt: .alignment, dataAddress: address & addressMask))
        return false
    }

    /// Strings and multiples exist in big-endian mode alone.
    private mutating func requireBigEndian(_ address: UInt64) -> Bool {
        if !isLittleEndian { return true }
        stop = .exception(Book3SException(interrupt: .alignment, dataAddress: address & addressMask))
        return false
    }

    mutating func loadMultiple(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = effectiveAddress(op)
        guard requireBigEndian(address) else { return false }
        // The base register may be among those that are loaded, and has to be there if the instruction starts again.
        for register in op.d...31 {
            guard loadSlowlyOrDirectly(address &+ UInt64(register - op.d) * 4, direct) != nil else { return false }
        }
        for register in op.d...31 {
            guard let value = loadSlowlyOrDirectly(address &+ UInt64(register - op.d) * 4, direct) else { return false }
            gpr[register] = UInt64(value)
        }
        return true
    }

    private mutating func loadSlowlyOrDirectly(_ address: UInt64, _ direct: Book3SDirectAccess) -> UInt32? {
        load(UInt32.self, address, direct)
    }

    mutating func storeMultiple(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = effectiveAddress(op)
        guard requireBigEndian(address) else { return false }
        var codeChanged = false
        for register in op.d...31 {
            guard
                storePart(
                    gpr[register], address &+ UInt64(register - op.d) * 4, 4, direct, codeChanged: &codeChanged)
            else { return false }
        }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    /// How many bytes a string instruction moves.
    private func stringCount(_ op: MicroOperation) -> Int {
        switch op.operation {
        case .lswi, .stswi: op.b == 0 ? 32 : Int(op.b)
        default: Int(special.stringCount)
        }
    }

    mutating func loadString(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = effectiveAddress(op)
        guard requireBigEndian(address) else { return false }
        let count = stringCount(op)
        for byte in 0..<count {
            guard load(UInt8.self, address &+ UInt64(byte), direct) != nil else { return false }
        }
        for byte in 0..<count {
            guard let value = load(UInt8.self, address &+ UInt64(byte), direct) else { return false }
            let register = (op.d &+ UInt8(byte / 4)) & 31
            if byte % 4 == 0 { gpr[register] = 0 }
            gpr[register] = gpr[register] | UInt64(value) << (24 - 8 * UInt64(byte % 4))
        }
        return true
    }

    mutating func storeString(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = effectiveAddress(op)
        guard requireBigEndian(address) else { return false }
        var codeChanged = false
        for byte in 0..<stringCount(op) {
            let register = (op.d &+ UInt8(byte / 4)) & 31
            let value = gpr[register] >> (24 - 8 * UInt64(byte % 4)) & 0xFF
            guard storePart(value, address &+ UInt64(byte), 1, direct, codeChanged: &codeChanged) else { return false }
        }
        if codeChanged { stop = .codeChanged(effective: address) }
        return !codeChanged
    }

    /// `lq`: the even register has the more significant doubleword in either byte order.
    mutating func loadQuadword(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = effectiveAddress(op)
        guard requireAlignment(address, 16) else { return false }
        guard let pair = loadPair(address, direct) else { return false }
        gpr[op.d & ~1] = isLittleEndian ? pair.second : pair.first
        gpr[op.d | 1] = isLittleEndian ? pair.first : pair.second
        return true
    }

    /// `stq`.
    mutating func storeQuadword(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = effectiveAddress(op)
        guard requireAlignment(address, 16) else { return false }
        let (high, low) = (gpr[op.d & ~1], gpr[op.d | 1])
        return isLittleEndian ? storePair(low, high, address, direct) : storePair(high, low, address, direct)
    }

    // MARK: - Order, reservations and cache lines

    /// Puts all accesses before it in order with those after it, as other vCPUs see them.
    @inline(never)
    func fence() { host_fence() }

    /// The bits of a host address that tell reservations apart.
    private var reservationMask: UInt { ~UInt(sharesMemory ? 0 : Self.lineSize - 1) }

    /// Bytes of what a reserving load or a conditional store accesses.
    private func reservedWidth(_ op: MicroOperation) -> Int {
        switch op.operation {
        case .lbarx, .stbcx: 1
        case .lharx, .sthcx: 2
        case .lwarx, .stwcx: 4
        case .lqarx, .stqcx: 16
        default: 8
        }
    }

    mutating func loadReserve(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        let width = reservedWidth(op)
        guard requireAlignment(address, UInt64(width)) else { return false }
        guard let place = place(address, writes: false) else { return false }
        reservation = unsafe UInt(bitPattern: place.host) & reservationMask
        if width == 16 {
            let (first, second) = unsafe (host_load_u64(place.host), host_load_u64(place.host + 8))
            reservedValue = first
            reservedSecond = second
            gpr[op.d & ~1] = isLittleEndian ? UInt64(littleEndian: second) : UInt64(bigEndian: first)
            gpr[op.d | 1] = isLittleEndian ? UInt64(littleEndian: first) : UInt64(bigEndian: second)
            return true
        }
        let value = unsafe HostAccess.load(place.host, width: width)
        reservedValue = value
        gpr[op.d] = ordered(value, width)
        return true
    }

    mutating func storeConditional(_ op: MicroOperation) -> Bool {
        let address = effectiveAddress(op)
        let width = reservedWidth(op)
        guard requireAlignment(address, UInt64(width)) else { return false }
        guard let place = place(address, writes: true) else { return false }
        let isReserved = unsafe reservation == UInt(bitPattern: place.host) & reservationMask
        let stores =
            unsafe isReserved && (width == 16 ? replaceQuadword(op, place.host) : replace(op, width, place.host))
        reservation = 0
        cr[0] = (stores ? ConditionFields.equal : 0) | special.summaryOverflow
        guard stores, let code = place.code else { return true }
        noteCodeStore(at: code, count: width)
        stop = .codeChanged(effective: address)
        return false
    }

    /// Stores a register where the reserving load looked. False where another vCPU has changed that: with the same value
    /// written back, nobody can tell.
    private func replace(_ op: MicroOperation, _ width: Int, _ host: UnsafeMutableRawPointer) -> Bool {
        let value = ordered(gpr[op.d] & (UInt64.max >> UInt64(64 - 8 * width)), width)
        guard sharesMemory else {
            unsafe HostAccess.store(value, host, width: width)
            return true
        }
        let (old, new) = (reservedValue, value)
        return switch width {
        case 1:
            unsafe host_compare_exchange_u8(host, UInt8(truncatingIfNeeded: old), UInt8(truncatingIfNeeded: new)) != 0
        case 2:
            unsafe host_compare_exchange_u16(
                host, UInt16(truncatingIfNeeded: old).bigEndian, UInt16(truncatingIfNeeded: new).bigEndian) != 0
        case 4:
            unsafe host_compare_exchange_u32(
                host, UInt32(truncatingIfNeeded: old).bigEndian, UInt32(truncatingIfNeeded: new).bigEndian) != 0
        default: unsafe host_compare_exchange_u64(host, old.bigEndian, new.bigEndian) != 0
        }
    }

    private func replaceQuadword(_ op: MicroOperation, _ host: UnsafeMutableRawPointer) -> Bool {
        let (high, low) = (gpr[op.d & ~1], gpr[op.d | 1])
        let first = isLittleEndian ? low.littleEndian : high.bigEndian
        let second = isLittleEndian ? high.littleEndian : low.bigEndian
        if sharesMemory {
            return unsafe host_compare_exchange_u128(host, reservedValue, reservedSecond, first, second) != 0
        }
        unsafe host_store_u64(host, first)
        unsafe host_store_u64(host + 8, second)
        return true
    }

    /// `dcbz`: a line of zeros.
    @inline(never)
    mutating func zeroLine(_ op: MicroOperation, _ direct: Book3SDirectAccess) -> Bool {
        let address = (gpr[op.a] &+ gpr[op.b]) & ~(Self.lineSize - 1)
        let entry = direct.array[address]
        if entry.write == address & Book3STag.page {
            // SAFETY: the tag vouches for the whole page, and a line does not leave it.
            unsafe HostAccess.zero(
                UnsafeMutableRawPointer(bitPattern: entry.offset &+ UInt(truncatingIfNeeded: address))
                    .unsafelyUnwrapped, count: Int(Self.lineSize))
            return true
        }
        guard let place = place(address, writes: true) else { return false }
        unsafe HostAccess.zero(place.host, count: Int(Self.lineSize))
        guard let code = place.code else { return true }
        noteCodeStore(at: code, count: Int(Self.lineSize))
        stop = .codeChanged(effective: address)
        return false
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
        case .codeChanged(let effective):
            switch op.operation {
            case .stbu, .stbux, .sthu, .sthux, .stwu, .stwux, .stdu, .stdux: gpr[op.a] = effective
            default: break
            }
            pc &+= 4
            instructions &+= 1
            return nil
        }
    }
}
