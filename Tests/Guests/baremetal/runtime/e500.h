// Names for what e500v2 and e500mc cores define: registers, their fields, interrupt numbers. Shared by C and assembly.
#pragma once

// Special-purpose registers.
#define SPR_XER 1
#define SPR_DEC 22
#define SPR_SRR0 26
#define SPR_SRR1 27
#define SPR_PID 48
#define SPR_DECAR 54
#define SPR_CSRR0 58
#define SPR_CSRR1 59
#define SPR_DEAR 61
#define SPR_ESR 62
#define SPR_IVPR 63
#define SPR_USPRG0 256
#define SPR_TBL 268
#define SPR_TBU 269
#define SPR_SPRG0 272
#define SPR_TBL_WRITE 284
#define SPR_TBU_WRITE 285
#define SPR_PIR 286
#define SPR_PVR 287
// Upper half of PVR.
#define PVR_E500V2 0x8021
#define SPR_TSR 336
#define SPR_TCR 340
#define SPR_IVOR0 400
#define SPR_SPEFSCR 512
#define SPR_IVOR32 528
#define SPR_MCSRR0 570
#define SPR_MCSRR1 571
#define SPR_MAS0 624
#define SPR_MAS1 625
#define SPR_MAS2 626
#define SPR_MAS3 627
#define SPR_MAS4 628
#define SPR_MAS6 630
#define SPR_PID1 633
#define SPR_PID2 634
#define SPR_TLB0CFG 688
#define SPR_TLB1CFG 689
#define SPR_EPR 702
#define SPR_MAS7 944
#define SPR_HID0 1008
#define SPR_MMUCSR0 1012
#define SPR_MMUCFG 1015

// Machine state register.
#define MSR_SPE 0x02000000
#define MSR_WE 0x00040000
#define MSR_CE 0x00020000
#define MSR_EE 0x00008000
#define MSR_PR 0x00004000
#define MSR_FP 0x00002000
#define MSR_ME 0x00001000
#define MSR_IS 0x00000020
#define MSR_DS 0x00000010

// Exception syndrome register.
#define ESR_PIL 0x08000000
#define ESR_PPR 0x04000000
#define ESR_PTR 0x02000000
#define ESR_ST 0x00800000
#define ESR_SPE 0x00000080

// Interrupts, numbered as the IVOR that holds their vector.
#define CRITICAL_INPUT 0
#define MACHINE_CHECK 1
#define DATA_STORAGE 2
#define INSTRUCTION_STORAGE 3
#define EXTERNAL_INPUT 4
#define ALIGNMENT 5
#define PROGRAM 6
#define FLOATING_POINT_UNAVAILABLE 7
#define SYSTEM_CALL 8
#define DECREMENTER 10
#define FIXED_INTERVAL 11
#define WATCHDOG 12
#define DATA_TLB_ERROR 13
#define INSTRUCTION_TLB_ERROR 14
#define DEBUG_INTERRUPT 15
#define SPE_UNAVAILABLE 32
#define PROCESSOR_DOORBELL 36
#define CRITICAL_PROCESSOR_DOORBELL 37

// MMU assist registers.
#define MAS0_TLBSEL(n) ((n) << 28)
#define MAS0_ESEL(n) ((n) << 16)
#define MAS1_VALID 0x80000000
#define MAS1_IPROT 0x40000000
#define MAS1_TID(n) ((n) << 16)
#define MAS1_TS 0x00001000
#define MAS1_TSIZE(n) ((n) << 8)
#define MAS2_W 0x10
#define MAS2_I 0x08
#define MAS2_M 0x04
#define MAS2_G 0x02
#define MAS3_UX 0x20
#define MAS3_SX 0x10
#define MAS3_UW 0x08
#define MAS3_SW 0x04
#define MAS3_UR 0x02
#define MAS3_SR 0x01
#define MAS4_TLBSELD(n) ((n) << 28)
#define MAS4_TSIZED(n) ((n) << 8)
#define MAS6_SPID(n) ((n) << 16)
#define MAS6_SAS 1
#define TLBIVAX_TLB1 0x8
#define TLBIVAX_ALL 0x4
#define MMUCSR0_FLASH_TLB1 0x2
#define MMUCSR0_FLASH_TLB0 0x4

