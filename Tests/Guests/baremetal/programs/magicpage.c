// The magic page from the guest's side: once mapped, it is this processor's storage of the registers that it has a place for.
// Needs a hypervisor that offers it.

#include "runtime.h"

#define KVM_FEATURES (42u << 16 | 3)
#define KVM_MAP_MAGIC_PAGE (42u << 16 | 4)

#define PAGE 0xfffff000
#define ELSEWHERE 0xfffe0000

// Offsets in the page, of the low word where a field has 64 bits.
#define CRITICAL 0x1c
#define SPRG(n) (0x24 + 8 * (n))
#define SRR0 0x44
#define SRR1 0x4c
#define DAR 0x54
#define MSR 0x5c
#define INT_PENDING 0x64
#define MAS0 0xa8
#define MAS1 0xac
#define MAS7 0xb0
#define MAS3 0xb4
#define MAS2 0xbc
#define MAS4 0xc0
#define MAS6 0xc4
#define ESR 0xc8
#define PIR 0xcc
#define SPRG_HIGH(n) (0xd4 + 8 * ((n) - 4))

static struct frame registers;

static u32 field(u32 offset) {
    return read32(PAGE + offset);
}

static void set_field(u32 offset, u32 value) {
    write32(PAGE + offset, value);
}

static const struct frame *map(u32 address_and_flags) {
    registers.gpr[3] = address_and_flags & ~0xfffu;
    registers.gpr[4] = address_and_flags;
    registers.gpr[11] = KVM_MAP_MAGIC_PAGE;
    return hypercall(SUPERVISOR, &registers);
}

static const struct frame *load(u32 msr, u32 ea) {
    registers.gpr[4] = ea;
    return RUN(msr, &registers, INSTR_LWZ(3, 0, 4));
}

static void stop_timers(void) {
    set_spr(SPR_TCR, 0);
    set_spr(SPR_DEC, 0);
    set_spr(SPR_TSR, 0xffffffff);
}

// Leaves a decrementer interrupt pending, with interrupts off.
static void pend_decrementer(void) {
    stop_timers();
    set_spr(SPR_TCR, TCR_DIE);
    set_spr(SPR_DEC, 1);
    while (!(get_spr(SPR_TSR) & TSR_DIS)) {
    }
}

static void mapping(void) {
    ok(load(SUPERVISOR, PAGE)->vector == DATA_TLB_ERROR, "before it is mapped, nothing is at its address");
    const struct frame *f = map(PAGE);
    ok(finished(f) && f->gpr[3] == 0, "mapping it succeeds");
    ok(finished(load(SUPERVISOR, PAGE)), "then the supervisor can read it");
    ok(finished(load(SUPERVISOR | MSR_DS, PAGE)), "in both address spaces");
    set_spr(SPR_PID, 9);
    ok(finished(load(SUPERVISOR, PAGE)), "and in every process");
    set_spr(SPR_PID, 0);

    f = load(USER, PAGE + 0x58);
    equal(f->vector, DATA_TLB_ERROR, "user state does not see it");
    equal(f->dear, PAGE + 0x58, "but misses at its address");
    registers.gpr[3] = 0;
    registers.gpr[4] = PAGE;
    equal(RUN(USER, &registers, INSTR_STW(3, MSR, 4))->vector, DATA_TLB_ERROR, "nor can it store there");
}

