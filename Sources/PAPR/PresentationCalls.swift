public import Devices
internal import Hypercalls
internal import ParavirtABI

/// A machine with PAPR's interrupt controller.
public protocol PresentationHost: AnyObject, SendableMetatype {
    /// The controller.
    var interruptController: XICS { get }
    /// The time as vCPU `number` sees it, in timebase ticks.
    func timebase(of number: Int) -> UInt64
}

extension HypercallDispatcher where Host: PresentationHost {
    /// `H_CPPR`, `H_IPI`, `H_IPOLL`, `H_XIRR`, `H_XIRR_X`, `H_EOI`.
    mutating func registerPresentation() {
        register(.setPriority) { host, frame in
            host.interruptController.setPriority(UInt8(truncatingIfNeeded: frame[0]), cpu: frame.vcpu)
            return .success
        }
        register(.sendIPI) { host, frame in
            let priority = UInt8(truncatingIfNeeded: frame[1])
            let isDone = host.interruptController.setIPIPriority(priority, cpu: Int(clamping: frame[0]))
            return isDone ? .success : .refusal(.parameter)
        }
        register(.pollInterrupt) { host, frame in
            guard let (request, priority) = host.interruptController.poll(cpu: Int(clamping: frame[0])) else {
                return .refusal(.parameter)
            }
            return .success(HypercallOutputs(UInt64(request), UInt64(priority)))
        }
        register(.acknowledgeInterrupt) { host, frame in
            .success(UInt64(host.interruptController.acknowledge(cpu: frame.vcpu)))
        }
        register(.acknowledgeInterruptTimed) { host, frame in
            let request = host.interruptController.acknowledge(cpu: frame.vcpu)
            return .success(HypercallOutputs(UInt64(request), host.timebase(of: frame.vcpu)))
        }
        register(.endInterrupt) { host, frame in
            host.interruptController.endOfInterrupt(UInt32(truncatingIfNeeded: frame[0]), cpu: frame.vcpu)
            return .success
        }
    }
}
