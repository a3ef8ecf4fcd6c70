internal import CHost
public import GuestMemory
internal import ParavirtABI

/// One vCPU in software: a core of the e500 family, as its ``CoreModel`` says.
///
/// It runs until something needs the machine, and says what in an ``Exit``. All its state that the hot paths touch is
/// plain memory behind the accessors of `RegisterFile`, so that the interpreter's loop works without reference counts,
/// allocation or exclusivity checks.
@safe
public struct CPU: ~Copyable {
    /// The vCPU's number, which its PIR holds after reset.
    public let index: Int

    /// What core it is.
    public let model: CoreModel

    /// What it has counted so far.
    public let counters: Counters

    /// Instructions executed, counting those that raised an exception.
    public internal(set) var instructions: UInt64 = 0

    /// The effective address of the next instruction.
    public internal(set) var pc: UInt32 = 0

    /// Whether `sc` with KVM's magic number in r0 and `sc 1` are hypercalls.
    let answersHypercalls: Bool

    /// What others ask of this vCPU, also while it runs.
    public let signals: Signals

    /// Whether other vCPUs share the memory, so that events on code pages and `tlbivax` concern them.
    let sharesMemory: Bool

    let memory: GuestMemory
    let time: TimeSource

    /// The block that the register accessors below share: see ``RegisterBlock``.
    let registers: UnsafeMutableRawPointer
    let gpr: GeneralRegisters
    let fpr: FloatingPointRegisters
    var fpscr = FPSCR()
    let cr: ConditionFields
    let special: SpecialRegisters
    let spr: SPRFile
    let page: SharedPage

