import PowerPC
import Synchronization
import Testing
import VMM

/// A vCPU whose run is a closure.
private final class ClosureCPU: VirtualCPU {
    let index: Int
    let signals: Signals
    private let body: (ClosureCPU) -> Exit
    /// Whether somebody is inside ``run()``.
    let isRunning = Atomic(false)
    let invalidated = Atomic(0)
    /// Translation changes that it took in.
    let dropped = Atomic(0)
    /// How many of them another vCPU has to have taken in before this one runs.
    let due = Atomic(0)
    /// Whether it was stopped; the machine changes it.
    var standsStill = false
    /// Calls that came while the vCPU ran, which nobody may make.
    let intrusions = Atomic(0)

    init(_ index: Int, _ body: @escaping (ClosureCPU) -> Exit) {
        self.index = index
        self.body = body
        let word = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        unsafe word.initialize(to: 0)
        signals = unsafe Signals(word: word)
    }

    let now: UInt64 = 0
    func beginSlice(instructions: UInt64, at tick: UInt64) {}
    func run() -> Exit {
        isRunning.store(true, ordering: .sequentiallyConsistent)
        defer { isRunning.store(false, ordering: .sequentiallyConsistent) }
        return body(self)
    }
    func completeRead(_ value: UInt64) {}
    func completeAcknowledge(vector: UInt32) {}
    func nextTimerEvent() -> UInt64? { nil }
    func waitForInterrupt() {}
    func mapMagicPage(at effective: UInt32) {}
    func receiveMessage(operand: UInt32) {}
    func drop(_ change: TranslationChange) {
        if isRunning.load(ordering: .sequentiallyConsistent) { intrusions.add(1, ordering: .relaxed) }
        dropped.add(1, ordering: .relaxed)
    }
    func invalidateTLB(operand: UInt32) {
        if isRunning.load(ordering: .sequentiallyConsistent) { intrusions.add(1, ordering: .relaxed) }
        invalidated.add(1, ordering: .relaxed)
    }
}

/// A machine that does at an exit what the test says.
private final class ClosureMachine: Machine {
    var runningCPUs: [any VirtualCPU]
    var outcome: Outcome?
    var onExit: (ClosureMachine, Exit, Int) -> Void = { _, _, _ in }
    var onPoll: (ClosureMachine) -> Void = { _ in }
    /// How many translation changes nobody has taken.
    var changes = 0
    private let woken = Atomic(false)

    init(_ cpus: [ClosureCPU]) { runningCPUs = cpus }

    func handle(_ exit: Exit, of vcpu: any VirtualCPU) { onExit(self, exit, vcpu.index) }
    func takeTranslationChange() -> TranslationChange? {
        guard changes > 0 else { return nil }
        changes -= 1
        return .everything
    }
    func poll(at tick: UInt64) { onPoll(self) }
    func nextDeviceEvent() -> UInt64? { nil }
    func flushOutput() {}
    func waitForInput(nanoseconds: UInt64?) {
        // Without limit somebody has to wake it.
        while nanoseconds == nil, !woken.exchange(false, ordering: .sequentiallyConsistent) {}
    }
    func wake() { woken.store(true, ordering: .sequentiallyConsistent) }
}

