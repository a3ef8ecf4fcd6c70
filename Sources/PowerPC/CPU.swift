internal import CHost
public import GuestMemory

/// One e500v2 vCPU in software.
///
/// It runs until something needs the machine, and says what in an ``Exit``. All its state that the hot paths touch is
/// plain memory behind the accessors of `RegisterFile`, so that the interpreter's loop works without reference counts,
/// allocation or exclusivity checks.
@safe
public struct CPU: ~Copyable {
    /// The vCPU's number, which its PIR holds after reset.
    public let index: Int

    /// What it has counted so far.
    public let counters: Counters

    /// Instructions executed, counting those that raised an exception.
    public internal(set) var instructions: UInt64 = 0

    /// The effective address of the next instruction.
    public internal(set) var pc: UInt32 = 0

    /// Whether `sc` with KVM's magic number in r0 and `sc 1` are hypercalls.
    let answersHypercalls: Bool

    /// Whether an external interrupt takes its vector from the interrupt controller at delivery (EPR).
    public var externalProxy = false

    /// Whether other vCPUs share the memory, so that events on code pages and `tlbivax` concern them.
    let sharesMemory: Bool

    let memory: GuestMemory
    let time: TimeSource

    let gpr: GeneralRegisters
    let cr: ConditionFields
    var special = SpecialRegisters()
    let spr: SPRFile
    let page: SharedPage

    let tlb: TLB
    /// The way of TLB0 that the next miss proposes for replacement.
    var nextVictim: UInt32 = 0
    let data: DataTranslations
    let code: CodeTranslations
    var cache: CodeCache
    var journalPosition: UInt64 = 0

    var timers = Timers()

    /// The magic page's effective address, or nil while it is not mapped.
    var magicPageAddress: UInt32?

    // What follows from MSR and the process IDs, kept ready for the hot paths.
    var user = false
    var dataMode = 0
    var fetchMode = 0
    var context: UInt64 = SoftwareTLB.context(0, 0, 0)

    /// Asserted interrupt inputs, one bit for each ``Interrupt``.
    var pins: UInt32 = 0
    /// An external interrupt was acknowledged and is taken next.
    var acknowledged = false
    var waiting = Waiting.no

    /// The host address of the reserved granule, or 0.
    var reservation: UInt = 0

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
    ///   - index: the vCPU's number.
    ///   - memory: the guest's RAM.
    ///   - time: the machine's time.
    ///   - answersHypercalls: whether the hypercall sequences leave the guest.
    ///   - sharesMemory: whether the machine has other vCPUs.
    public init(index: Int, memory: GuestMemory, time: TimeSource, answersHypercalls: Bool, sharesMemory: Bool) {
        self.index = index
        self.memory = memory
        self.time = time
        self.answersHypercalls = answersHypercalls
        self.sharesMemory = sharesMemory
        guard let block = unsafe host_map_memory(Self.blockSize) else {
            fatalError("the host has no memory for a vCPU's registers")
        }
        // One block: a page that the guest may map, then the registers.
        page = unsafe SharedPage(base: block)
        gpr = unsafe GeneralRegisters(base: (block + 4096).bindMemory(to: UInt32.self, capacity: 33))
        cr = unsafe ConditionFields(base: (block + 4096 + 256).bindMemory(to: UInt8.self, capacity: 8))
        spr = unsafe SPRFile(base: (block + 4096 + 512).bindMemory(to: UInt32.self, capacity: 1024))
        tlb = TLB()
        data = DataTranslations()
        code = CodeTranslations()
        cache = CodeCache(memory: memory)
        counters = Counters()
        for row in SPRTable.rows where row.reset != 0 { spr[row.number] = row.reset }
        journalPosition = memory.codeJournal.count
    }

    private static let blockSize = 4096 + 512 + 4096

    deinit {
        tlb.release()
        data.release()
        code.release()
        cache.release()
        debug.release()
        counters.release()
        unsafe host_unmap_memory(page.base, Self.blockSize)
    }
}

// MARK: - Registers

extension CPU {
    /// General-purpose register `number`, 0–31.
    public func register(_ number: Int) -> UInt32 { gpr[UInt8(truncatingIfNeeded: number & 31)] }

    /// Sets general-purpose register `number`, 0–31.
    public mutating func setRegister(_ number: Int, to value: UInt32) {
        gpr[UInt8(truncatingIfNeeded: number & 31)] = value
    }

    /// The machine state register.
    public var msr: UInt32 { page[double: SharedPage.msr] & MSR.implemented }

    /// The condition register.
    public var conditionRegister: UInt32 { cr.word }

    /// XER.
    public var xer: UInt32 { special.xer }

    /// The link register.
    public var linkRegister: UInt32 { special.lr }

    /// The count register.
    public var countRegister: UInt32 { special.ctr }

    /// Sets MSR and what follows from it.
    mutating func setMSR(_ value: UInt32) {
        let value = value & MSR.implemented
        page[double: SharedPage.msr] = value
        user = value & MSR.pr != 0
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
        tlb[TLB.Location(tlb1: start.mappingEntry & (TLB.tlb1Count - 1))] = entry
        flushTranslations()
        pc = start.pc & ~3
        setMSR(0)
    }

    /// Asserts or clears an interrupt input: ``Interrupt/external``, ``Interrupt/criticalInput`` or
    /// ``Interrupt/machineCheck``.
    public mutating func setPin(_ pin: Interrupt, asserted: Bool) {
        let bit = UInt32(1) << UInt32(pin.rawValue & 31)
        let changed = asserted ? pins | bit : pins & ~bit
        if changed != pins {
            pins = changed
            requestService()
        }
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
