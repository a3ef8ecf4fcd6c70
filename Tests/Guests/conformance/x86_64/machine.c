// An x86 machine with a debug port as its console, a debug-exit port, and local APICs.
#include "conformance.h"
#include "layout.h"
#include "vcpus.h"

#define CONSOLE_PORT 0xe9
#define EXIT_PORT 0xf4

const char *const form_names[] = {"vmcall", "vmmcall"};
const u32 form_count = COUNT(form_names);

u32 vcpu_count;
struct vcpu vcpus[VCPUS];

extern void enter(const struct registers *registers, u64 address, u64 code, u64 stack);
extern _Noreturn void leave(void);
extern u64 descriptors[];
extern u8 vectors[], interrupt_stacks[];

void put_byte(u8 byte) {
    __asm__ volatile("outb %0, %1" : : "a"(byte), "d"((u16)CONSOLE_PORT));
}

void power_off(void) {
    for (;;) {
        __asm__ volatile("outl %0, %1; cli; hlt" : : "a"(0), "d"((u16)EXIT_PORT));
    }
}

// MARK: Interrupts

struct gate {
    u16 offset_low, selector;
    u8 stack, type;
    u16 offset_middle;
    u32 offset_high, zero;
};

struct task {
    u32 reserved;
    u64 stacks[3], reserved2, interrupt_stacks[7], reserved3;
    u16 reserved4, bitmap;
} __attribute__((packed));

static struct gate gates[256];
static struct task tasks[VCPUS];

static volatile int executing;
static struct answer answer;
static u64 end_address;

void on_interrupt(struct frame *frame) {
    u32 number;
    __asm__ volatile("str %0" : "=r"(number));
    struct vcpu *self = &vcpus[(number - TASKS) / 16];
    if (self == vcpus && executing) {
        executing = 0;
        for (u32 i = 0; i < GENERAL; i++) {
            answer.registers.general[i] = frame->general[i];
        }
        answer.registers.general[4] = frame->rsp;
        answer.trap = frame->vector == END_VECTOR && frame->rip == end_address ? 0 : (u32)frame->vector;
        leave();
    }
    switch (frame->vector) {
    case 2:
        self->nonmaskable++;
        return;
    case WAKE_VECTOR:
        self->woken++;
        local_apic(APIC_EOI) = 0;
        return;
    case SPURIOUS_VECTOR:
        return;
    default:
        put("Bail out! vector ");
        put_decimal((u32)frame->vector);
        put(" at ");
        put_hex64(frame->rip);
        put("\n");
        power_off();
    }
}

static void set_up_gates(void) {
    for (u32 i = 0; i < 256; i++) {
        u64 address = (u64)vectors + 16 * i;
        gates[i] = (struct gate){
            .offset_low = (u16)address,
            .selector = CODE64,
            .stack = 1,
            .type = i == END_VECTOR ? 0xee : 0x8e,
            .offset_middle = (u16)(address >> 16),
            .offset_high = (u32)(address >> 32),
        };
    }
}

static void set_up_vcpu(u32 number) {
    struct task *task = &tasks[number];
    u64 base = (u64)task, limit = sizeof *task - 1;
    task->interrupt_stacks[0] = (u64)&interrupt_stacks[(number + 1) * STACK_SIZE];
    task->bitmap = sizeof *task;
    u64 *descriptor = &descriptors[TASKS / 8 + 2 * number];
    descriptor[0] = limit | (base & 0xffffff) << 16 | (u64)0x89 << 40 | (base >> 24 & 0xff) << 56;
    descriptor[1] = base >> 32;
    struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) table = {sizeof gates - 1, (u64)gates};
    __asm__ volatile("lidt %0; ltr %w1" : : "m"(table), "r"(TASKS + 16 * number));
}

void enable_local_apic(void) {
    local_apic(APIC_SPURIOUS) = 1 << 8 | SPURIOUS_VECTOR;
}

// MARK: Calls

// The instruction, and the interrupt that ends the run. Written anew each time: KVM puts the processor's own instruction
// where it finds the other maker's.
static u8 code[16] __attribute__((aligned(16)));

const struct answer *execute_call(u32 form, enum mode mode, const struct registers *before) {
    static const u16 selectors[][2] = {
        {CODE64, DATA}, {USER_CODE64, USER_DATA}, {CODE32, DATA}, {USER_CODE32, USER_DATA}};
    const u8 text[] = {0x0f, 0x01, form == 0 ? 0xc1 : 0xd9, 0xcd, END_VECTOR};
    for (u32 i = 0; i < sizeof text; i++) {
        *(volatile u8 *)&code[i] = text[i];
    }
    end_address = (u64)code + sizeof text;
    // A narrow mode has half a stack pointer; what becomes of the other half is the processor's affair.
    struct registers registers = *before;
    if (mode >= NARROW_SUPERVISOR_STATE) {
        registers.general[4] = (u32)registers.general[4];
    }
    executing = 1;
    enter(&registers, (u64)code, selectors[mode][0], selectors[mode][1]);
    if (answer.registers.general[4] == registers.general[4]) {
        answer.registers.general[4] = before->general[4];
    }
    return &answer;
}

struct cpuid cpuid(u32 leaf) {
    struct cpuid result;
    __asm__ volatile("cpuid"
                     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(0));
    return result;
}

void machine_main(u64 number, u64 count) {
    if (number == 0) {
        vcpu_count = (u32)(count < VCPUS ? count : VCPUS);
        set_up_gates();
        set_up_vcpu(0);
        tap_begin();
        *(volatile int *)&vcpus[0].started = 1;
        machine_suite();
        tap_end();
        power_off();
    }
    while (!*(volatile int *)&vcpus[0].started) {
        pause();
    }
    set_up_vcpu((u32)number);
    serve(&vcpus[number]);
}
