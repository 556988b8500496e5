#include "shallow_paint.h"

#include "error.h"
#include "parallel.h"
#include "shallow_state.h"

typedef struct {
    const lw_shallow *water;
    uint32_t *out, low_rgb, high_rgb, water_rgb;
    float low_m, span_m, deep_m;
} painting;

static inline float clamp(float value, float least, float most) {
    return value < least ? least : value > most ? most : value;
}

static inline uint32_t mix(uint32_t a, uint32_t b, uint32_t share) { return (a * (256 - share) + b * share) >> 8; }

static inline uint32_t painted(const painting *p, uint32_t height, uint32_t wet, uint32_t light) {
    uint32_t pixel = 0xff000000u;
    for (uint32_t shift = 0; shift < 24; shift += 8) {
        uint32_t dry = mix(p->low_rgb >> shift & 255, p->high_rgb >> shift & 255, height);
        uint32_t lit = mix(dry, p->water_rgb >> shift & 255, wet) * light >> 8;
        pixel |= LW_MIN(lit, 255u) << shift;
    }
    return pixel;
}

static void paint_rows(void *context, uint32_t begin, uint32_t end) {
    const painting *p = context;
    const lw_shallow *water = p->water;
    uint32_t columns = water->columns, rows = water->rows;
    float relief_dry = 0.35f / water->cell_m, relief_wet = 0.6f / water->cell_m;
    for (uint32_t row = begin; row < end; row++) {
        size_t first = lw_shallow_at(water, row);
        size_t north = row > 0 ? water->stride : 0, south = row + 1 < rows ? water->stride : 0;
        for (uint32_t column = 0; column < columns; column++) {
            const float *b = water->ground + first + column, *h = water->depth + first + column;
            size_t west = column > 0, east = column + 1 < columns;
            float across = (*(b - west) + *(h - west)) - (b[east] + h[east]);
            float down = (*(b - north) + *(h - north)) - (b[south] + h[south]);
            float slope = across + down, relief = *h > 0.0f ? relief_wet : relief_dry;
            uint32_t light = (uint32_t)(256.0f * clamp(0.82f + relief * slope, 0.35f, 1.25f));
            uint32_t height = (uint32_t)(256.0f * clamp((*b - p->low_m) / p->span_m, 0.0f, 1.0f));
            uint32_t wet = *h > 0.0f ? 64 + (uint32_t)(176.0f * clamp(*h / p->deep_m, 0.0f, 1.0f)) : 0;
            p->out[(size_t)row * columns + column] = painted(p, height, wet, light);
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
