#define _GNU_SOURCE
#include "threads.h"

#include <stdlib.h>

#if defined(__linux__)

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int32_t host_has_threads(void) {
    return 1;
}

int32_t host_processor_count(void) {
    cpu_set_t processors;
    if (sched_getaffinity(0, sizeof processors, &processors) != 0)
        return 1;
    return CPU_COUNT(&processors);
}

void host_thread_yield(void) {
    sched_yield();
}

struct host_lock {
    pthread_mutex_t mutex;
};

struct host_lock *host_lock_create(void) {
    struct host_lock *lock = malloc(sizeof *lock);
    if (lock != NULL)
        pthread_mutex_init(&lock->mutex, NULL);
    return lock;
}

void host_lock_destroy(struct host_lock *lock) {
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

void host_lock_acquire(struct host_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
}

void host_lock_release(struct host_lock *lock) {
    pthread_mutex_unlock(&lock->mutex);
}

struct host_condition {
    pthread_cond_t condition;
};

struct host_condition *host_condition_create(void) {
    struct host_condition *condition = malloc(sizeof *condition);
    if (condition == NULL)
        return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return condition;
}

void host_condition_destroy(struct host_condition *condition) {
    pthread_cond_destroy(&condition->condition);
    free(condition);
}

void host_condition_wait(struct host_condition *condition, struct host_lock *lock, uint64_t nanoseconds) {
    const uint64_t longest = 3600u * 1000000000ull;
    if (nanoseconds > longest)
        nanoseconds = longest;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    nanoseconds += (uint64_t)end.tv_nsec;
    end.tv_sec += (time_t)(nanoseconds / 1000000000u);
    end.tv_nsec = (long)(nanoseconds % 1000000000u);
    pthread_cond_timedwait(&condition->condition, &lock->mutex, &end);
}

void host_condition_signal(struct host_condition *condition) {
    pthread_cond_broadcast(&condition->condition);
}

struct host_thread {
    pthread_t thread;
    void (*body)(void *);
    void *context;
    pthread_barrier_t started;
};

static void *run(void *argument) {
    struct host_thread *thread = argument;
    // Behind this everything that starting a thread asks of the kernel is done: a filter may forbid it from now on.
    pthread_barrier_wait(&thread->started);
    thread->body(thread->context);
    return NULL;
}

struct host_thread *host_thread_start(void (*body)(void *), void *context) {
    struct host_thread *thread = malloc(sizeof *thread);
    if (thread == NULL)
        return NULL;
    thread->body = body;
    thread->context = context;
    pthread_barrier_init(&thread->started, NULL, 2);
    // A signal is the first thread's, unless it is about a mistake of this one.
    sigset_t all, before;
    sigfillset(&all);
    const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t index = 0; index < sizeof own / sizeof own[0]; index++)
        sigdelset(&all, own[index]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread->thread, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        pthread_barrier_destroy(&thread->started);
        free(thread);
        return NULL;
    }
    pthread_barrier_wait(&thread->started);
    return thread;
}

void host_thread_join(struct host_thread *thread) {
    pthread_join(thread->thread, NULL);
    pthread_barrier_destroy(&thread->started);
    free(thread);
}

int32_t host_waker_open(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void host_waker_wake(int32_t waker) {
    const uint64_t one = 1;
    // It fails only where the descriptor is readable already.
    if (write(waker, &one, sizeof one) < 0)
        return;
}

void host_waker_reset(int32_t waker) {
    uint64_t count;
    if (read(waker, &count, sizeof count) < 0)
        return;
}

void host_waker_close(int32_t waker) {
    close(waker);
}

#else

int32_t host_has_threads(void) {
    return 0;
}

int32_t host_processor_count(void) {
    return 1;
}

void host_thread_yield(void) {
}

// One thread alone needs no locks; what there is to point to is this.
static int nothing;

struct host_lock *host_lock_create(void) {
    return (struct host_lock *)&nothing;
}

void host_lock_destroy(struct host_lock *lock) {
    (void)lock;
}

void host_lock_acquire(struct host_lock *lock) {
    (void)lock;
}

void host_lock_release(struct host_lock *lock) {
    (void)lock;
}

struct host_condition *host_condition_create(void) {
    return (struct host_condition *)&nothing;
}

void host_condition_destroy(struct host_condition *condition) {
    (void)condition;
}

void host_condition_wait(struct host_condition *condition, struct host_lock *lock, uint64_t nanoseconds) {
    (void)condition;
    (void)lock;
    (void)nanoseconds;
}

void host_condition_signal(struct host_condition *condition) {
    (void)condition;
}

struct host_thread *host_thread_start(void (*body)(void *), void *context) {
    (void)body;
    (void)context;
    return NULL;
}

void host_thread_join(struct host_thread *thread) {
    (void)thread;
}

int32_t host_waker_open(void) {
    return -1;
}

void host_waker_wake(int32_t waker) {
    (void)waker;
}

void host_waker_reset(int32_t waker) {
    (void)waker;
}

void host_waker_close(int32_t waker) {
    (void)waker;
}

#endif
