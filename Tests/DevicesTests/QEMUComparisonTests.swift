import Devices
import TestTools
import Testing

/// Long conversations with the devices, compared with QEMU's: what each load yields, and the interrupt output after
/// each step. Where QEMU is known to deviate from the hardware, the conversation goes around it and says so.
@Suite(.enabled(if: QEMUOracle() != nil)) struct QEMUComparisonTests {
    private static let steps = 20_000

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `the MPIC delivers what QEMU's delivers`(seed: UInt64) throws {
        let conversation = MPICConversation(seed: seed)
        conversation.prepare()
        for _ in 0..<Self.steps { conversation.step() }
        let answers = try #require(QEMUOracle()).answers(to: conversation.steps, watching: .processor)
        #expect(answers.count == conversation.steps.count)
        let difference = zip(conversation.answers, answers).enumerated().first { $0.element.0 != $0.element.1 }
        #expect(difference == nil, "\(conversation.steps.prefix((difference?.offset ?? -1) + 1).suffix(20))")
        // The conversation is worth something only if interrupts happen in it.
        #expect(conversation.acknowledged > Self.steps / 20)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `the UART behaves as QEMU's behaves`(seed: UInt64) throws {
        let conversation = UARTConversation(seed: seed)
        for _ in 0..<Self.steps { conversation.step() }
        let answers = try #require(QEMUOracle()).answers(to: conversation.steps, watching: .serial)
        #expect(answers.count == conversation.steps.count)
        let difference = zip(conversation.answers, answers).enumerated().first { $0.element.0 != $0.element.1 }
        #expect(difference == nil, "\(conversation.steps.prefix((difference?.offset ?? -1) + 1).suffix(20))")
    }

    @Test func `the spin table starts out as QEMU's does`() throws {
        let table = SpinTable(cpuCount: 2, starter: NobodyStarts())
        let offsets = Array(stride(from: 0 as UInt64, to: 2 * 0x20, by: 4))
        let steps = offsets.map { QEMUOracle.Step.read(0xF_EF00_0000 + $0, width: 4) }
        let answers = try #require(QEMUOracle()).answers(to: steps, watching: .processor)
        #expect(answers.map(\.value) == offsets.map { table.read(offset: $0, width: 4) })
    }
}

private final class NobodyStarts: SecondaryStarter {
    func startSecondary(cpu: Int, entry: UInt64, r3: UInt64, pir: UInt32) {}
}

/// A random conversation with an ``MPIC`` of two processors.
private final class MPICConversation {
    private(set) var steps: [QEMUOracle.Step] = []
    private(set) var answers: [QEMUOracle.Answer] = []
    private(set) var acknowledged = 0

    private static let base = QEMUOracle.ccsr + 0x4_0000
    /// Two edge-sensitive and one level-sensitive external source, on-chip sources, message groups.
    private static let external: [UInt64] = [1, 2, 3]
    private static let onChip: [UInt64] = [42, 43, 47, 63]
    private static let groups: [UInt64] = [224, 227, 231]

    private let mpic = MPIC(cpuCount: 2)
    private var generator: SeededRandom
    /// The vector and priority registers as configured, by offset.
    private var configured: [UInt64: UInt64] = [:]
    private var inputs: [UInt64: Bool] = [:]
    /// How many interrupts each processor has in service.
    private var inService = [0, 0]

    init(seed: UInt64) { generator = SeededRandom(seed: seed) }

    /// Configures every source once: QEMU does not act on destinations that change while an interrupt waits.
    func prepare() {
        for cpu in 0..<2 as Range<UInt64> { write(0x2_0080 + cpu * 0x1000, 0) }
        for source in Self.external + Self.onChip + Self.groups {
            let sense: UInt64 = source == 3 ? 0x0040_0000 : 0
            configure(0x1_0000 + source * 0x20, sense | random(1...15) << 16 | source)
            write(0x1_0010 + source * 0x20, 1 << random(0...1))
        }
        for ipi in 0..<4 as Range<UInt64> { configure(0x10A0 + ipi * 0x10, random(1...15) << 16 | 251 + ipi) }
        write(0x10E0, 0xFF)
        // Nothing waits: the spurious vector.
        read(0x2_00A0)
    }

    func step() {
        switch random(0...9) {
        case 0, 1:
            let source = pick(Self.external + Self.onChip)
            let level = !(inputs[source] ?? false)
            inputs[source] = level
            mpic.setLevel(source: Int(source), asserted: level)
            note(.setInput(Int(source), level), 0)
        case 2:
            write(0x1740, (pick(Self.groups) - 224) << 29 | random(0...31) << 24)
        case 3:
            read(0x1600 + (pick(Self.groups) - 224) * 0x10)
        case 4:
            write(0x2_0040 + random(0...1) * 0x1000 + random(0...3) * 0x10, random(1...3))
        case 5, 6:
            acknowledge(cpu: Int(random(0...1)))
        case 7:
            let cpu = Int(random(0...1))
            inService[cpu] = max(inService[cpu] - 1, 0)
            write(0x2_00B0 + UInt64(cpu) * 0x1000, 0)
        case 8:
            setTaskPriority(random(0...15), cpu: Int(random(0...1)))
        default:
            let register = configured.keys.sorted()[Int(random(0...UInt64(configured.count - 1)))]
            let value = (configured[register] ?? 0) ^ 0x8000_0000
            configure(register, value)
        }
    }

