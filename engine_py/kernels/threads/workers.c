#include "workers.h"

#ifdef __wasm__
#include "layer/error.h"
#include "memory/block.h"
#include "queue.h"
#include "sync.h"

enum { CANARY = 0x5CA9A12Du, STACK_MIN = 4096, STACK_MAX = 16 << 20 };

lw_thread lw_threads[LW_THREADS_MAX];
static uint32_t live_count, main_may_wait;
static _Thread_local uint32_t self;

uint32_t lw_self(void) { return self; }
uint32_t lw_parallel_width(void) { return 1 + __atomic_load_n(&live_count, __ATOMIC_RELAXED); }

bool lw_may_wait(void) { return self != 0 || __atomic_load_n(&main_may_wait, __ATOMIC_RELAXED) != 0; }

uint32_t lw_threads_main_waits(uint32_t may) {
    __atomic_store_n(&main_may_wait, may, __ATOMIC_RELAXED);
    return 1;
}

static bool known(uint32_t slot, const char *what) {
    if (slot > 0 && slot < LW_THREADS_MAX && lw_threads[slot].used) return true;
    lw_fail(LW_E_BAD_ARGUMENT, what, slot, LW_THREADS_MAX - 1);
    return false;
}

/* A guard of canaries lies below the stack, which grows towards it. */
bool lw_stack_good(uint32_t slot) {
    const uint32_t *guard = (const uint32_t *)lw_threads[slot].block;
    uint32_t wrong = lw_threads[slot].overflowed;
    if (guard == NULL) return true; /* the module's own stack lies at the bottom of the memory: the engine traps */
    for (uint32_t i = 0; i < LW_GUARD_BYTES / 4; i++) wrong |= guard[i] ^ CANARY;
    return wrong == 0;
}

/* Gives the memory of threads back that left while jobs that they made still ran. */
static void give_back(uint32_t slot) {
    lw_thread *thread = &lw_threads[slot];
    lw_jobs_lock();
    bool over = thread->abandoned == 0;
    lw_jobs_unlock();
    if (!over) return;
    lw_block_free(thread->block);
    lw_block_free(thread->tls);
    thread->block = thread->tls = NULL;
    thread->used = thread->leaving = 0;
}

static void reap(void) {
    for (uint32_t slot = 1; slot < LW_THREADS_MAX; slot++)
        if (lw_threads[slot].leaving) give_back(slot);
}

static uint32_t take_slot(void) {
    reap();
    for (uint32_t slot = 1; slot < LW_THREADS_MAX; slot++)
        if (!lw_threads[slot].used && lw_threads[slot].orphan == 0) return slot;
    return 0;
}

static uint32_t tls_bytes(void) {
#ifdef LW_WORKER
    return LW_MAX((uint32_t)__builtin_wasm_tls_size(), 16u);
#else
    return 16;
#endif
}

uint32_t lw_thread_new(uint32_t stack_bytes) {
    if (stack_bytes < STACK_MIN || stack_bytes > STACK_MAX)
        return lw_fail(LW_E_BAD_ARGUMENT, "thread_new: stack_bytes", stack_bytes, STACK_MAX);
    uint32_t slot = take_slot();
    if (slot == 0) return lw_fail(LW_E_FULL, "thread_new: threads", LW_THREADS_MAX, LW_THREADS_MAX);
    stack_bytes = (uint32_t)lw_align_up(stack_bytes, 16);
    unsigned char *block = lw_block_alloc(LW_REGION_LOGIC, LW_GUARD_BYTES + stack_bytes);
    unsigned char *tls = block ? lw_block_alloc(LW_REGION_LOGIC, tls_bytes()) : NULL;
    if (tls == NULL) {
        lw_block_free(block);
        return 0;
    }
    lw_threads[slot] = (lw_thread){.used = 1, .block = block, .tls = tls, .stack_bytes = stack_bytes};
    for (uint32_t i = 0; i < LW_GUARD_BYTES / 4; i++) ((uint32_t *)block)[i] = CANARY;
    return slot;
}

