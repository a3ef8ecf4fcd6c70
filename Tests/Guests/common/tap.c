#include "tap.h"

static u32 tests, failures;

void put(const char *text) {
    for (; *text; text++) {
        put_byte((u8)*text);
    }
}

static void put_digits(u64 value, int shift) {
    put("0x");
    for (; shift >= 0; shift -= 4) {
        put_byte((u8) "0123456789abcdef"[(value >> shift) & 15]);
    }
}

void put_hex(u32 value) {
    put_digits(value, 28);
}

void put_hex64(u64 value) {
    put_digits(value, 60);
}

void put_decimal(u32 value) {
    char digits[11];
    char *digit = digits + 10;
    *digit = 0;
    do {
        *--digit = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    put(digit);
}

void tap_begin(void) {
    put("TAP version 13\n");
}

void tap_end(void) {
    put("1..");
    put_decimal(tests);
    put("\n");
    if (failures) {
        put("# ");
        put_decimal(failures);
        put(" failed\n");
    }
}

static void result(int condition, const char *sentence) {
    tests++;
    failures += !condition;
    put(condition ? "ok " : "not ok ");
    put_decimal(tests);
    put(" - ");
    put(sentence);
    put("\n");
}

void ok(int condition, const char *sentence) {
    result(condition, sentence);
}

void equal(u32 got, u32 expected, const char *sentence) {
    result(got == expected, sentence);
    if (got != expected) {
        put("# got ");
        put_hex(got);
        put(", expected ");
        put_hex(expected);
        put("\n");
    }
}

void comment(const char *text) {
    put("# ");
    put(text);
    put("\n");
}

void skip_all(const char *reason) {
    put("1..0 # skip ");
    put(reason);
    put("\n");
    power_off();
}
