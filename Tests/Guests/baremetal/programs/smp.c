// Processors side by side: reservations, the order of storage accesses, interrupts from one to another, timers.
// Needs no hypervisor: passes under `qemu-system-ppc -M ppce500 -cpu e500v2 -smp 4` as well.

#include "smp.h"

// MARK: Reservations

#define ADDITIONS 20000
#define LOCKED 3000

static volatile u32 counter;
static volatile u32 line[8] __attribute__((aligned(32)));
static volatile u32 lock_word;
static volatile u32 guarded, guarded_twice;

static void count_up(struct cpu *self) {
    (void)self;
    for (u32 i = 0; i < ADDITIONS; i++) {
        atomic_add(&counter, 1);
    }
}

static void count_in_one_line(struct cpu *self) {
    for (u32 i = 0; i < ADDITIONS; i++) {
        atomic_add(&line[self->number], self->number + 1);
    }
}

static void count_under_lock(struct cpu *self) {
    (void)self;
    for (u32 i = 0; i < LOCKED; i++) {
        lock(&lock_word);
        guarded++;
        guarded_twice += 2;
        unlock(&lock_word);
    }
}

static void reservations(void) {
    on_all(count_up);
    equal(counter, ADDITIONS * cpu_count, "no addition to a shared word by lwarx and stwcx. is lost");
    on_all(count_in_one_line);
    u32 right = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        right += line[n] == ADDITIONS * (n + 1);
    }
    equal(right, cpu_count, "nor is one to neighbours in a cache line");
    on_all(count_under_lock);
    ok(guarded == LOCKED * cpu_count && guarded_twice == 2 * guarded, "a lock lets in one processor at a time");
}

// MARK: Order

#define MESSAGES 20000
#define ROUNDS 100

static volatile u32 data __attribute__((aligned(64)));
static volatile u32 flag __attribute__((aligned(64)));

static void pass_messages(struct cpu *self) {
    self->results[0] = 0;
    if (self->number == 0) {
        for (u32 i = 1; i <= MESSAGES; i++) {
            data = i;
            __asm__ volatile("mbar" ::: "memory");
            flag = i;
        }
    } else if (self->number == 1) {
        u32 seen;
        do {
            seen = flag;
            sync();
            self->results[0] += data < seen;
        } while (seen != MESSAGES);
    }
}

static volatile u32 mine[2][16] __attribute__((aligned(64)));

static void store_and_look(struct cpu *self) {
    self->results[0] = 0;
    u32 me = self->number;
    for (u32 i = 1; i <= ROUNDS; i++) {
        barrier(self, 2);
        mine[me][0] = i;
        sync();
        self->results[1] = mine[1 - me][0];
        barrier(self, 2);
        if (me == 0) {
            self->results[0] += cpus[0].results[1] != i && cpus[1].results[1] != i;
        }
    }
}

static void order(void) {
    on_some(2, pass_messages);
    equal(cpus[1].results[0], 0, "what is stored before mbar is seen by who sees what is stored after it");
    on_some(2, store_and_look);
    equal(cpus[0].results[0], 0, "of two processors that store and, after sync, look, one sees the other's store");
}

// MARK: Interrupts

#define MPIC (CCSR + 0x40000)
#define GLOBAL_CONFIGURATION (MPIC + 0x1020)
#define MODE_MASK 0x60000000
#define MODE_PROXY 0x60000000
#define IPI_0_VECTOR (MPIC + 0x10a0)
#define PRIORITY(n) ((n) << 16)
#define OWN_DISPATCH_0 (MPIC + 0x40)
#define OWN_TASK_PRIORITY (MPIC + 0x80)
#define OWN_WHO_AM_I (MPIC + 0x90)
#define OWN_END (MPIC + 0xb0)

#define LAPS 100

static u32 wrong_vectors;
static volatile u32 dozing;

static void on_ring(struct cpu *self) {
    if (self->vector != EXTERNAL_INPUT || (MFSPR(SPR_EPR) & 0xffff) != 0x40) {
        wrong_vectors++;
    }
    write32(OWN_END, 0);
    // Out of doze, where that is how it waited.
    self->msr &= ~MSR_WE;
    u32 lap = ++self->external;
    u32 next = self->number + 1 == cpu_count ? 0 : self->number + 1;
    if (next != 0 || lap < LAPS) {
        write32(OWN_DISPATCH_0, 1u << next);
    }
}

