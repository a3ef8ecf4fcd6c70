// What the sandbox needs of Linux: the numbers of system calls, and the calls that put a filter in place.
#pragma once
#include <stdint.h>

/// One instruction of a BPF program, laid out as the kernel's `struct sock_filter`.
struct sandbox_instruction {
    uint16_t code;
    uint8_t jump_true;
    uint8_t jump_false;
    uint32_t operand;
};

/// Whether this is a platform that the sandbox knows.
int32_t sandbox_is_supported(void);

/// The kernel's name of the architecture that this is compiled for, as filters see it (AUDIT_ARCH_*).
uint32_t sandbox_architecture(void);

/// The number of a system call here, or -1 where there is none of that name.
int32_t sandbox_call_number(const char *_Nonnull name);

/// Closes the descriptors from `first` to `last`.
void sandbox_close(int32_t first, int32_t last);

/// Starts a process outside of the sandbox that removes the file at `path`, if it is still the same one, when this process
/// has ended, in whatever way: when the returned descriptor and its copies are closed. -1 where that cannot be.
int32_t sandbox_remove_socket_at_end(const char *_Nonnull path);

/// No core files, and no more than a few descriptors from now on. 0, or an errno.
int32_t sandbox_limit_resources(void);

/// Gives up gaining privileges and makes `program` judge every system call of all threads. 0, or an errno.
int32_t sandbox_install(const struct sandbox_instruction *_Nonnull program, uint16_t count);
