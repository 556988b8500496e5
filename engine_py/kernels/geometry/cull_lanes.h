/* The inner loop of culling, four spheres at a time, and the same for one: cull.h has the contract and the order of
 * arithmetic. Shared by cull.c and threads/cull_threads.c. */
#ifndef LW_CULL_LANES_H
#define LW_CULL_LANES_H

#include "cull.h"
#include "simd.h"

/* A plane's distance must be at least 0. LW_PLANT_CULL is a fault for the tests of the tests. */
#ifdef LW_PLANT_CULL
#define LW_INSIDE >
#else
#define LW_INSIDE >=
#endif

typedef struct { lw_f4 x, y, z; } lw_axes4;
typedef struct { float x, y, z; } lw_axes;

static inline lw_axes lw_relative(const float *view, const float *position) {
    return (lw_axes){(position[0] - view[0]) - view[4], (position[1] - view[1]) - view[5],
                     (position[2] - view[2]) - view[6]};
}

static inline float lw_square(lw_axes at) { return (at.x * at.x + at.y * at.y) + at.z * at.z; }

static inline bool lw_sees(const float *view, lw_axes at, float radius) {
    if (view[3] >= 0.0f) return lw_square(at) < (radius + view[3]) * (radius + view[3]);
    bool inside = true;
    for (const float *plane = view + 8; plane < view + LW_VIEW_FLOATS; plane += 4)
        inside &= (((at.x * plane[0] + at.y * plane[1]) + at.z * plane[2]) + plane[3]) + radius LW_INSIDE 0.0f;
    return inside;
}

/* The level of a distance, or `lods` where it is in none. */
static inline uint32_t lw_level(float distance, const float *until_m, uint32_t lods) {
    float near = 0.0f;
    for (uint32_t k = 0; k < lods; near = until_m[k++])
        if (distance >= near && distance < until_m[k]) return k;
    return lods;
}

/* Rows that follow each other are three loads; others are gathered. */
static inline lw_axes4 lw_load_axes(const float *positions, const uint32_t *rows) {
    lw_u4 row = lw_load_u4(rows);
    if (lw_bits((lw_i4)(row == row[0] + (lw_u4){0, 1, 2, 3})) == 15) {
        const float *from = positions + 3 * (size_t)row[0];
        lw_f4 a = lw_load_f4(from), b = lw_load_f4(from + 4), c = lw_load_f4(from + 8);
        lw_f4 ab = __builtin_shufflevector(a, b, 0, 3, 6, 0), bc = __builtin_shufflevector(b, c, 0, 3, 6, 0);
        lw_f4 mid = __builtin_shufflevector(a, b, 1, 4, 7, 0), end = __builtin_shufflevector(a, b, 2, 5, 0, 0);
        return (lw_axes4){__builtin_shufflevector(ab, c, 0, 1, 2, 5), __builtin_shufflevector(mid, bc, 0, 1, 2, 6),
                          __builtin_shufflevector(end, c, 0, 1, 4, 7)};
    }
    const float *p = positions + 3 * (size_t)row[0], *q = positions + 3 * (size_t)row[1];
    const float *r = positions + 3 * (size_t)row[2], *s = positions + 3 * (size_t)row[3];
    return (lw_axes4){{p[0], q[0], r[0], s[0]}, {p[1], q[1], r[1], s[1]}, {p[2], q[2], r[2], s[2]}};
}

/* A view, spread over lanes once a range: what is stored between may not make the compiler load it again. */
typedef struct {
    lw_f4 high[3], low[3], planes[5][4], reach;
    bool by_reach;
} lw_lens;

static inline lw_lens lw_lens_of(const float *view) {
    lw_lens lens = {.reach = lw_splat(view[3]), .by_reach = view[3] >= 0.0f};
    for (int axis = 0; axis < 3; axis++) {
        lens.high[axis] = lw_splat(view[axis]);
        lens.low[axis] = lw_splat(view[4 + axis]);
    }
    for (int p = 0; p < 20; p++) lens.planes[p / 4][p % 4] = lw_splat(view[8 + p]);
    return lens;
}

