// Memory that several threads share: guest RAM, and the words by which vCPUs tell each other something.
//
// Two vCPUs that race on a word of guest memory are no mistake of ours, so every access of theirs is atomic. Relaxed ones
// compile to plain moves; what order a guest wants it asks for with `sync`, which is `host_fence`.
#pragma once
#include <stdint.h>

#define HOST_SHARED static inline __attribute__((always_inline))

#define HOST_SHARED_ACCESS(bits)                                                                                       \
    /** The naturally aligned integer at `address`. */                                                                 \
    HOST_SHARED uint##bits##_t host_load_u##bits(const void *_Nonnull address) {                                       \
        return __atomic_load_n((const uint##bits##_t *)address, __ATOMIC_RELAXED);                                     \
    }                                                                                                                  \
    /** Stores a naturally aligned integer. */                                                                         \
    HOST_SHARED void host_store_u##bits(void *_Nonnull address, uint##bits##_t value) {                                \
        __atomic_store_n((uint##bits##_t *)address, value, __ATOMIC_RELAXED);                                          \
    }

HOST_SHARED_ACCESS(8)
HOST_SHARED_ACCESS(16)
HOST_SHARED_ACCESS(32)
HOST_SHARED_ACCESS(64)

/// Accesses of any alignment: one move on hosts that have it, and single-copy atomic there where they are aligned. The thread
/// sanitizer has to be told so in its own terms; `make tsan` defines the name, for Swift's importer does not know of it.
#ifdef HOST_THREAD_SANITIZER
#define HOST_UNALIGNED_ACCESS(bits)                                                                                    \
    HOST_SHARED uint##bits##_t host_load_unaligned_u##bits(const void *_Nonnull address) {                             \
        if (((uintptr_t)address & (bits / 8 - 1)) == 0) return host_load_u##bits(address);                             \
        uint##bits##_t value = 0;                                                                                      \
        for (int byte = 0; byte < bits / 8; byte++)                                                                    \
            value |= (uint##bits##_t)host_load_u8((const uint8_t *)address + byte) << (8 * byte);                      \
        return value;                                                                                                  \
    }                                                                                                                  \
    HOST_SHARED void host_store_unaligned_u##bits(void *_Nonnull address, uint##bits##_t value) {                      \
        if (((uintptr_t)address & (bits / 8 - 1)) == 0) return host_store_u##bits(address, value);                     \
        for (int byte = 0; byte < bits / 8; byte++) host_store_u8((uint8_t *)address + byte, (uint8_t)(value >> (8 * byte)));\
    }
#else
#define HOST_UNALIGNED_ACCESS(bits)                                                                                    \
    typedef uint##bits##_t __attribute__((aligned(1), may_alias)) host_unaligned_u##bits;                              \
    HOST_SHARED uint##bits##_t host_load_unaligned_u##bits(const void *_Nonnull address) {                             \
        return *(const volatile host_unaligned_u##bits *)address;                                                      \
    }                                                                                                                  \
    HOST_SHARED void host_store_unaligned_u##bits(void *_Nonnull address, uint##bits##_t value) {                      \
        *(volatile host_unaligned_u##bits *)address = value;                                                           \
    }
#endif

HOST_UNALIGNED_ACCESS(16)
HOST_UNALIGNED_ACCESS(32)
HOST_UNALIGNED_ACCESS(64)

/// Replaces `expected` at `address` by `value`. Whether that was there; the exchange is in order with all other accesses.
HOST_SHARED int32_t host_compare_exchange_u32(void *_Nonnull address, uint32_t expected, uint32_t value) {
    return __atomic_compare_exchange_n(
        (uint32_t *)address, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/// The same for a byte and a halfword.
HOST_SHARED int32_t host_compare_exchange_u8(void *_Nonnull address, uint8_t expected, uint8_t value) {
    return __atomic_compare_exchange_n((uint8_t *)address, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

HOST_SHARED int32_t host_compare_exchange_u16(void *_Nonnull address, uint16_t expected, uint16_t value) {
    return __atomic_compare_exchange_n(
        (uint16_t *)address, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/// The same for a doubleword.
HOST_SHARED int32_t host_compare_exchange_u64(void *_Nonnull address, uint64_t expected, uint64_t value) {
    return __atomic_compare_exchange_n(
        (uint64_t *)address, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/// Puts `value` at `address` and returns what was there.
HOST_SHARED uint8_t host_exchange_u8(void *_Nonnull address, uint8_t value) {
    return __atomic_exchange_n((uint8_t *)address, value, __ATOMIC_SEQ_CST);
}

/// The word at `address`; what its writer did before is visible.
HOST_SHARED uint64_t host_load_acquire_u64(const void *_Nonnull address) {
    return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}

/// Stores a word, after everything that was done before.
HOST_SHARED void host_store_release_u64(void *_Nonnull address, uint64_t value) {
    __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELEASE);
}

/// Sets bits of the word at `address`.
HOST_SHARED void host_set_bits_u64(void *_Nonnull address, uint64_t bits) {
    __atomic_fetch_or((uint64_t *)address, bits, __ATOMIC_ACQ_REL);
}

/// Clears bits of the word at `address` and returns what it was.
HOST_SHARED uint64_t host_clear_bits_u64(void *_Nonnull address, uint64_t bits) {
    return __atomic_fetch_and((uint64_t *)address, ~bits, __ATOMIC_ACQ_REL);
}

/// Puts all accesses before it in order with all accesses after it.
HOST_SHARED void host_fence(void) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/// Copies bytes that other threads may be using; the two ranges may overlap.
void host_copy_shared(void *_Nonnull target, const void *_Nonnull source, size_t count);
