// Interrupts of an e500v2 core as its manual describes them: the decrementer, program checks, alignment, system calls, the
// external input with the vector in EPR, and both returns. What timers.c tests is not here, for QEMU has none of that.
// Needs no hypervisor: passes under `qemu-system-ppc -M ppce500 -cpu e500v2` as well. What QEMU 7.2 does otherwise than
// the manual is left out and named where it would stand.

#include "runtime.h"

static struct frame registers;

// Turns that take longer than any timer that is set here.
#define MANY 400000000

// Runs with interrupts as `msr` says until one comes, or until enough turns have passed.
static const struct frame *wait_for_interrupt(u32 msr) {
    registers.ctr = MANY;
    return RUN(msr, &registers, INSTR_BDNZ_SELF);
}

// The same for a time in which a timer that does not interrupt has certainly expired.
static const struct frame *run_briefly(u32 msr) {
    registers.ctr = 10000000;
    return RUN(msr, &registers, INSTR_BDNZ_SELF);
}

static void stop_timers(void) {
    set_spr(SPR_TCR, 0);
    // Far from zero rather than at it: QEMU takes zero for one more time-out and may report that late, during the next test.
    set_spr(SPR_DEC, 0x7fffffff);
    set_spr(SPR_TSR, 0xffffffff);
}

static void decrementer(void) {
    stop_timers();
    set_spr(SPR_TCR, TCR_DIE);
    set_spr(SPR_DEC, 20000);
    u32 before = timebase();
    const struct frame *f = wait_for_interrupt(SUPERVISOR | MSR_EE);
    equal(f->vector, DECREMENTER, "the decrementer interrupts");
    ok(timebase() - before >= 20000 - 10000, "not before its time");
    equal(f->msr & (MSR_EE | MSR_PR), MSR_EE, "SRR1 holds the state it interrupted");
    equal(f->handler_msr & (MSR_EE | MSR_PR), 0, "the handler runs with interrupts off");
    equal(f->handler_msr & MSR_ME, MSR_ME, "and machine checks on");
    equal(get_spr(SPR_TSR) & TSR_DIS, TSR_DIS, "TSR says decrementer");

    f = RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP);
    equal(f->vector, DECREMENTER, "it interrupts again until TSR is cleared");
    set_spr(SPR_TSR, TSR_DIS);
    equal(get_spr(SPR_TSR) & TSR_DIS, 0, "writing a one clears it");
    ok(finished(run_briefly(SUPERVISOR | MSR_EE)), "then it is quiet");

    set_spr(SPR_DEC, 1000);
    ok(finished(run_briefly(SUPERVISOR)), "with MSR[EE] off it waits");
    equal(get_spr(SPR_TSR) & TSR_DIS, TSR_DIS, "while TSR tells of it");
    f = RUN(SUPERVISOR, &registers, INSTR_NOP, INSTR_WRTEEI(1), INSTR_NOP, INSTR_NOP);
    equal(f->vector, DECREMENTER, "wrteei lets it in");
    equal(f->pc, registers.pc + 8, "before the next instruction");
    registers.gpr[4] = MSR_EE;
    f = RUN(SUPERVISOR, &registers, INSTR_WRTEE(4), INSTR_NOP);
    ok(f->vector == DECREMENTER && f->pc == registers.pc + 4, "so does wrtee");
    registers.gpr[4] = SUPERVISOR | MSR_EE;
    f = RUN(SUPERVISOR, &registers, INSTR_MTMSR(4), INSTR_NOP);
    ok(f->vector == DECREMENTER && f->pc == registers.pc + 4, "and mtmsr");
    f = RUN(USER | MSR_EE, &registers, INSTR_NOP);
    ok(f->vector == DECREMENTER && (f->msr & MSR_PR), "and user state is interrupted too");
    set_spr(SPR_TCR, 0);
    ok(finished(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)), "with TCR[DIE] off it does not interrupt");
    set_spr(SPR_TCR, TCR_DIE);
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, DECREMENTER, "turning that on brings it back");

    stop_timers();
    set_spr(SPR_DECAR, 200000);
    set_spr(SPR_TCR, TCR_DIE | TCR_ARE);
    set_spr(SPR_DEC, 1000);
    u32 count = 0;
    while (count < 3 && wait_for_interrupt(SUPERVISOR | MSR_EE)->vector == DECREMENTER) {
        set_spr(SPR_TSR, TSR_DIS);
        count++;
    }
    equal(count, 3, "with TCR[ARE] it starts anew from DECAR");
    stop_timers();
}

