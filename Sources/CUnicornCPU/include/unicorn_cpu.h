// A processor of Unicorn as this project uses one. libunicorn is loaded when the first is made, and nothing is linked with it:
// a process that loads it is one program with GPL-2 code, so only commands that say so in their name do.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Which processor.
enum ucpu_architecture { ucpu_x86_64, ucpu_s390x };

/// Registers besides the general ones, which are 0 to 15 in the order of their encoding.
enum ucpu_register {
    ucpu_pc = 16,
    /// x86: RFLAGS, segment selectors, control registers.
    ucpu_flags,
    ucpu_cs,
    ucpu_ss,
    ucpu_cr0,
    ucpu_cr2,
    ucpu_cr3,
    ucpu_cr4,
    /// s390x: the first half of the PSW.
    ucpu_psw_mask,
    ucpu_register_count
};

/// x86's tables.
enum ucpu_table_name { ucpu_gdt, ucpu_idt, ucpu_task };

/// Where a table is.
struct ucpu_table {
    uint64_t base;
    uint32_t limit;
    uint16_t selector;
};

/// Why a run ended.
enum ucpu_end {
    /// Its blocks were over.
    ucpu_slice,
    /// An exception, or an interrupt instruction: `number`.
    ucpu_interrupt,
    /// An instruction that the processor does not have.
    ucpu_invalid,
    /// x86: HLT.
    ucpu_halt,
    /// An access to `address`, where nothing is.
    ucpu_unmapped,
    /// Unicorn failed with error `number`.
    ucpu_failure
};

/// How a run ended.
struct ucpu_result {
    enum ucpu_end end;
    uint32_t number;
    uint64_t address;
};

/// What answers the program's accesses to devices; called by the thread that runs it.
struct ucpu_devices {
    void *_Nullable context;
    uint32_t (*_Nonnull port_in)(void *_Nullable context, uint32_t port, int32_t width);
    void (*_Nonnull port_out)(void *_Nullable context, uint32_t port, int32_t width, uint32_t value);
    /// Fills in eax, ebx, ecx and edx.
    void (*_Nonnull cpuid)(void *_Nullable context, uint32_t leaf, uint32_t subleaf, uint32_t *_Nonnull registers);
    uint64_t (*_Nonnull read)(void *_Nullable context, uint64_t offset, uint32_t width);
    void (*_Nonnull write)(void *_Nullable context, uint64_t offset, uint32_t width, uint64_t value);
};

struct ucpu;

/// Loads libunicorn. NULL, or what is missing.
const char *_Nullable ucpu_load(void);

/// A processor without memory, x86's in 64-bit mode without paging; NULL when Unicorn has none.
struct ucpu *_Nullable ucpu_open(enum ucpu_architecture architecture, struct ucpu_devices devices);
void ucpu_close(struct ucpu *_Nonnull cpu);

/// Makes `size` bytes at `host` appear at `address`; whole pages. 0, or Unicorn's error.
uint32_t ucpu_map(struct ucpu *_Nonnull cpu, uint64_t address, uint64_t size, void *_Nonnull host);
/// Makes nothing be there.
uint32_t ucpu_unmap(struct ucpu *_Nonnull cpu, uint64_t address, uint64_t size);
/// Lets `read` and `write` of the devices answer `size` bytes at `address`.
uint32_t ucpu_map_device(struct ucpu *_Nonnull cpu, uint64_t address, uint64_t size);

/// Runs from `pc` for about as many basic blocks.
struct ucpu_result ucpu_run(struct ucpu *_Nonnull cpu, uint64_t pc, uint32_t blocks);

uint64_t ucpu_get(struct ucpu *_Nonnull cpu, uint32_t number);
void ucpu_set(struct ucpu *_Nonnull cpu, uint32_t number, uint64_t value);
struct ucpu_table ucpu_get_table(struct ucpu *_Nonnull cpu, enum ucpu_table_name name);
void ucpu_set_table(struct ucpu *_Nonnull cpu, enum ucpu_table_name name, struct ucpu_table table);

/// Keeps the state of an x86 processor that is in 64-bit mode and in supervisor state, for `ucpu_enter_supervisor`.
uint32_t ucpu_keep_supervisor(struct ucpu *_Nonnull cpu);
/// Puts an x86 processor into 64-bit mode and supervisor state, with all that programs keep in registers as it was. Unicorn
/// has no other way: a written selector changes neither mode nor state.
void ucpu_enter_supervisor(struct ucpu *_Nonnull cpu);
