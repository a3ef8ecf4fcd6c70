// KVM's, ePAPR's and PAPR's hypercalls on a Book3S processor: Linux's kvm_para.h, epapr_hcalls.h and hvcall.h.
#include "runtime.h"

#define TOKEN(vendor, number) ((u32)(vendor) << 16 | (number))
#define EPAPR(number) TOKEN(1, number)
#define FREESCALE(number) TOKEN(2, number)
#define KVM(number) TOKEN(42, number)

#define KVM_FEATURES KVM(3)
#define KVM_MAP_MAGIC_PAGE KVM(4)
#define EV_IDLE EPAPR(16)
#define ABSENT 12
#define EINVAL 8
#define NOBODY 9999 // a number that nothing has

enum form { BY_TREE, BY_FORWARD, BY_PAPR };

// MARK: KVM's and ePAPR's calls

static const struct call kvm_calls[] = {
    {.name = "KVM's call 0 does not exist", .number = KVM(0), .status = ABSENT},
    {.name = "KVM_HC_VAPIC_POLL_IRQ is x86's", .number = KVM(1), .status = ABSENT},
    {.name = "KVM_HC_MMU_OP is deprecated", .number = KVM(2), .status = ABSENT},
    {.name = "KVM_HC_FEATURES tells of the magic page", .number = KVM_FEATURES, .output = 2},
    {.name = "KVM_HC_KICK_CPU is x86's", .number = KVM(5), .status = ABSENT},
    {.name = "KVM_HC_MIPS_GET_CLOCK_FREQ is MIPS's", .number = KVM(6), .status = ABSENT},
    {.name = "KVM_HC_MIPS_EXIT_VM is MIPS's", .number = KVM(7), .status = ABSENT},
    {.name = "KVM_HC_MIPS_CONSOLE_OUTPUT is MIPS's", .number = KVM(8), .status = ABSENT},
    {.name = "KVM_HC_CLOCK_PAIRING is x86's", .number = KVM(9), .status = ABSENT},
    {.name = "KVM_HC_SEND_IPI is x86's", .number = KVM(10), .status = ABSENT},
    {.name = "KVM_HC_SCHED_YIELD is x86's", .number = KVM(11), .status = ABSENT},
    {.name = "KVM_HC_MAP_GPA_RANGE is x86's", .number = KVM(12), .status = ABSENT},
    {.name = "KVM's call 13 does not exist", .number = KVM(13), .status = ABSENT},
    {.name = "x86's number of KVM_HC_FEATURES is vendor 0's", .number = 3, .status = ABSENT},
    {.name = "a token of ones is no call", .number = 0xffffffff, .status = ABSENT},
};

static const struct call wrong_vendors[] = {
    {.name = "vendor 0 has no call 16", .number = TOKEN(0, 16), .status = ABSENT},
    {.name = "Freescale has no call 3 here", .number = FREESCALE(3), .status = ABSENT},
    {.name = "IBM has no call 3", .number = TOKEN(3, 3), .status = ABSENT},
    {.name = "Green Hills has no call 3", .number = TOKEN(4, 3), .status = ABSENT},
    {.name = "Enea has no call 3", .number = TOKEN(5, 3), .status = ABSENT},
    {.name = "Wind River has no call 3", .number = TOKEN(6, 3), .status = ABSENT},
    {.name = "AMCC has no call 3", .number = TOKEN(7, 3), .status = ABSENT},
    {.name = "vendor 0x802a is not KVM", .number = TOKEN(0x802a, 3), .status = ABSENT},
    {.name = "KVM has no call 16", .number = KVM(16), .status = ABSENT},
};

static const struct call epapr_calls[] = {
    {.name = "ePAPR's call 0 does not exist", .number = EPAPR(0), .status = ABSENT},
#include "epapr_devices.inc"
    {.name = "EV_MSGSND is not offered", .number = EPAPR(15), .status = ABSENT},
};

static const struct call known_kvm[] = {{.number = KVM_FEATURES}, {.number = KVM_MAP_MAGIC_PAGE}};