static void program_checks(void) {
    const struct frame *f = RUN(SUPERVISOR, &registers, 0x00000000);
    equal(f->vector, PROGRAM, "a word of zeros is a program interrupt");
    equal(f->esr, ESR_PIL, "ESR says illegal");
    equal(f->pc, registers.pc, "SRR0 holds the instruction");
    f = RUN(SUPERVISOR, &registers, is_e500v2() ? INSTR_FADD : INSTR_EVADDW(3, 4, 5));
    ok(f->vector == PROGRAM && f->esr == ESR_PIL, "the unit that the core does not have makes illegal instructions");

    static const struct {
        u32 word;
        const char *sentence;
    } privileged_words[] = {
        {INSTR_MFMSR(3), "mfmsr is privileged"},
        {INSTR_MTMSR(3), "mtmsr is privileged"},
        {INSTR_WRTEEI(1), "wrteei is privileged"},
        {INSTR_WRTEE(3), "wrtee is privileged"},
        {INSTR_RFI, "rfi is privileged"},
        {INSTR_RFCI, "rfci is privileged"},
        {INSTR_TLBWE, "tlbwe is privileged"},
        {INSTR_TLBRE, "tlbre is privileged"},
        {INSTR_TLBSX(4), "tlbsx is privileged"},
        {INSTR_TLBIVAX(4), "tlbivax is privileged"},
        {INSTR_TLBSYNC, "tlbsync is privileged"},
        {INSTR_MFSPR(3, SPR_PVR), "mfspr of PVR is privileged"},
        {INSTR_MFSPR(3, SPR_SPRG0), "mfspr of SPRG0 is privileged"},
        {INSTR_MTSPR(SPR_SRR0, 3), "mtspr of SRR0 is privileged"},
        {INSTR_MTSPR(SPR_DEC, 3), "mtspr of DEC is privileged"},
    };
    for (u32 i = 0; i < sizeof privileged_words / sizeof privileged_words[0]; i++) {
        f = RUN(USER, &registers, privileged_words[i].word);
        ok(f->vector == PROGRAM && f->esr == ESR_PPR && f->pc == registers.pc, privileged_words[i].sentence);
    }
    f = RUN(USER, &registers, INSTR_MFSPR(3, SPR_TBL), INSTR_MFSPR(4, SPR_TBU));
    ok(finished(f), "the timebase can be read in user state");

    f = RUN(USER, &registers, INSTR_NOP, INSTR_TRAP);
    equal(f->vector, PROGRAM, "a trap is a program interrupt");
    equal(f->esr, ESR_PTR, "ESR says trap");
    equal(f->pc, registers.pc + 4, "SRR0 holds the trap");
    // SRR1 of a trap has bit 0x20000 set in QEMU 7.2, as on a classic PowerPC.
    equal(f->msr & MSR_PR, MSR_PR, "SRR1 says user state");
}

static void storage_and_alignment(void) {
    registers.gpr[4] = SCRATCH + 2;
    const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_LWARX(3, 0, 4));
    equal(f->vector, ALIGNMENT, "lwarx of a word across a boundary is an alignment interrupt");
    equal(f->dear, SCRATCH + 2, "DEAR holds the address");
    equal(f->pc, registers.pc, "SRR0 holds the instruction");
    f = RUN(SUPERVISOR, &registers, INSTR_LWZ(3, 1, 4));
    ok(finished(f), "lwz has no such bounds");

    // Two pages next to each other, of which only the first is there.
    write_tlb(MAS0_TLBSEL(0), MAS1_VALID | MAS1_TSIZE(SIZE_4K), 0x40000000, SCRATCH | MAS3_SR | MAS3_SW, 0);
    registers.gpr[4] = 0x40000ffe;
    f = RUN(SUPERVISOR, &registers, INSTR_STW(3, 0, 4));
    equal(f->vector, DATA_TLB_ERROR, "a store that reaches over into a missing page misses");
    equal(f->esr & ESR_ST, ESR_ST, "as a store");
    equal(f->dear & ~0xfffu, 0x40001000, "in the missing page");
    invalidate_tlb0();

    if (is_e500v2()) {
        f = RUN(SUPERVISOR, &registers, INSTR_EVADDW(3, 4, 5));
        equal(f->vector, SPE_UNAVAILABLE, "a vector instruction with MSR[SPE] off is an SPE interrupt");
        equal(f->esr & ESR_SPE, ESR_SPE, "ESR says SPE");
    } else {
        f = RUN(SUPERVISOR, &registers, INSTR_FADD);
        equal(f->vector, FLOATING_POINT_UNAVAILABLE, "an addition with MSR[FP] off is a floating-point interrupt");
        equal(f->handler_msr & MSR_FP, 0, "which leaves MSR[FP] off");
    }
    equal(f->pc, registers.pc, "SRR0 holds the instruction");
}

