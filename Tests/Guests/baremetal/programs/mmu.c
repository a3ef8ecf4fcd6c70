// The MMU of an e500v2 or e500mc core, as its manual describes it: TLB0 (4 KiB pages, set-associative), TLB1 (variable pages, fully
// associative), the MAS registers, permissions, address spaces, process identifiers, invalidation.
// Needs no hypervisor: passes under `qemu-system-ppc -M ppce500 -cpu e500v2` and `-cpu e500mc` as well.

#include "runtime.h"

// Effective addresses where nothing is mapped, and real pages that nothing else uses.
#define PAGE 0x40000000
#define REAL SCRATCH
#define OTHER_REAL (SCRATCH + 0x10000)
#define ALL (MAS3_UX | MAS3_SX | MAS3_UW | MAS3_SW | MAS3_UR | MAS3_SR)
#define SUPERVISOR_ONLY (MAS3_SX | MAS3_SW | MAS3_SR)

#define WORD_AT_REAL 0x11223344
#define WORD_AT_OTHER 0x55667788

static u32 way;

// A 4 KiB page in TLB0. Successive calls use successive ways.
static void map(u32 ea, u64 real, u32 tid, u32 space, u32 permissions) {
    write_tlb(MAS0_TLBSEL(0) | MAS0_ESEL(way++ & 3), MAS1_VALID | MAS1_TID(tid) | (space ? MAS1_TS : 0) | MAS1_TSIZE(SIZE_4K),
              ea | MAS2_M, (u32)real | permissions, (u32)(real >> 32));
}

static void map_tlb1(u32 entry, u32 ea, u32 real, u32 size, u32 flags) {
    write_tlb(MAS0_TLBSEL(1) | MAS0_ESEL(entry), flags | MAS1_TSIZE(size), ea | MAS2_M, real | SUPERVISOR_ONLY, 0);
}

static void unmap_tlb1(u32 entry) {
    map_tlb1(entry, 0, 0, SIZE_4K, 0);
}

static struct frame registers;

static const struct frame *load(u32 msr, u32 ea) {
    registers.gpr[3] = 0;
    registers.gpr[4] = ea;
    return RUN(msr, &registers, INSTR_LWZ(3, 0, 4));
}

static const struct frame *store(u32 msr, u32 ea, u32 value) {
    registers.gpr[3] = value;
    registers.gpr[4] = ea;
    return RUN(msr, &registers, INSTR_STW(3, 0, 4));
}

static const struct frame *fetch(u32 msr, u32 ea) {
    registers.pc = ea;
    registers.msr = msr;
    return execute(&registers);
}

static int loads(u32 msr, u32 ea, u32 value) {
    const struct frame *f = load(msr, ea);
    return finished(f) && f->gpr[3] == value;
}

static int misses(u32 msr, u32 ea) {
    return load(msr, ea)->vector == DATA_TLB_ERROR;
}

static void geometry(void) {
    u32 tlb0 = get_spr(SPR_TLB0CFG), tlb1 = get_spr(SPR_TLB1CFG);
    equal(tlb0 & 0xfff, 512, "TLB0 has 512 entries");
    equal(tlb0 >> 24, 4, "TLB0 has 4 ways");
    equal(tlb1 & 0xfff, is_e500v2() ? 16 : 64, "TLB1 has the core's number of entries");
    equal(tlb1 >> 24, tlb1 & 0xfff, "TLB1 is fully associative");
    equal(tlb1 & 0xc000, 0xc000, "TLB1 offers protection from invalidation and variable sizes");
}

