/* The order of a step: sort, how many sub-steps, and in each the neighbours, the solver and the sort for the next one. */
#include "parallel.h"
#include "sph_state.h"

enum { CHUNK = LW_SPH_GRAIN };
/* In a sub-step nothing goes further than this share of the spacing, at the speed that its pressure could give it.
 * Still columns collapse beyond 1.3: the solver's forces are balanced only for the places where they were found. */
#define SHARE 1.0f

/* The mean of speed^2 + 2 p of each chunk (Bernoulli): 2 g h at the foot of still water of height h. */
static void find_heads(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    float sum = 0.0f;
    for (uint32_t i = begin; i < end; i++) {
        const float *v = sph->now.velocity + 4 * (size_t)i;
        sum = sum + (((v[0] * v[0] + v[1] * v[1]) + v[2] * v[2]) + 2.0f * sph->now.pressure[i]);
    }
    sph->error[begin / CHUNK] = sum / (float)(end - begin);
}

static uint32_t count_substeps(lw_sph *sph, float dt_s) {
    float most = 0.0f;
    lw_parallel_for(sph->count, CHUNK, find_heads, sph);
    for (uint32_t k = 0; k * CHUNK < sph->count; k++)
        if (sph->error[k] > most) most = sph->error[k];
    float steps = (dt_s * lw_root(most)) / (SHARE * sph->spacing);
    return steps < (float)(LW_SPH_SUBSTEPS_MAX - 1) ? (uint32_t)steps + 1 : LW_SPH_SUBSTEPS_MAX;
}

void lw_sph_advance(lw_sph *sph, float dt_s) {
    lw_sph_sort(sph);
    sph->substeps = count_substeps(sph, dt_s), sph->turns = 0;
    sph->dt_s = dt_s / (float)sph->substeps;
    sph->drag = sph->viscosity / (float)sph->substeps;
    for (uint32_t k = 0; k < sph->substeps; k++) {
        if (k > 0) lw_sph_sort(sph);
        lw_parallel_for(sph->count, LW_SPH_GRAIN, lw_sph_neighbours, sph);
        lw_sph_solve(sph);
    }
}
