/* The threads of Layer memory: slot 0 is the one that owns the module, the others are workers that the host starts.
 *
 *   lw_thread_new -> the host instantiates the module, sets __stack_pointer to lw_thread_stack, calls __wasm_init_tls
 *   with lw_thread_tls, then lw_worker_run, which returns when the thread shall end -> lw_thread_free
 *
 * Owns: stacks and TLS (blocks of the allocator), canaries, what becomes of the chunk of a thread that dies.
 * Limits: a frame that leaps over the guard is not seen; a thread killed from outside while it held a lock leaves it. */
#ifndef LW_WORKERS_H
#define LW_WORKERS_H

#include "parallel.h"

enum { LW_THREADS_MAX = 33, LW_GUARD_BYTES = 1024, LW_NEST_MAX = 8 };

typedef struct {
    uint32_t used, stop, live;
    uint32_t job, chunk;            /* claimed: job's number, 0 none */
    uint32_t current;               /* the job whose code runs */
    uint32_t orphan, orphan_chunk;  /* of a thread that was lost: to be run again */
    uint32_t nest, nest_job[LW_NEST_MAX], nest_chunk[LW_NEST_MAX]; /* around a parallel_for inside of a job */
    uint32_t chunks_run;
    unsigned char *block, *tls;
    uint32_t stack_bytes;
} lw_thread;

extern lw_thread lw_threads[LW_THREADS_MAX];
uint32_t lw_self(void);
bool lw_stack_good(uint32_t slot);

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

// A thread was killed by the host in the midst of things: its chunk is run again by another one. Returns the job or 0.
LW_LAYER uint32_t lw_thread_lost(uint32_t slot);

// Tells one thread (or with slot 0 all) to end after its chunk. Returns how many were told.
LW_LAYER uint32_t lw_thread_stop(uint32_t slot);

// Gives stack, TLS and slot of a thread back; the host has seen it end. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_thread_free(uint32_t slot);

// Writes width, times that the main thread was about to wait (refused), and the chunks run by each of the 33 threads: 35 words. Returns 140.
LW_LAYER uint32_t lw_threads_figures_write(uint32_t *out);

#endif
