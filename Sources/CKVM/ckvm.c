#define _GNU_SOURCE
#include "ckvm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int ckvm_open(const char *path) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

void ckvm_close(int descriptor) {
    close(descriptor);
}

long ckvm_ioctl(int descriptor, unsigned long request, unsigned long argument) {
    int result = ioctl(descriptor, request, argument);
    return result < 0 ? -errno : result;
}

long ckvm_map(int descriptor, size_t size, void **address) {
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED)
        return -errno;
    *address = base;
    return 0;
}

void ckvm_unmap(void *address, size_t size) {
    munmap(address, size);
}

int ckvm_exists(const char *path) {
    return access(path, F_OK) == 0;
}

long ckvm_page_size(void) {
    return sysconf(_SC_PAGESIZE);
}

// The timer of each thread and the byte that it sets. The signal goes to the thread that asked, for only a signal of its
// own interrupts what it waits in.
static _Thread_local volatile uint8_t *volatile limited;
static _Thread_local timer_t timer;
static _Thread_local sigset_t earlier;

static void end_run(int signal) {
    (void)signal;
    if (limited)
        *limited = 1;
}

int ckvm_limit_run(void *flag, uint64_t nanoseconds) {
    struct sigaction action = {.sa_handler = end_run};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    event._sigev_un._tid = gettid();
    struct itimerspec time = {
        .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)},
    };
    if (nanoseconds == 0)
        time.it_value.tv_nsec = 1;
    ckvm_end_limit();
    if (sigaction(SIGALRM, &action, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return -errno;
    // Threads of a pool block most signals.
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &alarm, &earlier);
    limited = flag;
    if (timer_settime(timer, 0, &time, NULL) != 0) {
        int error = errno;
        ckvm_end_limit();
        return -error;
    }
    return 0;
}

void ckvm_end_limit(void) {
    if (!limited)
        return;
    timer_delete(timer);
    limited = NULL;
    pthread_sigmask(SIG_SETMASK, &earlier, NULL);
}

#if defined(__x86_64__)
enum { leaves = 256 };

long ckvm_offer_cpuid(int kvm, int vcpu, uint32_t apic_id) {
    struct kvm_cpuid2 *offer = calloc(1, sizeof *offer + leaves * sizeof offer->entries[0]);
    if (!offer)
        return -ENOMEM;
    offer->nent = leaves;
    long result = ckvm_ioctl(kvm, KVM_GET_SUPPORTED_CPUID, (unsigned long)offer);
    for (uint32_t i = 0; result >= 0 && i < offer->nent; i++) {
        if (offer->entries[i].function == 1) {
            offer->entries[i].ebx = (offer->entries[i].ebx & 0x00ffffff) | apic_id << 24;
            offer->entries[i].ecx |= 1u << 31; // a hypervisor, which KVM leaves to the user to say
        }
    }
    if (result >= 0)
        result = ckvm_ioctl(vcpu, KVM_SET_CPUID2, (unsigned long)offer);
    free(offer);
    return result < 0 ? result : 0;
}
#endif

static void nothing(int signal) {
    (void)signal;
}

int ckvm_accept_kicks(void) {
    // Without SA_RESTART: the call that it interrupts has to return.
    struct sigaction action = {.sa_handler = nothing};
    if (sigaction(SIGUSR1, &action, NULL) != 0)
        return -errno;
    sigset_t kick;
    sigemptyset(&kick);
    sigaddset(&kick, SIGUSR1);
    int error = pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
    return error != 0 ? -error : gettid();
}

void ckvm_kick(int thread) {
    tgkill(getpid(), thread, SIGUSR1);
}

void ckvm_flush_code(void *base, size_t size) {
    __builtin___clear_cache(base, (char *)base + size);
}

long ckvm_read_at(int descriptor, void *bytes, size_t count, uint64_t offset) {
    ssize_t result = pread(descriptor, bytes, count, (off_t)offset);
    return result < 0 ? -errno : result;
}