uint32_t lw_thread_stack(uint32_t slot) {
    if (!known(slot, "thread_stack: slot")) return 0;
    return (uint32_t)(uintptr_t)(lw_threads[slot].block + LW_GUARD_BYTES + lw_threads[slot].stack_bytes);
}

uint32_t lw_thread_tls(uint32_t slot) {
    return known(slot, "thread_tls: slot") ? (uint32_t)(uintptr_t)lw_threads[slot].tls : 0;
}

static void set_live(uint32_t slot, uint32_t live) {
    if (__atomic_exchange_n(&lw_threads[slot].live, live, __ATOMIC_SEQ_CST) == live) return;
    __atomic_fetch_add(&live_count, live ? 1u : -1u, __ATOMIC_SEQ_CST);
}

static void wait_for_work(const lw_thread *thread, uint32_t seen) {
    for (uint32_t spins = 0; spins < LW_SPINS; spins++)
        if (__atomic_load_n(&lw_jobs_signal, __ATOMIC_ACQUIRE) != seen) return;
    if (!__atomic_load_n(&thread->stop, __ATOMIC_SEQ_CST)) lw_park(&lw_jobs_signal, seen);
}

uint32_t lw_worker_run(uint32_t slot) {
    if (!known(slot, "worker_run: slot")) return LW_E_BAD_ARGUMENT;
    lw_thread *thread = &lw_threads[slot];
    uint32_t error = 0;
    self = slot;
    lw_stack_begins(thread, (uint32_t)(uintptr_t)thread->block + LW_GUARD_BYTES);
    set_live(slot, 1);
    while (error == 0 && !__atomic_load_n(&thread->stop, __ATOMIC_SEQ_CST)) {
        uint32_t seen = __atomic_load_n(&lw_jobs_signal, __ATOMIC_SEQ_CST);
        if (lw_claim(slot, NULL, UINT32_MAX)) error = lw_run_claimed(slot);
        else wait_for_work(thread, seen);
    }
    set_live(slot, 0);
    return error;
}

/* What it held and made must not keep anybody waiting. */
static uint32_t bury(uint32_t slot, uint32_t error) {
    lw_mutex_release_all(slot);
    uint32_t job = lw_abandon(slot, error);
    if (slot) set_live(slot, 0);
    lw_jobs_wake();
    return job;
}

uint32_t lw_thread_trapped(uint32_t slot, uint32_t error) {
    if (slot != 0 && !known(slot, "thread_trapped: slot")) return 0;
    if (error == 0) error = lw_stack_good(slot) ? LW_E_TRAPPED : LW_E_STACK_OVERFLOW;
    return bury(slot, error);
}

uint32_t lw_thread_lost(uint32_t slot) {
    return known(slot, "thread_lost: slot") && lw_threads[slot].live ? bury(slot, 0) : 0;
}

uint32_t lw_threads_running(void) { return lw_parallel_width(); }

uint32_t lw_thread_stop(uint32_t slot) {
    uint32_t told = 0;
    for (uint32_t i = 1; i < LW_THREADS_MAX; i++) {
        if (!lw_threads[i].used || lw_threads[i].leaving || (slot && slot != i)) continue;
        __atomic_store_n(&lw_threads[i].stop, 1u, __ATOMIC_SEQ_CST);
        told++;
    }
    lw_jobs_wake();
    return told;
}

uint32_t lw_thread_free(uint32_t slot) {
    if (!known(slot, "thread_free: slot")) return 0;
    lw_thread *thread = &lw_threads[slot];
    if (thread->live) return lw_fail(LW_E_BAD_ARGUMENT, "thread_free: a slot whose thread runs", slot, 0);
    if (thread->leaving) return lw_fail(LW_E_DOUBLE_FREE, "thread_free: slot", slot, LW_THREADS_MAX - 1);
    thread->leaving = 1;
    reap();
    return 1;
}

uint32_t lw_threads_figures_write(uint32_t *out) {
    reap();
    out[0] = lw_parallel_width();
    out[1] = lw_main_waits();
    for (uint32_t i = 0; i < LW_THREADS_MAX; i++) out[2 + i] = lw_threads[i].chunks_run;
    return (2 + LW_THREADS_MAX) * 4;
}
#endif
