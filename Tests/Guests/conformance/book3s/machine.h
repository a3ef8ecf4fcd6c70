#pragma once

#ifdef __powerpc64__
typedef unsigned long word;
#else
typedef unsigned int word;
#endif

// There are two conventions: ePAPR's, which KVM's calls follow, and PAPR's.
extern int is_papr;

#define GENERAL 32
#define NUMBER_REGISTER (is_papr ? 3 : 11)
#define ARGUMENTS 9
#define ARGUMENT_REGISTER(position) ((is_papr ? 4 : 3) + (position))
#define STATUS_REGISTER 3
#define OUTPUT_REGISTER 4
// ePAPR's answers always have one; a call that PAPR refuses a user is none of ePAPR's.
#define OUTPUTS(call) (is_papr || (call)->status == (word)-3 ? (call)->outputs : 1)
// The ways to write an ePAPR call load a magic number there, or hand the first argument over.
#define MAY_CHANGE(number) (!is_papr && ((number) == 0 || (number) == 12))
#define NO_SUCH_CALL (is_papr ? (word)-2 : 12)
