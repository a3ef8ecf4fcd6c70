internal import CHost
internal import PowerPC

/// Threads that run the vCPUs of a machine at the same time, one thread a vCPU, for one machine after the other.
///
/// One lock protects the machine. A vCPU's thread holds it except while the vCPU executes, and so does the caller's
/// thread except while it sleeps. What holds for a vCPU that does not execute holds until somebody gives up the lock, so
/// whoever holds it may change such a vCPU's state; of one that executes it may only raise ``PowerPC/Signals``.
///
/// Threads are made with the object, for a sandbox may forbid to make any later.
@safe
public final class VCPUThreads {
    /// Instructions after which a vCPU looks at what others ask of it, some ten microseconds.
    static let sliceInstructions: UInt64 = 4000
    /// Slices after which a vCPU lets others go first where there are more vCPUs than processors.
    static let slicesBeforeYield = 5

    private let shared: SharedRun

    /// As many threads; nil on a host that has no threads, or no room for so many.
    public init?(count: Int) {
        guard host_has_threads() != 0, let shared = SharedRun(count: count) else { return nil }
        self.shared = shared
    }

    deinit { shared.close() }

    /// The most vCPUs that a machine may have.
    public var count: Int { shared.lanes.count }

    /// Runs `machine` until it ends, or `isOver` says that it is time. Returns when no vCPU runs any more.
    ///
    /// - Parameters:
    ///   - clock: the machine's time.
    ///   - limit: cuts a sleep of so many nanoseconds to what the time limit leaves.
    func run(
        _ machine: any Machine, clock: HostClock, isOver: () -> Bool, limit: (UInt64?) -> UInt64?
    ) -> Outcome {
        let run = shared
        run.acquire()
        defer { run.release() }
        run.begin(machine, clock)
        defer { run.stop() }
        while true {
            machine.poll(at: clock.ticks)
            run.lookAround()
            if let outcome = machine.outcome { return outcome }
            if isOver() { return .timeout }
            var wait = machine.nextDeviceEvent().map(clock.nanoseconds(until:))
            if run.isBusy { wait = min(wait ?? .max, run.pollInterval) }
            run.sleep = run.isBusy ? .short : .long
            run.release()
            if wait != 0 { machine.waitForInput(nanoseconds: limit(wait)) }
            run.acquire()
            run.sleep = .none
        }
    }

    /// Does something while no vCPU executes. Only for the thread that runs the machine, from within the machine's poll.
    public func whilePaused(_ body: () -> Void) {
        shared.pause()
        body()
        shared.resume()
    }
}

/// The host's clock as a machine's time.
struct HostClock {
    let time: TimeSource
    /// Ticks in a second.
    let frequency: UInt64

    /// The time.
    var ticks: UInt64 { time.hostTicks ?? 0 }

    /// Nanoseconds until it is `tick`.
    func nanoseconds(until tick: UInt64) -> UInt64 {
        let now = ticks
        let remaining = tick > now ? tick - now : 0
        return remaining / frequency &* 1_000_000_000 &+ remaining % frequency &* 1_000_000_000 / frequency
    }
}

/// What makes translations of other vCPUs invalid.
private enum Invalidation {
    /// `tlbivax` with this operand.
    case instruction(operand: UInt32)
    /// A hypercall.
    case change(TranslationChange)

    func carryOut(on vcpu: any VirtualCPU) {
        switch self {
        case .instruction(let operand): vcpu.invalidateTLB(operand: operand)
        case .change(let change): vcpu.drop(change)
        }
    }
}

/// One thread and the vCPU that it runs.
@safe
private final class Lane {
    enum State {
        /// Its thread has not come to rest for the first time.
        case starting
        /// Has no vCPU to run.
        case parked
        /// Its vCPU waits for an interrupt.
        case idle
        /// Waits for the end of a pause.
        case paused
        /// Its vCPU executes, without the lock. In every other state it does not.
        case executing
        /// Has the lock, waits for it, or for other lanes.
        case working
    }

    let run: SharedRun
    /// What the thread waits for in the states parked, idle and paused.
    let wake: OpaquePointer
    var thread: OpaquePointer?
    var vcpu: (any VirtualCPU)?
    var state = State.starting
    /// What other vCPUs made invalid, to carry out before the vCPU executes on.
    var invalidations: [Invalidation] = []
    /// How many of them there have been, and how many are carried out.
    var requested: UInt64 = 0
    var completed: UInt64 = 0

    init?(_ run: SharedRun) {
        self.run = run
        guard let wake = unsafe host_condition_create() else { return nil }
        unsafe self.wake = wake
    }

    deinit { unsafe host_condition_destroy(wake) }

