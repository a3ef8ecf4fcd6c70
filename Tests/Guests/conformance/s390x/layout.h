// What start.S, machine.c and suite.c agree on: places in the first pages, which interrupts use without a base register.
#pragma once

#define EXTERNAL_CODE 0x86
#define PROGRAM_CODE 0x8e
#define RESTART_OLD 0x120
#define EXTERNAL_OLD 0x130
#define CALL_OLD 0x140
#define PROGRAM_OLD 0x150
#define RESTART_NEW 0x1a0
#define EXTERNAL_NEW 0x1b0
#define CALL_NEW 0x1c0
#define PROGRAM_NEW 0x1d0
#define MACHINE_CHECK_NEW 0x1e0
#define IO_NEW 0x1f0

// Behind the architecture's own.
#define SAVED 0x400   // registers of what `enter` ran
#define CONTEXT 0x480 // those of who called it
#define STATE 0x500   // the PSW that it starts with
#define TRAP 0x510    // how it ended
#define ACTIVE 0x518  // whether it runs

// Traps besides the program interruptions, which are numbered from 1.
#define SUPERVISOR_CALL 0x100

#define STACK_SIZE 8192
#define PREFIX_SIZE 8192
