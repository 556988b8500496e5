/* Steps on several threads: Box3D's tasks, run by workers that the host starts on the same memory.
 *
 *   lw_thread_new -> the host instantiates the module, sets __stack_pointer to lw_thread_stack, calls __wasm_init_tls
 *   with lw_thread_tls, then lw_worker_run, which returns when the thread shall end -> lw_thread_free
 *
 * As threads/workers.h, so that one web/kernels/threads.js starts both. A step's tasks are those that Box3D makes, whoever
 * runs them; it gives the same state for any number. Whoever steps runs what no worker took, so a worker that is late or
 * gone costs nothing. One that is killed within a task is waited for LW_PATIENCE_MS; then steps go on without workers, for
 * good, and lw_rigid_threads says 0: what it was at, a few contacts say, is as it left it, or nothing for that step.
 * Without LW_SHARED there is one thread, and tasks run as they are made.
 */
#include "guard.h"
#include "state.h"

#ifdef LW_SHARED
#define EXPORT __attribute__((visibility("default")))
enum { FREE, PENDING, CLAIMED, DONE };
enum { TASKS_MAX = 256 /* B3_MAX_TASKS of a step */, THREADS_MAX = 33, STACK_MIN = 1 << 20, TLS_BYTES = 64 };
/* Spins are about 5 ns. A nap of whoever waits comes after 2 ms, as large blocks of work take one. */
enum { SPINS = 20000, NAP_SPINS = 400000, NAP_NS = 200000, NAPS_A_MS = 5, YIELDS = 1024, YIELD_NS = 50000 };

typedef struct { void (*run)(void *); void *context; uint32_t state; } Task;
typedef struct { unsigned char *stack, *tls; uint32_t stack_bytes, used, live, stop; } Thread;

static Task tasks[TASKS_MAX];
static uint32_t task_count, signal, live_count, given_up, idle;
static Thread threads[THREADS_MAX];

