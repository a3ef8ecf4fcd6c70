internal import CHost
internal import GDBRemote
public import PowerPC
public import VMM

/// Runs a machine under a debugger.
///
/// vCPUs take turns on the calling thread as they do in ``VMM/RunLoop``, and in the same order: a stop interrupts a turn,
/// and the turn goes on when the machine does. So in virtual time a guest does the same with stops and without.
public final class DebugLoop {
    private let time: TimeSource
    private let frequency: UInt64
    /// Host time in nanoseconds at which the run ends with ``VMM/Outcome/timeout``.
    private let limit: UInt64?
    private let transport: (any DebugTransport)?
    /// Wants to see every instruction before it is executed.
    private let log: ExecutionLog?

    private var session: DebugSession?
    /// The guest waits for the first debugger.
    private var isHeld: Bool
    private var target: MachineTarget?
    private var turn = Turn()
    /// The debugger was told how the guest failed.
    private var hasReportedFailure = false

    /// Whose turn it is.
    private struct Turn {
        /// The time when the round began.
        var tick: UInt64 = 0
        /// The place in the order of turns.
        var position = 0
        /// The vCPU that is in the middle of a turn.
        var open: Int?
        /// No vCPU had anything to do in this round.
        var isIdle = true
        /// The vCPU that steps had its turn, and cannot go on before the others had theirs.
        var stepWaits = false
    }

    /// A loop.
    ///
    /// - Parameters:
    ///   - time: the machine's time, as its vCPUs have it.
    ///   - frequency: ticks of the timebase in a second.
    ///   - timeout: seconds of host time after which the run ends; nil for no limit.
    ///   - transport: the way to a debugger; nil for none.
    ///   - startsHeld: whether the guest waits for a debugger before its first instruction.
    ///   - log: who wants to see every instruction before it is executed. Breakpoints are not for such a run.
    public init(
        time: TimeSource, frequency: UInt64, timeout: Double?, transport: (any DebugTransport)?,
        startsHeld: Bool = false, log: ExecutionLog? = nil
    ) {
        self.time = time
        self.frequency = frequency
        self.transport = transport
        self.log = log
        isHeld = startsHeld
        limit = timeout.map { host_monotonic_nanoseconds() &+ UInt64(min(max($0, 0), 1e9) * 1e9) }
    }

    /// Whether the time limit is over.
    public var isOver: Bool { limit.map { host_monotonic_nanoseconds() >= $0 } ?? false }

    /// Runs `machine` until it ends. After a reset the next one takes its place in the debugger's session.
    public func run(_ machine: any DebuggableMachine) -> Outcome {
        let target = MachineTarget(machine)
        self.target = target
        turn = Turn()
        hasReportedFailure = false
        session?.replaceTarget(target)
        while true {
            if let outcome = serve(target) { return outcome }
            if isOver { return .timeout }
            if transport?.wantsToQuit ?? false { return .quit }
            if isHeld || session?.state == .stopped {
                transport?.wait(nanoseconds: min(remaining ?? .max, Self.longestWait))
            } else if let outcome = machine.outcome {
                guard reportFailure(outcome) else { return outcome }
            } else {
                advance(machine, target)
            }
        }
    }

    /// Tells the debugger that the guest is gone, with what status the run ends.
    public func finish(status: UInt8) {
        session?.didEnd(status: status)
        send()
    }

    /// Nanoseconds of a wait after which the time limit and the user's keys are looked at again.
    private static let longestWait: UInt64 = 1_000_000_000

    // MARK: The debugger

    /// Answers the debugger. An outcome if it ends the run.
    private func serve(_ target: MachineTarget) -> Outcome? {
        guard let transport else { return nil }
        events: while true {
            switch transport.poll() {
            case .nothing:
                break events
            case .connected:
                isHeld = false
                session = DebugSession(target, thread: turn.open ?? 0)
            case .closed:
                dropSession(target)
            case .received(let bytes):
                session?.receive(bytes)
                send()
            }
            switch session?.state {
            case .killed:
                return .quit
            case .detached:
                transport.disconnect()
                session = nil
            case .running:
                // The stop that comes next belongs to this packet, not to one that waits behind it.
                break events
            case .stopped, nil: break
            }
            switch target.request {
            case .quit: return .quit
            case .reset:
                target.request = nil
                return .reset
            case nil: break
            }
        }
        if session?.wantsStop ?? false { report(.signal(2), thread: turn.open ?? 0) }
        return nil
    }

    private func dropSession(_ target: MachineTarget) {
        session = nil
        _ = target.setStops([])
    }

    private func send() {
        guard let bytes = session?.takeOutput(), !bytes.isEmpty else { return }
        transport?.send(bytes)
    }

    private func report(_ reason: StopReason, thread: Int) {
        session?.didStop(reason, thread: thread)
        send()
    }

    private func report(_ event: DebugEvent, of vcpu: any DebuggableCPU) {
        guard let session else { return }
        switch event {
        case .step:
            report(.signal(5), thread: vcpu.index)
        case .breakpoint:
            let kinds = session.stops.filter { $0.address == UInt64(vcpu.pc) }
            let isHardware = kinds.contains { $0.kind == .hardware } && !kinds.contains { $0.kind == .software }
            report(.breakpoint(isHardware ? .hardware : .software), thread: vcpu.index)
        case .watchpoint(let watchpoint, let accessed):
            let kind: DebugStop.Kind =
                switch watchpoint.kind {
                case .write: .write
                case .read: .read
                case .access: .access
                }
            report(.watchpoint(kind, address: UInt64(accessed)), thread: vcpu.index)
        }
    }