static void tlb0(void) {
    invalidate_tlb0();
    ok(misses(SUPERVISOR, PAGE), "an address that nothing maps misses");

    map(PAGE, REAL, 0, 0, ALL);
    ok(loads(SUPERVISOR, PAGE, WORD_AT_REAL), "a page written to TLB0 can be read");
    ok(finished(store(SUPERVISOR, PAGE + 8, 0xabcd)), "and written");
    equal(read32(REAL + 8), 0xabcd, "where it maps to");

    // Four pages whose numbers differ by a multiple of the number of sets share a set, one a way.
    invalidate_tlb0();
    for (u32 i = 0; i < 4; i++) {
        write32(OTHER_REAL + i * 0x1000, 0x100 + i);
        map(PAGE + i * 0x80000, OTHER_REAL + i * 0x1000, 0, 0, ALL);
    }
    int good = 1;
    for (u32 i = 0; i < 4; i++) {
        good &= loads(SUPERVISOR, PAGE + i * 0x80000, 0x100 + i);
    }
    ok(good, "four pages of one set are mapped at a time");
    write32(OTHER_REAL, WORD_AT_OTHER);

    map(PAGE + 4 * 0x80000, REAL, 0, 0, ALL);
    ok(loads(SUPERVISOR, PAGE + 4 * 0x80000, WORD_AT_REAL) && misses(SUPERVISOR, PAGE), "a fifth takes the place of the first");

    // An entry written over must be gone at once, also for what has just been used.
    invalidate_tlb0();
    way = 0;
    map(PAGE, REAL, 0, 0, ALL);
    good = loads(SUPERVISOR, PAGE, WORD_AT_REAL);
    way = 0;
    map(PAGE, OTHER_REAL, 0, 0, ALL);
    ok(good && loads(SUPERVISOR, PAGE, WORD_AT_OTHER), "an entry written anew maps anew");

    invalidate_tlb0();
    ok(misses(SUPERVISOR, PAGE), "MMUCSR0 invalidates TLB0");
    equal(get_spr(SPR_MMUCSR0) & MMUCSR0_FLASH_TLB0, 0, "and its bit reads as zero when that is done");
}

static void read_and_search(void) {
    invalidate_tlb0();
    write_tlb(MAS0_TLBSEL(0) | MAS0_ESEL(2), MAS1_VALID | MAS1_TID(7) | MAS1_TSIZE(SIZE_4K), (PAGE + 0x3000) | MAS2_G,
              OTHER_REAL | MAS3_SR | MAS3_UW, 0xf);

    set_spr(SPR_MAS6, MAS6_SPID(7));
    registers.gpr[4] = PAGE + 0x3abc;
    RUN(SUPERVISOR, &registers, INSTR_TLBSX(4));
    u32 mas1 = get_spr(SPR_MAS1);
    equal(mas1 & MAS1_VALID, MAS1_VALID, "tlbsx finds an entry by address and process");
    equal(get_spr(SPR_MAS0) & (MAS0_TLBSEL(3) | MAS0_ESEL(15)), MAS0_TLBSEL(0) | MAS0_ESEL(2), "and tells its place");
    equal(mas1 & 0x00ff1f00, MAS1_TID(7) | MAS1_TSIZE(SIZE_4K), "its process, space and size");
    equal(get_spr(SPR_MAS2), (PAGE + 0x3000) | MAS2_G, "its page and attributes");
    equal(get_spr(SPR_MAS3), OTHER_REAL | MAS3_SR | MAS3_UW, "its real page and permissions");
    equal(get_spr(SPR_MAS7), 0xf, "and the upper part of the real address");

    set_spr(SPR_MAS6, MAS6_SPID(8));
    registers.gpr[4] = PAGE + 0x3abc;
    RUN(SUPERVISOR, &registers, INSTR_TLBSX(4));
    equal(get_spr(SPR_MAS1) & MAS1_VALID, 0, "tlbsx finds nothing for another process");
    set_spr(SPR_MAS6, MAS6_SPID(7) | MAS6_SAS);
    registers.gpr[4] = PAGE + 0x3abc;
    RUN(SUPERVISOR, &registers, INSTR_TLBSX(4));
    equal(get_spr(SPR_MAS1) & MAS1_VALID, 0, "and nothing in the other address space");

    map_tlb1(5, 0x50000000, SCRATCH, SIZE_64K, MAS1_VALID | MAS1_IPROT);
    set_spr(SPR_MAS6, 0);
    registers.gpr[4] = 0x5000fffc;
    RUN(SUPERVISOR, &registers, INSTR_TLBSX(4));
    equal(get_spr(SPR_MAS0) & (MAS0_TLBSEL(3) | MAS0_ESEL(15)), MAS0_TLBSEL(1) | MAS0_ESEL(5), "tlbsx searches TLB1 too");
    unmap_tlb1(5);

    set_spr(SPR_MAS0, MAS0_TLBSEL(0) | MAS0_ESEL(2));
    set_spr(SPR_MAS2, PAGE + 0x3000);
    set_spr(SPR_MAS1, 0);
    set_spr(SPR_MAS3, 0);
    set_spr(SPR_MAS7, 0);
    ok(privileged(INSTR_TLBRE), "tlbre executes");
    equal(get_spr(SPR_MAS1) & 0xc0ff1f00, MAS1_VALID | MAS1_TID(7) | MAS1_TSIZE(SIZE_4K), "tlbre reads MAS1 of a chosen entry");
    equal(get_spr(SPR_MAS3), OTHER_REAL | MAS3_SR | MAS3_UW, "and MAS3");
    equal(get_spr(SPR_MAS7), 0xf, "and MAS7");
    invalidate_tlb0();
}

