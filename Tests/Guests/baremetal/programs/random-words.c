// A guest that runs random words: whatever they do to it, the hypervisor stays up. Every run is a block of words with
// random registers in an address space of its own, which holds that block and a page of data; it ends at the first
// interrupt, at the latest the decrementer's. The generator's seed is fixed. Needs no hypervisor, but has the hypercall's
// words among the others when there is one.
//
// QEMU 7.2 is no oracle here: a word of user state that it takes for a VSX instruction ends it ("Raised an exception without
// defined vector 94").
//
// In user state, as here, the words cannot harm the program, which tells how it went. random-supervisor.c does the same
// in supervisor state, where they can: how that ends is open.

#include "runtime.h"

#ifndef STATE
#define STATE USER
#endif

#define RUNS 50000
#define WORDS 16
#define TICKS 20000

#define CODE 0x10000000
#define DATA 0x10010000
#define CODE_REAL SCRATCH
#define DATA_REAL (SCRATCH + 0x1000)

static u32 state = 0x2545f491;

static u32 next(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static u32 word(void) {
    switch (next() & 7) {
    case 0:
    case 1:
        // Where most of the supervisor's instructions are.
        return 0x7c000000 | (next() & 0x03ffffff);
    case 2:
        return hypercall_count ? hypercall_words[next() & 3] : next();
    default:
        return next();
    }
}

#define SET(spr, value) __asm__ volatile("mtspr %0, %1" : : "i"(spr), "r"(value) : "memory")

// All that the runs need, also after words that have meddled with it.
static void prepare(void) {
    SET(SPR_IVPR, 0x10000);
    SET(SPR_PID, 0);
    SET(SPR_PID1, 0);
    SET(SPR_PID2, 0);
    write_tlb(MAS0_TLBSEL(1) | MAS0_ESEL(8), MAS1_VALID | MAS1_IPROT | MAS1_TS | MAS1_TSIZE(SIZE_4K), CODE | MAS2_M,
              CODE_REAL | MAS3_UX | MAS3_SX | MAS3_UR | MAS3_SR, 0);
    write_tlb(MAS0_TLBSEL(1) | MAS0_ESEL(9), MAS1_VALID | MAS1_IPROT | MAS1_TS | MAS1_TSIZE(SIZE_4K), DATA | MAS2_M,
              DATA_REAL | MAS3_UW | MAS3_SW | MAS3_UR | MAS3_SR, 0);
    SET(SPR_TCR, TCR_DIE);
    SET(SPR_DEC, TICKS);
    SET(SPR_TSR, 0xffffffff);
}

void program(void) {
    static struct frame registers;
    u32 ended[64] = {0};
    u32 strange = 0;
    for (u32 run = 0; run < RUNS; run++) {
        for (u32 i = 0; i < 32; i++) {
            // Half of the registers point to the data or to the code, so that loads and stores reach something.
            registers.gpr[i] = i & 1 ? (i & 2 ? CODE : DATA) + (next() & 0xffc) : next();
        }
        registers.ctr = next() & 0xff;
        registers.lr = CODE + (next() & 0x3c);
        registers.cr = next();
        registers.xer = next();
        for (u32 i = 0; i < WORDS; i++) {
            write32(CODE_REAL + 4 * i, word());
        }
        write32(CODE_REAL + 4 * WORDS, INSTR_TRAP);
        synchronize_instructions(CODE_REAL, 4 * WORDS + 4);
        prepare();
        registers.pc = CODE;
        registers.msr = STATE | MSR_EE | MSR_IS | MSR_DS;
        const struct frame *f = execute(&registers);
        ended[f->vector & 63]++;
        strange += STATE == USER && (f->msr & (MSR_PR | MSR_IS | MSR_DS)) != (MSR_PR | MSR_IS | MSR_DS);
    }
    SET(SPR_TCR, 0);
    u32 accounted = ended[DATA_STORAGE] + ended[INSTRUCTION_STORAGE] + ended[ALIGNMENT] + ended[PROGRAM] +
                    ended[FLOATING_POINT_UNAVAILABLE] + ended[SYSTEM_CALL] + ended[DECREMENTER] + ended[DATA_TLB_ERROR] +
                    ended[INSTRUCTION_TLB_ERROR] + ended[SPE_UNAVAILABLE];
    equal(accounted, RUNS, "every run of random words ended in an interrupt that words can cause");
    equal(strange, 0, "none of them left the state that it was started in");
    ok(ended[PROGRAM] > RUNS / 4, "many were illegal or privileged");
    ok(ended[DATA_TLB_ERROR] > RUNS / 100, "some reached for memory that is not there");
    ok(ended[DATA_STORAGE] > 0, "some stored to their own code");
}
