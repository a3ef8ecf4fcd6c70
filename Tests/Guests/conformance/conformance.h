// The conformance suite: what it asks of a machine, and what its parts share. machine.h is the architecture's own; it defines
//
//   word                  a general register
//   GENERAL               how many general registers there are
//   NUMBER_REGISTER       the one that names the call
//   ARGUMENT_REGISTERS    those of the arguments, in order; or ARGUMENTS, how many there are, and ARGUMENT_REGISTER(position)
//   STATUS_REGISTER       the one of the answer
//   OUTPUT_REGISTER       the first of those that have what else an answer says, or GENERAL
//   OUTPUTS(call)         how many of these the answer of a call writes; one where the machine does not define it
//   MAY_CHANGE(number)    whether the instruction itself is free to change the register
//   NO_SUCH_CALL          the status that means so, where a status does
#pragma once

#include "tap.h"
#include "machine.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#ifdef ARGUMENT_REGISTERS
#define ARGUMENTS (sizeof((u8[])ARGUMENT_REGISTERS))
#endif
#ifndef OUTPUTS
#define OUTPUTS(call) (OUTPUT_REGISTER < GENERAL ? 1 : 0)
#endif

// The state that a call is made from.
enum mode {
    SUPERVISOR_STATE,
    USER_STATE,
    // With half of each register: x86's compatibility mode, 31-bit addressing of s390x.
    NARROW_SUPERVISOR_STATE,
    NARROW_USER_STATE,
};

struct registers {
    word general[GENERAL];
};

// How a call ended: the trap that came instead of an answer, in the machine's numbers, or 0.
struct answer {
    struct registers registers;
    u32 trap;
};

// One call and what has to come of it. Registers that are no argument hold a pattern, and keep it.
struct call {
    const char *name;
    word number;
    word arguments[ARGUMENTS];
    // How many of `arguments` count; the other argument registers hold the pattern as well.
    u32 count;
    u32 trap;
    word status;
    word output;
    // Unless 0: any status from 0 to this one is as good as `status`.
    word up_to;
    // Where calls differ in it: how many outputs there are, of which `output` is the first.
    u32 outputs;
    // The outputs are anything.
    u32 any_output;
};

// MARK: The machine's part

// The ways to write the instruction.
extern const char *const form_names[];
extern const u32 form_count;

// Executes the instruction with all of `before`, and tells what there was afterwards.
const struct answer *execute_call(u32 form, enum mode mode, const struct registers *before);
// The suite, in terms of the functions below.
void machine_suite(void);

// MARK: The shared part

// Makes the call with the pattern in all other registers. The answer is valid until the next call.
const struct answer *make_call(u32 form, enum mode mode, const struct call *call);
// One test: trap or status and output are as `call` says, and no other register has changed.
void check_call(u32 form, enum mode mode, const struct call *call);
// `check_call` of each.
void check_calls(u32 form, enum mode mode, const struct call *calls, u32 count);
// The same calls all of which end alike in that state.
void check_refusals(u32 form, enum mode mode, const struct call *calls, u32 count, u32 trap, word status);
// One test: of the numbers from `first` on, none but those of `calls` is a call.
void check_no_other(u32 form, const struct call *calls, u32 count, word first, u32 numbers, u32 trap, word status);
// A sentence made of two parts.
const char *join(const char *first, const char *second);