static void epapr_family(u32 form) {
    check_calls(form, SUPERVISOR_STATE, kvm_calls, COUNT(kvm_calls));
    check_calls(form, SUPERVISOR_STATE, wrong_vendors, COUNT(wrong_vendors));
    check_calls(form, SUPERVISOR_STATE, epapr_calls, COUNT(epapr_calls));
    check_no_other(form, known_kvm, COUNT(known_kvm), KVM(0), 64, 0, ABSENT);
    check_no_other(form, 0, 0, EPAPR(17), 64, 0, ABSENT);
    check_no_other(form, 0, 0, FREESCALE(0), 64, 0, ABSENT);
#ifdef __powerpc64__
    check_calls(form, NARROW_SUPERVISOR_STATE, kvm_calls, COUNT(kvm_calls));
    // A token is 32 bits wide in every mode.
    struct call wide = kvm_calls[3];
    wide.name = "the upper half of a token is ignored";
    wide.number |= 0xfeedface00000000;
    check_call(form, SUPERVISOR_STATE, &wide);
    check_call(form, NARROW_SUPERVISOR_STATE, &wide);
#endif
}

// MARK: PAPR's calls

#define STATUS(number) ((word) - (number))
#define H_HARDWARE STATUS(1)
#define H_FUNCTION STATUS(2)
#define H_PRIVILEGE STATUS(3)
#define H_PARAMETER STATUS(4)
#define H_NOT_FOUND STATUS(7)
#define H_P2 STATUS(55)
#define H_P3 STATUS(56)
#define H_P4 STATUS(57)
#define H_UNSUPPORTED_FLAG STATUS(256)

#define H_CEDE 0xe0
#define H_PROD 0xe8
#define H_CPPR 0x68
#define H_IPI 0x6c
#define H_SET_MODE 0x31c
#define OUTSIDE ((word)0x70000000) // a real address above memory

static const u32 known_bytes __attribute__((aligned(8))) = 0x13579bdf;

