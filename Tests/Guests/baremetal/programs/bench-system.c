// Benchmark: what only supervisor code does, each alone in a loop: interrupts and their return, MSR, SPRs, TLB entries,
// the timebase.

#include "bench.h"

#define ROUNDS 1000000
// Of what an engine may do without leaving its fast path.
#define QUICK_ROUNDS 4000000
// Effective addresses that nothing else uses.
#define PAGE 0x40000000

#define LOOP(name, count, code)                                                                                        \
    MEASURE(name, count, for (u32 round = 0; round < (count); round++) { code; })

void program(void) {
    struct frame registers = {0};
    u32 value = 0, bits = 0;

    SET_HANDLER(SYSTEM_CALL, return_at_once);
    LOOP("sc-rfi", ROUNDS, __asm__ volatile("sc"));
    ok(finished(RUN(SUPERVISOR, &registers, INSTR_SC)), "a system call returns to the next instruction");

    LOOP("mfmsr", QUICK_ROUNDS, __asm__ volatile("mfmsr %0" : "=r"(value)); bits |= value);
    equal(bits, SUPERVISOR, "MSR is what it was");

    LOOP("wrteei", QUICK_ROUNDS, __asm__ volatile("wrteei 0"));
    LOOP("mtmsr", QUICK_ROUNDS, __asm__ volatile("mtmsr %0" : : "r"(SUPERVISOR) : "memory"));

    LOOP("sprg", QUICK_ROUNDS, __asm__ volatile("mtspr 272, %1; mfspr %0, 272" : "=&r"(value) : "r"(round)));
    equal(value, QUICK_ROUNDS - 1, "SPRG0 holds what it was given last");

    u64 before = timebase64(), now = before;
    u32 backwards = 0;
    LOOP("timebase", ROUNDS, now = timebase64(); backwards += now < before; before = now);
    equal(backwards, 0, "the timebase never goes back");

    // 128 sets, and way 0 of each.
    invalidate_tlb0();
    set_spr(SPR_MAS0, MAS0_TLBSEL(0));
    set_spr(SPR_MAS1, MAS1_VALID | MAS1_TSIZE(SIZE_4K));
    set_spr(SPR_MAS3, SCRATCH | MAS3_SR | MAS3_SW);
    set_spr(SPR_MAS7, 0);
    LOOP("tlbwe", ROUNDS,
         __asm__ volatile("mtspr 626, %0; tlbwe" : : "r"((PAGE + (round << 12 & 0x7f000)) | MAS2_M) : "memory"));
    write32(SCRATCH, 0x12345678);
    equal(read32(PAGE + 0x5000), 0x12345678, "an entry that was written maps");
    invalidate_tlb0();
}
