// What the s390x suite needs of its machine besides calls.
#pragma once

#include "machine.h"
#include "tap.h"

#define EMERGENCY_SIGNAL 0x1201
#define EXTERNAL_CALL 0x1202

// Orders of SIGNAL PROCESSOR.
#define SENSE 1
#define ORDER_EXTERNAL_CALL 2
#define ORDER_EMERGENCY_SIGNAL 3
#define STOP 5
#define RESTART 6
#define SET_PREFIX 13

word signal(word cpu, word order, word parameter);
// Waits for an external interruption; without, they are masked.
void wait(void);
// Starts CPU 1, which then runs `serve`; whether it took the orders.
int start_second(void);
void on_external_interrupt(u32 code);
_Noreturn void serve(void);
// Runs two bytes of any instruction in that state; the trap that ended it.
u32 trap_of(u16 instruction, int user);