    let tlb: TLB
    /// The way of TLB0 that the next miss proposes for replacement.
    var nextVictim: UInt32 = 0
    let data: DataTranslations
    let code: CodeTranslations
    var cache: CodeCache
    /// Native code of what executes most, where the vCPU may have any.
    var native: NativeCode?
    let nativeEntry: NativeEntry?
    /// How many of the events on code pages the vCPU has read.
    var journalPosition: UInt64 {
        get { unsafe registers.load(fromByteOffset: RegisterBlock.journalPosition, as: UInt64.self) }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue, toByteOffset: RegisterBlock.journalPosition, as: UInt64.self)
        }
    }
    let journalCounter: UnsafeMutablePointer<UInt64>

    var timers = Timers()

    /// The magic page's effective address, or nil while it is not mapped.
    var magicPageAddress: UInt32?

    // What follows from MSR and the process IDs, kept ready for the hot paths.
    var user: Bool {
        get { unsafe registers.load(fromByteOffset: RegisterBlock.user, as: UInt8.self) != 0 }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue ? 1 : 0, toByteOffset: RegisterBlock.user, as: UInt8.self)
        }
    }
    var floatingPointAvailable = false
    var dataMode = 0
    var fetchMode = 0
    var context: UInt64 = SoftwareTLB.context(0, 0, 0)

    /// Asserted interrupt inputs, one bit for each ``Interrupt``.
    var pins: UInt32 { signals.pins }
    /// An external interrupt was acknowledged and is taken next.
    var acknowledged = false
    var waiting = Waiting.no

    /// The host address of the reserved granule, or 0; where vCPUs share the memory that of the reserved word.
    var reservation: UInt {
        get { unsafe registers.load(fromByteOffset: RegisterBlock.reservation, as: UInt.self) }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue, toByteOffset: RegisterBlock.reservation, as: UInt.self)
        }
    }

    /// What `lwarx` found in the reserved word, as the host sees it.
    var reservedValue: UInt32 {
        get { unsafe registers.load(fromByteOffset: RegisterBlock.reservedValue, as: UInt32.self) }
        nonmutating set {
            unsafe registers.storeBytes(of: newValue, toByteOffset: RegisterBlock.reservedValue, as: UInt32.self)
        }
    }

    /// The bits of a host address that tell reservations apart.
    var reservationMask: UInt { ~UInt(sharesMemory ? 3 : model.cacheLineSize - 1) }

    /// Instruction count at which ``service()`` has to look at timers and interrupts.
    var deadline: UInt64 = 0
    /// Instruction count at which the slice ends.
    var sliceEnd: UInt64 = 0
    /// In virtual time, the time when ``instructions`` was ``sliceStart``.
    var sliceTick: UInt64 = 0
    var sliceStart: UInt64 = 0

    /// What stopped the instruction that just ran, if it did not simply finish.
    var stop = Stop.none
    /// The load that waits for ``completeRead(_:)``.
    var pendingLoad: PendingLoad?
    /// What debuggers and logs asked for.
    var debug = DebugFacility()

    /// Why a vCPU is not executing.
    enum Waiting {
        case no
        /// MSR[WE]: until an interrupt is taken.
        case forDelivery
        /// EV_IDLE: until an interrupt is pending, even a masked one.
        case forPending
    }

    /// What can stop an instruction.
    enum Stop {
        case none
        case exception(PendingException)
        case deviceRead(address: UInt64, width: Int, effective: UInt32)
        case deviceWrite(address: UInt64, width: Int, value: UInt64, effective: UInt32)
        /// The store is done, but it changed code.
        case codeChanged(effective: UInt32)
        /// The access would touch what a debugger watches. Nothing of it is done.
        case watchpoint(Watchpoint, effective: UInt32)
    }

    /// A load whose value a device has to give.
    struct PendingLoad {
        var operation: MicroOperation
        var effective: UInt32
    }

    /// A vCPU in its reset state: stopped in no particular place, with an empty TLB.
    ///
    /// - Parameters:
    ///   - model: what core it is.
    ///   - index: the vCPU's number.
    ///   - memory: the guest's RAM.
    ///   - time: the machine's time.
    ///   - answersHypercalls: whether the hypercall sequences leave the guest.
    ///   - sharesMemory: whether the machine has other vCPUs.
    ///   - nativeCode: where native code may be put; nil to interpret everything.
    public init(
        _ model: CoreModel = .e500v2, index: Int, memory: GuestMemory, time: TimeSource, answersHypercalls: Bool,
        sharesMemory: Bool, nativeCode: NativeCodeMemory? = nil
    ) {
        self.model = model
        self.index = index
        self.memory = memory
        self.time = time
        self.answersHypercalls = answersHypercalls
        self.sharesMemory = sharesMemory
        guard let block = unsafe host_map_memory(Self.blockSize) else {
            fatalError("the host has no memory for a vCPU's registers")
        }
        // One block: a page that the guest may map, then the registers.
        unsafe registers = block - RegisterBlock.sharedPage
        page = unsafe SharedPage(base: block)
        gpr = unsafe GeneralRegisters(
            base: (registers + RegisterBlock.gpr).bindMemory(to: UInt32.self, capacity: 33))
        cr = unsafe ConditionFields(base: (registers + RegisterBlock.cr).bindMemory(to: UInt8.self, capacity: 8))
        special = unsafe SpecialRegisters(base: registers)
        spr = unsafe SPRFile(
            base: (registers + RegisterBlock.specialPurpose).bindMemory(to: UInt32.self, capacity: 1024))
        fpr = unsafe FloatingPointRegisters(
            base: (registers + RegisterBlock.floatingPoint).bindMemory(to: UInt64.self, capacity: 32))
        signals = unsafe Signals(
            word: (registers + RegisterBlock.signals).bindMemory(to: UInt64.self, capacity: 1))
        counters = unsafe Counters(memory: registers + RegisterBlock.counters)
        tlb = TLB(model)
        data = DataTranslations()
        code = CodeTranslations()
        cache = CodeCache(memory: memory, core: model.core)
        native = nativeCode.map { NativeCode($0, model, sharesMemory: sharesMemory) }
        nativeEntry = native?.entry
        for (register, value) in model.description { spr[register] = value }
        unsafe journalCounter = memory.codeJournal.counter
        unsafe registers.storeBytes(
            of: journalCounter, toByteOffset: RegisterBlock.journalCounter, as: UnsafeMutablePointer<UInt64>.self)
        journalPosition = memory.codeJournal.count
        special.summaryOverflow = 0
    }

    private static let blockSize = RegisterBlock.end - RegisterBlock.sharedPage

    deinit {
        tlb.release()
        data.release()
        code.release()
        cache.release()
        debug.release()
        unsafe host_unmap_memory(page.base, Self.blockSize)
    }
}

