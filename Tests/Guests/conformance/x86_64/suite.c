// KVM's hypercalls on x86: Linux's Documentation/virt/kvm/x86/hypercalls.rst and kvm_emulate_hypercall.
#include "conformance.h"
#include "vcpus.h"

#define EPERM ((word)-1)
#define EFAULT ((word)-14)
#define EINVAL ((word)-22)
#define EOPNOTSUPP ((word)-95)

#define KVM_HC_VAPIC_POLL_IRQ 1
#define KVM_HC_KICK_CPU 5
#define KVM_HC_CLOCK_PAIRING 9
#define KVM_HC_SEND_IPI 10
#define KVM_HC_SCHED_YIELD 11
#define KVM_HC_MAP_GPA_RANGE 12

#define KVM_CPUID_SIGNATURE 0x40000000
#define KVM_CPUID_FEATURES 0x40000001
#define FEATURE_PV_UNHALT (1u << 7)
#define FEATURE_PV_SEND_IPI (1u << 11)
#define FEATURE_PV_SCHED_YIELD (1u << 13)
#define FEATURE_MAP_GPA_RANGE (1u << 16)

#define ABSENT 77 // an APIC id that no vCPU has
#define NMI (4 << 8)

static struct clock {
    long long seconds, nanoseconds;
    u64 counter;
    u32 flags, padding[9];
} clock __attribute__((aligned(64)));
static u32 features;

// MARK: Enumeration

static void enumeration(void) {
    ok(cpuid(1).ecx >> 31, "CPUID 1 says that there is a hypervisor");
    struct cpuid signature = cpuid(KVM_CPUID_SIGNATURE);
    equal(signature.ebx, 0x4b4d564b, "CPUID 0x40000000: ebx of KVM's signature");
    equal(signature.ecx, 0x564b4d56, "CPUID 0x40000000: ecx of KVM's signature");
    equal(signature.edx, 0x4d, "CPUID 0x40000000: edx of KVM's signature");
    ok(signature.eax >= KVM_CPUID_FEATURES && signature.eax < 0x40000100, "CPUID 0x40000000 names the last leaf");
    features = cpuid(KVM_CPUID_FEATURES).eax;
    put("# features ");
    put_hex(features);
    put("\n");
    ok(features & FEATURE_PV_UNHALT, "CPUID 0x40000001 offers KVM_HC_KICK_CPU");
    ok(features & FEATURE_PV_SEND_IPI, "CPUID 0x40000001 offers KVM_HC_SEND_IPI");
    ok(features & FEATURE_PV_SCHED_YIELD, "CPUID 0x40000001 offers KVM_HC_SCHED_YIELD");
}

// MARK: Single calls

