internal import CHost
public import GuestMemory
internal import ParavirtABI

/// One 64-bit vCPU in software: a POWER8 as the guest of a PAPR hypervisor sees it (Power ISA 2.07B), without hypervisor
/// state.
///
/// It is built like ``CPU``, and shares with it what does not depend on the width of registers: the instruction table, the
/// predecoder, floating-point arithmetic, signals and counters.
@safe
public struct Book3SCPU: ~Copyable {
    /// The vCPU's number, which its PIR holds.
    public let index: Int

    /// What it has counted so far.
    public let counters: Counters

    /// Instructions executed, counting those that raised an exception.
    public internal(set) var instructions: UInt64 = 0

    /// The effective address of the next instruction.
    public internal(set) var pc: UInt64 = 0

    /// What others ask of this vCPU, also while it runs.
    public let signals: Signals

    /// Whether other vCPUs share the memory, so that events on code pages concern them.
    let sharesMemory: Bool

    let memory: GuestMemory
    let time: TimeSource
    /// The partition's page table, which the guest changes by hypercalls.
    let pageTable: HashedPageTable

    /// The block that the register accessors below share: see ``Book3SRegisterBlock``.
    let registers: UnsafeMutableRawPointer
    let gpr: DoublewordRegisters
    let vsr: VectorRegisters
    var fpscr = FPSCR()
    var vectorStatus = VectorStatus()
    let cr: ConditionFields
    let special: Book3SSpecialRegisters
    let spr: Book3SSPRFile
    var page: Book3SSharedPage

    package var segments = SegmentLookasideBuffer()
    let data: Book3SDataTranslations
    let code: Book3SCodeTranslations
    var cache: CodeCache
    var journalPosition: UInt64 = 0
    let journalCounter: UnsafeMutablePointer<UInt64>

    var decrementer = Decrementer()
    /// Whether its interrupt was pending when somebody last looked.
    var isDecrementerDue = false

    /// Where the magic page is seen, or nil while it is not mapped.
    var magicPage: MagicPlace?

    /// LPCR[ILE]: interrupts are taken in little-endian mode.
    public var takesInterruptsLittleEndian = false
    /// LPCR[AIL]: 0, 2 or 3; where interrupts are taken with translation on.
    public var alternateInterruptLocation: UInt8 = 0

    // What follows from MSR, kept ready for the hot paths.
    var user = false
    var is64Bit = true
    var isLittleEndian = false
    var dataMode = 0
    var fetchMode = 0

    var waiting = Waiting.stopped

    /// Instruction count at which ``service()`` has to look at timers and interrupts.
    var deadline: UInt64 = 0
    /// Instruction count at which the slice ends.
    var sliceEnd: UInt64 = 0
    /// In virtual time, the time when ``instructions`` was ``sliceStart``.
    var sliceTick: UInt64 = 0
    var sliceStart: UInt64 = 0

    /// What stopped the instruction that just ran, if it did not simply finish.
    var stop = Stop.none

    /// Where the magic page is seen in supervisor state.
    struct MagicPlace {
        /// By translated accesses.
        var effective: UInt64
        /// By accesses in real mode.
        var real: UInt64
    }

    /// Why a vCPU is not executing.
    enum Waiting {
        case no
        /// H_CEDE and EV_IDLE: until an interrupt is pending, or somebody prods.
        case forPending
        /// Until it is started.
        case stopped
    }

    /// What can stop an instruction.
    enum Stop {
        case none
        case exception(Book3SException)
        /// The store is done, but it changed code.
        case codeChanged(effective: UInt64)
    }

    /// The bytes of a cache line, which `dcbz` clears and a reservation covers.
    static let lineSize: UInt64 = 128

    /// The processor version of a POWER8.
    static let processorVersion: UInt64 = 0x004D_0200

