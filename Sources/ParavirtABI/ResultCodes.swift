/// The status in r3 after an ePAPR hypercall.
///
/// Source: `arch/powerpc/include/uapi/asm/epapr_hcalls.h`.
public enum EPAPRStatus: UInt32, CaseIterable, Sendable {
    /// `EV_SUCCESS`: done.
    case success = 0
    /// `EV_EPERM`: the caller may not do this.
    case notPermitted = 1
    /// `EV_ENOENT`: there is no such entry.
    case noEntry = 2
    /// `EV_EIO`: input or output failed.
    case inputOutput = 3
    /// `EV_EAGAIN`: not now, try again.
    case tryAgain = 4
    /// `EV_ENOMEM`: too little memory.
    case noMemory = 5
    /// `EV_EFAULT`: a guest address leads nowhere.
    case badAddress = 6
    /// `EV_ENODEV`: there is no such device.
    case noDevice = 7
    /// `EV_EINVAL`: an argument is out of range.
    case invalidArgument = 8
    /// `EV_INTERNAL`: the hypervisor failed.
    case `internal` = 9
    /// `EV_CONFIG`: the configuration is wrong.
    case configuration = 10
    /// `EV_INVALID_STATE`: the object is in no state for this.
    case invalidState = 11
    /// `EV_UNIMPLEMENTED`: there is no such call.
    case unimplemented = 12
    /// `EV_BUFFER_OVERFLOW`: the caller's buffer is too small.
    case bufferOverflow = 13

    /// The constant's name in the header.
    public var name: StaticString {
        switch self {
        case .success: "EV_SUCCESS"
        case .notPermitted: "EV_EPERM"
        case .noEntry: "EV_ENOENT"
        case .inputOutput: "EV_EIO"
        case .tryAgain: "EV_EAGAIN"
        case .noMemory: "EV_ENOMEM"
        case .badAddress: "EV_EFAULT"
        case .noDevice: "EV_ENODEV"
        case .invalidArgument: "EV_EINVAL"
        case .internal: "EV_INTERNAL"
        case .configuration: "EV_CONFIG"
        case .invalidState: "EV_INVALID_STATE"
        case .unimplemented: "EV_UNIMPLEMENTED"
        case .bufferOverflow: "EV_BUFFER_OVERFLOW"
        }
    }
}

/// The magnitudes of the negative results of KVM hypercalls on x86 and s390x.
///
/// Source: `include/uapi/linux/kvm_para.h`, where three of them are the errno of the same name.
public enum KVMErrno: Int64, CaseIterable, Sendable {
    /// `KVM_EPERM`: the caller may not do this.
    case notPermitted = 1
    /// `KVM_E2BIG`: an argument is too large.
    case tooBig = 7
    /// `KVM_EFAULT`: a guest address leads nowhere.
    case badAddress = 14
    /// `KVM_EINVAL`: an argument is out of range.
    case invalidArgument = 22
    /// `KVM_EOPNOTSUPP`: the call exists, this use of it does not.
    case notSupported = 95
    /// `KVM_ENOSYS`: there is no such call.
    case notImplemented = 1000

    /// The constant's name in the header.
    public var name: StaticString {
        switch self {
        case .notPermitted: "KVM_EPERM"
        case .tooBig: "KVM_E2BIG"
        case .badAddress: "KVM_EFAULT"
        case .invalidArgument: "KVM_EINVAL"
        case .notSupported: "KVM_EOPNOTSUPP"
        case .notImplemented: "KVM_ENOSYS"
        }
    }
}
