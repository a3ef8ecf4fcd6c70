// A Book3S partition on the machine pseries, this project's or QEMU's.
#include "runtime.h"
#include "layout.h"

int is_papr;
int has_hypervisor, tree_has_sc1;
volatile u32 external_interrupts;

const char *const form_names[] = {"hcall-instructions", "sc 1 with the call handed over", "sc 1"};
const u32 form_count = COUNT(form_names);

extern u32 call_by_tree[], call_by_forward[], code_buffer[], tested_page[], secondary_entry[];

#define TRAP 0x7fe00008
#define BLR 0x4e800020
#define SC_1 0x44000022

static void synchronize_instructions(const u32 *code, u32 words) {
    for (u32 i = 0; i < words; i++) {
        __asm__ volatile("dcbst 0, %0; sync; icbi 0, %0" : : "r"(&code[i]) : "memory");
    }
    __asm__ volatile("sync; isync" ::: "memory");
}

u64 supervisor_state(void) {
#ifdef __LITTLE_ENDIAN__
    u64 order = MSR_LE;
#else
    u64 order = 0;
#endif
#ifdef __powerpc64__
    return MSR_SF | MSR_ME | order;
#else
    return MSR_ME | order;
#endif
}

u64 user_state(void) {
    return supervisor_state() | MSR_PR | MSR_EE | MSR_IR | MSR_DR;
}

const struct frame *run_words(u64 msr, struct frame *frame, const u32 *words, u32 count) {
    for (u32 i = 0; i < count; i++) {
        code_buffer[i] = words[i];
    }
    code_buffer[count] = TRAP;
    synchronize_instructions(code_buffer, count + 1);
    frame->pc = (u64)(unsigned long)code_buffer;
    frame->msr = msr;
    return execute(frame);
}

int finished(const struct frame *frame) {
    return frame->vector == PROGRAM && (frame->msr & 0x20000);
}

const struct answer *execute_call(u32 form, enum mode mode, const struct registers *before) {
    static u32 *const code[] = {call_by_tree, call_by_forward, call_by_papr};
    static struct answer answer;
    static struct frame frame;
    for (u32 i = 0; i < GENERAL; i++) {
        frame.gpr[i] = before->general[i];
    }
    frame.pc = (u64)(unsigned long)code[form];
    frame.msr = mode == USER_STATE || mode == NARROW_USER_STATE ? user_state() : supervisor_state();
    if (mode == NARROW_SUPERVISOR_STATE || mode == NARROW_USER_STATE) {
        frame.msr &= ~MSR_SF;
    }
    const struct frame *after = execute(&frame);
    for (u32 i = 0; i < GENERAL; i++) {
        answer.registers.general[i] = (word)after->gpr[i];
    }
    answer.trap = finished(after) ? 0 : (u32)after->vector;
    return &answer;
}

// MARK: Time and interrupts

u32 timebase(void) {
    u32 value;
    __asm__ volatile("mftb %0" : "=r"(value));
    return value;
}

void wait_a_little(void) {
    for (u32 start = timebase(); timebase() - start < 200000;) {
    }
}

void interrupts_on(void) {
    __asm__ volatile("mfmsr 9; ori 9, 9, 0x8000; mtmsrd 9, 1" ::: "9", "memory");
}

void interrupts_off(void) {
    __asm__ volatile("li 9, 2; mtmsrd 9, 1" ::: "9", "memory");
}

// MARK: Console

void put_terminal(const void *bytes, u32 count);

static u8 line[16] __attribute__((aligned(8)));
static u32 line_length;

void put_byte(u8 byte) {
    line[line_length++] = byte;
    if (line_length == sizeof line || byte == '\n') {
        put_terminal(line, line_length);
        line_length = 0;
    }
}

// MARK: Device tree

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROPERTY 3
#define FDT_NOP 4

static const u8 *tree;

static u32 tree_word(u32 offset) {
    const u8 *byte = tree + offset;
    return (u32)byte[0] << 24 | (u32)byte[1] << 16 | (u32)byte[2] << 8 | byte[3];
}