static const struct call papr_calls[] = {
    {.name = "H_REMOVE finds no entry that is not valid", .number = 0x04, .arguments = {0, 0, 0}, .count = 3,
     .status = H_NOT_FOUND},
    {.name = "H_REMOVE refuses an index beyond the table", .number = 0x04, .arguments = {0, 0x7fffffff, 0}, .count = 3,
     .status = H_PARAMETER},
    {.name = "H_ENTER refuses an index beyond the table", .number = 0x08,
     .arguments = {0, 0x7fffffff, 0x7f001001, 0x192}, .count = 4, .status = H_PARAMETER},
    {.name = "H_READ refuses an index beyond the table", .number = 0x0c, .arguments = {0, 0x7fffffff}, .count = 2,
     .status = H_PARAMETER},
    {.name = "H_READ reads an entry that is not valid", .number = 0x0c, .arguments = {0, 0}, .count = 2, .outputs = 2},
    {.name = "H_CLEAR_MOD finds no entry that is not valid", .number = 0x10, .arguments = {0, 0}, .count = 2,
     .status = H_NOT_FOUND},
    {.name = "H_CLEAR_REF finds no entry that is not valid", .number = 0x14, .arguments = {0, 0}, .count = 2,
     .status = H_NOT_FOUND},
    {.name = "H_PROTECT finds no entry that is not valid", .number = 0x18, .arguments = {0, 0, 0}, .count = 3,
     .status = H_NOT_FOUND},
    {.name = "H_BULK_REMOVE refuses what is no request", .number = 0x124, .arguments = {0}, .count = 1,
     .status = H_PARAMETER, .outputs = 8, .any_output = 1},
    {.name = "H_SET_SPRG0 succeeds", .number = 0x24, .arguments = {0x2468ace}, .count = 1},
    {.name = "H_SET_DABR is not this processor's", .number = 0x28, .arguments = {0}, .count = 1, .status = H_HARDWARE},
    {.name = "H_SET_XDABR is not this processor's", .number = 0x134, .arguments = {0, 0}, .count = 2,
     .status = H_HARDWARE},
    {.name = "H_PAGE_INIT refuses a page outside memory", .number = 0x2c, .arguments = {0, OUTSIDE, 0}, .count = 3,
     .status = H_PARAMETER},
    {.name = "H_LOGICAL_CI_LOAD refuses three bytes", .number = 0x3c, .arguments = {3, 0x2000}, .count = 2,
     .status = H_PARAMETER},
    {.name = "H_LOGICAL_CI_STORE refuses three bytes", .number = 0x40, .arguments = {3, 0x2000, 0}, .count = 3,
     .status = H_PARAMETER},
    {.name = "H_LOGICAL_CACHE_LOAD refuses no bytes", .number = 0x44, .arguments = {0, 0x2000}, .count = 2,
     .status = H_PARAMETER},
    {.name = "H_LOGICAL_CACHE_STORE refuses sixteen bytes", .number = 0x48, .arguments = {16, 0x2000, 0}, .count = 3,
     .status = H_PARAMETER},
    {.name = "H_LOGICAL_ICBI succeeds", .number = 0x4c, .arguments = {0x2000}, .count = 1},
    {.name = "H_LOGICAL_DCBF succeeds", .number = 0x50, .arguments = {0x2000}, .count = 1},
    {.name = "H_GET_TERM_CHAR refuses a terminal that does not exist", .number = 0x54, .arguments = {0x31415}, .count = 1,
     .status = H_PARAMETER},
    {.name = "H_GET_TERM_CHAR finds no input", .number = 0x54, .arguments = {0}, .count = 1, .outputs = 3},
    {.name = "H_PUT_TERM_CHAR refuses a terminal that does not exist", .number = 0x58, .arguments = {0x31415, 1},
     .count = 2, .status = H_PARAMETER},
    {.name = "H_PUT_TERM_CHAR refuses seventeen bytes", .number = 0x58, .arguments = {0, 17}, .count = 2,
     .status = H_PARAMETER},
    {.name = "H_PUT_TERM_CHAR takes no bytes", .number = 0x58, .arguments = {0, 0}, .count = 2},
    {.name = "H_CPPR succeeds", .number = H_CPPR, .arguments = {0}, .count = 1},
    {.name = "H_EOI of nothing succeeds", .number = 0x64, .arguments = {0}, .count = 1},
    {.name = "H_XIRR finds nothing", .number = 0x74, .outputs = 1},
    {.name = "H_XIRR_X tells the time as well", .number = 0x2fc, .outputs = 2, .output = 0xff000000},
    {.name = "H_IPI refuses a vCPU that does not exist", .number = H_IPI, .arguments = {NOBODY, 0xff}, .count = 2,
     .status = H_PARAMETER},
    {.name = "H_IPOLL refuses a vCPU that does not exist", .number = 0x70, .arguments = {NOBODY}, .count = 1,
     .status = H_PARAMETER},
    {.name = "H_IPOLL of this vCPU finds nothing", .number = 0x70, .arguments = {0}, .count = 1, .outputs = 2,
     .output = 0xff000000},
    {.name = "H_REGISTER_VPA refuses an unknown request", .number = 0xdc, .arguments = {4, 0, 0x2000}, .count = 3,
     .status = H_PARAMETER},
    {.name = "H_REGISTER_VPA refuses a vCPU that does not exist", .number = 0xdc, .arguments = {0, NOBODY, 0x2000},
     .count = 3, .status = H_PARAMETER},
    {.name = "H_CONFER to all succeeds", .number = 0xe4, .arguments = {(word)-1, 0}, .count = 2},
    {.name = "H_CONFER refuses a vCPU that does not exist", .number = 0xe4, .arguments = {NOBODY, 0}, .count = 2,
     .status = H_PARAMETER},
    {.name = "H_PROD refuses a vCPU that does not exist", .number = H_PROD, .arguments = {NOBODY}, .count = 1,
     .status = H_PARAMETER},
    {.name = "H_SET_MODE refuses an unknown resource", .number = H_SET_MODE, .arguments = {0, 99, 0, 0}, .count = 4,
     .status = H_P2},
    {.name = "H_SET_MODE refuses an unknown byte order", .number = H_SET_MODE, .arguments = {2, 4, 0, 0}, .count = 4,
     .status = H_UNSUPPORTED_FLAG},
    {.name = "H_SET_MODE's byte order has no first value", .number = H_SET_MODE, .arguments = {0, 4, 1, 0}, .count = 4,
     .status = H_P3},
    {.name = "H_SET_MODE's byte order has no second value", .number = H_SET_MODE, .arguments = {0, 4, 0, 1}, .count = 4,
     .status = H_P4},
    {.name = "H_SET_MODE refuses an unknown place for interrupts", .number = H_SET_MODE, .arguments = {1, 3, 0, 0},
     .count = 4, .status = H_UNSUPPORTED_FLAG},
    {.name = "H_RANDOM has a number", .number = 0x300, .outputs = 1, .any_output = 1},
    {.name = "RTAS has a buffer in memory", .number = 0xf000, .arguments = {OUTSIDE}, .count = 1, .status = H_PARAMETER},
};

