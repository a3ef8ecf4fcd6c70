/// The way to a debugger, and to the user who waits beside it: what the host provides.
public protocol DebugTransport: AnyObject {
    /// What happened on the connection since the last call. Does not wait.
    func poll() -> DebugTransportEvent

    /// Sends bytes to the debugger. Where they cannot be sent the connection is over, which ``poll()`` tells.
    func send(_ bytes: [UInt8])

    /// Closes the connection, and waits for another.
    func disconnect()

    /// Waits until the debugger or the user does something, at most for `nanoseconds`.
    func wait(nanoseconds: UInt64)

    /// Whether the user asked to end the run.
    var wantsToQuit: Bool { get }
}

/// What happened on a debugger's connection.
public enum DebugTransportEvent {
    /// Nothing.
    case nothing
    /// A debugger connected.
    case connected
    /// It sent bytes.
    case received([UInt8])
    /// It is gone.
    case closed
}
