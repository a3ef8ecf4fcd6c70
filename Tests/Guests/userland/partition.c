// The management interface of Freescale's hypervisor from a process's side: the ioctls of Linux's /dev/fsl-hv on the own
// partition, which is the only one.
//
// usage: partition status               the status call's result and the state
//        partition start                the start call's result
//        partition get <path> <name>    a property of the device tree as text
//        partition set <path> <name> <text>
//        partition ring <handle>        rings a doorbell, and waits until one rings here
// What the hypervisor refuses is printed as "refused <status>".

#include <errno.h>
#include <fcntl.h>
#include <linux/fsl_hypervisor.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OWN 0xffffffff

static int device;

// Makes the call; its parameters begin with what the hypervisor answers.
static int call(unsigned long request, void *parameters) {
    if (ioctl(device, request, parameters)) {
        printf("error %s\n", strerror(errno));
        return 0;
    }
    uint32_t status;
    memcpy(&status, parameters, sizeof status);
    if (status) {
        printf("refused %u\n", status);
    }
    return !status;
}

static int property(unsigned long request, const char *path, const char *name, void *value, uint32_t *size) {
    struct fsl_hv_ioctl_prop parameters = {
        .handle = OWN,
        .path = (uintptr_t)path,
        .propname = (uintptr_t)name,
        .propval = (uintptr_t)value,
        .proplen = *size,
    };
    int done = call(request, &parameters);
    *size = parameters.proplen;
    return done;
}

static int ring(uint32_t handle) {
    struct fsl_hv_ioctl_doorbell doorbell = {.doorbell = handle};
    struct pollfd waiting = {.fd = device, .events = POLLIN};
    uint32_t rung;
    if (poll(&waiting, 1, 0) != 0) {
        puts("rings already");
        return 1;
    }
    if (!call(FSL_HV_IOCTL_DOORBELL, &doorbell)) {
        return 1;
    }
    if (poll(&waiting, 1, 5000) != 1 || read(device, &rung, sizeof rung) != sizeof rung) {
        puts("silence");
        return 1;
    }
    puts("rang");
    return 0;
}

int main(int count, char **arguments) {
    const char *action = count > 1 ? arguments[1] : "";
    device = open("/dev/fsl-hv", O_RDWR);
    if (device < 0) {
        printf("no /dev/fsl-hv: %s\n", strerror(errno));
        return 1;
    }
    if (!strcmp(action, "status")) {
        struct fsl_hv_ioctl_status status = {.partition = OWN};
        if (call(FSL_HV_IOCTL_PARTITION_GET_STATUS, &status)) {
            printf("state %u\n", status.status);
        }
    } else if (!strcmp(action, "start")) {
        struct fsl_hv_ioctl_start start = {.partition = OWN};
        call(FSL_HV_IOCTL_PARTITION_START, &start);
    } else if (!strcmp(action, "get") && count == 4) {
        char value[256];
        uint32_t size = sizeof value;
        if (property(FSL_HV_IOCTL_GETPROP, arguments[2], arguments[3], value, &size)) {
            printf("%.*s\n", (int)size, value);
        }
    } else if (!strcmp(action, "set") && count == 5) {
        uint32_t size = (uint32_t)strlen(arguments[4]) + 1;
        if (property(FSL_HV_IOCTL_SETPROP, arguments[2], arguments[3], arguments[4], &size)) {
            puts("set");
        }
    } else if (!strcmp(action, "ring") && count == 3) {
        return ring((uint32_t)strtoul(arguments[2], NULL, 0));
    } else {
        fprintf(stderr, "usage: partition status | start | get PATH NAME | set PATH NAME TEXT | ring HANDLE\n");
        return 64;
    }
    return 0;
}
