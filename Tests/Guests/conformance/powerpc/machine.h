#pragma once

typedef unsigned int word;

#define GENERAL 32
#define NUMBER_REGISTER 11
#define ARGUMENT_REGISTERS {3, 4, 5, 6, 7, 8, 9, 10}
#define STATUS_REGISTER 3
#define OUTPUT_REGISTER 4
// One of the ways to write the instruction loads its signature there.
#define MAY_CHANGE(number) ((number) == 0)
#define NO_SUCH_CALL 12