static inline lw_axes4 lw_relative4(const lw_lens *lens, lw_axes4 at) {
    return (lw_axes4){(at.x - lens->high[0]) - lens->low[0], (at.y - lens->high[1]) - lens->low[1],
                      (at.z - lens->high[2]) - lens->low[2]};
}

static inline lw_f4 lw_square4(lw_axes4 at) { return (at.x * at.x + at.y * at.y) + at.z * at.z; }

static inline lw_i4 lw_inside4(const lw_lens *lens, lw_axes4 at, lw_f4 radius) {
    lw_i4 inside = {-1, -1, -1, -1};
    for (int p = 0; p < 5; p++) {
        const lw_f4 *plane = lens->planes[p];
        inside &= (lw_i4)((((at.x * plane[0] + at.y * plane[1]) + at.z * plane[2]) + plane[3]) + radius
                          LW_INSIDE lw_splat(0.0f));
    }
    return inside;
}

static inline lw_i4 lw_sees4(const lw_lens *lens, lw_axes4 at, lw_f4 square, lw_f4 radius) {
    if (!lens->by_reach) return lw_inside4(lens, at, radius);
    return (lw_i4)(square < (radius + lens->reach) * (radius + lens->reach));
}

/* Spheres of one piece that are seen, packed: their rows and squared distances. Returns how many. No branch depends on
 * what is seen, which no predictor could guess. Room for size rounded up to 4 in both. */
static inline uint32_t lw_seen_of(const float *view, const lw_lens *lens, const float *positions, const float *radii,
                                  const uint32_t *rows, uint32_t size, uint32_t *seen, uint32_t *squares) {
    uint32_t taken = 0, i = 0;
    for (; i + 4 <= size; i += 4) {
        lw_axes4 at = lw_relative4(lens, lw_load_axes(positions, rows + i));
        lw_f4 square = lw_square4(at);
        uint32_t bits = lw_bits(lw_sees4(lens, at, square, lw_load_f4(radii + i)));
        lw_pack(squares + taken, (lw_u4)square, bits);
        taken += lw_pack(seen + taken, lw_load_u4(rows + i), bits);
    }
    for (; i < size; i++) {
        lw_axes at = lw_relative(view, positions + 3 * (size_t)rows[i]);
        if (!lw_sees(view, at, radii[i])) continue;
        float square = lw_square(at);
        __builtin_memcpy(squares + taken, &square, sizeof square);
        seen[taken++] = rows[i];
    }
    return taken;
}

enum { LW_PIECE = 256 }; /* spheres between the two steps: their rows and distances stay in the first cache */

/* Spheres begin .. end of a run; level k goes to out + k * stride, and `counts` is raised. Each level has at most as
 * many rows as spheres were looked at, so a store of four never leaves a region of `stride` >= that, rounded up to 4. */
static inline void lw_cull_range(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                                 uint32_t begin, uint32_t end, const float *until_m, uint32_t lods, uint32_t *out,
                                 uint32_t stride, uint32_t *counts) {
    uint32_t seen[LW_PIECE], squares[LW_PIECE];
    lw_lens lens = lw_lens_of(view);
    for (uint32_t at = begin; at < end; at += LW_PIECE) {
        uint32_t size = LW_MIN(end - at, (uint32_t)LW_PIECE);
        if (lods == 0) {
            counts[0] += lw_seen_of(view, &lens, positions, radii + at, rows + at, size, out + counts[0], squares);
            continue;
        }
        uint32_t taken = lw_seen_of(view, &lens, positions, radii + at, rows + at, size, seen, squares);
        for (uint32_t i = 0; i < taken; i += 4) {
            uint32_t lanes = taken - i >= 4 ? 15 : (1u << (taken - i)) - 1;
            lw_f4 distance = lw_root4((lw_f4)lw_load_u4(squares + i));
            lw_u4 row = lw_load_u4(seen + i);
            lw_i4 beyond = (lw_i4)(distance >= lw_splat(0.0f));
            for (uint32_t k = 0; k < lods; k++) {
                lw_i4 before = (lw_i4)(distance < lw_splat(until_m[k]));
                counts[k] += lw_pack(out + (size_t)k * stride + counts[k], row, lw_bits(beyond & before) & lanes);
                beyond = (lw_i4)(distance >= lw_splat(until_m[k]));
            }
        }
    }
}

#endif
