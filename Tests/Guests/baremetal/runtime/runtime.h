// What a bare-metal guest is written with: a console, TAP output, the device tree's hypercall, and `execute`, which runs
// code with a given register file in a given machine state until an interrupt ends it.
#pragma once

#include "../../common/tap.h"
#include "e500.h"

// The register file that `execute` starts with, and the one that was there when an interrupt came.
// start.S knows the offsets.
struct frame {
    u32 gpr[32];
    u32 cr, lr, ctr, xer;
    u32 pc;     // SRR0, or CSRR0 for a critical interrupt
    u32 msr;    // SRR1, or CSRR1 for a critical interrupt
    u32 vector; // the number of the IVOR
    u32 esr, dear;
    u32 mas0, mas1, mas2, mas3, mas6, mas7;
    u32 handler_msr; // MSR as the interrupt left it
};

// Runs from `start->pc` with all of `start`'s registers and MSR until any interrupt, and returns what that interrupt
// saw. The result is valid until the next call.
const struct frame *execute(const struct frame *start);

// The MSR that C code runs with: supervisor state, interrupts off, machine checks on.
#define SUPERVISOR MSR_ME
#define USER (MSR_ME | MSR_PR)

// Puts the words into a code buffer, with a `trap` after them, and returns its address.
u32 assemble(const u32 *words, u32 count);
// Runs the words with the registers of `registers`, in the given state. They end at the trap, unless something else ends
// them first.
const struct frame *run_words(u32 msr, struct frame *registers, const u32 *words, u32 count);
#define RUN(msr, registers, ...)                                                                                       \
    run_words((msr), (registers), (const u32[]){__VA_ARGS__}, sizeof((const u32[]){__VA_ARGS__}) / sizeof(u32))
// Whether the run ended at the trap after the last word.
int finished(const struct frame *result);

u32 get_spr(u32 number);
void set_spr(u32 number, u32 value);
// One instruction word in supervisor state that uses no register; whether it went through.
int privileged(u32 word);

// Whether the core is an e500v2: with SPE, MSR[WE] and three process IDs. An e500mc has floating point, `wait` and one.
static inline int is_e500v2(void) {
    u32 version;
    __asm__("mfspr %0, 287" : "=r"(version));
    return version >> 16 == PVR_E500V2;
}

u32 timebase(void);
void synchronize_instructions(u32 address, u32 bytes);

// The console that `put` and TAP go to is the first NS16550, or the first byte channel where the hypervisor is all that
// there is. Every program is a list of topics made of TAP's lines.

// How `execute` ended, when that is not what was wanted.
void explain(const struct frame *result);

// `power_off` goes through the GPIO line that the device tree's power-off node names, or is a hypercall.

// Whether the machine has no devices and everything is a hypercall, as below Freescale's hypervisor.
extern int devices_are_hypercalls;

// The device tree that the guest was started with.
extern u32 device_tree;
extern u32 entry_r6, entry_r7;
// The property `name` of any node; 0 if there is none.
const u32 *find_property(const char *name, u32 *length);
// The values of all properties of that name that have 64 bits, in the tree's order; how many there are.
u32 find_properties(const char *name, u64 *values, u32 limit);

// The hypercall instructions of the device tree; their number is 0 on a machine without a hypervisor.
extern u32 hypercall_words[4];
extern u32 hypercall_count;
// A call that C code makes, on any processor: what r3 comes out as. Needs a hypervisor.
u32 hcall(u32 token, u32 first, u32 second, u32 third);
// One call: r11 is the token, r3 to r10 go in, r3 to r11 come out. Any other register may be set too.
// State is SUPERVISOR or USER; the result tells what ended the call, a trap when it returned.
const struct frame *hypercall(u32 msr, struct frame *registers);

// Memory that no program or runtime uses, in the first mapping: 4 MiB from 4 MiB on.
#define SCRATCH 0x00400000

// What each program defines.
void program(void);

// MMU helpers.
void write_tlb(u32 mas0, u32 mas1, u32 mas2, u32 mas3, u32 mas7);
void invalidate_tlb0(void);

// CCSR, mapped by start.S.
#define CCSR 0xe0000000
static inline u32 read32(u32 address) {
    u32 value;
    __asm__ volatile("lwz %0, 0(%1); sync" : "=r"(value) : "b"(address) : "memory");
    return value;
}
static inline void write32(u32 address, u32 value) {
    __asm__ volatile("stw %0, 0(%1); sync" : : "r"(value), "b"(address) : "memory");
}
