// What clang may call for.

void *memset(void *to, int byte, __SIZE_TYPE__ count) {
    volatile unsigned char *target = to;
    while (count--) {
        *target++ = (unsigned char)byte;
    }
    return to;
}

void *memcpy(void *to, const void *from, __SIZE_TYPE__ count) {
    volatile unsigned char *target = to;
    const unsigned char *source = from;
    while (count--) {
        *target++ = *source++;
    }
    return to;
}
