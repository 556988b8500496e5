/* Culling of one large run on as many threads as there are: the same inner loop as geometry/cull.c, in chunks. */
#ifndef LW_CULL_THREADS_H
#define LW_CULL_THREADS_H

#include "lw.h"

// As lw_cull_lods, in chunks of `grain` spheres (rounded up to 4). `out` needs max(lods, 1) * (count rounded up to the
// chunk), `chunk_counts` LW_LODS_MAX words a chunk. The result does not depend on grain or threads.
LW_LAYER uint32_t lw_cull_lods_threaded(const float *view, const float *positions, const float *radii,
                                        const uint32_t *rows, uint32_t count, const float *until_m, uint32_t lods,
                                        uint32_t *out, uint32_t *counts, uint32_t grain, uint32_t *chunk_counts);

#endif
