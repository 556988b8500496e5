#include "sync.h"

#ifdef __wasm__
#include "layer/error.h"
#include "workers.h"

static uint32_t main_waits;
static uint32_t *held[LW_THREADS_MAX][LW_HELD_MAX];

uint32_t lw_main_waits(void) { return main_waits; }

#ifdef LW_WORKER
/* Not inlined: node 20 miscompiles the instruction inside of a loop. */
static LW_NOINLINE void wait32(uint32_t *word, uint32_t seen, int64_t timeout_ns) {
    __builtin_wasm_memory_atomic_wait32((int *)word, (int)seen, timeout_ns);
}
static LW_NOINLINE void notify(uint32_t *word, uint32_t count) {
    __builtin_wasm_memory_atomic_notify((int *)word, count);
}
#else
static void wait32(uint32_t *word, uint32_t seen, int64_t timeout_ns) { (void)word, (void)seen, (void)timeout_ns; }
static void notify(uint32_t *word, uint32_t count) { (void)word, (void)count; }
#endif

static void park(uint32_t *word, uint32_t seen, int64_t timeout_ns) {
    if (lw_may_wait()) wait32(word, seen, timeout_ns);
    else main_waits++;
}

void lw_park(uint32_t *word, uint32_t seen) { park(word, seen, -1); }
void lw_park_briefly(uint32_t *word, uint32_t seen) { park(word, seen, LW_PARK_MS_MAX * 1000000ll); }

void lw_wake(uint32_t *word, uint32_t threads_max) { notify(word, threads_max); }

/* 0 free, 1 held, 2 held and somebody parked. */
void lw_mutex_lock(uint32_t *mutex) {
    uint32_t free_value = 0;
    bool got = __atomic_compare_exchange_n(mutex, &free_value, 1u, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    LW_CHECK(got || lw_parallel_width() > 1); /* alone, it would wait for itself */
    for (uint32_t spins = 0; !got; spins++) {
        if (spins < LW_SPINS || !lw_may_wait()) {
            main_waits += spins == LW_SPINS;
            free_value = 0;
            got = __atomic_compare_exchange_n(mutex, &free_value, 1u, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
        } else if (!(got = __atomic_exchange_n(mutex, 2u, __ATOMIC_ACQUIRE) == 0)) {
            lw_park(mutex, 2);
        }
    }
    uint32_t **mine = held[lw_self()], depth = 0;
    while (depth < LW_HELD_MAX && mine[depth]) depth++;
    LW_CHECK(depth < LW_HELD_MAX);
    if (depth < LW_HELD_MAX) mine[depth] = mutex;
}

static void unlock(uint32_t *mutex) {
    if (__atomic_exchange_n(mutex, 0u, __ATOMIC_RELEASE) == 2) lw_wake(mutex, 1);
}

void lw_mutex_unlock(uint32_t *mutex) {
    uint32_t **mine = held[lw_self()], found = LW_HELD_MAX;
    for (uint32_t i = 0; i < LW_HELD_MAX; i++)
        if (mine[i] == mutex) found = i;
    LW_CHECK(found < LW_HELD_MAX); /* unlocks what it does not hold */
    if (found < LW_HELD_MAX) mine[found] = NULL;
    unlock(mutex);
}

void lw_mutex_release_all(uint32_t slot) {
    for (uint32_t i = 0; i < LW_HELD_MAX; i++) {
        if (held[slot][i]) unlock(held[slot][i]);
        held[slot][i] = NULL;
    }
}

uint32_t lw_channel_start(uint32_t *channel, uint32_t capacity) {
    if (capacity == 0 || capacity > 1u << 24)
        return lw_fail(LW_E_BAD_ARGUMENT, "channel_start: capacity", capacity, 1u << 24);
    *(lw_channel *)channel = (lw_channel){.capacity = capacity};
    return 1;
}

uint32_t lw_channel_send(uint32_t *channel, uint32_t message) {
    lw_channel *c = (lw_channel *)channel;
    lw_mutex_lock(&c->mutex);
    bool fits = c->count < c->capacity;
    if (fits) c->words[(c->head + c->count++) % c->capacity] = message;
    lw_mutex_unlock(&c->mutex);
    return fits ? 1 : lw_fail(LW_E_FULL, "channel_send: messages", c->capacity, c->capacity);
}

uint32_t lw_channel_take(uint32_t *channel, uint32_t *out) {
    lw_channel *c = (lw_channel *)channel;
    lw_mutex_lock(&c->mutex);
    bool any = c->count > 0;
    if (any) {
        *out = c->words[c->head];
        c->head = (c->head + 1) % c->capacity;
        c->count--;
    }
    lw_mutex_unlock(&c->mutex);
    return any;
}
#endif
