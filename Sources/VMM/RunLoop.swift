internal import CHost
public import PowerPC

/// How a machine's run ended.
public enum Outcome {
    /// The guest switched itself off.
    case powerOff
    /// The guest asked for a reset.
    case reset
    /// A vCPU cannot go on.
    case crash(Crash, vcpu: Int)
    /// The guest's kernel says that it panicked.
    case panic
    /// The time limit is over.
    case timeout
    /// The user quit.
    case quit

    /// What statistics call it.
    public var name: StaticString {
        switch self {
        case .powerOff: "power_off"
        case .reset: "reset"
        case .crash: "crash"
        case .panic: "panic"
        case .timeout: "timeout"
        case .quit: "quit"
        }
    }
}

/// What the run loop needs of a machine.
public protocol Machine: AnyObject {
    /// The vCPUs that execute, in the order of their turns. Others join when the guest starts them.
    var runningCPUs: [any VirtualCPU] { get }

    /// How the run ended, once it has.
    var outcome: Outcome? { get }

    /// Answers an exit of `vcpu`.
    func handle(_ exit: Exit, of vcpu: any VirtualCPU)

    /// What the answer to the last exit changed in a page table that all vCPUs share; nil once it changed nothing more. Every
    /// vCPU drops what it keeps of it before the one that made the exit runs on.
    func takeTranslationChange() -> TranslationChange?

    /// Lets devices catch up with the time, moves console input and passes on console output. Called between turns.
    func poll(at tick: UInt64)

    /// When a device next does something by itself; nil when none will.
    func nextDeviceEvent() -> UInt64?

    /// Passes on console output.
    func flushOutput()

    /// Sleeps until console input, at most for `nanoseconds`; nil for as long as it takes. vCPUs on threads of their own go
    /// on meanwhile.
    func waitForInput(nanoseconds: UInt64?)

    /// Makes ``waitForInput(nanoseconds:)`` return, now or when it is next called. Called by any thread.
    func wake()
}

extension Machine {
    /// Nothing: the machine's vCPUs have page tables of their own.
    public func takeTranslationChange() -> TranslationChange? { nil }
}

/// Runs a machine's vCPUs, and sleeps or skips time while all of them idle.
///
/// One vCPU, and any number in virtual time, takes turns on the calling thread, so that runs repeat. With the host's clock
/// several vCPUs run at the same time where there are threads for them.
public struct RunLoop {
    /// Instructions of one turn. Short, so that vCPUs wait little for each other and timers are met within 0.1 ms.
    public static let sliceInstructions: UInt64 = 20_000

    /// Ticks of the timebase in a second.
    private let frequency: UInt64
    private let time: TimeSource
    /// Host time in nanoseconds at which the run ends with ``Outcome/timeout``.
    private let limit: UInt64?
    private let threads: VCPUThreads?

    /// A run loop.
    ///
    /// - Parameters:
    ///   - time: the machine's time, as its vCPUs have it.
    ///   - frequency: ticks of the timebase in a second.
    ///   - timeout: seconds of host time after which the run ends; nil for no limit.
    ///   - threads: what runs several vCPUs at the same time; nil to let them take turns.
    public init(time: TimeSource, frequency: UInt64, timeout: Double?, threads: VCPUThreads? = nil) {
        self.time = time
        self.threads = if case .host = time { threads } else { nil }
        self.frequency = frequency
        limit = timeout.map { host_monotonic_nanoseconds() &+ UInt64(min(max($0, 0), 1e9) * 1e9) }
    }

    /// Whether the time limit is over.
    public var isOver: Bool { limit.map { host_monotonic_nanoseconds() >= $0 } ?? false }

    /// Runs `machine` until it ends.
    public func run(_ machine: some Machine) -> Outcome {
        if let threads {
            return threads.run(
                machine, clock: HostClock(time: time, frequency: frequency), isOver: { isOver }, limit: boundedWait)
        }
        var tick: UInt64 = 0
        while true {
            let idle = turns(of: machine, at: &tick)
            if let outcome = machine.outcome { return outcome }
            if isOver { return .timeout }
            if idle { tick = idleTick(machine) }
            machine.poll(at: tick)
            if let outcome = machine.outcome { return outcome }
        }
    }

    /// Does something while no vCPU executes. Only from within the machine's poll.
    public func whilePaused(_ body: () -> Void) {
        if let threads { threads.whilePaused(body) } else { body() }
    }

    /// Gives each vCPU one turn. True when all of them idle. In virtual time each turn begins when the one before it ended,
    /// so that no vCPU sees an earlier time than what another one has told it.
    private func turns(of machine: some Machine, at tick: inout UInt64) -> Bool {
        var idle = true
        for vcpu in machine.runningCPUs {
            vcpu.beginSlice(instructions: Self.sliceInstructions, at: tick)
            turn: while machine.outcome == nil {
                switch vcpu.run() {
                case .sliceEnd:
                    idle = false
                    break turn
                case .idle:
                    break turn
                case let exit:
                    machine.handle(exit, of: vcpu)
                    while let change = machine.takeTranslationChange() {
                        for other in machine.runningCPUs { other.drop(change) }
                    }
                }
            }
            tick = vcpu.now
        }
        return idle
    }

    /// Passes the time until something happens, while no vCPU has anything to do. The time afterwards.
    private func idleTick(_ machine: some Machine) -> UInt64 {
        var now: UInt64 = 0
        var next = machine.nextDeviceEvent()
        for vcpu in machine.runningCPUs {
            now = max(now, vcpu.now)
            if let event = vcpu.nextTimerEvent() { next = min(next ?? .max, event) }
        }
        guard let ticks = time.hostTicks else {
            // Virtual time jumps; with nothing to jump to only input can wake the guest.
            if next == nil {
                machine.flushOutput()
                machine.waitForInput(nanoseconds: boundedWait(nil))
            }
            return max(now, next ?? now)
        }
        let clock = HostClock(time: time, frequency: frequency)
        let wait = next.map(clock.nanoseconds(until:))
        if wait != 0 {
            machine.flushOutput()
            machine.waitForInput(nanoseconds: boundedWait(wait))
        }
        return time.hostTicks ?? ticks
    }

    /// `nanoseconds`, cut to what the time limit leaves.
    private func boundedWait(_ nanoseconds: UInt64?) -> UInt64? {
        guard let limit else { return nanoseconds }
        let now = host_monotonic_nanoseconds()
        return min(nanoseconds ?? .max, limit > now ? limit - now : 0)
    }
}
