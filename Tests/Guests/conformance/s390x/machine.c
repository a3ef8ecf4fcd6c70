// An s390x machine with the service processor's ASCII console.
#include "conformance.h"
#include "layout.h"
#include "vcpus.h"

#define WRITE_EVENT_DATA 0x00760005
#define WRITE_EVENT_MASK 0x00780005
#define ASCII_CONSOLE 0x1a
#define MASK_ASCII_CONSOLE (0x80000000u >> (ASCII_CONSOLE - 1))

// A PSW: what it may do, and where.
#define WAIT 0x0002000000000000
#define USER 0x0001000000000000
#define EXTERNAL 0x0100000000000000
#define ADDRESS64 0x0000000180000000
#define ADDRESS31 0x0000000080000000

// The address with which a disabled wait means that the guest is done, as Linux and QEMU have it.
#define QUIESCE 0xfff

const char *const form_names[] = {"diag 0x500", "diag 0x500 with other register fields"};
const u32 form_count = COUNT(form_names);

void enter(const struct registers *registers);
word service(u32 command, void *block);

static volatile word *low(word address) {
    __asm__("" : "+r"(address));
    return (volatile word *)address;
}

// MARK: Console

static struct {
    u16 length;
    u8 function, control[3];
    u16 response;
    u16 event_length;
    u8 type, flags;
    u16 reserved;
    char text[200];
} block __attribute__((aligned(4096)));

static struct {
    u16 length;
    u8 function, control[3];
    u16 response;
    u16 reserved, mask_length;
    u32 receive, send, sclp_receive, sclp_send;
} masks __attribute__((aligned(4096)));

static u32 filled;

static void call_service(u32 command, void *of) {
    while (service(command, of) == 2) {
    }
}

static void flush(void) {
    block.length = (u16)(14 + filled);
    block.function = 0;
    block.response = 0;
    block.event_length = (u16)(6 + filled);
    block.type = ASCII_CONSOLE;
    block.flags = 0;
    call_service(WRITE_EVENT_DATA, &block);
    filled = 0;
}

void put_byte(u8 byte) {
    block.text[filled++] = (char)byte;
    if (byte == '\n' || filled == sizeof block.text) {
        flush();
    }
}

static _Noreturn void wait_disabled(word address) {
    *low(STATE) = WAIT | ADDRESS64;
    *low(STATE + 8) = address;
    for (;;) {
        __asm__ volatile("lpswe %0" : : "Q"(*low(STATE)) : "memory");
    }
}

void power_off(void) {
    if (filled) {
        flush();
    }
    signal(1, STOP, 0);
    wait_disabled(QUIESCE);
}

void unexpected_interruption(word trap, word address) {
    put("Bail out! interruption ");
    put_decimal((u32)trap);
    put(" at ");
    put_hex64(address);
    put("\n");
    wait_disabled(0xbad0);
}

// MARK: Calls

static struct answer answer;
static u16 code[4] __attribute__((aligned(8)));

static const struct answer *run(const struct registers *before, word state, word count) {
    *low(STATE) = state;
    *low(STATE + 8) = (word)code;
    enter(before);
    for (u32 i = 0; i < GENERAL; i++) {
        answer.registers.general[i] = low(SAVED)[i];
    }
    answer.trap = (u32)*low(TRAP);
    if (answer.trap == SUPERVISOR_CALL && *low(CALL_OLD + 8) == (word)code + 2 * count) {
        answer.trap = 0;
    }
    return &answer;
}

const struct answer *execute_call(u32 form, enum mode mode, const struct registers *before) {
    static const word states[] = {ADDRESS64, ADDRESS64 | USER, ADDRESS31, ADDRESS31 | USER};
    volatile u16 *text = code;
    text[0] = form == 0 ? 0x8300 : 0x8324;
    text[1] = 0x0500;
    text[2] = 0x0a00; // svc 0
    return run(before, states[mode], 3);
}

u32 trap_of(u16 instruction, int user) {
    static const struct registers zero;
    volatile u16 *text = code;
    text[0] = instruction;
    text[1] = 0x0a00;
    text[2] = 0x0a00;
    return run(&zero, user ? ADDRESS64 | USER : ADDRESS64, 2)->trap;
}

// MARK: CPUs

static u8 prefix_area[PREFIX_SIZE] __attribute__((aligned(PREFIX_SIZE)));

int start_second(void) {
    volatile word *from = low(RESTART_NEW), *to = (volatile word *)(prefix_area + RESTART_NEW);
    for (u32 i = 0; i < 12; i++) {
        to[i] = from[i];
    }
    return signal(1, SET_PREFIX, (word)prefix_area) == 0 && signal(1, RESTART, 0) == 0;
}

void wait(void) {
    struct {
        word mask, address;
    } __attribute__((aligned(8))) state;
    __asm__ volatile("larl %%r1, 1f; stg %%r1, 8+%0; stg %1, %0; lpswe %0; 1:"
                     : "=Q"(state)
                     : "r"(WAIT | EXTERNAL | ADDRESS64)
                     : "r1", "cc", "memory");
}

void machine_main(void) {
    // SCLP tells of each service by an interruption that stays masked.
    masks.length = sizeof masks;
    masks.mask_length = 4;
    masks.send = MASK_ASCII_CONSOLE;
    call_service(WRITE_EVENT_MASK, &masks);
    tap_begin();
    machine_suite();
    tap_end();
    power_off();
}
