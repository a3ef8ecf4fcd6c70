#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof(struct sandbox_instruction) == sizeof(struct sock_filter), "one layout");
_Static_assert(offsetof(struct sandbox_instruction, operand) == offsetof(struct sock_filter, k), "one layout");

int32_t sandbox_is_supported(void) {
    return 1;
}

uint32_t sandbox_architecture(void) {
#if defined(__x86_64__)
    return AUDIT_ARCH_X86_64;
#else
    return AUDIT_ARCH_AARCH64;
#endif
}

#define CALL(name) {#name, SYS_##name}

static const struct {
    const char *name;
    int32_t number;
} calls[] = {
    CALL(accept),         CALL(setsockopt),
    CALL(accept4),        CALL(bind),          CALL(brk),            CALL(capset),
    CALL(chroot),         CALL(clock_getres),  CALL(clock_gettime),  CALL(clock_nanosleep),
    CALL(clone),          CALL(close),         CALL(connect),        CALL(dup),
    CALL(execve),         CALL(execveat),      CALL(exit),           CALL(exit_group),
    CALL(faccessat),      CALL(fcntl),         CALL(fstat),          CALL(fsync),
    CALL(ftruncate),      CALL(futex),         CALL(getcwd),         CALL(getegid),
    CALL(geteuid),        CALL(getgid),        CALL(getpid),         CALL(getrandom),
    CALL(gettid),         CALL(gettimeofday),  CALL(getuid),         CALL(init_module),
    CALL(ioctl),          CALL(kexec_load),    CALL(kill),           CALL(linkat),
    CALL(listen),         CALL(lseek),         CALL(madvise),        CALL(memfd_create),
    CALL(mkdirat),        CALL(mmap),          CALL(mount),          CALL(mprotect),
    CALL(mremap),         CALL(munmap),        CALL(nanosleep),      CALL(newfstatat),
    CALL(open_by_handle_at), CALL(openat),     CALL(perf_event_open), CALL(personality),
    CALL(pidfd_open),     CALL(pivot_root),    CALL(ppoll),          CALL(prctl),
    CALL(pwrite64),
    CALL(prlimit64),      CALL(process_vm_readv), CALL(process_vm_writev), CALL(ptrace),
    CALL(read),           CALL(readlinkat),    CALL(readv),          CALL(reboot),
    CALL(recvfrom),       CALL(restart_syscall), CALL(rt_sigaction), CALL(rt_sigprocmask),
    CALL(rt_sigqueueinfo), CALL(rt_sigreturn), CALL(sched_getaffinity), CALL(sched_yield),
    CALL(seccomp),        CALL(sendmsg),       CALL(sendto),         CALL(setgid),
    CALL(setns),          CALL(setresuid),     CALL(setrlimit),      CALL(setsid),
    CALL(setuid),         CALL(shutdown),      CALL(sigaltstack),    CALL(socket),
    CALL(socketpair),     CALL(statx),         CALL(symlinkat),      CALL(sysinfo),
    CALL(tgkill),         CALL(tkill),         CALL(umount2),        CALL(uname),
    CALL(unlinkat),       CALL(unshare),       CALL(userfaultfd),    CALL(write),
    CALL(writev),         CALL(bpf),           CALL(keyctl),         CALL(add_key),
#ifdef SYS_clone3
    CALL(clone3),
#endif
#ifdef SYS_close_range
    CALL(close_range),
#endif
#ifdef SYS_faccessat2
    CALL(faccessat2),
#endif
#ifdef SYS_io_uring_setup
    CALL(io_uring_setup),
#endif
#ifdef SYS_openat2
    CALL(openat2),
#endif
#ifdef SYS_pidfd_getfd
    CALL(pidfd_getfd),
#endif
// The calls that newer architectures leave out.
#ifdef SYS_access
    CALL(access),
#endif
#ifdef SYS_creat
    CALL(creat),
#endif
#ifdef SYS_dup2
    CALL(dup2),
#endif
#ifdef SYS_fork
    CALL(fork),
#endif
#ifdef SYS_open
    CALL(open),
#endif
#ifdef SYS_poll
    CALL(poll),
#endif
#ifdef SYS_readlink
    CALL(readlink),
#endif
#ifdef SYS_rename
    CALL(rename),
#endif
#ifdef SYS_stat
    CALL(stat),
#endif
#ifdef SYS_time
    CALL(time),
#endif
#ifdef SYS_unlink
    CALL(unlink),
#endif
#ifdef SYS_vfork
    CALL(vfork),
#endif
};

int32_t sandbox_call_number(const char *name) {
    for (size_t index = 0; index < sizeof calls / sizeof calls[0]; index++)
        if (strcmp(calls[index].name, name) == 0)
            return calls[index].number;
    return -1;
}

void sandbox_close(int32_t first, int32_t last) {
    if (first > last)
        return;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, last, 0) == 0)
        return;
#endif
    // Linux before 5.9. Nobody here opens more than a few.
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)last)
        last = (int32_t)limit.rlim_cur;
    for (int32_t descriptor = first; descriptor <= last; descriptor++)
        close(descriptor);
}

int32_t sandbox_remove_socket_at_end(const char *path) {
    struct stat made;
    char absolute[PATH_MAX];
    int ends[2];
    if (lstat(path, &made) != 0 || realpath(path, absolute) == NULL || pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    if (child > 0) {
        close(ends[0]);
        return ends[1];
    }
    // Nothing of the other process may be held open, and no key of the user's may end this one before it is done.
    setsid();
    sandbox_close(0, ends[0] - 1);
    sandbox_close(ends[0] + 1, INT32_MAX);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_IGN);
    char byte;
    while (read(ends[0], &byte, 1) > 0 || errno == EINTR) {
        errno = 0;
    }
    struct stat found;
    if (lstat(absolute, &found) == 0 && found.st_dev == made.st_dev && found.st_ino == made.st_ino)
        unlink(absolute);
    _exit(0);
}

int32_t sandbox_limit_resources(void) {
    const struct rlimit none = {0, 0};
    // poll wants as many as it is asked about; those that are open stay so whatever their number.
    const struct rlimit few = {16, 16};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_NOFILE, &few) != 0)
        return errno;
    return 0;
}

int32_t sandbox_install(const struct sandbox_instruction *program, uint16_t count) {
    const struct sock_fprog filter = {.len = count, .filter = (struct sock_filter *)program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0)
        return errno;
    return 0;
}

#else

int32_t sandbox_is_supported(void) {
    return 0;
}

uint32_t sandbox_architecture(void) {
    return 0;
}

int32_t sandbox_call_number(const char *name) {
    (void)name;
    return -1;
}

void sandbox_close(int32_t first, int32_t last) {
    (void)first;
    (void)last;
}

int32_t sandbox_remove_socket_at_end(const char *path) {
    (void)path;
    return -1;
}

int32_t sandbox_limit_resources(void) {
    return ENOSYS;
}

int32_t sandbox_install(const struct sandbox_instruction *program, uint16_t count) {
    (void)program;
    (void)count;
    return ENOSYS;
}

#endif
