#include "unicorn_cpu.h"

#if __has_include(<unicorn/unicorn.h>)
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

// The functions of libunicorn, under their own names without the prefix.
#define FUNCTIONS(use)                                                                                                 \
    use(version) use(open) use(close) use(mem_map_ptr) use(mem_unmap) use(mmio_map) use(emu_start) use(emu_stop)       \
        use(reg_read) use(reg_write) use(hook_add) use(context_alloc) use(context_save) use(context_restore)           \
        use(context_free)

static struct {
#define POINTER(name) __typeof__(uc_##name) *name;
    FUNCTIONS(POINTER)
#undef POINTER
} unicorn;

static const char *open_library(void) {
    void *library = dlopen("libunicorn.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return "libunicorn.so.2 does not load; 'apt-get install libunicorn2' brings it";
#define LOAD(name)                                                                                                     \
    *(void **)&unicorn.name = dlsym(library, "uc_" #name);                                                             \
    if (!unicorn.name)                                                                                                 \
        return "libunicorn.so.2 lacks uc_" #name;
    FUNCTIONS(LOAD)
#undef LOAD
    unsigned major = 0, minor = 0;
    unicorn.version(&major, &minor);
    return major == 2 ? NULL : "libunicorn is not of version 2";
}

const char *ucpu_load(void) {
    static const char *failure;
    static int loaded;
    if (!loaded) {
        failure = open_library();
        loaded = 1;
    }
    return failure;
}

struct ucpu {
    uc_engine *engine;
    enum ucpu_architecture architecture;
    struct ucpu_devices devices;
    uc_context *supervisor;
    // Of the run.
    uint32_t blocks;
    struct ucpu_result result;
    int ended;
};

// Where a run would stop if the program came there: an address where no machine has memory. With an address above four
// gigabytes, runs of x86 end before their first instruction.
static const uint64_t nowhere = 0xdead0000;

static void end(struct ucpu *cpu, enum ucpu_end why, uint32_t number, uint64_t address) {
    if (!cpu->ended) {
        cpu->result = (struct ucpu_result){why, number, address};
        cpu->ended = 1;
    }
    unicorn.emu_stop(cpu->engine);
}

// No hook writes the program counter: Unicorn then forgets to go on.

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *context) {
    (void)engine, (void)address, (void)size;
    struct ucpu *cpu = context;
    if (cpu->blocks-- == 0) {
        cpu->blocks = 0;
        end(cpu, ucpu_slice, 0, 0);
    }
}

static void on_interrupt(uc_engine *engine, uint32_t number, void *context) {
    (void)engine;
    end(context, ucpu_interrupt, number, 0);
}

static bool on_invalid(uc_engine *engine, void *context) {
    (void)engine;
    end(context, ucpu_invalid, 0, 0);
    return true;
}

static bool on_unmapped(uc_engine *engine, uc_mem_type type, uint64_t address, int size, int64_t value, void *context) {
    (void)engine, (void)type, (void)size, (void)value;
    end(context, ucpu_unmapped, 0, address);
    return false;
}

static uint32_t on_port_in(uc_engine *engine, uint32_t port, int width, void *context) {
    (void)engine;
    struct ucpu *cpu = context;
    return cpu->devices.port_in(cpu->devices.context, port, width);
}

static void on_port_out(uc_engine *engine, uint32_t port, int width, uint32_t value, void *context) {
    (void)engine;
    struct ucpu *cpu = context;
    cpu->devices.port_out(cpu->devices.context, port, width, value);
}

static int on_cpuid(uc_engine *engine, void *context) {
    struct ucpu *cpu = context;
    static const int names[] = {UC_X86_REG_RAX, UC_X86_REG_RBX, UC_X86_REG_RCX, UC_X86_REG_RDX};
    uint64_t leaf = 0, subleaf = 0;
    unicorn.reg_read(engine, UC_X86_REG_RAX, &leaf);
    unicorn.reg_read(engine, UC_X86_REG_RCX, &subleaf);
    uint32_t registers[4] = {0};
    cpu->devices.cpuid(cpu->devices.context, (uint32_t)leaf, (uint32_t)subleaf, registers);
    for (int i = 0; i < 4; i++) {
        uint64_t value = registers[i];
        unicorn.reg_write(engine, names[i], &value);
    }
    return 1;
}

static uint64_t on_read(uc_engine *engine, uint64_t offset, unsigned width, void *context) {
    (void)engine;
    struct ucpu *cpu = context;
    return cpu->devices.read(cpu->devices.context, offset, width);
}

static void on_write(uc_engine *engine, uint64_t offset, unsigned width, uint64_t value, void *context) {
    (void)engine;
    struct ucpu *cpu = context;
    cpu->devices.write(cpu->devices.context, offset, width, value);
}

static uc_err hook(struct ucpu *cpu, int kind, void *function, int instruction) {
    uc_hook handle;
    return unicorn.hook_add(cpu->engine, &handle, kind, function, cpu, (uint64_t)1, (uint64_t)0, instruction);
}

struct ucpu *ucpu_open(enum ucpu_architecture architecture, struct ucpu_devices devices) {
    struct ucpu *cpu = calloc(1, sizeof *cpu);
    if (!cpu)
        return NULL;
    cpu->architecture = architecture;
    cpu->devices = devices;
    int is_x86 = architecture == ucpu_x86_64;
    if (unicorn.open(is_x86 ? UC_ARCH_X86 : UC_ARCH_S390X, is_x86 ? UC_MODE_64 : UC_MODE_BIG_ENDIAN, &cpu->engine)) {
        free(cpu);
        return NULL;
    }
    uc_err failed = hook(cpu, UC_HOOK_BLOCK, (void *)on_block, 0);
    failed |= hook(cpu, UC_HOOK_INTR, (void *)on_interrupt, 0);
    failed |= hook(cpu, UC_HOOK_INSN_INVALID, (void *)on_invalid, 0);
    failed |= hook(cpu, UC_HOOK_MEM_INVALID, (void *)on_unmapped, 0);
    if (is_x86) {
        failed |= hook(cpu, UC_HOOK_INSN, (void *)on_port_in, UC_X86_INS_IN);
        failed |= hook(cpu, UC_HOOK_INSN, (void *)on_port_out, UC_X86_INS_OUT);
        failed |= hook(cpu, UC_HOOK_INSN, (void *)on_cpuid, UC_X86_INS_CPUID);
    }
    if (failed) {
        ucpu_close(cpu);
        return NULL;
    }
    return cpu;
}

void ucpu_close(struct ucpu *cpu) {
    if (cpu->supervisor)
        unicorn.context_free(cpu->supervisor);
    unicorn.close(cpu->engine);
    free(cpu);
}

uint32_t ucpu_map(struct ucpu *cpu, uint64_t address, uint64_t size, void *host) {
    return unicorn.mem_map_ptr(cpu->engine, address, size, UC_PROT_ALL, host);
}

uint32_t ucpu_unmap(struct ucpu *cpu, uint64_t address, uint64_t size) {
    return unicorn.mem_unmap(cpu->engine, address, size);
}

uint32_t ucpu_map_device(struct ucpu *cpu, uint64_t address, uint64_t size) {
    return unicorn.mmio_map(cpu->engine, address, size, on_read, cpu, on_write, cpu);
}

struct ucpu_result ucpu_run(struct ucpu *cpu, uint64_t pc, uint32_t blocks) {
    cpu->blocks = blocks;
    cpu->ended = 0;
    uc_err error = unicorn.emu_start(cpu->engine, pc, nowhere, 0, 0);
    if (cpu->ended)
        return cpu->result;
    if (!error && ucpu_get(cpu, ucpu_pc) == nowhere)
        return (struct ucpu_result){ucpu_unmapped, 0, nowhere};
    if (error || cpu->architecture == ucpu_s390x)
        return (struct ucpu_result){ucpu_failure, error, 0};
    return (struct ucpu_result){ucpu_halt, 0, 0};
}

static const int x86_names[ucpu_register_count] = {
    UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI,
    UC_X86_REG_RDI, UC_X86_REG_R8, UC_X86_REG_R9, UC_X86_REG_R10, UC_X86_REG_R11, UC_X86_REG_R12, UC_X86_REG_R13,
    UC_X86_REG_R14, UC_X86_REG_R15, [ucpu_pc] = UC_X86_REG_RIP, [ucpu_flags] = UC_X86_REG_EFLAGS,
    [ucpu_cs] = UC_X86_REG_CS, [ucpu_ss] = UC_X86_REG_SS, [ucpu_cr0] = UC_X86_REG_CR0, [ucpu_cr2] = UC_X86_REG_CR2,
    [ucpu_cr3] = UC_X86_REG_CR3, [ucpu_cr4] = UC_X86_REG_CR4};

static int name_of(struct ucpu *cpu, uint32_t number) {
    if (number >= ucpu_register_count)
        return 0;
    if (cpu->architecture == ucpu_x86_64)
        return x86_names[number];
    if (number < 16)
        return UC_S390X_REG_R0 + (int)number;
    return number == ucpu_pc ? UC_S390X_REG_PC : number == ucpu_psw_mask ? UC_S390X_REG_PSWM : 0;
}

uint64_t ucpu_get(struct ucpu *cpu, uint32_t number) {
    uint64_t value = 0;
    unicorn.reg_read(cpu->engine, name_of(cpu, number), &value);
    return value;
}

void ucpu_set(struct ucpu *cpu, uint32_t number, uint64_t value) {
    unicorn.reg_write(cpu->engine, name_of(cpu, number), &value);
}

static int name_of_table(enum ucpu_table_name name) {
    return name == ucpu_gdt ? UC_X86_REG_GDTR : name == ucpu_idt ? UC_X86_REG_IDTR : UC_X86_REG_TR;
}

struct ucpu_table ucpu_get_table(struct ucpu *cpu, enum ucpu_table_name name) {
    uc_x86_mmr value = {0};
    unicorn.reg_read(cpu->engine, name_of_table(name), &value);
    return (struct ucpu_table){value.base, value.limit, value.selector};
}

void ucpu_set_table(struct ucpu *cpu, enum ucpu_table_name name, struct ucpu_table table) {
    uc_x86_mmr value = {.base = table.base, .limit = table.limit, .selector = table.selector};
    unicorn.reg_write(cpu->engine, name_of_table(name), &value);
}

uint32_t ucpu_keep_supervisor(struct ucpu *cpu) {
    if (!cpu->supervisor && unicorn.context_alloc(cpu->engine, &cpu->supervisor))
        return UC_ERR_NOMEM;
    return unicorn.context_save(cpu->engine, cpu->supervisor);
}

// What a program keeps in registers besides the general ones. CR4 comes before CR3 and CR0, which depend on it.
static const int kept[] = {UC_X86_REG_EFLAGS, UC_X86_REG_CR2, UC_X86_REG_CR4, UC_X86_REG_CR3, UC_X86_REG_CR0,
                           UC_X86_REG_DS, UC_X86_REG_ES, UC_X86_REG_FS, UC_X86_REG_GS, UC_X86_REG_CS, UC_X86_REG_SS,
                           UC_X86_REG_FS_BASE, UC_X86_REG_GS_BASE, UC_X86_REG_MXCSR, UC_X86_REG_FPCW, UC_X86_REG_FPSW,
                           UC_X86_REG_FPTAG, UC_X86_REG_IDTR, UC_X86_REG_GDTR, UC_X86_REG_LDTR, UC_X86_REG_TR,
                           UC_X86_REG_XMM0, UC_X86_REG_XMM1, UC_X86_REG_XMM2, UC_X86_REG_XMM3, UC_X86_REG_XMM4,
                           UC_X86_REG_XMM5, UC_X86_REG_XMM6, UC_X86_REG_XMM7, UC_X86_REG_XMM8, UC_X86_REG_XMM9,
                           UC_X86_REG_XMM10, UC_X86_REG_XMM11, UC_X86_REG_XMM12, UC_X86_REG_XMM13, UC_X86_REG_XMM14,
                           UC_X86_REG_XMM15, UC_X86_REG_FP0, UC_X86_REG_FP1, UC_X86_REG_FP2, UC_X86_REG_FP3,
                           UC_X86_REG_FP4, UC_X86_REG_FP5, UC_X86_REG_FP6, UC_X86_REG_FP7};
// EFER is not among them: long mode stays.
static const uint32_t kept_msrs[] = {0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000102};

void ucpu_enter_supervisor(struct ucpu *cpu) {
    enum { general = 16, others = sizeof kept / sizeof *kept, msrs = sizeof kept_msrs / sizeof *kept_msrs };
    uint64_t registers[general];
    struct {
        _Alignas(16) uint8_t bytes[64];
    } values[others];
    uc_x86_msr special[msrs];
    memset(values, 0, sizeof values);
    for (int i = 0; i < general; i++)
        registers[i] = ucpu_get(cpu, (uint32_t)i);
    for (int i = 0; i < others; i++)
        unicorn.reg_read(cpu->engine, kept[i], &values[i]);
    for (int i = 0; i < msrs; i++) {
        special[i] = (uc_x86_msr){.rid = kept_msrs[i]};
        unicorn.reg_read(cpu->engine, UC_X86_REG_MSR, &special[i]);
    }
    unicorn.context_restore(cpu->engine, cpu->supervisor);
    for (int i = 0; i < msrs; i++)
        unicorn.reg_write(cpu->engine, UC_X86_REG_MSR, &special[i]);
    for (int i = 0; i < others; i++)
        unicorn.reg_write(cpu->engine, kept[i], &values[i]);
    for (int i = 0; i < general; i++)
        ucpu_set(cpu, (uint32_t)i, registers[i]);
}

#else

const char *ucpu_load(void) {
    return "built without libunicorn's headers; 'apt-get install libunicorn-dev', then build from clean";
}

// None of these is called: `ucpu_load` failed.
struct ucpu *ucpu_open(enum ucpu_architecture architecture, struct ucpu_devices devices) {
    (void)architecture, (void)devices;
    return NULL;
}
void ucpu_close(struct ucpu *cpu) { (void)cpu; }
uint32_t ucpu_map(struct ucpu *cpu, uint64_t address, uint64_t size, void *host) {
    (void)cpu, (void)address, (void)size, (void)host;
    return 1;
}
uint32_t ucpu_unmap(struct ucpu *cpu, uint64_t address, uint64_t size) {
    (void)cpu, (void)address, (void)size;
    return 1;
}
uint32_t ucpu_map_device(struct ucpu *cpu, uint64_t address, uint64_t size) {
    (void)cpu, (void)address, (void)size;
    return 1;
}
struct ucpu_result ucpu_run(struct ucpu *cpu, uint64_t pc, uint32_t blocks) {
    (void)cpu, (void)pc, (void)blocks;
    return (struct ucpu_result){ucpu_failure, 0, 0};
}
uint64_t ucpu_get(struct ucpu *cpu, uint32_t number) {
    (void)cpu, (void)number;
    return 0;
}
void ucpu_set(struct ucpu *cpu, uint32_t number, uint64_t value) { (void)cpu, (void)number, (void)value; }
struct ucpu_table ucpu_get_table(struct ucpu *cpu, enum ucpu_table_name name) {
    (void)cpu, (void)name;
    return (struct ucpu_table){0, 0, 0};
}
void ucpu_set_table(struct ucpu *cpu, enum ucpu_table_name name, struct ucpu_table table) {
    (void)cpu, (void)name, (void)table;
}
uint32_t ucpu_keep_supervisor(struct ucpu *cpu) {
    (void)cpu;
    return 1;
}
void ucpu_enter_supervisor(struct ucpu *cpu) { (void)cpu; }

#endif
