// Benchmark: the round trip of a hypercall, from bare metal. Needs a hypervisor.

#include "bench.h"

#define KVM_FEATURES TOKEN(42, 3)
#define NO_CALL TOKEN(42, 0xffff)
#define SUCCESS 0
#define UNIMPLEMENTED 12

#define CALLS 1000000
#define PAIRS 250000

void program(void) {
    if (!hypercall_count) {
        skip_all("no /hypervisor");
    }
    prepare_calls();

    u32 wrong = 0;
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