// PAPR's, but no guest of such a machine has a use for them.
static const struct call papr_absent[] = {
    {.name = "H_GET_TCE is not offered", .number = 0x1c, .status = H_FUNCTION},
    {.name = "H_PUT_TCE is not offered", .number = 0x20, .status = H_FUNCTION},
    {.name = "H_GET_PPP is not offered", .number = 0xec, .status = H_FUNCTION},
    {.name = "H_PIC is not offered", .number = 0xf8, .status = H_FUNCTION},
    {.name = "H_STUFF_TCE is not offered", .number = 0x138, .status = H_FUNCTION},
    {.name = "H_PUT_TCE_INDIRECT is not offered", .number = 0x13c, .status = H_FUNCTION},
    {.name = "H_GET_EM_PARMS is not offered", .number = 0x2b8, .status = H_FUNCTION},
    {.name = "H_GET_CPU_CHARACTERISTICS is not offered", .number = 0x1c8, .status = H_FUNCTION},
    {.name = "H_JOIN is not offered", .number = 0x298, .status = H_FUNCTION},
    {.name = "H_HOME_NODE_ASSOCIATIVITY is not offered", .number = 0x2ec, .status = H_FUNCTION},
    {.name = "H_CLEAR_HPT is not offered", .number = 0x358, .status = H_FUNCTION},
    {.name = "H_RESIZE_HPT_PREPARE is not offered", .number = 0x36c, .status = H_FUNCTION},
    {.name = "H_RESIZE_HPT_COMMIT is not offered", .number = 0x370, .status = H_FUNCTION},
    {.name = "H_REGISTER_PROC_TBL is not offered", .number = 0x37c, .status = H_FUNCTION},
    {.name = "H_SIGNAL_SYS_RESET is not offered", .number = 0x380, .arguments = {NOBODY}, .count = 1,
     .status = H_FUNCTION},
    {.name = "KVMPPC_H_LOGICAL_MEMOP is not offered", .number = 0xf001, .status = H_FUNCTION},
    {.name = "KVMPPC_H_CAS is not offered", .number = 0xf002, .arguments = {OUTSIDE}, .count = 1, .status = H_FUNCTION},
    {.name = "H_BLOCK_REMOVE is not offered", .number = 0x328, .status = H_FUNCTION},
    {.name = "call 0 does not exist", .number = 0, .status = H_FUNCTION},
    {.name = "call 1 does not exist", .number = 1, .status = H_FUNCTION},
    {.name = "KVM_HC_FEATURES is no call of PAPR's", .number = KVM_FEATURES, .status = H_FUNCTION},
    {.name = "a number of ones is no call", .number = (word)-1, .status = H_FUNCTION},
};

#define MFSPR(r, n) (0x7c0002a6 | (r) << 21 | ((n) & 31) << 16 | ((n) >> 5) << 11)
#define MTSPR(n, r) (0x7c0003a6 | (r) << 21 | ((n) & 31) << 16 | ((n) >> 5) << 11)

static void set_spr(u32 number, u64 value) {
    struct frame frame = {.gpr[3] = value};
    RUN(supervisor_state(), &frame, MTSPR(number, 3));
}

static u64 get_spr(u32 number) {
    struct frame frame = {0};
    return RUN(supervisor_state(), &frame, MFSPR(3, number))->gpr[3];
}

// H_PUT_TERM_CHAR of no bytes, with half of each register.
static int narrow_call(u64 number, u64 count) {
    struct frame frame = {.gpr[3] = number, .gpr[5] = count, .msr = supervisor_state() & ~MSR_SF};
    frame.pc = (u64)(unsigned long)call_by_papr;
    const struct frame *after = execute(&frame);
    return finished(after) ? (int)after->gpr[3] : (int)after->vector;
}