    func start() -> Bool {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe thread = host_thread_start(
            { context in
                let lane = unsafe Unmanaged<Lane>.fromOpaque(context).takeUnretainedValue()
                lane.run.work(lane)
            }, context)
        return unsafe thread != nil
    }

    func signal() { unsafe host_condition_signal(wake) }
}

/// What the threads share, all of it protected by the lock.
@safe
private final class SharedRun {
    /// What the caller's thread does without the lock.
    enum Sleep { case none, short, long }

    private let lock: OpaquePointer
    /// Signalled when some lane stops executing, or has carried out an invalidation.
    private let changed: OpaquePointer
    private(set) var lanes: [Lane] = []
    private var machine: (any Machine)?
    private var clock = HostClock(time: .virtual, frequency: 1)
    /// vCPUs that have a lane.
    private var started = 0
    private var isStopping = true
    private var isPaused = false
    private var isClosing = false
    private let processors = Int(host_processor_count())
    var sleep = Sleep.none

    init?(count: Int) {
        guard let lock = unsafe host_lock_create(), let changed = unsafe host_condition_create() else { return nil }
        unsafe self.lock = lock
        unsafe self.changed = changed
        for _ in 0..<count {
            guard let lane = Lane(self), lane.start() else {
                close()
                return nil
            }
            lanes.append(lane)
        }
        // A thread that begins asks the kernel for more than one at rest: a sandbox must not come in between.
        acquire()
        while lanes.contains(where: { $0.state == .starting }) { unsafe wait(changed) }
        release()
    }

    deinit {
        unsafe host_condition_destroy(changed)
        unsafe host_lock_destroy(lock)
    }

    /// Ends all threads.
    func close() {
        acquire()
        isClosing = true
        for lane in lanes { lane.signal() }
        release()
        for lane in lanes { if let thread = unsafe lane.thread { unsafe host_thread_join(thread) } }
        lanes = []
    }

    func acquire() { unsafe host_lock_acquire(lock) }
    func release() { unsafe host_lock_release(lock) }

    private func wait(_ condition: OpaquePointer, nanoseconds: UInt64 = .max) {
        unsafe host_condition_wait(condition, lock, nanoseconds)
    }

    // MARK: The caller's side

    func begin(_ machine: any Machine, _ clock: HostClock) {
        self.machine = machine
        self.clock = clock
        started = 0
        isStopping = false
        startLanes()
    }

    /// Whether some vCPU executes or is about to.
    var isBusy: Bool {
        for lane in lanes {
            switch lane.state {
            case .starting, .parked, .idle: continue
            case .paused, .executing, .working: return true
            }
        }
        return false
    }

    /// Nanoseconds between two looks at console and devices while vCPUs execute.
    var pollInterval: UInt64 { machine?.runningCPUs.first?.pollInterval ?? .max }

    /// Lets every vCPU come back, and forgets the machine.
    func stop() {
        isStopping = true
        for lane in lanes {
            lane.vcpu?.leave()
            lane.signal()
        }
        unsafe host_condition_signal(changed)
        while lanes.contains(where: { $0.state != .parked }) { unsafe wait(changed) }
        for lane in lanes {
            lane.vcpu?.stay()
            lane.vcpu = nil
        }
        machine = nil
    }

    func pause() {
        isPaused = true
        for lane in lanes where lane.state == .executing { lane.vcpu?.leave() }
        while lanes.contains(where: { $0.state == .executing }) { unsafe wait(changed) }
    }

    func resume() {
        isPaused = false
        for lane in lanes where lane.state == .paused { lane.signal() }
    }

    // MARK: Everybody's

    /// Gives lanes to vCPUs that the guest has started.
    private func startLanes() {
        guard let cpus = machine?.runningCPUs, cpus.count != started else { return }
        for vcpu in cpus where lanes.indices.contains(vcpu.index) && lanes[vcpu.index].vcpu == nil {
            lanes[vcpu.index].vcpu = vcpu
            lanes[vcpu.index].state = .working
            lanes[vcpu.index].signal()
        }
        started = cpus.count
    }

    /// Passes on what somebody did to the machine: its end, started vCPUs, interrupts of idle ones.
    func lookAround() {
        startLanes()
        for lane in lanes where lane.state == .executing && lane.vcpu?.signals.hasNews == true {
            lane.vcpu?.noticeSignals()
        }
        for lane in lanes where lane.state == .idle && lane.vcpu?.signals.hasNews == true {
            lane.state = .working
            lane.signal()
            becomeBusy()
        }
        if machine?.outcome != nil, sleep != .none {
            sleep = .none
            machine?.wake()
        }
    }

    /// While a vCPU executes, the caller's thread has to look at console and devices.
    private func becomeBusy() {
        guard sleep == .long else { return }
        sleep = .short
        machine?.wake()
    }

