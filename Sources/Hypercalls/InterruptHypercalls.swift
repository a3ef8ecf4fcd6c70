internal import ParavirtABI

/// How an interrupt is delivered, as `EV_INT_SET_CONFIG` has it.
public struct InterruptConfiguration: Equatable, Sendable {
    /// Whether its input is active high, or on its rising edge.
    public var isActiveHigh: Bool
    /// Whether it requests for as long as its input is asserted, rather than once an edge.
    public var isLevelSensitive: Bool
    /// 0, with which it never arrives, to 15, the most urgent.
    public var priority: UInt32
    /// The vCPU that gets it.
    public var destination: Int

    /// A configuration.
    public init(isActiveHigh: Bool, isLevelSensitive: Bool, priority: UInt32, destination: Int) {
        self.isActiveHigh = isActiveHigh
        self.isLevelSensitive = isLevelSensitive
        self.priority = priority
        self.destination = destination
    }

    /// The flags of the calls: bit 0 active high, bit 1 level-sensitive.
    var flags: UInt64 { (isActiveHigh ? 1 : 0) | (isLevelSensitive ? 2 : 0) }
}

/// What a machine does for the interrupt-controller calls. Interrupts are numbered from 0 without gaps.
public protocol InterruptHypercallHost: AnyObject, SendableMetatype {
    /// How many interrupts there are.
    var interruptCount: Int { get }
    /// How many of ``sendIPI(_:to:)``'s interrupts there are.
    var ipiCount: Int { get }
    /// How many vCPUs there are, whether they run or not: at most 32.
    var cpuCount: Int { get }

    /// The configuration of interrupt `number`.
    func configuration(ofInterrupt number: Int) -> InterruptConfiguration

    /// Configures interrupt `number`. Its vector becomes its number; a sense that it cannot have stays as it is.
    func configureInterrupt(_ number: Int, _ configuration: InterruptConfiguration)

    /// Whether interrupt `number` is masked.
    func isInterruptMasked(_ number: Int) -> Bool

    /// Masks or unmasks interrupt `number`.
    func maskInterrupt(_ number: Int, _ isMasked: Bool)

    /// Whether interrupt `number` requests service or has it.
    func isInterruptActive(_ number: Int) -> Bool

    /// Puts the most urgent interrupt that waits for `vcpu` in service, and returns its vector; nil when none waits.
    func acknowledgeInterrupt(vcpu: Int) -> UInt32?

    /// Ends the service of interrupt `number` on `vcpu`; false where that is not the most urgent one in service there.
    func endInterrupt(_ number: Int, vcpu: Int) -> Bool

    /// Requests IPI `ipi` on each of `vcpus`, one bit a vCPU.
    func sendIPI(_ ipi: Int, to vcpus: UInt32)

    /// The priority that an interrupt has to exceed to reach `vcpu`: 0 to 15.
    func taskPriority(vcpu: Int) -> UInt32

    /// Sets the priority that an interrupt has to exceed to reach `vcpu`: 0 to 15.
    func setTaskPriority(_ priority: UInt32, vcpu: Int)
}

extension HypercallDispatcher where Host: InterruptHypercallHost {
    /// Registers the calls of the virtual interrupt controller, `EV_INT_SET_CONFIG` to `EV_INT_GET_TASK_PRIORITY`.
    ///
    /// Every argument out of its range answers `EV_EINVAL` and changes nothing; reserved bits are out of range.
    /// Priorities and task priorities are 0 to 15. `EV_INT_IACK` answers the vector 0xFFFF when nothing waits.
    public mutating func registerInterrupts() {
        register(.intSetConfig) { host, frame in
            guard let number = Self.interrupt(frame, host), frame[1] <= 3, frame[2] <= 15,
                frame[3] < UInt64(host.cpuCount)
            else { return .failure(.invalidArgument) }
            host.configureInterrupt(
                number,
                InterruptConfiguration(
                    isActiveHigh: frame[1] & 1 != 0, isLevelSensitive: frame[1] & 2 != 0,
                    priority: UInt32(frame[2]), destination: Int(frame[3])))
            return .success
        }
        register(.intGetConfig) { host, frame in
            guard let number = Self.interrupt(frame, host) else { return .failure(.invalidArgument) }
            let configuration = host.configuration(ofInterrupt: number)
            var outputs = HypercallOutputs(configuration.flags, UInt64(configuration.priority))
            outputs.append(UInt64(configuration.destination))
            return .success(outputs)
        }
        register(.intSetMask) { host, frame in
            guard let number = Self.interrupt(frame, host), frame[1] <= 1 else { return .failure(.invalidArgument) }
            host.maskInterrupt(number, frame[1] == 1)
            return .success
        }
        register(.intGetMask) { host, frame in
            guard let number = Self.interrupt(frame, host) else { return .failure(.invalidArgument) }
            return .success(host.isInterruptMasked(number) ? 1 : 0)
        }
        register(.intGetActivity) { host, frame in
            guard let number = Self.interrupt(frame, host) else { return .failure(.invalidArgument) }
            return .success(host.isInterruptActive(number) ? 1 : 0)
        }
        register(.intIACK) { host, frame in
            guard frame[0] == 0 else { return .failure(.invalidArgument) }
            return .success(UInt64(host.acknowledgeInterrupt(vcpu: frame.vcpu) ?? Hypercall.noInterruptVector))
        }
        register(.intEOI) { host, frame in
            guard let number = Self.interrupt(frame, host) else { return .failure(.invalidArgument) }
            return host.endInterrupt(number, vcpu: frame.vcpu) ? .success : .failure(.invalidArgument)
        }
        register(.intSendIPI) { host, frame in
            guard frame[0] < UInt64(host.ipiCount), let vcpus = UInt32(exactly: frame[1]), vcpus != 0,
                UInt64(vcpus) >> UInt64(host.cpuCount) == 0
            else { return .failure(.invalidArgument) }
            host.sendIPI(Int(frame[0]), to: vcpus)
            return .success
        }
        register(.intSetTaskPriority) { host, frame in
            guard frame[0] <= 15 else { return .failure(.invalidArgument) }
            host.setTaskPriority(UInt32(frame[0]), vcpu: frame.vcpu)
            return .success
        }
        register(.intGetTaskPriority) { host, frame in
            .success(UInt64(host.taskPriority(vcpu: frame.vcpu)))
        }
    }

    /// The interrupt that the first argument names, or nil where there is none of that number.
    private static func interrupt(_ frame: HypercallFrame, _ host: Host) -> Int? {
        frame[0] < UInt64(host.interruptCount) ? Int(frame[0]) : nil
    }
}
