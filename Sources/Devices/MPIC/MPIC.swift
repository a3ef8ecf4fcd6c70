/// The interrupt controller of the e500 machine: an OpenPIC in the form of Freescale's MPIC 4.2, as QEMU's `ppce500`
/// has it, with external sources, on-chip sources, message-signalled interrupts, inter-processor interrupts and timers.
///
/// A source requests while its input is asserted (level) or from its edge until it is acknowledged. An unmasked request
/// goes to the processors in its destination register. A processor's external interrupt output is asserted while some
/// request to it has a priority above both its current task priority and the interrupts that it has in service.
/// Acknowledging returns the vector and puts the interrupt in service until the end of interrupt.
///
/// - External sources and messages that name several processors are delivered to whichever acknowledges first.
///   IPIs and timers are delivered to each.
/// - Sources directed to the critical or machine check output follow their level, without priority or acknowledge;
///   edge-sensitive ones have no level and do nothing there.
/// - Pass-through and mixed mode deliver alike. Polarity bits are kept and have no effect.
/// - Not present: processor reset through PIR, cascaded timers, timer group B, error and summary registers. They read 0.
public final class MPIC: MMIODevice, InterruptController {
    /// The most processors that one MPIC serves.
    public static let maximumCPUs = 32
    /// External and on-chip sources: 0 to 15 are external, edge- or level-sensitive; the others are level-sensitive.
    public static let inputCount = 256
    /// The first source with no choice of sense.
    public static let firstInternalSource = 16
    /// The source of the first of the ``messageGroupCount`` message groups.
    public static let firstMessageSource = 224
    /// Groups of 32 messages.
    public static let messageGroupCount = 8
    /// Inter-processor interrupts.
    public static let ipiCount = 4
    /// Global timers.
    public static let timerCount = 4

    /// The sources that FRR reports. Messages are beyond, as they are in QEMU.
    static let reportedSources: UInt32 = 196
    /// The OpenPIC version that FRR reports: 1.2.
    static let version: UInt32 = 2
    /// The number of IPI 0 where interrupts go by number: behind the sources. The other IPIs follow.
    public static let firstIPI = inputCount
    /// The number of global timer 0, behind the IPIs.
    public static let firstTimer = inputCount + ipiCount
    /// How many interrupts there are by number: sources, IPIs, global timers.
    public static let sourceCount = inputCount + ipiCount + timerCount

    /// One interrupt source.
    private struct Source {
        /// Mask, sense, polarity, priority and vector as the guest wrote them.
        var vectorPriority: UInt32 = MPICRegister.VectorPriority.mask
        /// One bit a processor.
        var destinations: UInt32 = 1
        var target = InterruptTarget.interrupt
        /// The state of the input.
        var asserted = false
        /// Requests: an asserted level, or an edge that no processor acknowledged yet.
        var pending = false
        /// For sources that each destination gets: who has yet to acknowledge.
        var pendingCPUs: UInt32 = 0
        /// Which processors have it in service.
        var inService: UInt32 = 0
        /// Which processors it is offered to now, and on which output.
        var offered: UInt32 = 0
        var offeredTarget = InterruptTarget.interrupt

        var priority: UInt32 { (vectorPriority & MPICRegister.VectorPriority.priority) >> 16 }
        var isMasked: Bool { vectorPriority & MPICRegister.VectorPriority.mask != 0 }
    }

    /// What one processor sees.
    private struct Processor {
        /// CTPR.
        var taskPriority: UInt32 = 15
        /// Sources offered to each output.
        var raised = SourceSet()
        var critical = SourceSet()
        var machineCheck = SourceSet()
        /// Acknowledged and not ended.
        var servicing = SourceSet()
        /// The output levels.
        var interruptOutput = false
        var criticalOutput = false
        var machineCheckOutput = false
    }

    /// The processors that this MPIC serves.
    public let cpuCount: Int

    /// The processor whose access is being carried out: the machine sets it before it passes one on.
    ///
    /// Only the registers at ``MPICRegister/thisCPU`` look at it. They read 0 and ignore stores when it is no
    /// processor of this machine.
    public var currentCPU = 0

