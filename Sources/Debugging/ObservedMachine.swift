public import GuestMemory
internal import ParavirtABI
public import PowerPC
public import VMM

/// Somebody who is told what a machine does: a log, a trace.
///
/// Where vCPUs have threads of their own, it is called on each of them.
public protocol MachineObserver: CPUObserver {
    /// The machine answered an exit of a vCPU.
    func observe(_ exit: AnsweredExit)

    /// Passes on everything that was noted so far.
    func flush()
}

/// An exit, with what became of it.
public struct AnsweredExit {
    /// The vCPU's number.
    public let vcpu: Int
    /// The exit.
    public let exit: Exit
    /// Machine time at which it left the vCPU, and at which it was answered.
    public let began, ended: UInt64
    /// The device that it was for.
    public let device: StaticString?
    /// The call that it was.
    public let hypercall: HypercallReport?
}

/// A hypercall by the ePAPR convention, with its result.
public struct HypercallReport {
    /// r11.
    public let token: UInt32
    /// What the call is called, where the token is known.
    public let name: StaticString?
    /// r3 to r10 before the call.
    public let arguments: [UInt32]
    /// r3 after it.
    public let status: UInt32
    /// r4 after it.
    public let output: UInt32

    init(token: UInt32, arguments: [UInt32], status: UInt32, output: UInt32) {
        self.token = token
        self.arguments = arguments
        self.status = status
        self.output = output
        name = Hypercall.all.first { $0.token == token }?.name
    }
}

/// A machine that tells an observer of everything that it answers. All else is the machine's own.
public final class ObservedMachine: DebuggableMachine {
    private let machine: any DebuggableMachine
    private let cpus: [any DebuggableCPU]
    private let observer: any MachineObserver

    /// `machine`, telling `observer`; `showsFirstExecutions` also of each instruction that is reached for the first time.
    public init(_ machine: any DebuggableMachine, observer: any MachineObserver, showsFirstExecutions: Bool) {
        self.machine = machine
        self.observer = observer
        cpus = machine.debuggableCPUs
        for vcpu in cpus { vcpu.setObserver(observer, showsFirstExecutions: showsFirstExecutions) }
    }

    /// Lets the machine answer an exit, and tells the observer.
    public func handle(_ exit: Exit, of vcpu: any VirtualCPU) {
        let began = vcpu.now
        var arguments: [UInt32] = []
        var token: UInt32 = 0
        var device: StaticString?
        switch exit {
        case .hypercall:
            token = cpus[vcpu.index].register(11)
            arguments = (3...10).map { cpus[vcpu.index].register($0) }
        case .deviceRead(let address, _), .deviceWrite(let address, _, _):
            device = machine.deviceName(at: address)
        default: break
        }
        machine.handle(exit, of: vcpu)
        let hypercall: HypercallReport? =
            arguments.isEmpty
            ? nil
            : HypercallReport(
                token: token, arguments: arguments, status: cpus[vcpu.index].register(3),
                output: cpus[vcpu.index].register(4))
        observer.observe(
            AnsweredExit(
                vcpu: vcpu.index, exit: exit, began: began, ended: vcpu.now, device: device, hypercall: hypercall))
    }

    // MARK: The machine's own

    /// The vCPUs that execute.
    public var runningCPUs: [any VirtualCPU] { machine.runningCPUs }
    /// How the run ended.
    public var outcome: Outcome? { machine.outcome }
    /// Lets devices catch up.
    public func poll(at tick: UInt64) { machine.poll(at: tick) }
    /// When a device next does something.
    public func nextDeviceEvent() -> UInt64? { machine.nextDeviceEvent() }
    /// Sleeps until input.
    public func waitForInput(nanoseconds: UInt64?) {
        observer.flush()
        machine.waitForInput(nanoseconds: nanoseconds)
    }
    /// Passes on console output.
    public func flushOutput() { machine.flushOutput() }
    /// Ends a sleep for input.
    public func wake() { machine.wake() }
    /// All vCPUs.
    public var debuggableCPUs: [any DebuggableCPU] { cpus }
    /// The guest's RAM.
    public var memory: GuestMemory { machine.memory }
    /// What a device is called.
    public func deviceName(at address: UInt64) -> StaticString? { machine.deviceName(at: address) }
}