static void miss_defaults(void) {
    invalidate_tlb0();
    set_spr(SPR_MAS4, MAS4_TLBSELD(0) | MAS4_TSIZED(SIZE_4K) | MAS2_M);
    set_spr(SPR_PID, 3);

    const struct frame *f = load(SUPERVISOR, PAGE + 0x2345678);
    equal(f->vector, DATA_TLB_ERROR, "a load from an unmapped address is a data TLB error");
    equal(f->dear, PAGE + 0x2345678, "DEAR holds the address");
    equal(f->esr & ESR_ST, 0, "ESR does not say store");
    equal(f->mas0 & MAS0_TLBSEL(3), MAS0_TLBSEL(0), "MAS0 chooses the TLB that MAS4 names");
    equal(f->mas1 & 0xffff1f00, MAS1_VALID | MAS1_TID(3) | MAS1_TSIZE(SIZE_4K), "MAS1 is valid, of this process and MAS4's size");
    equal(f->mas2, ((PAGE + 0x2345678) & ~0xfffu) | MAS2_M, "MAS2 holds the page and MAS4's attributes");
    equal(f->mas3 & ALL, 0, "MAS3 permits nothing");
    equal(f->mas6, MAS6_SPID(3), "MAS6 holds the process to search for");

    f = store(SUPERVISOR, PAGE, 1);
    equal(f->esr & ESR_ST, ESR_ST, "a store that misses says so in ESR");

    f = load(SUPERVISOR | MSR_DS, PAGE);
    equal(f->mas1 & MAS1_TS, MAS1_TS, "a miss in the other address space says so in MAS1");
    equal(f->mas6 & MAS6_SAS, MAS6_SAS, "and in MAS6");

    f = fetch(SUPERVISOR, PAGE + 0x10);
    equal(f->vector, INSTRUCTION_TLB_ERROR, "a fetch from an unmapped address is an instruction TLB error");
    equal(f->pc, PAGE + 0x10, "SRR0 holds the address");
    equal(f->mas2 & ~0xfffu, PAGE, "MAS2 holds the page");

    // What an operating system does: set the real page, write the entry, go back.
    load(SUPERVISOR, PAGE);
    registers.gpr[3] = REAL | SUPERVISOR_ONLY;
    registers.gpr[4] = 0;
    f = RUN(SUPERVISOR, &registers, INSTR_MTSPR(SPR_MAS3, 3), INSTR_MTSPR(SPR_MAS7, 4), INSTR_ISYNC, INSTR_TLBWE, INSTR_ISYNC);
    ok(finished(f) && loads(SUPERVISOR, PAGE, WORD_AT_REAL), "what a miss leaves in MAS, with a real page, is an entry to write");
    set_spr(SPR_PID, 4);
    ok(misses(SUPERVISOR, PAGE), "for that process");
    set_spr(SPR_PID, 0);
    invalidate_tlb0();
}

