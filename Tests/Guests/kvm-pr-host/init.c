// First program of the KVM-PR host: mounts what a VMM needs, runs paravane-ppc64le with the arguments in /arguments, whose
// input, output and errors are virtio ports, says in another port how it ended, and switches the power off.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/bin/paravane-ppc64le"

static void mount_on(const char *kind, const char *place) {
    mkdir(place, 0755);
    if (mount(kind, place, kind, 0, NULL) != 0 && errno != EBUSY)
        printf("kvm-pr-host: %s does not mount: %s\n", place, strerror(errno));
}

// Waits until `path` is there and, for output, its other end is connected, both of which take the kernel a moment.
static int open_port(const char *path, int flags) {
    for (int attempt = 0; attempt < 2000; attempt++) {
        int port = open(path, flags | O_CLOEXEC);
        if (port >= 0) {
            struct pollfd one = {.fd = port, .events = POLLOUT};
            while (flags != O_RDONLY && poll(&one, 1, 0) >= 0 && one.revents & POLLHUP && attempt++ < 2000)
                usleep(5000);
            return port;
        }
        usleep(5000);
    }
    printf("kvm-pr-host: there is no %s\n", path);
    return -1;
}

// The arguments: strings with a zero byte behind each.
static char **read_arguments(void) {
    static char bytes[64 << 10];
    static char *arguments[1024] = {PROGRAM};
    int file = open("/arguments", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, bytes, sizeof bytes - 1);
    if (file >= 0)
        close(file);
    size_t count = 1;
    for (char *next = bytes; size > 0 && next < bytes + size && count + 1 < sizeof arguments / sizeof *arguments;
         next += strlen(next) + 1)
        arguments[count++] = next;
    return arguments;
}

static int run(char **arguments, const int *ports) {
    pid_t child = fork();
    if (child == 0) {
        for (int port = 0; port < 3; port++)
            dup2(ports[port], port);
        const char *user = getenv("BOX_USER");
        if (user != NULL && (setgid((gid_t)atoi(user)) != 0 || setuid((uid_t)atoi(user)) != 0))
            _exit(126);
        execv(arguments[0], arguments);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR)
            return 126;
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    dprintf(ports[2], "paravane: the program was killed by signal %d: the KVM-PR host may have too little memory\n",
            WTERMSIG(status));
    return 70;
}

int main(void) {
    mount_on("devtmpfs", "/dev");
    mount_on("proc", "/proc");
    mount_on("sysfs", "/sys");
    mount_on("tmpfs", "/tmp");
    int ports[4];
    for (int port = 1; port < 4; port++) {
        char path[] = "/dev/vport0p0";
        path[sizeof path - 2] = (char)('1' + port);
        ports[port] = open_port(path, O_WRONLY);
    }
    // The last: an input that is over already cannot be told from one that is not connected yet, but it has been by now.
    ports[0] = open_port("/dev/vport0p1", O_RDONLY);
    int status = run(read_arguments(), ports);
    dprintf(ports[3], "%d\n", status);
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
