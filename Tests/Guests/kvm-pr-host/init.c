// First program of the KVM-PR host: mounts what a VMM needs, runs paravane-ppc64le with the arguments behind "--" on the
// kernel's command line, says how it ended, and switches the power off.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void mount_on(const char *kind, const char *place) {
    mkdir(place, 0755);
    if (mount(kind, place, kind, 0, NULL) != 0 && errno != EBUSY)
        printf("kvm-pr-host: %s does not mount: %s\n", place, strerror(errno));
}

static int run(char **arguments) {
    pid_t child = fork();
    if (child == 0) {
        arguments[0] = "/bin/paravane-ppc64le";
        execv(arguments[0], arguments);
        printf("kvm-pr-host: %s does not start: %s\n", arguments[0], strerror(errno));
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

int main(int count, char **arguments) {
    (void)count;
    mount_on("devtmpfs", "/dev");
    mount_on("proc", "/proc");
    mount_on("sysfs", "/sys");
    mount_on("tmpfs", "/tmp");
    // The shell that starts the machine takes what lies between these two lines.
    printf("\nkvm-pr-host: begin\n");
    fflush(stdout);
    int status = run(arguments);
    printf("\nkvm-pr-host: status %d\n", status);
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
