// Benchmark: calls and returns. Plain recursion, recursion with many registers saved, calls through a table.

#include "bench.h"

#define FIBONACCI_OF 32
#define FIBONACCI 2178309
// Calls of `fibonacci` that it takes: 2 F(n + 1) - 1.
#define FIBONACCI_CALLS 7049155

__attribute__((noinline)) static u32 fibonacci(u32 n) {
    if (n < 2) {
        return n;
    }
    u32 before = fibonacci(n - 2);
    // Neither call may become a loop.
    barrier();
    u32 last = fibonacci(n - 1);
    barrier();
    return before + last;
}

#define QUEENS 9
#define QUEENS_PLACEMENTS 352
#define QUEENS_ROUNDS 100

static u32 placed;

__attribute__((noinline)) static u32 queens(u32 row, u32 columns, u32 rising, u32 falling) {
    placed++;
    if (row == QUEENS) {
        return 1;
    }
    u32 ways = 0;
    for (u32 column = 0; column < QUEENS; column++) {
        u32 a = 1u << column, b = 1u << (row + column), c = 1u << (row + QUEENS - column);
        if (!(columns & a) && !(rising & b) && !(falling & c)) {
            ways += queens(row + 1, columns | a, rising | b, falling | c);
        }
    }
    return ways;
}

// A stack machine, each instruction a function in a table.
#define STACK_LOOPS 3000000

struct machine {
    u32 counter, accumulator, at;
};
typedef void instruction(struct machine *);

static void add(struct machine *m) {
    m->accumulator += m->counter;
    m->at++;
}
static void swap_halves(struct machine *m) {
    m->accumulator = m->accumulator << 16 | m->accumulator >> 16;
    m->at++;
}
static void decrement(struct machine *m) {
    m->counter--;
    m->at++;
}
static void jump_if_counting(struct machine *m) {
    m->at = m->counter ? 0 : m->at + 1;
}

static instruction *const listing[] = {add, swap_halves, swap_halves, decrement, jump_if_counting, 0};

static u32 interpret(void) {
    struct machine m = {.counter = STACK_LOOPS};
    instruction *const volatile *code = listing;
    for (;;) {
        instruction *next = code[m.at];
        if (!next) {
            return m.accumulator;
        }
        next(&m);
    }
}

void program(void) {
    u32 result = 0;
    MEASURE("recursion", FIBONACCI_CALLS, result = fibonacci(FIBONACCI_OF));
    equal(result, FIBONACCI, "the Fibonacci number is right");

    MEASURE(
        "queens", QUEENS_ROUNDS, for (u32 round = 0; round < QUEENS_ROUNDS; round++) { result = queens(0, 0, 0, 0); });
    equal(result, QUEENS_PLACEMENTS, "the queens can be placed in as many ways as are known");

    MEASURE("indirect", STACK_LOOPS * 5, result = interpret());
    // n (n + 1) / 2 without its overflow.
    equal(result, STACK_LOOPS / 2 * (STACK_LOOPS + 1u), "the machine adds up all numbers");
}
