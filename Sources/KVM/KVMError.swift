internal import CHost

/// Why KVM does not do what it was asked.
public enum KVMError: Error, CustomStringConvertible {
    /// There is no `/dev/kvm`.
    case noDevice
    /// `/dev/kvm` is there, and this user may not open it.
    case noPermission
    /// `/dev/kvm` cannot be opened for another reason.
    case notOpened(errno: Int32)
    /// The kernel has this version of the interface and not ``KVM/apiVersion``.
    case badVersion(Int)
    /// A request failed.
    case failed(Request, errno: Int32)
    /// The page that a vCPU shares with the kernel cannot be mapped.
    case notMapped(errno: Int32)
    /// The kernel says that this page has so few bytes.
    case badRunSize(Int)
    /// The timer that limits a run cannot be started.
    case notLimited(errno: Int32)
    /// A value of this many bytes does not fit the register that it is for.
    case badRegisterSize(Int)

    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .noDevice: "there is no /dev/kvm"
        case .noPermission: "/dev/kvm may not be opened by this user"
        case .notOpened(let errno): "/dev/kvm cannot be opened: \(Self.text(errno))"
        case .badVersion(let version): "KVM has version \(version) of its interface; \(KVM.apiVersion) is needed"
        case .failed(let request, let errno): "\(request.name.description) failed: \(Self.text(errno))"
        case .notMapped(let errno): "the run page of a vCPU cannot be mapped: \(Self.text(errno))"
        case .badRunSize(let size): "KVM says that a vCPU's run page has \(size) bytes, which is too few"
        case .notLimited(let errno): "the time of a run cannot be limited: \(Self.text(errno))"
        case .badRegisterSize(let size): "a register of \(size) bytes is none that this call takes"
        }
    }

    private static func text(_ errno: Int32) -> String {
        unsafe "\(String(cString: host_error_text(errno))) (errno \(errno))"
    }
}
