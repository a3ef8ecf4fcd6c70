public import ParavirtABI

/// What a machine does for `EV_MSGSND`.
public protocol MessageHypercallHost: AnyObject, SendableMetatype {
    /// Whether its processors take messages: the e500v2 does not.
    var takesProcessorMessages: Bool { get }

    /// Sends a message to all processors, as `msgsnd` does; those that it addresses accept it.
    func send(_ message: ProcessorMessage)
}

extension HypercallDispatcher where Host: MessageHypercallHost {
    /// Registers `EV_MSGSND`. Its argument is the operand of `msgsnd`; a type that is no doorbell and reserved bits, both
    /// of which the instruction ignores, answer `EV_EINVAL`. A message that addresses no vCPU is lost, as with the
    /// instruction. Where processors take no messages the call does not exist.
    public mutating func registerMessages() {
        register(.messageSend) { host, frame in
            guard host.takesProcessorMessages else { return .unimplemented }
            guard let operand = UInt32(exactly: frame[0]) else { return .failure(.invalidArgument) }
            let message = ProcessorMessage(operand)
            guard message.kind != nil, !message.hasReservedBits else { return .failure(.invalidArgument) }
            host.send(message)
            return .success
        }
    }
}
