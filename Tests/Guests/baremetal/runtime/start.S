// Entry, interrupt vectors, and the two ways between C code and code under test.

#include "e500.h"

// Interrupts save to fixed addresses in the first page, which every mapping of a guest of ours keeps: that needs no
// register, and so leaves SPRG0-7 to the tests.
#define FRAME 0x1000
#define CONTEXT 0x1200
#define SAVED_R3 0x1300
#define SAVED_CR 0x1304
#define ACTIVE 0x1308

// Offsets in struct frame.
#define F_CR 128
#define F_LR 132
#define F_CTR 136
#define F_XER 140
#define F_PC 144
#define F_MSR 148
#define F_VECTOR 152
#define F_ESR 156
#define F_DEAR 160
#define F_MAS0 164
#define F_MAS1 168
#define F_MAS2 172
#define F_MAS3 176
#define F_MAS6 180
#define F_MAS7 184
#define F_HANDLER_MSR 188

    .section .vectors, "ax"

    .macro vector number, class
    .balign 16
vector_\number:
    stw 3, SAVED_R3(0)
    li 3, \number
    b save_\class
    .endm

    .globl vectors
vectors:
    vector 0, critical
    vector 1, machine_check
    vector 2, normal
    vector 3, normal
    vector 4, normal
    vector 5, normal
    vector 6, normal
    vector 7, normal
    vector 8, normal
    vector 9, normal
    vector 10, normal
    vector 11, normal
    vector 12, critical
    vector 13, normal
    vector 14, normal
    vector 15, critical
    vector 32, normal
    vector 33, normal
    vector 34, normal
    vector 35, normal
    vector 36, normal
    vector 37, critical

    .text

save_normal:
    stw 4, FRAME + 16(0)
    mfspr 4, SPR_SRR0
    stw 4, FRAME + F_PC(0)
    mfspr 4, SPR_SRR1
    b save
save_critical:
    stw 4, FRAME + 16(0)
    mfspr 4, SPR_CSRR0
    stw 4, FRAME + F_PC(0)
    mfspr 4, SPR_CSRR1
    b save
save_machine_check:
    stw 4, FRAME + 16(0)
    mfspr 4, SPR_MCSRR0
    stw 4, FRAME + F_PC(0)
    mfspr 4, SPR_MCSRR1
save:
    stw 4, FRAME + F_MSR(0)
    stw 3, FRAME + F_VECTOR(0)
    stw 0, FRAME(0)
    stw 1, FRAME + 4(0)
    stw 2, FRAME + 8(0)
    lwz 3, SAVED_R3(0)
    stw 3, FRAME + 12(0)
    stmw 5, FRAME + 20(0)
    mfcr 3
    stw 3, FRAME + F_CR(0)
    mflr 3
    stw 3, FRAME + F_LR(0)
    mfctr 3
    stw 3, FRAME + F_CTR(0)
    mfxer 3
    stw 3, FRAME + F_XER(0)
    mfspr 3, SPR_ESR
    stw 3, FRAME + F_ESR(0)
    mfspr 3, SPR_DEAR
    stw 3, FRAME + F_DEAR(0)
    mfspr 3, SPR_MAS0
    stw 3, FRAME + F_MAS0(0)
    mfspr 3, SPR_MAS1
    stw 3, FRAME + F_MAS1(0)
    mfspr 3, SPR_MAS2
    stw 3, FRAME + F_MAS2(0)
    mfspr 3, SPR_MAS3
    stw 3, FRAME + F_MAS3(0)
    mfspr 3, SPR_MAS6
    stw 3, FRAME + F_MAS6(0)
    mfspr 3, SPR_MAS7
    stw 3, FRAME + F_MAS7(0)
    mfmsr 3
    stw 3, FRAME + F_HANDLER_MSR(0)

    // Back into the C code that called `execute`, if there is any.
    lwz 3, ACTIVE(0)
    cmpwi 3, 0
    beq 1f
    li 3, 0
    stw 3, ACTIVE(0)
    lwz 1, CONTEXT + 4(0)
    lwz 2, CONTEXT + 8(0)
    lmw 13, CONTEXT + 52(0)
    lwz 3, CONTEXT + 12(0)
    mtcr 3
    // By way of the critical registers: SRR0 and SRR1 stay what the interrupt made them, and unlike mtmsr in QEMU 7.2
    // rfci sets every bit of MSR.
    lwz 3, CONTEXT + 16(0)
    mtlr 3
    mtspr SPR_CSRR0, 3
    lwz 3, CONTEXT + 20(0)
    mtspr SPR_CSRR1, 3
    li 3, FRAME
    rfci
