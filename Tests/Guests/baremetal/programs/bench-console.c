// Benchmark: bytes to the console through the first UART, and to where nobody listens: through the second UART, and 16
// at a time through the console's byte channel. The last needs a hypervisor, and a console that is another.

#include "bench.h"

#define SECOND_UART (CCSR + 0x4600)
#define LINE_STATUS 5
#define LINE_STATUS_TRANSMIT_EMPTY 0x20

#define LINES 4096
#define SENDS 250000
#define LINE_BYTES 64

static void put_silently(u8 byte) {
    while (!(*(volatile u8 *)(SECOND_UART + LINE_STATUS) & LINE_STATUS_TRANSMIT_EMPTY)) {
    }
    *(volatile u8 *)SECOND_UART = byte;
    __asm__ volatile("sync" ::: "memory");
}

void program(void) {
    // A comment of TAP.
    static const char line[LINE_BYTES + 1] = "# abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXY\n";
    MEASURE("uart", LINES * LINE_BYTES, for (u32 i = 0; i < LINES; i++) { put(line); });
    MEASURE(
        "uart-unconnected", LINES * LINE_BYTES, for (u32 i = 0; i < LINES; i++) {
            for (const char *c = line; *c; c++) {
                put_silently((u8)*c);
            }
        });
    ok(1, "both UARTs took everything");

    if (!hypercall_count) {
        return;
    }
    prepare_calls();
    u32 wrong = 0;
    MEASURE(
        "channel-unconnected", SENDS * BYTE_CHANNEL_CHUNK, for (u32 i = 0; i < SENDS; i++) {
            wrong +=
                call(BYTE_CHANNEL_SEND, BYTE_CHANNEL_CONSOLE, BYTE_CHANNEL_CHUNK, 0x20202020).first != BYTE_CHANNEL_CHUNK;
        });
    equal(wrong, 0, "the byte channel took everything");
}
