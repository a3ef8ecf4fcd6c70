#include "smp.h"

struct cpu cpus[MAX_CPUS];
u32 cpu_count = 1;
void (*on_interrupt)(struct cpu *self);

static u32 stacks[MAX_CPUS][2][1024] __attribute__((aligned(16)));

static void (*volatile work)(struct cpu *self);
static volatile u32 working; // processors that take part in the current round
static volatile u32 current_round;
static volatile u32 arrivals[MAX_CPUS];

void smp_use_vectors(struct cpu *self);
extern char smp_entry[];

void smp_interrupt(struct cpu *self) {
    if (on_interrupt) {
        on_interrupt(self);
        return;
    }
    put("Bail out! processor ");
    put_decimal(self->number);
    put(" was interrupted by ");
    put_decimal(self->vector);
    put(" at ");
    put_hex(self->pc);
    put(" dear ");
    put_hex(self->dear);
    put("\n");
    power_off();
}

_Noreturn void smp_wait_for_work(struct cpu *self) {
    sync();
    self->present = 1;
    for (;;) {
        while (current_round == self->round) {
        }
        sync();
        u32 next = current_round;
        if (self->number < working) {
            work(self);
        }
        sync();
        self->round = next;
    }
}

void on_some(u32 count, void (*function)(struct cpu *self)) {
    work = function;
    working = count;
    for (u32 n = 0; n < MAX_CPUS; n++) {
        arrivals[n] = 0;
    }
    sync();
    current_round++;
    function(&cpus[0]);
    sync();
    cpus[0].round = current_round;
    for (u32 n = 1; n < cpu_count; n++) {
        while (cpus[n].round != current_round) {
        }
    }
    sync();
}

void on_all(void (*function)(struct cpu *self)) {
    on_some(cpu_count, function);
}

void barrier(struct cpu *self, u32 count) {
    sync();
    u32 turn = ++arrivals[self->number];
    sync();
    for (u32 n = 0; n < count; n++) {
        while ((int)(arrivals[n] - turn) < 0) {
        }
    }
    sync();
}

// The spin table that the device tree names, mapped at an address of ours.
#define SPIN_TABLE 0xe0200000

void smp_begin(void) {
    u64 releases[MAX_CPUS];
    u32 count = find_properties("cpu-release-addr", releases, MAX_CPUS);
    for (u32 n = 0; n < MAX_CPUS; n++) {
        cpus[n].number = n;
        cpus[n].stack = (u32)&stacks[n][0][1020];
        cpus[n].interrupt_stack = (u32)&stacks[n][1][1020];
    }
    smp_use_vectors(&cpus[0]);
    cpus[0].present = 1;
    for (u32 n = 0; n < count && cpu_count < MAX_CPUS; n++) {
        // The first processor has an entry as well in some trees.
        if (((u32)releases[n] & 0xfff) == 0) {
            continue;
        }
        struct cpu *cpu = &cpus[cpu_count];
        write_tlb(MAS0_TLBSEL(1) | MAS0_ESEL(14), MAS1_VALID | MAS1_IPROT | MAS1_TSIZE(SIZE_4K),
                  SPIN_TABLE | MAS2_I | MAS2_G, ((u32)releases[n] & ~0xfffu) | MAS3_SR | MAS3_SW, (u32)(releases[n] >> 32));
        u32 entry = SPIN_TABLE | ((u32)releases[n] & 0xfff);
        write32(entry + 8, 0);
        write32(entry + 12, (u32)cpu);
        write32(entry + 0, 0);
        write32(entry + 4, (u32)smp_entry);
        while (!cpu->present) {
        }
        cpu_count++;
    }
}
