// What a benchmark is written with: besides TAP about its results it prints how long each of its parts took.
#pragma once

#include "runtime.h"

u64 timebase64(void);

// Prints "# measured <name> <operations> operations 0x<ticks> ticks at <frequency> Hz", which Tests/Bench reads.
// Names have no spaces.
void measured(const char *name, u32 operations, u64 ticks);

// Runs the statements, and prints how long that took.
#define MEASURE(name, operations, ...)                                                                                 \
    do {                                                                                                               \
        u64 measure_start = timebase64();                                                                              \
        __VA_ARGS__;                                                                                                   \
        measured((name), (operations), timebase64() - measure_start);                                                  \
    } while (0)

// Keeps the compiler from moving work across, or from knowing what memory holds.
static inline void barrier(void) {
    __asm__ volatile("" ::: "memory");
}

// Marsaglia's xorshift: the same numbers everywhere.
static inline u32 next_random(u32 *state) {
    u32 x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

// A program's own handler: the code at `label`, which has to lie in section .vectors, for the interrupt.
#define SET_HANDLER(interrupt, label) set_spr(SPR_IVOR0 + (interrupt), (u32)(label)&0xfff0)
// A handler that returns at once, with no register changed.
extern const u8 return_at_once[];

// A register of the first UART that holds what was written to it, and does nothing.
#define UART_SCRATCH (CCSR + 0x4507)
#define UART_SCRATCH_VALUE 0x5a

// MARK: Hypercalls

#define TOKEN(vendor, number) ((u32)(vendor) << 16 | (number))
#define BYTE_CHANNEL_SEND TOKEN(1, 1)
#define BYTE_CHANNEL_RECEIVE TOKEN(1, 2)
// What one call sends or receives at most.
#define BYTE_CHANNEL_CHUNK 16
// Byte channels, as the device tree has them: what is sent into the first comes out of the second.
#define BYTE_CHANNEL_CONSOLE 1
#define BYTE_CHANNEL_FIRST 2
#define BYTE_CHANNEL_SECOND 3

// The instructions of the device tree, and a return.
extern u32 call_code[5];
// Before the first `call`.
void prepare_calls(void);

struct answer {
    u32 status, first;
};

// One hypercall as Linux makes it: a branch to the instructions of the device tree. `r5` goes into r5 to r8, which is all
// that a byte channel takes.
static inline struct answer call(u32 token, u32 r3, u32 r4, u32 r5) {
    register u32 a __asm__("r3") = r3;
    register u32 b __asm__("r4") = r4;
    register u32 c __asm__("r5") = r5;
    register u32 d __asm__("r6") = r5;
    register u32 e __asm__("r7") = r5;
    register u32 f __asm__("r8") = r5;
    register u32 number __asm__("r11") = token;
    __asm__ volatile("mtctr %7; bctrl"
                     : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(number)
                     : "r"(call_code)
                     : "r0", "r9", "r10", "r12", "cr0", "cr1", "cr5", "cr6", "cr7", "ctr", "lr", "xer", "memory");
    return (struct answer){a, b};
}
