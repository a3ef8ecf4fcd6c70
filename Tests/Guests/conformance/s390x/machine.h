#pragma once

typedef unsigned long word;

#define GENERAL 16
#define NUMBER_REGISTER 1
#define ARGUMENT_REGISTERS {2, 3, 4, 5, 6, 7}
#define STATUS_REGISTER 2
#define OUTPUT_REGISTER GENERAL
#define MAY_CHANGE(number) 0
