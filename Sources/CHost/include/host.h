// The host calls that the portable core needs. Embedded Swift has no Glibc module, so they are declared here
// with fixed-width types and kept to what the core uses.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "shared.h"
#include "terminal.h"
#include "threads.h"

/// Maps `size` bytes of zeroed private memory that the host commits on first touch. Null when it refuses. Nothing is mapped
/// right in front of it and behind it.
void *_Nullable host_map_memory(size_t size);

/// Advises the host to back the memory with large pages where it can, for a mapping that is used all over.
void host_advise_large_pages(void *_Nonnull base, size_t size);

/// Unmaps what `host_map_memory` returned.
void host_unmap_memory(void *_Nonnull base, size_t size);

/// Bytes of memory that the host can still give without taking it from others, as far as it tells; otherwise the most that
/// there is to say.
uint64_t host_available_memory(void);

/// The two views of memory for native code.
struct host_code_memory {
    void *_Nullable writable;
    void *_Nullable executable;
};

/// Maps `size` bytes of zeroed memory twice: to write, and to execute. 0 when the host refuses. Nothing is mapped right in
/// front of the two and behind them.
int32_t host_map_code(size_t size, struct host_code_memory *_Nonnull memory);

/// Unmaps both views.
void host_unmap_code(size_t size, struct host_code_memory memory);

/// Replaces two doublewords at `address`, a multiple of 16, if they are what is expected. Whether they were. On a host that
/// has no such access it is two, and not atomic.
int32_t host_compare_exchange_u128(
    void *_Nonnull address, uint64_t expected_first, uint64_t expected_second, uint64_t first, uint64_t second);

/// Nanoseconds of the host's monotonic clock.
uint64_t host_monotonic_nanoseconds(void);

/// The next connection to a listening socket, which does not block; -1 where there is none now.
int host_accept(int listener);

/// Sleeps until one of `count` descriptors, at most 4, has input or is at its end, but at most for `nanoseconds`. A negative
/// descriptor never has.
void host_wait_readable(const int *_Nonnull descriptors, int32_t count, uint64_t nanoseconds);

/// Writes all of `count` bytes to `descriptor`. Returns 0, or the errno of why it does not take them.
int host_write(int descriptor, const void *_Nonnull bytes, size_t count);

/// Opens `path` for reading; a terminal does not become the process's own. The descriptor, or the negated
/// errno.
int host_open_file(const char *_Nonnull path);

/// Opens `path` for writing, emptied or new. The descriptor, or the negated errno.
int host_create_file(const char *_Nonnull path);

/// Reads at most `count` bytes from `descriptor`. The number read, 0 at the end, or the negated errno.
long host_read(int descriptor, void *_Nonnull bytes, size_t count);

/// Closes `descriptor`.
void host_close(int descriptor);

/// The text that the C library has for an errno.
const char *_Nonnull host_error_text(int error);

/// Nanoseconds since 1970 began, UTC, of the host's clock.
uint64_t host_wall_clock_nanoseconds(void);

/// Fills `count` bytes, at most 256, with random ones. 0 where the host has none to give.
int32_t host_random(void *_Nonnull bytes, size_t count);
