// What every bare-metal guest prints with, on any machine: text, numbers, TAP.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// What the machine's runtime provides.
void put_byte(u8 byte);
_Noreturn void power_off(void);

void put(const char *text);
void put_hex(u32 value);
void put_hex64(u64 value);
void put_decimal(u32 value);

// A test's lines stand between `tap_begin` and `tap_end`.
void tap_begin(void);
void tap_end(void);
void ok(int condition, const char *sentence);
void equal(u32 got, u32 expected, const char *sentence);
void comment(const char *text);
_Noreturn void skip_all(const char *reason);
