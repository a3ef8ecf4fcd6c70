public import DeviceTree
public import Devices
public import GuestMemory
public import Hypercalls
internal import ParavirtABI
public import PowerPC
public import VMM

/// A machine of the e500 family: vCPUs, devices and hypercalls, wired as its ``E500Board`` says.
///
/// Everything that a vCPU cannot do itself arrives in ``handle(_:of:)`` as an exit.
@safe
public final class E500Machine: Machine {
    /// What a machine is made of.
    public struct Configuration {
        /// What core the vCPUs are.
        public var core: CoreModel
        /// Bytes of RAM.
        public var memorySize: UInt64
        /// The number of vCPUs.
        public var cpuCount: Int
        /// Where its time comes from.
        public var time: TimeSource
        /// Whether hypercalls are answered.
        public var answersHypercalls: Bool
        /// Whether guests may map the magic page.
        public var offersMagicPage: Bool
        /// What is connected to the host's console.
        public var console: E500Console
        /// Which machine of the family it is.
        public var board: E500Board
        /// Memory for native code, for each vCPU that may have some; the others interpret everything.
        public var nativeCode: [NativeCodeMemory]

        /// A configuration.
        public init(
            core: CoreModel? = nil, memorySize: UInt64, cpuCount: Int, time: TimeSource, answersHypercalls: Bool,
            offersMagicPage: Bool, console: E500Console? = nil, board: E500Board = .ppce500,
            nativeCode: [NativeCodeMemory] = []
        ) {
            self.core = core ?? board.defaultCore
            self.memorySize = memorySize
            self.cpuCount = cpuCount
            self.time = time
            self.answersHypercalls = answersHypercalls
            self.offersMagicPage = offersMagicPage
            self.console = console ?? board.defaultConsole
            self.board = board
            self.nativeCode = nativeCode
        }
    }

    /// The guest's RAM.
    public let memory: GuestMemory
    /// All vCPUs, also those that the guest has not started.
    public let cpus: [SoftwareCPU]
    /// The guest's device tree as its next boot gets it. Partition calls read and change it.
    public var deviceTree = DeviceTree()
    /// Hypercalls answered so far, by call.
    public internal(set) var hypercallCounts: HypercallCounts {
        _read { yield unsafe hypercallCountStorage.pointee }
        _modify { yield unsafe &hypercallCountStorage.pointee }
    }

    /// In memory of its own, which no hypercall pays an exclusivity check for. No handler reaches it.
    private let hypercallCountStorage: UnsafeMutablePointer<HypercallCounts>
    /// Accesses to devices so far.
    public private(set) var deviceAccesses: UInt64 = 0
    /// Accesses to real addresses where nothing is: loads give 0, stores do nothing.
    public private(set) var unclaimedAccesses: UInt64 = 0

    /// The vCPUs that the guest has started.
    public private(set) var runningCPUs: [any VirtualCPU] = []
    /// How the run ended, once it has.
    public private(set) var outcome: Outcome?

    /// Whether guests may map the magic page.
    public let offersMagicPage: Bool

    /// The interrupt controller.
    public let mpic: MPIC
    /// The byte channels.
    public let byteChannels: ByteChannels
    let power = PowerPort()
    let dispatcher: HypercallDispatcher<E500Machine>
    private let bus = Bus()
    private let serial: NS16550
    private let consoleOutput: ConsolePort
    private let starter = StarterPort()
    /// The spin table of a board that has it in RAM.
    private let spinTable: MemorySpinTable?
    private var lastPoll: UInt64 = 0
    private let console: any HostConsole
    private let consoleDevice: E500Console

    /// A machine with nothing in its memory, whose vCPUs all stand still.
    public init(_ configuration: Configuration, console: any HostConsole) throws(GuestMemoryError) {
        let memory = try GuestMemory(size: configuration.memorySize)
        self.memory = memory
        self.console = console
        offersMagicPage = configuration.offersMagicPage
        unsafe hypercallCountStorage = .allocate(capacity: 1)
        unsafe hypercallCountStorage.initialize(to: HypercallCounts())
        cpus = (0..<configuration.cpuCount).map { index in
            SoftwareCPU(
                configuration.core, index: index, memory: memory, time: configuration.time,
                answersHypercalls: configuration.answersHypercalls, sharesMemory: configuration.cpuCount > 1,
                nativeCode: configuration.nativeCode.indices.contains(index) ? configuration.nativeCode[index] : nil)
        }
        dispatcher = .epapr()
        let mpic = MPIC(cpuCount: configuration.cpuCount)
        self.mpic = mpic
        let serialLine = SharedLine(to: InterruptLine(to: mpic, source: E500MemoryMap.Interrupt.serial))
        consoleDevice = configuration.console
        consoleOutput = ConsolePort(console)
        let silence = SilentPort()
        serial = NS16550(
            interrupt: serialLine.input(0), sink: configuration.console == .serial ? consoleOutput : silence)
        byteChannels = ByteChannels(
            controller: mpic, console: configuration.console == .byteChannel ? consoleOutput : silence)
        let secondSerial = NS16550(interrupt: serialLine.input(1), sink: silence)

        guard configuration.board == .ppce500 else {
            spinTable = try MemorySpinTable(
                at: E500HVMemoryMap.spinTable(memorySize: configuration.memorySize).base, in: memory,
                cpuCount: configuration.cpuCount, starter: starter)
            mpic.prepareForHypercalls(hasExternalProxy: true)
            return
        }
        spinTable = nil
        func map(_ device: any MMIODevice, _ range: AddressRange) {
            bus.map(device, at: AddressRange(base: E500MemoryMap.ccsr.base + range.base, size: range.size))
        }
        map(mpic, E500MemoryMap.CCSR.mpic)
        map(serial, E500MemoryMap.CCSR.serial0)
        map(secondSerial, E500MemoryMap.CCSR.serial1)
        map(
            GlobalUtilities(
                pvr: configuration.core.processorVersion, svr: configuration.core.systemVersion, power: power),
            E500MemoryMap.CCSR.guts)
        map(GPIO(power: power), E500MemoryMap.CCSR.gpio)
        bus.map(SpinTable(cpuCount: configuration.cpuCount, starter: starter), at: E500MemoryMap.spinTable)
    }

