internal import ParavirtABI

/// What a machine does for `EV_DOORBELL_SEND`.
public protocol DoorbellHypercallHost: AnyObject, SendableMetatype {
    /// Rings the doorbell whose sending end has that handle: its receiving end interrupts once. False where there is
    /// none.
    func ringDoorbell(_ handle: UInt32) -> Bool
}

extension HypercallDispatcher where Host: DoorbellHypercallHost {
    /// Registers `EV_DOORBELL_SEND`, which answers `EV_EINVAL` where the handle is no sending end.
    public mutating func registerDoorbells() {
        register(.doorbellSend) { host, frame in
            guard let handle = UInt32(exactly: frame[0]), host.ringDoorbell(handle) else {
                return .failure(.invalidArgument)
            }
            return .success
        }
    }
}
