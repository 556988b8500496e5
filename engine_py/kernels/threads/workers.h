/* The threads of Layer memory: slot 0 is the one that owns the module, the others are workers that the host starts.
 *
 *   lw_thread_new -> the host instantiates the module, sets __stack_pointer to lw_thread_stack, calls __wasm_init_tls
 *   with lw_thread_tls, then lw_worker_run, which returns when the thread shall end -> lw_thread_free
 *
 * Owns: stacks and TLS (blocks of the allocator), canaries, what becomes of the chunk of a thread that dies.
 * A chunk that ran a parallel_for of its own is settled (failed, or run again) when the last chunk of that has ended, and
 * only then are the dead thread's stack and TLS given back: other threads still read from them until then.
 * Limits: a frame that leaps over the guard is seen by a build with -DLW_STACK_CHECK only; a thread killed from outside
 * while it held a lock leaves it. */
#ifndef LW_WORKERS_H
#define LW_WORKERS_H

#include "parallel.h"

enum { LW_THREADS_MAX = 33, LW_GUARD_BYTES = 1024, LW_NEST_MAX = 8 };

/* What a thread is at, by depth: level 0 is a chunk of the queue, each further one of a parallel_for inside of the last. */
typedef struct {
    uint32_t job;        /* number of the job whose chunks were claimed, 0 none */
    uint32_t chunk, end; /* the one that runs, and the end of those that were claimed at once */
    uint32_t done;       /* chunks of these that have ended */
    uint32_t made;       /* the job of the parallel_for that this level's code is in, 0 none */
} lw_level;

typedef struct {
    uint32_t used, stop, live, leaving; /* leaving: given back, but jobs that it made still run */
    uint32_t depth;
    lw_level levels[LW_NEST_MAX + 1];
    uint32_t abandoned, root_error; /* of a dead thread: jobs it made that still run; why its chunk fails, 0: run again */
    uint32_t orphan, orphan_chunk, orphan_end; /* of a dead thread: to be run again */
    uint32_t chunks_run, overflowed; /* overflowed: a checked build saw it */
    unsigned char *block, *tls;
    uint32_t stack_bytes;
} lw_thread;

extern lw_thread lw_threads[LW_THREADS_MAX];
uint32_t lw_self(void);
bool lw_stack_good(uint32_t slot);
#ifdef LW_STACK_CHECK
void lw_stack_begins(lw_thread *own, uint32_t address); /* this thread's frames lie at or above it */
#else
static inline LW_UNUSED void lw_stack_begins(lw_thread *own, uint32_t address) { (void)own, (void)address; }
#endif

/* Whether this thread may wait for others; the page's own may not. */
bool lw_may_wait(void);

// Says whether the thread that owns the module may wait for others (0 at first): never the page's own. Without it lw_parallel_for runs every chunk there. Returns 1.
LW_LAYER uint32_t lw_threads_main_waits(uint32_t may);

// Takes a slot, a stack of stack_bytes (4 KiB to 16 MiB) and TLS for one more thread. Returns its slot, or 0 with the last error set.
LW_LAYER uint32_t lw_thread_new(uint32_t stack_bytes);

// The address that __stack_pointer of a thread starts at; 0 for a slot that is not taken.
LW_LAYER uint32_t lw_thread_stack(uint32_t slot);

// The address for __wasm_init_tls of a thread; 0 for a slot that is not taken.
LW_LAYER uint32_t lw_thread_tls(uint32_t slot);

// Runs jobs until the thread shall stop (returns 0) or its stack was overwritten (12): called once, on the new thread.
LW_LAYER uint32_t lw_worker_run(uint32_t slot);

// A thread trapped: its chunk's job fails with `error` (0: 11, or 12 where the guard was written), its mutexes are released. The thread
// calls it itself, with its stack reset, so that nobody waits for it. Returns the job, 0 when it ran none.
LW_LAYER uint32_t lw_thread_trapped(uint32_t slot, uint32_t error);

// A thread was killed by the host in the midst of things: its chunk is run again by another one. Returns the job, 0 where it ran none or ended by itself.
LW_LAYER uint32_t lw_thread_lost(uint32_t slot);

// Tells one thread (or with slot 0 all) to end after its chunk. Returns how many were told.
LW_LAYER uint32_t lw_thread_stop(uint32_t slot);

// Gives stack, TLS and slot of a thread back, or as soon as the jobs that it made are over; the host has seen it end. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_thread_free(uint32_t slot);

// How many threads take part now, this one among them.
LW_LAYER uint32_t lw_threads_running(void);

// Writes width, times that a main thread which may not wait was about to, and the chunks run by each of the 33 threads: 35 words. Returns 140.
LW_LAYER uint32_t lw_threads_figures_write(uint32_t *out);

#endif
