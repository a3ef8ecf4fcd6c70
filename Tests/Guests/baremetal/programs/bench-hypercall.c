// Benchmark: the round trip of a hypercall, from bare metal. What needs no hypervisor is there to compare with: a system
// call, which is an interrupt and its return, and a register of a device.

#include "bench.h"

#define KVM_FEATURES TOKEN(42, 3)
#define NO_CALL TOKEN(42, 0xffff)
#define SUCCESS 0
#define UNIMPLEMENTED 12

#define DEVICE_READS 200000
#define CALLS 1000000
#define PAIRS 250000

void program(void) {
    u32 wrong = 0;
    SET_HANDLER(SYSTEM_CALL, return_at_once);
    MEASURE("system-call", CALLS, for (u32 i = 0; i < CALLS; i++) { __asm__ volatile("sc"); });
    *(volatile u8 *)UART_SCRATCH = UART_SCRATCH_VALUE;
    MEASURE(
        "device-read", DEVICE_READS,
        for (u32 i = 0; i < DEVICE_READS; i++) { wrong += *(volatile u8 *)UART_SCRATCH != UART_SCRATCH_VALUE; });
    equal(wrong, 0, "a device's register keeps its value");
    if (!hypercall_count) {
        return;
    }
    prepare_calls();

    MEASURE("features", CALLS, for (u32 i = 0; i < CALLS; i++) { wrong += call(KVM_FEATURES, 0, 0, 0).status != SUCCESS; });
    equal(wrong, 0, "every KVM_HC_FEATURES succeeds");
    MEASURE("no-call", CALLS, for (u32 i = 0; i < CALLS; i++) { wrong += call(NO_CALL, 0, 0, 0).status != UNIMPLEMENTED; });
    equal(wrong, 0, "a call that does not exist says so each time");

    MEASURE(
        "channel-pair", PAIRS * BYTE_CHANNEL_CHUNK, for (u32 i = 0; i < PAIRS; i++) {
            wrong += call(BYTE_CHANNEL_SEND, BYTE_CHANNEL_FIRST, BYTE_CHANNEL_CHUNK, 0x20202020).first != BYTE_CHANNEL_CHUNK;
            wrong += call(BYTE_CHANNEL_RECEIVE, BYTE_CHANNEL_SECOND, BYTE_CHANNEL_CHUNK, 0).first != BYTE_CHANNEL_CHUNK;
        });
    equal(wrong, 0, "what is sent into one channel comes out of the other");

    // The same way to a function that does nothing: what of the above is not the hypercall.
    u32 first = call_code[0];
    call_code[0] = INSTR_BLR;
    synchronize_instructions((u32)call_code, sizeof call_code);
    MEASURE("plain-call", CALLS, for (u32 i = 0; i < CALLS; i++) { wrong += call(KVM_FEATURES, i, 0, 0).status != i; });
    equal(wrong, 0, "a plain function returns what it was given");
    call_code[0] = first;
}