static void registers_in_page(void) {
    static const struct {
        u32 spr, offset, mask;
        const char *to_page, *from_page;
    } fields[] = {
        {SPR_SPRG0, SPRG(0), ~0u, "SPRG0 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 1, SPRG(1), ~0u, "SPRG1 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 2, SPRG(2), ~0u, "SPRG2 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 3, SPRG(3), ~0u, "SPRG3 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 4, SPRG_HIGH(4), ~0u, "SPRG4 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 5, SPRG_HIGH(5), ~0u, "SPRG5 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 6, SPRG_HIGH(6), ~0u, "SPRG6 goes to the page", "and comes from it"},
        {SPR_SPRG0 + 7, SPRG_HIGH(7), ~0u, "SPRG7 goes to the page", "and comes from it"},
        {SPR_DEAR, DAR, ~0u, "DEAR goes to the page", "and comes from it"},
        {SPR_ESR, ESR, 0x0fe00000, "ESR goes to the page", "and comes from it"},
        {SPR_MAS0, MAS0, 0x100f0003, "MAS0 goes to the page", "and comes from it"},
        {SPR_MAS1, MAS1, 0xc0ff1f00, "MAS1 goes to the page", "and comes from it"},
        {SPR_MAS2, MAS2, 0xfffff01f, "MAS2 goes to the page", "and comes from it"},
        {SPR_MAS3, MAS3, 0xfffff03f, "MAS3 goes to the page", "and comes from it"},
        {SPR_MAS4, MAS4, 0x10010f1f, "MAS4 goes to the page", "and comes from it"},
        {SPR_MAS6, MAS6, 0x00ff0001, "MAS6 goes to the page", "and comes from it"},
        {SPR_MAS7, MAS7, 0x0000000f, "MAS7 goes to the page", "and comes from it"},
    };
    for (u32 i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        // In one run each, with no interrupt in between: a miss would write some of them.
        u32 value = 0xdeadbeef & fields[i].mask;
        registers.gpr[3] = value;
        registers.gpr[5] = PAGE;
        const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_MTSPR(fields[i].spr, 3), INSTR_LWZ(4, fields[i].offset, 5));
        ok(finished(f) && f->gpr[4] == value, fields[i].to_page);
        if (f->gpr[4] != value) {
            explain(f);
        }
        value = 0x5a5a5a5a & fields[i].mask;
        registers.gpr[3] = value;
        f = RUN(SUPERVISOR, &registers, INSTR_STW(3, fields[i].offset, 5), INSTR_MFSPR(4, fields[i].spr));
        ok(finished(f) && (f->gpr[4] & fields[i].mask) == value, fields[i].from_page);
        if ((f->gpr[4] & fields[i].mask) != value) {
            explain(f);
        }
    }

    // What SPRG3 and SPRG4-7 hold can be read through their other numbers as well.
    registers.gpr[3] = 0x600df00d;
    registers.gpr[5] = PAGE;
    const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_STW(3, SPRG_HIGH(4), 5), INSTR_MFSPR(4, 260));
    equal(f->gpr[4], 0x600df00d, "SPRG4 read by its user number comes from the page");
    f = RUN(SUPERVISOR, &registers, INSTR_STW(3, SPRG(3), 5), INSTR_MFSPR(4, 259));
    equal(f->gpr[4], 0x600df00d, "so does SPRG3");

    equal(field(PIR), get_spr(SPR_PIR), "PIR is in the page");
    set_field(MAS0, MAS0_TLBSEL(1));
}

static void tlb_through_page(void) {
    // A TLB entry written by stores to the page and tlbwe alone, read back into the page by tlbre.
    set_field(MAS0, MAS0_TLBSEL(1) | MAS0_ESEL(6));
    set_field(MAS1, MAS1_VALID | MAS1_TSIZE(SIZE_4K));
    set_field(MAS2, 0x40000000 | MAS2_M);
    set_field(MAS3, SCRATCH | MAS3_SR | MAS3_SW);
    set_field(MAS7, 0);
    privileged(INSTR_TLBWE);
    write32(SCRATCH, 0x13579bdf);
    const struct frame *f = load(SUPERVISOR, 0x40000000);
    ok(finished(f) && f->gpr[3] == 0x13579bdf, "tlbwe takes MAS from the page");
    set_field(MAS0, MAS0_TLBSEL(1) | MAS0_ESEL(6));
    set_field(MAS1, 0);
    set_field(MAS2, 0);
    set_field(MAS3, 0);
    privileged(INSTR_TLBRE);
    equal(field(MAS3), SCRATCH | MAS3_SR | MAS3_SW, "tlbre puts MAS into the page");
    equal(field(MAS2), 0x40000000 | MAS2_M, "all of it");
    set_field(MAS1, 0);
    privileged(INSTR_TLBWE);

    set_field(MAS4, MAS4_TSIZED(SIZE_4K) | MAS2_M);
    load(SUPERVISOR, 0x40002345);
    equal(field(MAS2), 0x40002000 | MAS2_M, "a TLB miss puts MAS into the page");
    equal(field(MAS1) & MAS1_VALID, MAS1_VALID, "ready to be written");
}