static void ring(struct cpu *self) {
    self->external = 0;
    self->results[2] = read32(OWN_WHO_AM_I);
    write32(OWN_TASK_PRIORITY, 0);
    barrier(self, cpu_count);
    if (self->number == 0) {
        write32(OWN_DISPATCH_0, 1);
    }
    while (self->external < LAPS) {
        if (!dozing) {
            interrupts_on();
            interrupts_off();
            continue;
        }
        // Halts unless the interrupt is there already; QEMU 7.2 leaves bits out of mtmsr, but not these.
        __asm__ volatile("mtmsr %0; isync; mtmsr %1; isync"
                         :
                         : "r"(MSR_ME | MSR_EE | MSR_WE), "r"(MSR_ME)
                         : "memory");
    }
}

#define HID0_DOZE 0x00800000

static void interrupts(void) {
    write32(GLOBAL_CONFIGURATION, (read32(GLOBAL_CONFIGURATION) & ~MODE_MASK) | MODE_PROXY);
    write32(IPI_0_VECTOR, PRIORITY(8) | 0x40);
    on_interrupt = on_ring;
    for (dozing = 0; dozing < 2; dozing++) {
        on_all(ring);
        u32 laps = 0, known = 0;
        for (u32 n = 0; n < cpu_count; n++) {
            laps += cpus[n].external == LAPS;
            known += cpus[n].results[2] == n;
        }
        equal(laps, cpu_count,
              dozing ? "the same among processors that doze" : "an interrupt goes round a ring of processors");
        equal(known, cpu_count, "the MPIC tells each its own number");
    }
    equal(wrong_vectors, 0, "each came with its vector");
    on_interrupt = 0;
}

// MARK: Timers

#define TICKS 20

static u32 period(const struct cpu *self) {
    return 100000 + 50000 * self->number;
}

static void on_decrementer(struct cpu *self) {
    self->faults += self->vector != DECREMENTER;
    MTSPR(SPR_TSR, TSR_DIS);
    self->msr &= ~MSR_WE;
    self->ticks++;
}

static void tick(struct cpu *self) {
    self->ticks = self->faults = 0;
    MTSPR(SPR_HID0, MFSPR(SPR_HID0) | HID0_DOZE);
    MTSPR(SPR_DECAR, period(self));
    MTSPR(SPR_TSR, 0xffffffff);
    u32 before = timebase();
    MTSPR(SPR_TCR, TCR_DIE | TCR_ARE);
    MTSPR(SPR_DEC, period(self));
    while (self->ticks < TICKS) {
        __asm__ volatile("mtmsr %0; isync; mtmsr %1; isync"
                         :
                         : "r"(MSR_ME | MSR_EE | (self->number & 1 ? MSR_WE : 0)), "r"(MSR_ME)
                         : "memory");
    }
    MTSPR(SPR_TCR, 0);
    // A processor may be late for some, but never early.
    self->results[0] = timebase() - before >= TICKS / 2 * period(self);
    MTSPR(SPR_DEC, 0x7fffffff);
    MTSPR(SPR_TSR, 0xffffffff);
}

static volatile u32 time_said, time_number;

static void compare_time(struct cpu *self) {
    self->results[1] = 0;
    for (u32 i = 0; i < 200; i++) {
        // In turn, each later than the one before it.
        while (time_number % cpu_count != self->number) {
        }
        sync();
        u32 now = timebase();
        self->results[1] += (int)(now - time_said) < 0;
        time_said = now;
        sync();
        time_number++;
    }
}

static void timers(void) {
    on_interrupt = on_decrementer;
    on_all(tick);
    u32 right = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        right += cpus[n].ticks >= TICKS && !cpus[n].faults && cpus[n].results[0];
    }
    equal(right, cpu_count, "each processor has a decrementer of its own");
    on_interrupt = 0;
    time_said = timebase();
    on_all(compare_time);
    u32 backwards = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        backwards += cpus[n].results[1];
    }
    equal(backwards, 0, "and the timebase is common to all");
}

// MARK: Identity

static void identify(struct cpu *self) {
    self->results[0] = MFSPR(SPR_PIR);
    MTSPR(SPR_SPRG0 + 3, 0x1000 + self->number);
    barrier(self, cpu_count);
    self->results[1] = MFSPR(SPR_SPRG0 + 3);
}

void program(void) {
    smp_begin();
    if (cpu_count < 2) {
        skip_all("one processor");
    }
    on_all(identify);
    u32 right = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        right += cpus[n].results[0] == n && cpus[n].results[1] == 0x1000 + n;
    }
    equal(right, cpu_count, "each processor has a number, and special registers of its own");
    reservations();
    order();
    interrupts();
    timers();
}
