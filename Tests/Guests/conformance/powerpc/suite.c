// KVM's, ePAPR's and Freescale's hypercalls on an e500: Linux's kvm_para.h, epapr_hcalls.h and fsl_hcalls.h.
#include "conformance.h"
#include "smp.h"

#define TOKEN(vendor, number) ((u32)(vendor) << 16 | (number))
#define EPAPR(number) TOKEN(1, number)
#define FREESCALE(number) TOKEN(2, number)
#define KVM(number) TOKEN(42, number)

#define EINVAL 8
#define EINVALID_STATE 11

#define KVM_FEATURES KVM(3)
#define KVM_MAP_MAGIC_PAGE KVM(4)
#define EV_INT_SEND_IPI EPAPR(11)
#define EV_MSGSND EPAPR(15)
#define EV_IDLE EPAPR(16)

#define NOBODY 9999 // a handle that nothing has
#define SELF 0xffffffff

static const struct call kvm_calls[] = {
    {.name = "KVM's call 0 does not exist", .number = KVM(0), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_VAPIC_POLL_IRQ is x86's", .number = KVM(1), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MMU_OP is deprecated", .number = KVM(2), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_FEATURES tells of the magic page", .number = KVM_FEATURES, .output = 2},
    {.name = "KVM_HC_KICK_CPU is x86's", .number = KVM(5), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MIPS_GET_CLOCK_FREQ is MIPS's", .number = KVM(6), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MIPS_EXIT_VM is MIPS's", .number = KVM(7), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MIPS_CONSOLE_OUTPUT is MIPS's", .number = KVM(8), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_CLOCK_PAIRING is x86's", .number = KVM(9), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_SEND_IPI is x86's", .number = KVM(10), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_SCHED_YIELD is x86's", .number = KVM(11), .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MAP_GPA_RANGE is x86's", .number = KVM(12), .status = NO_SUCH_CALL},
    {.name = "KVM's call 13 does not exist", .number = KVM(13), .status = NO_SUCH_CALL},
    {.name = "x86's number of KVM_HC_SEND_IPI is vendor 0's", .number = 10, .status = NO_SUCH_CALL},
    {.name = "a token of ones is no call", .number = 0xffffffff, .status = NO_SUCH_CALL},
};

// The number of KVM_HC_FEATURES, and the one of EV_IDLE, by everybody who does not have them.
static const struct call wrong_vendors[] = {
    {.name = "vendor 0 has no call 3", .number = TOKEN(0, 3), .status = NO_SUCH_CALL},
    {.name = "IBM has no call 3", .number = TOKEN(3, 3), .status = NO_SUCH_CALL},
    {.name = "Green Hills has no call 3", .number = TOKEN(4, 3), .status = NO_SUCH_CALL},
    {.name = "Enea has no call 3", .number = TOKEN(5, 3), .status = NO_SUCH_CALL},
    {.name = "Wind River has no call 3", .number = TOKEN(6, 3), .status = NO_SUCH_CALL},
    {.name = "AMCC has no call 3", .number = TOKEN(7, 3), .status = NO_SUCH_CALL},
    {.name = "vendor 41 has no call 3", .number = TOKEN(41, 3), .status = NO_SUCH_CALL},
    {.name = "vendor 0x802a is not KVM", .number = TOKEN(0x802a, 3), .status = NO_SUCH_CALL},
    {.name = "KVM has no call 16", .number = KVM(16), .status = NO_SUCH_CALL},
    {.name = "IBM has no call 16", .number = TOKEN(3, 16), .status = NO_SUCH_CALL},
};

static const struct call epapr_calls[] = {
    {.name = "ePAPR's call 0 does not exist", .number = EPAPR(0), .status = NO_SUCH_CALL},
#include "epapr_devices.inc"
    {.name = "ePAPR's call 17 does not exist", .number = EPAPR(17), .status = NO_SUCH_CALL},
    {.name = "ePAPR's call 65535 does not exist", .number = EPAPR(0xffff), .status = NO_SUCH_CALL},
};

static const struct call freescale_calls[] = {
    {.name = "Freescale's call 0 does not exist", .number = FREESCALE(0), .status = NO_SUCH_CALL},
    {.name = "FH_ERR_GET_INFO is not implemented", .number = FREESCALE(1), .status = NO_SUCH_CALL},
    {.name = "FH_PARTITION_GET_DTPROP knows the partition",
     .number = FREESCALE(2), .arguments = {5}, .count = 1, .status = EINVAL},
    {.name = "FH_PARTITION_SET_DTPROP knows the partition",
     .number = FREESCALE(3), .arguments = {5}, .count = 1, .status = EINVAL},
    {.name = "FH_PARTITION_RESTART knows the partition",
     .number = FREESCALE(4), .arguments = {5}, .count = 1, .status = EINVAL},
    {.name = "FH_PARTITION_GET_STATUS knows the partition",
     .number = FREESCALE(5), .arguments = {5}, .count = 1, .status = EINVAL},
    {.name = "FH_PARTITION_GET_STATUS says that this one runs",
     .number = FREESCALE(5), .arguments = {SELF}, .count = 1, .output = 1},
    {.name = "FH_PARTITION_START refuses one that runs",
     .number = FREESCALE(6), .arguments = {SELF, 0, 0}, .count = 3, .status = EINVALID_STATE},
    {.name = "FH_PARTITION_STOP knows the partition",
     .number = FREESCALE(7), .arguments = {5}, .count = 1, .status = EINVAL},
    {.name = "FH_PARTITION_MEMCPY knows the partitions",
     .number = FREESCALE(8), .arguments = {5, 5, 0, 0, 0}, .count = 5, .status = EINVAL},
    {.name = "FH_DMA_ENABLE is not implemented", .number = FREESCALE(9), .status = NO_SUCH_CALL},
    {.name = "FH_DMA_DISABLE is not implemented", .number = FREESCALE(10), .status = NO_SUCH_CALL},
    {.name = "FH_SEND_NMI is not implemented", .number = FREESCALE(11), .status = NO_SUCH_CALL},
    {.name = "FH_VMPIC_GET_MSIR is not implemented", .number = FREESCALE(12), .status = NO_SUCH_CALL},
    {.name = "FH_GET_CORE_STATE is not implemented", .number = FREESCALE(14), .status = NO_SUCH_CALL},
    {.name = "FH_ENTER_NAP is not implemented", .number = FREESCALE(15), .status = NO_SUCH_CALL},
    {.name = "FH_EXIT_NAP is not implemented", .number = FREESCALE(16), .status = NO_SUCH_CALL},
    {.name = "FH_CLAIM_DEVICE is not implemented", .number = FREESCALE(17), .status = NO_SUCH_CALL},
    {.name = "FH_PARTITION_STOP_DMA is not implemented", .number = FREESCALE(18), .status = NO_SUCH_CALL},
    {.name = "Freescale's call 19 does not exist", .number = FREESCALE(19), .status = NO_SUCH_CALL},
};

static void messages(void) {
    // The message's type is in its upper five bits.
    static const struct call e500v2[] = {
        {.name = "EV_MSGSND does not exist where msgsnd does not", .number = EV_MSGSND, .arguments = {0}, .count = 1,
         .status = NO_SUCH_CALL}};
    static const struct call e500mc[] = {
        {.name = "EV_MSGSND refuses an unknown type", .number = EV_MSGSND, .arguments = {0xf8000000}, .count = 1,
         .status = EINVAL},
        {.name = "EV_MSGSND refuses reserved bits", .number = EV_MSGSND, .arguments = {0x4000}, .count = 1,
         .status = EINVAL},
        {.name = "EV_MSGSND to nobody succeeds", .number = EV_MSGSND, .arguments = {0x77}, .count = 1}};
    if (is_e500v2()) {
        check_calls(0, SUPERVISOR_STATE, e500v2, COUNT(e500v2));
    } else {
        check_calls(0, SUPERVISOR_STATE, e500mc, COUNT(e500mc));
    }
}

// What the instruction is to a user: a system call, or for `sc 1` a privileged one.
static u32 user_trap(void) {
    for (u32 i = 0; i < hypercall_count; i++) {
        if (hypercall_words[i] == (INSTR_SC | 0x20)) {
            return PROGRAM + 1;
        }
    }
    return SYSTEM_CALL + 1;
}

// MARK: The magic page

#define PAGE 0xfffff000
#define OTHER_PAGE 0xffffe000
#define SPRG0_OFFSET 0x24 // the lower half of a doubleword

static volatile u32 *sprg0_in(u32 page) {
    return (volatile u32 *)(page + SPRG0_OFFSET);
}

static void magic_page(void) {
    static const struct call map = {.name = "KVM_HC_PPC_MAP_MAGIC_PAGE tells what the page has",
                                    .number = KVM_MAP_MAGIC_PAGE, .arguments = {PAGE, PAGE}, .count = 2, .output = 3};
    static const struct call move = {.name = "KVM_HC_PPC_MAP_MAGIC_PAGE ignores the low bits",
                                     .number = KVM_MAP_MAGIC_PAGE, .arguments = {OTHER_PAGE | 0xfff, OTHER_PAGE | 0xffe},
                                     .count = 2, .output = 3};
    check_call(0, SUPERVISOR_STATE, &map);
    set_spr(SPR_SPRG0, 0x13579bdf);
    equal(*sprg0_in(PAGE), 0x13579bdf, "SPRG0 is in the magic page");
    *sprg0_in(PAGE) = 0x2468ace0;
    equal(get_spr(SPR_SPRG0), 0x2468ace0, "and changes with it");
    check_call(0, SUPERVISOR_STATE, &kvm_calls[3]);
    check_call(0, SUPERVISOR_STATE, &move);
    equal(*sprg0_in(OTHER_PAGE), 0x2468ace0, "the magic page keeps its content when it moves");
    struct frame load = {.gpr[3] = (u32)sprg0_in(PAGE)};
    const u32 lwz = 0x80830000; // lwz r4,0(r3)
    equal(RUN(SUPERVISOR, &load, lwz)->vector, DATA_TLB_ERROR, "and leaves where it was");
}

// MARK: Waking a vCPU

#define MPIC (CCSR + 0x40000)
#define GLOBAL_CONFIGURATION (MPIC + 0x1020)
#define MODE_PROXY 0x60000000
#define IPI_0_VECTOR (MPIC + 0x10a0)
#define OWN_TASK_PRIORITY (MPIC + 0x80)
#define OWN_END (MPIC + 0xb0)

static void on_external(struct cpu *self) {
    self->faults += self->vector != EXTERNAL_INPUT;
    write32(OWN_END, 0);
    self->external++;
}

static volatile u32 asleep, awake;

// vCPU 1 idles until the others' call; vCPU 0 makes it.
static void wake(struct cpu *self) {
    if (self->number == 1) {
        write32(OWN_TASK_PRIORITY, 0);
        asleep = 1;
        self->results[0] = hcall(EV_IDLE, 0, 0, 0);
        awake = 1;
        interrupts_on();
        for (u32 i = 0; i < 1000000 && !self->external; i++) {
        }
        interrupts_off();
        return;
    }
    while (!asleep) {
    }
    for (volatile u32 i = 0; i < 100000; i++) {
    }
    self->results[0] = awake;
    self->results[1] = hcall(EV_INT_SEND_IPI, 0, 2, 0);
}

static volatile u32 waits_for_message, got_message;

// vCPU 1 idles until vCPU 0's message, with interrupts off: it is pending, which is enough, and is taken back.
static void wake_by_message(struct cpu *self) {
    if (self->number == 1) {
        waits_for_message = 1;
        self->results[0] = hcall(EV_IDLE, 0, 0, 0);
        got_message = 1;
        __asm__ volatile("li 0, 0; .long 0x7c0001dc" ::: "0"); // msgclr r0
        interrupts_on();
        interrupts_off();
        return;
    }
    while (!waits_for_message) {
    }
    for (volatile u32 i = 0; i < 100000; i++) {
    }
    self->results[0] = got_message;
    self->results[1] = hcall(EV_MSGSND, 1, 0, 0);
}

static void wake_ups(void) {
    write32(GLOBAL_CONFIGURATION, MODE_PROXY);
    write32(IPI_0_VECTOR, 8 << 16 | 0x40);
    on_interrupt = on_external;
    on_some(2, wake);
    equal(cpus[0].results[0], 0, "vCPU 1 sleeps in EV_IDLE");
    equal(cpus[0].results[1], 0, "EV_INT_SEND_IPI succeeds");
    ok(awake && cpus[1].results[0] == 0, "EV_IDLE ends with success");
    ok(cpus[1].external == 1 && !cpus[1].faults, "and with the interrupt");
    if (is_e500v2()) {
        return;
    }
    on_some(2, wake_by_message);
    equal(cpus[0].results[0], 0, "vCPU 1 sleeps in EV_IDLE again");
    equal(cpus[0].results[1], 0, "EV_MSGSND succeeds");
    ok(got_message && cpus[1].results[0] == 0, "EV_IDLE ends with success, for a message is pending");
    ok(cpus[1].external == 1 && !cpus[1].faults, "and msgclr takes it back");
}

void machine_suite(void) {
    static const struct call known_kvm[] = {{.number = KVM_FEATURES}, {.number = KVM_MAP_MAGIC_PAGE}};
    check_calls(0, SUPERVISOR_STATE, kvm_calls, COUNT(kvm_calls));
    check_calls(0, SUPERVISOR_STATE, wrong_vendors, COUNT(wrong_vendors));
    check_calls(0, SUPERVISOR_STATE, epapr_calls, COUNT(epapr_calls));
    check_calls(0, SUPERVISOR_STATE, freescale_calls, COUNT(freescale_calls));
    messages();
    check_refusals(0, USER_STATE, kvm_calls, COUNT(kvm_calls), user_trap(), 0);
    check_refusals(0, USER_STATE, epapr_calls, COUNT(epapr_calls), user_trap(), 0);
    check_no_other(0, known_kvm, COUNT(known_kvm), KVM(0), 256, 0, NO_SUCH_CALL);
    check_no_other(0, 0, 0, EPAPR(17), 256, 0, NO_SUCH_CALL);
    check_no_other(0, 0, 0, FREESCALE(19), 256, 0, NO_SUCH_CALL);
    magic_page();
    smp_begin();
    if (cpu_count < 2) {
        comment("one vCPU, so nobody wakes another");
        return;
    }
    wake_ups();
}
