// The hypercalls that every guest can count on, from the guest's side: KVM's features and magic page, what is not
// implemented, the idle call, and that user state has no hypercalls. Needs a hypervisor.

#include "runtime.h"

#define TOKEN(vendor, number) ((u32)(vendor) << 16 | (number))
#define LOCAL 0
#define EPAPR 1
#define FREESCALE 2
#define IBM 3
#define AMCC 7
#define KVM 42

#define KVM_FEATURES TOKEN(KVM, 3)
#define KVM_MAP_MAGIC_PAGE TOKEN(KVM, 4)
#define EV_IDLE TOKEN(EPAPR, 16)

#define SUCCESS 0
#define UNIMPLEMENTED 12

static struct frame registers;

static void fill(void) {
    for (u32 i = 0; i < 32; i++) {
        registers.gpr[i] = 0xa5000000 + i * 0x10101;
    }
    registers.cr = 0x12345678;
    registers.lr = 0x00badbad;
}

static const struct frame *call(u32 token) {
    fill();
    registers.gpr[11] = token;
    return hypercall(SUPERVISOR, &registers);
}

// The ABI lets a call change r0, r3 to r12, LR, CTR, XER and the condition register.
static int kept(const struct frame *f) {
    int same = f->gpr[1] == registers.gpr[1] && f->gpr[2] == registers.gpr[2];
    for (u32 i = 13; i < 32; i++) {
        same &= f->gpr[i] == registers.gpr[i];
    }
    return same && f->msr == SUPERVISOR;
}

static void features(void) {
    const struct frame *f = call(KVM_FEATURES);
    ok(finished(f), "KVM_HC_FEATURES returns to the next instruction");
    if (!finished(f)) {
        explain(f);
    }
    equal(f->gpr[3], SUCCESS, "with success");
    equal(f->gpr[4], 2, "and tells of the magic page");
    ok(kept(f), "registers that the ABI keeps are kept");
}

static void not_implemented(void) {
    static const struct {
        u32 token;
        const char *sentence;
    } calls[] = {
        {TOKEN(KVM, 0), "KVM's call 0 does not exist"},
        {TOKEN(KVM, 1), "KVM_HC_VAPIC_POLL_IRQ is another architecture's"},
        {TOKEN(KVM, 5), "KVM_HC_KICK_CPU is another architecture's"},
        {TOKEN(KVM, 9), "KVM_HC_CLOCK_PAIRING is another architecture's"},
        {TOKEN(KVM, 12), "KVM_HC_MAP_GPA_RANGE is another architecture's"},
        {TOKEN(KVM, 200), "KVM's call 200 does not exist"},
        {TOKEN(EPAPR, 0), "ePAPR's call 0 does not exist"},
        {TOKEN(EPAPR, 17), "ePAPR's call 17 does not exist"},
        {TOKEN(EPAPR, 0xffff), "ePAPR's call 65535 does not exist"},
        {TOKEN(FREESCALE, 0), "Freescale's call 0 does not exist"},
        {TOKEN(FREESCALE, 999), "Freescale's call 999 does not exist"},
        {TOKEN(LOCAL, 1), "vendor 0 has no calls"},
        {TOKEN(IBM, 1), "nor has IBM"},
        {TOKEN(AMCC, 1), "nor AMCC"},
        {TOKEN(0x1234, 3), "nor a vendor that does not exist"},
        {0xffffffff, "a token of ones is no call"},
    };
    for (u32 i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct frame *f = call(calls[i].token);
        ok(finished(f) && f->gpr[3] == UNIMPLEMENTED && kept(f), calls[i].sentence);
        if (!finished(f) || f->gpr[3] != UNIMPLEMENTED) {
            explain(f);
        }
    }
}

static void many(void) {
    u32 wrong = 0;
    for (u32 number = 0; number < 0x400; number++) {
        if (number == 3 || number == 4) {
            continue;
        }
        const struct frame *f = call(TOKEN(KVM, number));
        wrong += !finished(f) || f->gpr[3] != UNIMPLEMENTED;
    }
    equal(wrong, 0, "no other of KVM's first 1024 calls exists");
}