static int same(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

// Where the first property of that name begins, in bytes from the tree's start; 0 where there is none.
static u32 find_property(const char *name, u32 *length) {
    if (!tree || tree_word(0) != FDT_MAGIC) {
        return 0;
    }
    u32 offset = tree_word(8);
    const char *strings = (const char *)tree + tree_word(12);
    for (;;) {
        u32 token = tree_word(offset);
        offset += 4;
        switch (token) {
        case FDT_BEGIN_NODE:
            while (tree[offset]) {
                offset++;
            }
            offset = (offset + 4) & ~3u;
            break;
        case FDT_PROPERTY:
            if (same(strings + tree_word(offset + 4), name)) {
                *length = tree_word(offset);
                return offset + 8;
            }
            offset += 8 + ((tree_word(offset) + 3) & ~3u);
            break;
        case FDT_END_NODE:
        case FDT_NOP:
            break;
        default:
            return 0;
        }
    }
}

static u32 function[5] __attribute__((aligned(16)));

static void find_hypercall(void) {
    u32 length = 0, place = find_property("hcall-instructions", &length);
    if (!place || length != 16) {
        return;
    }
    has_hypervisor = 1;
    for (u32 i = 0; i < 4; i++) {
        call_by_tree[i] = function[i] = tree_word(place + 4 * i);
        tree_has_sc1 |= function[i] == SC_1;
    }
    function[4] = BLR;
    synchronize_instructions(call_by_tree, 4);
    synchronize_instructions(function, 5);
}

word epapr(word token, word first, word second) {
    register word r3 __asm__("r3") = first;
    register word r4 __asm__("r4") = second;
    register word r11 __asm__("r11") = token;
    if (!has_hypervisor) {
        return 12;
    }
    __asm__ volatile("mtctr %3; bctrl"
                     : "+r"(r3), "+r"(r4), "+r"(r11)
                     : "r"(function)
                     : "r0", "r5", "r6", "r7", "r8", "r9", "r10", "r12", "ctr", "lr", "xer", "cr0", "cr1", "cr5", "cr6",
                       "cr7", "memory");
    return r3;
}

// MARK: Run-time abstraction services

#define H_RTAS 0xf000

// Their buffer is big-endian.
static u32 big_endian(u32 value) {
#ifdef __LITTLE_ENDIAN__
    return __builtin_bswap32(value);
#else
    return value;
#endif
}

int rtas(u32 token, u32 count, const u32 *arguments, u32 *outputs, u32 output_count) {
    static volatile u32 buffer[19];
    buffer[0] = big_endian(token);
    buffer[1] = big_endian(count);
    buffer[2] = big_endian(1 + output_count);
    for (u32 i = 0; i < count; i++) {
        buffer[3 + i] = big_endian(arguments[i]);
    }
    papr(H_RTAS, (word)(unsigned long)buffer, 0, 0, 0);
    for (u32 i = 0; i < output_count; i++) {
        outputs[i] = big_endian(buffer[4 + count + i]);
    }
    return (int)big_endian(buffer[3 + count]);
}

u32 rtas_token(u32 service) {
    static const struct {
        const char *name;
        u32 qemu; // QEMU's number, where its firmware keeps the tree to itself
    } services[] = {{"power-off", 0x2003}, {"query-cpu-stopped-state", 0x2005}, {"start-cpu", 0x2006}};
    u32 length = 0, place = find_property(services[service].name, &length);
    return place ? tree_word(place) : services[service].qemu;
}

void power_off(void) {
    const u32 masks[2] = {0xffffffff, 0xffffffff};
    if (line_length) {
        put_byte('\n');
    }
    rtas(rtas_token(RTAS_POWER_OFF), 2, masks, 0, 0);
    for (;;) {
    }
}

void unexpected_interrupt(void) {
    const struct frame *frame = (const struct frame *)FRAME;
    put("Bail out! interrupt ");
    put_hex((u32)frame->vector);
    put(" at ");
    put_hex64(frame->pc);
    put(" msr ");
    put_hex64(frame->msr);
    put(" dar ");
    put_hex64(frame->dar);
    put("\n");
    power_off();
}

// MARK: Another processor

static void (*volatile other_work)(void);
static u64 other_stack[1024] __attribute__((aligned(16)));

void secondary_main(void) {
    void (*work)(void) = other_work;
    work();
    for (;;) {
    }
}

int start_other(void (*work)(void)) {
    const u32 number = 1;
    u32 state = 0;
    if (rtas(rtas_token(RTAS_QUERY_STOPPED), 1, &number, &state, 1) != 0) {
        return 0;
    }
    other_work = work;
    const u32 arguments[3] = {number, (u32)(unsigned long)secondary_entry, (u32)(unsigned long)&other_stack[1016]};
    return rtas(rtas_token(RTAS_START_CPU), 3, arguments, 0, 0) == 0;
}

// MARK: Start

#define H_ENTER 0x08
#define H_READ 0x0c
#define H_SET_MODE 0x31c
#define INTERRUPT_ORDER 4
#define SEGMENT 0x12345

void map_segment(u32 number);

// Makes the page with the code under test one that user state may execute, where it is.
static void map_tested_page(void) {
    u32 entries = 8;
    while (papr(H_READ, 0, 2 * entries - 1, 0, 0) == 0) {
        entries *= 2;
    }
    u32 address = (u32)(unsigned long)tested_page;
    u32 group = (SEGMENT ^ address >> 12) & (entries / 8 - 1);
    // Valid; may be read, written and executed; M, R and C.
    if (papr(H_ENTER, 0, 8 * group, (word)SEGMENT << 12 | 1, address | 0x190 | 2) != 0) {
        put("Bail out! the hypervisor does not enter a page\n");
        power_off();
    }
    map_segment(SEGMENT);
}

void runtime_main(const u8 *device_tree, word open_firmware) {
    tree = open_firmware ? 0 : device_tree;
#ifdef __LITTLE_ENDIAN__
    papr(H_SET_MODE, 1, INTERRUPT_ORDER, 0, 0);
#endif
    find_hypercall();
    tap_begin();
    map_tested_page();
    machine_suite();
    tap_end();
    power_off();
}