// Page sizes: 4^n KiB.
#define SIZE_4K 1
#define SIZE_16K 2
#define SIZE_64K 3
#define SIZE_256K 4
#define SIZE_1M 5
#define SIZE_4M 6
#define SIZE_16M 7
#define SIZE_64M 8

// Timer control and status.
#define TCR_WP(n) ((n) << 30)
#define TCR_WIE 0x08000000
#define TCR_DIE 0x04000000
#define TCR_FP(n) ((n) << 24)
#define TCR_FIE 0x00800000
#define TCR_ARE 0x00400000
#define TCR_WPEXT(n) ((n) << 17)
#define TCR_FPEXT(n) ((n) << 13)
#define TSR_ENW 0x80000000
#define TSR_WIS 0x40000000
#define TSR_DIS 0x08000000
#define TSR_FIS 0x04000000

// Instructions that C cannot write down, as words to put into a code buffer.
#define SPR_FIELD(n) ((((n) & 31) << 16) | (((n) >> 5) << 11))
#define INSTR_MFSPR(r, n) (0x7c0002a6 | ((r) << 21) | SPR_FIELD(n))
#define INSTR_MTSPR(n, r) (0x7c0003a6 | ((r) << 21) | SPR_FIELD(n))
#define INSTR_MFMSR(r) (0x7c0000a6 | ((r) << 21))
#define INSTR_MTMSR(r) (0x7c000124 | ((r) << 21))
#define INSTR_WRTEE(r) (0x7c000106 | ((r) << 21))
#define INSTR_WRTEEI(e) (0x7c000146 | ((e) << 15))
#define INSTR_RFI 0x4c000064
#define INSTR_RFCI 0x4c000066
#define INSTR_SC 0x44000002
#define INSTR_TRAP 0x7fe00008
#define INSTR_NOP 0x60000000
#define INSTR_ISYNC 0x4c00012c
#define INSTR_BRANCH_SELF 0x48000000
#define INSTR_BLR 0x4e800020
#define INSTR_LI(r, v) (0x38000000 | ((r) << 21) | ((v) & 0xffff))
#define INSTR_ADDI(r, a, v) (0x38000000 | ((r) << 21) | ((a) << 16) | ((v) & 0xffff))
#define INSTR_LWZ(r, d, a) (0x80000000 | ((r) << 21) | ((a) << 16) | ((d) & 0xffff))
#define INSTR_STW(r, d, a) (0x90000000 | ((r) << 21) | ((a) << 16) | ((d) & 0xffff))
#define INSTR_LBZ(r, d, a) (0x88000000 | ((r) << 21) | ((a) << 16) | ((d) & 0xffff))
#define INSTR_LWARX(r, a, b) (0x7c000028 | ((r) << 21) | ((a) << 16) | ((b) << 11))
#define INSTR_BDNZ_SELF 0x42000000
#define INSTR_MTCTR(r) (0x7c0903a6 | ((r) << 21))
#define INSTR_TLBWE 0x7c0007a4
#define INSTR_TLBRE 0x7c000764
#define INSTR_TLBSX(b) (0x7c000724 | ((b) << 11))
#define INSTR_TLBIVAX(b) (0x7c000624 | ((b) << 11))
#define INSTR_TLBSYNC 0x7c00046c
#define INSTR_EVADDW(d, a, b) (0x10000200 | ((d) << 21) | ((a) << 16) | ((b) << 11))
#define INSTR_WAIT 0x7c00007c
#define INSTR_FADD 0xfc21102a
#define INSTR_MSGSND(b) (0x7c00019c | ((b) << 11))
#define INSTR_MSGCLR(b) (0x7c0001dc | ((b) << 11))
