// Linux's KVM as the target's own headers have it: structures, and the numbers that are macros there, which Swift does not
// import. PowerPC encodes ioctl numbers differently from most others, so none is written down anywhere else.
#pragma once
// On ppc64 the kernel's 64-bit types are long unless asked otherwise; Swift's UInt64 is long long everywhere.
#define __SANE_USERSPACE_TYPES__
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

// Requests of /dev/kvm.
static const unsigned long ckvm_get_api_version = KVM_GET_API_VERSION;
static const unsigned long ckvm_create_vm = KVM_CREATE_VM;
static const unsigned long ckvm_check_extension = KVM_CHECK_EXTENSION;
static const unsigned long ckvm_get_vcpu_mmap_size = KVM_GET_VCPU_MMAP_SIZE;

// Requests of a VM.
static const unsigned long ckvm_set_user_memory_region = KVM_SET_USER_MEMORY_REGION;
static const unsigned long ckvm_create_vcpu = KVM_CREATE_VCPU;
static const unsigned long ckvm_enable_cap = KVM_ENABLE_CAP;
static const unsigned long ckvm_ppc_get_pvinfo = KVM_PPC_GET_PVINFO;
static const unsigned long ckvm_ppc_get_smmu_info = KVM_PPC_GET_SMMU_INFO;
static const unsigned long ckvm_create_device = KVM_CREATE_DEVICE;
static const unsigned long ckvm_irq_line = KVM_IRQ_LINE;

// Requests of a device.
static const unsigned long ckvm_set_device_attr = KVM_SET_DEVICE_ATTR;

#if !defined(__powerpc__)
// What the headers of PowerPC have of the XICS, so that its requests can be made to fail on every host.
struct kvm_rtas_token_args {
    char name[120];
    __u64 token;
};
#define KVM_DEV_XICS_GRP_SOURCES 1
#define KVM_XICS_PRIORITY_SHIFT 32
#define KVM_XICS_LEVEL_SENSITIVE (1ULL << 40)
#endif
static const unsigned long ckvm_ppc_rtas_define_token = KVM_PPC_RTAS_DEFINE_TOKEN;
static const uint32_t ckvm_xics_sources = KVM_DEV_XICS_GRP_SOURCES;
static const uint64_t ckvm_xics_priority_shift = KVM_XICS_PRIORITY_SHIFT;
static const uint64_t ckvm_xics_level = KVM_XICS_LEVEL_SENSITIVE;

// Requests of a vCPU.
static const unsigned long ckvm_run = KVM_RUN;
static const unsigned long ckvm_get_regs = KVM_GET_REGS;
static const unsigned long ckvm_set_regs = KVM_SET_REGS;
static const unsigned long ckvm_get_sregs = KVM_GET_SREGS;
static const unsigned long ckvm_set_sregs = KVM_SET_SREGS;
static const unsigned long ckvm_get_one_reg = KVM_GET_ONE_REG;
static const unsigned long ckvm_set_one_reg = KVM_SET_ONE_REG;
static const unsigned long ckvm_interrupt = KVM_INTERRUPT;
static const unsigned long ckvm_set_signal_mask = KVM_SET_SIGNAL_MASK;
static const unsigned long ckvm_get_stats_fd = KVM_GET_STATS_FD;

#if defined(__powerpc__)
// What KVM_INTERRUPT means on PowerPC.
static const uint32_t ckvm_interrupt_set = KVM_INTERRUPT_SET;
static const uint32_t ckvm_interrupt_unset = KVM_INTERRUPT_UNSET;
static const uint32_t ckvm_interrupt_set_level = KVM_INTERRUPT_SET_LEVEL;

// One-register ids of PowerPC.
static const uint64_t ckvm_reg_hior = KVM_REG_PPC_HIOR;
static const uint64_t ckvm_reg_lpcr = KVM_REG_PPC_LPCR_64;
static const uint64_t ckvm_reg_dar = KVM_REG_PPC_DAR;
static const uint64_t ckvm_reg_dsisr = KVM_REG_PPC_DSISR;
static const uint64_t ckvm_reg_fpscr = KVM_REG_PPC_FPSCR;
static const uint64_t ckvm_reg_vr0 = KVM_REG_PPC_VR0;
#endif

#if defined(__x86_64__)
// Requests of x86.
static const unsigned long ckvm_create_irqchip = KVM_CREATE_IRQCHIP;
static const unsigned long ckvm_set_mp_state = KVM_SET_MP_STATE;

/// Offers the vCPU `vcpu` all of CPUID that `kvm`, the descriptor of /dev/kvm, supports, with `apic_id` as its APIC's id and
/// with the bit that says that there is a hypervisor.
/// Returns 0 or the negated errno.
long ckvm_offer_cpuid(int kvm, int vcpu, uint32_t apic_id);
#endif

// Addresses in a run page, for Swift sees its arrays as tuples.
static inline uint8_t *_Nonnull ckvm_immediate_exit(struct kvm_run *_Nonnull run) { return &run->immediate_exit; }
static inline uint8_t *_Nonnull ckvm_mmio_data(struct kvm_run *_Nonnull run) { return run->mmio.data; }
static inline __u64 *_Nonnull ckvm_papr_arguments(struct kvm_run *_Nonnull run) { return run->papr_hcall.args; }

/// Opens `path` for reading and writing. The descriptor, or the negated errno.
int ckvm_open(const char *_Nonnull path);

/// Closes `descriptor`.
void ckvm_close(int descriptor);

/// The ioctl `request` with `argument`. Its result, or the negated errno.
long ckvm_ioctl(int descriptor, unsigned long request, unsigned long argument);

/// Maps `size` bytes that `descriptor` shares with the kernel and stores where. Returns 0 or the negated errno.
long ckvm_map(int descriptor, size_t size, void *_Nullable *_Nonnull address);

/// Unmaps what `ckvm_map` mapped.
void ckvm_unmap(void *_Nonnull address, size_t size);

/// Whether `path` names a file.
int ckvm_exists(const char *_Nonnull path);

/// Bytes of a page of the host.
long ckvm_page_size(void);

/// Makes the run of this thread that uses `flag` as its immediate-exit byte return after `nanoseconds`, once: a signal sets
/// the byte and interrupts the run. A later call replaces an earlier one of the thread. Returns 0 or the negated errno.
int ckvm_limit_run(void *_Nonnull flag, uint64_t nanoseconds);

/// Undoes `ckvm_limit_run`.
void ckvm_end_limit(void);

/// Lets this thread's runs be interrupted by `ckvm_kick` with the number that is returned; negated errno.
int ckvm_accept_kicks(void);

/// Interrupts the run of the thread of that number, which `ckvm_accept_kicks` returned. One that has not begun is not: set its
/// immediate-exit byte first.
void ckvm_kick(int thread);

/// Makes instructions that were written to memory visible to the processors that are going to execute them.
void ckvm_flush_code(void *_Nonnull base, size_t size);

/// At most `count` bytes at `offset` of a descriptor. The number read, or the negated errno.
long ckvm_read_at(int descriptor, void *_Nonnull bytes, size_t count, uint64_t offset);
