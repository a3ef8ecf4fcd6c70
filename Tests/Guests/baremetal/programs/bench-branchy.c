// Benchmark: branches that depend on data. Sorting, searching, a state machine, Collatz chains.

#include "bench.h"

// MARK: Sorting and searching

#define COUNT (1 << 16)
#define SORT_ROUNDS 8
#define SEARCH_ROUNDS 16

static u32 values[COUNT];

static void fill(u32 seed) {
    for (u32 i = 0; i < COUNT; i++) {
        values[i] = next_random(&seed);
    }
}

static void sort(u32 *first, u32 *last) {
    while (first < last) {
        u32 pivot = first[(last - first) / 2];
        u32 *low = first, *high = last;
        while (low <= high) {
            while (*low < pivot) {
                low++;
            }
            while (*high > pivot) {
                high--;
            }
            if (low <= high) {
                u32 value = *low;
                *low++ = *high;
                *high-- = value;
            }
        }
        // The smaller part by recursion, the larger in this loop: the stack stays small.
        if (high - first < last - low) {
            sort(first, high);
            first = low;
        } else {
            sort(low, last);
            last = high;
        }
    }
}

static u32 sum(void) {
    u32 total = 0;
    for (u32 i = 0; i < COUNT; i++) {
        total += values[i];
    }
    return total;
}

static u32 descents(void) {
    u32 count = 0;
    for (u32 i = 1; i < COUNT; i++) {
        count += values[i] < values[i - 1];
    }
    return count;
}

static int contains(u32 wanted) {
    u32 low = 0, high = COUNT;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (values[middle] == wanted) {
            return 1;
        }
        if (values[middle] < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}

static u32 search(u32 seed) {
    u32 found = 0;
    for (u32 i = 0; i < COUNT; i++) {
        found += (u32)contains(next_random(&seed));
    }
    return found;
}

// MARK: State machine

// Words, numbers, quoted text with escapes, and comments, in random order; how many of each is known beforehand.
#define TOKENS 65536
#define SCAN_ROUNDS 24

enum kind { WORD, NUMBER, TEXT, REMARK, KINDS };
static const char *const samples[KINDS] = {"identifier ", "3141592 ", "\"a \\\" in text\" ", "# 1 remark \"x\"\n"};
static char input[TOKENS * 16 + 1];
static u32 generated[KINDS], scanned[KINDS];

static void generate(void) {
    u32 random = 5;
    char *to = input;
    for (u32 i = 0; i < TOKENS; i++) {
        u32 kind = next_random(&random) >> 30;
        generated[kind]++;
        for (const char *from = samples[kind]; *from; from++) {
            *to++ = *from;
        }
    }
    *to = 0;
}

static void scan(void) {
    enum { BETWEEN, IN_WORD, IN_NUMBER, IN_TEXT, IN_ESCAPE, IN_REMARK } state = BETWEEN;
    for (const char *at = input; *at; at++) {
        char c = *at;
        switch (state) {
        case BETWEEN:
            if (c >= 'a' && c <= 'z') {
                state = IN_WORD;
            } else if (c >= '0' && c <= '9') {
                state = IN_NUMBER;
            } else if (c == '"') {
                state = IN_TEXT;
            } else if (c == '#') {
                state = IN_REMARK;
            }
            break;
        case IN_WORD:
            if (c == ' ') {
                scanned[WORD]++;
                state = BETWEEN;
            }
            break;
        case IN_NUMBER:
            if (c < '0' || c > '9') {
                scanned[NUMBER]++;
                state = BETWEEN;
            }
            break;
        case IN_TEXT:
            if (c == '\\') {
                state = IN_ESCAPE;
            } else if (c == '"') {
                scanned[TEXT]++;
                state = BETWEEN;
            }
            break;
        case IN_ESCAPE:
            state = IN_TEXT;
            break;
        case IN_REMARK:
            if (c == '\n') {
                scanned[REMARK]++;
                state = BETWEEN;
            }
            break;
        }
    }
}

// MARK: Collatz

// Of the numbers below this limit, the one with the longest chain.
#define CHAINS_TO 100000
#define LONGEST_CHAIN_FROM 77031

static u32 longest_chain(void) {
    u32 best = 0, longest = 0;
    for (u32 start = 1; start < CHAINS_TO; start++) {
        u64 value = start;
        u32 steps = 0;
        while (value != 1) {
            if (value & 1) {
                value = 3 * value + 1;
            } else {
                value >>= 1;
            }
            steps++;
        }
        if (steps > longest) {
            longest = steps;
            best = start;
        }
    }
    return best;
}

void program(void) {
    u32 result = 0, expected = 0;
    MEASURE(
        "sort", SORT_ROUNDS * COUNT, for (u32 round = 1; round <= SORT_ROUNDS; round++) {
            fill(round);
            expected = sum();
            sort(values, values + COUNT - 1);
        });
    ok(descents() == 0 && sum() == expected, "sorting leaves the same values in order");
    MEASURE(
        "search", SEARCH_ROUNDS * COUNT,
        for (u32 round = 0; round < SEARCH_ROUNDS; round++) { result = search(SORT_ROUNDS); });
    equal(result, COUNT, "every value is found");

    generate();
    MEASURE("scan", SCAN_ROUNDS * TOKENS, for (u32 round = 0; round < SCAN_ROUNDS; round++) { scan(); });
    u32 wrong = 0;
    for (u32 kind = 0; kind < KINDS; kind++) {
        wrong += scanned[kind] != SCAN_ROUNDS * generated[kind];
    }
    equal(wrong, 0, "the state machine finds as many of each as were generated");

    MEASURE("collatz", CHAINS_TO, result = longest_chain());
    equal(result, LONGEST_CHAIN_FROM, "the longest chain begins where it is known to");
}
