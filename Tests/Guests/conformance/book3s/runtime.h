// The machine pseries as the suite sees it.
#pragma once

#include "conformance.h"

#define MSR_SF (1ull << 63)
#define MSR_EE 0x8000
#define MSR_PR 0x4000
#define MSR_ME 0x1000
#define MSR_IR 0x20
#define MSR_DR 0x10
#define MSR_LE 1

// Vectors, which number the interrupts.
#define MACHINE_CHECK 0x200
#define DATA_SEGMENT 0x380
#define PROGRAM 0x700
#define DECREMENTER 0x900
#define SYSTEM_CALL 0xc00

// The register file that `execute` starts with, and the one that was there when an interrupt came. layout.h knows the offsets.
struct frame {
    u64 gpr[32];
    u64 cr, lr, ctr, xer;
    u64 pc, msr;
    u64 vector, dar, dsisr;
};

// Runs from `start->pc` with all of `start`'s registers and MSR until any interrupt, and returns what that interrupt saw.
const struct frame *execute(const struct frame *start);
// `sc 1` and a trap, in the page that user state may execute.
extern u32 call_by_papr[];
// Runs the words with the registers of `frame`, up to a trap behind them.
const struct frame *run_words(u64 msr, struct frame *frame, const u32 *words, u32 count);
#define RUN(msr, frame, ...)                                                                                           \
    run_words((msr), (frame), (const u32[]){__VA_ARGS__}, sizeof((const u32[]){__VA_ARGS__}) / sizeof(u32))
// Whether the run ended at a trap.
int finished(const struct frame *frame);
// The MSR of C code, which is in supervisor state, in real mode, with interrupts off.
u64 supervisor_state(void);
// The MSR of user state, which is translated, in the width of C code.
u64 user_state(void);

// PAPR's calls from C code: the status, or the first output.
word papr(word number, word first, word second, word third, word fourth);
word papr_output(word number, word first, word second, word third, word fourth);
// An ePAPR call from C code by the tree's sequence; where there is none it answers what an absent call does.
word epapr(word token, word first, word second);

// Whether the tree has /hypervisor, and whether its sequence makes a PAPR call.
extern int has_hypervisor, tree_has_sc1;

// A call to the run-time abstraction services: its status. `outputs` words follow it, if there are any.
int rtas(u32 token, u32 count, const u32 *arguments, u32 *outputs, u32 output_count);
#define RTAS_POWER_OFF 0
#define RTAS_QUERY_STOPPED 1
#define RTAS_START_CPU 2
// The token of such a service, from the tree where there is one.
u32 rtas_token(u32 service);

// How many external interrupts there were, on any vCPU.
extern volatile u32 external_interrupts;
// Starts vCPU 1 on `work`; 0 where there is none.
int start_other(void (*work)(void));

u32 timebase(void);
void interrupts_on(void);
void interrupts_off(void);
// Waits some hundred microseconds.
void wait_a_little(void);
