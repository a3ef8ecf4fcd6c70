// How a machine ends while its processors are all at work: the second one does what the kernel command line says
// (`poweroff`, `reset`, `crash`, `panic`; anything else lets them work for ever).

#include "smp.h"

static int asked_for(const char *word) {
    u32 length;
    const char *arguments = (const char *)find_property("bootargs", &length);
    for (u32 i = 0; arguments && i < length; i++) {
        u32 n = 0;
        while (word[n] && i + n < length && arguments[i + n] == word[n]) {
            n++;
        }
        if (!word[n]) {
            return 1;
        }
    }
    return 0;
}

static volatile u32 announced;
static volatile u32 work_done;

static void end(struct cpu *self) {
    barrier(self, cpu_count);
    if (self->number == 0) {
        put("at work\n");
        sync();
        announced = 1;
    }
    if (self->number == 1) {
        while (!announced) {
        }
        if (asked_for("poweroff")) {
            power_off();
        } else if (asked_for("reset")) {
            write32(CCSR + 0xe00b0, 2);
        } else if (asked_for("crash")) {
            MTSPR(SPR_IVPR, 0x70000000);
            __asm__ volatile("trap");
        } else if (asked_for("panic")) {
            put("Kernel panic - not syncing: asked for\n---[ end Kernel panic - not syncing: asked for ]---\n");
        }
    }
    // Exits, stores and invalidations of all kinds, for ever.
    for (u32 i = 0;; i++) {
        atomic_add(&work_done, 1);
        if (self->number & 1) {
            read32(CCSR + 0x41000);
        }
        if (i % 64 == self->number) {
            __asm__ volatile("tlbivax 0, %0; tlbsync" : : "r"(0x50000000) : "memory");
        }
    }
}

void program(void) {
    smp_begin();
    if (cpu_count < 2) {
        skip_all("one processor");
    }
    on_all(end);
}