static void idle(void) {
    u32 length;
    if (!find_property("has-idle", &length)) {
        comment("the device tree does not offer EV_IDLE");
        return;
    }
    set_spr(SPR_TCR, 0);
    set_spr(SPR_TSR, 0xffffffff);
    set_spr(SPR_TCR, TCR_DIE);
    set_spr(SPR_DEC, 8000000);
    fill();
    registers.gpr[11] = EV_IDLE;
    u32 before = timebase();
    const struct frame *f = hypercall(SUPERVISOR | MSR_EE, &registers);
    u32 elapsed = timebase() - before;
    equal(f->vector, DECREMENTER, "EV_IDLE ends in the decrementer's interrupt");
    ok(elapsed >= 4000000, "when it is time for that, and not before");
    equal(f->gpr[3], SUCCESS, "with success");
    ok(f->pc > registers.pc && f->pc <= registers.pc + 16, "and goes on after the call");

    // One that is already there: there is nothing to wait for.
    f = hypercall(SUPERVISOR | MSR_EE, &registers);
    equal(f->vector, DECREMENTER, "EV_IDLE does not wait when an interrupt waits");
    set_spr(SPR_TCR, 0);
    set_spr(SPR_TSR, 0xffffffff);
}

static void user_state(void) {
    fill();
    registers.gpr[11] = KVM_FEATURES;
    const struct frame *f = hypercall(USER, &registers);
    int has_level_1 = 0;
    u32 at = 0;
    for (u32 i = 0; i < hypercall_count; i++) {
        if ((hypercall_words[i] & 0xfc000002) == 0x44000002) {
            at = i;
            has_level_1 = (hypercall_words[i] & 0x20) != 0;
        }
    }
    if (has_level_1) {
        ok(f->vector == PROGRAM && f->esr == ESR_PPR, "the hypercall is privileged in user state");
        equal(f->pc, registers.pc + at * 4, "SRR0 holds the instruction");
    } else {
        equal(f->vector, SYSTEM_CALL, "the hypercall is an ordinary system call in user state");
        equal(f->pc, registers.pc + at * 4 + 4, "SRR0 holds the next instruction");
    }
    equal(f->gpr[3], registers.gpr[3], "r3 stays");
    equal(f->gpr[4], registers.gpr[4], "r4 stays");
    equal(f->msr & MSR_PR, MSR_PR, "SRR1 says user state");

    fill();
    registers.gpr[0] = 4;
    f = RUN(SUPERVISOR, &registers, INSTR_SC);
    equal(f->vector, SYSTEM_CALL, "a system call of the supervisor without the hypervisor's signature is one");
}

static void magic_page(void) {
    fill();
    registers.gpr[3] = 0xfffff000;
    registers.gpr[4] = 0xfffff000;
    registers.gpr[11] = KVM_MAP_MAGIC_PAGE;
    const struct frame *f = hypercall(SUPERVISOR, &registers);
    ok(finished(f), "KVM_HC_PPC_MAP_MAGIC_PAGE returns");
    equal(f->gpr[3], SUCCESS, "with success");
    equal(f->gpr[4], 3, "and tells what the page holds");
    ok(kept(f), "registers that the ABI keeps are kept");
    f = call(KVM_FEATURES);
    ok(finished(f) && f->gpr[3] == SUCCESS && f->gpr[4] == 2 && kept(f), "hypercalls work as before with the page mapped");
}

static void entry(void) {
    equal(entry_r6, 0x45504150, "r6 at entry is the ePAPR magic");
    ok(entry_r7 >= 0x1000000 && !(entry_r7 & (entry_r7 - 1)), "r7 at entry is the size of the first mapping");
}

void program(void) {
    if (!hypercall_count) {
        skip_all("no /hypervisor");
    }
    entry();
    features();
    not_implemented();
    many();
    user_state();
    idle();
    magic_page();
    idle();
}
