/* Jobs for tests/kernels/test_threads.py: linked into worker.wasm and side.wasm there, never shipped. */
#include "lw.h"
#include "layer/error.h"
#include "jobs.h"
#include "parallel.h"
#include "sync.h"
#include "workers.h"

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
/* One frame of 64 KiB: it leaps over a small stack and the guard below it. */
static void leap(void *context, uint32_t begin, uint32_t end) {
    volatile uint32_t room[16384];
    (void)end;
    room[begin] = 0x5EA1u;
    *(uint32_t *)context = room[begin];
}
typedef struct { uint32_t stuck_at, open, begun, outer_runs, stuck_slot, held; uint32_t values[1000]; } gate;
/* A chunk that stays until the gate opens, as one does whose thread is killed: the one at stuck_at, or the first that
 * the thread stuck_slot takes; then the others wait for that. */
static void stay(void *context, uint32_t begin, uint32_t end) {
    gate *g = context;
    bool stuck = lw_self() == g->stuck_slot || begin == g->stuck_at;
    __atomic_fetch_add(&g->begun, 1u, __ATOMIC_SEQ_CST);
    if (lw_self() == g->stuck_slot) __atomic_store_n(&g->held, 1u, __ATOMIC_SEQ_CST);
    else while (g->stuck_slot && !__atomic_load_n(&g->held, __ATOMIC_SEQ_CST)) {}
    while (stuck && !__atomic_load_n(&g->open, __ATOMIC_SEQ_CST)) {}
    for (uint32_t i = begin; i < end; i++) g->values[i] = i + 1;
}
static void stay_nested(void *context, uint32_t begin, uint32_t end) {
    gate *g = context;
    (void)begin, (void)end;
    __atomic_fetch_add(&g->outer_runs, 1u, __ATOMIC_SEQ_CST);
    lw_parallel_for(1000, 50, stay, g);
}
static void trap_nested(void *context, uint32_t begin, uint32_t end) {
    (void)begin, (void)end;
    lw_parallel_for(100, 10, trap, context);
}
static void hold(void *context, uint32_t begin, uint32_t end) {
    board *b = context;
    (void)begin, (void)end;
    lw_mutex_lock(&b->mutex);
    while (lw_main_waits() == 0) {}
    lw_mutex_unlock(&b->mutex);
}
static const lw_range all[] = {add, note, trap, overflow, until_cancelled, nested, leap, stay, stay_nested, hold, trap_nested};
static void nothing(void *context, uint32_t begin, uint32_t end) { (void)context, (void)begin, (void)end; }
LW_EXPORT void test_nothing(uint32_t chunks) { lw_parallel_for(chunks, 1, nothing, NULL); } /* benchmarks/threads */
LW_EXPORT uint32_t test_job(uint32_t which) { return (uint32_t)(uintptr_t)all[which]; }
LW_EXPORT void test_park_here(uint32_t *word) { lw_park(word, *word); }
