#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What the child does between fork and exec: async-signal-safe calls alone.
static void become(char *const *arguments, int output, int errors, const int *kept, int count, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        return;
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0)
        return;
    // What this process was started with may stay open otherwise; a kernel before 5.11 does not know the call.
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int index = 0; index < count; index++)
        if (fcntl(kept[index], F_SETFD, 0) != 0)
            return;
    execvp(arguments[0], arguments);
}

int process_start(char *const *arguments, int output, int errors, const int *kept, int count) {
    // The child says here why it did not become the program; that it did closes the other end.
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0)
        return -errno;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become(arguments, output, errors, kept, count, parent);
        int error = errno;
        if (write(failure[1], &error, sizeof error) < 0)
            _exit(126);
        _exit(127);
    }
    int error = child < 0 ? errno : 0;
    close(failure[1]);
    if (child > 0 && read(failure[0], &error, sizeof error) > 0)
        waitpid(child, NULL, 0);
    close(failure[0]);
    return error != 0 ? -error : child;
}

void process_signal(int child, int number) {
    kill(child, number);
}

void process_signal_group(int child, int number) {
    kill(-child, number);
}

int process_descriptor(int child) {
    long descriptor = syscall(SYS_pidfd_open, child, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
}

int process_interruptions(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

void process_end_by_interruption(int interruptions) {
    struct signalfd_siginfo news;
    if (read(interruptions, &news, sizeof news) != sizeof news)
        return;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, (int)news.ssi_signo);
    signal((int)news.ssi_signo, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    raise((int)news.ssi_signo);
}

int process_pipe(int *ends) {
    return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno;
}

int process_readable(int descriptor) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    return poll(&one, 1, 0) > 0;
}

int process_wait(int child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -SIGKILL;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int process_memory_file(const char *name) {
    int descriptor = memfd_create(name, MFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int process_socket_pair(int *sockets) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0 ? 0 : -errno;
}

void process_poll(const int *descriptors, unsigned char *events, int count, int milliseconds) {
    struct pollfd all[256];
    if (count > 256)
        count = 256;
    for (int index = 0; index < count; index++)
        all[index] = (struct pollfd){
            .fd = events[index] != 0 ? descriptors[index] : -1,
            .events = (short)((events[index] & 1 ? POLLIN : 0) | (events[index] & 2 ? POLLOUT : 0)),
        };
    int ready = poll(all, (nfds_t)count, milliseconds);
    for (int index = 0; index < count; index++) {
        short got = ready > 0 ? all[index].revents : 0;
        // The end of the other side lets both reading and writing go on, to notice it.
        short over = POLLHUP | POLLERR | POLLNVAL;
        events[index] = (unsigned char)((events[index] & 1 && got & (POLLIN | over) ? 1 : 0) |
                                        (events[index] & 2 && got & (POLLOUT | over) ? 2 : 0));
    }
}

void process_end_output(int socket) {
    shutdown(socket, SHUT_WR);
}
