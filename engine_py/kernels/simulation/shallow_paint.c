#include "shallow_paint.h"

#include "error.h"
#include "parallel.h"
#include "shallow_state.h"

typedef struct {
    const lw_shallow *water;
    uint32_t *out, low_rgb, high_rgb, water_rgb;
    float low_m, span_m, deep_m;
} painting;

static inline lw_f4 choose(lw_i4 mask, lw_f4 yes, lw_f4 no) { return (lw_f4)((mask & (lw_i4)yes) | (~mask & (lw_i4)no)); }

/* floor(scale * value) of values clamped to least..most, both 0 or above. */
static inline lw_u4 whole(lw_f4 value, float least, float most, float scale) {
    value = choose(value < lw_splat(least), lw_splat(least), value);
    value = choose(value > lw_splat(most), lw_splat(most), value);
    return (lw_u4)__builtin_convertvector(lw_splat(scale) * value, lw_i4);
}

static inline lw_u4 mix(lw_u4 a, lw_u4 b, lw_u4 share) { return (a * (256 - share) + b * share) >> 8; }

static inline lw_u4 painted(const painting *p, lw_u4 height, lw_u4 wet, lw_u4 light) {
    lw_u4 pixel = (lw_u4){} + 0xff000000u;
    for (uint32_t shift = 0; shift < 24; shift += 8) {
        lw_u4 low = (lw_u4){} + (p->low_rgb >> shift & 255), high = (lw_u4){} + (p->high_rgb >> shift & 255);
        lw_u4 lit = mix(mix(low, high, height), (lw_u4){} + (p->water_rgb >> shift & 255), wet) * light >> 8;
        lw_u4 over = (lw_u4)(lit > 255);
        pixel |= ((over & 255) | (~over & lit)) << shift;
    }
    return pixel;
}

static inline lw_f4 level_at(const lw_shallow *water, size_t at) {
    return lw_load_f4(water->ground + at) + lw_load_f4(water->depth + at);
}

/* Four cells; lanes behind the last column are computed from what lies there and not stored. */
static lw_u4 paint_four(const painting *p, size_t at, size_t north, size_t south, uint32_t column) {
    const lw_shallow *water = p->water;
    lw_f4 ground = lw_load_f4(water->ground + at), depth = lw_load_f4(water->depth + at), level = ground + depth;
    lw_f4 west = level_at(water, at - 1), east = level_at(water, at + 1);
    if (column == 0) west[0] = level[0];
    if (water->columns - column <= 4) east[water->columns - column - 1] = level[water->columns - column - 1];
    lw_f4 slope = (west - east) + (level_at(water, at - north) - level_at(water, at + south));
    lw_i4 is_wet = depth > (lw_f4){};
    lw_f4 relief = choose(is_wet, lw_splat(0.6f / water->cell_m), lw_splat(0.35f / water->cell_m));
    lw_u4 light = whole(lw_splat(0.82f) + relief * slope, 0.35f, 1.25f, 256.0f);
    lw_u4 height = whole((ground - lw_splat(p->low_m)) / lw_splat(p->span_m), 0.0f, 1.0f, 256.0f);
    lw_u4 wet = (64 + whole(depth / lw_splat(p->deep_m), 0.0f, 1.0f, 176.0f)) & (lw_u4)is_wet;
    return painted(p, height, wet, light);
}

static void paint_rows(void *context, uint32_t begin, uint32_t end) {
    const painting *p = context;
    const lw_shallow *water = p->water;
    for (uint32_t row = begin; row < end; row++) {
        size_t first = lw_shallow_at(water, row);
        size_t north = row > 0 ? water->stride : 0, south = row + 1 < water->rows ? water->stride : 0;
        uint32_t *out = p->out + (size_t)row * water->columns;
        for (uint32_t column = 0; column < water->columns; column += 4) {
            lw_u4 pixels = paint_four(p, first + column, north, south, column);
            uint32_t count = LW_MIN(water->columns - column, 4u);
            if (count == 4) lw_store_u4(out + column, pixels);
            else for (uint32_t lane = 0; lane < count; lane++) out[column + lane] = pixels[lane];
        }
    }
}

uint32_t lw_shallow_paint(uint32_t handle, uint32_t *out, float low_m, float high_m, float deep_m, uint32_t low_rgb,
                          uint32_t high_rgb, uint32_t water_rgb) {
    const lw_shallow *water = lw_shallow_address(handle);
    if (water == NULL) return 0;
    if (!(high_m - low_m > 0.0f && high_m - low_m <= 1e9f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_paint: high_m is not above low_m, or more than 10^9 m above, for the water", handle, 1000000000);
    if (!(deep_m > 0.0f)) return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_paint: deep_m is not above 0, for the water", handle, 0);
    painting work = {water, out, low_rgb, high_rgb, water_rgb, low_m, high_m - low_m, deep_m};
    lw_parallel_for(water->rows, LW_SHALLOW_GRAIN, paint_rows, &work);
    return 1;
}
