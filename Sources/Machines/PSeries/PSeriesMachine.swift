internal import CHost
public import Devices
public import GuestMemory
public import Hypercalls
public import PAPR
public import ParavirtABI
public import PowerPC
public import VMM

/// The machine `pseries`: a partition of a POWER8, whose guest reaches everything through hypercalls.
///
/// It is the same for every engine. vCPUs are behind ``VMM/PSeriesCPU``; what an engine's host answers by itself does not
/// arrive here. The page table is the machine's in any case: an engine walks it, and KVM-PR also changes it.
public final class PSeriesMachine: Machine {
    /// What a machine is made of, apart from its vCPUs.
    public struct Configuration {
        /// The number of vCPUs.
        public var cpuCount: Int
        /// Where its time comes from.
        public var time: TimeSource
        /// Whether ePAPR's and KVM's calls are answered.
        public var answersHypercalls: Bool
        /// Whether that is all of ePAPR's calls, and not only KVM's own and EV_IDLE.
        public var answersEPAPR: Bool
        /// Whether guests may map the magic page.
        public var offersMagicPage: Bool
        /// The page sizes that the guest may use.
        public var pageSizes: HashPageSizes
        /// What time of day it is at the start: nanoseconds since 1970, UTC.
        public var startTime: UInt64
        /// What the guest kept from its last start, in its whole size; empty for the first.
        public var nonvolatileMemory: [UInt8]
        /// Where devices' interrupts go instead of the machine's own controller: to the one of an engine whose kernel answers
        /// the guest's calls about interrupts, so that none of them arrives here.
        public var engineInterrupts: (any InterruptController)?

        /// The time of day at every start in virtual time, so that runs repeat: 2000 begins.
        public static let virtualStartTime: UInt64 = 946_684_800_000_000_000

        /// A configuration.
        ///
        /// - Parameter startTime: nil for the host's clock, in virtual time for ``virtualStartTime``.
        public init(
            cpuCount: Int, time: TimeSource, answersHypercalls: Bool = true, answersEPAPR: Bool = true,
            offersMagicPage: Bool = true, pageSizes: HashPageSizes = .power8, startTime: UInt64? = nil,
            nonvolatileMemory: [UInt8] = [],
            engineInterrupts: (any InterruptController)? = nil
        ) {
            self.cpuCount = cpuCount
            self.time = time
            self.answersHypercalls = answersHypercalls
            self.answersEPAPR = answersEPAPR
            self.offersMagicPage = offersMagicPage
            self.pageSizes = pageSizes
            self.nonvolatileMemory = nonvolatileMemory
            self.engineInterrupts = engineInterrupts
            let now = time.hostTicks == nil ? Self.virtualStartTime : host_wall_clock_nanoseconds()
            self.startTime = startTime ?? now
        }
    }

    /// The guest's RAM.
    public let memory: GuestMemory
    /// The guest's page table.
    public let pageTable: HashedPageTable
    /// The page sizes that the guest may use.
    public let pageSizes: HashPageSizes
    /// All vCPUs, also those that the guest has not started.
    public let cpus: [any PSeriesCPU]
    /// Hypercalls answered so far, by call.
    public private(set) var hypercallCounts = HypercallCounts()
    /// Accesses to real addresses where nothing is: loads give 0, stores do nothing.
    public private(set) var unclaimedAccesses: UInt64 = 0

    /// The vCPUs that the guest has started.
    public private(set) var runningCPUs: [any VirtualCPU] = []
    /// How the run ended, once it has.
    public private(set) var outcome: Outcome?

    /// Whether guests may map the magic page.
    public let offersMagicPage: Bool
    /// What each vCPU shares with its hypervisor.
    public var processorAreas: [ProcessorAreas]
    /// The interrupt controller.
    public let interruptController: XICS
    /// The interrupt controller of what guests reach by ePAPR's calls. It shares the vCPUs' external interrupt with
    /// ``interruptController``, and interrupts none until a guest unmasks something.
    public let mpic: MPIC
    /// The byte channels.
    public let byteChannels: ByteChannels
    /// What the guest keeps from one start to the next.
    public var nonvolatileMemory: [UInt8]

