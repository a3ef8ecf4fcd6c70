internal import CKVM

/// An ioctl of KVM: its name in `linux/kvm.h`, and its number on this processor.
public struct Request: Sendable {
    /// The macro's name.
    public let name: StaticString
    /// The number.
    let number: UInt

    init(_ name: StaticString, _ number: UInt) {
        self.name = name
        self.number = number
    }

    // Of /dev/kvm.
    static var getAPIVersion: Request { Request("KVM_GET_API_VERSION", ckvm_get_api_version) }
    static var createVM: Request { Request("KVM_CREATE_VM", ckvm_create_vm) }
    static var checkExtension: Request { Request("KVM_CHECK_EXTENSION", ckvm_check_extension) }
    static var getVCPUMapSize: Request { Request("KVM_GET_VCPU_MMAP_SIZE", ckvm_get_vcpu_mmap_size) }

    // Of a VM.
    static var setUserMemoryRegion: Request { Request("KVM_SET_USER_MEMORY_REGION", ckvm_set_user_memory_region) }
    static var createVCPU: Request { Request("KVM_CREATE_VCPU", ckvm_create_vcpu) }
    static var createDevice: Request { Request("KVM_CREATE_DEVICE", ckvm_create_device) }
    static var setInterruptLine: Request { Request("KVM_IRQ_LINE", ckvm_irq_line) }
    static var defineRTASToken: Request { Request("KVM_PPC_RTAS_DEFINE_TOKEN", ckvm_ppc_rtas_define_token) }
    static var getPVInfo: Request { Request("KVM_PPC_GET_PVINFO", ckvm_ppc_get_pvinfo) }
    static var getSMMUInfo: Request { Request("KVM_PPC_GET_SMMU_INFO", ckvm_ppc_get_smmu_info) }

    // Of a device.
    static var setDeviceAttribute: Request { Request("KVM_SET_DEVICE_ATTR", ckvm_set_device_attr) }

    // Of a VM or a vCPU.
    static var enableCapability: Request { Request("KVM_ENABLE_CAP", ckvm_enable_cap) }

    // Of a vCPU.
    static var run: Request { Request("KVM_RUN", ckvm_run) }
    static var getRegisters: Request { Request("KVM_GET_REGS", ckvm_get_regs) }
    static var setRegisters: Request { Request("KVM_SET_REGS", ckvm_set_regs) }
    static var getSpecialRegisters: Request { Request("KVM_GET_SREGS", ckvm_get_sregs) }
    static var setSpecialRegisters: Request { Request("KVM_SET_SREGS", ckvm_set_sregs) }
    static var getOneRegister: Request { Request("KVM_GET_ONE_REG", ckvm_get_one_reg) }
    static var setOneRegister: Request { Request("KVM_SET_ONE_REG", ckvm_set_one_reg) }
    static var interrupt: Request { Request("KVM_INTERRUPT", ckvm_interrupt) }
    static var setSignalMask: Request { Request("KVM_SET_SIGNAL_MASK", ckvm_set_signal_mask) }
    static var getStatistics: Request { Request("KVM_GET_STATS_FD", ckvm_get_stats_fd) }
}