    /// QEMU's IACK looks past interrupts in service, so this asks only when the output is asserted. Its EOI does not
    /// look at the task priority, so that is 0 while something is in service.
    private func acknowledge(cpu: Int) {
        guard mpic.isInterruptPending(cpu: cpu) else { return }
        setTaskPriority(0, cpu: cpu)
        acknowledged += 1
        inService[cpu] += 1
        read(0x2_00A0 + UInt64(cpu) * 0x1000)
    }

    /// QEMU compares a new task priority with what was in service before the last acknowledge, so this leaves it alone
    /// while something is.
    private func setTaskPriority(_ priority: UInt64, cpu: Int) {
        guard inService[cpu] == 0 else { return }
        write(0x2_0080 + UInt64(cpu) * 0x1000, priority)
    }

    private func configure(_ register: UInt64, _ value: UInt64) {
        configured[register] = value
        write(register, value)
    }

    private func write(_ offset: UInt64, _ value: UInt64) {
        mpic.write(value, offset: offset, width: 4)
        note(.write(Self.base + offset, value: value, width: 4), 0)
    }

    private func read(_ offset: UInt64) {
        note(.read(Self.base + offset, width: 4), mpic.read(offset: offset, width: 4))
    }

    private func note(_ step: QEMUOracle.Step, _ value: UInt64) {
        steps.append(step)
        answers.append(.init(value: value, level: mpic.isInterruptPending(cpu: 0)))
    }

    private func random(_ range: ClosedRange<UInt64>) -> UInt64 { .random(in: range, using: &generator) }

    private func pick(_ sources: [UInt64]) -> UInt64 { sources[Int(random(0...UInt64(sources.count - 1)))] }
}

/// A random conversation with an ``NS16550``, mostly in loopback mode: that is how it receives.
private final class UARTConversation {
    private(set) var steps: [QEMUOracle.Step] = []
    private(set) var answers: [QEMUOracle.Answer] = []

    private static let base = QEMUOracle.ccsr + 0x4500

    private let line = LineRecorder()
    private let uart: NS16550
    private var generator: SeededRandom

    init(seed: UInt64) {
        uart = NS16550(interrupt: InterruptLine(to: line, source: 42), sink: Transcript())
        generator = SeededRandom(seed: seed)
        // The divisor has no defined reset value.
        write(.lineControl, 0x83)
        write(.data, 0x0D)
        write(.interruptEnable, 0)
    }

    func step() {
        switch random(0...11) {
        case 0, 1, 2:
            write(.data, random(0...255))
        case 3, 4:
            // Without data QEMU repeats the last byte where hardware leaves the value open.
            if uart.read(offset: 3, width: 1) & 0x80 != 0 || dataIsReady { read(.data) }
        case 5:
            // Modem status interrupts stay off: QEMU's loopback does not change the modem status.
            write(.interruptEnable, random(0...7))
        case 6:
            read(.interruptEnable)
        case 7:
            read(.interruptIdentification)
        case 8:
            // Resetting the transmitter makes QEMU's interrupt anew, so do that while it is disabled. The trigger level
            // stays 1, since time stands still in QEMU and there is no timeout.
            write(.lineControl, 3)
            write(.interruptEnable, random(0...7) & ~2)
            write(.interruptIdentification, [0x00, 0x01, 0x03, 0x07][Int(random(0...3))])
        case 9:
            write(.lineControl, [0x03, 0x03, 0x03, 0x1B, 0x83][Int(random(0...4))])
        case 10:
            write(.modemControl, random(0...3) == 0 ? random(0...15) : 0x10 | random(0...15))
        default:
            read([.lineStatus, .lineControl, .modemControl, .scratch][Int(random(0...3))])
            write(.scratch, random(0...255))
        }
    }

    /// Whether LSR shows data, which is part of the conversation.
    private var dataIsReady: Bool {
        read(.lineStatus)
        return answers[answers.count - 1].value & 1 != 0
    }

    private func write(_ register: NS16550.Register, _ value: UInt64) {
        uart.write(value, offset: register.rawValue, width: 1)
        note(.write(Self.base + register.rawValue, value: value, width: 1), 0)
    }

    private func read(_ register: NS16550.Register) {
        note(.read(Self.base + register.rawValue, width: 1), uart.read(offset: register.rawValue, width: 1))
    }

    private func note(_ step: QEMUOracle.Step, _ value: UInt64) {
        steps.append(step)
        answers.append(.init(value: value, level: line.level))
    }

    private func random(_ range: ClosedRange<UInt64>) -> UInt64 { .random(in: range, using: &generator) }
}
