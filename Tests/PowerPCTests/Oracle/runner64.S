// Runs test cases under qemu-ppc64le and qemu-ppc64: code and states come in on standard input, the states afterwards go
// out on standard output. WideQEMURunner.swift is the other side of the protocol. Everything is in the byte order of the
// processor, code too.
//
//   in:  code bytes (doubleword), the code; then for each case
//        entry (doubleword), r0-r31, CR, XER, LR, CTR, FPSCR, VSCR (doublewords), vs0-vs63 (16 bytes each, doubleword 0
//        first); the bytes of the window
//   out: for each case the same from r0 on
//
// A case is entered with CTR spoiled, because nothing else is free: its first three instructions load CTR and r0 from the
// state block. It ends with `ba 0x1000`. The state block lies in the first 32 KiB, where an instruction reaches it without
// a base register.
//
// Problem state has floating-point exceptions disabled by MSR[FE0] and MSR[FE1] here, so that enabled ones only show in
// results. Should QEMU raise a signal all the same, its handler goes on behind the instruction.

        .set    CODE, 0x01000000
        .set    CODE_SIZE, 0x01000000
        .set    DATA, 0x02000000
        .set    WINDOW, 0x02000f80
        .set    WINDOW_SIZE, 256
        .set    REGISTERS_SIZE, 38 * 8
        .set    STATE_SIZE, 38 * 8 + 64 * 16
        .set    HEADER, 0x2000
        .set    STATE, 0x2008
        .set    RESULT, 0x2600
        .set    ACTION, 0x2c00
        .set    STACK, 0x03000000
        .set    STACK_SIZE, 0x20000

        .machine "power8"
        .abiversion 2
        .text
        .globl  _start
        // 0x1000: where cases return to.
        b       finished

_start:
        lis     3, CODE@h
        lis     4, CODE_SIZE@h
        bl      map
        lis     3, DATA@h
        li      4, 0x2000
        bl      map
        lis     3, STACK@h
        lis     4, STACK_SIZE@h
        bl      map
        // sigaltstack(ACTION, 0): the cases' r1 is anything.
        lis     3, STACK@h
        std     3, ACTION(0)
        li      3, 0
        std     3, ACTION + 8(0)
        lis     3, STACK_SIZE@h
        std     3, ACTION + 16(0)
        li      0, 185
        li      3, ACTION
        li      4, 0
        sc
        // rt_sigaction(SIGFPE, {handler, SA_ONSTACK | SA_SIGINFO}, 0, 8)
        lis     3, caught@h
        ori     3, 3, caught@l
        std     3, ACTION(0)
        lis     3, 0x0800
        ori     3, 3, 4
        std     3, ACTION + 8(0)
        li      3, 0
        std     3, ACTION + 16(0)
        std     3, ACTION + 24(0)
        li      0, 173
        li      3, 8
        li      4, ACTION
        li      5, 0
        li      6, 8
        sc
        li      4, HEADER
        li      5, 8
        bl      receive
        lis     4, CODE@h
        ld      5, HEADER(0)
        bl      receive

next:   li      4, HEADER
        li      5, 8 + STATE_SIZE
        bl      receive
        lis     4, WINDOW@h
        ori     4, 4, WINDOW@l
        li      5, WINDOW_SIZE
        bl      receive

        // Doubleword 0 comes first in memory, as lxvd2x has it in either byte order.
        li      4, STATE + REGISTERS_SIZE
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lxvd2x  \n, 0, 4
        addi    4, 4, 16
        .endr
        .irp    n, 32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63
        lxvd2x  \n, 0, 4
        addi    4, 4, 16
        .endr
        // FPSCR and VSCR by way of registers, which are loaded again.
        lfd     0, STATE + 36 * 8(0)
        mtfsf   255, 0, 1, 0
        ld      5, STATE + 37 * 8(0)
        mtvsrd  32, 5
        xxpermdi 32, 32, 32, 0
        mtvscr  0
        li      4, STATE + REGISTERS_SIZE
        lxvd2x  0, 0, 4
        li      4, STATE + REGISTERS_SIZE + 32 * 16
        lxvd2x  32, 0, 4

        ld      0, STATE + 32 * 8(0)
        mtcrf   255, 0
        ld      0, STATE + 33 * 8(0)
        mtxer   0
        ld      0, STATE + 34 * 8(0)
        mtlr    0
        ld      0, HEADER(0)
        mtctr   0
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        ld      \n, STATE + 8 * \n(0)
        .endr
        bctr

finished:
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        std     \n, RESULT + 8 * \n(0)
        .endr
        mfcr    0
        std     0, RESULT + 32 * 8(0)
        mfxer   0
        std     0, RESULT + 33 * 8(0)
        mflr    0
        std     0, RESULT + 34 * 8(0)
        mfctr   0
        std     0, RESULT + 35 * 8(0)
        li      4, RESULT + REGISTERS_SIZE
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stxvd2x \n, 0, 4
        addi    4, 4, 16
        .endr
        .irp    n, 32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63
        stxvd2x \n, 0, 4
        addi    4, 4, 16
        .endr
        mffs    0
        stfd    0, RESULT + 36 * 8(0)
        mfvscr  0
        xxpermdi 0, 32, 32, 2
        stfd    0, RESULT + 37 * 8(0)
        li      4, RESULT
        li      5, STATE_SIZE
        bl      send
        lis     4, WINDOW@h
        ori     4, 4, WINDOW@l
        li      5, WINDOW_SIZE
        bl      send
        b       next

        // read(0, r4, r5) until all is there. No input is the end.
receive:
        mflr    31
        mr      14, 4
        mr      15, 5
again:  li      0, 3
        li      3, 0
        mr      4, 14
        mr      5, 15
        sc
        cmpdi   3, 0
        ble     done
        add     14, 14, 3
        subf.   15, 3, 15
        bne     again
        mtlr    31
        blr

        // write(1, r4, r5) until all is gone.
send:   mflr    31
        mr      14, 4
        mr      15, 5
more:   li      0, 4
        li      3, 1
        mr      4, 14
        mr      5, 15
        sc
        add     14, 14, 3
        subf.   15, 3, 15
        bne     more
        mtlr    31
        blr

        // The third argument is the context; its registers begin with the 32 GPRs, and nip is behind them.
        .set    NIP, 232 + 32 * 8
caught: ld      6, NIP(5)
        addi    6, 6, 4
        std     6, NIP(5)
        blr

done:   li      0, 1
        li      3, 0
        sc

        // mmap(r3, r4, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
map:    li      0, 90
        li      5, 7
        li      6, 0x32
        li      7, -1
        li      8, 0
        sc
        blr

        .data
        .space  0xd00