    deinit {
        unsafe hypercallCountStorage.deinitialize(count: 1)
        unsafe hypercallCountStorage.deallocate()
    }

    /// Starts the boot vCPU; the kernel and the tree are in memory.
    public func start(_ layout: E500BootLayout) {
        cpus[0].start(layout.bootStart)
        runningCPUs = [cpus[0]]
    }

    // MARK: Exits

    /// Answers an exit of `vcpu`.
    public func handle(_ exit: Exit, of vcpu: any VirtualCPU) {
        switch exit {
        case .deviceRead(let address, let width):
            beginAccess(of: vcpu)
            let value = bus.read(address, width: width)
            count(claimed: value != nil)
            vcpu.completeRead(value ?? 0)
            updateInterrupts()
        case .deviceWrite(let address, let width, let value):
            beginAccess(of: vcpu)
            count(claimed: bus.write(value, at: address, width: width))
            collectRequests()
            updateInterrupts()
        case .hypercall:
            hypercall(cpus[vcpu.index])
        case .acknowledge:
            // Another vCPU may have been faster, on a thread of its own.
            if mpic.isInterruptPending(cpu: vcpu.index) {
                vcpu.completeAcknowledge(vector: mpic.acknowledge(cpu: vcpu.index))
            }
            updateInterrupts()
        case .invalidateTLB(let operand):
            for other in runningCPUs where other.index != vcpu.index { other.invalidateTLB(operand: operand) }
        case .message(let operand):
            send(ProcessorMessage(operand))
        case .reset:
            end(.reset)
        case .crash(let crash):
            end(.crash(crash, vcpu: vcpu.index))
        case .idle, .sliceEnd, .debug, .partitionCall:
            // Partition calls are of 64-bit cores.
            break
        }
    }

    /// The MPIC answers by who asks, and by when.
    func beginAccess(of vcpu: any VirtualCPU) {
        mpic.currentCPU = vcpu.index
        mpic.advance(toTick: vcpu.now)
    }

    private func count(claimed: Bool) {
        deviceAccesses &+= 1
        if !claimed { unclaimedAccesses &+= 1 }
    }

    /// Carries the MPIC's outputs to the vCPUs' pins.
    func updateInterrupts() {
        for vcpu in runningCPUs {
            let signals = vcpu.signals
            signals.setExternalProxy(mpic.usesExternalProxy)
            signals.setPin(.external, asserted: mpic.isInterruptPending(cpu: vcpu.index))
            signals.setPin(.criticalInput, asserted: mpic.isPending(.critical, cpu: vcpu.index))
        }
    }

    /// Ends the run; the first reason counts.
    private func end(_ outcome: Outcome) {
        if self.outcome == nil { self.outcome = outcome }
    }

    // MARK: Time and input

    /// Lets the MPIC's timers catch up, and moves console input.
    public func poll(at tick: UInt64) {
        mpic.advance(toTick: tick)
        lastPoll = tick
        switch consoleDevice {
        case .serial:
            // Escape keys work from the start; the guest's input waits for a guest that listens.
            while serial.canReceive, console.isInteractive || serial.isListening, let byte = console.receive() {
                serial.receive(byte)
            }
        case .byteChannel:
            while byteChannels.consoleInput.room > 0, let byte = console.receive() {
                _ = byteChannels.consoleInput.append(byte)
            }
        }
        collectRequests()
        updateInterrupts()
        console.flush()
        if console.wantsToQuit { end(.quit) }
    }

    /// When the MPIC's next timer runs out, or the next look at a spin table in RAM is due.
    public func nextDeviceEvent() -> UInt64? {
        guard let spinTable, spinTable.isWaiting else { return mpic.nextDeadline }
        return min(mpic.nextDeadline ?? .max, lastPoll &+ E500HVMemoryMap.spinTablePeriod)
    }

    /// Passes on what the guest wrote to the console.
    public func flushOutput() { console.flush() }

    /// Sleeps until console input.
    public func waitForInput(nanoseconds: UInt64?) { console.wait(nanoseconds: nanoseconds) }

    /// Ends ``waitForInput(nanoseconds:)`` in another thread.
    public func wake() { console.wake() }

    // MARK: What devices ask for

    /// Carries out what a store to a device or a hypercall asked of the machine.
    func collectRequests() {
        if consoleOutput.panic.isComplete { end(.panic) }
        if let request = power.request { end(request) }
        spinTable?.look()
        while let release = starter.releases.popLast() {
            guard cpus.indices.contains(release.cpu) else { continue }
            let vcpu = cpus[release.cpu]
            vcpu.start(E500BootLayout.secondaryStart(entry: release.entry, r3: release.r3), processorID: release.pir)
            runningCPUs.append(vcpu)
        }
    }
}

/// What the spin table asks for, until the machine looks after the access that caused it.
private final class StarterPort: SecondaryStarter {
    struct Release {
        let cpu: Int
        let entry: UInt64
        let r3: UInt64
        let pir: UInt32
    }
    var releases: [Release] = []
    func startSecondary(cpu: Int, entry: UInt64, r3: UInt64, pir: UInt32) {
        releases.append(Release(cpu: cpu, entry: entry, r3: r3, pir: pir))
    }
}
