internal import Debugging
internal import Foundation
internal import Machines
internal import PowerPC
internal import Sandbox
internal import Terminal
internal import VMM

/// Everything that looks at a guest while it runs: a debugger, a log, a trace. What it needs of the host is opened when
/// it is made, before the sandbox.
final class Instruments {
    private let options: DebugOptions
    private let server: DebugServer?
    private let traceFile: TraceFile?
    private let trace: ExecutionTrace?
    private let logFile: LogFile?
    private let log: ExecutionLog?
    private var observed: (any DebuggableMachine)?

    /// The instruments that the options name.
    init(_ options: DebugOptions, console: TerminalConsole, frequency: UInt64) throws(CommandFailure) {
        self.options = options
        if let path = options.trace {
            let file = TraceFile(try LateOutput(path))
            traceFile = file
            trace = ExecutionTrace(to: file, frequency: frequency)
        } else {
            (traceFile, trace) = (nil, nil)
        }
        if options.logged.isEmpty {
            (logFile, log) = (nil, nil)
        } else {
            let file = LogFile(try LateOutput(options.logFile ?? "-"))
            logFile = file
            log = ExecutionLog(options.logged, to: file)
        }
        if let address = options.gdb {
            let server = try DebugServer(address, console: console)
            StandardError.print("gdb: target remote \(server.address.forGDB)")
            self.server = server
        } else {
            server = nil
        }
    }

    /// What the sandbox has to leave open.
    var descriptors: [Int32] {
        (server?.descriptors ?? []) + [traceFile?.descriptor, logFile?.descriptor].compactMap { $0 }
    }

    /// What the sandbox has to allow besides.
    var systemCalls: [SystemCallRule] {
        (server == nil ? [] : SystemCallRule.connections) + (traceFile == nil ? [] : SystemCallRule.placedWrites)
    }

    /// Whether vCPUs take turns and execute one instruction at a time where that is asked for.
    var stops: Bool { server != nil || options.logged.needsSteps }

    /// The loop for a machine that a debugger may stop, or whose every instruction is logged; nil where nobody wants
    /// more than to watch.
    func loop(time: TimeSource, frequency: UInt64, timeout: Double?) -> DebugLoop? {
        guard stops else { return nil }
        return DebugLoop(
            time: time, frequency: frequency, timeout: timeout, transport: server, startsHeld: options.startsHeld,
            log: options.logged.needsSteps ? log : nil)
    }

    /// The machine with those who watch it, or itself where nobody does.
    func observe(_ machine: any DebuggableMachine) -> any DebuggableMachine {
        let observers = [trace as (any MachineObserver)?, log].compactMap { $0 }
        guard !observers.isEmpty else { return machine }
        trace?.begin(vcpus: machine.debuggableCPUs.count)
        let observed = ObservedMachine(
            machine, observer: ObserverGroup(observers),
            showsFirstExecutions: options.logged.contains(.firstExecutions))
        self.observed = observed
        return observed
    }

    /// The machine's run is over.
    func endObservation() {
        guard let observed else { return }
        trace?.end(at: observed.debuggableCPUs.map(\.now).max() ?? 0)
        log?.flush()
        self.observed = nil
    }

    /// There is no further machine.
    func finish() { traceFile?.finish() }
}

/// Several observers as one, one call at a time whichever thread makes it.
private final class ObserverGroup: MachineObserver {
    private let observers: [any MachineObserver]
    private let lock = NSLock()

    init(_ observers: [any MachineObserver]) { self.observers = observers }

    func observe(_ event: CPUEvent, vcpu: Int, at tick: UInt64) {
        lock.withLock { for observer in observers { observer.observe(event, vcpu: vcpu, at: tick) } }
    }

    func observe(_ exit: AnsweredExit) {
        lock.withLock { for observer in observers { observer.observe(exit) } }
    }

    func flush() {
        lock.withLock { for observer in observers { observer.flush() } }
    }
}

/// The file of a trace. After each write the file is a whole document, so that it is one whatever ends the process.
private final class TraceFile: ByteSink {
    private let output: LateOutput
    private let isSeekable: Bool
    private var offset = 0
    private var hasFailed = false

    var descriptor: Int32 { output.descriptor }

    init(_ output: LateOutput) {
        self.output = output
        isSeekable = lseek(output.descriptor, 0, SEEK_CUR) >= 0
    }

    func write(_ bytes: [UInt8]) {
        guard !hasFailed else { return }
        hasFailed = !(isSeekable ? place(bytes) : StandardError.write(bytes, to: output.descriptor))
        if hasFailed { StandardError.print("the trace is incomplete: its file takes no more") }
    }

    private func place(_ bytes: [UInt8]) -> Bool {
        let document = bytes + ExecutionTrace.tail
        var written = 0
        while written < document.count {
            let count = unsafe document.withUnsafeBytes {
                unsafe pwrite(output.descriptor, $0.baseAddress! + written, $0.count - written, offset + written)
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        offset += bytes.count
        return true
    }

    /// Ends the document where it could not be ended before.
    func finish() {
        if !isSeekable, !hasFailed { _ = StandardError.write(ExecutionTrace.tail, to: output.descriptor) }
    }
}

/// The file of a log, or standard error.
private final class LogFile: ByteSink {
    private let output: LateOutput
    private var hasFailed = false

    var descriptor: Int32 { output.descriptor }

    init(_ output: LateOutput) { self.output = output }

    func write(_ bytes: [UInt8]) {
        guard !hasFailed else { return }
        hasFailed = !StandardError.write(bytes, to: output.descriptor)
    }
}

extension DebugAddress {
    /// The address as GDB's `target remote` takes it, from wherever it is started.
    fileprivate var forGDB: String {
        switch self {
        case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): URL(fileURLWithPath: path).path
        }
    }
}
