// A bare-metal Book3S guest, 64-bit or 32-bit, that runs what it finds in records and records what came of it. The VMM
// writes the records, one behind the other, each with registers and a piece of code that ends in an interrupt; the guest
// loads the registers, enters the code in the machine state that the record asks for, and stores everything that it finds
// at the interrupt. A record without code ends the run, with a store to where no memory is.
//
// Loaded at real address 0. Everything here runs in real mode, in supervisor state, with interrupts off.

#ifdef __powerpc64__
#define LOAD ld
#define STORE std
#define RETURN rfid
// Every value in a record takes a doubleword; a 32-bit guest uses the low half, which is the second: it is big-endian.
#define HALF 0
#else
#define LOAD lwz
#define STORE stw
#define RETURN rfi
#define HALF 4
#endif

#define SPRG_R31 1
#define SPRG_RECORD 2
#define SPRG_R30 3

#define RECORDS 0x10000
#define DONE 0x08000000

// A record: what goes in, what comes out, and 8 words of code.
#define R_CODE (0 * 8)
#define R_MSR (1 * 8)
#define R_CR (2 * 8)
#define R_LR (3 * 8)
#define R_CTR (4 * 8)
#define R_XER (5 * 8)
#define R_GPR (8 * 8)
#define R_OUT (40 * 8)
#define R_STRIDE (0x300)
// What comes out has the same order; in place of the code, the number of the interrupt's vector.
#define R_VECTOR (R_OUT + 0 * 8)
#define R_OUT_MSR (R_OUT + 1 * 8)
#define R_OUT_CR (R_OUT + 2 * 8)
#define R_OUT_LR (R_OUT + 3 * 8)
#define R_OUT_CTR (R_OUT + 4 * 8)
#define R_OUT_XER (R_OUT + 5 * 8)
#define R_OUT_PC (R_OUT + 6 * 8)
#define R_OUT_GPR (R_OUT + 8 * 8)
#define R_WORDS (80 * 8)

    .text
    .globl _start
_start:
// What the VMM has to know of all this.
    .long 0x50565243 // "PVRC"
    .long entry, RECORDS, R_STRIDE, R_OUT, R_WORDS, DONE

    .macro vector number
    .org 0x\number
    mtsprg SPRG_R31, 31
    li 31, 0x\number
    b interrupt
    .endm

    vector 100
    vector 200
    vector 300
    vector 380
    vector 400
    vector 480
    vector 500
    vector 600
    vector 700
    vector 800
    vector 900
    vector a00
    vector b00
    vector c00
    vector d00
    vector e00
    vector f00
    vector f20
    vector f40
    vector f60

    .org 0x2000
interrupt:
    mtsprg SPRG_R30, 30
    mfsprg 30, SPRG_RECORD
    STORE 31, R_VECTOR + HALF(30)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
    STORE \n, R_OUT_GPR + 8 * \n + HALF(30)
    .endr
    mfsprg 31, SPRG_R30
    STORE 31, R_OUT_GPR + 8 * 30 + HALF(30)
    mfsprg 31, SPRG_R31
    STORE 31, R_OUT_GPR + 8 * 31 + HALF(30)
    mfcr 31
    STORE 31, R_OUT_CR + HALF(30)
    mflr 31
    STORE 31, R_OUT_LR + HALF(30)
    mfctr 31
    STORE 31, R_OUT_CTR + HALF(30)
    mfxer 31
    STORE 31, R_OUT_XER + HALF(30)
    mfsrr0 31
    STORE 31, R_OUT_PC + HALF(30)
    mfsrr1 31
    STORE 31, R_OUT_MSR + HALF(30)
    addi 30, 30, R_STRIDE
    b next

entry:
    lis 30, RECORDS@h
next:
    LOAD 3, R_CODE + HALF(30)
    cmpwi 3, 0
    beq done
    mtsprg SPRG_RECORD, 30
    mtsrr0 3
    LOAD 3, R_MSR + HALF(30)
    mtsrr1 3
    LOAD 3, R_CR + HALF(30)
    mtcr 3
    LOAD 3, R_LR + HALF(30)
    mtlr 3
    LOAD 3, R_CTR + HALF(30)
    mtctr 3
    LOAD 3, R_XER + HALF(30)
    mtxer 3
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31
    LOAD \n, R_GPR + 8 * \n + HALF(30)
    .endr
    LOAD 30, R_GPR + 8 * 30 + HALF(30)
    RETURN

done:
    lis 3, DONE@h
    li 4, 1
    stw 4, 0(3)
    b done