    // MARK: A lane's side

    /// What the lane's thread does.
    func work(_ lane: Lane) {
        acquire()
        while !isClosing {
            if let vcpu = lane.vcpu, let machine, !isStopping { drive(vcpu, of: machine, lane) }
            lane.state = .parked
            unsafe host_condition_signal(changed)
            unsafe wait(lane.wake)
        }
        release()
    }

    /// Runs `vcpu` until the machine ends.
    private func drive(_ vcpu: any VirtualCPU, of machine: any Machine, _ lane: Lane) {
        while !isStopping, machine.outcome == nil {
            if isPaused {
                pausePoint(lane)
                continue
            }
            // Not by executing nothing: whoever starts it sets its registers, which it may not be about to use.
            if vcpu.standsStill {
                lane.state = .idle
                unsafe wait(lane.wake)
                lane.state = .working
                continue
            }
            lane.state = .executing
            let yields = started > processors
            release()
            let exit = execute(vcpu, yields: yields)
            acquire()
            lane.state = .working
            vcpu.stay()
            carryOutInvalidations(lane)
            pausePoint(lane)
            if isStopping || machine.outcome != nil { return }
            switch exit {
            case .sliceEnd:
                break
            case .idle:
                idle(vcpu, lane)
            case .invalidateTLB(let operand):
                invalidate(.instruction(operand: operand), from: lane)
                awaitInvalidations()
            default:
                machine.handle(exit, of: vcpu)
                // All of them before the lock is given up: what another vCPU's thread took, this one would not wait for.
                while let change = machine.takeTranslationChange() {
                    vcpu.drop(change)
                    invalidate(.change(change), from: lane)
                }
                awaitInvalidations()
                lookAround()
            }
        }
    }

    /// Lets `vcpu` execute until the machine is needed or somebody asks for it.
    ///
    /// A vCPU may be spinning until another one does something, which the host knows nothing of. Where there are more vCPUs
    /// than processors each gives way after a short while, or the host would let one spin for milliseconds.
    private func execute(_ vcpu: any VirtualCPU, yields: Bool) -> Exit {
        var slices = 0
        while true {
            vcpu.beginSlice(instructions: VCPUThreads.sliceInstructions, at: 0)
            let exit = vcpu.run()
            guard case .sliceEnd = exit, !vcpu.signals.wantsLeave else { return exit }
            slices += 1
            if yields, slices.isMultiple(of: VCPUThreads.slicesBeforeYield) { host_thread_yield() }
        }
    }

    private func pausePoint(_ lane: Lane) {
        guard isPaused else { return }
        lane.state = .paused
        unsafe host_condition_signal(changed)
        while isPaused, !isStopping { unsafe wait(lane.wake) }
        lane.state = .working
    }

    /// Sleeps until an interrupt or a timer of `vcpu`.
    private func idle(_ vcpu: any VirtualCPU, _ lane: Lane) {
        guard !vcpu.signals.hasNews else { return }
        let wait = vcpu.nextTimerEvent().map(clock.nanoseconds(until:)) ?? .max
        guard wait > 0 else { return }
        lane.state = .idle
        unsafe self.wait(lane.wake, nanoseconds: wait)
        if lane.state == .idle { becomeBusy() }
        lane.state = .working
    }

    /// Carries out an invalidation on every other vCPU; one that executes does it when it comes back.
    private func invalidate(_ invalidation: Invalidation, from lane: Lane) {
        for other in lanes where other !== lane {
            guard let vcpu = other.vcpu else { continue }
            if other.state == .executing {
                other.invalidations.append(invalidation)
                other.requested += 1
                vcpu.leave()
            } else {
                invalidation.carryOut(on: vcpu)
            }
        }
    }

    /// Returns when no vCPU uses a translation any more that was made invalid so far.
    private func awaitInvalidations() {
        let tickets = lanes.lazy.filter { $0.completed < $0.requested }.map { (lane: $0, number: $0.requested) }
        guard !tickets.isEmpty else { return }
        let demanded = Array(tickets)
        while !isStopping, demanded.contains(where: { $0.lane.completed < $0.number }) { unsafe wait(changed) }
    }

    private func carryOutInvalidations(_ lane: Lane) {
        guard !lane.invalidations.isEmpty else {
            if isPaused { unsafe host_condition_signal(changed) }
            return
        }
        if let vcpu = lane.vcpu { for invalidation in lane.invalidations { invalidation.carryOut(on: vcpu) } }
        lane.invalidations.removeAll(keepingCapacity: true)
        lane.completed = lane.requested
        unsafe host_condition_signal(changed)
    }
}
