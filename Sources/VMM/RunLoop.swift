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
}

/// What the run loop needs of a machine.
public protocol Machine: AnyObject {
    /// The vCPUs that execute, in the order of their turns. Others join when the guest starts them.
    var runningCPUs: [any VirtualCPU] { get }

    /// How the run ended, once it has.
    var outcome: Outcome? { get }

    /// Answers an exit of `vcpu`.
    func handle(_ exit: Exit, of vcpu: any VirtualCPU)

    /// Lets devices catch up with the time, and moves console input. Called between turns.
    func poll(at tick: UInt64)

    /// When a device next does something by itself; nil when none will.
    func nextDeviceEvent() -> UInt64?

    /// Sleeps until console input, at most for `nanoseconds`; nil for as long as it takes.
    func waitForInput(nanoseconds: UInt64?)
}

/// Runs a machine's vCPUs in turns on the calling thread, and sleeps or skips time while all of them idle.
public struct RunLoop {
    /// Instructions of one turn. Short, so that vCPUs wait little for each other and timers are met within 0.1 ms.
    public static let sliceInstructions: UInt64 = 20_000

    /// Ticks of the timebase in a second.
    private let frequency: UInt64
    private let time: TimeSource
    /// Host time in nanoseconds at which the run ends with ``Outcome/timeout``.
    private let limit: UInt64?

    /// A run loop.
    ///
    /// - Parameters:
    ///   - time: the machine's time, as its vCPUs have it.
    ///   - frequency: ticks of the timebase in a second.
    ///   - timeout: seconds of host time after which the run ends; nil for no limit.
    public init(time: TimeSource, frequency: UInt64, timeout: Double?) {
        self.time = time
        self.frequency = frequency
        limit = timeout.map { host_monotonic_nanoseconds() &+ UInt64(min(max($0, 0), 1e9) * 1e9) }
    }

    /// Whether the time limit is over.
    public var isOver: Bool { limit.map { host_monotonic_nanoseconds() >= $0 } ?? false }

    /// Runs `machine` until it ends.
    public func run(_ machine: some Machine) -> Outcome {
        var tick: UInt64 = 0
        while true {
            let idle = turns(of: machine, at: tick)
            if let outcome = machine.outcome { return outcome }
            if isOver { return .timeout }
            tick = idle ? idleTick(machine) : time.hostTicks ?? (tick &+ Self.sliceInstructions)
            machine.poll(at: tick)
            if let outcome = machine.outcome { return outcome }
        }
    }

    /// Gives each vCPU one turn. True when all of them idle.
    private func turns(of machine: some Machine, at tick: UInt64) -> Bool {
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
                }
            }
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
            if next == nil { machine.waitForInput(nanoseconds: boundedWait(nil)) }
            return max(now, next ?? now)
        }
        let wait = next.map { event in
            let remaining = event > ticks ? event - ticks : 0
            return remaining / frequency &* 1_000_000_000 &+ remaining % frequency &* 1_000_000_000 / frequency
        }
        if wait != 0 { machine.waitForInput(nanoseconds: boundedWait(wait)) }
        return time.hostTicks ?? ticks
    }

    /// `nanoseconds`, cut to what the time limit leaves.
    private func boundedWait(_ nanoseconds: UInt64?) -> UInt64? {
        guard let limit else { return nanoseconds }
        let now = host_monotonic_nanoseconds()
        return min(nanoseconds ?? .max, limit > now ? limit - now : 0)
    }
}