static void system_call(void) {
    registers.gpr[0] = 4;
    const struct frame *f = RUN(USER, &registers, INSTR_SC, INSTR_NOP);
    equal(f->vector, SYSTEM_CALL, "sc is a system call");
    equal(f->pc, registers.pc + 4, "SRR0 holds the next instruction");
    equal(f->msr & 0xffff, USER, "SRR1 holds the state");
    equal(f->gpr[0], 4, "registers stay");
    f = RUN(SUPERVISOR, &registers, INSTR_SC);
    equal(f->vector, SYSTEM_CALL, "in supervisor state too");
}

static void returns(void) {
    u32 target = assemble(0, 0) + 0x20;
    registers.gpr[4] = target;
    registers.gpr[5] = USER;
    const struct frame *f =
        RUN(SUPERVISOR, &registers, INSTR_MTSPR(SPR_CSRR0, 4), INSTR_MTSPR(SPR_CSRR1, 5), INSTR_RFCI, INSTR_TRAP, INSTR_TRAP,
            INSTR_TRAP, INSTR_TRAP, INSTR_TRAP, INSTR_LI(6, 5), INSTR_SC);
    equal(f->vector, SYSTEM_CALL, "rfci goes to CSRR0");
    equal(f->pc, target + 8, "runs from there");
    equal(f->msr & 0xffff, USER, "in the state of CSRR1");
    f = RUN(SUPERVISOR, &registers, INSTR_MTSPR(SPR_SRR0, 4), INSTR_MTSPR(SPR_SRR1, 5), INSTR_RFI, INSTR_TRAP, INSTR_TRAP,
            INSTR_TRAP, INSTR_TRAP, INSTR_TRAP, INSTR_LI(6, 5), INSTR_SC);
    ok(f->vector == SYSTEM_CALL && f->pc == target + 8 && (f->msr & 0xffff) == USER, "rfi the same with SRR0 and SRR1");
}

#define MPIC (CCSR + 0x40000)
#define GLOBAL_CONFIGURATION (MPIC + 0x1020)
#define MODE_MASK 0x60000000
#define MODE_PROXY 0x60000000
#define MODE_MIXED 0x20000000
#define IPI_0_VECTOR (MPIC + 0x10a0)
#define IPI_1_VECTOR (MPIC + 0x10b0)
#define MASKED 0x80000000
#define PRIORITY(n) ((n) << 16)
#define OWN_DISPATCH_0 (MPIC + 0x20040)
#define OWN_DISPATCH_1 (MPIC + 0x20050)
#define OWN_TASK_PRIORITY (MPIC + 0x20080)
#define OWN_ACKNOWLEDGE (MPIC + 0x200a0)
#define OWN_END (MPIC + 0x200b0)

