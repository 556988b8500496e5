#include "cull_threads.h"

#include "geometry/cull_lanes.h"
#include "parallel.h"

typedef struct {
    const float *view, *positions, *radii, *until_m;
    const uint32_t *rows;
    uint32_t lods, grain, stride; /* stride: words of a level in out */
    uint32_t *out, *chunk_counts;
} work;

/* Every chunk packs into its own places of each level. */
static void cull_chunk(void *context, uint32_t begin, uint32_t end) {
    const work *w = context;
    uint32_t *counts = w->chunk_counts + (size_t)(begin / w->grain) * LW_LODS_MAX;
    for (uint32_t k = 0; k < LW_LODS_MAX; k++) counts[k] = 0;
    lw_cull_range(w->view, w->positions, w->radii, w->rows, begin, end, w->until_m, w->lods, w->out + begin, w->stride,
                  counts);
}

uint32_t lw_cull_lods_threaded(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                               uint32_t count, const float *until_m, uint32_t lods, uint32_t *out, uint32_t *counts,
                               uint32_t grain, uint32_t *chunk_counts) {
    uint32_t total = 0;
    grain = (LW_MAX(grain, 1u) + 3) & ~3u;
    uint32_t chunks = count / grain + (count % grain != 0), stride = chunks * grain;
    work w = {view, positions, radii, until_m, rows, lods, grain, stride, out, chunk_counts};
    lw_parallel_for(count, grain, cull_chunk, &w);
    for (uint32_t k = 0; k < LW_MAX(lods, 1u); k++) {
        counts[k] = 0;
        for (uint32_t chunk = 0; chunk < chunks; chunk++) {
            uint32_t taken = chunk_counts[(size_t)chunk * LW_LODS_MAX + k];
            lw_copy(out + total, out + (size_t)k * stride + (size_t)chunk * grain, taken * sizeof *out);
            total += taken;
            counts[k] += taken;
        }
    }
    return total;
}
