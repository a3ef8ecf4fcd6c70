// Benchmark: loads and stores. Copies, and chains of pointers through more memory than caches and TLB0 hold.

#include "bench.h"

// MARK: Copies

#define COPY_BYTES (1 << 20)
#define COPY_ROUNDS 192
#define ALIASED_ROUNDS 32
#define BYTE_ROUNDS 48

// Pages whose distance is a multiple of a megabyte may share a place in an engine's table of translations. One target has
// that distance from the source, the other has not.
#define GAP (128 << 10)
static u32 source[COPY_BYTES / 4] __attribute__((aligned(1 << 20)));
static u32 targets[(COPY_BYTES + GAP) / 4] __attribute__((aligned(1 << 20)));
static u32 *const apart = targets + GAP / 4, *const aliased = targets;

static void copy_words(u32 *target) {
    for (u32 i = 0; i < COPY_BYTES / 4; i += 4) {
        u32 a = source[i], b = source[i + 1], c = source[i + 2], d = source[i + 3];
        target[i] = a;
        target[i + 1] = b;
        target[i + 2] = c;
        target[i + 3] = d;
    }
}

static void copy_bytes_inverted(void) {
    const u8 *from = (const u8 *)source;
    u8 *to = (u8 *)apart;
    for (u32 i = 0; i < COPY_BYTES; i++) {
        to[i] = (u8)~from[i];
    }
}

// The difference of every pair of words, or'ed.
static u32 difference(const u32 *target, u32 mask) {
    u32 bits = 0;
    for (u32 i = 0; i < COPY_BYTES / 4; i++) {
        bits |= source[i] ^ target[i] ^ mask;
    }
    return bits;
}

// MARK: Chains

// 16 MiB of RAM from 32 MiB on, of which nodes, each a cache line, take the lower half. Mapped twice: by one entry of
// TLB1, and page by page through TLB0, whose 512 entries hold a quarter of the pages.
#define REAL 0x02000000
#define LARGE 0x60000000
#define PAGED 0x40000000
#define NODE 64
#define NODES (1 << 17)
#define LARGE_STEPS (NODES * 16)
#define PAGED_STEPS (NODES * 3)
#define MAPPING_ENTRY 4

// What an operating system's refill does for a linear mapping: MAS0 to MAS2 are as the miss left them.
__asm__(".section .vectors, \"ax\"\n"
        ".balign 16\n"
        "refill:\n"
        "    mtspr 272, 3\n"
        "    mfspr 3, 61\n"
        "    rlwinm 3, 3, 0, 0, 19\n"
        "    addis 3, 3, (0x02000000 - 0x40000000)@h\n"
        "    ori 3, 3, 0x3f\n"
        "    mtspr 627, 3\n"
        "    li 3, 0\n"
        "    mtspr 944, 3\n"
        "    tlbwe\n"
        "    mfspr 3, 272\n"
        "    rfi\n"
        ".text\n");
extern const u8 refill[];

static void map(void) {
    write_tlb(MAS0_TLBSEL(1) | MAS0_ESEL(MAPPING_ENTRY), MAS1_VALID | MAS1_IPROT | MAS1_TSIZE(SIZE_16M), LARGE | MAS2_M,
              REAL | MAS3_SR | MAS3_SW, 0);
    set_spr(SPR_MAS4, MAS4_TLBSELD(0) | MAS4_TSIZED(SIZE_4K) | MAS2_M);
    SET_HANDLER(DATA_TLB_ERROR, refill);
}

// Makes one cycle of all nodes in random order (Sattolo). A node's word is the offset of the next.
static void make_cycle(void) {
    u32 random = 7;
    volatile u32 *node = (volatile u32 *)LARGE;
    for (u32 i = 0; i < NODES; i++) {
        node[i * (NODE / 4)] = i * NODE;
    }
    for (u32 i = NODES - 1; i > 0; i--) {
        u32 j = next_random(&random) % i;
        u32 other = node[j * (NODE / 4)];
        node[j * (NODE / 4)] = node[i * (NODE / 4)];
        node[i * (NODE / 4)] = other;
    }
}

static u32 chase(u32 base, u32 steps) {
    u32 offset = 0;
    for (u32 step = 0; step < steps; step++) {
        offset = *(const volatile u32 *)(base + offset);
    }
    return offset;
}

void program(void) {
    u32 random = 3, result = 0;
    for (u32 i = 0; i < COPY_BYTES / 4; i++) {
        source[i] = next_random(&random);
    }
    MEASURE(
        "copy-words", COPY_ROUNDS * (COPY_BYTES / 4), for (u32 round = 0; round < COPY_ROUNDS; round++) {
            copy_words(apart);
            barrier();
        });
    equal(difference(apart, 0), 0, "words copied are the same");
    MEASURE(
        "copy-bytes", BYTE_ROUNDS * COPY_BYTES, for (u32 round = 0; round < BYTE_ROUNDS; round++) {
            copy_bytes_inverted();
            barrier();
        });
    equal(difference(apart, 0xffffffff), 0, "bytes copied and inverted are the inverse");
    MEASURE(
        "copy-aliased", ALIASED_ROUNDS * (COPY_BYTES / 4), for (u32 round = 0; round < ALIASED_ROUNDS; round++) {
            copy_words(aliased);
            barrier();
        });
    equal(difference(aliased, 0), 0, "words copied a megabyte on are the same");

    map();
    make_cycle();
    equal(chase(LARGE, NODES / 2) != 0, 1, "half of a cycle does not end where it began");
    MEASURE("chase", LARGE_STEPS, result = chase(LARGE, LARGE_STEPS));
    equal(result, 0, "a chain of pointers ends where it began");
    MEASURE("chase-refill", PAGED_STEPS, result = chase(PAGED, PAGED_STEPS));
    equal(result, 0, "and so it does in pages that TLB0 does not hold at once");
}
