internal import CKVM

/// Something that a KVM may have: `KVM_CAP_*` of `linux/kvm.h`, the numbers of which are the same on all processors.
public struct Capability: Sendable {
    /// The macro's name.
    public let name: StaticString
    /// The number.
    let number: UInt32

    private init(_ name: StaticString, _ number: Int32) {
        self.name = name
        self.number = UInt32(bitPattern: number)
    }

    /// Memory slots at addresses that the user chooses.
    public static var userMemory: Capability { Capability("KVM_CAP_USER_MEMORY", KVM_CAP_USER_MEMORY) }
    /// The kernel follows changes of the mappings behind memory slots.
    public static var syncMMU: Capability { Capability("KVM_CAP_SYNC_MMU", KVM_CAP_SYNC_MMU) }
    /// How many vCPUs are sensible.
    public static var vcpuCount: Capability { Capability("KVM_CAP_NR_VCPUS", KVM_CAP_NR_VCPUS) }
    /// How many vCPUs are possible.
    public static var maximumVCPUs: Capability { Capability("KVM_CAP_MAX_VCPUS", KVM_CAP_MAX_VCPUS) }
    /// How many memory slots there are.
    public static var memorySlots: Capability { Capability("KVM_CAP_NR_MEMSLOTS", KVM_CAP_NR_MEMSLOTS) }
    /// A run can be told to return at once.
    public static var immediateExit: Capability { Capability("KVM_CAP_IMMEDIATE_EXIT", KVM_CAP_IMMEDIATE_EXIT) }
    /// Registers one by one.
    public static var oneRegister: Capability { Capability("KVM_CAP_ONE_REG", KVM_CAP_ONE_REG) }
    /// Devices in the kernel.
    public static var deviceControl: Capability { Capability("KVM_CAP_DEVICE_CTRL", KVM_CAP_DEVICE_CTRL) }

    /// The kernel has hypercalls of its own and says how guests make them. Of PowerPC's kinds only KVM-PR has.
    public static var pvInfo: Capability { Capability("KVM_CAP_PPC_GET_PVINFO", KVM_CAP_PPC_GET_PVINFO) }
    /// Guests of PAPR.
    public static var papr: Capability { Capability("KVM_CAP_PPC_PAPR", KVM_CAP_PPC_PAPR) }
    /// The hypervisor's interrupt offset can be set.
    public static var hior: Capability { Capability("KVM_CAP_PPC_HIOR", KVM_CAP_PPC_HIOR) }
    /// Segment registers and BATs can be set.
    public static var segmentState: Capability { Capability("KVM_CAP_PPC_SEGSTATE", KVM_CAP_PPC_SEGSTATE) }
    /// An interrupt can be taken back.
    public static var unsetInterrupt: Capability { Capability("KVM_CAP_PPC_UNSET_IRQ", KVM_CAP_PPC_UNSET_IRQ) }
    /// An interrupt can be a level.
    public static var interruptLevel: Capability { Capability("KVM_CAP_PPC_IRQ_LEVEL", KVM_CAP_PPC_IRQ_LEVEL) }
    /// The kernel tells the MMU's page sizes.
    public static var smmuInfo: Capability { Capability("KVM_CAP_PPC_GET_SMMU_INFO", KVM_CAP_PPC_GET_SMMU_INFO) }
    /// RTAS calls can be answered in the kernel.
    public static var rtas: Capability { Capability("KVM_CAP_PPC_RTAS", KVM_CAP_PPC_RTAS) }
    /// The XICS interrupt controller is in the kernel.
    public static var xics: Capability { Capability("KVM_CAP_IRQ_XICS", KVM_CAP_IRQ_XICS) }
    /// PAPR calls can be routed to the kernel or the user one by one.
    public static var enableHypercall: Capability {
        Capability("KVM_CAP_PPC_ENABLE_HCALL", KVM_CAP_PPC_ENABLE_HCALL)
    }
    /// The kernel allocates the hashed page table, as KVM-HV does.
    public static var allocatesHashTable: Capability { Capability("KVM_CAP_PPC_ALLOC_HTAB", KVM_CAP_PPC_ALLOC_HTAB) }
    /// Guests that translate by radix tree.
    public static var radixMMU: Capability { Capability("KVM_CAP_PPC_MMU_RADIX", KVM_CAP_PPC_MMU_RADIX) }
    /// Guests with the hashed page table of POWER9.
    public static var hashMMU3: Capability { Capability("KVM_CAP_PPC_MMU_HASH_V3", KVM_CAP_PPC_MMU_HASH_V3) }

    /// x86 hypercalls that the kernel can hand to the user.
    public static var exitHypercall: Capability { Capability("KVM_CAP_EXIT_HYPERCALL", KVM_CAP_EXIT_HYPERCALL) }

    /// Those that mean something on every processor.
    public static var common: [Capability] {
        [.vcpuCount, .maximumVCPUs, .memorySlots, .userMemory, .syncMMU, .immediateExit, .oneRegister, .deviceControl]
    }

    /// Those of PowerPC.
    public static var powerPC: [Capability] {
        [
            .pvInfo, .papr, .hior, .segmentState, .unsetInterrupt, .interruptLevel, .smmuInfo, .rtas, .xics,
            .enableHypercall, .allocatesHashTable, .radixMMU, .hashMMU3,
        ]
    }
}