static void interrupt_entry(void) {
    const struct frame *f = load(SUPERVISOR, 0x40002344);
    u32 at = registers.pc;
    // `execute` has not touched SRR0 and SRR1 since.
    equal(field(SRR0), at, "an interrupt puts SRR0 into the page");
    equal(field(SRR1), SUPERVISOR, "and SRR1");
    equal(field(DAR), 0x40002344, "and DEAR");
    equal(field(ESR) & ESR_ST, 0, "and ESR, of a load");
    ok(f->pc == at && f->dear == 0x40002344, "where mfspr finds them");
    registers.gpr[4] = 0x40002344;
    RUN(SUPERVISOR, &registers, INSTR_STW(3, 0, 4));
    equal(field(ESR) & ESR_ST, ESR_ST, "and of a store");
    RUN(USER, &registers, INSTR_SC);
    equal(field(SRR1) & MSR_PR, MSR_PR, "a system call puts the user's state into it");
    equal(field(MSR) & MSR_PR, 0, "while MSR in the page is the supervisor's");

    u32 target = assemble(0, 0) + 0x20;
    registers.gpr[3] = target;
    registers.gpr[4] = SUPERVISOR | MSR_DS;
    registers.gpr[5] = PAGE;
    f = RUN(SUPERVISOR, &registers, INSTR_STW(3, SRR0, 5), INSTR_STW(4, SRR1, 5), INSTR_RFI, INSTR_TRAP, INSTR_TRAP, INSTR_TRAP,
            INSTR_TRAP, INSTR_TRAP, INSTR_LI(6, 5), INSTR_SC);
    ok(f->vector == SYSTEM_CALL && f->pc == target + 8, "rfi goes where the page says");
    equal(f->msr, SUPERVISOR | MSR_DS, "in the state that it says");
}

static void state_in_page(void) {
    registers.gpr[5] = PAGE;
    const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_LWZ(3, MSR, 5), INSTR_MFMSR(4));
    equal(f->gpr[3], f->gpr[4], "MSR in the page is MSR");
    f = RUN(SUPERVISOR | MSR_DS, &registers, INSTR_LWZ(3, MSR, 5));
    equal(f->gpr[3], SUPERVISOR | MSR_DS, "with what rfi made of it");
    stop_timers();
    f = RUN(SUPERVISOR, &registers, INSTR_WRTEEI(1), INSTR_LWZ(3, MSR, 5), INSTR_WRTEEI(0), INSTR_LWZ(4, MSR, 5));
    equal(f->gpr[3] & MSR_EE, MSR_EE, "wrteei 1 sets MSR[EE] in the page");
    equal(f->gpr[4] & MSR_EE, 0, "wrteei 0 clears it");
    registers.gpr[3] = SUPERVISOR | MSR_EE;
    f = RUN(SUPERVISOR, &registers, INSTR_STW(3, MSR, 5), INSTR_MFMSR(4));
    equal(f->gpr[4], SUPERVISOR | MSR_EE, "a store of MSR[EE] counts as MSR[EE]");
    equal(f->msr, SUPERVISOR | MSR_EE, "also to an interrupt");
}

static void pending(void) {
    stop_timers();
    privileged(INSTR_NOP);
    equal(field(INT_PENDING), 0, "with nothing to deliver, int_pending is zero");
    pend_decrementer();
    equal(field(INT_PENDING), 1, "with an interrupt that waits for MSR[EE], it is one");

    // What the kernel's trampolines do: a plain store of EE, a look at int_pending, and wrtee if there is something.
    registers.gpr[3] = SUPERVISOR | MSR_EE;
    registers.gpr[5] = PAGE;
    registers.ctr = 100000;
    const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_STW(3, MSR, 5), INSTR_WRTEE(3), INSTR_BDNZ_SELF);
    equal(f->vector, DECREMENTER, "after a store of MSR[EE], wrtee delivers it");
    ok(f->pc == registers.pc + 4 || f->pc == registers.pc + 8, "there and then");
    equal(f->msr & MSR_EE, MSR_EE, "SRR1 holds the stored EE");
    equal(field(MSR) & MSR_EE, 0, "MSR in the page is off again");
    set_spr(SPR_TSR, TSR_DIS);
    privileged(INSTR_NOP);
    equal(field(INT_PENDING), 0, "once the cause is gone, int_pending is zero");
    stop_timers();
}

