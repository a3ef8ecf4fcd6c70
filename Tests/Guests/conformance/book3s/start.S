// Entry, interrupt vectors, and the two ways between C code and code under test. Everything of the guest runs in real mode
// but the code under test in user state, which has no other choice than to be translated.
//
// The 32-bit guest is one of 64-bit processors, too: its C code runs with half of each register (MSR[SF] = 0).

#include "layout.h"

// A word in the other byte order.
    .macro other word
    .long ((\word) & 0xff) << 24 | ((\word) & 0xff00) << 8 | ((\word) >> 8 & 0xff00) | ((\word) >> 24 & 0xff)
    .endm

// Processors start in big-endian mode whatever the guest's byte order is. Changes r10 to r12 and LR.
    .macro any_byte_order
    .long 0x08000048 // tdi 0,0,0x48, which never traps; in the other order b .+8
    b 90f
    other 0x7d6000a6 // mfmsr r11
    other 0x429f0005 // bcl 20,31,.+4
    other 0x7d4802a6 // mflr r10
    other 0x394a0018 // addi r10,r10,90f-(.-4)
    other 0x696b0001 // xori r11,r11,1
    other 0x7d5a03a6 // mtsrr0 r10
    other 0x7d7b03a6 // mtsrr1 r11
    other 0x4c000024 // rfid
90:
    .endm

    .section .vectors, "ax"
    .globl _start
_start:
    any_byte_order
    b begin

    .macro vector number
    .org 0x\number
    std 31, SAVED_R31(0)
    li 31, 0x\number
    b save
    .endm

    vector 100
    vector 200
    vector 300
    vector 380
    vector 400
    vector 480

    .org 0x500
    b external

    vector 600
    vector 700
    vector 800

    .org 0x900
    mtsprg 3, 31
    mtsprg 2, 30
    mfcr 30
    lwz 31, TAKES_DECREMENTER(0)
    cmpwi 31, 0
    beq 1f
    mtcr 30
    mfsprg 30, 2
    mfsprg 31, 3
    std 31, SAVED_R31(0)
    li 31, 0x900
    b save
1:  lis 31, 0x7fff
    mtdec 31
    mtcr 30
    mfsprg 30, 2
    mfsprg 31, 3
    rfid

    vector a00
    vector b00
    vector c00
    vector d00
    vector e00
    vector f00
    vector f20
    vector f40
    vector f60

    .text
save:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    std \n, FRAME + 8 * \n(0)
    .endr
    std 31, FRAME + F_VECTOR(0)
    ld 31, SAVED_R31(0)
    std 31, FRAME + 8 * 31(0)
    mfcr 3
    std 3, FRAME + F_CR(0)
    mflr 3
    std 3, FRAME + F_LR(0)
    mfctr 3
    std 3, FRAME + F_CTR(0)
    mfxer 3
    std 3, FRAME + F_XER(0)
    mfsrr0 3
    std 3, FRAME + F_PC(0)
    mfsrr1 3
    std 3, FRAME + F_MSR(0)
    mfspr 3, SPR_DAR
    std 3, FRAME + F_DAR(0)
    mfspr 3, SPR_DSISR
    std 3, FRAME + F_DSISR(0)

    // Back into the C code that called `execute`, if there is any.
    lwz 4, ACTIVE(0)
    li 3, 0
    stw 3, ACTIVE(0)
    ld 1, CONTEXT + 8(0)
    ld 2, CONTEXT + 16(0)
    ld 5, CONTEXT + 24(0)
    mtcr 5
    .irp n, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld \n, CONTEXT + 8 * \n(0)
    .endr
    ld 5, CONTEXT + 32(0)
    mtsrr0 5
    ld 5, CONTEXT + 40(0)
    mtsrr1 5
    li 3, FRAME
    cmpwi 4, 0
    beq 2f
    rfid
2:  lis 1, stack_top@ha
    addi 1, 1, stack_top@l
    lis 12, unexpected_interrupt@ha
    addi 12, 12, unexpected_interrupt@l
    b enter

// const struct frame *execute(const struct frame *start)
    .globl execute
execute:
    std 1, CONTEXT + 8(0)
    std 2, CONTEXT + 16(0)
    mfcr 4
    std 4, CONTEXT + 24(0)
    mflr 4
    std 4, CONTEXT + 32(0)
    mfmsr 4
    std 4, CONTEXT + 40(0)
    .irp n, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    std \n, CONTEXT + 8 * \n(0)
    .endr
    li 4, 1
    stw 4, ACTIVE(0)
    ld 4, F_PC(3)
    mtsrr0 4
    ld 4, F_MSR(3)
    mtsrr1 4
    ld 4, F_CR(3)
    mtcr 4
    ld 4, F_LR(3)
    mtlr 4
    ld 4, F_CTR(3)
    mtctr 4
    ld 4, F_XER(3)
    mtxer 4
    .irp n, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld \n, 8 * \n(3)
    .endr
    ld 3, 8 * 3(3)
    rfid