    private var sources = [Source](repeating: Source(), count: MPIC.sourceCount)
    private var processors: [Processor]
    private var messages = InlineArray<8, UInt32>(repeating: 0)
    private var timers = InlineArray<4, MPICTimer>(repeating: MPICTimer())
    private var globalConfiguration: UInt32 = 0
    private var spuriousVector: UInt32 = MPICRegister.VectorPriority.vector
    private var timerFrequency: UInt32 = 0
    private var timerControl: UInt32 = 0
    /// The time, in timebase ticks, up to which the timers have run.
    private var now: UInt64 = 0

    /// An MPIC out of reset, for `cpuCount` processors (1 to ``maximumCPUs``).
    public init(cpuCount: Int) {
        precondition((1...Self.maximumCPUs).contains(cpuCount), "an MPIC serves 1 to 32 processors")
        self.cpuCount = cpuCount
        processors = [Processor](repeating: Processor(), count: cpuCount)
        reset()
    }

    // MARK: The processors' side

    /// Whether processor `cpu`'s external interrupt output is asserted.
    public func isInterruptPending(cpu: Int) -> Bool {
        isPending(.interrupt, cpu: cpu)
    }

    /// Whether the given output of processor `cpu` is asserted. False for a processor that is not there.
    public func isPending(_ output: InterruptTarget, cpu: Int) -> Bool {
        guard processors.indices.contains(cpu) else { return false }
        return switch output {
        case .interrupt: processors[cpu].interruptOutput
        case .critical: processors[cpu].criticalOutput
        case .machineCheck: processors[cpu].machineCheckOutput
        }
    }

    /// Whether the guest chose external proxy mode: a processor that takes an external interrupt then
    /// acknowledges it in the same moment and keeps what ``acknowledge(cpu:)`` returns in its EPR.
    public var usesExternalProxy: Bool {
        globalConfiguration & MPICRegister.GlobalConfiguration.mode
            == MPICRegister.GlobalConfiguration.externalProxy
    }

    /// Puts the most urgent request to processor `cpu` in service and returns its vector (IACK).
    ///
    /// With nothing above the processor's priority the result is the spurious vector, and nothing enters service.
    public func acknowledge(cpu: Int) -> UInt32 {
        guard processors.indices.contains(cpu), processors[cpu].interruptOutput,
            let source = mostUrgent(of: processors[cpu].raised)
        else { return spuriousVector }
        let bit = Self.bit(cpu)
        sources[source].inService |= bit
        processors[cpu].servicing.set(source, true)
        if Self.reachesEveryDestination(source) {
            sources[source].pendingCPUs &= ~bit
        } else if !isLevelSensitive(source) {
            sources[source].pending = false
        }
        refresh(source)
        updateOutputs(ofCPU: cpu)
        return sources[source].vectorPriority & MPICRegister.VectorPriority.vector
    }

    /// Retires the most urgent interrupt that processor `cpu` has in service (EOI); without one, nothing happens.
    public func endOfInterrupt(cpu: Int) {
        guard processors.indices.contains(cpu), let source = mostUrgent(of: processors[cpu].servicing) else { return }
        sources[source].inService &= ~Self.bit(cpu)
        processors[cpu].servicing.set(source, false)
        refresh(source)
        updateOutputs(ofCPU: cpu)
    }

    // MARK: The devices' side

    /// Drives the input of source `source`, counted as `interrupts` properties count: 0 to ``inputCount`` − 1.
    ///
    /// Numbers outside do nothing, and the message groups' sources belong to the MSI registers.
    public func setLevel(source: Int, asserted: Bool) {
        guard (0..<Self.inputCount).contains(source), !Self.isMessageGroup(source) else { return }
        drive(source, asserted)
    }

    private func drive(_ source: Int, _ asserted: Bool) {
        let before = sources[source].asserted
        guard before != asserted else { return }
        sources[source].asserted = asserted
        if isLevelSensitive(source) {
            sources[source].pending = asserted
        } else if asserted && sources[source].target == .interrupt {
            sources[source].pending = true
        }
        refresh(source)
    }

    // MARK: Interrupts by number

    /// What the registers of interrupt `number`, below ``sourceCount``, hold: vector and priority with the bits of
    /// ``MPICRegister/VectorPriority``, and the destinations, one bit a processor. IPIs have no destination register:
    /// theirs reads as processor 0.
    ///
    /// - Precondition: there is such an interrupt.
    public func configuration(of number: Int) -> (vectorPriority: UInt32, destinations: UInt32) {
        (vectorPriority(of: number), sources[number].destinations)
    }

