/// How the run of a flat machine ended.
public enum FlatOutcome: Equatable, Sendable, CustomStringConvertible {
    /// The guest ended it, x86's with a status of its own, which is 0 where all is well.
    case powerOff(status: UInt32)
    /// A vCPU cannot go on.
    case crash(FlatCrash, vcpu: Int)
    /// Every vCPU waits, and nothing is left that could wake one.
    case stalled
    /// The time limit is over.
    case timeout

    /// One line.
    public var description: String {
        switch self {
        case .powerOff(let status): status == 0 ? "the guest powered off" : "the guest ended with status \(status)"
        case .crash(let crash, let vcpu): "vCPU \(vcpu): \(crash)"
        case .stalled: "every vCPU waits for good"
        case .timeout: "the time limit is over"
        }
    }
}

/// Why a vCPU cannot go on.
public enum FlatCrash: Equatable, Sendable, CustomStringConvertible {
    /// x86: an exception whose delivery failed.
    case tripleFault(vector: UInt8, at: UInt64)
    /// An access to an address where the machine has nothing.
    case unmapped(address: UInt64, at: UInt64)
    /// s390x: a program interruption whose new PSW leads to the next one.
    case programCheckLoop(at: UInt64)
    /// s390x: a wait that nothing ends, at an address that does not mean power-off.
    case disabledWait(address: UInt64)
    /// Something that this machine does not have.
    case unsupported(StaticName, at: UInt64)
    /// The engine failed with an error of its own.
    case engine(code: UInt32, at: UInt64)

    /// What an unsupported thing is called.
    public enum StaticName: String, Sendable {
        /// x86: an interrupt that starts a vCPU in real mode.
        case startup = "a start-up interrupt"
        /// s390x: a PSW with dynamic address translation.
        case translation = "dynamic address translation"
        /// s390x: a PSW in 24-bit mode.
        case narrowAddresses = "24-bit addressing"
    }

    /// One line.
    public var description: String {
        func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
        return switch self {
        case .tripleFault(let vector, let at): "triple fault after vector \(vector) at \(hex(at))"
        case .unmapped(let address, let at): "nothing is at \(hex(address)), which \(hex(at)) accesses"
        case .programCheckLoop(let at): "a program interruption at \(hex(at)), where its own handler is"
        case .disabledWait(let address): "disabled wait at \(hex(address))"
        case .unsupported(let name, let at): "\(name.rawValue) at \(hex(at)), which this machine does not have"
        case .engine(let code, let at): "the engine failed with error \(code) at \(hex(at))"
        }
    }
}
