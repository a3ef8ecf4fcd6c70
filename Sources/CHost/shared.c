#include "host.h"

static void copy_up(unsigned char *target, const unsigned char *source, size_t count) {
    // Words where both sides allow it: the beginning and the end are bytes.
    if (((uintptr_t)target - (uintptr_t)source) % 8 == 0) {
        for (; count > 0 && (uintptr_t)target % 8 != 0; count--)
            host_store_u8(target++, host_load_u8(source++));
        for (; count >= 8; count -= 8, target += 8, source += 8)
            host_store_u64(target, host_load_u64(source));
    }
    while (count-- > 0)
        host_store_u8(target++, host_load_u8(source++));
}

void host_copy_shared(void *target, const void *source, size_t count) {
    unsigned char *to = target;
    const unsigned char *from = source;
    if (to <= from || to >= from + count) {
        copy_up(to, from, count);
    } else {
        while (count-- > 0)
            host_store_u8(to + count, host_load_u8(from + count));
    }
}
