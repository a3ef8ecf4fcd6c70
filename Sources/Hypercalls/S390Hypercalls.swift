internal import ParavirtABI

extension HypercallDispatcher where Host == S390Machine {
    /// Subcode 3 of `diag 0x500`, the notification of virtio-ccw queues. The other subcodes end in a specification
    /// exception, and every subcode in a privileged-operation exception in problem state.
    public static func s390x() -> HypercallDispatcher {
        var dispatcher = HypercallDispatcher(.s390x)
        dispatcher.register(.diagnoseVirtioCCWNotify) { machine, frame in
            guard let subchannel = SubchannelID(word: UInt32(truncatingIfNeeded: frame[0])),
                let cookie = machine.notify(subchannel, frame[1], hint: frame[2])
            else { return .failure(.invalidArgument) }
            return .success(UInt64(cookie))
        }
        return dispatcher
    }
}
