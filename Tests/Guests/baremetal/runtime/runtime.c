#include "runtime.h"

u32 device_tree, entry_r6, entry_r7;
u32 hypercall_words[4];
u32 hypercall_count;
int devices_are_hypercalls;

// MARK: Hypercalls of the runtime's own

#define EV_BYTE_CHANNEL_SEND 0x10001
#define FH_PARTITION_STOP 0x20007
#define EAGAIN 4

// The device tree's hypercall as a function.
static u32 hypercall_function[5] __attribute__((aligned(32)));
static u32 console_handle;

u32 hcall(u32 token, u32 first, u32 second, u32 third) {
    register u32 r3 __asm__("r3") = first;
    register u32 r4 __asm__("r4") = second;
    register u32 r5 __asm__("r5") = third;
    register u32 r11 __asm__("r11") = token;
    register u32 r12 __asm__("r12") = (u32)hypercall_function;
    __asm__ volatile("mtctr 12; bctrl"
                     : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r11), "+r"(r12)
                     :
                     : "r0", "r6", "r7", "r8", "r9", "r10", "ctr", "lr", "xer", "cr0", "cr1", "cr5", "cr6", "cr7",
                       "memory");
    return r3;
}

// MARK: Console

#define UART (CCSR + 0x4500)
#define LINE_STATUS_TRANSMIT_EMPTY 0x20

static u8 read8(u32 address) {
    u8 value = *(volatile u8 *)address;
    __asm__ volatile("sync" ::: "memory");
    return value;
}

static void write8(u32 address, u8 value) {
    *(volatile u8 *)address = value;
    __asm__ volatile("sync" ::: "memory");
}

void put_byte(u8 byte) {
    if (devices_are_hypercalls) {
        while (hcall(EV_BYTE_CHANNEL_SEND, console_handle, 1, (u32)byte << 24) == EAGAIN) {
        }
        return;
    }
    while (!(read8(UART + 5) & LINE_STATUS_TRANSMIT_EMPTY)) {
    }
    write8(UART, byte);
}

static void field(const char *name, u32 value) {
    put(name);
    put_hex(value);
}

void explain(const struct frame *f) {
    put("# ended by interrupt ");
    put_decimal(f->vector);
    field(" at ", f->pc);
    field(" msr ", f->msr);
    field(" esr ", f->esr);
    field(" dear ", f->dear);
    field(" r3 ", f->gpr[3]);
    put("\n");
}

// MARK: Power

#define GPIO (CCSR + 0xff000)
#define GPIO_DIRECTION 0x0
#define GPIO_DATA 0x8
#define GPIO_PIN_0 0x80000000

void power_off(void) {
    if (devices_are_hypercalls) {
        hcall(FH_PARTITION_STOP, 0xffffffff, 0, 0);
    }
    write32(GPIO + GPIO_DIRECTION, GPIO_PIN_0);
    write32(GPIO + GPIO_DATA, GPIO_PIN_0);
    for (;;) {
    }
}

// MARK: Interrupts

void unexpected_interrupt(const struct frame *f) {
    put("Bail out! unexpected interrupt\n");
    explain(f);
    power_off();
}

void synchronize_instructions(u32 address, u32 bytes) {
    for (u32 line = address & ~31u; line < address + bytes; line += 32) {
        __asm__ volatile("dcbst 0, %0; sync; icbi 0, %0" : : "r"(line) : "memory");
    }
    __asm__ volatile("sync; isync" ::: "memory");
}

static u32 code[32] __attribute__((aligned(32)));
static u32 code_end;

u32 assemble(const u32 *words, u32 count) {
    for (u32 i = 0; i < count; i++) {
        code[i] = words[i];
    }
    code[count] = INSTR_TRAP;
    code_end = (u32)&code[count];
    synchronize_instructions((u32)code, sizeof code);
    return (u32)code;
}

const struct frame *run_words(u32 msr, struct frame *registers, const u32 *words, u32 count) {
    registers->pc = assemble(words, count);
    registers->msr = msr;
    return execute(registers);
}

