/* The pressure solver: relaxed Jacobi on pressures >= 0 that take the predicted density to its rest density, warm
 * started from the last step. Each iteration is two gathers: accelerations from pressures, divergence from velocities.
 * pressure means p / density^2 here. */
#include "parallel.h"
#include "sph_state.h"

enum { CHUNK = LW_SPH_GRAIN };
#define RELAXATION 0.5f
/* What is too dense already is spread over about ten steps: all of it in one would turn into speed. */
#define SOFT 0.1f

static inline float total(lw_f4 lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

/* predicted = wanted - dt * (sum of (p_i + p_j) gradient + p_i wall gradient) */
static void predict(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    const float *p = sph->now.pressure;
    for (uint32_t i = begin; i < end; i++) {
        const lw_sph_pairs *pair = sph->pairs + sph->first[i], *last = pair + sph->blocks[i];
        lw_f4 own = lw_splat(p[i]), x = {0}, y = {0}, z = {0};
        for (; pair < last; pair++) {
            lw_f4 both = own + (lw_f4){p[pair->index[0]], p[pair->index[1]], p[pair->index[2]], p[pair->index[3]]};
            x += both * pair->x, y += both * pair->y, z += both * pair->z;
        }
        const float *wanted = sph->wanted + 4 * (size_t)i, *wall = sph->wall + 4 * (size_t)i;
        float *to = sph->predicted + 4 * (size_t)i;
        to[0] = wanted[0] - sph->dt_s * (total(x) + p[i] * wall[0]);
        to[1] = wanted[1] - sph->dt_s * (total(y) + p[i] * wall[1]);
        to[2] = wanted[2] - sph->dt_s * (total(z) + p[i] * wall[2]);
        to[3] = 0.0f;
    }
}

static float change(const lw_sph *sph, uint32_t i) {
    const float *v = sph->predicted;
    const lw_sph_pairs *pair = sph->pairs + sph->first[i], *last = pair + sph->blocks[i];
    lw_f4 own = lw_load_f4(v + 4 * (size_t)i), sum = {0};
    for (; pair < last; pair++) {
        lw_f4 a = own - lw_load_f4(v + 4 * (size_t)pair->index[0]), b = own - lw_load_f4(v + 4 * (size_t)pair->index[1]);
        lw_f4 c = own - lw_load_f4(v + 4 * (size_t)pair->index[2]), d = own - lw_load_f4(v + 4 * (size_t)pair->index[3]);
        lw_f4 low1 = __builtin_shufflevector(a, b, 0, 4, 1, 5), low2 = __builtin_shufflevector(c, d, 0, 4, 1, 5);
        lw_f4 high1 = __builtin_shufflevector(a, b, 2, 6, 3, 7), high2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
        sum += (pair->x * __builtin_shufflevector(low1, low2, 0, 1, 4, 5)
                + pair->y * __builtin_shufflevector(low1, low2, 2, 3, 6, 7))
               + pair->z * __builtin_shufflevector(high1, high2, 0, 1, 4, 5);
    }
    const float *wall = sph->wall + 4 * (size_t)i;
    return total(sum) + ((own[0] * wall[0] + own[1] * wall[1]) + own[2] * wall[2]);
}

static void correct(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    float square_s2 = sph->dt_s * sph->dt_s, least = 0.05f / (sph->reach * sph->reach);
    for (uint32_t i = begin; i < end; i++) {
        float over = sph->density[i] - 1.0f;
        float excess = (over > 0.0f ? SOFT * over : over) + sph->dt_s * change(sph, i);
        float diagonal = sph->diagonal[i] > least ? sph->diagonal[i] : least;
        float p = sph->now.pressure[i] + (RELAXATION * excess) / (square_s2 * diagonal);
        sph->now.pressure[i] = p > 0.0f ? p : 0.0f;
    }
}

static void advance(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    const lw_sph_columns *now = &sph->now;
    float most = (0.4f * sph->reach) / sph->dt_s; /* no particle passes another one within a step */
    for (uint32_t i = begin; i < end; i++) {
        const float *v = sph->predicted + 4 * (size_t)i;
        float square = (v[0] * v[0] + v[1] * v[1]) + v[2] * v[2], keep = 1.0f;
        if (square > most * most) keep = most / lw_root(square);
        float velocity[3] = {v[0] * keep, v[1] * keep, v[2] * keep};
        float at[3] = {now->x[i] + sph->dt_s * velocity[0], now->y[i] + sph->dt_s * velocity[1],
                       now->z[i] + sph->dt_s * velocity[2]};
        lw_sph_push_out(sph, at, velocity);
        now->x[i] = at[0], now->y[i] = at[1], now->z[i] = at[2];
        lw_copy(now->velocity + 4 * (size_t)i, velocity, 12);
    }
}

void lw_sph_solve(lw_sph *sph) {
    for (uint32_t turn = 0; turn < sph->iterations; turn++) {
        lw_parallel_for(sph->count, CHUNK, predict, sph);
        lw_parallel_for(sph->count, CHUNK, correct, sph);
    }
    lw_parallel_for(sph->count, CHUNK, predict, sph);
    lw_parallel_for(sph->count, CHUNK, advance, sph);
}
