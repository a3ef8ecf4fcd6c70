// Entry, interrupts, and the two ways between C code and code under test.
//
// Two entries: in 64-bit mode with the first gigabyte mapped to itself, on every vCPU at once, with rdi the vCPU's number and
// rsi how many there are; and in 32-bit mode as PVH says, which is what QEMU's -kernel takes, with one vCPU.

#include "layout.h"

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18 // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long entry32

    .text
    .code32
entry32:
    movl $page_tables, %eax
    movl %eax, %cr3
    movl $1 << 5, %eax // physical address extension
    movl %eax, %cr4
    movl $0xc0000080, %ecx
    rdmsr
    orl $1 << 8, %eax // long mode
    wrmsr
    movl $0x80000031, %eax
    movl %eax, %cr0
    lgdt descriptors_pointer
    xorl %edi, %edi
    movl $1, %esi
    ljmp $CODE64, $_start

    .code64
    .globl _start
_start:
    cli
    cld
    movq $page_tables, %rax
    movq %rax, %cr3
    lgdt descriptors_pointer
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    cmpq $VCPUS, %rdi
    jae park
    leaq 1(%rdi), %rsp
    imulq $STACK_SIZE, %rsp
    addq $stacks, %rsp
    pushq $CODE64
    leaq 1f(%rip), %rax
    pushq %rax
    lretq
1:  xorl %ebp, %ebp
    call machine_main
park:
    cli
    hlt
    jmp park

// An interrupt on any vCPU: its registers on its interrupt stack, as `struct frame` has them.
common:
    pushq %r15
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq %rdi
    pushq %rsi
    pushq %rbp
    subq $8, %rsp // rsp
    pushq %rbx
    pushq %rdx
    pushq %rcx
    pushq %rax
    cld
    movl $DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movq %rsp, %rdi
    call on_interrupt
    popq %rax
    popq %rcx
    popq %rdx
    popq %rbx
    addq $8, %rsp
    popq %rbp
    popq %rsi
    popq %rdi
    popq %r8
    popq %r9
    popq %r10
    popq %r11
    popq %r12
    popq %r13
    popq %r14
    popq %r15
    addq $16, %rsp // vector, error code
    iretq

    .balign 16
    .globl vectors
vectors:
    .set number, 0
    .rept 256
    .balign 16
    .if !((number >= 10 && number <= 14) || number == 8 || number == 17 || number == 21)
    pushq $0
    .endif
    pushq $number
    jmp common
    .set number, number + 1
    .endr

// void enter(const struct registers *registers, u64 address, u64 code selector, u64 stack selector)
// Runs code with all of the registers, until `leave` ends it.
    .globl enter
enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, context
    movq %rsp, %rax
    pushq %rcx            // ss
    pushq 32(%rdi)        // rsp
    pushq $2              // rflags
    pushq %rdx            // cs
    pushq %rsi            // rip
    movl %ecx, %ds
    movl %ecx, %es
    movq 0(%rdi), %rax
    movq 8(%rdi), %rcx
    movq 16(%rdi), %rdx
    movq 24(%rdi), %rbx
    movq 40(%rdi), %rbp
    movq 48(%rdi), %rsi
    movq 64(%rdi), %r8
    movq 72(%rdi), %r9
    movq 80(%rdi), %r10
    movq 88(%rdi), %r11
    movq 96(%rdi), %r12
    movq 104(%rdi), %r13
    movq 112(%rdi), %r14
    movq 120(%rdi), %r15
    movq 56(%rdi), %rdi
    iretq

// Goes back to where `enter` was called.
    .globl leave
leave:
    movq context, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

    .data
    .balign 16
    .globl descriptors
descriptors:
    .quad 0
    .quad 0x00af9b000000ffff // 64-bit code
    .quad 0x00cf93000000ffff // data
    .quad 0x00cf9b000000ffff // 32-bit code
    .quad 0x00cff3000000ffff // user data
    .quad 0x00affb000000ffff // user 64-bit code
    .quad 0x00cffb000000ffff // user 32-bit code
    .fill 2 * VCPUS, 8, 0
descriptors_end:
descriptors_pointer:
    .short descriptors_end - descriptors - 1
    .quad descriptors
context:
    .quad 0

// The first four gigabytes, mapped to themselves for everybody, in pages of 2 MiB.
    .balign 4096
page_tables:
    .quad directories + 7
    .fill 511, 8, 0
directories:
    .set number, 0
    .rept 4
    .quad directory + number * 4096 + 7
    .set number, number + 1
    .endr
    .fill 508, 8, 0
directory:
    .set number, 0
    .rept 2048
    .quad number << 21 | 0x87
    .set number, number + 1
    .endr

    .bss
    .balign 16
    .globl stacks
stacks:
    .skip VCPUS * STACK_SIZE
    .globl interrupt_stacks
interrupt_stacks:
    .skip VCPUS * STACK_SIZE
