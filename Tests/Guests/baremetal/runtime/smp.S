// Processors that work side by side: the entry of those that the spin table releases, and interrupts that save to where
// SPRG0 of each points, so that all may take them at once.

#include "e500.h"

// Offsets in struct cpu.
#define C_CR 128
#define C_LR 132
#define C_CTR 136
#define C_XER 140
#define C_PC 144
#define C_MSR 148
#define C_VECTOR 152
#define C_ESR 156
#define C_DEAR 160
#define C_INTERRUPT_STACK 164
#define C_STACK 168

// In the section that IVPR names already.
    .section .vectors, "ax"

    .macro smp_vector number
    .balign 16
smp_vector_\number:
    mtspr SPR_SPRG0 + 1, 1
    li 1, \number
    b smp_save
    .endm

    .balign 16
smp_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    smp_vector \n
    .endr

    .text

// Interrupts of the base class: they save to SRR0 and SRR1. Others do not come to these programs.
smp_save:
    mtspr SPR_SPRG0 + 2, 3
    mfspr 3, SPR_SPRG0
    stw 1, C_VECTOR(3)
    mfspr 1, SPR_SPRG0 + 1
    stw 0, 0(3)
    stw 1, 4(3)
    stw 2, 8(3)
    mfspr 0, SPR_SPRG0 + 2
    stw 0, 12(3)
    stmw 4, 16(3)
    mfcr 0
    stw 0, C_CR(3)
    mflr 0
    stw 0, C_LR(3)
    mfctr 0
    stw 0, C_CTR(3)
    mfxer 0
    stw 0, C_XER(3)
    mfspr 0, SPR_SRR0
    stw 0, C_PC(3)
    mfspr 0, SPR_SRR1
    stw 0, C_MSR(3)
    mfspr 0, SPR_ESR
    stw 0, C_ESR(3)
    mfspr 0, SPR_DEAR
    stw 0, C_DEAR(3)
    lwz 1, C_INTERRUPT_STACK(3)
    bl smp_interrupt
    mfspr 3, SPR_SPRG0
    lwz 0, C_PC(3)
    mtspr SPR_SRR0, 0
    lwz 0, C_MSR(3)
    mtspr SPR_SRR1, 0
    lwz 0, C_CR(3)
    mtcr 0
    lwz 0, C_LR(3)
    mtlr 0
    lwz 0, C_CTR(3)
    mtctr 0
    lwz 0, C_XER(3)
    mtxer 0
    lmw 4, 16(3)
    lwz 2, 8(3)
    lwz 1, 4(3)
    lwz 0, 0(3)
    lwz 3, 12(3)
    rfi

// void smp_use_vectors(struct cpu *self): interrupts of this processor go to the vectors above from now on.
    .globl smp_use_vectors
smp_use_vectors:
    mtspr SPR_SPRG0, 3
    lis 4, smp_vectors@h
    mtspr SPR_IVPR, 4
    lis 4, smp_vectors@ha
    addi 4, 4, smp_vectors@l
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    addi 5, 4, 16 * \n
    mtspr SPR_IVOR0 + \n, 5
    .endr
    blr

// Where a released processor starts, with its struct cpu in r3.
    .globl smp_entry
smp_entry:
    mr 31, 3
    lwz 1, C_STACK(31)
    bl smp_use_vectors
    bl map_devices
    // By rfi: unlike mtmsr in QEMU 7.2 it sets every bit of MSR.
    lis 4, smp_wait_for_work@ha
    addi 4, 4, smp_wait_for_work@l
    mtspr SPR_SRR0, 4
    li 4, MSR_ME
    mtspr SPR_SRR1, 4
    mr 3, 31
    rfi
