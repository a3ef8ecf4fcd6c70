// Standard input and output as a guest's console.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Whether a descriptor is a terminal.
int32_t host_is_terminal(int descriptor);

/// Whether reading would not block: there is input, or its end.
int32_t host_has_input(int descriptor);

/// Whether a descriptor takes output within that time.
int32_t host_takes_output(int descriptor, int32_t milliseconds);

/// Writes at most `count` bytes. The number written, 0 where a signal or a full buffer came in between, or the negated errno.
long host_write_some(int descriptor, const void *_Nonnull bytes, size_t count);

/// Makes sure that the user can end the process, whatever the one that started it had blocked, and that a reader who goes away
/// is an error of writing and not the end of the process.
void host_unblock_signals(void);

/// Puts the terminal that is standard input into raw mode, but for the translation of newlines. The process's end restores it,
/// also by a signal.
void host_terminal_make_raw(void);

/// Gives the terminal back as it was.
void host_terminal_restore(void);