static void permissions(void) {
    static const struct {
        u32 bit, msr;
        u32 kind;
        const char *sentence;
    } accesses[] = {
        {MAS3_SR, SUPERVISOR, 0, "SR alone decides over supervisor loads"},
        {MAS3_SW, SUPERVISOR, 1, "SW alone decides over supervisor stores"},
        {MAS3_SX, SUPERVISOR, 2, "SX alone decides over supervisor fetches"},
        {MAS3_UR, USER, 0, "UR alone decides over user loads"},
        {MAS3_UW, USER, 1, "UW alone decides over user stores"},
        {MAS3_UX, USER, 2, "UX alone decides over user fetches"},
    };
    // The page holds a trap at 0x20, so that a fetch ends in one.
    write32(REAL + 0x20, INSTR_TRAP);
    synchronize_instructions(REAL + 0x20, 4);
    for (u32 a = 0; a < sizeof accesses / sizeof accesses[0]; a++) {
        u32 wrong = 0;
        for (u32 permission = 0; permission < 64; permission++) {
            invalidate_tlb0();
            map(PAGE, REAL, 0, 0, permission);
            const struct frame *f = accesses[a].kind == 0   ? load(accesses[a].msr, PAGE)
                                    : accesses[a].kind == 1 ? store(accesses[a].msr, PAGE + 4, permission)
                                                            : fetch(accesses[a].msr, PAGE + 0x20);
            u32 refusal = accesses[a].kind == 2 ? INSTRUCTION_STORAGE : DATA_STORAGE;
            u32 expected = permission & accesses[a].bit ? PROGRAM : refusal;
            wrong += f->vector != expected;
        }
        equal(wrong, 0, accesses[a].sentence);
    }

    invalidate_tlb0();
    map(PAGE, REAL, 0, 0, MAS3_SR | MAS3_UR);
    const struct frame *f = store(USER, PAGE + 0x44, 1);
    equal(f->vector, DATA_STORAGE, "a store to a page that can only be read is a data storage interrupt");
    equal(f->dear, PAGE + 0x44, "DEAR holds the address");
    equal(f->esr & ESR_ST, ESR_ST, "ESR says store");
    equal(f->msr & MSR_PR, MSR_PR, "SRR1 says user state");
    equal(f->handler_msr & (MSR_PR | MSR_EE | MSR_IS | MSR_DS), 0, "and the handler runs in supervisor state");
    ok(loads(USER, PAGE, WORD_AT_REAL), "the page can still be read");
    invalidate_tlb0();
}

static void processes(void) {
    invalidate_tlb0();
    map(PAGE, REAL, 5, 0, ALL);
    map(PAGE, OTHER_REAL, 6, 0, ALL);
    ok(misses(SUPERVISOR, PAGE), "pages of processes 5 and 6 are not there for process 0");
    set_spr(SPR_PID, 5);
    ok(loads(SUPERVISOR, PAGE, WORD_AT_REAL), "process 5 sees its page");
    set_spr(SPR_PID, 6);
    ok(loads(SUPERVISOR, PAGE, WORD_AT_OTHER), "process 6 sees its own at the same address");
    set_spr(SPR_PID, 0);
    ok(misses(SUPERVISOR, PAGE), "and after that process 0 sees none");
    if (is_e500v2()) {
        set_spr(SPR_PID1, 5);
        ok(loads(SUPERVISOR, PAGE, WORD_AT_REAL), "PID1 counts as well");
        set_spr(SPR_PID1, 0);
        set_spr(SPR_PID2, 6);
        ok(loads(SUPERVISOR, PAGE, WORD_AT_OTHER), "and PID2");
        set_spr(SPR_PID2, 0);
    }

    invalidate_tlb0();
    map(PAGE, REAL, 0, 0, ALL);
    set_spr(SPR_PID, 77);
    ok(loads(SUPERVISOR, PAGE, WORD_AT_REAL), "a page of process 0 is every process's");
    set_spr(SPR_PID, 0);
    invalidate_tlb0();
}