int finished(const struct frame *f) {
    return f->vector == PROGRAM && f->pc == code_end && (f->esr & ESR_PTR);
}

u32 get_spr(u32 number) {
    struct frame registers = {0};
    return RUN(SUPERVISOR, &registers, INSTR_MFSPR(3, number))->gpr[3];
}

void set_spr(u32 number, u32 value) {
    struct frame registers = {.gpr[3] = value};
    RUN(SUPERVISOR, &registers, INSTR_MTSPR(number, 3), INSTR_ISYNC);
}

int privileged(u32 word) {
    struct frame registers = {0};
    return finished(RUN(SUPERVISOR, &registers, word));
}

u32 timebase(void) {
    u32 value;
    __asm__ volatile("mfspr %0, 268" : "=r"(value));
    return value;
}

// MARK: MMU

void write_tlb(u32 mas0, u32 mas1, u32 mas2, u32 mas3, u32 mas7) {
    __asm__ volatile("mtspr 624, %0; mtspr 625, %1; mtspr 626, %2; mtspr 627, %3; mtspr 944, %4; isync; tlbwe; isync"
                     :
                     : "r"(mas0), "r"(mas1), "r"(mas2), "r"(mas3), "r"(mas7)
                     : "memory");
}

void invalidate_tlb0(void) {
    __asm__ volatile("mtspr 1012, %0; isync" : : "r"(MMUCSR0_FLASH_TLB0) : "memory");
    while (get_spr(SPR_MMUCSR0) & MMUCSR0_FLASH_TLB0) {
    }
}

// MARK: Device tree

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_PROPERTY 3
#define FDT_NOP 4
#define FDT_END_NODE 2

static int same(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static const u32 *find_property_number(const char *name, u32 number, u32 *length) {
    const u32 *header = (const u32 *)device_tree;
    if (header[0] != FDT_MAGIC) {
        return 0;
    }
    const u32 *word = (const u32 *)(device_tree + header[2]);
    const char *strings = (const char *)(device_tree + header[3]);
    for (;;) {
        switch (*word++) {
        case FDT_BEGIN_NODE:
            while (word[0] & 0xff) {
                word++;
            }
            word++;
            break;
        case FDT_PROPERTY:
            if (same(strings + word[1], name) && number-- == 0) {
                *length = word[0];
                return word + 2;
            }
            word += 2 + (word[0] + 3) / 4;
            break;
        case FDT_END_NODE:
        case FDT_NOP:
            break;
        default:
            return 0;
        }
    }
}

const u32 *find_property(const char *name, u32 *length) {
    return find_property_number(name, 0, length);
}

u32 find_properties(const char *name, u64 *values, u32 limit) {
    u32 count = 0, length = 0;
    const u32 *words;
    while (count < limit && (words = find_property_number(name, count, &length)) && length == 8) {
        values[count++] = (u64)words[0] << 32 | words[1];
    }
    return count;
}

const struct frame *hypercall(u32 msr, struct frame *registers) {
    return run_words(msr, registers, hypercall_words, 4);
}

static void find_hypercall(void) {
    u32 length = 0;
    const u32 *words = find_property("hcall-instructions", &length);
    for (u32 i = 0; i < 4; i++) {
        hypercall_words[i] = INSTR_NOP;
    }
    if (!words || length > 16) {
        return;
    }
    hypercall_count = length / 4;
    for (u32 i = 0; i < hypercall_count; i++) {
        hypercall_words[i] = words[i];
    }
    for (u32 i = 0; i < 4; i++) {
        hypercall_function[i] = hypercall_words[i];
    }
    hypercall_function[4] = INSTR_BLR;
    synchronize_instructions((u32)hypercall_function, sizeof hypercall_function);
    const u32 *handle = find_property("hv-handle", &length);
    devices_are_hypercalls = handle && find_property("fsl,hv-version", &length);
    console_handle = handle ? *handle : 0;
}

void runtime_main(u32 tree, u32 r6, u32 r7) {
    device_tree = tree;
    entry_r6 = r6;
    entry_r7 = r7;
    find_hypercall();
    tap_begin();
    program();
    tap_end();
    power_off();
}