    /// Stops for a guest that cannot go on, so that the user can look at it. False where nobody wants to.
    private func reportFailure(_ outcome: Outcome) -> Bool {
        guard session != nil, !hasReportedFailure else { return false }
        switch outcome {
        case .crash(_, let vcpu): report(.signal(11), thread: vcpu)
        case .panic: report(.signal(6), thread: turn.open ?? 0)
        case .powerOff, .reset, .timeout, .quit: return false
        }
        hasReportedFailure = true
        return true
    }

    // MARK: Turns

    /// Goes on by one turn, or by what the debugger lets it be.
    private func advance(_ machine: any DebuggableMachine, _ target: MachineTarget) {
        let running = machine.runningCPUs
        let plan = session?.plan
        if let stepping = plan?.steppingThread, !turn.stepWaits,
            let position = running.firstIndex(where: { $0.index == stepping })
        {
            turn.position = position
            step(machine, target, stepping, plan?[stepping] ?? .step)
        } else if turn.position >= running.count {
            endRound(machine)
        } else {
            let vcpu = running[turn.position].index
            if plan.map({ $0[vcpu] == .run }) ?? true {
                run(machine, target, vcpu)
            } else {
                endTurn()
            }
        }
    }

    private func begin(_ vcpu: any DebuggableCPU) {
        guard turn.open != vcpu.index else { return }
        turn.open = vcpu.index
        vcpu.beginSlice(instructions: RunLoop.sliceInstructions, at: turn.tick)
    }

    private func endTurn() {
        turn.open = nil
        turn.position += 1
    }

    /// Runs a vCPU to the end of its turn, or to a stop in it.
    private func run(_ machine: any DebuggableMachine, _ target: MachineTarget, _ number: Int) {
        let vcpu = machine.debuggableCPUs[number]
        begin(vcpu)
        target.isIdle[number] = false
        while machine.outcome == nil {
            log?.willExecute(vcpu)
            let exit = log == nil ? vcpu.resume() : vcpu.step(takingInterrupts: true)
            switch exit {
            case .sliceEnd:
                turn.isIdle = false
                return endTurn()
            case .idle:
                target.isIdle[number] = true
                return endTurn()
            case .debug(.step):
                continue
            case .debug(let event):
                turn.isIdle = false
                return report(event, of: vcpu)
            default:
                machine.handle(exit, of: vcpu)
            }
        }
    }

    /// Instructions of a range that are executed before the debugger is looked at again.
    private static let stepsAtOnce = 1000

    /// Lets a vCPU execute one instruction, or those of a range.
    private func step(
        _ machine: any DebuggableMachine, _ target: MachineTarget, _ number: Int, _ action: ResumePlan.Action
    ) {
        let vcpu = machine.debuggableCPUs[number]
        begin(vcpu)
        target.isIdle[number] = false
        for _ in 0..<Self.stepsAtOnce where machine.outcome == nil {
            let exit = vcpu.step(takingInterrupts: false)
            switch exit {
            case .sliceEnd:
                turn.isIdle = false
                turn.stepWaits = true
                return endTurn()
            case .idle:
                target.isIdle[number] = true
                turn.stepWaits = true
                return endTurn()
            case .acknowledge:
                // The interrupt that it waits for is taken next.
                machine.handle(exit, of: vcpu)
                continue
            case .debug(.step): break
            case .debug(let event):
                return report(event, of: vcpu)
            default:
                machine.handle(exit, of: vcpu)
            }
            turn.isIdle = false
            if machine.outcome == nil, isDone(action, at: vcpu.pc) { return report(.step, of: vcpu) }
        }
    }

    private func isDone(_ action: ResumePlan.Action, at pc: UInt32) -> Bool {
        guard case .stepOut(let start, let end) = action, (start..<max(start, end)).contains(UInt64(pc)) else {
            return true
        }
        // A breakpoint in the range counts.
        return session?.stops.contains {
            ($0.kind == .software || $0.kind == .hardware) && $0.address == UInt64(pc)
        } ?? true
    }

    /// Lets the time go on after all vCPUs had their turns.
    private func endRound(_ machine: any DebuggableMachine) {
        let tick = turn.isIdle ? idleTick(machine) : time.hostTicks ?? turn.tick &+ RunLoop.sliceInstructions
        turn = Turn(tick: tick)
        machine.poll(at: tick)
    }

    /// Passes the time until something happens, while no vCPU that may run has anything to do. The time afterwards.
    private func idleTick(_ machine: any DebuggableMachine) -> UInt64 {
        var now = turn.tick
        var next = machine.nextDeviceEvent()
        for vcpu in machine.runningCPUs where session?.plan[vcpu.index] != .stay {
            now = max(now, vcpu.now)
            if let event = vcpu.nextTimerEvent() { next = min(next ?? .max, event) }
        }
        guard let ticks = time.hostTicks else {
            if next == nil { wait(machine, nanoseconds: nil) }
            return max(now, next ?? now)
        }
        let wait = next.map { event in
            let remaining = event > ticks ? event - ticks : 0
            return remaining / frequency &* 1_000_000_000 &+ remaining % frequency &* 1_000_000_000 / frequency
        }
        if wait != 0 { self.wait(machine, nanoseconds: wait) }
        return time.hostTicks ?? ticks
    }

    private func wait(_ machine: any DebuggableMachine, nanoseconds: UInt64?) {
        log?.flush()
        machine.flushOutput()
        machine.waitForInput(nanoseconds: min(nanoseconds ?? Self.longestWait, remaining ?? .max))
    }

    /// Nanoseconds that the time limit leaves.
    private var remaining: UInt64? {
        limit.map { limit in
            let now = host_monotonic_nanoseconds()
            return limit > now ? limit - now : 0
        }
    }
}