static void papr_family(void) {
    is_papr = 1;
    check_calls(BY_PAPR, SUPERVISOR_STATE, papr_calls, COUNT(papr_calls));
    ok(get_spr(272) == 0x2468ace, "H_SET_SPRG0 sets it");
    check_calls(BY_PAPR, SUPERVISOR_STATE, papr_absent, COUNT(papr_absent));
    check_refusals(BY_PAPR, USER_STATE, papr_calls, COUNT(papr_calls), 0, H_PRIVILEGE);
    check_refusals(BY_PAPR, USER_STATE, papr_absent, COUNT(papr_absent), 0, H_PRIVILEGE);
    static const struct call handed_over = {.name = "an ePAPR call that is handed over is refused",
                                            .number = (word)-0x1000, .status = H_PRIVILEGE};
    check_call(BY_PAPR, USER_STATE, &handed_over);
#ifdef __powerpc64__
    static const struct call wide[] = {
        {.name = "the upper half of a number counts", .number = 0xfeedface00000058, .arguments = {0, 0}, .count = 2,
         .status = H_FUNCTION},
        {.name = "the upper half of an argument counts", .number = 0x58, .arguments = {0, 0xfeedface00000000}, .count = 2,
         .status = H_PARAMETER}};
    check_calls(BY_PAPR, SUPERVISOR_STATE, wide, COUNT(wide));
    check_refusals(BY_PAPR, NARROW_USER_STATE, papr_absent, COUNT(papr_absent), 0, H_PRIVILEGE);
#endif
    // Numbers and arguments have 32 bits there, whatever the registers' upper halves are.
    ok(narrow_call(0xfeedface00000058, 0) == 0, "sc 1 in a narrow mode: the upper half of a number is ignored");
    ok(narrow_call(0x58, 0xfeedface00000000) == 0, "sc 1 in a narrow mode: the upper half of an argument is ignored");
    word value = papr_output(0x3c, 4, (word)(unsigned long)&known_bytes, 0, 0);
#ifdef __LITTLE_ENDIAN__
    value = __builtin_bswap32((u32)value);
#endif
    ok(value == known_bytes, "H_LOGICAL_CI_LOAD reads memory, big-endian as the hypervisor is");
    is_papr = 0;
}

static void services(void) {
    const u32 nobody = NOBODY, self = 0;
    const u32 start[3] = {0, 0, 0};
    u32 state = 0;
    ok(rtas(rtas_token(RTAS_QUERY_STOPPED), 1, &nobody, &state, 1) == -3, "RTAS refuses a vCPU that does not exist");
    ok(rtas(rtas_token(RTAS_QUERY_STOPPED), 1, &self, &state, 1) == 0 && state == 2, "RTAS says that this vCPU runs");
    ok(rtas(rtas_token(RTAS_START_CPU), 3, start, 0, 0) == -1, "RTAS does not start a vCPU that runs");
}

// MARK: The magic page

#define PAGE ((word)-4096)
#define OTHER_PAGE ((word)-8192)
#define CRITICAL 0x18
#define SPRG0 0x20
#define SPRG1 0x28
#define SRR0 0x40
#define SRR1 0x48
#define DAR 0x50
#define STATE 0x58
#define DSISR 0x60
#define INT_PENDING 0x64

#define LOAD 0xe8830000     // ld r4,0(r3)
#define STORE 0xf8830000    // std r4,0(r3)
#define LOAD_WORD 0x80830000 // lwz r4,0(r3)

// The magic page's doubleword, which code in the given state reads; the trap that came instead is in `trap`.
static u32 trap;

static u64 load(u64 state, word page, u32 offset) {
    if (!has_hypervisor && !(state & MSR_DR)) {
        // No page and no memory either, of which a real-mode access makes a machine check.
        trap = MACHINE_CHECK;
        return 0;
    }
    struct frame frame = {.gpr[3] = page + offset};
    const struct frame *after = RUN(state, &frame, LOAD);
    trap = finished(after) ? 0 : (u32)after->vector;
    return after->gpr[4];
}

static u32 load_word(word page, u32 offset) {
    if (!has_hypervisor) {
        trap = MACHINE_CHECK;
        return 0;
    }
    struct frame frame = {.gpr[3] = page + offset};
    const struct frame *after = RUN(supervisor_state(), &frame, LOAD_WORD);
    trap = finished(after) ? 0 : (u32)after->vector;
    return (u32)after->gpr[4];
}

static void store(word page, u32 offset, u64 value) {
    if (!has_hypervisor) {
        return;
    }
    struct frame frame = {.gpr[3] = page + offset, .gpr[4] = value};
    RUN(supervisor_state(), &frame, STORE);
}

// A store to the page, and the register at once, before an interrupt changes either.
static u64 through_page(u32 offset, u32 spr, u64 value) {
    if (!has_hypervisor) {
        return 0;
    }
    struct frame frame = {.gpr[3] = PAGE + offset, .gpr[4] = value};
    return RUN(supervisor_state(), &frame, STORE, MFSPR(5, spr))->gpr[5];
}

#define SAMPLE (0x0123456789abcdefull)

