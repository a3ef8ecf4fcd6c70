#include "bench.h"

u64 timebase64(void) {
    u32 high, low, again;
    do {
        __asm__ volatile("mfspr %0, 269; mfspr %1, 268; mfspr %2, 269" : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (u64)high << 32 | low;
}

void measured(const char *name, u32 operations, u64 ticks) {
    u32 length = 0;
    const u32 *frequency = find_property("timebase-frequency", &length);
    put("# measured ");
    put(name);
    put(" ");
    put_decimal(operations);
    put(" operations ");
    put_hex64(ticks);
    put(" ticks at ");
    put_decimal(frequency ? *frequency : 0);
    put(" Hz\n");
}

__asm__(".section .vectors, \"ax\"\n"
        ".balign 16\n"
        ".globl return_at_once\n"
        "return_at_once:\n"
        "    rfi\n"
        ".text\n");

u32 call_code[5] __attribute__((aligned(32)));

void prepare_calls(void) {
    for (u32 i = 0; i < hypercall_count; i++) {
        call_code[i] = hypercall_words[i];
    }
    call_code[hypercall_count] = INSTR_BLR;
    synchronize_instructions((u32)call_code, sizeof call_code);
}