static void address_spaces(void) {
    invalidate_tlb0();
    map(PAGE, REAL, 0, 1, ALL);
    ok(misses(SUPERVISOR, PAGE), "a page of address space 1 is not in space 0");
    ok(loads(SUPERVISOR | MSR_DS, PAGE, WORD_AT_REAL), "MSR[DS] chooses the space of loads");
    const struct frame *f = fetch(SUPERVISOR | MSR_IS, PAGE + 0x20);
    equal(f->vector, PROGRAM, "MSR[IS] chooses the space of fetches");
    equal(f->pc, PAGE + 0x20, "and the code there runs");
    equal(f->msr & (MSR_IS | MSR_DS), MSR_IS, "SRR1 holds the space that was left");
    equal(f->handler_msr & (MSR_IS | MSR_DS), 0, "an interrupt goes to space 0");
    map(PAGE, OTHER_REAL, 0, 0, ALL);
    ok(loads(SUPERVISOR | MSR_DS, PAGE, WORD_AT_REAL) && loads(SUPERVISOR, PAGE, WORD_AT_OTHER), "the spaces are apart");
    invalidate_tlb0();
}

static void page_sizes(void) {
    static const char *sentences[] = {
        "a page of 4 KiB in TLB1",   "a page of 16 KiB", "a page of 64 KiB", "a page of 256 KiB",
        "a page of 1 MiB",           "a page of 4 MiB",  "a page of 16 MiB",
    };
    for (u32 size = SIZE_4K; size <= SIZE_16M; size++) {
        u32 bytes = 1024u << (2 * size);
        u32 real = size == SIZE_16M ? 0 : SCRATCH;
        map_tlb1(4, 0x60000000, real, size, MAS1_VALID);
        u32 last = read32(real + bytes - 4);
        ok(loads(SUPERVISOR, 0x60000000 + bytes - 4, last) && misses(SUPERVISOR, 0x60000000 + bytes) &&
               misses(SUPERVISOR, 0x60000000 - 4),
           sentences[size - SIZE_4K]);
    }
    unmap_tlb1(4);
    ok(misses(SUPERVISOR, 0x60000000), "a TLB1 entry that is no longer valid maps nothing");
}

static void invalidation(void) {
    invalidate_tlb0();
    map(PAGE, REAL, 0, 0, ALL);
    map(PAGE + 0x1000, OTHER_REAL, 0, 0, ALL);
    map(PAGE, OTHER_REAL, 9, 0, ALL);
    registers.gpr[4] = PAGE;
    ok(finished(RUN(SUPERVISOR, &registers, INSTR_TLBIVAX(4), INSTR_TLBSYNC)), "tlbivax and tlbsync execute");
    ok(misses(SUPERVISOR, PAGE), "tlbivax takes away a page of TLB0");
    ok(loads(SUPERVISOR, PAGE + 0x1000, WORD_AT_OTHER), "and leaves its neighbour");
    set_spr(SPR_PID, 9);
    ok(misses(SUPERVISOR, PAGE), "whichever process's it was");
    set_spr(SPR_PID, 0);

    registers.gpr[4] = TLBIVAX_ALL;
    RUN(SUPERVISOR, &registers, INSTR_TLBIVAX(4), INSTR_TLBSYNC);
    ok(misses(SUPERVISOR, PAGE + 0x1000), "tlbivax of everything takes away the neighbour");

    map_tlb1(4, 0x60000000, SCRATCH, SIZE_64K, MAS1_VALID);
    map_tlb1(5, 0x61000000, SCRATCH, SIZE_64K, MAS1_VALID | MAS1_IPROT);
    map(PAGE, REAL, 0, 0, ALL);
    registers.gpr[4] = 0x60004000 | TLBIVAX_TLB1;
    RUN(SUPERVISOR, &registers, INSTR_TLBIVAX(4), INSTR_TLBSYNC);
    ok(misses(SUPERVISOR, 0x60000000), "tlbivax takes away a page of TLB1 by any address in it");
    registers.gpr[4] = 0x61004000 | TLBIVAX_TLB1;
    RUN(SUPERVISOR, &registers, INSTR_TLBIVAX(4), INSTR_TLBSYNC);
    ok(loads(SUPERVISOR, 0x61000000, WORD_AT_REAL), "but not a protected one");

    map_tlb1(4, 0x60000000, SCRATCH, SIZE_64K, MAS1_VALID);
    registers.gpr[4] = TLBIVAX_TLB1 | TLBIVAX_ALL;
    RUN(SUPERVISOR, &registers, INSTR_TLBIVAX(4), INSTR_TLBSYNC);
    ok(misses(SUPERVISOR, 0x60000000) && loads(SUPERVISOR, 0x61000000, WORD_AT_REAL),
       "tlbivax of all of TLB1 takes what is not protected");
    ok(loads(SUPERVISOR, PAGE, WORD_AT_REAL), "and leaves TLB0 alone");

    map_tlb1(4, 0x60000000, SCRATCH, SIZE_64K, MAS1_VALID);
    set_spr(SPR_MMUCSR0, MMUCSR0_FLASH_TLB1);
    ok(misses(SUPERVISOR, 0x60000000) && loads(SUPERVISOR, 0x61000000, WORD_AT_REAL), "MMUCSR0 invalidates TLB1 the same way");
    unmap_tlb1(5);
    invalidate_tlb0();
}

