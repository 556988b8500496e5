/* An inner step: flows from levels, how much of its outflow each cell can feed, then depths and the flows that were fed.
 * Three sweeps; each cell writes only its own. */
#include "parallel.h"
#include "shallow_state.h"

static inline lw_f4 choose(lw_i4 mask, lw_f4 yes, lw_f4 no) { return (lw_f4)((mask & (lw_i4)yes) | (~mask & (lw_i4)no)); }
static inline lw_f4 larger(lw_f4 a, lw_f4 b) { return choose(a > b, a, b); }
static inline lw_f4 positive(lw_f4 a) { return choose(a > (lw_f4){0}, a, (lw_f4){0}); }
static inline void store(float *to, lw_f4 value) { __builtin_memcpy(to, &value, sizeof value); }

/* Across the face, the water stands as high as the higher level above the higher ground; it flows at most half a cell
 * an inner step. */
static inline lw_f4 flow_between(lw_f4 flow, lw_f4 level, lw_f4 ground, lw_f4 other_level, lw_f4 other_ground, lw_f4 push,
                                 lw_f4 damping, lw_f4 speed_max) {
    lw_f4 height = positive(larger(level, other_level) - larger(ground, other_ground)), most = speed_max * height;
    lw_f4 next = flow * damping + (push * height) * (level - other_level);
    next = choose(next > most, most, next);
    return choose(next < -most, -most, next);
}

static void flows(void *context, uint32_t begin, uint32_t end) {
    const lw_shallow *water = context;
    lw_f4 push = lw_splat((water->dt_s * water->gravity) / water->cell_m), damping = lw_splat(water->damping);
    lw_f4 speed_max = lw_splat((0.5f * water->cell_m) / water->dt_s);
    for (uint32_t row = begin; row < end; row++) {
        size_t first = lw_shallow_at(water, row), last = first + water->columns;
        for (size_t i = first; i < last; i += 4) {
            const float *b = water->ground + i, *h = water->depth + i;
            lw_f4 ground = lw_load_f4(b), level = ground + lw_load_f4(h), right = lw_load_f4(b + 1);
            lw_f4 below = lw_load_f4(b + water->stride);
            store(water->flow_x + i, flow_between(lw_load_f4(water->flow_x + i), level, ground,
                  right + lw_load_f4(h + 1), right, push, damping, speed_max));
            store(water->flow_z + i, flow_between(lw_load_f4(water->flow_z + i), level, ground,
                  below + lw_load_f4(h + water->stride), below, push, damping, speed_max));
        }
    }
}

static void shares(void *context, uint32_t begin, uint32_t end) {
    const lw_shallow *water = context;
    lw_f4 dt = lw_splat(water->dt_s), cell = lw_splat(water->cell_m), one = lw_splat(1.0f);
    for (uint32_t row = begin; row < end; row++) {
        size_t first = lw_shallow_at(water, row), last = first + water->columns;
        for (size_t i = first; i < last; i += 4) {
            const float *x = water->flow_x + i, *z = water->flow_z + i;
            lw_f4 out = (positive(lw_load_f4(x)) + positive(-lw_load_f4(x - 1)))
                        + (positive(lw_load_f4(z)) + positive(-lw_load_f4(z - water->stride)));
            lw_f4 wanted = dt * out, there = lw_load_f4(water->depth + i) * cell;
            store(water->keep + i, choose(wanted > there, there / wanted, one));
        }
    }
}

static inline lw_f4 fed(const float *flow, const float *keep, size_t next) {
    lw_f4 value = lw_load_f4(flow);
    return value * choose(value > (lw_f4){0}, lw_load_f4(keep), lw_load_f4(keep + next));
}

static void depths(void *context, uint32_t begin, uint32_t end) {
    const lw_shallow *water = context;
    size_t stride = water->stride;
    lw_f4 scale = lw_splat(water->dt_s / water->cell_m);
    for (uint32_t row = begin; row < end; row++) {
        size_t first = lw_shallow_at(water, row), last = first + water->columns;
        lw_f4 deepest = {0};
        for (size_t i = first; i < last; i += 4) {
            const float *x = water->flow_x + i, *z = water->flow_z + i, *keep = water->keep + i;
            lw_f4 right = fed(x, keep, 1), below = fed(z, keep, stride);
            lw_f4 left = fed(x - 1, keep - 1, 1), above = fed(z - stride, keep - stride, stride);
            lw_f4 depth = positive(lw_load_f4(water->depth + i) + scale * ((left - right) + (above - below)));
            store(water->depth + i, depth);
            store(water->next_x + i, right);
            store(water->next_z + i, below);
            deepest = larger(deepest, depth);
        }
        float most = deepest[0];
        for (int lane = 1; lane < 4; lane++) most = deepest[lane] > most ? deepest[lane] : most;
        water->deepest[row] = most;
    }
}

static void pour(lw_shallow *water, const lw_shallow_source_row *source) {
    float amount = source->rate * water->dt_s;
    for (uint32_t row = 0; row < water->rows; row++) {
        float dz = (float)row - source->row;
        if (dz * dz > source->radius * source->radius) continue;
        float *depth = water->depth + lw_shallow_at(water, row);
        for (uint32_t column = 0; column < water->columns; column++) {
            float dx = (float)column - source->column;
            if (dx * dx + dz * dz > source->radius * source->radius) continue;
            float next = depth[column] + amount;
            depth[column] = next > 0.0f ? next : 0.0f;
            if (next > water->deepest[row]) water->deepest[row] = next;
        }
    }
}

void lw_shallow_inner_step(lw_shallow *water) {
    lw_parallel_for(water->rows, LW_SHALLOW_GRAIN, flows, water);
    lw_parallel_for(water->rows, LW_SHALLOW_GRAIN, shares, water);
    lw_parallel_for(water->rows, LW_SHALLOW_GRAIN, depths, water);
    float *x = water->flow_x, *z = water->flow_z;
    water->flow_x = water->next_x, water->flow_z = water->next_z;
    water->next_x = x, water->next_z = z;
    for (uint32_t k = 0; k < water->sources; k++) pour(water, water->source + k);
}

float lw_shallow_deepest(const lw_shallow *water) {
    float most = 0.0f;
    for (uint32_t row = 0; row < water->rows; row++) most = water->deepest[row] > most ? water->deepest[row] : most;
    return most;
}
