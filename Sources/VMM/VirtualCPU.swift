public import GuestMemory
public import PowerPC

/// One vCPU of a machine, whatever executes it: the seam between machines and engines.
///
/// A machine runs it until an ``PowerPC/Exit``, answers the exit through the methods here, and runs it on.
///
/// Where vCPUs run on threads of their own, only what ``signals`` can do may be done to one that runs. Everything else is
/// for whoever holds the machine while the vCPU does not run: its own thread after an exit, or another's while it idles.
public protocol VirtualCPU: AnyObject {
    /// The vCPU's number, counted from 0.
    var index: Int { get }

    /// The machine's time as this vCPU sees it, in timebase ticks.
    var now: UInt64 { get }

    /// Begins a turn of at most `instructions` instructions; in virtual time the first one executes at `tick`.
    func beginSlice(instructions: UInt64, at tick: UInt64)

    /// Runs until the machine is needed.
    func run() -> Exit

    /// Gives the value that ``PowerPC/Exit/deviceRead(address:width:)`` asked for.
    func completeRead(_ value: UInt64)

    /// Gives the vector that ``PowerPC/Exit/acknowledge`` asked for.
    func completeAcknowledge(vector: UInt32)

    /// Its interrupt inputs, and what else may be asked of it while it runs.
    var signals: Signals { get }

    /// Whether it executes nothing until somebody starts it, which its ``signals`` tell. Asked while it does not run.
    var standsStill: Bool { get }

    /// Makes it come back with ``PowerPC/Exit/sliceEnd`` soon, and until ``stay()`` whenever it is run. It may be running.
    func leave()

    /// Takes ``leave()`` back.
    func stay()

    /// Tells it that there is news in ``signals`` while it runs.
    func noticeSignals()

    /// How many nanoseconds console and devices may wait to be looked at while it runs.
    var pollInterval: UInt64 { get }

    /// When the next timer that the guest enabled changes something; nil when none will.
    func nextTimerEvent() -> UInt64?

    /// Halts until an interrupt is pending.
    func waitForInterrupt()

    /// Maps the magic page at an effective address.
    func mapMagicPage(at effective: UInt32)

    /// Carries out a `tlbivax` of another vCPU.
    func invalidateTLB(operand: UInt32)

    /// Takes in a message that a vCPU sent with `msgsnd`.
    func receiveMessage(operand: UInt32)

    /// Drops what it keeps of translations that a hypercall changed.
    func drop(_ change: TranslationChange)
}

extension VirtualCPU {
    /// Never.
    public var standsStill: Bool { false }
    /// Asks by ``signals``, which the vCPU looks at by itself.
    public func leave() { signals.leave() }
    /// Takes it back in ``signals``.
    public func stay() { signals.stay() }
    /// Nothing: it looks at the signals by itself.
    public func noticeSignals() {}
    /// A millisecond.
    public var pollInterval: UInt64 { 1_000_000 }
    /// Does nothing: its translations are its own.
    public func drop(_ change: TranslationChange) {}
}

/// A vCPU that the software CPU executes.
@safe
public final class SoftwareCPU: VirtualCPU {
    /// The CPU itself, for those who show its state.
    public internal(set) var core: CPU {
        _read { yield unsafe storage.pointee }
        _modify { yield unsafe &storage.pointee }
    }

    /// In memory of its own, so that no access to it is checked for exclusivity: every exit would pay for that. Nobody reaches
    /// the core while it runs, for it calls nothing that has the vCPU.
    private let storage: UnsafeMutablePointer<CPU>

    /// Its general-purpose registers, while it stands still.
    public let registers: GuestRegisters

    /// A stopped vCPU.
    public init(
        _ model: CoreModel = .e500v2, index: Int, memory: GuestMemory, time: TimeSource, answersHypercalls: Bool,
        sharesMemory: Bool, nativeCode: NativeCodeMemory? = nil
    ) {
        self.index = index
        let core = CPU(
            model, index: index, memory: memory, time: time, answersHypercalls: answersHypercalls,
            sharesMemory: sharesMemory, nativeCode: nativeCode)
        signals = core.signals
        registers = core.guestRegisters
        unsafe storage = .allocate(capacity: 1)
        unsafe storage.initialize(to: core)
    }

    deinit {
        unsafe storage.deinitialize(count: 1)
        unsafe storage.deallocate()
    }

    /// All its registers, as a debugger sees them.
    public private(set) lazy var debugRegisters = CPU.debugRegisters(of: core.model)

    /// Puts it at the start of its program, with `processorID` in its PIR.
    public func start(_ state: CPU.Start, processorID: UInt32? = nil) {
        core.start(state, processorID: processorID ?? UInt32(index))
    }

    /// General-purpose register `number`.
    public func register(_ number: Int) -> UInt32 { registers[number] }

    /// Sets general-purpose register `number`.
    public func setRegister(_ number: Int, to value: UInt32) { registers[number] = value }

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
    /// Gives a device's value.
    public func completeRead(_ value: UInt64) { core.completeRead(value) }
    /// Gives the vector of the interrupt that is taken next.
    public func completeAcknowledge(vector: UInt32) { core.completeAcknowledge(vector: vector) }
    /// When the next timer changes something.
    public func nextTimerEvent() -> UInt64? { core.nextTimerEvent() }
    /// Halts until an interrupt is pending.
    public func waitForInterrupt() { core.waitForInterrupt() }
    /// Maps the magic page.
    public func mapMagicPage(at effective: UInt32) { core.mapMagicPage(at: effective) }
    /// Carries out another vCPU's `tlbivax`.
    public func invalidateTLB(operand: UInt32) { core.invalidateTLB(operand: operand) }
    /// Takes in a message that a vCPU sent.
    public func receiveMessage(operand: UInt32) { core.receiveMessage(operand: operand) }
}
