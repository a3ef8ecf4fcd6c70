// Benchmark: integer arithmetic in registers and small tables. Each part checks its result against a published one.

#include "bench.h"

// MARK: Sieve of Eratosthenes, bytes

#define SIEVE_LIMIT (1 << 18)
#define SIEVE_ROUNDS 40
#define PRIMES_BELOW_LIMIT 23000

static u8 composite[SIEVE_LIMIT];

static u32 sieve(void) {
    u32 primes = 0;
    for (u32 i = 0; i < SIEVE_LIMIT; i++) {
        composite[i] = 0;
    }
    for (u32 i = 2; i < SIEVE_LIMIT; i++) {
        if (composite[i]) {
            continue;
        }
        primes++;
        for (u32 multiple = 2 * i; multiple < SIEVE_LIMIT; multiple += i) {
            composite[multiple] = 1;
        }
    }
    return primes;
}

// MARK: CRC-32, a table of bytes

#define CRC_BYTES (1 << 18)
#define CRC_ROUNDS 64

static u32 crc_table[256];
static u8 crc_data[CRC_BYTES];

static void make_crc_table(void) {
    for (u32 byte = 0; byte < 256; byte++) {
        u32 value = byte;
        for (u32 bit = 0; bit < 8; bit++) {
            value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
        }
        crc_table[byte] = value;
    }
}

static u32 crc(u32 value, const u8 *data, u32 count) {
    value = ~value;
    for (u32 i = 0; i < count; i++) {
        value = value >> 8 ^ crc_table[(value ^ data[i]) & 0xff];
    }
    return ~value;
}

// MARK: SHA-256

#define SHA_BYTES 1000000
#define SHA_ROUNDS 2

static const u32 sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 value, u32 bits) {
    return value >> bits | value << (32 - bits);
}

static void sha_block(u32 state[8], const u32 words[16]) {
    u32 schedule[64], v[8];
    for (u32 i = 0; i < 16; i++) {
        schedule[i] = words[i];
    }
    for (u32 i = 16; i < 64; i++) {
        u32 a = schedule[i - 15], b = schedule[i - 2];
        schedule[i] = schedule[i - 16] + schedule[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
                      (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    for (u32 i = 0; i < 8; i++) {
        v[i] = state[i];
    }
    for (u32 i = 0; i < 64; i++) {
        u32 first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
                    sha_constants[i] + schedule[i];
        u32 second =
            (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (u32 j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += first;
        v[0] = first + second;
    }
    for (u32 i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

// The first word of the digest of a million letters a, an example of FIPS 180.
#define SHA_MILLION 0xcdc76e5c

static u32 sha_million(void) {
    u32 state[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };
    u32 words[16];
    for (u32 i = 0; i < 16; i++) {
        words[i] = 0x61616161;
    }
    // A million is a multiple of the 64 bytes of a block.
    for (u32 block = 0; block < SHA_BYTES / 64; block++) {
        barrier();
        sha_block(state, words);
    }
    for (u32 i = 0; i < 16; i++) {
        words[i] = 0;
    }
    words[0] = 0x80000000;
    words[15] = SHA_BYTES * 8;
    sha_block(state, words);
    return state[0];
}

// MARK: Matrices

#define SIZE 96
#define MATRIX_ROUNDS 12

static u32 left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static void multiply(void) {
    for (u32 row = 0; row < SIZE; row++) {
        for (u32 column = 0; column < SIZE; column++) {
            u32 sum = 0;
            for (u32 i = 0; i < SIZE; i++) {
                sum += left[row][i] * right[i][column];
            }
            product[row][column] = sum;
        }
    }
}

static void apply(const u32 (*matrix)[SIZE], const u32 *vector, u32 *image) {
    for (u32 row = 0; row < SIZE; row++) {
        image[row] = 0;
        for (u32 i = 0; i < SIZE; i++) {
            image[row] += matrix[row][i] * vector[i];
        }
    }
}

// Whether (left right) v is left (right v).
static int product_is_right(void) {
    u32 vector[SIZE], once[SIZE], twice[SIZE], direct[SIZE], wrong = 0;
    for (u32 i = 0; i < SIZE; i++) {
        vector[i] = i * i + 1;
    }
    apply(right, vector, once);
    apply(left, once, twice);
    apply(product, vector, direct);
    for (u32 i = 0; i < SIZE; i++) {
        wrong += twice[i] != direct[i];
    }
    return wrong == 0;
}

// MARK: Division

#define PAIRS_TO 1000
#define COPRIME_PAIRS 608383

static u32 coprime_pairs(void) {
    u32 count = 0;
    for (u32 i = 1; i <= PAIRS_TO; i++) {
        for (u32 j = 1; j <= PAIRS_TO; j++) {
            u32 a = i, b = j;
            while (b) {
                u32 rest = a % b;
                a = b;
                b = rest;
            }
            count += a == 1;
        }
    }
    return count;
}

void program(void) {
    u32 result = 0;
    MEASURE("sieve", SIEVE_ROUNDS * SIEVE_LIMIT, for (u32 round = 0; round < SIEVE_ROUNDS; round++) { result = sieve(); });
    equal(result, PRIMES_BELOW_LIMIT, "the sieve finds all primes");

    make_crc_table();
    u32 random = 1;
    for (u32 i = 0; i < CRC_BYTES; i++) {
        crc_data[i] = (u8)next_random(&random);
    }
    equal(crc(0, (const u8 *)"123456789", 9), 0xcbf43926, "the CRC of nine digits is the published one");
    MEASURE(
        "crc32", CRC_ROUNDS * CRC_BYTES,
        for (u32 round = 0; round < CRC_ROUNDS; round++) { result = crc(0, crc_data, CRC_BYTES); });
    for (u32 i = 0; i < 4; i++) {
        crc_data[i] = (u8)(result >> 8 * i);
    }
    equal(crc(result, crc_data, 4), 0x2144df1c, "a message with its CRC behind it has the residue as its CRC");

    MEASURE("sha256", SHA_ROUNDS * SHA_BYTES, for (u32 round = 0; round < SHA_ROUNDS; round++) { result = sha_million(); });
    equal(result, SHA_MILLION, "SHA-256 of a million letters is the published one");

    for (u32 row = 0; row < SIZE; row++) {
        for (u32 column = 0; column < SIZE; column++) {
            left[row][column] = next_random(&random);
            right[row][column] = next_random(&random);
        }
    }
    MEASURE(
        "matrix", MATRIX_ROUNDS * SIZE * SIZE * SIZE, for (u32 round = 0; round < MATRIX_ROUNDS; round++) {
            multiply();
            barrier();
        });
    ok(product_is_right(), "the product of matrices maps a vector as both in turn");

    MEASURE("gcd", PAIRS_TO * PAIRS_TO, result = coprime_pairs());
    equal(result, COPRIME_PAIRS, "as many pairs are coprime as there are");
}
