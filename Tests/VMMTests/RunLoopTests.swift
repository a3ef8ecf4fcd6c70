import PowerPC
import Testing
import VMM

/// A vCPU that plays back exits.
private final class ScriptedCPU: VirtualCPU {
    let index: Int
    var script: [Exit]
    var timer: UInt64?
    private(set) var slices: [UInt64] = []

    init(_ index: Int = 0, _ script: [Exit], timer: UInt64? = nil) {
        self.index = index
        self.script = script
        self.timer = timer
    }

    private static func word() -> UnsafeMutablePointer<UInt64> {
        let word = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        unsafe word.initialize(to: 0)
        return unsafe word
    }

    private(set) var now: UInt64 = 0
    private var slice: UInt64 = 0
    let signals = unsafe Signals(word: ScriptedCPU.word())
    func beginSlice(instructions: UInt64, at tick: UInt64) {
        slices.append(tick)
        now = tick
        slice = instructions
    }
    func run() -> Exit {
        guard !script.isEmpty else { return .idle }
        let exit = script.removeFirst()
        if case .sliceEnd = exit { now += slice }
        return exit
    }
    func completeRead(_ value: UInt64) {}
    func completeAcknowledge(vector: UInt32) {}
    func nextTimerEvent() -> UInt64? { timer }
    func waitForInterrupt() {}
    func mapMagicPage(at effective: UInt32) {}
    func invalidateTLB(operand: UInt32) {}
    func receiveMessage(operand: UInt32) {}
}

/// A machine that notes what the run loop asks of it, and ends at an exit of its choice.
private final class ScriptedMachine: Machine {
    let runningCPUs: [any VirtualCPU]
    private(set) var outcome: Outcome?
    private(set) var handled: [Int] = []
    private(set) var waits: [UInt64?] = []
    private(set) var polls = 0
    var deviceEvent: UInt64?
    private let pollsBeforeEnd: Int

    init(_ cpus: [ScriptedCPU], pollsBeforeEnd: Int = .max) {
        runningCPUs = cpus
        self.pollsBeforeEnd = pollsBeforeEnd
    }

    func handle(_ exit: Exit, of vcpu: any VirtualCPU) {
        handled.append(vcpu.index)
        if case .reset = exit { outcome = .reset }
    }
    func poll(at tick: UInt64) {
        polls += 1
        if polls == pollsBeforeEnd { outcome = .quit }
    }
    func nextDeviceEvent() -> UInt64? { deviceEvent }
    func flushOutput() {}
    func waitForInput(nanoseconds: UInt64?) { waits.append(nanoseconds) }
    func wake() {}
}

@Suite struct RunLoopTests {
    private func virtualLoop(timeout: Double? = nil) -> RunLoop {
        RunLoop(time: .virtual, frequency: 1_000_000, timeout: timeout)
    }

    @Test func `vCPUs take turns, and all their exits reach the machine`() {
        let first = ScriptedCPU(0, [.hypercall, .sliceEnd, .hypercall, .sliceEnd])
        let second = ScriptedCPU(1, [.hypercall, .sliceEnd, .reset(.watchdog)])
        let machine = ScriptedMachine([first, second])
        let outcome = virtualLoop().run(machine)
        #expect(machine.handled == [0, 1, 0, 1])
        guard case .reset = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `virtual time goes on by a slice while a vCPU has work`() {
        let cpu = ScriptedCPU(0, [.sliceEnd, .sliceEnd, .reset(.watchdog)])
        _ = virtualLoop().run(ScriptedMachine([cpu]))
        #expect(cpu.slices == [0, RunLoop.sliceInstructions, 2 * RunLoop.sliceInstructions])
    }

    @Test func `in virtual time a vCPU's turn begins when the turn before it ended`() {
        let first = ScriptedCPU(0, [.sliceEnd, .sliceEnd])
        let second = ScriptedCPU(1, [.sliceEnd, .reset(.watchdog)])
        _ = virtualLoop().run(ScriptedMachine([first, second]))
        let slice = RunLoop.sliceInstructions
        #expect(first.slices == [0, 2 * slice])
        #expect(second.slices == [slice, 3 * slice])
    }

    @Test func `virtual time jumps to the next timer while every vCPU idles`() {
        let cpu = ScriptedCPU(0, [.idle, .reset(.watchdog)], timer: 5_000_000)
        let machine = ScriptedMachine([cpu])
        _ = virtualLoop().run(machine)
        #expect(cpu.slices == [0, 5_000_000])
        #expect(machine.waits.isEmpty)
    }

    @Test func `an idle machine without timers waits for input`() {
        let machine = ScriptedMachine([ScriptedCPU(0, [.idle])], pollsBeforeEnd: 1)
        _ = virtualLoop().run(machine)
        #expect(machine.waits == [nil])
    }

    @Test func `with the host's clock an idle machine sleeps until the first timer of vCPU or device`() throws {
        let machine = ScriptedMachine([ScriptedCPU(0, [.idle], timer: 60_000_000)], pollsBeforeEnd: 1)
        machine.deviceEvent = 30_000_000
        _ = RunLoop(time: .host(frequency: 1_000_000), frequency: 1_000_000, timeout: nil).run(machine)
        let first = try #require(machine.waits.first)
        let wait = try #require(first)
        #expect(wait > 20_000_000_000 && wait <= 30_000_000_000)
    }

    @Test func `the time limit ends a busy guest`() {
        let machine = ScriptedMachine([ScriptedCPU(0, [Exit](repeating: .sliceEnd, count: 3))])
        guard case .timeout = virtualLoop(timeout: 0).run(machine) else {
            Issue.record("no time-out")
            return
        }
    }

    @Test func `the time limit bounds an idle guest's sleep`() throws {
        let machine = ScriptedMachine([ScriptedCPU(0, [.idle])], pollsBeforeEnd: 1)
        _ = virtualLoop(timeout: 100).run(machine)
        let first = try #require(machine.waits.first)
        let wait = try #require(first)
        #expect(wait <= 100_000_000_000)
    }
}