    private let answersHypercalls: Bool
    private let papr: HypercallDispatcher<PSeriesMachine>
    private let epapr: HypercallDispatcher<PSeriesMachine>
    private let console: any HostConsole
    private let consoleOutput: ConsolePort
    private let vty: VirtualTerminal
    private let time: TimeSource
    private let usesVirtualTime: Bool
    /// What ``timeOfDay`` is at tick 0.
    private var clockOffset: UInt64
    /// The last time that somebody told.
    private var lastTick: UInt64 = 0
    private var randomState: UInt64 = 0
    private var changes: [TranslationChange] = []

    /// What the machine remembers of a vCPU.
    private struct ProcessorState {
        var isStopped = true
        /// It ceded, and nothing was heard of it since.
        var isCeded = false
        /// Somebody prodded it since it last ceded.
        var isProdded = false
    }
    private var states: [ProcessorState]

    /// A machine with nothing in its memory, whose vCPUs all stand still.
    ///
    /// - Parameters:
    ///   - memory: the guest's RAM.
    ///   - pageTable: the guest's page table, which has no entries.
    ///   - cpus: as many vCPUs as the configuration says, in the order of their numbers.
    public init(
        _ configuration: Configuration, memory: GuestMemory, pageTable: HashedPageTable, cpus: [any PSeriesCPU],
        console: any HostConsole
    ) {
        precondition(cpus.count == configuration.cpuCount, "a machine has as many vCPUs as it says")
        self.memory = memory
        self.pageTable = pageTable
        self.cpus = cpus
        self.console = console
        pageSizes = configuration.pageSizes
        offersMagicPage = configuration.offersMagicPage
        answersHypercalls = configuration.answersHypercalls
        time = configuration.time
        usesVirtualTime = configuration.time.hostTicks == nil
        clockOffset = configuration.startTime
        papr = .papr()
        epapr = configuration.answersEPAPR ? .virtualDevices() : .powerPC()
        processorAreas = Array(repeating: ProcessorAreas(), count: cpus.count)
        states = Array(repeating: ProcessorState(), count: cpus.count)
        let size = PSeriesMemoryMap.nonvolatileMemorySize
        let kept = configuration.nonvolatileMemory
        nonvolatileMemory = kept.count == size ? kept : NonvolatileMemory.blank(size: size)
        let controller = XICS(cpuCount: cpus.count, sourceCount: PSeriesMemoryMap.interruptSources)
        interruptController = controller
        mpic = MPIC(cpuCount: cpus.count)
        mpic.prepareForHypercalls(hasExternalProxy: false)
        byteChannels = ByteChannels(controller: mpic, console: SilentPort())
        let port = ConsolePort(console)
        consoleOutput = port
        vty = VirtualTerminal(
            sink: port,
            interrupt: InterruptLine(
                to: configuration.engineInterrupts ?? controller, source: PSeriesMemoryMap.Interrupt.terminal))
    }

    /// Starts the boot vCPU; the kernel and the tree are in memory.
    ///
    /// - Parameter callInstruction: what RTAS calls execute as `sc 1`; where the host is a guest itself, something else.
    public func start(
        _ layout: PSeriesBootLayout, callInstruction: UInt32 = PSeriesMachine.systemCall1
    ) throws(GuestMemoryError) {
        for (place, word) in RTAS.entryPoint(callInstruction: callInstruction).enumerated() {
            try memory.store(word, at: layout.rtas.base + 4 * UInt64(place))
        }
        begin(0, at: layout.entry, r3: layout.tree.base)
    }

    /// `sc 1`.
    public static let systemCall1: UInt32 = 0x4400_0022

    private func begin(_ number: Int, at pc: UInt64, r3: UInt64) {
        states[number] = ProcessorState(isStopped: false)
        cpus[number].start(at: pc, r3: r3)
        if !runningCPUs.contains(where: { $0.index == number }) { runningCPUs.append(cpus[number]) }
    }

    // MARK: Exits