    /// Writes the registers of interrupt `number`; what an interrupt does not have stays as it is.
    ///
    /// - Precondition: there is such an interrupt.
    public func configure(_ number: Int, vectorPriority: UInt32, destinations: UInt32) {
        // Out of reach while it is half configured.
        setVectorPriority(sources[number].vectorPriority | MPICRegister.VectorPriority.mask, of: number)
        if number < Self.firstIPI || number >= Self.firstTimer { setDestinations(destinations, of: number) }
        setVectorPriority(vectorPriority, of: number)
    }

    /// Whether interrupt `number` keeps its request for as long as its input is asserted.
    ///
    /// - Precondition: there is such an interrupt.
    public func followsLevel(_ number: Int) -> Bool { isLevelSensitive(number) }

    /// The most urgent interrupt that processor `cpu` has in service: the one that ``endOfInterrupt(cpu:)`` retires.
    public func interruptInService(cpu: Int) -> Int? {
        guard processors.indices.contains(cpu) else { return nil }
        return mostUrgent(of: processors[cpu].servicing)
    }

    /// Requests IPI `ipi` (below ``ipiCount``) on each of `cpus`, one bit a processor; others do not count.
    public func sendIPI(_ ipi: Int, to cpus: UInt32) {
        guard (0..<Self.ipiCount).contains(ipi) else { return }
        dispatch(ipi: ipi, to: cpus)
    }

    /// The priority that an interrupt has to exceed to reach processor `cpu` (CTPR): 0 to 15.
    public func taskPriority(cpu: Int) -> UInt32 {
        readPerCPU(MPICRegister.PerCPU.currentTaskPriority.rawValue, cpu: cpu)
    }

    /// Sets processor `cpu`'s CTPR, 0 to 15.
    public func setTaskPriority(_ priority: UInt32, cpu: Int) {
        writePerCPU(priority, MPICRegister.PerCPU.currentTaskPriority.rawValue, cpu: cpu)
    }

    // MARK: Time

    /// Lets the timers run up to `tick`, in timebase ticks since the machine started.
    ///
    /// The machine calls this before it passes an access on and when ``nextDeadline`` is reached. A time before the
    /// last one has no effect, so hand in the machine's clock and not a register that the guest can write.
    public func advance(toTick tick: UInt64) {
        guard tick > now else { return }
        now = tick
        for index in 0..<Self.timerCount where timers[index].advance(to: tick, period: timerPeriod) {
            fire(timer: index)
        }
    }

    /// When a timer next requests an interrupt that some processor can get, in timebase ticks; nil when none will.
    ///
    /// Changes with every access and acknowledge.
    public var nextDeadline: UInt64? {
        var earliest: UInt64?
        for index in 0..<Self.timerCount {
            let source = sources[Self.firstTimer + index]
            guard let expiry = timers[index].nextExpiry, !source.isMasked,
                source.destinations & ~source.pendingCPUs != 0
            else { continue }
            if let known = earliest, known <= expiry { continue }
            earliest = expiry
        }
        return earliest
    }

    /// Timebase ticks of one timer count: 8, 16, 32 or 64.
    private var timerPeriod: UInt64 {
        8 << UInt64((timerControl & MPICRegister.TimerBits.clockRatio) >> 8)
    }

    private func fire(timer index: Int) {
        let source = Self.firstTimer + index
        sources[source].pendingCPUs |= sources[source].destinations
        refresh(source)
    }

    // MARK: Registers

    /// What a load yields. Loading IACK and the pending messages changes state; unknown registers read 0.
    public func read(offset: UInt64, width: Int) -> UInt64 {
        RegisterAccess.readWords(offset, width: width, word: readWord)
    }

    /// Carries out a store to a 32-bit register; read-only and unknown ones ignore it.
    public func write(_ value: UInt64, offset: UInt64, width: Int) {
        RegisterAccess.writeWords(value, offset, width: width, word: writeWord)
    }

