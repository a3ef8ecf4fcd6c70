public import Hypercalls
public import ParavirtABI
internal import PowerPC
internal import VMM

extension E500Machine: MessageHypercallHost {
    /// Whether its cores have processor doorbells.
    public var takesProcessorMessages: Bool { cpus[0].core.model.hasDoorbells }

    /// Passes a message on to every vCPU, the sender among them.
    public func send(_ message: ProcessorMessage) {
        for vcpu in runningCPUs { vcpu.receiveMessage(operand: message.operand) }
    }
}
