import Devices
import GuestMemory
import Hypercalls
import Machines
import PAPR
import ParavirtABI
import PowerPC
import Testing
import VMM

/// A vCPU that executes nothing and notes what it is asked.
@safe
final class TestCPU: PSeriesCPU {
    let index: Int
    var registers = [UInt64](repeating: 0, count: 32)
    var is64Bit = true
    var interruptMode = InterruptMode()
    var offersAlternateInterrupts = true
    var now: UInt64 = 0
    var sprg0: UInt64?
    var watchpoint: (address: UInt64, control: UInt64)?
    var breakpoint: UInt64?
    var magicPage: (real: UInt64, effective: UInt64, flags: UInt64)?
    /// The last that happened to it.
    var events: [String] = []
    var dropped: [TranslationChange] = []
    private let word = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    let signals: Signals

    init(index: Int) {
        self.index = index
        unsafe word.initialize(to: 0)
        unsafe signals = Signals(word: word)
    }

    deinit { unsafe word.deallocate() }

    /// Whether its external interrupt's pin is asserted.
    var isInterrupted: Bool { unsafe word.pointee & UInt64(1 << Interrupt.external.rawValue) != 0 }

    func register(_ number: Int) -> UInt64 { registers[number] }
    func setRegister(_ number: Int, to value: UInt64) { registers[number] = value }
    func start(at pc: UInt64, r3: UInt64) { events.append("start \(String(pc, radix: 16)) \(String(r3, radix: 16))") }
    func stop() { events.append("stop") }
    func cede() { events.append("cede") }
    func prod() { events.append("prod") }
    func waitForInterrupt() { events.append("wait") }
    func setSPRG0(_ value: UInt64) { sprg0 = value }
    func setWatchpoint(address: UInt64, control: UInt64) -> Bool {
        watchpoint = (address, control)
        return true
    }
    func setBreakpoint(_ value: UInt64) -> Bool {
        breakpoint = value
        return true
    }
    func mapMagicPage(realAddress: UInt64, effectiveAddress: UInt64, flags: UInt64) -> UInt64 {
        magicPage = (realAddress, effectiveAddress, flags)
        return 3
    }
    func beginSlice(instructions: UInt64, at tick: UInt64) { now = tick }
    func run() -> Exit { .idle }
    func completeRead(_ value: UInt64) { events.append("read \(value)") }
    func nextTimerEvent() -> UInt64? { nil }
    func drop(_ change: TranslationChange) { dropped.append(change) }
}

/// A console that keeps what is sent, and has what is typed.
final class TestConsole: HostConsole {
    var output: [UInt8] = []
    var input: [UInt8] = []
    let isInteractive = false
    let wantsToQuit = false

    var text: String { String(decoding: output, as: UTF8.self) }

    func send(_ byte: UInt8) { output.append(byte) }
    func flush() {}
    func receive() -> UInt8? { input.isEmpty ? nil : input.removeFirst() }
    func wait(nanoseconds: UInt64?) {}
    func wake() {}
}

/// The machine `pseries` with vCPUs that execute nothing: calls go in as a guest makes them.
struct Partition {
    let machine: PSeriesMachine
    let cpus: [TestCPU]
    let console = TestConsole()
    var memory: GuestMemory { machine.memory }

    static let memorySize: UInt64 = 64 << 20

    init(cpuCount: Int = 2, time: TimeSource = .virtual, sizes: HashPageSizes = .power8) throws {
        cpus = (0..<cpuCount).map { TestCPU(index: $0) }
        let table = try #require(HashedPageTable(order: 18))
        machine = PSeriesMachine(
            .init(cpuCount: cpuCount, time: time, pageSizes: sizes), memory: try GuestMemory(size: Self.memorySize),
            pageTable: table, cpus: cpus, console: console)
        let layout = try PSeriesBootLayout(
            entry: 0, kernel: .init(base: 0, size: 0x10_0000), initrdSize: nil, memorySize: Self.memorySize)
        try machine.start(layout)
    }

    /// What a call answered.
    struct Answer: Equatable, CustomStringConvertible {
        var status: Int64
        var outputs: [UInt64]
        var description: String {
            "\(status) \(outputs.map { String($0, radix: 16) })"
        }
    }

    /// Makes a call; r4 to r12 keep the arguments where it has no outputs.
    @discardableResult
    func call(
        _ call: Hypercall, _ arguments: UInt64..., vcpu: Int = 0, isPrivileged: Bool = true
    ) -> Answer {
        self.call(number: UInt64(call.number), arguments, vcpu: vcpu, isPrivileged: isPrivileged)
    }

    /// Makes the call of that number.
    @discardableResult
    func call(number: UInt64, _ arguments: [UInt64], vcpu: Int = 0, isPrivileged: Bool = true) -> Answer {
        let cpu = cpus[vcpu]
        cpu.registers = [UInt64](repeating: 0x5555_5555_5555_5555, count: 32)
        cpu.registers[3] = number
        for (position, argument) in arguments.enumerated() { cpu.registers[4 + position] = argument }
        let before = cpu.registers
        machine.handle(.partitionCall(isPrivileged: isPrivileged), of: cpu)
        while let change = machine.takeTranslationChange() {
            for other in machine.runningCPUs { other.drop(change) }
        }
        for number in 0..<32 where !(3...12).contains(number) {
            #expect(cpu.registers[number] == before[number], "r\(number) is none of the call's")
        }
        return Answer(status: Int64(bitPattern: cpu.registers[3]), outputs: Array(cpu.registers[4...12]))
    }

    /// The status alone.
    func status(_ call: Hypercall, _ arguments: UInt64..., vcpu: Int = 0, isPrivileged: Bool = true) -> PAPRStatus? {
        PAPRStatus(
            rawValue: self.call(number: UInt64(call.number), arguments, vcpu: vcpu, isPrivileged: isPrivileged).status)
    }
}
