# Entry, interruptions, and the two ways between C code and code under test.
# Entered at _start in 64-bit mode, in supervisor state, as QEMU's -kernel does.

#include "layout.h"

    .text
    .globl _start
_start:
    larl %r15, stacks + STACK_SIZE - 160
    larl %r1, new_states
    mvc RESTART_NEW(96, %r0), 0(%r1)
    xc ACTIVE(8, %r0), ACTIVE(%r0)
    brasl %r14, machine_main

# A second CPU starts here, with the lowcore that machine.c made for it.
    .globl second
second:
    larl %r15, stacks + 2 * STACK_SIZE - 160
    brasl %r14, serve

# PSWs of restart, external, supervisor call, program, machine check and input-output interruptions.
    .data
    .balign 8
new_states:
    .quad 0x0000000180000000, second
    .quad 0x0000000180000000, on_external
    .quad 0x0000000180000000, on_call
    .quad 0x0000000180000000, on_program
    .quad 0x0002000180000000, 0xbad1 # disabled waits
    .quad 0x0002000180000000, 0xbad2

    .text
on_external:
    stmg %r0, %r15, SAVED(%r0)
    llgh %r2, EXTERNAL_CODE(%r0)
    aghi %r15, -160
    brasl %r14, on_external_interrupt
    ni EXTERNAL_OLD(%r0), 0xfe     # one interruption a wait
    ni EXTERNAL_OLD + 1(%r0), 0xfd # waits no longer
    lmg %r0, %r15, SAVED(%r0)
    lpswe EXTERNAL_OLD(%r0)

on_call:
    stmg %r0, %r15, SAVED(%r0)
    lghi %r2, SUPERVISOR_CALL
    j ended
on_program:
    stmg %r0, %r15, SAVED(%r0)
    llgh %r2, PROGRAM_CODE(%r0)
ended:
    stg %r2, TRAP(%r0)
    ltg %r3, ACTIVE(%r0)
    jz unexpected
    xc ACTIVE(8, %r0), ACTIVE(%r0)
    lmg %r6, %r15, CONTEXT(%r0)
    br %r14
unexpected:
    lg %r3, PROGRAM_OLD + 8(%r0)
    larl %r15, stacks + STACK_SIZE - 160
    brasl %r14, unexpected_interruption

# void enter(const struct registers *registers): runs code from the PSW at STATE with all of the registers until a program
# interruption or a supervisor call.
    .globl enter
enter:
    stmg %r6, %r15, CONTEXT(%r0)
    mvi ACTIVE + 7(%r0), 1
    lmg %r0, %r15, 0(%r2)
    lpswe STATE(%r0)

# unsigned long signal(word cpu, word order, word parameter): the condition code.
    .globl signal
signal:
    lgr %r1, %r4
    lgr %r5, %r3
    sigp %r0, %r2, 0(%r5)
    ipm %r2
    srl %r2, 28
    llgfr %r2, %r2
    br %r14

# unsigned long service(u32 command, void *block): the condition code.
    .globl service
service:
    .insn rre, 0xb2200000, %r2, %r3
    ipm %r2
    srl %r2, 28
    llgfr %r2, %r2
    br %r14

    .bss
    .balign 8
    .globl stacks
stacks:
    .skip 2 * STACK_SIZE