static const struct call calls[] = {
    {.name = "call 0 does not exist", .number = 0, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_VAPIC_POLL_IRQ succeeds", .number = KVM_HC_VAPIC_POLL_IRQ},
    {.name = "KVM_HC_MMU_OP is deprecated", .number = 2, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_FEATURES is PowerPC's", .number = 3, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_PPC_MAP_MAGIC_PAGE is PowerPC's", .number = 4, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_KICK_CPU of nobody succeeds", .number = KVM_HC_KICK_CPU, .arguments = {0, ABSENT}, .count = 2},
    {.name = "KVM_HC_MIPS_GET_CLOCK_FREQ is MIPS's", .number = 6, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MIPS_EXIT_VM is MIPS's", .number = 7, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_MIPS_CONSOLE_OUTPUT is MIPS's", .number = 8, .status = NO_SUCH_CALL},
    {.name = "KVM_HC_CLOCK_PAIRING of an unknown clock is not supported",
     .number = KVM_HC_CLOCK_PAIRING, .arguments = {(word)&clock, 1}, .count = 2, .status = EOPNOTSUPP},
    {.name = "KVM_HC_SEND_IPI to nobody reaches nobody",
     .number = KVM_HC_SEND_IPI, .arguments = {0, 0, 0, WAKE_VECTOR}, .count = 4},
    {.name = "KVM_HC_SEND_IPI to an absent vCPU reaches nobody",
     .number = KVM_HC_SEND_IPI, .arguments = {1, 0, ABSENT, WAKE_VECTOR}, .count = 4},
    {.name = "KVM_HC_SEND_IPI from 2^32 - 1 on reaches nobody",
     .number = KVM_HC_SEND_IPI, .arguments = {~0ul, ~0ul, 0xffffffff, WAKE_VECTOR}, .count = 4},
    {.name = "KVM_HC_SEND_IPI refuses a destination in the command",
     .number = KVM_HC_SEND_IPI, .arguments = {1, 0, 0, 1 << 18 | WAKE_VECTOR}, .count = 4, .status = EINVAL},
    {.name = "KVM_HC_SEND_IPI refuses logical destinations",
     .number = KVM_HC_SEND_IPI, .arguments = {1, 0, 0, 1 << 11 | WAKE_VECTOR}, .count = 4, .status = EINVAL},
    {.name = "KVM_HC_SCHED_YIELD to nobody succeeds", .number = KVM_HC_SCHED_YIELD, .arguments = {ABSENT}, .count = 1},
    {.name = "KVM_HC_SCHED_YIELD to oneself succeeds", .number = KVM_HC_SCHED_YIELD, .arguments = {0}, .count = 1},
    {.name = "call 13 does not exist", .number = 13, .status = NO_SUCH_CALL},
    {.name = "PowerPC's token of KVM_HC_FEATURES is no number", .number = 0x2a0003, .status = NO_SUCH_CALL},
    {.name = "ePAPR's token of EV_IDLE is no number", .number = 0x10010, .status = NO_SUCH_CALL},
    {.name = "2^32 - 1 does not exist", .number = 0xffffffff, .status = NO_SUCH_CALL},
    {.name = "2^64 - 1 does not exist", .number = ~0ul, .status = NO_SUCH_CALL},
};

// With the upper halves that 64-bit mode must mind.
static const struct call wide_calls[] = {
    {.name = "all 64 bits are the number", .number = 1ul << 32 | KVM_HC_VAPIC_POLL_IRQ, .status = NO_SUCH_CALL},
    {.name = "all 64 bits are the clock",
     .number = KVM_HC_CLOCK_PAIRING, .arguments = {(word)&clock, 1ul << 32}, .count = 2, .status = EOPNOTSUPP},
};

// And with those that a narrow mode must not.
#define GARBAGE 0xdeadbeef00000000
#define NARROW(status) ((word)(u32)(status))
static const struct call narrow_calls[] = {
    {.name = "the number has 32 bits", .number = GARBAGE | KVM_HC_VAPIC_POLL_IRQ},
    {.name = "an unknown number gets 32 bits of status", .number = GARBAGE | 13, .status = NARROW(NO_SUCH_CALL)},
    {.name = "KVM_HC_MMU_OP is deprecated", .number = 2, .status = NARROW(NO_SUCH_CALL)},
    {.name = "the APIC id of KVM_HC_KICK_CPU has 32 bits",
     .number = KVM_HC_KICK_CPU, .arguments = {GARBAGE, GARBAGE | ABSENT}, .count = 2},
    {.name = "the clock of KVM_HC_CLOCK_PAIRING has 32 bits",
     .number = KVM_HC_CLOCK_PAIRING, .arguments = {(word)&clock, GARBAGE | 1}, .count = 2,
     .status = NARROW(EOPNOTSUPP)},
    {.name = "the address of KVM_HC_CLOCK_PAIRING has 32 bits",
     .number = KVM_HC_CLOCK_PAIRING, .arguments = {(word)&clock + GARBAGE, GARBAGE}, .count = 2},
    {.name = "the command of KVM_HC_SEND_IPI has 32 bits",
     .number = KVM_HC_SEND_IPI, .arguments = {GARBAGE, GARBAGE, GARBAGE, GARBAGE | 1 << 18 | WAKE_VECTOR}, .count = 4,
     .status = NARROW(EINVAL)},
    {.name = "the words of KVM_HC_SEND_IPI have 32 bits",
     .number = KVM_HC_SEND_IPI, .arguments = {GARBAGE, GARBAGE, GARBAGE, GARBAGE | WAKE_VECTOR}, .count = 4},
    {.name = "KVM_HC_SCHED_YIELD succeeds", .number = KVM_HC_SCHED_YIELD, .arguments = {GARBAGE | ABSENT}, .count = 1},
};

static void single_calls(u32 form) {
    check_calls(form, SUPERVISOR_STATE, calls, COUNT(calls));
    check_calls(form, SUPERVISOR_STATE, wide_calls, COUNT(wide_calls));
    check_calls(form, NARROW_SUPERVISOR_STATE, narrow_calls, COUNT(narrow_calls));
    check_refusals(form, USER_STATE, calls, COUNT(calls), 0, EPERM);
    check_refusals(form, NARROW_USER_STATE, narrow_calls, COUNT(narrow_calls), 0, NARROW(EPERM));
    static const struct call known[] = {{.number = 1}, {.number = 5}, {.number = 9}, {.number = 10}, {.number = 11},
                                        {.number = 12}};
    check_no_other(form, known, COUNT(known), 0, 256, 0, NO_SUCH_CALL);
}

static void clock_pairing(u32 form) {
    for (u32 i = 0; i < sizeof clock / 4; i++) {
        ((volatile u32 *)&clock)[i] = 0xffffffff;
    }
    const struct call wall = {.name = "KVM_HC_CLOCK_PAIRING of the wall clock succeeds",
                              .number = KVM_HC_CLOCK_PAIRING, .arguments = {(word)&clock, 0}, .count = 2};
    check_call(form, SUPERVISOR_STATE, &wall);
    ok(clock.seconds > 1500000000 && clock.nanoseconds >= 0 && clock.nanoseconds < 1000000000,
       join(form_names[form], ": KVM_HC_CLOCK_PAIRING tells the time"));
    ok(clock.flags == 0 && clock.padding[8] == 0, join(form_names[form], ": KVM_HC_CLOCK_PAIRING clears the rest"));
    const struct call fault = {.name = "KVM_HC_CLOCK_PAIRING where no memory is fails",
                               .number = KVM_HC_CLOCK_PAIRING, .arguments = {0xd0000000, 0}, .count = 2,
                               .status = EFAULT};
    check_call(form, SUPERVISOR_STATE, &fault);
}

static void map_gpa_range(u32 form) {
    static const struct call offered[] = {
        {.name = "KVM_HC_MAP_GPA_RANGE takes a page",
         .number = KVM_HC_MAP_GPA_RANGE, .arguments = {0x200000, 1, 0}, .count = 3},
        {.name = "KVM_HC_MAP_GPA_RANGE refuses half a page",
         .number = KVM_HC_MAP_GPA_RANGE, .arguments = {0x200800, 1, 0}, .count = 3, .status = EINVAL},
        {.name = "KVM_HC_MAP_GPA_RANGE refuses no page",
         .number = KVM_HC_MAP_GPA_RANGE, .arguments = {0x200000, 0, 0}, .count = 3, .status = EINVAL},
        {.name = "KVM_HC_MAP_GPA_RANGE refuses a range that wraps",
         .number = KVM_HC_MAP_GPA_RANGE, .arguments = {0x200000, ~0ul, 0}, .count = 3, .status = EINVAL},
        {.name = "KVM_HC_MAP_GPA_RANGE refuses reserved attributes",
         .number = KVM_HC_MAP_GPA_RANGE, .arguments = {0x200000, 1, 0x20}, .count = 3, .status = EINVAL},
    };
    if (features & FEATURE_MAP_GPA_RANGE) {
        check_calls(form, SUPERVISOR_STATE, offered, COUNT(offered));
    } else {
        check_refusals(form, SUPERVISOR_STATE, offered, COUNT(offered), 0, NO_SUCH_CALL);
    }
}

// MARK: Waking a vCPU

enum command { HALT_WITHOUT_INTERRUPTS = 1, HALT_WITH_INTERRUPTS };

#define PATIENCE 20000000

void serve(struct vcpu *self) {
    enable_local_apic();
    self->started = 1;
    for (u32 done = 0;;) {
        while (self->command == done) {
            pause();
        }
        done = self->command;
        self->done = done << 1 | 1; // goes to sleep
        if ((done & 3) == HALT_WITH_INTERRUPTS) {
            __asm__ volatile("sti; hlt; cli" ::: "memory");
        } else {
            __asm__ volatile("hlt" ::: "memory");
        }
        self->done = done << 1;
    }
}

static int eventually(volatile u32 *word, u32 value) {
    for (u32 i = 0; i < PATIENCE && *word != value; i++) {
        pause();
    }
    return *word == value;
}

static u32 commands;

static int still_sleeps(void) {
    for (u32 i = 0; i < 200000; i++) {
        pause();
    }
    return vcpus[1].done == (vcpus[1].command << 1 | 1);
}

// Whether vCPU 1 goes to sleep and stays so for a while.
static int sleeps(enum command command) {
    u32 number = ++commands << 2 | command;
    vcpus[1].command = number;
    if (!eventually(&vcpus[1].done, number << 1 | 1)) {
        return 0;
    }
    return still_sleeps();
}

static int wakes(void) {
    return eventually(&vcpus[1].done, vcpus[1].command << 1);
}

static void reached(u32 form, enum mode mode, word first, word second, word lowest, word command, word count,
                    const char *sentence) {
    const struct call call = {.name = sentence, .number = KVM_HC_SEND_IPI,
                              .arguments = {first, second, lowest, command}, .count = 4, .status = count};
    check_call(form, mode, &call);
}

static void wake_ups(u32 form) {
    const char *name = form_names[form];
    const struct call kick = {.name = "KVM_HC_KICK_CPU of vCPU 1 succeeds",
                              .number = KVM_HC_KICK_CPU, .arguments = {0, 1}, .count = 2};
    const struct call yield = {.name = "KVM_HC_SCHED_YIELD to vCPU 1 succeeds",
                               .number = KVM_HC_SCHED_YIELD, .arguments = {1}, .count = 1};
    check_call(form, SUPERVISOR_STATE, &yield);

    ok(sleeps(HALT_WITHOUT_INTERRUPTS), join(name, ": vCPU 1 halts with interrupts off"));
    check_call(form, SUPERVISOR_STATE, &kick);
    ok(wakes(), join(name, ": KVM_HC_KICK_CPU wakes it"));

    check_call(form, SUPERVISOR_STATE, &kick);
    vcpus[1].command = ++commands << 2 | HALT_WITHOUT_INTERRUPTS;
    ok(wakes(), join(name, ": KVM_HC_KICK_CPU before HLT keeps it awake"));

    u32 woken = vcpus[1].woken;
    ok(sleeps(HALT_WITH_INTERRUPTS), join(name, ": vCPU 1 halts with interrupts on"));
    reached(form, SUPERVISOR_STATE, 2, 0, 0, WAKE_VECTOR, 1, "KVM_HC_SEND_IPI reaches vCPU 1");
    ok(wakes() && vcpus[1].woken == woken + 1, join(name, ": and wakes it with the interrupt"));

    ok(sleeps(HALT_WITH_INTERRUPTS), join(name, ": vCPU 1 halts again"));
    reached(form, SUPERVISOR_STATE, 1, 0, 1, WAKE_VECTOR, 1, "KVM_HC_SEND_IPI counts from its lowest id");
    ok(wakes() && vcpus[1].woken == woken + 2, join(name, ": and wakes it with the interrupt, too"));

    ok(sleeps(HALT_WITHOUT_INTERRUPTS), join(name, ": vCPU 1 halts without interrupts"));
    reached(form, SUPERVISOR_STATE, 2, 0, 0, WAKE_VECTOR, 1, "KVM_HC_SEND_IPI counts a vCPU that does not listen");
    ok(still_sleeps(), join(name, ": and leaves it asleep"));
    check_call(form, SUPERVISOR_STATE, &kick);
    ok(wakes() && vcpus[1].woken == woken + 2, join(name, ": KVM_HC_KICK_CPU wakes it all the same"));
    vcpus[1].command = ++commands << 2 | HALT_WITH_INTERRUPTS;
    ok(wakes() && vcpus[1].woken == woken + 3, join(name, ": and the interrupt comes when it listens"));

    u32 nonmaskable = vcpus[1].nonmaskable;
    ok(sleeps(HALT_WITHOUT_INTERRUPTS), join(name, ": vCPU 1 halts with interrupts off again"));
    reached(form, SUPERVISOR_STATE, 2, 0, 0, NMI, 1, "KVM_HC_SEND_IPI sends a non-maskable interrupt");
    ok(wakes() && vcpus[1].nonmaskable == nonmaskable + 1, join(name, ": and wakes it with that"));

    ok(sleeps(HALT_WITH_INTERRUPTS), join(name, ": vCPU 1 halts once more"));
    reached(form, NARROW_SUPERVISOR_STATE, GARBAGE | 2, GARBAGE, GARBAGE, GARBAGE | WAKE_VECTOR, 1,
            "KVM_HC_SEND_IPI reaches vCPU 1");
    ok(wakes() && vcpus[1].woken == woken + 4, join(name, ": and wakes it from a narrow mode"));
    reached(form, SUPERVISOR_STATE, 0, 2, 0, WAKE_VECTOR, 0, "KVM_HC_SEND_IPI's second word is 64 ids above the first");
    reached(form, USER_STATE, 2, 0, 0, WAKE_VECTOR, EPERM, "KVM_HC_SEND_IPI is not for users");
    ok(vcpus[1].woken == woken + 4, join(name, ": and vCPU 1 hears nothing of these"));
}

void machine_suite(void) {
    if (!(cpuid(1).ecx >> 31) || cpuid(KVM_CPUID_SIGNATURE).ebx != 0x4b4d564b) {
        skip_all("CPUID does not show KVM");
    }
    enumeration();
    enable_local_apic();
    for (u32 form = 0; form < form_count; form++) {
        single_calls(form);
        clock_pairing(form);
        map_gpa_range(form);
    }
    if (vcpu_count < 2) {
        comment("one vCPU, so nobody wakes another");
        return;
    }
    ok(eventually((volatile u32 *)&vcpus[1].started, 1), "vCPU 1 starts");
    for (u32 form = 0; form < form_count; form++) {
        wake_ups(form);
    }
}
