// What Embedded Swift's compiled code expects of a platform and this one does not have.
#include <stddef.h>
#include <stdint.h>

// The canary of Swift's stack protector. On ppc64le the C library keeps its own in the thread's control block, so it
// defines no such variable. Set from the C library's canary before main, which is random in every process.
uintptr_t __stack_chk_guard;

__attribute__((constructor, no_stack_protector)) static void set_guard(void) {
    // r13 is the thread pointer; the C library's canary lies at -0x7010 of it (tcbhead_t of glibc's powerpc port), which is
    // the place that gcc's -fstack-protector reads on this target.
    register char *thread_pointer __asm__("r13");
    __asm__("" : "=r"(thread_pointer));
    __builtin_memcpy(&__stack_chk_guard, thread_pointer - 0x7010, sizeof __stack_chk_guard);
}
