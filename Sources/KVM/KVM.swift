internal import CKVM

/// The kernel's KVM: what it can do, and the maker of VMs. Owns `/dev/kvm`.
///
/// ```swift
/// let kvm = try KVM()
/// var vm = try kvm.createVM()
/// try vm.setMemory(slot: 0, at: 0, memory)
/// let vcpu = try vm.createVCPU(0)
/// switch try vcpu.run() { … }
/// ```
public struct KVM: ~Copyable {
    /// The version of the interface, which has not changed since Linux 2.6.22.
    public static let apiVersion = 12
    /// Where it is.
    public static let path: StaticString = "/dev/kvm"

    let device: Descriptor
    /// Bytes of a vCPU's run page.
    private let runSize: Int

    /// Opens `/dev/kvm` and checks its version.
    ///
    /// - Parameter kernel: the system calls to use.
    public init(kernel: any KernelInterface = HostKernel()) throws(KVMError) {
        let device = try Self.open(kernel)
        runSize = try Self.checkedRunSize(device)
        self.device = device
    }

    private static func open(_ kernel: any KernelInterface) throws(KVMError) -> Descriptor {
        let descriptor = kernel.open(path)
        guard descriptor >= 0 else {
            switch Int(-descriptor) {
            case Errno.noEntry, Errno.noDevice: throw .noDevice
            case Errno.noAccess: throw .noPermission
            default: throw .notOpened(errno: -descriptor)
            }
        }
        return Descriptor(descriptor, of: kernel)
    }

    /// Bytes of a run page, from a KVM whose version is the right one.
    private static func checkedRunSize(_ device: Descriptor) throws(KVMError) -> Int {
        let version = try device.request(.getAPIVersion)
        guard version == apiVersion else { throw .badVersion(version) }
        let size = try device.request(.getVCPUMapSize)
        guard size >= MemoryLayout<kvm_run>.size else { throw .badRunSize(size) }
        return size
    }

    /// What KVM as a whole says of a capability: 0 is no, 1 is yes, some are numbers.
    public func check(_ capability: Capability) throws(KVMError) -> Int {
        try device.request(.checkExtension, UInt(capability.number))
    }

    /// Makes a VM with nothing in it.
    public func createVM(_ type: VMType = .default) throws(KVMError) -> VM {
        let descriptor = try device.request(.createVM, type.number)
        return VM(Descriptor(Int32(truncatingIfNeeded: descriptor), of: device.kernel), runSize: runSize)
    }
}

/// Which of a kernel's hypervisors runs a VM.
public enum VMType: Sendable {
    /// The kernel's choice.
    case `default`
    /// PowerPC with hypervisor mode.
    case powerPCHV
    /// PowerPC in user state.
    case powerPCPR

    /// The argument of `KVM_CREATE_VM`: `KVM_VM_PPC_HV` and `KVM_VM_PPC_PR` of `linux/kvm.h`.
    var number: UInt {
        switch self {
        case .default: 0
        case .powerPCHV: UInt(KVM_VM_PPC_HV)
        case .powerPCPR: UInt(KVM_VM_PPC_PR)
        }
    }
}
