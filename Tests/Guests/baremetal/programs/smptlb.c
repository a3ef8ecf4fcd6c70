// tlbivax takes a translation from every processor. QEMU 7.2 takes it from the one that executes it, and is no oracle here.
// Needs no hypervisor.

#include "smp.h"

#define PAGE 0x50000000
#define ROUNDS 50

static volatile u32 gone;

static void map_page(void) {
    write_tlb(MAS0_TLBSEL(0), MAS1_VALID | MAS1_TSIZE(SIZE_4K), PAGE, SCRATCH | MAS3_SR | MAS3_SW, 0);
}

static void on_miss(struct cpu *self) {
    if (self->vector != DATA_TLB_ERROR || self->dear != PAGE) {
        on_interrupt = 0;
    }
    self->faults++;
    self->pc += 4;
}

static void look(void) {
    __asm__ volatile("lwz 4, 0(%0)" : : "b"(PAGE) : "r4", "memory");
}

static void shoot_down(struct cpu *self) {
    self->results[0] = self->results[1] = 0;
    for (u32 i = 0; i < ROUNDS; i++) {
        self->faults = 0;
        map_page();
        look();
        self->results[0] += self->faults != 0;
        gone = 0;
        barrier(self, cpu_count);
        // A different one each time.
        if (i % cpu_count == self->number) {
            __asm__ volatile("tlbivax 0, %0; sync; tlbsync; sync" : : "r"(PAGE) : "memory");
            gone = 1;
        } else {
            u32 was_gone;
            do {
                was_gone = gone;
                sync();
                look();
            } while (!self->faults && !was_gone);
            // The access after the others were told found the page still.
            self->results[1] += !self->faults;
        }
        barrier(self, cpu_count);
    }
}

static void all_at_once(struct cpu *self) {
    for (u32 i = 0; i < ROUNDS; i++) {
        __asm__ volatile("tlbivax 0, %0; tlbsync" : : "r"(PAGE + 0x1000 * self->number) : "memory");
    }
}

void program(void) {
    smp_begin();
    if (cpu_count < 2) {
        skip_all("one processor");
    }
    on_interrupt = on_miss;
    on_all(shoot_down);
    u32 early = 0, late = 0;
    for (u32 n = 0; n < cpu_count; n++) {
        early += cpus[n].results[0];
        late += cpus[n].results[1];
    }
    equal(early, 0, "a mapped page is there");
    equal(late, 0, "once tlbivax and tlbsync are done, no processor uses the page any more");
    on_all(all_at_once);
    ok(1, "all may invalidate at once");
}
