// A guest that cannot even take an interrupt: its vectors lie where nothing is mapped, and then it traps. From there on the
// processor takes one instruction TLB error after the other. A hypervisor has to notice, or at least to stay in control.

#include "runtime.h"

void program(void) {
    put("# losing the interrupt vectors\n");
    __asm__ volatile("mtspr %0, %1; isync; trap" : : "i"(SPR_IVPR), "r"(0x70000000));
    put("Bail out! a trap without vectors returned\n");
}