static void external_input(void) {
    stop_timers();
    write32(GLOBAL_CONFIGURATION, (read32(GLOBAL_CONFIGURATION) & ~MODE_MASK) | MODE_PROXY);
    write32(IPI_0_VECTOR, PRIORITY(8) | 0x55);
    write32(IPI_1_VECTOR, PRIORITY(10) | 0x66);
    write32(OWN_TASK_PRIORITY, 0);

    write32(OWN_DISPATCH_0, 1);
    ok(finished(RUN(SUPERVISOR, &registers, INSTR_NOP)), "an interrupt from the MPIC waits while MSR[EE] is off");
    const struct frame *f = RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP);
    equal(f->vector, EXTERNAL_INPUT, "it is an external input interrupt");
    equal(f->pc, registers.pc, "taken before the next instruction");
    equal(get_spr(SPR_EPR) & 0xffff, 0x55, "EPR holds its vector");
    ok(finished(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)), "and so acknowledges it");
    write32(OWN_DISPATCH_0, 1);
    ok(finished(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)), "the same again waits for the end of the first");
    write32(OWN_END, 0);
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, EXTERNAL_INPUT, "and comes after it");

    write32(OWN_DISPATCH_1, 1);
    f = RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP);
    equal(f->vector, EXTERNAL_INPUT, "one of higher priority does not wait");
    equal(get_spr(SPR_EPR) & 0xffff, 0x66, "EPR holds the vector of that");
    write32(OWN_END, 0);
    write32(OWN_END, 0);

    write32(OWN_TASK_PRIORITY, 8);
    write32(OWN_DISPATCH_0, 1);
    ok(finished(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)), "the task priority holds back what is not above it");
    write32(OWN_TASK_PRIORITY, 7);
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, EXTERNAL_INPUT, "until it is lowered");
    write32(OWN_END, 0);

    write32(IPI_0_VECTOR, MASKED | PRIORITY(8) | 0x55);
    write32(OWN_DISPATCH_0, 1);
    ok(finished(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)), "a masked source is held back");
    write32(IPI_0_VECTOR, PRIORITY(8) | 0x55);
    set_spr(SPR_TCR, TCR_DIE);
    set_spr(SPR_DEC, 1);
    run_briefly(SUPERVISOR);
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, EXTERNAL_INPUT, "an external input goes before the decrementer");
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, DECREMENTER, "which comes next");
    stop_timers();
    write32(OWN_END, 0);

    write32(GLOBAL_CONFIGURATION, (read32(GLOBAL_CONFIGURATION) & ~MODE_MASK) | MODE_MIXED);
    write32(OWN_DISPATCH_0, 1);
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, EXTERNAL_INPUT, "without the proxy it interrupts too");
    equal(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)->vector, EXTERNAL_INPUT, "until it is acknowledged");
    equal(read32(OWN_ACKNOWLEDGE) & 0xffff, 0x55, "which reading the acknowledge register does");
    ok(finished(RUN(SUPERVISOR | MSR_EE, &registers, INSTR_NOP)), "then it is quiet");
    equal(read32(OWN_ACKNOWLEDGE) & 0xffff, 0xffff, "and reading once more gives the spurious vector");
    write32(OWN_END, 0);
}

#define HID0_DOZE 0x00800000

static void doze(void) {
    stop_timers();
    set_spr(SPR_HID0, get_spr(SPR_HID0) | HID0_DOZE);
    set_spr(SPR_TCR, TCR_DIE);
    // Read first, or a host that pauses the guest in between would take that time off the measured one.
    u32 before = timebase();
    set_spr(SPR_DEC, 4000000);
    registers.gpr[4] = SUPERVISOR | MSR_EE | MSR_WE;
    registers.gpr[6] = 0;
    registers.ctr = MANY;
    // The core may go on for a few instructions before it stops: they count.
    const struct frame *f =
        is_e500v2() ? RUN(SUPERVISOR, &registers, INSTR_MTMSR(4), INSTR_ISYNC, INSTR_ADDI(6, 6, 1), 0x4200fffc)
                    : RUN(SUPERVISOR | MSR_EE, &registers, INSTR_WAIT, INSTR_ISYNC, INSTR_ADDI(6, 6, 1), 0x4200fffc);
    equal(f->vector, DECREMENTER, "MSR[WE] or wait stops the core until an interrupt");
    ok(timebase() - before >= 2000000, "for as long as that takes");
    ok(f->gpr[6] < 1000, "without running on");
    equal(f->handler_msr & MSR_WE, 0, "and the handler runs");
    stop_timers();
}

void program(void) {
    decrementer();
    program_checks();
    storage_and_alignment();
    system_call();
    returns();
    external_input();
    doze();
}
