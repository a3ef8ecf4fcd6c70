// What the timers of an e500v2 core do besides the decrementer's interrupt: fixed intervals, the watchdog and with it the
// critical class of interrupts. QEMU 7.2 is no oracle here: on this machine it arms neither timer (its guard against arming
// one whose status bit is set is the wrong way round), and its decrementer counts on below zero.
// Needs no hypervisor.

#include "runtime.h"

static struct frame registers;

// Turns that take longer than any timer that is set here.
#define MANY 400000000

static void stop_timers(void) {
    set_spr(SPR_TCR, 0);
    set_spr(SPR_DEC, 0);
    set_spr(SPR_TSR, 0xffffffff);
}

static const struct frame *wait_for_interrupt(u32 msr) {
    registers.ctr = MANY;
    return RUN(msr, &registers, INSTR_BDNZ_SELF);
}

static void decrementer(void) {
    stop_timers();
    set_spr(SPR_TCR, TCR_DIE);
    set_spr(SPR_DEC, 20000);
    equal(wait_for_interrupt(SUPERVISOR | MSR_EE)->vector, DECREMENTER, "the decrementer interrupts");
    equal(get_spr(SPR_DEC), 0, "and stays at zero");
    stop_timers();
    set_spr(SPR_DECAR, 200000000);
    set_spr(SPR_TCR, TCR_DIE | TCR_ARE);
    set_spr(SPR_DEC, 1000);
    wait_for_interrupt(SUPERVISOR | MSR_EE);
    u32 left = get_spr(SPR_DEC);
    ok(left > 0 && left <= 200000000, "with TCR[ARE] it counts down from DECAR");
    stop_timers();
}

static void fixed_interval(void) {
    // Bit 47 of the timebase: every 2^17 ticks, a third of a millisecond.
    stop_timers();
    set_spr(SPR_TCR, TCR_FIE | TCR_FP(47 & 3) | TCR_FPEXT(47 >> 2));
    const struct frame *f = wait_for_interrupt(SUPERVISOR | MSR_EE);
    equal(f->vector, FIXED_INTERVAL, "the fixed-interval timer interrupts");
    equal(get_spr(SPR_TSR) & TSR_FIS, TSR_FIS, "TSR says so");
    set_spr(SPR_TSR, TSR_FIS);
    f = wait_for_interrupt(SUPERVISOR | MSR_EE);
    equal(f->vector, FIXED_INTERVAL, "and again, without being set anew");
    stop_timers();
}

static void watchdog(void) {
    // Bit 45 of the timebase; without a reset on the second time.
    stop_timers();
    set_spr(SPR_TCR, TCR_WIE | TCR_WP(45u & 3) | TCR_WPEXT(45 >> 2));
    registers.ctr = MANY;
    registers.gpr[4] = 0x12345678;
    const struct frame *f = RUN(SUPERVISOR | MSR_CE, &registers, INSTR_MTSPR(SPR_SRR0, 4), INSTR_BDNZ_SELF);
    u32 srr0;
    __asm__ volatile("mfspr %0, 26" : "=r"(srr0));
    equal(f->vector, WATCHDOG, "the watchdog interrupts though MSR[EE] is off");
    equal(f->pc, registers.pc + 4, "CSRR0 holds where");
    equal(f->msr & (MSR_CE | MSR_EE), MSR_CE, "CSRR1 holds the state");
    equal(srr0, 0x12345678, "SRR0 is as it was");
    equal(f->handler_msr & (MSR_CE | MSR_EE), 0, "the handler runs with critical and other interrupts off");
    equal(get_spr(SPR_TSR) & (TSR_ENW | TSR_WIS), TSR_ENW | TSR_WIS, "TSR tells of two periods");
    ok(finished(RUN(SUPERVISOR, &registers, INSTR_NOP)), "with MSR[CE] off it waits");
    equal(RUN(SUPERVISOR | MSR_CE, &registers, INSTR_NOP)->vector, WATCHDOG, "and comes when that is on");
    stop_timers();
}

void program(void) {
    decrementer();
    fixed_interval();
    watchdog();
}
