extension Hypercall {
    private static func kvm(
        _ number: UInt32, _ name: StaticString, on architectures: Architectures, _ purpose: StaticString,
        _ signature: Signature?,
        status: Status = .active,
        source: StaticString = "Linux uapi/linux/kvm_para.h, Documentation/virt/kvm/x86/hypercalls.rst"
    ) -> Hypercall {
        Hypercall(.kvm, number, name, on: architectures, purpose, signature, status: status, source: source)
    }

    /// `KVM_HC_VAPIC_POLL_IRQ`.
    public static let kvmVAPICPollIRQ = kvm(
        1, "KVM_HC_VAPIC_POLL_IRQ", on: .x86,
        "Leaves the guest, so that the host looks for pending interrupts before it goes back.",
        Signature())

    /// `KVM_HC_MMU_OP`.
    public static let kvmMMUOp = kvm(
        2, "KVM_HC_MMU_OP", on: .x86,
        "Batched page-table writes and TLB flushes; no host carries them out any more.",
        nil, status: .deprecated)

    /// `KVM_HC_FEATURES`.
    public static let kvmFeatures = kvm(
        3, "KVM_HC_FEATURES", on: .powerPC,
        "Tells which paravirtual services the host has; x86 guests ask CPUID instead.",
        Signature(returns: [Parameter(.flags, "KVM_FEATURE_* bits; value 2 is the magic page")]),
        source: "Linux uapi/linux/kvm_para.h, arch/powerpc/kvm/powerpc.c")

    /// `KVM_HC_PPC_MAP_MAGIC_PAGE`.
    public static let kvmMapMagicPage = kvm(
        4, "KVM_HC_PPC_MAP_MAGIC_PAGE", on: .powerPC,
        "Maps the page that holds the calling vCPU's supervisor registers at an address of the guest's choice.",
        Signature(
            [
                Parameter(.realAddress, "where real-mode accesses find the page; low 12 bits ignored"),
                Parameter(.effectiveAddress, "where translated accesses find it; low 12 bits: MAGIC_PAGE_FLAG_*"),
            ], returns: [Parameter(.flags, "KVM_MAGIC_FEAT_* bits")]),
        source: "Linux uapi/linux/kvm_para.h, arch/powerpc/kvm/powerpc.c")

    /// `KVM_HC_KICK_CPU`.
    public static let kvmKickCPU = kvm(
        5, "KVM_HC_KICK_CPU", on: .x86,
        "Wakes a vCPU that halted while it waited for a lock.",
        Signature([Parameter(.flags, "reserved"), Parameter(.value, "the APIC id of the vCPU to wake")]))

    /// `KVM_HC_MIPS_GET_CLOCK_FREQ`.
    public static let kvmMIPSGetClockFrequency = kvm(
        6, "KVM_HC_MIPS_GET_CLOCK_FREQ", on: .mips,
        "A MIPS number: the frequency of the guest's timer.",
        nil, status: .obsolete)

    /// `KVM_HC_MIPS_EXIT_VM`.
    public static let kvmMIPSExitVM = kvm(
        7, "KVM_HC_MIPS_EXIT_VM", on: .mips,
        "A MIPS number: ends the machine.",
        nil, status: .obsolete)

    /// `KVM_HC_MIPS_CONSOLE_OUTPUT`.
    public static let kvmMIPSConsoleOutput = kvm(
        8, "KVM_HC_MIPS_CONSOLE_OUTPUT", on: .mips,
        "A MIPS number: prints on the host's console.",
        nil, status: .obsolete)

    /// `KVM_HC_CLOCK_PAIRING`.
    public static let kvmClockPairing = kvm(
        9, "KVM_HC_CLOCK_PAIRING", on: .x86,
        "Reads the host's wall clock and the guest's time-stamp counter at the same instant.",
        Signature(
            [
                Parameter(.realAddress, "where the host writes struct kvm_clock_pairing"),
                Parameter(.value, "the clock: 0, the wall clock"),
            ], returns: [Parameter(.value, "0")]))

    /// `KVM_HC_SEND_IPI`.
    public static let kvmSendIPI = kvm(
        10, "KVM_HC_SEND_IPI", on: .x86,
        "Sends one interprocessor interrupt to up to 128 vCPUs, 64 outside long mode.",
        Signature(
            [
                Parameter(.flags, "lower half of the bitmap of destinations"),
                Parameter(.flags, "upper half of the bitmap of destinations"),
                Parameter(.value, "the APIC id that the bitmap's bit 0 stands for"),
                Parameter(.flags, "the interrupt as in the low word of the APIC's ICR"),
            ], returns: [Parameter(.count, "vCPUs that accepted the interrupt")]))

    /// `KVM_HC_SCHED_YIELD`.
    public static let kvmSchedYield = kvm(
        11, "KVM_HC_SCHED_YIELD", on: .x86,
        "Gives the caller's time to a vCPU that was preempted.",
        Signature([Parameter(.value, "the APIC id of the vCPU to run")], returns: [Parameter(.value, "0")]))

    /// `KVM_HC_MAP_GPA_RANGE`.
    public static let kvmMapGPARange = kvm(
        12, "KVM_HC_MAP_GPA_RANGE", on: .x86,
        "Makes a range of guest pages private to the guest or shared with the host.",
        Signature(
            [
                Parameter(.realAddress, "the first page, page-aligned"),
                Parameter(.count, "4 KiB pages"),
                Parameter(.flags, "bits 3:0 preferred page size, bit 4 encrypted, the rest zero"),
            ], returns: [Parameter(.value, "0")]))

    /// The family ``HypercallFamily/kvm`` in the order of its numbers.
    public static let kvmCalls = [
        kvmVAPICPollIRQ, kvmMMUOp, kvmFeatures, kvmMapMagicPage, kvmKickCPU, kvmMIPSGetClockFrequency, kvmMIPSExitVM,
        kvmMIPSConsoleOutput, kvmClockPairing, kvmSendIPI, kvmSchedYield, kvmMapGPARange,
    ]
}
