public import PowerPC

/// Writes what a machine does as Chrome trace events, which chrome://tracing and Perfetto show: a track a vCPU, with
/// hypercalls, interrupts, device accesses and idle spans. Times are microseconds of the machine's time.
///
/// The format is "Trace Event Format", the object form. Events are passed on as they come; what ``tail`` has makes the
/// bytes so far a whole document at any time.
public final class ExecutionTrace: MachineObserver {
    /// What ends the document.
    public static let tail: [UInt8] = [UInt8]("\n]}\n".utf8)

    private let sink: any ByteSink
    /// Ticks of a microsecond.
    private let scale: UInt64
    private var text: [UInt8] = []
    private var isFirst = true
    /// Counts the machines that were traced: after a reset there is another.
    private var process = 0
    /// For each vCPU since when it idles.
    private var idleSince: [UInt64?] = []
    /// For each vCPU the latest time that an event of it has. A turn may be a few instructions longer than the virtual
    /// time that it is given, but on a track nothing may begin before what came first has ended.
    private var latest: [UInt64] = []

    /// Bytes that wait at most.
    private static let capacity = 1 << 16

    /// A trace of machines with `frequency` ticks a second.
    public init(to sink: any ByteSink, frequency: UInt64) {
        self.sink = sink
        scale = max(frequency / 1_000_000, 1)
        text += [UInt8]("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n".utf8)
    }

    /// A machine with `count` vCPUs is traced from now on.
    public func begin(vcpus count: Int) {
        process += 1
        idleSince = [UInt64?](repeating: nil, count: count)
        latest = [UInt64](repeating: 0, count: count)
        event("\"ph\":\"M\",\"name\":\"process_name\",\"pid\":\(process),\"args\":{\"name\":\"boot \(process)\"}")
        for vcpu in 0..<count {
            event(
                "\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":\(process),\"tid\":\(vcpu),"
                    + "\"args\":{\"name\":\"vCPU \(vcpu)\"}")
        }
    }

    /// The machine's run is over; spans that are open end at `tick`.
    public func end(at tick: UInt64) {
        for vcpu in 0..<idleSince.count { endIdle(vcpu, at: tick) }
        flush()
    }

    /// Passes on what was noted.
    public func flush() {
        guard !text.isEmpty else { return }
        sink.write(text)
        text.removeAll(keepingCapacity: true)
    }

    private func event(_ members: String) {
        text += [UInt8]("\(isFirst ? "" : ",\n"){\(members)}".utf8)
        isFirst = false
        if text.count >= Self.capacity { flush() }
    }

    /// Microseconds with three decimals.
    private func microseconds(_ ticks: UInt64) -> String {
        let fraction = ticks % scale * 1000 / scale
        return "\(ticks / scale).\(fraction < 100 ? "0" : "")\(fraction < 10 ? "0" : "")\(fraction)"
    }

    /// The time of an event of `vcpu`: not before the one that came first.
    private func ordered(_ tick: UInt64, _ vcpu: Int) -> UInt64 {
        guard latest.indices.contains(vcpu) else { return tick }
        latest[vcpu] = max(latest[vcpu], tick)
        return latest[vcpu]
    }

    private func span(
        _ name: String, _ category: StaticString, vcpu: Int, from began: UInt64, to ended: UInt64, arguments: String
    ) {
        let began = ordered(began, vcpu)
        let ended = ordered(ended, vcpu)
        event(
            "\"ph\":\"X\",\"name\":\"\(name)\",\"cat\":\"\(category)\",\"pid\":\(process),\"tid\":\(vcpu),"
                + "\"ts\":\(microseconds(began)),\"dur\":\(microseconds(ended - began)),"
                + "\"args\":{\(arguments)}")
    }

    private static func member(_ name: StaticString, _ value: UInt64) -> String {
        "\"\(name)\":\"0x\(hexadecimal(value, digits: 1))\""
    }

    private func endIdle(_ vcpu: Int, at tick: UInt64) {
        guard idleSince.indices.contains(vcpu), let began = idleSince[vcpu] else { return }
        idleSince[vcpu] = nil
        span("idle", "idle", vcpu: vcpu, from: began, to: tick, arguments: "")
    }

    // MARK: What is noted

    /// Notes what a vCPU did.
    public func observe(_ event: CPUEvent, vcpu: Int, at tick: UInt64) {
        switch event {
        case .waits:
            if idleSince.indices.contains(vcpu), idleSince[vcpu] == nil { idleSince[vcpu] = ordered(tick, vcpu) }
        case .wakes:
            endIdle(vcpu, at: tick)
        case .interrupt(let taken):
            var arguments = Self.member("srr0", UInt64(taken.savedPC))
            arguments += "," + Self.member("vector", UInt64(taken.vector))
            if let syndrome = taken.syndrome { arguments += "," + Self.member("esr", UInt64(syndrome)) }
            if let address = taken.dataAddress { arguments += "," + Self.member("dear", UInt64(address)) }
            self.event(
                "\"ph\":\"i\",\"s\":\"t\",\"name\":\"\(taken.interrupt.name)\",\"cat\":\"interrupt\","
                    + "\"pid\":\(process),\"tid\":\(vcpu),\"ts\":\(microseconds(ordered(tick, vcpu))),"
                    + "\"args\":{\(arguments)}")
        default: break
        }
    }

    /// Notes what the machine answered.
    public func observe(_ exit: AnsweredExit) {
        if let call = exit.hypercall {
            var arguments = ""
            for (position, value) in call.arguments.enumerated() {
                arguments += "\"r\(position + 3)\":\"0x\(hexadecimal(value, digits: 1))\","
            }
            let name = call.name.map { "\($0)" } ?? "hypercall 0x\(hexadecimal(call.token))"
            span(
                name, "hypercall", vcpu: exit.vcpu, from: exit.began, to: exit.ended,
                arguments: arguments + "\"status\":\(call.status)")
            return
        }
        switch exit.exit {
        case .deviceRead(let address, let width):
            span(
                "read \(exit.device ?? "nothing")", "device", vcpu: exit.vcpu, from: exit.began, to: exit.ended,
                arguments: Self.member("address", address) + ",\"width\":\(width)")
        case .deviceWrite(let address, let width, let value):
            span(
                "write \(exit.device ?? "nothing")", "device", vcpu: exit.vcpu, from: exit.began, to: exit.ended,
                arguments: Self.member("address", address) + ",\"width\":\(width)," + Self.member("value", value))
        case .invalidateTLB(let operand):
            span(
                "tlbivax", "tlb", vcpu: exit.vcpu, from: exit.began, to: exit.ended,
                arguments: Self.member("operand", UInt64(operand)))
        default: break
        }
    }
}