static void magic_page(u32 form) {
    const struct call map = {.name = "KVM_HC_PPC_MAP_MAGIC_PAGE tells what the page has", .number = KVM_MAP_MAGIC_PAGE,
                             .arguments = {PAGE, PAGE}, .count = 2, .output = 3};
    const struct call move = {.name = "KVM_HC_PPC_MAP_MAGIC_PAGE ignores the low bits", .number = KVM_MAP_MAGIC_PAGE,
                              .arguments = {OTHER_PAGE | 0xfff, OTHER_PAGE | 0xffe}, .count = 2, .output = 3};
    set_spr(272, SAMPLE);
    check_call(form, SUPERVISOR_STATE, &map);
    ok(load(supervisor_state(), PAGE, SPRG0) == SAMPLE, "magic page: SPRG0 is there, as it was before");
    set_spr(273, ~SAMPLE);
    ok(load(supervisor_state(), PAGE, SPRG1) == ~SAMPLE, "magic page: SPRG1 is there");
    ok(through_page(SPRG0, 272, ~SAMPLE) == ~SAMPLE, "magic page: a store changes SPRG0");
    ok(through_page(SRR0, 26, 0x1234560) == 0x1234560, "magic page: a store changes SRR0");
    ok(through_page(SRR1, 27, 0x1002) == 0x1002, "magic page: a store changes SRR1");
    ok(through_page(DAR, 19, SAMPLE) == SAMPLE, "magic page: a store changes DAR");
    ok(load(supervisor_state(), PAGE, STATE) == supervisor_state(), "magic page: MSR is there");
    u64 translated = supervisor_state() | MSR_IR | MSR_DR;
    ok(load(translated, PAGE, SPRG0) == ~SAMPLE && !trap, "magic page: translated code has it at its effective address");
    load(user_state(), PAGE, SPRG0);
    equal(trap, DATA_SEGMENT, "user state has no page there");
#ifdef __powerpc64__
    u64 narrow = supervisor_state() & ~MSR_SF;
    ok(load(narrow, PAGE, SPRG0) == ~SAMPLE && !trap, "magic page: a narrow mode has it at half of its address");
#endif
    check_call(form, SUPERVISOR_STATE, &kvm_calls[3]);
    check_call(form, SUPERVISOR_STATE, &move);
    ok(load(supervisor_state(), OTHER_PAGE, SPRG0) == ~SAMPLE, "magic page: it keeps its content when it moves");
    const struct call apart = {.name = "KVM_HC_PPC_MAP_MAGIC_PAGE takes two addresses", .number = KVM_MAP_MAGIC_PAGE,
                               .arguments = {OTHER_PAGE, PAGE}, .count = 2, .output = 3};
    check_call(BY_FORWARD, SUPERVISOR_STATE, &apart);
    int is_real = load(supervisor_state(), OTHER_PAGE, SPRG0) == ~SAMPLE && !trap;
    ok(is_real && load(translated, PAGE, SPRG0) == ~SAMPLE && !trap,
       "magic page: the first is where it is in real mode, the second where translated code has it");
    check_call(form, SUPERVISOR_STATE, &map);
}

// MARK: Interrupts and the magic page

#include "layout.h"

#define DECREMENTER_REGISTER 22

static void set_decrementer(u32 value) {
    __asm__ volatile("mtdec %0" : : "r"(value));
}

static void interrupts_and_the_magic_page(void) {
    volatile u32 *takes_decrementer = (volatile u32 *)(unsigned long)TAKES_DECREMENTER;
    set_decrementer(0x7fffffff);
    *takes_decrementer = 1;
    ok(load_word(PAGE, INT_PENDING) == 0 && !trap, "magic page: int_pending is 0 while nothing waits");
    set_decrementer(1);
    for (u32 i = 0; i < 1000 && load_word(PAGE, INT_PENDING) != 1; i++) {
        wait_a_little();
    }
    ok(load_word(PAGE, INT_PENDING) == 1, "magic page: int_pending tells of an interrupt that MSR[EE] holds back");
    // r1 equals `critical`: no interrupt, although MSR[EE] is set.
    store(PAGE, CRITICAL, 0x5000);
    struct frame critical = {.gpr[1] = 0x5000, .gpr[3] = 200000};
    u64 enabled = supervisor_state() | MSR_EE;
    // mtctr r3; bdnz .
    const struct frame *after = RUN(enabled, &critical, 0x7c6903a6, 0x42000000);
    ok(finished(after), "magic page: no interrupt comes while critical equals r1");
    struct frame other = {.gpr[1] = 0x5008, .gpr[3] = 200000};
    after = RUN(enabled, &other, 0x7c6903a6, 0x42000000);
    equal((u32)after->vector, DECREMENTER, "the decrementer interrupts when nothing holds it back");
    store(PAGE, CRITICAL, 0);
    *takes_decrementer = 0;
    set_decrementer(0x7fffffff);
}