    private func readWord(at offset: UInt64) -> UInt32 {
        switch offset {
        case MPICRegister.blockRevision:
            return MPICRegister.revision
        case MPICRegister.thisCPU..<MPICRegister.thisCPU + MPICRegister.perCPUStride:
            return readPerCPU(offset - MPICRegister.thisCPU, cpu: currentCPU)
        case MPICRegister.featureReporting:
            return (Self.reportedSources - 1) << 16 | UInt32(cpuCount - 1) << 8 | Self.version
        case MPICRegister.globalConfiguration:
            return globalConfiguration
        case MPICRegister.spuriousVector:
            return spuriousVector
        case MPICRegister.timerFrequency:
            return timerFrequency
        case MPICRegister.timerControl:
            return timerControl
        case Self.ipiRegisters:
            guard offset % MPICRegister.stride == 0 else { return 0 }
            let ipi = Int((offset - Self.ipiRegisters.lowerBound) / MPICRegister.stride)
            return vectorPriority(of: Self.firstIPI + ipi)
        case Self.timerRegisters:
            let (index, register) = Self.split(offset, Self.timerRegisters, MPICRegister.timerStride)
            return switch MPICRegister.Timer(rawValue: register) {
            case .currentCount: timers[index].currentCount(at: now, period: timerPeriod)
            case .baseCount: timers[index].baseCount
            case .vectorPriority: vectorPriority(of: Self.firstTimer + index)
            case .destination: sources[Self.firstTimer + index].destinations
            case nil: 0
            }
        case Self.messageRegisters:
            return readMSI(offset - MPICRegister.msi)
        case Self.sourceRegisters:
            let (source, register) = Self.split(offset, Self.sourceRegisters, MPICRegister.sourceStride)
            return switch MPICRegister.Source(rawValue: register) {
            case .vectorPriority: vectorPriority(of: source)
            case .destination: sources[source].destinations
            case .level: sources[source].target.rawValue
            case nil: 0
            }
        case Self.perCPURegisters:
            let (cpu, register) = Self.split(offset, Self.perCPURegisters, MPICRegister.perCPUStride)
            return readPerCPU(register, cpu: cpu)
        default:
            return 0
        }
    }

    private func writeWord(_ value: UInt32, at offset: UInt64) {
        switch offset {
        case MPICRegister.thisCPU..<MPICRegister.thisCPU + MPICRegister.perCPUStride:
            writePerCPU(value, offset - MPICRegister.thisCPU, cpu: currentCPU)
        case MPICRegister.globalConfiguration:
            if value & MPICRegister.GlobalConfiguration.reset != 0 {
                reset()
            } else {
                globalConfiguration = value & MPICRegister.GlobalConfiguration.mode
            }
        case MPICRegister.spuriousVector:
            spuriousVector = value & MPICRegister.VectorPriority.vector
        case MPICRegister.timerFrequency:
            timerFrequency = value
        case MPICRegister.timerControl:
            let before = timerPeriod
            timerControl = value & MPICRegister.TimerBits.clockRatio
            for index in 0..<Self.timerCount { timers[index].changePeriod(from: before, to: timerPeriod, at: now) }
        case Self.ipiRegisters:
            guard offset % MPICRegister.stride == 0 else { return }
            let ipi = Int((offset - Self.ipiRegisters.lowerBound) / MPICRegister.stride)
            setVectorPriority(value, of: Self.firstIPI + ipi)
        case Self.timerRegisters:
            let (index, register) = Self.split(offset, Self.timerRegisters, MPICRegister.timerStride)
            switch MPICRegister.Timer(rawValue: register) {
            case .baseCount: timers[index].setBaseCount(value, at: now, period: timerPeriod)
            case .vectorPriority: setVectorPriority(value, of: Self.firstTimer + index)
            case .destination: setDestinations(value, of: Self.firstTimer + index)
            case .currentCount, nil: break
            }
        case MPICRegister.msi + MPICRegister.MSI.index:
            let group = Int(value >> 29)
            messages[group] |= 1 << (value >> 24 & 31)
            drive(Self.firstMessageSource + group, true)
        case Self.sourceRegisters:
            let (source, register) = Self.split(offset, Self.sourceRegisters, MPICRegister.sourceStride)
            switch MPICRegister.Source(rawValue: register) {
            case .vectorPriority: setVectorPriority(value, of: source)
            case .destination: setDestinations(value, of: source)
            case .level: setTarget(InterruptTarget(rawValue: value & 0xFF) ?? .interrupt, of: source)
            case nil: break
            }
        case Self.perCPURegisters:
            let (cpu, register) = Self.split(offset, Self.perCPURegisters, MPICRegister.perCPUStride)
            writePerCPU(value, register, cpu: cpu)
        default:
            break
        }
    }

