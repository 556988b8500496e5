/* The order of a cloud of splats, from the farthest to the nearest, as jobs that nobody waits for: keys, places, order.
 * The same as layerw/splats/order.py makes in slices, to the bit, whatever the number of threads.
 * Source: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section 8.2. */
#ifndef LW_SPLAT_SORT_H
#define LW_SPLAT_SORT_H

#include "lw.h"

// Starts the jobs. `sort` (128 bytes) is theirs until lw_splat_sort_end says so, and so is the rest: positions (count * 3), told (as gpu/spec.py: splats_sort; copied), keys (count * 2 bytes), order (count words), tables (4 MiB). Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_splat_sort_start(uint32_t *sort, const float *positions, uint32_t count, const float *told,
                                      uint16_t *keys, uint32_t *order, uint32_t *tables);

// As lw_job_state, of all of them: 2 or 3 while they run, 4 done, 5 failed, 6 cancelled, which is also where an earlier one failed.
LW_LAYER uint32_t lw_splat_sort_state(const uint32_t *sort);

// The square of the distance to the nearest splat, once they are done.
LW_LAYER float lw_splat_sort_nearest(const uint32_t *sort);

// Drops what of them is not done. Returns 1 when no thread is at them any more and nothing is theirs, 0: ask again.
LW_LAYER uint32_t lw_splat_sort_end(uint32_t *sort);

#endif
