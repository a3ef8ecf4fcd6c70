// What start.S and machine.c agree on.
#pragma once

// Selectors of the descriptor table.
#define CODE64 0x08
#define DATA 0x10
#define CODE32 0x18
#define USER_DATA 0x23
#define USER_CODE64 0x2b
#define USER_CODE32 0x33
#define TASKS 0x38 // one for each vCPU, 16 bytes each

#define VCPUS 2
#define STACK_SIZE 8192

// What ends code under test.
#define END_VECTOR 0x80
// The interrupt that one vCPU sends another.
#define WAKE_VECTOR 0x40
#define SPURIOUS_VECTOR 0xff

#define LOCAL_APIC 0xfee00000
