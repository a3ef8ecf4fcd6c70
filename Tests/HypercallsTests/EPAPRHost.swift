import GuestMemory
import Hypercalls
import ParavirtABI

/// A machine of two vCPUs, eight interrupts, three IPIs, one byte channel (handle 7), one doorbell (handle 9) and 64 KiB,
/// which notes what it is asked.
final class TestEPAPRHost: EPAPRHypercallHost {
    let offersMagicPage = false
    let interruptCount = 8
    let ipiCount = 3
    let cpuCount = 2
    let memory: GuestMemory

    /// What the byte channel took and holds, and how much it still takes.
    var sent: [UInt8] = []
    var waiting: [UInt8] = []
    var room = 100

    var configurations = [InterruptConfiguration](
        repeating: InterruptConfiguration(isActiveHigh: false, isLevelSensitive: false, priority: 0, destination: 0),
        count: 8)
    var masked: Set<Int> = []
    var active: Set<Int> = []
    /// The vector that waits.
    var vector: UInt32?
    var acknowledgedBy: [Int] = []
    var ended: [String] = []
    var ipis: [String] = []
    var taskPriorities: [UInt32] = [0, 0]
    var rings = 0
    var takesProcessorMessages = true
    var messages: [UInt32] = []
    var stops = 0
    var restarts = 0
    /// Properties of the only node, `/n`.
    var properties: [String: [UInt8]] = [:]

    init() throws {
        memory = try GuestMemory(size: 1 << 16)
    }

    func mapMagicPage(
        vcpu: Int, realAddress: UInt64, effectiveAddress: UInt64, flags: MagicPageFlags
    ) -> MagicPageFeatures { [] }
    func idle(vcpu: Int) {}

    func byteChannelLevels(of handle: UInt32) -> (receivable: Int, sendable: Int)? {
        handle == 7 ? (waiting.count, room) : nil
    }

    func send(_ data: ByteChannelData, into handle: UInt32) -> Int {
        let count = min(data.count, room)
        for position in 0..<count { sent.append(data[position]) }
        room -= count
        return count
    }

    func receive(from handle: UInt32, atMost limit: Int) -> ByteChannelData {
        var data = ByteChannelData()
        while data.count < limit, !waiting.isEmpty { data.append(waiting.removeFirst()) }
        return data
    }

    func configuration(ofInterrupt number: Int) -> InterruptConfiguration { configurations[number] }
    func configureInterrupt(_ number: Int, _ configuration: InterruptConfiguration) {
        configurations[number] = configuration
    }
    func isInterruptMasked(_ number: Int) -> Bool { masked.contains(number) }
    func maskInterrupt(_ number: Int, _ isMasked: Bool) {
        if isMasked { masked.insert(number) } else { masked.remove(number) }
    }
    func isInterruptActive(_ number: Int) -> Bool { active.contains(number) }
    func acknowledgeInterrupt(vcpu: Int) -> UInt32? {
        acknowledgedBy.append(vcpu)
        return vector
    }
    func endInterrupt(_ number: Int, vcpu: Int) -> Bool {
        guard active.contains(number) else { return false }
        ended.append("\(number) on \(vcpu)")
        return true
    }
    func sendIPI(_ ipi: Int, to vcpus: UInt32) { ipis.append("\(ipi) to \(vcpus)") }
    func taskPriority(vcpu: Int) -> UInt32 { taskPriorities[vcpu] }
    func setTaskPriority(_ priority: UInt32, vcpu: Int) { taskPriorities[vcpu] = priority }

    func send(_ message: ProcessorMessage) { messages.append(message.operand) }

    func ringDoorbell(_ handle: UInt32) -> Bool {
        if handle == 9 { rings += 1 }
        return handle == 9
    }

    func requestStop() { stops += 1 }
    func requestRestart() { restarts += 1 }

    func treeProperty(path: [UInt8], name: [UInt8]) -> [UInt8]? {
        path == Array("/n".utf8) ? properties[String(decoding: name, as: UTF8.self)] : nil
    }

    func setTreeProperty(path: [UInt8], name: [UInt8], value: [UInt8]) -> TreePropertyChange {
        guard path == Array("/n".utf8) else { return .noNode }
        guard !name.isEmpty else { return .badName }
        guard value.count < 1000 else { return .treeFull }
        properties[String(decoding: name, as: UTF8.self)] = value
        return .done
    }
}

/// What a guest sees of one call.
struct CallResult: Equatable, CustomStringConvertible {
    var status: UInt64
    /// r4 and up, as far as the call wrote them.
    var outputs: [UInt64]

    init(_ status: EPAPRStatus, _ outputs: UInt64...) {
        self.status = UInt64(status.rawValue)
        self.outputs = outputs.isEmpty ? [0] : outputs
    }

    fileprivate init(registers: borrowing TestRegisters) {
        status = registers[3]
        outputs = []
        while registers.written.contains(4 + outputs.count) { outputs.append(registers[4 + outputs.count]) }
    }

    var description: String {
        "\(EPAPRStatus(rawValue: UInt32(status)).map { "\($0.name)" } ?? "\(status)") \(outputs)"
    }
}

extension TestEPAPRHost {
    /// Makes a call with these arguments from r3 on, in a 32-bit guest.
    func call(_ call: Hypercall, _ arguments: UInt64..., vcpu: Int = 0) -> CallResult {
        var values = [11: call.number(in: .epapr)]
        for (position, argument) in arguments.enumerated() { values[3 + position] = argument }
        var registers = TestRegisters(values)
        _ = HypercallDispatcher<TestEPAPRHost>.epapr().call(&registers, vcpu: vcpu, width: .bits32, host: self)
        return CallResult(registers: registers)
    }
}
