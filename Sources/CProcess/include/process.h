// Child processes that do not outlive this one.
#pragma once
#include <stddef.h>

/// Starts the program that `arguments` names first, looked for on PATH; the list ends with a null pointer.
///
/// It has no input, its output and errors go to `output`, and of this process's other descriptors it keeps the `count` in
/// `kept`, under their numbers. The kernel kills it when this process ends, however that happens. Signals of the terminal
/// do not reach it. Returns the child's id or the negated errno.
int process_start(char *const _Nullable *_Nonnull arguments, int output, const int *_Nonnull kept, int count);

/// Sends a signal to a child.
void process_signal(int child, int signal);

/// Waits for a child's end. Its exit status, or the negated number of the signal that ended it.
int process_wait(int child);

/// An empty file without a name, or the negated errno.
int process_memory_file(const char *_Nonnull name);

/// Two connected sockets; 0 or the negated errno.
int process_socket_pair(int *_Nonnull sockets);

/// What poll(2) says of `count` descriptors: `events` are bits of 1 for input or its end and 2 for room for output, and what is
/// not asked for or not there is cleared. Sleeps for at most so many milliseconds; -1 for as long as it takes.
void process_poll(const int *_Nonnull descriptors, unsigned char *_Nonnull events, int count, int milliseconds);

/// Tells the other end of a socket that nothing more comes.
void process_end_output(int socket);