static void critical_section(void) {
    pend_decrementer();
    // The kernel's trampolines set critical to r1 while they hold registers that an interrupt would lose.
    registers.gpr[1] = 0x00123450;
    registers.gpr[3] = SUPERVISOR | MSR_EE;
    registers.gpr[5] = PAGE;
    registers.gpr[6] = 0;
    registers.ctr = 100000;
    const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_STW(1, CRITICAL, 5), INSTR_WRTEEI(1), INSTR_BDNZ_SELF);
    ok(finished(f), "while critical equals r1, the supervisor is not interrupted");
    equal(f->msr & MSR_EE, MSR_EE, "though MSR[EE] is on");
    f = RUN(SUPERVISOR, &registers, INSTR_WRTEEI(1), INSTR_BDNZ_SELF, INSTR_STW(6, CRITICAL, 5), INSTR_WRTEEI(1), INSTR_NOP);
    equal(f->vector, DECREMENTER, "when it no longer does, the next wrteei delivers");
    equal(f->pc, registers.pc + 16, "right after it");

    set_field(CRITICAL, 0x00123450);
    registers.ctr = 100000;
    f = RUN(USER | MSR_EE, &registers, INSTR_BDNZ_SELF);
    ok(f->vector == DECREMENTER && (f->msr & MSR_PR), "critical says nothing about user state");

    // Deliberately not equal: another stack.
    registers.gpr[1] = 0x00123460;
    f = RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP);
    equal(f->vector, DECREMENTER, "critical with another value holds nothing back");
    set_field(CRITICAL, 0);
    stop_timers();
}

static void moving(void) {
    set_spr(SPR_SPRG0, 0x01020304);
    const struct frame *f = map(ELSEWHERE | 1);
    ok(finished(f) && f->gpr[3] == 0, "mapping again, with a flag in the low bits of the address, succeeds");
    equal(f->gpr[4], 3, "and tells the same");
    f = load(SUPERVISOR, ELSEWHERE + SPRG(0));
    ok(finished(f) && f->gpr[3] == 0x01020304, "the page is at the new address");
    ok(load(SUPERVISOR, PAGE)->vector == DATA_TLB_ERROR, "and no longer at the old one");
    map(PAGE);
    f = load(SUPERVISOR, PAGE + SPRG(0));
    ok(finished(f) && f->gpr[3] == 0x01020304, "and it can come back");
}

static void tlb_beneath(void) {
    // A mapping of the guest's own at the same address is behind the page in supervisor state, and there in user state.
    write32(SCRATCH + SPRG(0), 0xcafecafe);
    write_tlb(MAS0_TLBSEL(0), MAS1_VALID | MAS1_TSIZE(SIZE_4K), PAGE, SCRATCH | 0x3f, 0);
    set_spr(SPR_SPRG0, 0x0badf00d);
    equal(load(SUPERVISOR, PAGE + SPRG(0))->gpr[3], 0x0badf00d, "the page goes before a TLB entry for its address");
    equal(load(USER, PAGE + SPRG(0))->gpr[3], 0xcafecafe, "which user state sees");
    invalidate_tlb0();
    ok(finished(load(SUPERVISOR, PAGE)), "invalidating the TLB leaves the page");
}

void program(void) {
    if (!hypercall_count) {
        skip_all("no /hypervisor");
    }
    registers.gpr[11] = KVM_FEATURES;
    const struct frame *f = hypercall(SUPERVISOR, &registers);
    if (!finished(f) || f->gpr[3] != 0 || !(f->gpr[4] & 2)) {
        skip_all("no magic page");
    }
    // A stack pointer of zero would equal what `critical` is at first, and hold every interrupt back.
    registers.gpr[1] = 0x00100000;
    mapping();
    registers_in_page();
    tlb_through_page();
    interrupt_entry();
    state_in_page();
    pending();
    critical_section();
    moving();
    tlb_beneath();
}
