#define _GNU_SOURCE
#include "host.h"

#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// What nothing may touch lies before and behind every mapping, so that an address that is a little wrong ends the
// process instead of reaching something else. The largest page size of the hosts, since nothing here asks for it.
static const size_t guard = 64 << 10;

static size_t rounded(size_t size) {
    return (size + guard - 1) & ~(guard - 1);
}

// The usual size of large pages. Memory of so many bytes starts at a multiple of it.
static const size_t large = 2 << 20;

// Reserves addresses for `size` bytes, a multiple of the guard's, with nothing before and behind them. Null when there are
// none. Whoever takes the memory for something else keeps the guards: `unreserve` gives all of it back.
static char *reserve(size_t size) {
    size_t alignment = size >= large ? large : guard;
    size_t all = size + 2 * guard + alignment;
    char *start = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    char *base = (char *)(((uintptr_t)start + guard + alignment - 1) & ~(alignment - 1));
    size_t before = (size_t)(base - guard - start);
    if (before > 0)
        munmap(start, before);
    if (before < alignment)
        munmap(base + size + guard, alignment - before);
    return base;
}

static void unreserve(char *base, size_t size) {
    munmap(base - guard, size + 2 * guard);
}

void *host_map_memory(size_t size) {
    if (size > SIZE_MAX - 4 * large)
        return NULL;
    size_t inner = rounded(size);
    char *base = reserve(inner);
    if (base != NULL && mprotect(base, inner, PROT_READ | PROT_WRITE) != 0) {
        unreserve(base, inner);
        return NULL;
    }
    return base;
}

void host_advise_large_pages(void *base, size_t size) {
    // Advice only: a host that has none goes on with small ones.
    madvise(base, size, MADV_HUGEPAGE);
}

void host_unmap_memory(void *base, size_t size) {
    unreserve(base, rounded(size));
}

// Maps the memory of `descriptor` between guards of its own.
static void *map_shared(int descriptor, size_t size, int protection) {
    char *base = reserve(rounded(size));
    if (base == NULL)
        return NULL;
    if (mmap(base, size, protection, MAP_SHARED | MAP_FIXED, descriptor, 0) == MAP_FAILED) {
        unreserve(base, rounded(size));
        return NULL;
    }
    return base;
}

uint64_t host_available_memory(void) {
    FILE *file = fopen("/proc/meminfo", "re");
    if (file == NULL)
        return UINT64_MAX;
    char line[128];
    uint64_t available = UINT64_MAX;
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long long kibibytes;
        if (sscanf(line, "MemAvailable: %llu kB", &kibibytes) == 1)
            available = (uint64_t)kibibytes << 10;
    }
    fclose(file);
    return available;
}

int32_t host_map_code(size_t size, struct host_code_memory *memory) {
    int descriptor = memfd_create("paravane native code", MFD_CLOEXEC);
    if (descriptor < 0)
        return 0;
    struct host_code_memory views = {NULL, NULL};
    if (ftruncate(descriptor, (off_t)size) == 0) {
        views.writable = map_shared(descriptor, size, PROT_READ | PROT_WRITE);
        views.executable = map_shared(descriptor, size, PROT_READ | PROT_EXEC);
    }
    close(descriptor);
    if (views.writable != NULL && views.executable != NULL) {
        *memory = views;
        return 1;
    }
    host_unmap_code(size, views);
    return 0;
}

void host_unmap_code(size_t size, struct host_code_memory memory) {
    if (memory.writable != NULL)
        unreserve(memory.writable, rounded(size));
    if (memory.executable != NULL)
        unreserve(memory.executable, rounded(size));
}

uint64_t host_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t host_wall_clock_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int32_t host_random(void *bytes, size_t count) {
    return getentropy(bytes, count) == 0;
}

int host_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void host_wait_readable(const int *descriptors, int32_t count, uint64_t nanoseconds) {
    const uint64_t longest = 3600u * 1000000000ull;
    if (nanoseconds > longest)
        nanoseconds = longest;
    struct timespec timeout = {
        .tv_sec = (time_t)(nanoseconds / 1000000000u),
        .tv_nsec = (long)(nanoseconds % 1000000000u),
    };
    // poll ignores a negative descriptor.
    struct pollfd inputs[4] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}};
    for (int32_t index = 0; index < count && index < 4; index++)
        inputs[index] = (struct pollfd){.fd = descriptors[index], .events = POLLIN};
    ppoll(inputs, 4, &timeout, NULL);
}

#if defined(__x86_64__)
__attribute__((target("cx16")))
#endif
int32_t host_compare_exchange_u128(
    void *address, uint64_t expected_first, uint64_t expected_second, uint64_t first, uint64_t second) {
#if defined(__x86_64__) || defined(__aarch64__)
    // Little-endian hosts: the first doubleword is the lower half.
    unsigned __int128 expected = (unsigned __int128)expected_second << 64 | expected_first;
    unsigned __int128 value = (unsigned __int128)second << 64 | first;
    return __sync_bool_compare_and_swap((unsigned __int128 *)address, expected, value);
#else
    uint64_t *words = address;
    if (__atomic_load_n(words, __ATOMIC_RELAXED) != expected_first ||
        __atomic_load_n(words + 1, __ATOMIC_RELAXED) != expected_second)
        return 0;
    __atomic_store_n(words, first, __ATOMIC_RELAXED);
    __atomic_store_n(words + 1, second, __ATOMIC_RELAXED);
    return 1;
#endif
}
