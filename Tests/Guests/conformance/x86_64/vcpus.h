// What the x86 suite needs of its machine besides calls.
#pragma once

#include "tap.h"
#include "layout.h"

// The registers of an interrupted vCPU; start.S knows the order.
struct frame {
    u64 general[16];
    u64 vector, error, rip, cs, rflags, rsp, ss;
};

// What the tests tell a vCPU, and what they hear of it.
struct vcpu {
    volatile int started;
    volatile u32 command, done;
    volatile u32 woken, nonmaskable;
};

extern u32 vcpu_count;
extern struct vcpu vcpus[VCPUS];

#define APIC_ID 0x20
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define local_apic(offset) (*(volatile u32 *)(LOCAL_APIC + (offset)))

void enable_local_apic(void);
// What vCPUs but the first do.
_Noreturn void serve(struct vcpu *self);

struct cpuid {
    u32 eax, ebx, ecx, edx;
};
struct cpuid cpuid(u32 leaf);

static inline void pause(void) {
    __asm__ volatile("pause" ::: "memory");
}