    /// A vCPU that stands still until it is started.
    ///
    /// - Parameters:
    ///   - index: the vCPU's number.
    ///   - memory: the guest's RAM.
    ///   - pageTable: the partition's page table.
    ///   - time: the machine's time.
    ///   - sharesMemory: whether the machine has other vCPUs.
    public init(index: Int, memory: GuestMemory, pageTable: HashedPageTable, time: TimeSource, sharesMemory: Bool) {
        self.index = index
        self.memory = memory
        self.pageTable = pageTable
        self.time = time
        self.sharesMemory = sharesMemory
        guard let block = unsafe host_map_memory(Self.blockSize) else {
            fatalError("the host has no memory for a vCPU's registers")
        }
        // One block: a page that the guest may map, then the registers.
        page = unsafe Book3SSharedPage(base: block)
        unsafe registers = block + 4096
        gpr = unsafe DoublewordRegisters(
            base: (registers + Book3SRegisterBlock.gpr).bindMemory(to: UInt64.self, capacity: 33))
        cr = unsafe ConditionFields(
            base: (registers + Book3SRegisterBlock.cr).bindMemory(to: UInt8.self, capacity: 8))
        special = unsafe Book3SSpecialRegisters(base: registers)
        let others = unsafe registers + Book3SRegisterBlock.size
        spr = unsafe Book3SSPRFile(base: others.bindMemory(to: UInt64.self, capacity: 1024))
        vsr = unsafe VectorRegisters(
            base: (others + 8192).bindMemory(to: UInt64.self, capacity: VectorRegisters.doublewords))
        signals = unsafe Signals(word: (others + 8192 + 1024).bindMemory(to: UInt64.self, capacity: 1))
        data = Book3SDataTranslations()
        code = Book3SCodeTranslations()
        cache = CodeCache(memory: memory, core: .power8)
        counters = unsafe Counters(memory: others + 8192 + 1024 + 64)
        unsafe journalCounter = memory.codeJournal.counter
        journalPosition = memory.codeJournal.count
        setIdentity()
    }

    private static let blockSize = 4096 + Book3SRegisterBlock.size + 8192 + 1024 + 64 + Counters.size

    deinit {
        data.release()
        code.release()
        cache.release()
        unsafe host_unmap_memory(page.base, Self.blockSize)
    }
}

// MARK: - Registers

extension Book3SCPU {
    /// General-purpose register `number`, 0–31.
    public func register(_ number: Int) -> UInt64 { gpr[UInt8(truncatingIfNeeded: number & 31)] }

    /// All general-purpose registers.
    public var guestRegisters: Book3SGuestRegisters { Book3SGuestRegisters(gpr) }

    /// Sets general-purpose register `number`, 0–31.
    public mutating func setRegister(_ number: Int, to value: UInt64) {
        gpr[UInt8(truncatingIfNeeded: number & 31)] = value
    }

    /// The machine state register.
    public var msr: UInt64 { page[SharedPage.msr] & MSR64.implemented }

    /// The condition register.
    public var conditionRegister: UInt32 { cr.word }

    /// XER.
    public var xer: UInt64 { special.xer }

    /// The link register.
    public var linkRegister: UInt64 { special.lr }

    /// The count register.
    public var countRegister: UInt64 { special.ctr }

    /// Vector-scalar register `number`, 0–63.
    package func vectorRegister(_ number: Int) -> Vector128 { vsr[UInt8(truncatingIfNeeded: number & 63)] }

    /// Sets vector-scalar register `number`, 0–63.
    package mutating func setVectorRegister(_ number: Int, to value: Vector128) {
        vsr[UInt8(truncatingIfNeeded: number & 63)] = value
    }

    /// Sets the effective address of the next instruction.
    package mutating func setPC(_ value: UInt64) { pc = value & ~3 }

    /// Sets the condition register.
    package mutating func setConditionRegister(_ value: UInt32) { cr.word = value }

    /// Sets XER.
    package mutating func setXER(_ value: UInt64) { special.xer = value }

