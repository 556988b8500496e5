/* Work in chunks, on as many threads as there are: what kernels call. The chunks are the same whatever the number of
 * threads, so results are too; a chunk may run on any thread, in any order, and must not depend on another one. */
#ifndef LW_PARALLEL_H
#define LW_PARALLEL_H

#include "lw.h"

typedef void (*lw_range)(void *context, uint32_t begin, uint32_t end);

/* Runs `run(context, begin, end)` for chunks of `grain` (the last one shorter) that cover 0..count, and returns when
 * all are done. One thread: in ascending order. grain 0 counts as 1. */
void lw_parallel_for(uint32_t count, uint32_t grain, lw_range run, void *context);

/* How many threads may run chunks at a time, at least 1. */
uint32_t lw_parallel_width(void);

#endif
