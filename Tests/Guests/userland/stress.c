// What a system with several processors does all the time, for some seconds and checked: processes that come and go, pipes,
// signals, threads on a futex, an atomic counter in shared memory, page faults, moves from processor to processor.
//
// usage: stress <seconds> <processes>
// Prints a count for each kind of work and ends with status 0 when nothing was wrong.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum kind { FORKS, PIPES, SIGNALS, FUTEXES, ATOMICS, FAULTS, MOVES, KINDS };
static const char *const names[KINDS] = {"forks", "pipes", "signals", "futexes", "atomics", "faults", "moves"};

// What all processes share.
struct shared {
    uint32_t atomic;
    uint32_t errors;
    uint32_t counts[64][KINDS];
};
static struct shared *shared;
static uint32_t *counts;

static void wrong(const char *what) {
    printf("stress: wrong: %s (errno %d)\n", what, errno);
    __atomic_fetch_add(&shared->errors, 1, __ATOMIC_SEQ_CST);
}

static int ended_with(pid_t child, int status) {
    int got = 0;
    while (waitpid(child, &got, 0) < 0)
        if (errno != EINTR)
            return 0;
    return WIFEXITED(got) && WEXITSTATUS(got) == status;
}

static void forks(uint32_t round) {
    pid_t child = fork();
    if (child == 0)
        _exit((int)(round & 127));
    if (child < 0 || !ended_with(child, (int)(round & 127)))
        wrong("a child's status");
    counts[FORKS]++;
}

static void pipes(uint32_t round) {
    int there[2], back[2];
    if (pipe(there) != 0 || pipe(back) != 0) {
        wrong("pipe");
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        uint32_t words[256];
        ssize_t size;
        while ((size = read(there[0], words, sizeof words)) > 0) {
            for (size_t i = 0; i < (size_t)size / 4; i++)
                words[i] = ~words[i];
            if (write(back[1], words, (size_t)size) != size)
                _exit(1);
        }
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t sent[256], received[256];
        for (uint32_t j = 0; j < 256; j++)
            sent[j] = round * 2654435761u + i * 40503u + j;
        if (write(there[1], sent, sizeof sent) != sizeof sent)
            wrong("write");
        size_t have = 0;
        while (have < sizeof received) {
            ssize_t size = read(back[0], (char *)received + have, sizeof received - have);
            if (size <= 0)
                break;
            have += (size_t)size;
        }
        for (uint32_t j = 0; j < 256; j++)
            if (received[j] != ~sent[j]) {
                wrong("what came through a pipe");
                break;
            }
        counts[PIPES]++;
    }
    close(there[1]);
    close(back[0]);
    if (child < 0 || !ended_with(child, 0))
        wrong("the other end of a pipe");
}

static volatile sig_atomic_t heard;

static void hear(int number) {
    (void)number;
    heard++;
}

static void signals(uint32_t round) {
    (void)round;
    // Each signal is answered by one, so none can merge with the next.
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    pid_t parent = getpid();
    heard = 0;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 20; i++) {
            while (heard == i)
                sigsuspend(&before);
            kill(parent, SIGUSR1);
        }
        _exit(0);
    }
    for (int i = 0; i < 20; i++) {
        kill(child, SIGUSR1);
        while (heard == i)
            sigsuspend(&before);
        counts[SIGNALS]++;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child < 0 || !ended_with(child, 0))
        wrong("who answers signals");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static uint32_t turn, guarded;

enum { THREADS = 3, TURNS = 100 };

static void *take_turns(void *argument) {
    uint32_t me = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != me)
            pthread_cond_wait(&condition, &mutex);
        turn++;
        guarded++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void futexes(uint32_t round) {
    (void)round;
    pthread_t threads[THREADS];
    turn = guarded = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, take_turns, (void *)i) != 0) {
            wrong("pthread_create");
            exit(1);
        }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (guarded != THREADS * TURNS)
        wrong("what a mutex guards");
    counts[FUTEXES] += THREADS * TURNS;
}

static void atomics(uint32_t round) {
    (void)round;
    for (int i = 0; i < 5000; i++)
        __atomic_fetch_add(&shared->atomic, 1, __ATOMIC_RELAXED);
    counts[ATOMICS] += 5000;
}

static void faults(uint32_t round) {
    enum { SIZE = 256 << 10 };
    uint32_t *words = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (words == MAP_FAILED) {
        wrong("mmap");
        return;
    }
    for (uint32_t i = 0; i < SIZE / 4; i += 256)
        words[i] = round ^ i;
    // The child has the same pages until either writes.
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 0; i < SIZE / 4; i += 256) {
            if (words[i] != (round ^ i))
                _exit(1);
            words[i] = i;
        }
        _exit(0);
    }
    int good = child > 0 && ended_with(child, 0);
    for (uint32_t i = 0; i < SIZE / 4; i += 256)
        good &= words[i] == (round ^ i);
    if (!good)
        wrong("a page that was copied on writing");
    munmap(words, SIZE);
    counts[FAULTS] += SIZE / 4096;
}

static void moves(uint32_t round) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(round % (uint32_t)online, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0 || sched_getcpu() != (int)(round % (uint32_t)online))
        wrong("the processor that a process asked for");
    counts[MOVES]++;
    CPU_ZERO(&set);
    for (long i = 0; i < online; i++)
        CPU_SET((size_t)i, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void (*const work[KINDS])(uint32_t round) = {forks, pipes, signals, futexes, atomics, faults, moves};

int main(int count, char **arguments) {
    int seconds = count > 1 ? atoi(arguments[1]) : 10;
    int processes = count > 2 ? atoi(arguments[2]) : 4;
    if (seconds < 1 || processes < 1 || processes > 64)
        return 64;
    setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    struct sigaction action = {.sa_handler = hear};
    sigaction(SIGUSR1, &action, NULL);

    time_t end = time(NULL) + seconds;
    pid_t children[64];
    for (int i = 0; i < processes; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            counts = shared->counts[i];
            // Each begins with another kind of work.
            for (uint32_t round = (uint32_t)i; time(NULL) < end; round++)
                work[round % KINDS](round);
            exit(0);
        }
    }
    for (int i = 0; i < processes; i++)
        if (!ended_with(children[i], 0))
            wrong("a worker's end");

    uint32_t total[KINDS] = {0};
    for (int i = 0; i < processes; i++)
        for (int kind = 0; kind < KINDS; kind++)
            total[kind] += shared->counts[i][kind];
    if (total[ATOMICS] != shared->atomic)
        wrong("the sum of the atomic counter");
    printf("stress:");
    for (int kind = 0; kind < KINDS; kind++) {
        printf(" %s %u", names[kind], total[kind]);
        if (total[kind] == 0)
            wrong("a kind of work that was never done");
    }
    printf("\n");
    return shared->errors == 0 ? 0 : 1;
}