    /// Sets the link register.
    package mutating func setLinkRegister(_ value: UInt64) { special.lr = value }

    /// Sets the count register.
    package mutating func setCountRegister(_ value: UInt64) { special.ctr = value }

    /// Sets the machine state register, with everything that a write by the guest entails.
    package mutating func setMachineState(_ value: UInt64) { setMSR(value) }

    /// The bits of an effective address that count in the current mode.
    var addressMask: UInt64 { @inline(__always) get { is64Bit ? .max : 0xFFFF_FFFF } }

    /// Sets MSR and what follows from it.
    mutating func setMSR(_ value: UInt64) {
        var value = value & MSR64.implemented
        if value & MSR64.pr != 0 { value |= MSR64.ee | MSR64.ir | MSR64.dr }
        page[SharedPage.msr] = value
        user = value & MSR64.pr != 0
        is64Bit = value & MSR64.sf != 0
        if (value & MSR64.le != 0) != isLittleEndian {
            isLittleEndian.toggle()
            // Operations are predecoded in one byte order.
            code.flush()
        }
        dataMode = Book3SMode(problemState: user, relocated: value & MSR64.dr != 0, is64Bit: is64Bit).index
        fetchMode = Book3SMode(problemState: user, relocated: value & MSR64.ir != 0, is64Bit: is64Bit).index
        if value & MSR64.ee != 0, isInterruptWaiting { requestService() }
    }

    /// Whether an interrupt waits for MSR[EE], as far as is known without looking at the time.
    var isInterruptWaiting: Bool { signals.pins != 0 || isDecrementerDue }
}

// MARK: - The machine's side

extension Book3SCPU {
    /// Puts the vCPU at the start of a program, in big-endian real mode: MSR = SF|ME, every register zero but these. How
    /// it takes interrupts stays as it is. A thread that sleeps for the vCPU has to look at ``signals``.
    public mutating func start(at pc: UInt64, r3: UInt64) {
        for number in UInt8(0)..<32 { gpr[number] = 0 }
        gpr[3] = r3
        for number in UInt8(0)..<64 { vsr[number] = .zero }
        fpscr = FPSCR()
        vectorStatus = VectorStatus()
        cr.word = 0
        special.xer = 0
        special.lr = 0
        special.ctr = 0
        special.tar = 0
        reservation = 0
        for number in 0..<1024 { spr[number] = 0 }
        segments = SegmentLookasideBuffer()
        magicPage = nil
        page.setByteOrder(littleEndian: false)
        unsafe HostAccess.zero(page.base, count: 4096)
        setIdentity()
        dropAllTranslations()
        self.pc = pc & ~3
        setMSR(MSR64.sf | MSR64.me)
        decrementer.set(0x7FFF_FFFF, at: now)
        isDecrementerDue = false
        waiting = .no
        requestService()
        signals.notify()
    }

    /// The registers that say what vCPU it is.
    private func setIdentity() {
        spr[SPR.pvr] = Self.processorVersion
        page[word: SharedPage.pir] = UInt32(truncatingIfNeeded: index)
    }

    /// Makes the vCPU stand still until it is started again.
    public mutating func standStill() {
        waiting = .stopped
        requestService()
    }

    /// Whether it stands still until it is started.
    public var standsStill: Bool {
        if case .stopped = waiting { true } else { false }
    }

    /// Sets MSR[EE] and halts until an interrupt is pending: `H_CEDE`.
    public mutating func cede() {
        setMSR(msr | MSR64.ee)
        waitForPending()
    }

    /// Halts until an interrupt is pending, whether MSR[EE] lets it come or not: `EV_IDLE`.
    public mutating func waitForPending() {
        waiting = .forPending
        _ = signals.takeProd()
        requestService()
    }

    /// Ends ``cede()`` and ``waitForPending()`` without an interrupt. The vCPU may be executing: then it does nothing.
    public func prod() { signals.prod() }