static void wide_addresses(void) {
    invalidate_tlb0();
    map(PAGE, 0xfe0004000ull, 0, 0, MAS3_SR | MAS3_SW);
    registers.gpr[4] = PAGE + 0x505;
    const struct frame *f = RUN(SUPERVISOR, &registers, INSTR_LBZ(3, 0, 4));
    ok(finished(f) && (f->gpr[3] & 0x60), "MAS7 reaches the console's line status, above 4 GiB");
    invalidate_tlb0();
}

static void code(void) {
    invalidate_tlb0();
    map(PAGE, REAL, 0, 0, ALL);
    write32(REAL + 0x100, INSTR_LI(3, 1));
    write32(REAL + 0x104, INSTR_TRAP);
    synchronize_instructions(REAL + 0x100, 8);
    equal(fetch(SUPERVISOR, PAGE + 0x100)->gpr[3], 1, "code runs from a mapped page");
    write32(REAL + 0x100, INSTR_LI(3, 2));
    synchronize_instructions(REAL + 0x100, 8);
    equal(fetch(SUPERVISOR, PAGE + 0x100)->gpr[3], 2, "code changed through another mapping runs as changed");
    write32(OTHER_REAL + 0x100, INSTR_LI(3, 3));
    write32(OTHER_REAL + 0x104, INSTR_TRAP);
    synchronize_instructions(OTHER_REAL + 0x100, 8);
    invalidate_tlb0();
    map(PAGE, OTHER_REAL, 0, 0, ALL);
    equal(fetch(SUPERVISOR, PAGE + 0x100)->gpr[3], 3, "code at an address that maps anew is the new page's");

    // Straight on from one page into the next, which lies elsewhere; then the same with the next one missing.
    map(PAGE + 0x1000, REAL, 0, 0, ALL);
    write32(OTHER_REAL + 0xffc, INSTR_LI(5, 9));
    write32(REAL, INSTR_LI(6, 8));
    write32(REAL + 4, INSTR_TRAP);
    synchronize_instructions(OTHER_REAL + 0xffc, 4);
    synchronize_instructions(REAL, 8);
    const struct frame *f = fetch(SUPERVISOR, PAGE + 0xffc);
    ok(f->vector == PROGRAM && f->gpr[5] == 9 && f->gpr[6] == 8, "code runs on from one page into the next");
    registers.gpr[4] = PAGE + 0x1000;
    RUN(SUPERVISOR, &registers, INSTR_TLBIVAX(4), INSTR_TLBSYNC);
    f = fetch(SUPERVISOR, PAGE + 0xffc);
    ok(f->vector == INSTRUCTION_TLB_ERROR && f->gpr[5] == 9 && f->pc == PAGE + 0x1000, "and stops at its edge when that is gone");
    write32(REAL, WORD_AT_REAL);
    invalidate_tlb0();
}

void program(void) {
    write32(REAL, WORD_AT_REAL);
    write32(OTHER_REAL, WORD_AT_OTHER);
    geometry();
    tlb0();
    read_and_search();
    miss_defaults();
    permissions();
    processes();
    address_spaces();
    page_sizes();
    invalidation();
    wide_addresses();
    code();
}