    /// Answers an exit of `vcpu`.
    public func handle(_ exit: Exit, of vcpu: any VirtualCPU) {
        let number = vcpu.index
        lastTick = vcpu.now
        if states[number].isCeded {
            states[number].isCeded = false
            countYield(number, isYielding: false)
        }
        switch exit {
        case .partitionCall(let isPrivileged):
            partitionCall(cpus[number], isPrivileged: isPrivileged)
        case .hypercall:
            hypercall(cpus[number], firstArgument: 3)
        case .deviceRead:
            unclaimedAccesses &+= 1
            vcpu.completeRead(0)
        case .deviceWrite:
            unclaimedAccesses &+= 1
        case .reset:
            end(.reset)
        case .crash(let crash):
            end(.crash(crash, vcpu: number))
        case .acknowledge, .invalidateTLB, .message, .idle, .sliceEnd, .debug:
            break
        }
    }

    private func partitionCall(_ vcpu: any PSeriesCPU, isPrivileged: Bool) {
        if isPrivileged, vcpu.register(3) == HypercallInstructions.paprForwardNumber {
            hypercall(vcpu, firstArgument: 12)
            return
        }
        var registers = PSeriesRegisters(vcpu: vcpu)
        let frame = HypercallFrame(
            from: registers, convention: .papr, vcpu: vcpu.index, isPrivileged: isPrivileged,
            width: vcpu.is64Bit ? .bits64 : .bits32)
        _ = papr.answer(frame, host: self, counts: &hypercallCounts).encode(into: &registers)
        if consoleOutput.panic.isComplete { end(.panic) }
        updateInterrupts()
    }

    /// Answers a call of ePAPR's convention, whose first argument may be in another register than r3.
    private func hypercall(_ vcpu: any PSeriesCPU, firstArgument: Int) {
        guard answersHypercalls else {
            // As the calls that a guest without any finds in their place.
            vcpu.setRegister(3, to: .max)
            return
        }
        var registers = PSeriesRegisters(vcpu: vcpu, firstArgument: firstArgument)
        let frame = HypercallFrame(
            from: registers, convention: .epapr, vcpu: vcpu.index, isPrivileged: true,
            width: vcpu.is64Bit ? .bits64 : .bits32)
        _ = epapr.answer(frame, host: self, counts: &hypercallCounts).encode(into: &registers)
        updateInterrupts()
    }

    /// Carries the controllers' outputs to the vCPUs' pins.
    private func updateInterrupts() {
        for vcpu in runningCPUs {
            let isPending =
                interruptController.isPending(cpu: vcpu.index) || mpic.isInterruptPending(cpu: vcpu.index)
            vcpu.signals.setPin(.external, asserted: isPending)
        }
    }

    /// Ends the run; the first reason counts.
    private func end(_ outcome: Outcome) {
        if self.outcome == nil { self.outcome = outcome }
    }

    /// What calls since the last exit changed in the page table.
    public func takeTranslationChange() -> TranslationChange? { changes.popLast() }

    // MARK: Time and input

    /// Moves console input.
    public func poll(at tick: UInt64) {
        lastTick = tick
        while vty.canReceive, let byte = console.receive() { vty.receive(byte) }
        updateInterrupts()
        console.flush()
        if console.wantsToQuit { end(.quit) }
    }

    /// Nothing happens by itself.
    public func nextDeviceEvent() -> UInt64? { nil }

    /// Passes on what the guest wrote to the console.
    public func flushOutput() { console.flush() }

    /// Sleeps until console input.
    public func waitForInput(nanoseconds: UInt64?) { console.wait(nanoseconds: nanoseconds) }

    /// Ends ``waitForInput(nanoseconds:)`` in another thread.
    public func wake() { console.wake() }

    /// The nanoseconds that the machine has been running.
    private var elapsed: UInt64 {
        let ticks = time.hostTicks ?? lastTick
        let frequency = UInt64(PSeriesMemoryMap.timebaseFrequency)
        return ticks / frequency &* 1_000_000_000 &+ ticks % frequency &* 1_000_000_000 / frequency
    }
}

/// A vCPU's registers as the hypercall dispatchers see them.
private struct PSeriesRegisters: CallRegisters {
    let vcpu: any PSeriesCPU
    /// Where ePAPR's first argument is, which has to be in r3 otherwise.
    var firstArgument = 3