1:  lis 1, stack_top@ha
    addi 1, 1, stack_top@l
    li 3, FRAME
    bl unexpected_interrupt
    b .

// const struct frame *execute(const struct frame *start)
    .globl execute
execute:
    stw 1, CONTEXT + 4(0)
    stw 2, CONTEXT + 8(0)
    stmw 13, CONTEXT + 52(0)
    mfcr 4
    stw 4, CONTEXT + 12(0)
    mflr 4
    stw 4, CONTEXT + 16(0)
    mfmsr 4
    stw 4, CONTEXT + 20(0)
    li 4, 1
    stw 4, ACTIVE(0)
    lwz 4, F_PC(3)
    mtspr SPR_SRR0, 4
    lwz 4, F_MSR(3)
    mtspr SPR_SRR1, 4
    lwz 4, F_CR(3)
    mtcr 4
    lwz 4, F_LR(3)
    mtlr 4
    lwz 4, F_CTR(3)
    mtctr 4
    lwz 4, F_XER(3)
    mtxer 4
    lwz 0, 0(3)
    lwz 1, 4(3)
    lwz 2, 8(3)
    lmw 4, 16(3)
    lwz 3, 12(3)
    rfi

    .globl _start
_start:
    mr 24, 3
    mr 26, 6
    mr 27, 7

    // Interrupts go to the vectors from here on.
    lis 4, vectors@h
    mtspr SPR_IVPR, 4
    li 3, 0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    li 3, 16 * \n
    mtspr SPR_IVOR0 + \n, 3
    .endr
    li 3, 16 * 19
    mtspr SPR_IVOR32 + 3, 3
    // An e500v2 has interrupts of its SPE, an e500mc those of its doorbells; neither has the other's registers.
    mfspr 3, SPR_PVR
    srwi 3, 3, 16
    cmplwi 3, PVR_E500V2
    bne 0f
    .irp n, 0, 1, 2
    li 3, 16 * (16 + \n)
    mtspr SPR_IVOR32 + \n, 3
    .endr
    b 1f
0:  .irp n, 4, 5
    li 3, 16 * (16 + \n)
    mtspr SPR_IVOR32 + \n, 3
    .endr
1:
    li 3, 0
    stw 3, ACTIVE(0)

    // TLB1 entry 0, which we were started with, shall survive the tests of invalidation.
    lis 3, MAS0_TLBSEL(1)@h
    mtspr SPR_MAS0, 3
    isync
    tlbre
    isync
    mfspr 3, SPR_MAS1
    oris 3, 3, MAS1_IPROT@h
    mtspr SPR_MAS1, 3
    isync
    tlbwe
    isync

    bl map_devices

    lis 1, stack_top@ha
    addi 1, 1, stack_top@l
    li 0, 0
    stwu 0, -16(1)

    lis 3, bss_start@ha
    addi 3, 3, bss_start@l
    lis 4, bss_end@ha
    addi 4, 4, bss_end@l
2:  cmplw 3, 4
    bge 3f
    stw 0, 0(3)
    addi 3, 3, 4
    b 2b
3:
    mr 3, 24
    mr 4, 26
    mr 5, 27
    lis 6, runtime_main@ha
    addi 6, 6, runtime_main@l
    mtspr SPR_CSRR0, 6
    li 6, MSR_ME
    mtspr SPR_CSRR1, 6
    rfci

// TLB1 entry 15: a megabyte at CCSR for the console and the other devices, at 0xf_e000_0000. Changes r3 and r4.
    .globl map_devices
map_devices:
    lis 3, (MAS0_TLBSEL(1) | MAS0_ESEL(15))@h
    mtspr SPR_MAS0, 3
    lis 3, (MAS1_VALID | MAS1_IPROT)@h
    ori 3, 3, MAS1_TSIZE(SIZE_1M)
    mtspr SPR_MAS1, 3
    lis 3, 0xe000
    ori 4, 3, MAS2_I | MAS2_G
    mtspr SPR_MAS2, 4
    ori 4, 3, MAS3_SR | MAS3_SW
    mtspr SPR_MAS3, 4
    li 4, 0xf
    mtspr SPR_MAS7, 4
    isync
    tlbwe
    isync
    blr

// A stack of 16 KiB that is not cleared, for it is in use while the rest is.
    .data
    .balign 16
    .space 16384
stack_top:
    .long 0, 0, 0, 0
