#define _GNU_SOURCE
#include "host.h"

#include <poll.h>
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

void *host_map_memory(size_t size) {
    if (size > SIZE_MAX - 4 * guard)
        return NULL;
    size_t inner = rounded(size);
    char *base = mmap(NULL, inner + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    if (mprotect(base + guard, inner, PROT_READ | PROT_WRITE) != 0) {
        munmap(base, inner + 2 * guard);
        return NULL;
    }
    return base + guard;
}

void host_advise_large_pages(void *base, size_t size) {
    // Advice only: a host that has none goes on with small ones.
    madvise(base, size, MADV_HUGEPAGE);
}

void host_unmap_memory(void *base, size_t size) {
    munmap((char *)base - guard, rounded(size) + 2 * guard);
}

int32_t host_map_code(size_t size, struct host_code_memory *memory) {
    int descriptor = memfd_create("paravane native code", MFD_CLOEXEC);
    if (descriptor < 0)
        return 0;
    void *writable = MAP_FAILED;
    void *executable = MAP_FAILED;
    if (ftruncate(descriptor, (off_t)size) == 0) {
        writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        executable = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, descriptor, 0);
    }
    close(descriptor);
    if (writable != MAP_FAILED && executable != MAP_FAILED) {
        *memory = (struct host_code_memory){writable, executable};
        return 1;
    }
    if (writable != MAP_FAILED)
        munmap(writable, size);
    if (executable != MAP_FAILED)
        munmap(executable, size);
    return 0;
}

void host_unmap_code(size_t size, struct host_code_memory memory) {
    munmap(memory.writable, size);
    munmap(memory.executable, size);
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