    /// Begins a slice of at most `count` instructions. In virtual time the first one executes at `tick`.
    public mutating func beginSlice(instructions count: UInt64, at tick: UInt64) {
        sliceStart = instructions
        sliceTick = tick
        sliceEnd = instructions &+ count
        if sharesMemory { reservation = 0 }
        requestService()
    }

    /// The machine's time in timebase ticks.
    public var now: UInt64 { time.hostTicks ?? (sliceTick &+ (instructions &- sliceStart)) }

    /// When the decrementer next asks for an interrupt; nil when it does already.
    public func nextTimerEvent() -> UInt64? { decrementer.nextEvent(after: now) }

    /// Maps the magic page, in the byte order in which interrupts are taken.
    public mutating func mapMagicPage(real: UInt64, effective: UInt64) {
        page.setByteOrder(littleEndian: takesInterruptsLittleEndian)
        magicPage = MagicPlace(effective: effective & ~0xFFF, real: real & ~0xFFF)
        data.flush()
        requestService()
    }

    /// SPRG0: `H_SET_SPRG0`.
    public mutating func setSPRG0(_ value: UInt64) { page[SharedPage.sprg0] = value }

    /// Drops what it keeps of translations that a hypercall changed.
    public mutating func drop(_ change: TranslationChange) {
        switch change {
        case .everything: dropAllTranslations()
        case .page(let page): drop(page)
        }
    }

    /// Forgets all translations. Predecoded code stays.
    mutating func dropAllTranslations() {
        data.flush()
        code.flush()
    }

    /// Forgets the translations of one virtual page, wherever the current segments show it.
    private mutating func drop(_ page: VirtualPage) {
        for number in 0..<SegmentLookasideBuffer.count {
            let segment = segments.entries[number]
            guard segment.isValid,
                segment.virtual & (SegmentEntry.Virtual.segmentSize | SegmentEntry.Virtual.segment) == page.segment
            else { continue }
            let start = segment.effective & (~UInt64(0) << segment.shift) | page.offset
            if page.shift > 16 {
                let mask = ~UInt64(0) << UInt64(page.shift)
                data.flush(matching: start & mask, mask: mask)
                code.flush(matching: start & mask, mask: mask)
            } else {
                for small in 0..<(UInt64(1) << UInt64(page.shift - 12)) {
                    data.flush(page: start &+ small << 12)
                    code.flush(page: start &+ small << 12)
                }
            }
        }
    }

    /// Forgets the translations of a segment that is no longer there.
    mutating func drop(_ segment: SegmentEntry) {
        let mask = ~UInt64(0) << segment.shift
        data.flush(matching: segment.effective & mask, mask: mask)
        code.flush(matching: segment.effective & mask, mask: mask)
    }

    /// Makes the next look at timers and interrupts happen before the next instruction.
    mutating func requestService() { deadline = 0 }
}

// MARK: - Reservations

extension Book3SCPU {
    /// The host address of the reserved granule, or 0; where vCPUs share the memory that of the reserved storage.
    var reservation: UInt {
        get { unsafe registers.load(fromByteOffset: Book3SRegisterBlock.reservation, as: UInt.self) }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.reservation, as: UInt.self)
        }
    }

    /// What the load found in the reserved storage, as the host sees it.
    var reservedValue: UInt64 {
        get { unsafe registers.load(fromByteOffset: Book3SRegisterBlock.reservedValue, as: UInt64.self) }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.reservedValue, as: UInt64.self)
        }
    }

    /// The second half of it, for quadwords.
    var reservedSecond: UInt64 {
        get { unsafe registers.load(fromByteOffset: Book3SRegisterBlock.reservedSecond, as: UInt64.self) }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue, toByteOffset: Book3SRegisterBlock.reservedSecond, as: UInt64.self)
        }
    }
}