// MARK: Waking a vCPU

static volatile u32 step, woken;
static volatile word idle_status = 99;
static volatile u32 interrupts_in_idle;

// Waits for a step, then sleeps in H_CEDE, which enables interrupts: one that comes before ends it as well.
static void sleep_at(u32 when) {
    while (step != when) {
    }
    papr(H_CEDE, 0, 0, 0, 0);
    interrupts_off();
    woken = when;
}

static void other(void) {
    papr(H_CPPR, 0xff, 0, 0, 0);
    sleep_at(1);
    sleep_at(2);
    sleep_at(3);
    while (step != 4) {
    }
    u32 before = external_interrupts;
    idle_status = epapr(EV_IDLE, 0, 0);
    interrupts_in_idle = external_interrupts - before;
    woken = 4;
    interrupts_on();
    for (;;) {
        papr(H_CEDE, 0, 0, 0, 0);
    }
}

static void reach(volatile u32 *word, u32 value) {
    for (u32 i = 0; i < 1000 && *word != value; i++) {
        wait_a_little();
    }
}

static void wait_longer(void) {
    for (u32 i = 0; i < 50; i++) {
        wait_a_little();
    }
}

// A prod that comes before the vCPU sleeps is not what this is about, so there may be several.
static void prod_until(u32 value) {
    for (u32 i = 0; i < 50 && woken != value; i++) {
        papr(H_PROD, 1, 0, 0, 0);
        wait_longer();
    }
}

static void wake_ups(void) {
    step = 1;
    wait_longer();
    equal(woken, 0, "vCPU 1 sleeps in H_CEDE");
    equal((u32)papr(H_PROD, 1, 0, 0, 0), 0, "H_PROD succeeds");
    wait_longer();
    prod_until(1);
    equal(woken, 1, "H_PROD wakes it");
    papr(H_PROD, 1, 0, 0, 0);
    step = 2;
    reach(&woken, 2);
    equal(woken, 2, "H_PROD before H_CEDE is remembered");
    prod_until(2);
    equal(external_interrupts, 0, "and neither is an interrupt");
    step = 3;
    wait_longer();
    equal(woken, 2, "vCPU 1 sleeps in H_CEDE again");
    equal((u32)papr(H_IPI, 1, 4, 0, 0), 0, "H_IPI succeeds");
    reach(&woken, 3);
    equal(woken, 3, "H_IPI wakes it");
    equal(external_interrupts, 1, "with an interrupt");
    step = 4;
    wait_longer();
    ok(has_hypervisor && woken == 3, "EV_IDLE: vCPU 1 sleeps");
    papr(H_IPI, 1, 4, 0, 0);
    reach(&woken, 4);
    ok(woken == 4 && idle_status == 0, "EV_IDLE: H_IPI wakes it");
    ok(has_hypervisor && interrupts_in_idle == 0, "EV_IDLE: it leaves MSR[EE] as it was");
    reach(&external_interrupts, 2);
    equal(external_interrupts, 2, "the interrupt comes when MSR[EE] is set");
}

void machine_suite(void) {
    if (!has_hypervisor) {
        comment("no /hypervisor: what needs one fails");
    }
    epapr_family(BY_TREE);
    // What the instruction is to a user: a system call, or a PAPR call.
    u32 trap_of_user = tree_has_sc1 ? 0 : SYSTEM_CALL;
    check_refusals(BY_TREE, USER_STATE, kvm_calls, COUNT(kvm_calls), trap_of_user, H_PRIVILEGE);
    check_refusals(BY_TREE, USER_STATE, epapr_calls, COUNT(epapr_calls), trap_of_user, H_PRIVILEGE);
    epapr_family(BY_FORWARD);
    papr_family();
    services();
    magic_page(BY_TREE);
    interrupts_and_the_magic_page();
    if (!start_other(other)) {
        comment("one vCPU, so nobody wakes another");
        return;
    }
    wake_ups();
}