    private func readPerCPU(_ offset: UInt64, cpu: Int) -> UInt32 {
        guard processors.indices.contains(cpu) else { return 0 }
        return switch MPICRegister.PerCPU(rawValue: offset) {
        case .currentTaskPriority: processors[cpu].taskPriority
        case .whoAmI: UInt32(cpu)
        case .acknowledge: acknowledge(cpu: cpu)
        case .dispatchIPI0, .dispatchIPI1, .dispatchIPI2, .dispatchIPI3, .endOfInterrupt, nil: 0
        }
    }

    private func writePerCPU(_ value: UInt32, _ offset: UInt64, cpu: Int) {
        guard processors.indices.contains(cpu) else { return }
        switch MPICRegister.PerCPU(rawValue: offset) {
        case .dispatchIPI0: dispatch(ipi: 0, to: value)
        case .dispatchIPI1: dispatch(ipi: 1, to: value)
        case .dispatchIPI2: dispatch(ipi: 2, to: value)
        case .dispatchIPI3: dispatch(ipi: 3, to: value)
        case .currentTaskPriority:
            processors[cpu].taskPriority = value & 15
            updateOutputs(ofCPU: cpu)
        case .endOfInterrupt: endOfInterrupt(cpu: cpu)
        case .whoAmI, .acknowledge, nil: break
        }
    }

    private func readMSI(_ offset: UInt64) -> UInt32 {
        let pending = MPICRegister.MSI.pending
        switch offset {
        case pending..<pending + UInt64(Self.messageGroupCount) * MPICRegister.stride:
            guard offset % MPICRegister.stride == 0 else { return 0 }
            let group = Int((offset - pending) / MPICRegister.stride)
            let value = messages[group]
            messages[group] = 0
            drive(Self.firstMessageSource + group, false)
            return value
        case MPICRegister.MSI.status:
            var status: UInt32 = 0
            for group in 0..<Self.messageGroupCount where messages[group] != 0 { status |= 1 << UInt32(group) }
            return status
        default:
            return 0
        }
    }

    private func dispatch(ipi: Int, to cpus: UInt32) {
        sources[Self.firstIPI + ipi].pendingCPUs |= cpus & cpuMask
        refresh(Self.firstIPI + ipi)
    }

    private func vectorPriority(of source: Int) -> UInt32 {
        let state = sources[source]
        let requests = !state.isMasked && (state.pending || state.pendingCPUs != 0)
        let active = requests || state.inService != 0
        return state.vectorPriority | (active ? MPICRegister.VectorPriority.activity : 0)
    }

    private func setVectorPriority(_ value: UInt32, of source: Int) {
        typealias Bits = MPICRegister.VectorPriority
        let wasLevelSensitive = isLevelSensitive(source)
        var writable = Bits.mask | Bits.priority | Bits.vector
        if source < Self.inputCount { writable |= Bits.polarity }
        if source < Self.firstInternalSource { writable |= Bits.sense }
        sources[source].vectorPriority = value & writable
        if isLevelSensitive(source) {
            sources[source].pending = sources[source].asserted
        } else if wasLevelSensitive {
            sources[source].pending = false
        }
        refresh(source)
        // The priority of what is offered or in service may be another now.
        for cpu in 0..<cpuCount { updateOutputs(ofCPU: cpu) }
    }

    private func setDestinations(_ value: UInt32, of source: Int) {
        sources[source].destinations = value & cpuMask
        refresh(source)
    }

    private func setTarget(_ target: InterruptTarget, of source: Int) {
        sources[source].target = target
        // An edge is over before anybody can see it on an output without acknowledge.
        if target != .interrupt && !isLevelSensitive(source) { sources[source].pending = false }
        refresh(source)
    }

    /// Puts every register into its reset state. Inputs keep their levels: they are the devices'.
    private func reset() {
        for source in sources.indices {
            let asserted = sources[source].asserted && !Self.isMessageGroup(source)
            sources[source] = Source()
            sources[source].asserted = asserted
            if source >= Self.firstInternalSource && source < Self.inputCount {
                sources[source].vectorPriority |= MPICRegister.VectorPriority.polarity
                sources[source].pending = asserted
            }
        }
        for cpu in processors.indices { processors[cpu] = Processor() }
        for group in 0..<Self.messageGroupCount { messages[group] = 0 }
        for timer in 0..<Self.timerCount { timers[timer] = MPICTimer() }
        globalConfiguration = 0
        spuriousVector = MPICRegister.VectorPriority.vector
        timerFrequency = 0
        timerControl = 0
    }

