// First program of the KVM host for x86: mounts what a VMM needs, loads KVM's modules in the order of /modules, runs the program
// that the first line of /arguments names, with the other lines as its arguments, says how it ended, and switches the power off.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void mount_on(const char *kind, const char *place) {
    mkdir(place, 0755);
    if (mount(kind, place, kind, 0, NULL) != 0 && errno != EBUSY)
        printf("kvm-x86-host: %s does not mount: %s\n", place, strerror(errno));
}

static void load(const char *path) {
    int module = open(path, O_RDONLY | O_CLOEXEC);
    if (module < 0 || syscall(SYS_finit_module, module, "", 0) != 0)
        printf("kvm-x86-host: %s does not load: %s\n", path, strerror(errno));
    close(module);
}

static int run(char **arguments) {
    pid_t child = fork();
    if (child == 0) {
        execv(arguments[0], arguments);
        printf("kvm-x86-host: %s does not start: %s\n", arguments[0], strerror(errno));
        fflush(stdout);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR)
            return 126;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The lines of /arguments.
static char **read_arguments(void) {
    static char text[8192];
    static char *lines[64];
    int file = open("/arguments", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
    size_t count = 0;
    for (char *line = strtok(size < 0 ? NULL : text, "\n"); line && count < 63; line = strtok(NULL, "\n"))
        lines[count++] = line;
    close(file);
    return lines;
}

int main(void) {
    mount_on("devtmpfs", "/dev");
    mount_on("proc", "/proc"); // where Swift finds a program's arguments
    load("/modules/irqbypass.ko");
    load("/modules/ccp.ko");
    load("/modules/kvm.ko");
    load("/modules/kvm-amd.ko");
    printf("\nkvm-x86-host: begin\n");
    fflush(stdout);
    int status = run(read_arguments());
    printf("\nkvm-x86-host: status %d\n", status);
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
