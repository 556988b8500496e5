/* The workload of the allocator benchmark, the same machine code for every contender: it imports alloc and free.
 *
 * Slots hold one block each; a step takes a slot at random, frees what is there and puts a block of a random size in.
 * Sizes are uniform between 16 and `most`, or, with `log`, uniform in their logarithm. The blocks are not written to. */
#include <stdint.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(name))) extern
#ifdef LAYER
IMPORT("alloc") uint32_t take(uint32_t region, uint32_t size);
#define TAKE(size) take(1, size)
IMPORT("free") uint32_t give(uint32_t block);
#else
IMPORT("alloc") uint32_t take(uint32_t size);
#define TAKE(size) take(size)
IMPORT("free") void give(uint32_t block);
#endif

#define EXPORT __attribute__((visibility("default")))

enum { SLOTS_MAX = 16384 };
static uint32_t blocks[SLOTS_MAX], sizes[SLOTS_MAX];
static uint64_t state;
static uint32_t live, peak;

static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static uint32_t size_of(uint32_t most, uint32_t log) {
    uint32_t random = next();
    if (log) { /* a power of two between 16 and most, and a place above it */
        uint32_t steps = 31u - (uint32_t)__builtin_clz(most / 16);
        uint32_t base = 16u << (random >> 24) % steps;
        return base + (random & 0xFFFFFF) % base;
    }
    return 16 + (uint32_t)(((uint64_t)random * (most - 15)) >> 32);
}

/* `steps` pairs of free and alloc over `slots` slots; returns 0, or the number of the step that was refused. */
EXPORT uint32_t run(uint32_t slots, uint32_t most, uint32_t log, uint32_t steps) {
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t slot = (uint32_t)(((uint64_t)next() * slots) >> 32);
        if (blocks[slot]) {
            give(blocks[slot]);
            live -= sizes[slot];
        }
        sizes[slot] = size_of(most, log);
        blocks[slot] = TAKE(sizes[slot]);
        if (blocks[slot] == 0) return i + 1;
        live += sizes[slot];
        if (live > peak) peak = live;
    }
    return 0;
}

EXPORT void clear(uint32_t slots) {
    for (uint32_t slot = 0; slot < slots; slot++)
        if (blocks[slot]) give(blocks[slot]);
    for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) blocks[slot] = sizes[slot] = 0;
    live = peak = 0;
    state = 0x9E3779B97F4A7C15u;
}

EXPORT uint32_t peak_bytes(void) { return peak; }
