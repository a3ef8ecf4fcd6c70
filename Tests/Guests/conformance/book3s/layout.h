// Where things are in the first pages, and what is where in them. Interrupts save there: that needs no register.
#pragma once

#define FRAME 0x3000
#define CONTEXT 0x3400
#define SAVED_R31 0x3600
#define ACTIVE 0x3608
#define TAKES_DECREMENTER 0x360c

// Offsets in struct frame, whose members have 64 bits each.
#define F_CR 256
#define F_LR 264
#define F_CTR 272
#define F_XER 280
#define F_PC 288
#define F_MSR 296
#define F_VECTOR 304
#define F_DAR 312
#define F_DSISR 320

#define SPR_DSISR 18
#define SPR_DAR 19

#define H_EOI 0x64
#define H_IPI 0x6c
#define H_XIRR 0x74

// What r3 is for an ePAPR call that goes as a PAPR call.
#define FORWARD -0x1000
