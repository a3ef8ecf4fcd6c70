// Runs test cases under qemu-ppc: code and register states come in on standard input, the states afterwards go out on
// standard output. QEMURunner.swift is the other side of the protocol.
//
//   in:  code bytes (word), the code; then for each case
//        entry (word), hasWindow (word), r0-r31, CR, XER, LR, CTR; 256 bytes of data if hasWindow
//   out: for each case r0-r31, CR, XER, LR, CTR; 256 bytes of data if hasWindow
//
// A case is entered with CTR spoiled, because nothing else is free: its first three instructions load CTR and r0 from
// the state block. It ends with `ba 0x1000`. The state block lies in the first 32 KiB, where an instruction reaches it
// without a base register.
//
// In QEMU's problem state enabled floating-point exceptions interrupt. The signal's handler goes on behind the
// instruction, whose effects are done by then.

        .set    CODE, 0x01000000
        .set    CODE_SIZE, 0x01000000
        .set    DATA, 0x02000000
        .set    WINDOW, 0x02000f80
        .set    WINDOW_SIZE, 256
        .set    REGISTERS_SIZE, 36 * 4
        .set    HEADER, 0x2000
        .set    STATE, 0x2008
        .set    RESULT, 0x2100
        .set    ACTION, 0x2200
        .set    STACK, 0x03000000
        .set    STACK_SIZE, 0x10000

        .machine "ppc"
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
        li      4, 0
        oris    4, 4, STACK_SIZE@h
        bl      map
        // sigaltstack(ACTION, 0): the cases' r1 is anything.
        lis     3, STACK@h
        stw     3, ACTION(0)
        li      3, 0
        stw     3, ACTION + 4(0)
        lis     3, STACK_SIZE@h
        stw     3, ACTION + 8(0)
        li      0, 185
        li      3, ACTION
        li      4, 0
        sc
        // rt_sigaction(SIGFPE, {handler, SA_ONSTACK | SA_SIGINFO}, 0, 8)
        lis     3, caught@h
        ori     3, 3, caught@l
        stw     3, ACTION(0)
        lis     3, 0x0800
        ori     3, 3, 4
        stw     3, ACTION + 4(0)
        li      3, 0
        stw     3, ACTION + 8(0)
        stw     3, ACTION + 12(0)
        stw     3, ACTION + 16(0)
        li      0, 173
        li      3, 8
        li      4, ACTION
        li      5, 0
        li      6, 8
        sc
        li      0, 3
        li      3, 0
        li      4, HEADER
        li      5, 4
        sc
        lis     14, CODE@h
        lwz     15, HEADER(0)
more:   li      0, 3
        li      3, 0
        mr      4, 14
        mr      5, 15
        sc
        add     14, 14, 3
        subf.   15, 3, 15
        bne     more

next:   li      0, 3
        li      3, 0
        li      4, HEADER
        li      5, 8 + REGISTERS_SIZE
        sc
        cmpwi   3, 8 + REGISTERS_SIZE
        bne     done
        lwz     3, HEADER + 4(0)
        cmpwi   3, 0
        beq     enter
        li      0, 3
        li      3, 0
        lis     4, WINDOW@h
        ori     4, 4, WINDOW@l
        li      5, WINDOW_SIZE
        sc
enter:
        lwz     0, STATE + 128(0)
        mtcrf   255, 0
        lwz     0, STATE + 132(0)
        mtxer   0
        lwz     0, STATE + 136(0)
        mtlr    0
        lwz     0, HEADER(0)
        mtctr   0
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lwz     \n, STATE + 4 * \n(0)
        .endr
        bctr

finished:
        .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stw     \n, RESULT + 4 * \n(0)
        .endr
        mfcr    0
        stw     0, RESULT + 128(0)
        mfxer   0
        stw     0, RESULT + 132(0)
        mflr    0
        stw     0, RESULT + 136(0)
        mfctr   0
        stw     0, RESULT + 140(0)
        li      0, 4
        li      3, 1
        li      4, RESULT
        li      5, REGISTERS_SIZE
        sc
        lwz     3, HEADER + 4(0)
        cmpwi   3, 0
        beq     next
        li      0, 4
        li      3, 1
        lis     4, WINDOW@h
        ori     4, 4, WINDOW@l
        li      5, WINDOW_SIZE
        sc
        b       next

        // The third argument is the context; its uc_regs have nip behind the 32 GPRs.
caught: lwz     5, 48(5)
        lwz     6, 128(5)
        addi    6, 6, 4
        stw     6, 128(5)
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
        .space  0x220
