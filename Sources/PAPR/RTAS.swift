public import Devices
public import GuestMemory
internal import Hypercalls
internal import ParavirtABI

/// A machine with run-time abstraction services.
public protocol RTASHost: AnyObject, SendableMetatype {
    /// The guest's RAM.
    var memory: GuestMemory { get }
    /// All vCPUs, also those that the guest has not started.
    var cpuCount: Int { get }
    /// The interrupt controller.
    var interruptController: XICS { get }
    /// What the guest keeps from one start to the next.
    var nonvolatileMemory: [UInt8] { get set }
    /// Nanoseconds since 1970, UTC.
    var timeOfDay: UInt64 { get set }

    /// The terminal of that unit address; 0 is the first.
    func terminal(_ unit: UInt64) -> VirtualTerminal?
    /// Whether vCPU `number` stands still until somebody starts it.
    func isStopped(_ number: Int) -> Bool
    /// Starts vCPU `number`, which stands still, as vCPU `caller` takes interrupts.
    func start(_ number: Int, at pc: UInt64, r3: UInt64, like caller: Int)
    /// Makes vCPU `number` stand still until somebody starts it.
    func stop(_ number: Int)
    /// Switches the machine off.
    func requestPowerOff()
    /// Starts the machine over.
    func requestReset()
    /// The guest's kernel panicked.
    func reportPanic()
}

/// PAPR's run-time abstraction services, as far as a partition without buses has a use for them (LoPAPR 1.1 chapter 7).
///
/// The guest's tree names each service with a token. A call is a blob of five instructions that the machine puts into memory:
/// it makes the hypercall `KVMPPC_H_RTAS` with the address of the caller's argument buffer.
public enum RTAS {
    /// Every service, in the order of the tokens.
    public enum Service: UInt32, CaseIterable, Sendable {
        /// Prints a character.
        case displayCharacter = 0x2000
        /// Reads the clock.
        case getTimeOfDay
        /// Sets the clock.
        case setTimeOfDay
        /// Switches the machine off.
        case powerOff
        /// Starts the machine over.
        case systemReboot
        /// Tells whether a vCPU stands still.
        case queryCPUStoppedState
        /// Starts a vCPU.
        case startCPU
        /// Stops the calling vCPU.
        case stopSelf
        /// Sets an interrupt's server and priority.
        case setXIVE
        /// Reads an interrupt's server and priority.
        case getXIVE
        /// Switches an interrupt off.
        case interruptOff
        /// Switches an interrupt on.
        case interruptOn
        /// Reads a parameter of the platform.
        case getSystemParameter
        /// Reads the next event.
        case eventScan
        /// Reads the event behind an interrupt.
        case checkException
        /// Reads nonvolatile memory.
        case nvramFetch
        /// Writes nonvolatile memory.
        case nvramStore
        /// Tells that the kernel panicked.
        case osTerm

        /// The name of the property of `/rtas` that holds the token.
        public var name: String {
            switch self {
            case .displayCharacter: "display-character"
            case .getTimeOfDay: "get-time-of-day"
            case .setTimeOfDay: "set-time-of-day"
            case .powerOff: "power-off"
            case .systemReboot: "system-reboot"
            case .queryCPUStoppedState: "query-cpu-stopped-state"
            case .startCPU: "start-cpu"
            case .stopSelf: "stop-self"
            case .setXIVE: "ibm,set-xive"
            case .getXIVE: "ibm,get-xive"
            case .interruptOff: "ibm,int-off"
            case .interruptOn: "ibm,int-on"
            case .getSystemParameter: "ibm,get-system-parameter"
            case .eventScan: "event-scan"
            case .checkException: "check-exception"
            case .nvramFetch: "nvram-fetch"
            case .nvramStore: "nvram-store"
            case .osTerm: "ibm,os-term"
            }
        }

