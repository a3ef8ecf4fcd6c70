#pragma once

typedef unsigned long word;

// In the order of their encoding: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15.
#define GENERAL 16
#define NUMBER_REGISTER 0
#define ARGUMENT_REGISTERS {3, 1, 2, 6}
#define STATUS_REGISTER 0
#define OUTPUT_REGISTER GENERAL
#define MAY_CHANGE(number) 0
#define NO_SUCH_CALL ((word)-1000)
