// First program of the KVM host for x86: mounts what a VMM needs, loads KVM's modules in the order of /modules, runs the program
// whose arguments lie behind "--" on the kernel's command line, says how it ended, and switches the power off.
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
        arguments[0] = "/bin/paravane-kvm-x86";
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

int main(int count, char **arguments) {
    (void)count;
    mount_on("devtmpfs", "/dev");
    mount_on("proc", "/proc"); // where Swift finds a program's arguments
    load("/modules/irqbypass.ko");
    load("/modules/ccp.ko");
    load("/modules/kvm.ko");
    load("/modules/kvm-amd.ko");
    printf("\nkvm-x86-host: begin\n");
    fflush(stdout);
    int status = run(arguments);
    printf("\nkvm-x86-host: status %d\n", status);
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
