// Threads, locks and conditions. A host without them says so, and machines run on the caller's thread alone.
#pragma once
#include <stdint.h>

/// Whether this host has threads.
int32_t host_has_threads(void);

/// How many threads run at the same time, at least 1.
int32_t host_processor_count(void);

/// Lets other threads run first, if any wait for a processor.
void host_thread_yield(void);

/// A mutual exclusion lock.
struct host_lock;

/// A lock that nobody holds. Null when the host has no memory for it.
struct host_lock *_Nullable host_lock_create(void);
/// Frees a lock that nobody holds.
void host_lock_destroy(struct host_lock *_Nonnull lock);
void host_lock_acquire(struct host_lock *_Nonnull lock);
void host_lock_release(struct host_lock *_Nonnull lock);

/// What threads that hold a lock wait for.
struct host_condition;

/// A condition that nobody waits for. Null when the host has no memory for it.
struct host_condition *_Nullable host_condition_create(void);
/// Frees a condition that nobody waits for.
void host_condition_destroy(struct host_condition *_Nonnull condition);
/// Releases the held `lock` and takes it again once the condition is signalled, or after `nanoseconds`, or for no reason.
void host_condition_wait(
    struct host_condition *_Nonnull condition, struct host_lock *_Nonnull lock, uint64_t nanoseconds);
/// Wakes all who wait.
void host_condition_signal(struct host_condition *_Nonnull condition);

/// A thread.
struct host_thread;

/// Starts a thread that runs `body` with `context`, and returns once it does. Signals to the process do not go to it.
/// Null when the host has no room for it.
struct host_thread *_Nullable host_thread_start(
    void (*_Nonnull body)(void *_Nonnull context), void *_Nonnull context);
/// Waits for the thread's end and frees it.
void host_thread_join(struct host_thread *_Nonnull thread);

/// A descriptor that is readable after `host_waker_wake`, or -1 where there is none.
int32_t host_waker_open(void);
/// Makes the descriptor readable.
void host_waker_wake(int32_t waker);
/// Makes it unreadable again.
void host_waker_reset(int32_t waker);
void host_waker_close(int32_t waker);
