// libfdt, and the header fields that it only offers as macros, which Swift does not import.
#pragma once
#include <libfdt.h>

/// The magic number, `FDT_MAGIC` in a sound header.
static inline uint32_t cfdt_magic(const void *_Nonnull fdt) { return fdt_magic(fdt); }
/// Bytes of the whole blob, as its header says.
static inline uint32_t cfdt_totalsize(const void *_Nonnull fdt) { return fdt_totalsize(fdt); }
/// The format version.
static inline uint32_t cfdt_version(const void *_Nonnull fdt) { return fdt_version(fdt); }
/// The oldest version that the blob is compatible with.
static inline uint32_t cfdt_last_comp_version(const void *_Nonnull fdt) { return fdt_last_comp_version(fdt); }
/// Where the memory reservations start.
static inline uint32_t cfdt_off_mem_rsvmap(const void *_Nonnull fdt) { return fdt_off_mem_rsvmap(fdt); }
/// Where the structure block starts.
static inline uint32_t cfdt_off_dt_struct(const void *_Nonnull fdt) { return fdt_off_dt_struct(fdt); }
/// Bytes of the structure block; from version 17 on.
static inline uint32_t cfdt_size_dt_struct(const void *_Nonnull fdt) { return fdt_size_dt_struct(fdt); }
/// Where the strings block starts.
static inline uint32_t cfdt_off_dt_strings(const void *_Nonnull fdt) { return fdt_off_dt_strings(fdt); }
/// Bytes of the strings block.
static inline uint32_t cfdt_size_dt_strings(const void *_Nonnull fdt) { return fdt_size_dt_strings(fdt); }
