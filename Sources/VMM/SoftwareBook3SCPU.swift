public import GuestMemory
internal import ParavirtABI
public import PowerPC

/// A 64-bit vCPU that the software CPU executes.
@safe
public final class SoftwareBook3SCPU: PSeriesCPU {
    /// The CPU itself, for those who show its state.
    public internal(set) var core: Book3SCPU {
        _read { yield unsafe storage.pointee }
        _modify { yield unsafe &storage.pointee }
    }

    /// In memory of its own, so that no access to it is checked for exclusivity, as ``SoftwareCPU`` has it.
    private let storage: UnsafeMutablePointer<Book3SCPU>

    /// Its general-purpose registers, while it stands still.
    public let registers: Book3SGuestRegisters

    /// A vCPU that stands still.
    public init(
        index: Int, memory: GuestMemory, pageTable: HashedPageTable, time: TimeSource, sharesMemory: Bool
    ) {
        self.index = index
        let core = Book3SCPU(
            index: index, memory: memory, pageTable: pageTable, time: time, sharesMemory: sharesMemory)
        signals = core.signals
        registers = core.guestRegisters
        unsafe storage = .allocate(capacity: 1)
        unsafe storage.initialize(to: core)
    }

    deinit {
        unsafe storage.deinitialize(count: 1)
        unsafe storage.deallocate()
    }

    // MARK: VirtualCPU

    /// The vCPU's number.
    public let index: Int
    /// Its interrupt inputs, and what else may be asked of it while it runs.
    public let signals: Signals
    /// The machine's time in ticks.
    public var now: UInt64 { core.now }
    /// Begins a turn.
    public func beginSlice(instructions: UInt64, at tick: UInt64) {
        core.beginSlice(instructions: instructions, at: tick)
    }
    /// Runs until the machine is needed.
    public func run() -> Exit { core.run() }
    /// Nothing: it has no devices in its memory.
    public func completeRead(_ value: UInt64) {}
    /// When the decrementer next asks for an interrupt.
    public func nextTimerEvent() -> UInt64? { core.nextTimerEvent() }
    /// Halts until an interrupt is pending.
    public func waitForInterrupt() { core.waitForPending() }
    /// Drops what it keeps of translations that a hypercall changed.
    public func drop(_ change: TranslationChange) { core.drop(change) }

    // MARK: PSeriesCPU

    /// General-purpose register `number`.
    public func register(_ number: Int) -> UInt64 { registers[number] }
    /// Sets general-purpose register `number`.
    public func setRegister(_ number: Int, to value: UInt64) { registers[number] = value }
    /// Whether MSR[SF] is set.
    public var is64Bit: Bool { core.msr & MSR64.sf != 0 }
    /// Puts it at the start of a program.
    public func start(at pc: UInt64, r3: UInt64) { core.start(at: pc, r3: r3) }
    /// Makes it stand still.
    public func stop() { core.standStill() }
    /// Whether it was stopped, or not started yet.
    public var standsStill: Bool { core.standsStill }
    /// How it takes interrupts.
    public var interruptMode: InterruptMode {
        get {
            InterruptMode(
                isLittleEndian: core.takesInterruptsLittleEndian, alternateLocation: core.alternateInterruptLocation)
        }
        set {
            core.takesInterruptsLittleEndian = newValue.isLittleEndian
            core.alternateInterruptLocation = newValue.alternateLocation
        }
    }
    /// Whether interrupts may be taken with translation on.
    public var offersAlternateInterrupts: Bool { true }
    /// Halts with MSR[EE] set.
    public func cede() { core.cede() }
    /// Ends a halt.
    public func prod() { core.prod() }
    /// Maps the magic page. It has all of the optional fields, as that of KVM-PR does, though a POWER8 has no registers but
    /// PIR to keep there.
    public func mapMagicPage(realAddress: UInt64, effectiveAddress: UInt64, flags: UInt64) -> UInt64 {
        core.mapMagicPage(real: realAddress, effective: effectiveAddress)
        let features: MagicPageFeatures = [.segmentRegisters, .mas0ToSPRG7]
        return features.rawValue
    }
    /// SPRG0.
    public func setSPRG0(_ value: UInt64) { core.setSPRG0(value) }
}
