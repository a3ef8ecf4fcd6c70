// What the standard library's comparison of strings asks of its Unicode tables, which exist for no PowerPC target: that
// there is nothing to normalize. Right for ASCII, and the core compares nothing else.
#include <stdint.h>

const uint8_t *const _swift_stdlib_nfd_decompositions = 0;

uint16_t _swift_stdlib_getNormData(uint32_t scalar) {
    (void)scalar;
    return 0;
}

uint32_t _swift_stdlib_getDecompositionEntry(uint32_t scalar) {
    (void)scalar;
    return 0;
}

uint32_t _swift_stdlib_getComposition(uint32_t first, uint32_t second) {
    (void)first;
    (void)second;
    return UINT32_MAX;
}
