// One processor changes code that others execute.
// Needs no hypervisor: passes under `qemu-system-ppc -M ppce500 -cpu e500v2 -smp 4` as well.

#include "smp.h"

#define ROUNDS 100

// A page for each kind of use: code alone, and code with data behind it.
static u32 code[2048] __attribute__((aligned(4096)));

static volatile u32 version;

static void put_function(u32 *at, u32 value) {
    at[0] = INSTR_LI(3, value);
    at[1] = INSTR_BLR;
    synchronize_instructions((u32)at, 8);
}

static u32 call(u32 *function) {
    return ((u32(*)(void))function)();
}

// MARK: By the book

static void patch(struct cpu *self) {
    self->results[0] = 0;
    if (self->number == 0) {
        for (u32 i = 1; i <= ROUNDS; i++) {
            put_function(code, i);
            version = i;
            for (u32 n = 1; n < cpu_count; n++) {
                while (cpus[n].results[1] != i) {
                }
            }
        }
        return;
    }
    self->results[1] = 0;
    for (u32 i = 1; i <= ROUNDS; i++) {
        while (version != i) {
        }
        sync();
        __asm__ volatile("isync" ::: "memory");
        self->results[0] += call(code) != i;
        sync();
        self->results[1] = i;
    }
}

// MARK: While others are in it

static volatile u32 inside;

static void leave_loop(struct cpu *self) {
    // Each has a place of its own in the same page.
    u32 *place = code + 8 * self->number;
    for (u32 i = 0; i < 20; i++) {
        if (self->number == 0) {
            for (u32 n = 1; n < cpu_count; n++) {
                code[8 * n] = INSTR_BRANCH_SELF;
                synchronize_instructions((u32)&code[8 * n], 4);
            }
        }
        barrier(self, cpu_count);
        if (self->number == 0) {
            while (inside != cpu_count - 1) {
            }
            inside = 0;
            for (u32 n = 1; n < cpu_count; n++) {
                code[8 * n] = INSTR_BLR;
                // Sooner or later they see it even without; sooner with it.
                if (i & 1) {
                    synchronize_instructions((u32)&code[8 * n], 4);
                }
            }
        } else {
            __asm__ volatile("isync" ::: "memory");
            atomic_add(&inside, 1);
            call(place);
        }
        barrier(self, cpu_count);
    }
}

// MARK: Code and data in one page

static void write_beside_code(struct cpu *self) {
    volatile u32 *mine = &code[1024 + 512 + 32 * self->number];
    self->results[0] = 0;
    *mine = 0;
    for (u32 i = 1; i <= 2000; i++) {
        self->results[0] += call(&code[1024]) != 7;
        (*mine)++;
    }
    self->results[1] = *mine;
}

// MARK: Code that each writes for itself

static u32 pages[MAX_CPUS][1024] __attribute__((aligned(4096)));

static void write_own_code(struct cpu *self) {
    self->results[0] = 0;
    for (u32 i = 1; i <= ROUNDS; i++) {
        // Another's page every time: whoever wrote it last, its code is old everywhere else.
        barrier(self, cpu_count);
        u32 *page = pages[(self->number + i) % cpu_count];
        put_function(page, (self->number << 8) | (i & 0xff));
        self->results[0] += call(page) != ((self->number << 8) | (i & 0xff));
    }
}

static u32 sum(u32 index) {
    u32 total = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        total += cpus[n].results[index];
    }
    return total;
}

void program(void) {
    smp_begin();
    if (cpu_count < 2) {
        skip_all("one processor");
    }
    on_all(patch);
    equal(sum(0), 0, "after dcbst, sync, icbi here and isync there, the others execute the new code");
    on_all(leave_loop);
    ok(1, "processors leave a loop that another one changes into a return");
    put_function(&code[1024], 7);
    on_all(write_beside_code);
    equal(sum(0), 0, "stores beside code leave the code as it is");
    equal(sum(1), 2000 * cpu_count, "and none of them is lost");
    on_all(write_own_code);
    equal(sum(0), 0, "each executes what it wrote, in pages that others have executed");
}