// MARK: - Registers

extension CPU {
    /// General-purpose register `number`, 0–31.
    public func register(_ number: Int) -> UInt32 { gpr[UInt8(truncatingIfNeeded: number & 31)] }

    /// All general-purpose registers.
    public var guestRegisters: GuestRegisters { GuestRegisters(gpr) }

    /// Sets general-purpose register `number`, 0–31.
    public mutating func setRegister(_ number: Int, to value: UInt32) {
        gpr[UInt8(truncatingIfNeeded: number & 31)] = value
    }

    /// The machine state register.
    public var msr: UInt32 { page[double: SharedPage.msr] & model.machineState }

    /// The condition register.
    public var conditionRegister: UInt32 { cr.word }

    /// XER.
    public var xer: UInt32 { special.xer }

    /// The link register.
    public var linkRegister: UInt32 { special.lr }

    /// The count register.
    public var countRegister: UInt32 { special.ctr }

    /// Floating-point register `number`, 0–31, in double format.
    public func floatingPointRegister(_ number: Int) -> UInt64 { fpr[UInt8(truncatingIfNeeded: number)] }

    /// FPSCR.
    public var floatingPointStatus: UInt32 { fpscr.bits }

    /// Sets MSR and what follows from it.
    mutating func setMSR(_ value: UInt32) {
        let value = value & model.machineState
        page[double: SharedPage.msr] = value
        user = value & MSR.pr != 0
        floatingPointAvailable = value & MSR.fp != 0
        let privilege = user ? 1 : 0
        dataMode = privilege | (value & MSR.ds != 0 ? 2 : 0)
        fetchMode = privilege | (value & MSR.is != 0 ? 2 : 0)
        if value & MSR.we != 0 { waiting = .forDelivery }
        if value & (MSR.ee | MSR.ce | MSR.we) != 0, waiting != .no || pins | timers.pending != 0 { requestService() }
    }

    /// Sets the value of one of the three process ID registers.
    mutating func setProcess(_ number: Int, to value: UInt32) {
        spr[number] = value & 0xFF
        context = SoftwareTLB.context(spr[SPR.pid0], spr[SPR.pid1], spr[SPR.pid2])
    }
}

// MARK: - The machine's side

extension CPU {
    /// The state in which a boot program or the spin table starts a vCPU.
    public struct Start {
        /// The first instruction's effective address.
        public var pc: UInt32
        /// r3 to r9.
        public var arguments: [7 of UInt32]
        /// The stack pointer, r1.
        public var stack: UInt32
        /// The effective address that TLB1 entry ``mappingEntry`` maps.
        public var mappedEffective: UInt32
        /// The real address that it maps it to.
        public var mappedReal: UInt64
        /// The size of the mapping as TSIZE: 4^n KiB.
        public var mappedSizeCode: UInt8
        /// The TLB1 entry that holds it.
        public var mappingEntry: Int
        /// Whether the mapping is memory-coherent (MAS2[M]).
        public var coherent: Bool

        /// A start with nothing in the registers.
        public init(
            pc: UInt32, stack: UInt32, mappedEffective: UInt32, mappedReal: UInt64, mappedSizeCode: UInt8,
            mappingEntry: Int, coherent: Bool
        ) {
            self.pc = pc
            self.arguments = [7 of UInt32](repeating: 0)
            self.stack = stack
            self.mappedEffective = mappedEffective
            self.mappedReal = mappedReal
            self.mappedSizeCode = mappedSizeCode
            self.mappingEntry = mappingEntry
            self.coherent = coherent
        }
    }

