#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static int32_t outcome(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int32_t probe_call(
    const struct sandbox_instruction *program, uint16_t count, int32_t number, const uint64_t *arguments) {
    pid_t child = fork();
    if (child == 0) {
        if (sandbox_limit_resources() != 0 || sandbox_install(program, count) != 0)
            _exit(255);
        long result = syscall(
            number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
        _exit(result < 0 ? errno : 0);
    }
    return outcome(child);
}

int32_t probe_foreign_call(const struct sandbox_instruction *program, uint16_t count) {
#if defined(__x86_64__)
    pid_t child = fork();
    if (child == 0) {
        if (sandbox_install(program, count) != 0)
            _exit(255);
        // 20 is getpid for 32-bit programs, and writev for 64-bit ones.
        long result = 20;
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
        _exit(0);
    }
    return outcome(child);
#else
    (void)program;
    (void)count;
    return -1;
#endif
}
