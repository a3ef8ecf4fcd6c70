// Several processors in one bare-metal guest. `smp_begin` starts them all; `on_all` lets each do the same work and waits.
// From `smp_begin` on `execute` and what is built on it may not be used: interrupts go to `on_interrupt` instead.
#pragma once

#include "runtime.h"

#define MAX_CPUS 8

// One processor: the registers that its last interrupt saved, its stacks, and what the tests count. smp.S knows the offsets
// up to `stack`.
struct cpu {
    u32 gpr[32];
    u32 cr, lr, ctr, xer;
    u32 pc, msr, vector, esr, dear;
    u32 interrupt_stack, stack;
    u32 number;
    volatile u32 present;
    volatile u32 round; // of the work that it has done
    volatile u32 external, ticks, faults, fault_address;
    volatile u32 results[8];
} __attribute__((aligned(64)));

extern struct cpu cpus[MAX_CPUS];
extern u32 cpu_count;

// Starts all processors that the device tree names.
void smp_begin(void);
// Runs `work` on the first `count` processors, the calling one included, and returns when all are done.
void on_some(u32 count, void (*work)(struct cpu *self));
void on_all(void (*work)(struct cpu *self));
// Waits until the first `count` processors have come here as often as this one, all of which do the same work. Uses no lwarx.
void barrier(struct cpu *self, u32 count);

// What an interrupt of any processor calls, with interrupts off. Returning goes on at self->pc.
extern void (*on_interrupt)(struct cpu *self);

#define MFSPR(n)                                                                                                       \
    ({                                                                                                                 \
        u32 _value;                                                                                                    \
        __asm__ volatile("mfspr %0, %1" : "=r"(_value) : "i"(n) : "memory");                                           \
        _value;                                                                                                        \
    })
#define MTSPR(n, value) __asm__ volatile("mtspr %0, %1; isync" : : "i"(n), "r"(value) : "memory")

static inline u32 atomic_add(volatile u32 *word, u32 addend) {
    u32 value;
    __asm__ volatile("1: lwarx %0, 0, %1; add %0, %0, %2; stwcx. %0, 0, %1; bne- 1b"
                     : "=&r"(value)
                     : "r"(word), "r"(addend)
                     : "cr0", "memory");
    return value;
}
static inline void lock(volatile u32 *word) {
    u32 value;
    __asm__ volatile("1: lwarx %0, 0, %1; cmpwi %0, 0; bne- 1b; stwcx. %2, 0, %1; bne- 1b; isync"
                     : "=&r"(value)
                     : "r"(word), "r"(1)
                     : "cr0", "memory");
}
static inline void unlock(volatile u32 *word) {
    __asm__ volatile("sync" ::: "memory");
    *word = 0;
}
static inline void sync(void) {
    __asm__ volatile("sync" ::: "memory");
}
static inline void interrupts_on(void) {
    __asm__ volatile("wrteei 1" ::: "memory");
}
static inline void interrupts_off(void) {
    __asm__ volatile("wrteei 0" ::: "memory");
}
