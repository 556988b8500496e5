/* Alloc and free on all threads at once, for tests/kernels/test_walloc_shared.py: linked into worker.wasm there. */
#include "lw.h"
#include "memory/platform.h"
#include "memory/walloc.h"
#include "parallel.h"

enum { BLOCKS = 24, STEPS = 400 };
typedef struct { uint32_t handle, size, tag; } held;
typedef struct { uint32_t overwritten, refused, steps; } counts;

static uint32_t next(uint32_t *state, uint32_t below) {
    *state ^= *state << 13, *state ^= *state >> 17, *state ^= *state << 5;
    return (uint32_t)((uint64_t)*state * below >> 32);
}
static void fill(const held *b) {
    uint8_t *at = LW_AT(uint8_t, lw_address(b->handle));
    for (uint32_t i = 0; i < b->size; i++) at[i] = (uint8_t)b->tag;
}
static bool is_whole(const held *b) {
    const uint8_t *at = LW_AT(uint8_t, lw_address(b->handle));
    for (uint32_t i = 0; i < b->size; i++) if (at[i] != (uint8_t)b->tag) return false;
    return true;
}
/* One chunk a seed: its own blocks, whose bytes nobody else may touch. */
static void hammer(void *context, uint32_t begin, uint32_t end) {
    static const uint32_t most[] = {64, 1024, 5000, 70000};
    counts *all = context;
    for (uint32_t chunk = begin; chunk < end; chunk++) {
        held blocks[BLOCKS] = {0};
        uint32_t state = chunk * 2654435761u + 1;
        for (uint32_t step = 0; step < STEPS + BLOCKS; step++) {
            held *b = &blocks[step < STEPS ? next(&state, BLOCKS) : step - STEPS];
            if (b->handle) {
                if (!is_whole(b)) __atomic_fetch_add(&all->overwritten, 1u, __ATOMIC_RELAXED);
                if (!lw_free(b->handle, LW_REGION_ANY)) __atomic_fetch_add(&all->overwritten, 1u, __ATOMIC_RELAXED);
                *b = (held){0};
            } else if (step < STEPS) {
                *b = (held){.size = 1 + next(&state, most[next(&state, 4)]), .tag = next(&state, 255) + 1};
                b->handle = lw_alloc(next(&state, 4), b->size, LW_TIER_PINNED);
                if (b->handle) fill(b);
                else __atomic_fetch_add(&all->refused, 1u, __ATOMIC_RELAXED);
            }
            __atomic_fetch_add(&all->steps, 1u, __ATOMIC_RELAXED);
        }
    }
}
LW_EXPORT void test_hammer(counts *all, uint32_t chunks) { lw_parallel_for(chunks, 1, hammer, all); }
