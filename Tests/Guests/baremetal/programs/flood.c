// A guest that talks without end: 4 MiB to the console, as fast as that takes them, then an end that can be looked for.

#include "runtime.h"

#define LINES 65536

void program(void) {
    for (u32 line = 0; line < LINES; line++) {
        // 64 bytes a line.
        put("# ");
        put_hex(line);
        put(" abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN\n");
    }
    ok(1, "everything was said");
}
