/* One visit of each particle's surroundings: neighbours in ascending order, density, the solver's diagonal, and the
 * velocity that gravity and viscosity alone would give. All that needs the kernel is done here, once. */
#include "sph_state.h"

#define SIGMA 3.3422538049298023f /* 21 / (2 pi) */

typedef struct { float density, sx, sy, sz, squares, velocity[3]; } sums;

static inline float total(lw_f4 lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

/* Particles one behind the other in a row of cells: they look through the same candidates. */
enum { GROUP = 8, GROUP_CELLS = 4, CANDIDATES = 512 };
typedef struct {
    uint32_t first, count, candidates, dropped, found[GROUP];
    float x[CANDIDATES + 4], y[CANDIDATES + 4], z[CANDIDATES + 4];
    uint32_t index[CANDIDATES + 4], near[GROUP][LW_SPH_NEAR_MAX + 8];
} group;

/* What is nearer than the kernel's reach, itself included, in ascending order; at most LW_SPH_NEAR_MAX. */
static void test_one(const lw_sph *sph, group *g, uint32_t k) {
    const lw_sph_columns *now = &sph->now;
    uint32_t i = g->first + k, count = g->found[k], *near = g->near[k];
    lw_f4 x = lw_splat(now->x[i]), y = lw_splat(now->y[i]), z = lw_splat(now->z[i]), limit = lw_splat(sph->reach * sph->reach);
    for (uint32_t j = 0; j < g->candidates; j += 4) {
        lw_f4 dx = x - lw_load_f4(g->x + j), dy = y - lw_load_f4(g->y + j), dz = z - lw_load_f4(g->z + j);
        count += lw_pack(near + count, lw_load_u4(g->index + j), lw_bits((dx * dx + dy * dy) + dz * dz < limit));
        if (count > LW_SPH_NEAR_MAX) g->dropped += count - LW_SPH_NEAR_MAX, count = LW_SPH_NEAR_MAX;
    }
    g->found[k] = count;
}

static void test_all(const lw_sph *sph, group *g) {
    lw_f4 far = lw_splat(3e38f); /* lanes behind the last candidate: never near */
    __builtin_memcpy(g->x + g->candidates, &far, sizeof far);
    for (uint32_t k = 0; k < g->count; k++) test_one(sph, g, k);
    g->candidates = 0;
}

/* Adds a row's particles to the candidates, four at a time: what is copied beyond the end is written over. */
static void take(const lw_sph *sph, group *g, uint32_t from, uint32_t end) {
    const lw_sph_columns *now = &sph->now;
    while (from < end) {
        uint32_t part = LW_MIN(end - from, CANDIDATES - g->candidates);
        for (uint32_t j = 0; j < part; j += 4) {
            uint32_t to = g->candidates + j, at = from + j;
            __builtin_memcpy(g->x + to, now->x + at, 16);
            __builtin_memcpy(g->y + to, now->y + at, 16);
            __builtin_memcpy(g->z + to, now->z + at, 16);
            lw_store_u4(g->index + to, at + (lw_u4){0, 1, 2, 3});
        }
        g->candidates += part, from += part;
        if (g->candidates == CANDIDATES) test_all(sph, g);
    }
}

/* The square of the gap between an interval and the cells `cell` on one axis. */
static inline float gap_square(const lw_sph *sph, const float bounds[2], uint32_t cell, int axis) {
    float side = 0.5f * sph->reach, low = (sph->lo[axis] + (float)cell * side) - bounds[1];
    float high = bounds[0] - (sph->lo[axis] + (float)(cell + 1) * side), gap = low > high ? low : high;
    return gap > 0.0f ? gap * gap : 0.0f;
}

static void bounds_of(const float *values, uint32_t count, float bounds[2]) {
    bounds[0] = bounds[1] = values[0];
    for (uint32_t k = 1; k < count; k++) {
        if (values[k] < bounds[0]) bounds[0] = values[k];
        if (values[k] > bounds[1]) bounds[1] = values[k];
    }
}

/* Goes through the rows of cells that a kernel's ball can touch, a little widened so that rounding never leaves one out. */
static void find_near(const lw_sph *sph, group *g) {
    const uint32_t *cells = sph->cells, *cell_of = sph->cell_of + g->first;
    uint32_t row = cell_of[0] / cells[0], cy = row % cells[1], cz = row / cells[1], begin = row * cells[0];
    uint32_t x0 = cell_of[0] - begin, x1 = LW_MIN(cell_of[g->count - 1] - begin + 3, cells[0]);
    uint32_t y0 = cy > 2 ? cy - 2 : 0, y1 = LW_MIN(cy + 3, cells[1]), z0 = cz > 2 ? cz - 2 : 0, z1 = LW_MIN(cz + 3, cells[2]);
    float limit = 1.001f * (sph->reach * sph->reach), gaps[5], y[2], z[2];
    x0 = x0 > 2 ? x0 - 2 : 0;
    bounds_of(sph->now.y + g->first, g->count, y);
    bounds_of(sph->now.z + g->first, g->count, z);
    for (uint32_t k = y0; k < y1; k++) gaps[k - y0] = gap_square(sph, y, k, 1);
    for (uint32_t slice = z0; slice < z1; slice++) {
        float gap = gap_square(sph, z, slice, 2);
        for (uint32_t k = y0; k < y1; k++) {
            const uint32_t *starts = sph->starts + (slice * cells[1] + k) * cells[0];
            if (gap + gaps[k - y0] < limit) take(sph, g, starts[x0], starts[x1]);
        }
    }
    test_all(sph, g);
}

/* The group from `first` on: in one row of cells, over at most GROUP_CELLS of them. */
static void start_group(const lw_sph *sph, group *g, uint32_t first, uint32_t end) {
    uint32_t cell = sph->cell_of[first], row_end = (cell / sph->cells[0] + 1) * sph->cells[0];
    uint32_t until = LW_MIN(cell + GROUP_CELLS, row_end), count = 1;
    while (count < GROUP && first + count < end && sph->cell_of[first + count] < until) count++;
    g->first = first, g->count = count, g->candidates = 0;
    lw_zero(g->found, sizeof g->found);
}

/* Four rows of four floats, turned: the first three columns. */
#define TURN(a, b, c, d, x, y, z)                                                                                        \
    lw_f4 low1_##x = __builtin_shufflevector(a, b, 0, 4, 1, 5), low2_##x = __builtin_shufflevector(c, d, 0, 4, 1, 5);     \
    lw_f4 high1_##x = __builtin_shufflevector(a, b, 2, 6, 3, 7), high2_##x = __builtin_shufflevector(c, d, 2, 6, 3, 7);   \
    lw_f4 x = __builtin_shufflevector(low1_##x, low2_##x, 0, 1, 4, 5), y = __builtin_shufflevector(low1_##x, low2_##x, 2, 3, 6, 7); \
    lw_f4 z = __builtin_shufflevector(high1_##x, high2_##x, 0, 1, 4, 5)

/* Sums over the neighbours, four lanes side by side; writes their gradients to `pairs`. */
static sums visit(const lw_sph *sph, uint32_t i, const uint32_t *near, uint32_t count, lw_sph_pairs *pairs) {
    const lw_sph_columns *now = &sph->now;
    const float *places = sph->places, *velocity = now->velocity;
    float inverse = 1.0f / sph->reach, scale = (sph->mass * SIGMA) * ((inverse * inverse) * inverse);
    lw_f4 x = lw_splat(now->x[i]), y = lw_splat(now->y[i]), z = lw_splat(now->z[i]), w = lw_splat(scale);
    lw_f4 slope = lw_splat((-20.0f * scale) * (inverse * inverse)), q_scale = lw_splat(inverse);
    lw_f4 density = {0}, sx = {0}, sy = {0}, sz = {0}, squares = {0}, vx = {0}, vy = {0}, vz = {0};
    for (uint32_t k = 0; k < count; k += 4, pairs++) {
        size_t a = near[k], b = near[k + 1], c = near[k + 2], d = near[k + 3];
        TURN(lw_load_f4(places + 4 * a), lw_load_f4(places + 4 * b), lw_load_f4(places + 4 * c), lw_load_f4(places + 4 * d),
             ax, ay, az);
        lw_f4 dx = x - ax, dy = y - ay, dz = z - az;
        lw_f4 q = lw_root4((dx * dx + dy * dy) + dz * dz) * q_scale, t = 1.0f - q, t3 = (t * t) * t, force = slope * t3;
        lw_f4 weight = (w * (t3 * t)) * (4.0f * q + 1.0f);
        if (count - k < 4) { /* left-over lanes weigh nothing; they are the particle itself, so their gradient is 0 */
            lw_i4 real = (lw_i4){0, 1, 2, 3} < (int32_t)(count - k);
            weight = (lw_f4)((lw_i4)weight & real);
        }
        *pairs = (lw_sph_pairs){{near[k], near[k + 1], near[k + 2], near[k + 3]}, force * dx, force * dy, force * dz};
        density += weight;
        sx += pairs->x, sy += pairs->y, sz += pairs->z;
        squares += (pairs->x * pairs->x + pairs->y * pairs->y) + pairs->z * pairs->z;
        TURN(lw_load_f4(velocity + 4 * a), lw_load_f4(velocity + 4 * b), lw_load_f4(velocity + 4 * c),
             lw_load_f4(velocity + 4 * d), ux, uy, uz);
        vx += weight * ux, vy += weight * uy, vz += weight * uz;
    }
    return (sums){total(density), total(sx), total(sy), total(sz), total(squares),
                  {total(vx), total(vy), total(vz)}};
}

static void keep(lw_sph *sph, uint32_t i, sums found) {
    const float at[3] = {sph->now.x[i], sph->now.y[i], sph->now.z[i]}, *own = sph->now.velocity + 4 * (size_t)i;
    float *whole = sph->whole + 4 * (size_t)i, *wanted = sph->wanted + 4 * (size_t)i;
    sph->density[i] = found.density + lw_sph_wall_density(sph, at, whole);
    float x = found.sx + whole[0], y = found.sy + whole[1], z = found.sz + whole[2];
    whole[0] = x, whole[1] = y, whole[2] = z, whole[3] = 0.0f;
    sph->diagonal[i] = ((x * x + y * y) + z * z) + found.squares;
    for (int k = 0; k < 3; k++) {
        float drag = found.velocity[k] - own[k] * found.density;
        wanted[k] = (own[k] + sph->dt_s * sph->gravity[k]) + sph->drag * drag;
    }
    wanted[3] = 0.0f;
}

void lw_sph_neighbours(void *context, uint32_t begin, uint32_t end) {
    lw_sph *sph = context;
    static _Thread_local group g;
    uint32_t chunk = begin / LW_SPH_GRAIN, used = 0;
    lw_sph_pairs *pool = sph->pairs + (size_t)chunk * LW_SPH_POOL_BLOCKS;
    g.dropped = 0;
    for (uint32_t first = begin; first < end; first += g.count) {
        start_group(sph, &g, first, end);
        find_near(sph, &g);
        for (uint32_t k = 0; k < g.count; k++) {
            uint32_t i = first + k, count = g.found[k], room = 4 * (LW_SPH_POOL_BLOCKS - used), *near = g.near[k];
            if (count > room) g.dropped += count - room, count = room;
            for (uint32_t j = count; j & 3; j++) near[j] = i;
            keep(sph, i, visit(sph, i, near, count, pool + used));
            sph->first[i] = chunk * LW_SPH_POOL_BLOCKS + used;
            sph->blocks[i] = (count + 3) / 4;
            used += sph->blocks[i];
        }
    }
    sph->dropped[chunk] = g.dropped;
}