    // MARK: Delivery

    private var cpuMask: UInt32 { UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(cpuCount) - 1) }

    private static func bit(_ cpu: Int) -> UInt32 { 1 << UInt32(truncatingIfNeeded: cpu & 31) }

    /// Whether each destination gets the interrupt, rather than the one that acknowledges first.
    private static func reachesEveryDestination(_ source: Int) -> Bool { source >= firstIPI }

    private static func isMessageGroup(_ source: Int) -> Bool {
        source >= firstMessageSource && source < firstMessageSource + messageGroupCount
    }

    private func isLevelSensitive(_ source: Int) -> Bool {
        if source < Self.firstInternalSource {
            return sources[source].vectorPriority & MPICRegister.VectorPriority.sense != 0
        }
        return source < Self.inputCount
    }

    /// Works out which processors `source` is offered to after something about it changed.
    private func refresh(_ source: Int) {
        let state = sources[source]
        let offered: UInt32
        if state.isMasked {
            offered = 0
        } else if Self.reachesEveryDestination(source) {
            offered = state.pendingCPUs
        } else if state.pending && state.inService == 0 {
            offered = state.destinations
        } else {
            offered = 0
        }
        guard offered != state.offered || state.target != state.offeredTarget else { return }
        sources[source].offered = offered
        sources[source].offeredTarget = state.target
        for cpu in 0..<cpuCount where (offered | state.offered) & Self.bit(cpu) != 0 {
            offer(source, false, on: state.offeredTarget, toCPU: cpu)
            offer(source, offered & Self.bit(cpu) != 0, on: state.target, toCPU: cpu)
            updateOutputs(ofCPU: cpu)
        }
    }

    private func offer(_ source: Int, _ offered: Bool, on output: InterruptTarget, toCPU cpu: Int) {
        switch output {
        case .interrupt: processors[cpu].raised.set(source, offered)
        case .critical: processors[cpu].critical.set(source, offered)
        case .machineCheck: processors[cpu].machineCheck.set(source, offered)
        }
    }

    private func updateOutputs(ofCPU cpu: Int) {
        let raised = mostUrgent(of: processors[cpu].raised).map { sources[$0].priority } ?? 0
        let servicing = mostUrgent(of: processors[cpu].servicing).map { sources[$0].priority } ?? 0
        processors[cpu].interruptOutput = raised > max(processors[cpu].taskPriority, servicing)
        processors[cpu].criticalOutput = !processors[cpu].critical.isEmpty
        processors[cpu].machineCheckOutput = !processors[cpu].machineCheck.isEmpty
    }

    /// The member with the highest priority, of equals the one with the lowest number.
    private func mostUrgent(of set: SourceSet) -> Int? {
        var best: Int?
        var priority: UInt32 = 0
        set.forEach { source in
            let candidate = sources[source].priority
            if best == nil || candidate > priority {
                best = source
                priority = candidate
            }
        }
        return best
    }

    // MARK: Address ranges

    private static let ipiRegisters =
        MPICRegister.ipiVectorPriority..<MPICRegister.ipiVectorPriority + UInt64(ipiCount) * MPICRegister.stride
    private static let timerRegisters =
        MPICRegister.timers..<MPICRegister.timers + UInt64(timerCount) * MPICRegister.timerStride
    private static let messageRegisters = MPICRegister.msi..<MPICRegister.msi + 0x200
    private static let sourceRegisters =
        MPICRegister.sources..<MPICRegister.sources + UInt64(inputCount) * MPICRegister.sourceStride
    private static let perCPURegisters =
        MPICRegister.perCPU..<MPICRegister.perCPU + UInt64(maximumCPUs) * MPICRegister.perCPUStride

    /// Which block of a series an offset lies in, and where in it.
    private static func split(_ offset: UInt64, _ series: Range<UInt64>, _ stride: UInt64) -> (Int, UInt64) {
        let place = offset - series.lowerBound
        return (Int(place / stride), place % stride)
    }
}