// An external interrupt is an IPI for vCPU 1, in C code, whose stack it uses: it is counted, withdrawn and ended.
external:
    std 1, -0x300(1)
    addi 1, 1, -0x300
    .irp n, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    std \n, 0x80 + 8 * \n(1)
    .endr
    mfcr 3
    std 3, 0x20(1)
    mfctr 3
    std 3, 0x28(1)
    mfxer 3
    std 3, 0x30(1)
    mfsrr0 3
    std 3, 0x38(1)
    mfsrr1 3
    std 3, 0x40(1)
    li 3, H_XIRR
    sc 1
    std 4, 0x48(1)
    li 3, H_IPI
    li 4, 1
    li 5, 0xff
    sc 1
    li 3, H_EOI
    ld 4, 0x48(1)
    sc 1
    lis 3, external_interrupts@ha
    lwz 4, external_interrupts@l(3)
    addi 4, 4, 1
    stw 4, external_interrupts@l(3)
    ld 3, 0x20(1)
    mtcr 3
    ld 3, 0x28(1)
    mtctr 3
    ld 3, 0x30(1)
    mtxer 3
    ld 3, 0x38(1)
    mtsrr0 3
    ld 3, 0x40(1)
    mtsrr1 3
    .irp n, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    ld \n, 0x80 + 8 * \n(1)
    .endr
    ld 1, 0(1)
    rfid

// Where the boot processor gets to, at any address: r3 is the device tree, or r5 the entry of an Open Firmware.
begin:
    mr 24, 3
    mr 25, 5
    bcl 20, 31, 1f
1:  mflr 10
    lis 11, 1b@ha
    addi 11, 11, 1b@l
    subf 10, 11, 10
    cmpldi 10, 0
    beq 3f
    // An image that was loaded elsewhere moves to where the vectors are. There may be a firmware, which it does not need.
    lis 4, image_end@ha
    addi 4, 4, image_end@l
    li 5, 0
2:  ldx 6, 10, 5
    stdx 6, 0, 5
    dcbst 0, 5
    sync
    icbi 0, 5
    addi 5, 5, 8
    cmpld 5, 4
    blt 2b
    sync
    isync
    lis 4, 3f@ha
    addi 4, 4, 3f@l
    mtctr 4
    bctr
3:  lis 3, bss_start@ha
    addi 3, 3, bss_start@l
    lis 4, bss_end@ha
    addi 4, 4, bss_end@l
    li 0, 0
4:  cmpld 3, 4
    bge 5f
    std 0, 0(3)
    addi 3, 3, 8
    b 4b
5:  lis 1, stack_top@ha
    addi 1, 1, stack_top@l
    mr 3, 24
    mr 4, 25
    lis 12, runtime_main@ha
    addi 12, 12, runtime_main@l
    b enter

// Where another processor starts, with its stack in r3.
    .balign 16
    .globl secondary_entry
secondary_entry:
    any_byte_order
    mr 1, 3
    lis 12, secondary_main@ha
    addi 12, 12, secondary_main@l

// The C function at r12, in the mode of C code.
enter:
#ifdef __powerpc64__
    lis 2, .TOC.@ha
    addi 2, 2, .TOC.@l
    mtctr 12
    bctr
#else
    mfmsr 10
    clrldi 10, 10, 1
    mtsrr0 12
    mtsrr1 10
    rfid
#endif

// word papr(word number, word, word, word, word): the registers are those of the call.
    .globl papr
papr:
    sc 1
    blr

// word papr_output(word number, word, word, word, word): its first output.
    .globl papr_output
papr_output:
    sc 1
    mr 3, 4
    blr

// void put_terminal(const void *bytes, u32 count): up to 16 bytes, eight in a register, which takes whole registers.
    .globl put_terminal
put_terminal:
    mfmsr 10
    li 9, 1
    sldi 9, 9, 63
    or 9, 9, 10
    mtmsrd 9
    isync
    clrldi 11, 3, 32
    clrldi 5, 4, 32
    li 4, 0
#ifdef __LITTLE_ENDIAN__
    li 6, 8
    ldbrx 7, 6, 11
    ldbrx 6, 0, 11
#else
    ld 6, 0(11)
    ld 7, 8(11)
#endif
    std 10, -16(1)
    li 3, 0x58 // H_PUT_TERM_CHAR
    sc 1
    ld 10, -16(1)
    mtmsrd 10
    isync
    blr

// void map_segment(u32 number): effective addresses from 0 on are those of that virtual segment.
    .globl map_segment
map_segment:
    clrldi 3, 3, 32
    sldi 3, 3, 12
    lis 4, 0x0800 // valid
    slbmte 3, 4
    isync
    blr

// MARK: Code under test, in a page of its own: each piece ends at a trap.

    .section .tested, "ax"
    .balign 4096
    .globl tested_page, call_by_tree, call_by_forward, call_by_papr, code_buffer
tested_page:
call_by_tree: // the words of the device tree
    nop
    nop
    nop
    nop
    trap
call_by_forward:
    mr 12, 3
    li 3, FORWARD
    sc 1
    nop
    trap
call_by_papr:
    sc 1
    trap
code_buffer:
    .space 64 * 4
    .balign 4096

    .data
    .balign 16
    .space 16384
stack_top:
    .space 64