@Suite(.timeLimit(.minutes(1))) struct VCPUThreadsTests {
    private static func run(
        _ machine: ClosureMachine, timeout: Double? = nil, _ prepare: (RunLoop) -> Void = { _ in }
    ) throws -> Outcome {
        let threads = try #require(VCPUThreads(count: 3))
        let loop = RunLoop(
            time: .host(frequency: 1_000_000), frequency: 1_000_000, timeout: timeout, threads: threads)
        prepare(loop)
        return loop.run(machine)
    }

    /// Runs on until it is asked to leave.
    private static func busy(_ cpu: ClosureCPU) -> Exit {
        while !cpu.signals.wantsLeave {}
        return .sliceEnd
    }

    @Test func `an end that one vCPU brings about stops those that never come back by themselves`() throws {
        let cpus = [ClosureCPU(0, Self.busy), ClosureCPU(1) { _ in .reset(.watchdog) }, ClosureCPU(2, Self.busy)]
        let machine = ClosureMachine(cpus)
        machine.onExit = { machine, _, index in if index == 1 { machine.outcome = .reset } }
        guard case .reset = try Self.run(machine) else {
            Issue.record("another end")
            return
        }
        #expect(!cpus.contains { $0.isRunning.load(ordering: .sequentiallyConsistent) })
    }

    @Test func `the time limit ends busy and idle vCPUs`() throws {
        let machine = ClosureMachine([ClosureCPU(0, Self.busy), ClosureCPU(1) { _ in .idle }])
        guard case .timeout = try Self.run(machine, timeout: 0.05) else {
            Issue.record("no time-out")
            return
        }
    }

    @Test func `an interrupt wakes an idle vCPU on another thread`() throws {
        let first = ClosureCPU(0) { cpu in cpu.signals.hasNews ? .reset(.watchdog) : .idle }
        let second = ClosureCPU(1) { _ in .hypercall }
        let machine = ClosureMachine([first, second])
        machine.onExit = { machine, exit, index in
            if index == 1 { first.signals.setPin(.external, asserted: true) }
            if case .reset = exit { machine.outcome = .reset }
        }
        guard case .reset = try Self.run(machine) else {
            Issue.record("another end")
            return
        }
    }

    @Test func `a vCPU that the guest starts later gets its thread`() throws {
        let second = ClosureCPU(1) { _ in .reset(.watchdog) }
        let machine = ClosureMachine([ClosureCPU(0) { _ in .hypercall }])
        machine.onExit = { machine, exit, _ in
            if case .reset = exit { machine.outcome = .reset }
            if machine.runningCPUs.count == 1 { machine.runningCPUs.append(second) }
        }
        guard case .reset = try Self.run(machine) else {
            Issue.record("another end")
            return
        }
    }

    @Test func `an invalidation is done on every vCPU when the one that asked goes on, and on none while it runs`()
        throws
    {
        let asked = Atomic(0)
        let missing = Atomic(0)
        let busy = [ClosureCPU(0, Self.busy), ClosureCPU(1) { _ in .idle }]
        let asking = ClosureCPU(2) { _ in
            let count = asked.load(ordering: .relaxed)
            if busy.contains(where: { $0.invalidated.load(ordering: .relaxed) != count }) {
                missing.add(1, ordering: .relaxed)
            }
            if count == 1000 { return .reset(.watchdog) }
            asked.add(1, ordering: .relaxed)
            return .invalidateTLB(operand: 0)
        }
        let machine = ClosureMachine(busy + [asking])
        // Only those that have started are told.
        machine.onExit = { machine, _, _ in machine.outcome = .reset }
        _ = try Self.run(machine)
        #expect(missing.load(ordering: .relaxed) == 0)
        #expect(busy.allSatisfy { $0.intrusions.load(ordering: .relaxed) == 0 })
        #expect(busy.allSatisfy { $0.invalidated.load(ordering: .relaxed) == 1000 })
    }

    @Test func `vCPUs that all invalidate at once do not wait for each other for ever`() throws {
        let total = Atomic(0)
        let cpus = (0..<3).map { index in
            ClosureCPU(index) { _ in
                total.add(1, ordering: .relaxed).newValue > 3000 ? .reset(.watchdog) : .invalidateTLB(operand: 0)
            }
        }
        let machine = ClosureMachine(cpus)
        machine.onExit = { machine, _, _ in machine.outcome = .reset }
        _ = try Self.run(machine)
        #expect(cpus.allSatisfy { $0.intrusions.load(ordering: .relaxed) == 0 })
    }

    @Test func `no vCPU goes on before all have dropped what its call changed, while others call, too`() throws {
        let busy = ClosureCPU(0) { cpu in
            while !cpu.signals.wantsLeave {}
            // Long enough for another call to come in between.
            for _ in 0..<2000 { _ = cpu.signals.wantsLeave }
            return .sliceEnd
        }
        let missing = Atomic(0)
        let calls = Atomic(0)
        let callers = (1...2).map { index in
            ClosureCPU(index) { cpu in
                if busy.dropped.load(ordering: .relaxed) < cpu.due.load(ordering: .relaxed) {
                    missing.add(1, ordering: .relaxed)
                }
                return calls.add(1, ordering: .relaxed).newValue > 2000 ? .reset(.watchdog) : .hypercall
            }
        }
        let machine = ClosureMachine([busy] + callers)
        var made = 0
        machine.onExit = { machine, exit, index in
            if case .reset = exit { machine.outcome = .reset }
            machine.changes += 4
            made += 4
            callers[index - 1].due.store(made, ordering: .relaxed)
        }
        _ = try Self.run(machine)
        #expect(missing.load(ordering: .relaxed) == 0)
        #expect(busy.intrusions.load(ordering: .relaxed) == 0)
    }

    @Test func `a vCPU that stands still is not run until it is started`() throws {
        let intrusions = Atomic(0)
        let stopped = ClosureCPU(1) { cpu in
            if cpu.standsStill { intrusions.add(1, ordering: .relaxed) }
            return .hypercall
        }
        let machine = ClosureMachine([ClosureCPU(0) { _ in .hypercall }, stopped])
        var waits = 0
        var starts = 0
        machine.onExit = { machine, _, index in
            if index == 1 {
                stopped.standsStill = true
                waits = 20
                starts += 1
                if starts == 100 { machine.outcome = .powerOff }
            } else if stopped.standsStill {
                waits -= 1
                // What does not start it does not make it run either.
                stopped.signals.notify()
                if waits < 0 { stopped.standsStill = false }
            }
        }
        _ = try Self.run(machine)
        #expect(starts == 100)
        #expect(intrusions.load(ordering: .relaxed) == 0)
    }

    @Test func `no vCPU executes during a pause`() throws {
        let cpus = [ClosureCPU(0, Self.busy), ClosureCPU(1) { _ in .hypercall }, ClosureCPU(2) { _ in .sliceEnd }]
        let machine = ClosureMachine(cpus)
        var polls = 0
        var running = 0
        _ = try Self.run(machine) { loop in
            machine.onPoll = { machine in
                loop.whilePaused {
                    for _ in 0..<1000
                    where cpus.contains(where: { $0.isRunning.load(ordering: .sequentiallyConsistent) }) {
                        running += 1
                    }
                }
                polls += 1
                if polls == 20 { machine.outcome = .quit }
            }
        }
        #expect(polls == 20)
        #expect(running == 0)
    }

    @Test func `threads serve one machine after the other`() throws {
        let threads = try #require(VCPUThreads(count: 2))
        let loop = RunLoop(time: .host(frequency: 1_000_000), frequency: 1_000_000, timeout: nil, threads: threads)
        for _ in 0..<100 {
            let machine = ClosureMachine([ClosureCPU(0, Self.busy), ClosureCPU(1) { _ in .reset(.watchdog) }])
            machine.onExit = { machine, _, _ in machine.outcome = .reset }
            guard case .reset = loop.run(machine) else {
                Issue.record("another end")
                return
            }
        }
    }

    @Test func `in virtual time vCPUs take turns although there are threads`() throws {
        let threads = try #require(VCPUThreads(count: 2))
        let loop = RunLoop(time: .virtual, frequency: 1_000_000, timeout: nil, threads: threads)
        var turns: [Int] = []
        let machine = ClosureMachine([ClosureCPU(0) { _ in .hypercall }, ClosureCPU(1) { _ in .reset(.watchdog) }])
        machine.onExit = { machine, exit, index in
            turns.append(index)
            if turns.count == 3 { machine.outcome = .reset }
        }
        _ = loop.run(machine)
        #expect(turns == [0, 0, 0])
    }
}
