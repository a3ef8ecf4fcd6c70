// diag 0x500: Linux's Documentation/virt/kvm/s390/s390-diag.rst and arch/s390/kvm/diag.c.
#include "conformance.h"
#include "vcpus.h"

#define EINVAL ((word)-22)
#define OPERATION 1
#define PRIVILEGED_OPERATION 2
#define SPECIFICATION 6

#define KVM_S390_VIRTIO_CCW_NOTIFY 3
#define SUBCHANNEL 0x10000 // the first one
#define QUEUES 16          // the most that its cookies count

static const struct call calls[] = {
    {.name = "notifying a queue succeeds with a cookie",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {SUBCHANNEL, 0, 0}, .count = 3, .up_to = QUEUES},
    {.name = "notifying it with a wrong cookie succeeds",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {SUBCHANNEL, 0, ~0ul}, .count = 3, .up_to = QUEUES},
    {.name = "the subchannel has 32 bits",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {0xdeadbeef00000000 | SUBCHANNEL, 0, 0}, .count = 3,
     .up_to = QUEUES},
    {.name = "a word that names no subchannel is refused",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {0, 0, 0}, .count = 3, .status = EINVAL},
    {.name = "a channel subsystem without its bit is refused",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {0x01000000 | SUBCHANNEL, 0, 0}, .count = 3, .status = EINVAL},
    {.name = "an absent subchannel is refused",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {SUBCHANNEL + 0x77, 0, 0}, .count = 3, .status = EINVAL},
    {.name = "a queue that the device lacks is refused",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {SUBCHANNEL, 500, 0}, .count = 3, .status = EINVAL},
    {.name = "a queue number that no device has is refused",
     .number = KVM_S390_VIRTIO_CCW_NOTIFY, .arguments = {SUBCHANNEL, 0xffffffffffff, 0}, .count = 3,
     .status = EINVAL},
    {.name = "subcode 0, the notification of the first transport, does not exist", .number = 0, .trap = SPECIFICATION},
    {.name = "subcode 1, the reset of the first transport, does not exist", .number = 1, .trap = SPECIFICATION},
    {.name = "subcode 2, the status of the first transport, does not exist", .number = 2, .trap = SPECIFICATION},
    {.name = "subcode 4, the storage limit, does not exist", .number = 4, .trap = SPECIFICATION},
    {.name = "subcode 5 does not exist", .number = 5, .trap = SPECIFICATION},
    {.name = "x86's number of KVM_HC_SEND_IPI is no subcode", .number = 10, .trap = SPECIFICATION},
    {.name = "PowerPC's token of KVM_HC_FEATURES is no subcode", .number = 0x2a0003, .trap = SPECIFICATION},
    {.name = "all 64 bits are the subcode", .number = 1ul << 32 | KVM_S390_VIRTIO_CCW_NOTIFY, .trap = SPECIFICATION},
    {.name = "2^64 - 1 does not exist", .number = ~0ul, .trap = SPECIFICATION},
};

static void single_calls(u32 form) {
    check_calls(form, SUPERVISOR_STATE, calls, COUNT(calls));
    check_calls(form, NARROW_SUPERVISOR_STATE, calls, COUNT(calls));
    check_refusals(form, USER_STATE, calls, COUNT(calls), PRIVILEGED_OPERATION, 0);
    check_refusals(form, NARROW_USER_STATE, calls, COUNT(calls), PRIVILEGED_OPERATION, 0);
    static const struct call known[] = {{.number = 3}};
    check_no_other(form, known, COUNT(known), 1, 256, SPECIFICATION, 0);
}

// The cookie that a call answers finds the queue the next time.
static void cookie(void) {
    struct call call = calls[0];
    word first = make_call(0, SUPERVISOR_STATE, &call)->registers.general[STATUS_REGISTER];
    call.arguments[2] = first;
    word second = make_call(0, SUPERVISOR_STATE, &call)->registers.general[STATUS_REGISTER];
    ok(first == second, "the cookie of a queue stays the same");
}

// MARK: Waking a CPU

static volatile u32 started, command, asleep, emergencies, external_calls;
static u32 commands;

#define PATIENCE 20000000

void on_external_interrupt(u32 code) {
    if (code == EMERGENCY_SIGNAL) {
        emergencies++;
    } else if (code == EXTERNAL_CALL) {
        external_calls++;
    }
}

void serve(void) {
    // The subclasses of emergency signal and external call.
    word control = 0x6000;
    __asm__ volatile("lctlg %%c0, %%c0, %0" : : "Q"(control));
    started = 1;
    for (u32 done = 0;;) {
        while (command == done) {
        }
        done = command;
        asleep = done << 1 | 1;
        wait();
        asleep = done << 1;
    }
}

static int eventually(volatile u32 *variable, u32 value) {
    for (u32 i = 0; i < PATIENCE && *variable != value; i++) {
    }
    return *variable == value;
}

static int sleeps(void) {
    command = ++commands;
    if (!eventually(&asleep, commands << 1 | 1)) {
        return 0;
    }
    for (volatile u32 i = 0; i < 200000; i++) {
    }
    return asleep == (commands << 1 | 1);
}

static int wakes(void) {
    return eventually(&asleep, commands << 1);
}

static void wake_ups(void) {
    ok(sleeps(), "CPU 1 waits");
    equal((u32)signal(1, ORDER_EMERGENCY_SIGNAL, 0), 0, "CPU 1 takes an emergency signal");
    ok(wakes() && emergencies == 1, "and wakes with it");
    ok(sleeps(), "CPU 1 waits again");
    equal((u32)signal(1, ORDER_EXTERNAL_CALL, 0), 0, "CPU 1 takes an external call");
    ok(wakes() && external_calls == 1, "and wakes with it, too");
    equal((u32)signal(1, ORDER_EMERGENCY_SIGNAL, 0), 0, "CPU 1 takes an emergency signal while it runs");
    command = ++commands;
    ok(wakes() && emergencies == 2, "which keeps its next wait short");
    equal((u32)signal(1, SENSE, 0), 0, "sensing says that CPU 1 runs");
    equal((u32)signal(77, SENSE, 0), 3, "sensing says that CPU 77 does not exist");
}

void machine_suite(void) {
    equal(trap_of(0x0000, 0), OPERATION, "an instruction that does not exist is an operation exception");
    equal(trap_of(0x0000, 1), OPERATION, "in problem state as well");
    for (u32 form = 0; form < form_count; form++) {
        single_calls(form);
    }
    cookie();
    if (signal(1, SENSE, 0) == 3) {
        comment("one CPU, so nobody wakes another");
        return;
    }
    ok(start_second() && eventually(&started, 1), "CPU 1 starts");
    wake_ups();
}
