/* One visit of each particle's surroundings: neighbours in ascending order, density, the solver's diagonal, and the
 * velocity that gravity and viscosity alone would give. All that needs the kernel is done here, once. */
#include "sph_state.h"

#define SIGMA 3.3422538049298023f /* 21 / (2 pi) */

typedef struct { float density, sx, sy, sz, squares, vx, vy, vz; } sums;

static inline float total(lw_f4 lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

/* The square of the distance from a place to the nearest point of the cells `cell` on one axis. */
static inline float gap_square(const lw_sph *sph, float at, uint32_t cell, int axis) {
    float side = 0.5f * sph->reach, low = (sph->lo[axis] + (float)cell * side) - at, high = at - (sph->lo[axis] + (float)(cell + 1) * side);
    float gap = low > high ? low : high;
    return gap > 0.0f ? gap * gap : 0.0f;
}

/* Rows of cells that the kernel's ball can touch, a little widened so that rounding never leaves one out. */
static uint32_t find_rows(const lw_sph *sph, uint32_t i, uint32_t rows[25]) {
    const uint32_t *cells = sph->cells;
    uint32_t cell = sph->cell_of[i], cy = cell / cells[0] % cells[1], cz = cell / cells[0] / cells[1], count = 0;
    uint32_t y0 = cy > 2 ? cy - 2 : 0, y1 = LW_MIN(cy + 3, cells[1]), z0 = cz > 2 ? cz - 2 : 0, z1 = LW_MIN(cz + 3, cells[2]);
    float limit = 1.001f * (sph->reach * sph->reach), gaps[5];
    for (uint32_t y = y0; y < y1; y++) gaps[y - y0] = gap_square(sph, sph->now.y[i], y, 1);
    for (uint32_t z = z0; z < z1; z++) {
        float gap = gap_square(sph, sph->now.z[i], z, 2);
        for (uint32_t y = y0; y < y1; y++)
            if (gap + gaps[y - y0] < limit) rows[count++] = (z * cells[1] + y) * cells[0];
    }
    return count;
}

/* The indices nearer than the kernel's reach, itself included, to `near`; at most LW_SPH_NEAR_MAX. */
static uint32_t find_near(const lw_sph *sph, uint32_t i, uint32_t *near, uint32_t *dropped) {
    const lw_sph_columns *now = &sph->now;
    uint32_t rows[25], row_count = find_rows(sph, i, rows), count = 0, cx = sph->cell_of[i] % sph->cells[0];
    uint32_t x0 = cx > 2 ? cx - 2 : 0, x1 = LW_MIN(cx + 3, sph->cells[0]);
    lw_f4 x = lw_splat(now->x[i]), y = lw_splat(now->y[i]), z = lw_splat(now->z[i]), limit = lw_splat(sph->reach * sph->reach);
    for (uint32_t k = 0; k < row_count; k++) {
        uint32_t end = sph->starts[rows[k] + x1];
        for (uint32_t j = sph->starts[rows[k] + x0]; j < end; j += 4) {
            lw_f4 dx = x - lw_load_f4(now->x + j), dy = y - lw_load_f4(now->y + j), dz = z - lw_load_f4(now->z + j);
            uint32_t bits = lw_bits((dx * dx + dy * dy) + dz * dz < limit);
            if (end - j < 4) bits &= (1u << (end - j)) - 1;
            count += lw_pack(near + count, j + (lw_u4){0, 1, 2, 3}, bits);
            if (count > LW_SPH_NEAR_MAX) *dropped += count - LW_SPH_NEAR_MAX, count = LW_SPH_NEAR_MAX;
        }
    }
    return count;
}

/* Sums over the neighbours, four lanes side by side; writes their gradients to `pairs`. */
static sums visit(const lw_sph *sph, uint32_t i, const uint32_t *near, uint32_t count, lw_sph_pairs *pairs) {
    const lw_sph_columns *now = &sph->now;
    float inverse = 1.0f / sph->reach, scale = (sph->mass * SIGMA) * ((inverse * inverse) * inverse);
    lw_f4 x = lw_splat(now->x[i]), y = lw_splat(now->y[i]), z = lw_splat(now->z[i]), w = lw_splat(scale);
    lw_f4 slope = lw_splat((-20.0f * scale) * (inverse * inverse)), q_scale = lw_splat(inverse);
    lw_f4 own = lw_load_f4(now->velocity + 4 * (size_t)i);
    lw_f4 density = {0}, sx = {0}, sy = {0}, sz = {0}, squares = {0}, vx = {0}, vy = {0}, vz = {0};
    for (uint32_t k = 0; k < count; k += 4, pairs++) {
        uint32_t a = near[k], b = near[k + 1], c = near[k + 2], d = near[k + 3];
        lw_f4 dx = x - (lw_f4){now->x[a], now->x[b], now->x[c], now->x[d]};
        lw_f4 dy = y - (lw_f4){now->y[a], now->y[b], now->y[c], now->y[d]};
        lw_f4 dz = z - (lw_f4){now->z[a], now->z[b], now->z[c], now->z[d]};
        lw_f4 q = lw_root4((dx * dx + dy * dy) + dz * dz) * q_scale, t = 1.0f - q, t3 = (t * t) * t, force = slope * t3;
        lw_f4 weight = (w * (t3 * t)) * (4.0f * q + 1.0f);
        if (count - k < 4) { /* left-over lanes weigh nothing; they are the particle itself, so their gradient is 0 */
            lw_i4 real = (lw_i4){0, 1, 2, 3} < (int32_t)(count - k);
            weight = (lw_f4)((lw_i4)weight & real);
        }
        *pairs = (lw_sph_pairs){{a, b, c, d}, force * dx, force * dy, force * dz};
        density += weight;
        sx += pairs->x, sy += pairs->y, sz += pairs->z;
        squares += (pairs->x * pairs->x + pairs->y * pairs->y) + pairs->z * pairs->z;
        lw_f4 va = lw_load_f4(now->velocity + 4 * (size_t)a) - own, vb = lw_load_f4(now->velocity + 4 * (size_t)b) - own;
        lw_f4 vc = lw_load_f4(now->velocity + 4 * (size_t)c) - own, vd = lw_load_f4(now->velocity + 4 * (size_t)d) - own;
        lw_f4 low1 = __builtin_shufflevector(va, vb, 0, 4, 1, 5), low2 = __builtin_shufflevector(vc, vd, 0, 4, 1, 5);
        lw_f4 high1 = __builtin_shufflevector(va, vb, 2, 6, 3, 7), high2 = __builtin_shufflevector(vc, vd, 2, 6, 3, 7);
        vx += weight * __builtin_shufflevector(low1, low2, 0, 1, 4, 5);
        vy += weight * __builtin_shufflevector(low1, low2, 2, 3, 6, 7);
        vz += weight * __builtin_shufflevector(high1, high2, 0, 1, 4, 5);
    }
    return (sums){total(density), total(sx), total(sy), total(sz), total(squares), total(vx), total(vy), total(vz)};
}

static void keep(lw_sph *sph, uint32_t i, sums found) {
    const float at[3] = {sph->now.x[i], sph->now.y[i], sph->now.z[i]}, *own = sph->now.velocity + 4 * (size_t)i;
    float *wall = sph->wall + 4 * (size_t)i, *wanted = sph->wanted + 4 * (size_t)i;
    sph->density[i] = found.density + lw_sph_wall_density(sph, at, wall);
    wall[3] = 0.0f;
    float x = found.sx + wall[0], y = found.sy + wall[1], z = found.sz + wall[2];
    sph->diagonal[i] = ((x * x + y * y) + z * z) + found.squares;
    wanted[0] = (own[0] + sph->dt_s * sph->gravity[0]) + sph->viscosity * found.vx;
    wanted[1] = (own[1] + sph->dt_s * sph->gravity[1]) + sph->viscosity * found.vy;
    wanted[2] = (own[2] + sph->dt_s * sph->gravity[2]) + sph->viscosity * found.vz;
    wanted[3] = 0.0f;
}

void lw_sph_neighbours(void *context, uint32_t begin, uint32_t end) {
    lw_sph *sph = context;
    static _Thread_local uint32_t near[LW_SPH_NEAR_MAX + 8];
    uint32_t chunk = begin / LW_SPH_GRAIN, used = 0, dropped = 0;
    lw_sph_pairs *pool = sph->pairs + (size_t)chunk * LW_SPH_POOL_BLOCKS;
    for (uint32_t i = begin; i < end; i++) {
        uint32_t count = find_near(sph, i, near, &dropped), room = 4 * (LW_SPH_POOL_BLOCKS - used);
        if (count > room) dropped += count - room, count = room;
        for (uint32_t k = count; k & 3; k++) near[k] = i;
        keep(sph, i, visit(sph, i, near, count, pool + used));
        sph->first[i] = chunk * LW_SPH_POOL_BLOCKS + used;
        sph->blocks[i] = (count + 3) / 4;
        used += sph->blocks[i];
    }
    sph->dropped[chunk] = dropped;
}