    func register(_ index: Int) -> UInt64 { vcpu.register(index == 3 ? firstArgument : index) }
    func setRegister(_ index: Int, to value: UInt64) { vcpu.setRegister(index, to: value) }
}

// MARK: What hypercalls ask of the machine

extension PSeriesMachine: PAPRHypercallHost {
    /// The number of vCPUs.
    public var cpuCount: Int { cpus.count }

    /// Remembers what the vCPUs have to drop.
    public func translationChanged(_ change: TranslationChange) { changes.append(change) }

    /// vCPU `number`.
    public func partitionCPU(_ number: Int) -> any PSeriesCPU { cpus[number] }

    /// Wakes vCPU `number`, or lets its next `H_CEDE` return at once: whether it still waits only its engine knows.
    public func prod(_ number: Int) {
        states[number].isProdded = true
        cpus[number].prod()
    }

    /// Takes back whether vCPU `number` was prodded. If it was not, the vCPU waits from now on.
    public func takeProd(_ number: Int) -> Bool {
        defer { states[number].isProdded = false }
        states[number].isCeded = !states[number].isProdded
        return states[number].isProdded
    }

    /// Nothing: vCPUs take turns anyway, and threads give way by themselves.
    public func confer(from number: Int) {}

    /// 64 bits of the host's; in virtual time a fixed sequence, so that runs repeat.
    public func randomNumber() -> UInt64? {
        guard usesVirtualTime else {
            var number: UInt64 = 0
            let isRandom = unsafe withUnsafeMutableBytes(of: &number) { bytes in
                unsafe bytes.baseAddress.map { unsafe host_random($0, bytes.count) } ?? 0
            }
            return isRandom != 0 ? number : nil
        }
        // SplitMix64.
        randomState &+= 0x9E37_79B9_7F4A_7C15
        var mixed = randomState
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// The time as vCPU `number` sees it.
    public func timebase(of number: Int) -> UInt64 { cpus[number].now }

    /// The terminal, by its unit address or as the first.
    public func terminal(_ unit: UInt64) -> VirtualTerminal? {
        unit == 0 || unit == UInt64(PSeriesMemoryMap.Unit.terminal) ? vty : nil
    }
}

extension PSeriesMachine {
    /// Nanoseconds since 1970, UTC.
    public var timeOfDay: UInt64 {
        get { clockOffset &+ elapsed }
        set { clockOffset = newValue &- elapsed }
    }

    /// Whether vCPU `number` stands still until somebody starts it.
    public func isStopped(_ number: Int) -> Bool { states[number].isStopped }

    /// Starts vCPU `number` in the interrupt mode of vCPU `caller`.
    public func start(_ number: Int, at pc: UInt64, r3: UInt64, like caller: Int) {
        cpus[number].interruptMode = cpus[caller].interruptMode
        begin(number, at: pc, r3: r3)
    }

    /// Makes vCPU `number` stand still.
    public func stop(_ number: Int) {
        states[number].isStopped = true
        cpus[number].stop()
    }

    /// Switches the machine off.
    public func requestPowerOff() { end(.powerOff) }
    /// Starts the machine over.
    public func requestReset() { end(.reset) }
    /// The guest's kernel panicked.
    public func reportPanic() { end(.panic) }
}

extension PSeriesMachine: HandleDevices, VirtualDeviceHypercallHost {
    /// Its vCPUs take no messages: KVM-PR has no doorbell interrupt for its guests.
    public var takesProcessorMessages: Bool { false }
    /// Nothing.
    public func send(_ message: ProcessorMessage) {}

    /// Shows a vCPU's page of supervisor registers to the guest.
    public func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures {
        MagicPageFeatures(
            rawValue: cpus[vcpu].mapMagicPage(
                realAddress: realAddress, effectiveAddress: effectiveAddress, flags: flags.rawValue))
    }

    /// Halts a vCPU until an interrupt is pending.
    public func idle(vcpu: Int) { cpus[vcpu].waitForInterrupt() }
}