/* Not inlined: node 20 miscompiles the instruction inside of a loop. */
static LW_NOINLINE uint32_t park(uint32_t *word, uint32_t seen, int64_t timeout_ns) {
    return (uint32_t)__builtin_wasm_memory_atomic_wait32((int *)word, (int)seen, timeout_ns);
}
static LW_NOINLINE void wake(uint32_t *word) { __builtin_wasm_memory_atomic_notify((int *)word, THREADS_MAX); }
static uint32_t read(uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void write(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static bool swap(uint32_t *word, uint32_t from, uint32_t to) {
    return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool lw_waits(lw_wait *wait) {
    if (read(&given_up)) return false;
    if (++wait->spins < NAP_SPINS) return true;
    park(&idle, 0, NAP_NS);  // gives the core to whom it waits for, and is the clock as well
    if (++wait->naps < LW_PATIENCE_MS * NAPS_A_MS) return true;
    write(&given_up, 1);
    return false;
}

bool lw_stage_waits(void *done, int wanted) {
    static lw_wait wait;  // of the one thread that steps
    if ((int)read(done) >= wanted || !lw_waits(&wait)) {
        wait = (lw_wait){0};
        return false;
    }
    return true;
}

void lw_stack_taken(void *data, int size_bytes) {  // what a dead worker never wrote is nothing then: no bodies, no pairs
    if (read(&live_count)) lw_zero(data, (size_t)size_bytes);
}

void b3Yield(void) {  // a worker between two stages
    static uint32_t yields;
    if (__atomic_add_fetch(&yields, 1, __ATOMIC_RELAXED) % YIELDS == 0) park(&idle, 0, YIELD_NS);
}

static bool run_one(void) {
    uint32_t count = read(&task_count);
    for (uint32_t i = 0; i < count; i++) {
        if (read(&tasks[i].state) != PENDING || !swap(&tasks[i].state, PENDING, CLAIMED)) continue;
        tasks[i].run(tasks[i].context);
        write(&tasks[i].state, DONE);
        return true;
    }
    return false;
}

void lw_begin_tasks(World *world) {
    write(&task_count, 0);
    b3World_SetWorkerCount(world->id, read(&given_up) ? 1 : 1 + (int)read(&live_count));
}

void *lw_begin_task(void (*run)(void *), void *context, void *user, const char *name) {
    (void)user, (void)name;
    uint32_t at = task_count;
    if (at == TASKS_MAX) {
        run(context);
        return NULL;
    }
    // Put off even where nobody else is left: a solver's second task waits for the first, which comes after it.
    tasks[at].run = run, tasks[at].context = context;
    write(&tasks[at].state, PENDING);
    write(&task_count, at + 1);
    __atomic_fetch_add(&signal, 1, __ATOMIC_SEQ_CST);
    wake(&signal);
    return &tasks[at];
}

void lw_end_task(void *task, void *user) {
    (void)user;
    lw_wait wait = {0};
    uint32_t *state = &((Task *)task)->state;
    while (read(state) != DONE)
        if (!run_one() && !lw_waits(&wait)) break;
}

uint32_t lw_rigid_threads(void) { return read(&given_up) ? 0 : 1 + read(&live_count); }

// -- what the host calls

// Room for what a call's arrays hold; good until the next call.
EXPORT uint32_t lw_rigid_room(uint32_t size_bytes) {
    static void *room;
    static uint32_t room_bytes;
    if (size_bytes > room_bytes) {
        lw_pool_free(room);
        room = lw_pool_try(size_bytes);
        room_bytes = room ? size_bytes : 0;
    }
    return (uint32_t)(uintptr_t)room;
}

EXPORT uint32_t lw_error_code(void) { return 3; }  // no memory: the only reason why a thread is refused

EXPORT uint32_t lw_thread_new(uint32_t stack_bytes) {
    uint32_t slot = 1;
    while (slot < THREADS_MAX && threads[slot].used) slot++;
    if (slot == THREADS_MAX) return 0;
    stack_bytes = LW_MAX(stack_bytes, STACK_MIN);
    Thread made = {.stack = lw_pool_try(stack_bytes), .tls = lw_pool_try(TLS_BYTES), .stack_bytes = stack_bytes, .used = 1};
    if (!made.stack || !made.tls) {
        lw_pool_free(made.stack), lw_pool_free(made.tls);
        return 0;
    }
    threads[slot] = made;
    return slot;
}

EXPORT uint32_t lw_thread_stack(uint32_t slot) {
    return (uint32_t)(uintptr_t)threads[slot].stack + threads[slot].stack_bytes;
}

EXPORT uint32_t lw_thread_tls(uint32_t slot) { return (uint32_t)(uintptr_t)threads[slot].tls; }

static void leave(uint32_t slot) {
    if (__atomic_exchange_n(&threads[slot].live, 0u, __ATOMIC_SEQ_CST)) __atomic_fetch_sub(&live_count, 1, __ATOMIC_SEQ_CST);
}

EXPORT uint32_t lw_worker_run(uint32_t slot) {
    Thread *thread = &threads[slot];
    write(&thread->live, 1);
    __atomic_fetch_add(&live_count, 1, __ATOMIC_SEQ_CST);
    while (!read(&thread->stop) && !read(&given_up)) {
        uint32_t seen = read(&signal), spins = 0;
        if (run_one()) continue;
        while (spins < SPINS && read(&signal) == seen) spins++;
        if (spins == SPINS && !read(&thread->stop)) park(&signal, seen, -1);
    }
    leave(slot);
    return 0;
}

EXPORT uint32_t lw_thread_stop(uint32_t slot) {
    write(&threads[slot].stop, 1);
    __atomic_fetch_add(&signal, 1, __ATOMIC_SEQ_CST);
    wake(&signal);
    return 1;
}

EXPORT uint32_t lw_thread_lost(uint32_t slot) { return leave(slot), 0; }

EXPORT uint32_t lw_thread_trapped(uint32_t slot, uint32_t error) {
    (void)error;
    write(&given_up, 1);  // what it ran may be half done
    return leave(slot), 0;
}

EXPORT uint32_t lw_thread_free(uint32_t slot) {
    lw_pool_free(threads[slot].stack), lw_pool_free(threads[slot].tls);
    threads[slot] = (Thread){0};
    return 1;
}

#else
bool lw_stage_waits(void *done, int wanted) { return (void)done, (void)wanted, false; }
void lw_stack_taken(void *data, int size_bytes) { (void)data, (void)size_bytes; }
void b3Yield(void) {}
void lw_begin_tasks(World *world) { (void)world; }
void *lw_begin_task(void (*run)(void *), void *context, void *user, const char *name) {
    (void)user, (void)name;
    return run(context), NULL;
}
void lw_end_task(void *task, void *user) { (void)task, (void)user; }
uint32_t lw_rigid_threads(void) { return 1; }
#endif
