/// One debugger's connection: answers packets about a target that stands still, and says how it is to go on.
///
/// It does no input or output. Bytes of the connection go into ``receive(_:)``, what is to be sent comes out of
/// ``takeOutput()``, and whoever runs the target looks at ``state`` in between. All threads stop together.
public final class DebugSession {
    /// What the target should do.
    public enum State: Equatable {
        /// Stand still, and wait for the debugger.
        case stopped
        /// Go on by ``DebugSession/plan`` until something stops it.
        case running
        /// Go on without a debugger.
        case detached
        /// End.
        case killed
    }

    /// What the target should do.
    public private(set) var state = State.stopped

    /// What each thread does while ``state`` is running.
    public private(set) var plan: ResumePlan

    /// Whether the debugger wants a running target to stop.
    public private(set) var wantsStop = false

    /// Where execution stops, as the debugger asked.
    public private(set) var stops: [DebugStop] = []

    /// The most places where execution stops.
    public static let stopLimit = 1024

    /// The target. A new one takes over where the old one was, at a reset.
    public private(set) var target: any DebugTarget

    private var decoder = PacketDecoder()
    private var output: [UInt8] = []
    private var lastPacket: [UInt8] = []
    private var acknowledges = true

    /// What `?` answers.
    var lastStop = StopReason.signal(Signal.trap)
    /// The thread that stopped.
    var stoppedThread = 0
    /// The thread that register and memory packets are about (`Hg`).
    var selectedThread = 0
    /// The thread that `c` and `s` are about (`Hc`), or nil for all.
    var resumedThread: Int?
    /// Whether memory packets are about physical addresses.
    var usesPhysicalMemory = false
    /// What the debugger says that it understands.
    var understandsBreakpointReasons = (software: false, hardware: false)
    /// The description, made once.
    private(set) var description: [UInt8]

    /// The numbers that the protocol has for signals.
    enum Signal {
        static let interrupt: UInt8 = 2
        static let trap: UInt8 = 5
    }

    /// A session on a target that just stopped for it, with `thread` as the one to look at first.
    public init(_ target: any DebugTarget, thread: Int = 0) {
        self.target = target
        plan = ResumePlan(.run, threads: target.threadCount)
        description = [UInt8](TargetDescription.xml(target.registers).utf8)
        stoppedThread = thread
        selectedThread = thread
    }

    // MARK: The connection

    /// Takes bytes of the connection. Whatever they are, the work for each of them is bounded.
    public func receive(_ bytes: [UInt8]) {
        decoder.feed(bytes)
        while let event = decoder.next() {
            switch event {
            case .packet(let payload):
                if acknowledges { output.append(UInt8(ascii: "+")) }
                // A debugger that waits for a stop has nothing to say but that it wants one.
                if state == .stopped { handle(payload) }
            case .damaged:
                if acknowledges { output.append(UInt8(ascii: "-")) }
            case .refused:
                if acknowledges { output += lastPacket }
            case .interrupt:
                if state == .running { wantsStop = true }
            case .acknowledged:
                break
            }
            if state == .killed || state == .detached { return }
        }
    }

    /// What is to be sent since the last call.
    public func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    func reply(_ payload: [UInt8]) {
        lastPacket = Packet.encode(payload)
        output += lastPacket
    }

    func reply(_ text: StaticString) { reply(text.withUTF8Buffer { unsafe [UInt8]($0) }) }

    /// From now on neither side acknowledges packets.
    func stopAcknowledging() {
        acknowledges = false
        decoder.checksSums = false
    }

    // MARK: The target

    /// The target stopped while it was running.
    public func didStop(_ reason: StopReason, thread: Int) {
        guard state == .running else { return }
        state = .stopped
        wantsStop = false
        lastStop = reason
        stoppedThread = thread
        selectedThread = thread
        replyStop()
    }

    /// The target came to its end, with that exit status.
    public func didEnd(status: UInt8) {
        if state == .running { reply([UInt8(ascii: "W")] + Hex.encode([status])) }
        state = .killed
    }

    /// Goes on with a new target, which has just been reset, where the old one was.
    public func replaceTarget(_ target: any DebugTarget) {
        self.target = target
        description = [UInt8](TargetDescription.xml(target.registers).utf8)
        let threads = target.threadCount
        (stoppedThread, selectedThread, resumedThread) = (0, 0, nil)
        plan = ResumePlan(.run, threads: threads)
        _ = target.setStops(stops)
    }

    func resume(_ plan: ResumePlan) {
        self.plan = plan
        wantsStop = false
        state = .running
    }

    func detach() {
        _ = setStops([])
        state = .detached
    }

    func kill() { state = .killed }

    func setStops(_ stops: [DebugStop]) -> Bool {
        guard stops.count <= Self.stopLimit, target.setStops(stops) else { return false }
        self.stops = stops
        return true
    }
}
