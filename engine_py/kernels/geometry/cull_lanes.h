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

static inline lw_axes4 lw_relative4(const float *view, lw_axes4 at) {
    return (lw_axes4){(at.x - view[0]) - view[4], (at.y - view[1]) - view[5], (at.z - view[2]) - view[6]};
}

static inline lw_f4 lw_square4(lw_axes4 at) { return (at.x * at.x + at.y * at.y) + at.z * at.z; }

static inline lw_i4 lw_sees4(const float *view, lw_axes4 at, lw_f4 radius) {
    if (view[3] >= 0.0f) return (lw_i4)(lw_square4(at) < (radius + view[3]) * (radius + view[3]));
    lw_i4 inside = {-1, -1, -1, -1};
    for (int p = 8; p < LW_VIEW_FLOATS; p += 4)
        inside &= (lw_i4)((((at.x * view[p] + at.y * view[p + 1]) + at.z * view[p + 2]) + view[p + 3]) + radius
                          LW_INSIDE 0.0f);
    return inside;
}

/* Spheres begin .. end of a run; level k goes to out + k * stride, and `counts` is raised. Each level has at most as
 * many rows as spheres were looked at, so a store of four never leaves a region of `stride` >= that, rounded up to 4. */
static inline void lw_cull_range(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                                 uint32_t begin, uint32_t end, const float *until_m, uint32_t lods, uint32_t *out,
                                 uint32_t stride, uint32_t *counts) {
    uint32_t i = begin;
    for (; i + 4 <= end; i += 4) {
        lw_axes4 at = lw_relative4(view, lw_load_axes(positions, rows + i));
        lw_i4 seen = lw_sees4(view, at, lw_load_f4(radii + i));
        uint32_t bits = lw_bits(seen);
        if (bits == 0) continue;
        lw_u4 row = lw_load_u4(rows + i);
        if (lods == 0) {
            counts[0] += lw_pack(out + counts[0], row, bits);
            continue;
        }
        lw_f4 distance = lw_root4(lw_square4(at));
        float near = 0.0f;
        for (uint32_t k = 0; k < lods; near = until_m[k++]) {
            bits = lw_bits(seen & (lw_i4)(distance >= near) & (lw_i4)(distance < until_m[k]));
            counts[k] += lw_pack(out + (size_t)k * stride + counts[k], row, bits);
        }
    }
    for (; i < end; i++) {
        lw_axes at = lw_relative(view, positions + 3 * (size_t)rows[i]);
        if (!lw_sees(view, at, radii[i])) continue;
        uint32_t k = lods == 0 ? 0 : lw_level(lw_root(lw_square(at)), until_m, lods);
        if (lods == 0 || k < lods) out[(size_t)k * stride + counts[k]++] = rows[i];
    }
}

#endif