    /// Puts the vCPU at the start of its program: supervisor state, interrupts off, one page mapped, `processorID` in PIR.
    public mutating func start(_ start: Start, processorID: UInt32) {
        page[word: SharedPage.pir] = processorID
        for number in UInt8(0)..<32 { gpr[number] = 0 }
        gpr[1] = start.stack
        for number in 0..<7 { gpr[UInt8(3 + number)] = start.arguments[number] }
        var entry = TLBEntry()
        entry.valid = 1
        entry.protected = 1
        entry.sizeCode = start.mappedSizeCode
        entry.mask = UInt32(truncatingIfNeeded: ~UInt64(0) << (10 + 2 * UInt64(start.mappedSizeCode)))
        entry.effective = start.mappedEffective
        entry.real = start.mappedReal
        entry.permissions = 0x3F
        entry.attributes = start.coherent ? 0x04 : 0
        tlb[tlb.location(tlb1: start.mappingEntry)] = entry
        flushTranslations()
        pc = start.pc & ~3
        setMSR(0)
    }

    /// Asserts or clears an interrupt input: ``Interrupt/external``, ``Interrupt/criticalInput`` or
    /// ``Interrupt/machineCheck``.
    public func setPin(_ pin: Interrupt, asserted: Bool) { signals.setPin(pin, asserted: asserted) }

    /// Whether an external interrupt takes its vector from the interrupt controller at delivery (EPR).
    public var externalProxy: Bool {
        get { signals.externalProxy }
        nonmutating set { signals.setExternalProxy(newValue) }
    }

    /// Begins a slice of at most `count` instructions. In virtual time the first one executes at `tick`.
    public mutating func beginSlice(instructions count: UInt64, at tick: UInt64) {
        sliceStart = instructions
        sliceTick = tick
        sliceEnd = instructions &+ count
        reservation = sharesMemory ? 0 : reservation
        requestService()
    }

    /// The machine's time in timebase ticks.
    public var now: UInt64 { time.hostTicks ?? (sliceTick &+ (instructions &- sliceStart)) }

    /// When a timer that the guest enabled next changes something, or nil when none will.
    public func nextTimerEvent() -> UInt64? { timers.nextEvent(after: now) }

    /// Finishes the load behind ``Exit/deviceRead(address:width:)`` with the device's value.
    public mutating func completeRead(_ value: UInt64) {
        guard let load = pendingLoad else { return }
        pendingLoad = nil
        finishLoad(load.operation, value: value, effective: load.effective)
    }

    /// Answers ``Exit/acknowledge``: the external interrupt is taken next, with `vector` in EPR.
    public mutating func completeAcknowledge(vector: UInt32) {
        spr[SPR.epr] = vector
        acknowledged = true
        requestService()
    }

    /// Takes in a message that this or another vCPU sent with `msgsnd`, if it is addressed to this one: a doorbell
    /// interrupt is pending from now on.
    public func receiveMessage(operand: UInt32) {
        let message = ProcessorMessage(operand)
        guard let interrupt = message.interrupt, message.reaches(processor: page[word: SharedPage.pir]) else { return }
        setPin(interrupt, asserted: true)
    }

    /// Maps the magic page at `effective`, or unmaps it.
    public mutating func mapMagicPage(at effective: UInt32?) {
        magicPageAddress = effective.map { $0 & ~0xFFF }
        data.flush()
        requestService()
    }

    /// Halts the vCPU until an interrupt is pending, even one that is masked (EV_IDLE).
    public mutating func waitForInterrupt() {
        waiting = .forPending
        requestService()
    }

    /// Carries out another vCPU's `tlbivax`.
    public mutating func invalidateTLB(operand: UInt32) {
        invalidate(operand: operand)
    }

    /// Makes the next look at timers and interrupts happen before the next instruction.
    mutating func requestService() { deadline = 0 }
}
