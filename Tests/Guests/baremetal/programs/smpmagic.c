// Every processor has a magic page of its own. Needs a hypervisor that offers it.

#include "smp.h"

#define KVM_MAP_MAGIC_PAGE (42u << 16 | 4)
#define EV_INT_SEND_IPI (1u << 16 | 11)
#define EV_INT_EOI (1u << 16 | 10)
#define EV_IDLE (1u << 16 | 16)

#define PAGE 0xfffff000
#define CRITICAL 0x1c
#define SPRG(n) (0x24 + 8 * (n))
#define INT_PENDING 0x64
#define PIR 0xcc

static u32 field(u32 offset) {
    return *(volatile u32 *)(PAGE + offset);
}

static void set_field(u32 offset, u32 value) {
    *(volatile u32 *)(PAGE + offset) = value;
}

static void map(struct cpu *self) {
    self->results[0] = hcall(KVM_MAP_MAGIC_PAGE, PAGE, PAGE, 0);
    MTSPR(SPR_SPRG0 + 3, 0x3000 + self->number);
    barrier(self, cpu_count);
    self->results[1] = field(SPRG(3)) == 0x3000 + self->number && field(PIR) == self->number;
    set_field(SPRG(3), 0x4000 + self->number);
    barrier(self, cpu_count);
    self->results[2] = MFSPR(SPR_SPRG0 + 3) == 0x4000 + self->number;
}

#define MPIC (CCSR + 0x40000)
#define GLOBAL_CONFIGURATION (MPIC + 0x1020)
#define MODE_PROXY 0x60000000
#define IPI_0_VECTOR (MPIC + 0x10a0)
#define PRIORITY(n) ((n) << 16)
#define OWN_DISPATCH_0 (MPIC + 0x40)
#define OWN_TASK_PRIORITY (MPIC + 0x80)
#define OWN_END (MPIC + 0xb0)

static void on_external(struct cpu *self) {
    self->faults += self->vector != EXTERNAL_INPUT;
    write32(OWN_END, 0);
    self->external++;
}

static volatile u32 sent;

// Interrupts go to the odd processors; nobody lets them in until everybody has looked.
static void pending(struct cpu *self) {
    self->external = self->faults = 0;
    write32(OWN_TASK_PRIORITY, 0);
    u32 before = field(INT_PENDING);
    barrier(self, cpu_count);
    if (self->number == 0) {
        write32(OWN_DISPATCH_0, 0xaa);
        sent = 1;
    }
    while (!sent) {
    }
    u32 wanted = self->number & 1;
    // The page tells of it a little later.
    for (u32 i = 0; i < 20000000 && field(INT_PENDING) != wanted; i++) {
    }
    barrier(self, cpu_count);
    self->results[0] = before == 0 && field(INT_PENDING) == wanted;

    // In a critical section they wait although MSR[EE] is on. It ends here, while r1 is the same.
    u32 stack;
    __asm__ volatile("mr %0, 1" : "=r"(stack));
    set_field(CRITICAL, stack);
    interrupts_on();
    for (volatile u32 i = 0; i < 2000; i++) {
    }
    self->results[1] = self->external == 0;
    set_field(CRITICAL, 0);
    for (u32 i = 0; i < 20000000 && self->external != wanted; i++) {
    }
    interrupts_off();
    self->results[2] = self->external == wanted && !self->faults;
}

#define LAPS 50

// By calls alone: who idles is woken by its neighbour.
static void idle_ring(struct cpu *self) {
    self->external = 0;
    barrier(self, cpu_count);
    for (u32 lap = 1; lap <= LAPS; lap++) {
        if (self->number != 0 || lap > 1) {
            while (self->external < (self->number ? lap : lap - 1)) {
                hcall(EV_IDLE, 0, 0, 0);
                interrupts_on();
                interrupts_off();
            }
        }
        hcall(EV_INT_SEND_IPI, 0, 1u << ((self->number + 1) % cpu_count), 0);
    }
    while (self->external < LAPS) {
        hcall(EV_IDLE, 0, 0, 0);
        interrupts_on();
        interrupts_off();
    }
}

static u32 all(u32 index, u32 value) {
    u32 right = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        right += cpus[n].results[index] == value;
    }
    return right == cpu_count;
}

void program(void) {
    if (!hypercall_count) {
        skip_all("no hypervisor");
    }
    smp_begin();
    if (cpu_count < 2) {
        skip_all("one processor");
    }

    on_all(map);
    ok(all(0, 0), "every processor maps a page");
    ok(all(1, 1), "and finds its own registers there");
    ok(all(2, 1), "which it changes for itself alone");

    write32(GLOBAL_CONFIGURATION, MODE_PROXY);
    write32(IPI_0_VECTOR, PRIORITY(8) | 0x40);
    on_interrupt = on_external;
    on_all(pending);
    ok(all(0, 1), "int_pending is set in the pages of those who have an interrupt");
    ok(all(1, 1), "a critical section holds it back");
    ok(all(2, 1), "and lets it in at its end");

    on_all(idle_ring);
    u32 right = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        right += cpus[n].external == LAPS && !cpus[n].faults;
    }
    equal(right, cpu_count, "EV_INT_SEND_IPI wakes a processor from EV_IDLE");
}
