#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

int32_t host_is_terminal(int descriptor) {
    return isatty(descriptor) == 1;
}

static int32_t is_ready(int descriptor, short events, int32_t milliseconds) {
    struct pollfd one = {.fd = descriptor, .events = events};
    return poll(&one, 1, milliseconds) > 0;
}

int32_t host_has_input(int descriptor) {
    return is_ready(descriptor, POLLIN, 0);
}

int32_t host_takes_output(int descriptor, int32_t milliseconds) {
    return is_ready(descriptor, POLLOUT, milliseconds);
}

long host_write_some(int descriptor, const void *bytes, size_t count) {
    ssize_t written = write(descriptor, bytes, count);
    if (written >= 0)
        return written;
    return errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

// The signals that end the process: by request, and by a mistake of ours.
static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
static const size_t ending_count = sizeof endings / sizeof endings[0];

void host_unblock_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t index = 0; index < ending_count; index++)
        sigaddset(&signals, endings[index]);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

// What to restore. Written once, before the handlers that read it are installed.
static struct termios saved;
static volatile sig_atomic_t is_saved;

void host_terminal_restore(void) {
    if (is_saved)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

static void restore_and_end(int number) {
    host_terminal_restore();
    signal(number, SIG_DFL);
    raise(number);
}

void host_terminal_make_raw(void) {
    if (is_saved || tcgetattr(STDIN_FILENO, &saved) != 0)
        return;
    struct termios mode = saved;
    is_saved = 1;
    cfmakeraw(&mode);
    // Output keeps its newline translation: not every line is the guest's.
    mode.c_oflag |= OPOST;
    for (size_t index = 0; index < ending_count; index++)
        signal(endings[index], restore_and_end);
    atexit(host_terminal_restore);
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}
