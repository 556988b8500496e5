/* Jobs for tests/kernels/test_threads.py: linked into worker.wasm and side.wasm there, never shipped. */
#include "lw.h"
#include "layer/error.h"
#include "jobs.h"
#include "parallel.h"
#include "sync.h"

typedef struct { uint32_t mutex, value, trap_at, log_count; uint32_t log[64]; } board;

static void mix(void *context, uint32_t begin, uint32_t end) {
    float *values = context;
    for (uint32_t i = begin; i < end; i++) {
        float x = (float)i;
        for (int k = 0; k < 64; k++) x = x * 0.999f + 1.0f / (x + 1.0f);
        values[i] = x;
    }
}
LW_EXPORT void test_mix(float *values, uint32_t count, uint32_t grain) { lw_parallel_for(count, grain, mix, values); }

static void add(void *context, uint32_t begin, uint32_t end) {
    board *b = context;
    for (uint32_t i = begin; i < end; i++) {
        lw_mutex_lock(&b->mutex);
        b->value = b->value + 1;
        lw_mutex_unlock(&b->mutex);
    }
}
static void note(void *context, uint32_t begin, uint32_t end) {
    uint32_t *place = context; /* {board, tag} */
    board *b = (board *)(uintptr_t)place[0];
    (void)begin, (void)end;
    lw_mutex_lock(&b->mutex);
    b->log[b->log_count++] = place[1];
    lw_mutex_unlock(&b->mutex);
}
static void trap(void *context, uint32_t begin, uint32_t end) {
    board *b = context;
    if (begin <= b->trap_at && b->trap_at < end) {
        lw_mutex_lock(&b->mutex);
        __builtin_trap();
    }
}
static LW_NOINLINE uint32_t deep(uint32_t depth) {
    volatile uint32_t room[64];
    room[depth % 64] = depth;
    return depth == 0 ? room[0] : deep(depth - 1) + room[depth % 64];
}
static void overflow(void *context, uint32_t begin, uint32_t end) {
    (void)begin, (void)end;
    *(uint32_t *)context = deep(*(uint32_t *)context);
}
static void until_cancelled(void *context, uint32_t begin, uint32_t end) {
    uint32_t *began = context;
    (void)begin, (void)end;
    __atomic_fetch_add(began, 1u, __ATOMIC_SEQ_CST);
    while (!lw_job_cancelled()) {}
}
static void nested(void *context, uint32_t begin, uint32_t end) {
    (void)end;
    lw_parallel_for(1000, 10, mix, (float *)context + begin * 1000);
}
static const lw_range all[] = {add, note, trap, overflow, until_cancelled, nested};
LW_EXPORT uint32_t test_job(uint32_t which) { return (uint32_t)(uintptr_t)all[which]; }
LW_EXPORT void test_park_here(uint32_t *word) { lw_park(word, *word); }