        /// How many words the service takes at least, and how many it answers.
        var counts: (arguments: Int, results: Int) {
            switch self {
            case .displayCharacter: (1, 1)
            case .getTimeOfDay: (0, 8)
            case .setTimeOfDay: (7, 1)
            case .powerOff: (2, 1)
            case .systemReboot: (0, 1)
            case .queryCPUStoppedState: (1, 2)
            case .startCPU: (3, 1)
            case .stopSelf: (0, 1)
            case .setXIVE: (3, 1)
            case .getXIVE: (1, 3)
            case .interruptOff, .interruptOn: (1, 1)
            case .getSystemParameter: (3, 1)
            case .eventScan: (4, 1)
            case .checkException: (6, 1)
            case .nvramFetch, .nvramStore: (3, 2)
            case .osTerm: (1, 1)
            }
        }
    }

    /// The first result of a call.
    public enum Status: Int32, CaseIterable, Sendable {
        /// Done.
        case success = 0
        /// There are no events.
        case noEvents = 1
        /// What the call is about is in no state for it.
        case hardwareError = -1
        /// An argument is out of range, or there is no such service.
        case parameterError = -3
    }

    /// The instructions of a call, as words: `mr r4,r3`; `li r3,KVMPPC_H_RTAS` in two; `sc 1`; `blr`. Big-endian always.
    ///
    /// - Parameter callInstruction: `sc 1`, or what a host has in its place.
    public static func entryPoint(callInstruction: UInt32) -> [UInt32] {
        let number = Hypercall.rtas.number
        return [0x7C64_1B78, 0x3C60_0000 | number >> 16, 0x6063_0000 | number & 0xFFFF, callInstruction, 0x4E80_0020]
    }

    /// The most words that arguments and results have together: the size of Linux's buffer.
    static let maximumWords = 16
    /// Bytes of the buffer's head: token, number of arguments, number of results.
    static let headSize: UInt64 = 12

    /// Makes the call whose buffer is at `address`.
    static func call(at address: UInt64, vcpu: Int, _ host: some RTASHost) -> HypercallResult {
        let memory = host.memory
        guard address < 1 << 32, let token = try? memory.load(UInt32.self, at: address),
            let argumentCount = try? memory.load(UInt32.self, at: address + 4),
            let resultCount = try? memory.load(UInt32.self, at: address + 8),
            argumentCount <= maximumWords, resultCount >= 1, resultCount <= maximumWords,
            Int(argumentCount + resultCount) <= maximumWords,
            memory.contains(address, count: headSize + 4 * UInt64(argumentCount + resultCount))
        else { return .refusal(.parameter) }
        var call = RTASCall(
            memory: memory, address: address, vcpu: vcpu, argumentCount: Int(argumentCount),
            resultCount: Int(resultCount))
        guard let service = Service(rawValue: token) else {
            call.finish(.parameterError)
            return .refusal(.parameter)
        }
        let counts = service.counts
        let status: Status =
            call.argumentCount >= counts.arguments && call.resultCount >= counts.results
            ? host.carryOut(service, &call) : .parameterError
        call.finish(status)
        return .success
    }
}

/// One call's buffer.
struct RTASCall {
    fileprivate let memory: GuestMemory
    fileprivate let address: UInt64
    /// Which vCPU calls.
    let vcpu: Int
    let argumentCount: Int
    let resultCount: Int
    /// The results behind the status.
    private var results = InlineArray<16, UInt32>(repeating: 0)

    init(memory: GuestMemory, address: UInt64, vcpu: Int, argumentCount: Int, resultCount: Int) {
        self.memory = memory
        self.address = address
        self.vcpu = vcpu
        self.argumentCount = argumentCount
        self.resultCount = resultCount
    }

    /// Argument `position`; 0 where there are fewer.
    subscript(position: Int) -> UInt32 {
        guard position < argumentCount else { return 0 }
        // The buffer is in memory.
        return (try? memory.load(UInt32.self, at: address + RTAS.headSize + 4 * UInt64(position))) ?? 0
    }

    /// Result `position`, of which the status is the first.
    mutating func setResult(_ position: Int, to value: UInt32) { results[position] = value }

    /// Writes status and results. Another vCPU may have changed the buffer, but not where it is.
    mutating func finish(_ status: RTAS.Status) {
        results[0] = UInt32(bitPattern: status.rawValue)
        let first = address + RTAS.headSize + 4 * UInt64(argumentCount)
        for position in 0..<(status == .success ? resultCount : 1) {
            try? memory.store(results[position], at: first + 4 * UInt64(position))
        }
    }
}
