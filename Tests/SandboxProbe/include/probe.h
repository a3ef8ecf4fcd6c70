// Makes system calls inside a filter, in a process of their own.
#pragma once
#include "sandbox.h"

/// What a probe returns for a call that ended its process with SIGSYS.
enum { probe_killed = -31 };

/// Makes the system call `number` in a child that judges itself by `program`. The call's errno, 0 where it succeeded,
/// or the negative number of the signal that ended the child.
int32_t probe_call(
    const struct sandbox_instruction *_Nonnull program, uint16_t count, int32_t number,
    const uint64_t *_Nonnull arguments);

/// The same for a call by the numbers of another architecture, which x86-64 kernels carry out as well. -1 where there is
/// no such way.
int32_t probe_foreign_call(const struct sandbox_instruction *_Nonnull program, uint16_t count);
