// Child processes that do not outlive this one.
#pragma once
#include <stddef.h>

/// Starts the program that `arguments` names first, looked for on PATH; the list ends with a null pointer.
///
/// It has no input, its output goes to `output` and its errors to `errors`, it leads a process group of its own, and of this
/// process's other descriptors it keeps the `count` in `kept`, under their numbers. The kernel kills it when this process ends,
/// however that happens. Signals of the terminal do not reach it. Returns the child's id or the negated errno.
int process_start(char *const _Nullable *_Nonnull arguments, int output, int errors, const int *_Nonnull kept, int count);

/// Sends a signal to a child.
void process_signal(int child, int signal);

/// Sends a signal to all processes of the group that a child leads. The child has to be one that nobody has waited for.
void process_signal_group(int child, int signal);

/// A descriptor that has input once a child has ended, or the negated errno.
int process_descriptor(int child);

/// Keeps hangup, interrupt and terminate from ending this process: the descriptor has input when one of them came. -1 on
/// failure.
int process_interruptions(void);

/// Ends this process by the signal that came.
void process_end_by_interruption(int interruptions);

/// A pipe, the end for reading first; 0 or the negated errno.
int process_pipe(int *_Nonnull ends);

/// Whether reading from a descriptor returns at once.
int process_readable(int descriptor);

/// Waits for a child's end. Its exit status, or the negated number of the signal that ended it.
int process_wait(int child);

/// An empty file without a name, or the negated errno.
int process_memory_file(const char *_Nonnull name);

/// Two connected sockets; 0 or the negated errno.
int process_socket_pair(int *_Nonnull sockets);

/// What poll(2) says of `count` descriptors, at most 256: `events` are bits of 1 for input or its end and 2 for room for output,
/// and what is not asked for or not there is cleared. Sleeps for at most so many milliseconds; -1 for as long as it takes.
void process_poll(const int *_Nonnull descriptors, unsigned char *_Nonnull events, int count, int milliseconds);

/// Tells the other end of a socket that nothing more comes.
void process_end_output(int socket);
