#include "heightfield.h"

typedef struct { double west, north, spacing_x, spacing_z, offset, scale; } grid_t;

static inline grid_t grid_of(const double *g) { return (grid_t){g[0], g[1], g[2], g[3], g[4], g[5]}; }

/* The place along an axis in cells, within the grid; the cell and how far it is into it. */
static inline double along(double place, uint32_t samples, uint32_t *cell) {
    double last = (double)samples - 1.0;
    double at = place < 0 ? 0 : place > last ? last : place;
    uint32_t whole = at == at ? (uint32_t)at : 0;
    *cell = whole < samples - 2 ? whole : samples - 2;
    return at - (double)*cell;
}

void lw_field_unpack(const uint8_t *packed, uint32_t columns, uint32_t rows, uint16_t *codes) {
    size_t count = (size_t)columns * rows;
    LW_CHECK(lw_apart(packed, 2 * count, codes, 2 * count));
    const uint8_t *low = packed, *high = packed + count;
    for (size_t at = 0, row = 0; row < rows; row++) {
        uint16_t change = 0;  // of this row against the one above it
        for (uint32_t column = 0; column < columns; column++, at++) {
            uint32_t coded = (uint32_t)low[at] | (uint32_t)high[at] << 8;
            change = (uint16_t)(change + ((coded >> 1) ^ (0u - (coded & 1))));
            codes[at] = (uint16_t)(row ? codes[at - columns] + change : change);
        }
    }
}

void lw_field_heights(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid, const double *x,
                      const double *z, uint32_t count, uint32_t smooth, double *heights, double *normals) {
    LW_CHECK(lw_apart(x, 8 * (size_t)count, heights, 8 * (size_t)count));
    grid_t g = grid_of(grid);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t column, row;
        double tx = along((x[i] - g.west) / g.spacing_x, columns, &column);
        double tz = along((z[i] - g.north) / g.spacing_z, rows, &row);
        const uint16_t *at = codes + (size_t)row * columns + column;
        double nw = g.offset + (double)at[0] * g.scale, ne = g.offset + (double)at[1] * g.scale;
        double sw = g.offset + (double)at[columns] * g.scale, se = g.offset + (double)at[columns + 1] * g.scale;
        double by_x, by_z;
        if (smooth) {
            double north = nw * (1.0 - tx) + ne * tx, south = sw * (1.0 - tx) + se * tx;
            heights[i] = north * (1.0 - tz) + south * tz;
            by_x = (ne - nw) * (1.0 - tz) + (se - sw) * tz;
            by_z = south - north;
        } else {
            bool east = tx >= tz;
            double corner = east ? ne : sw, most = east ? tx : tz, least = east ? tz : tx;
            heights[i] = (nw + most * (corner - nw)) + least * (se - corner);
            by_x = east ? corner - nw : se - corner;
            by_z = east ? se - corner : corner - nw;
        }
        if (normals == NULL) continue;
        double slope_x = by_x / g.spacing_x, slope_z = by_z / g.spacing_z;
        double length = __builtin_sqrt((slope_x * slope_x + slope_z * slope_z) + 1.0);
        normals[3 * (size_t)i] = -slope_x / length;
        normals[3 * (size_t)i + 1] = 1.0 / length;
        normals[3 * (size_t)i + 2] = -slope_z / length;
    }
}

static inline void widen(uint16_t *range, uint16_t low, uint16_t high) {
    if (low < range[0]) range[0] = low;
    if (high > range[1]) range[1] = high;
}

static inline uint32_t halved(uint32_t count) { return count / 2 + count % 2; }
static inline uint32_t blocks(uint32_t samples) { return (samples - 1 + (LW_FIELD_BLOCK - 1)) / LW_FIELD_BLOCK; }

void lw_field_pyramid(const uint16_t *codes, uint32_t columns, uint32_t rows, uint16_t *pyramid) {
    LW_CHECK(lw_apart(codes, 2 * (size_t)columns * rows, pyramid, 4 * (size_t)blocks(columns) * blocks(rows)));
    uint32_t wide = blocks(columns), high = blocks(rows);
    for (uint32_t z = 0; z < high; z++)
        for (uint32_t x = 0; x < wide; x++) {
            uint16_t *range = pyramid + 2 * ((size_t)z * wide + x);
            range[0] = 65535, range[1] = 0;
            for (uint32_t row = LW_FIELD_BLOCK * z; row <= LW_FIELD_BLOCK * (z + 1) && row < rows; row++)
                for (uint32_t column = LW_FIELD_BLOCK * x; column <= LW_FIELD_BLOCK * (x + 1) && column < columns; column++) {
                    uint16_t code = codes[(size_t)row * columns + column];
                    widen(range, code, code);
                }
        }
    const uint16_t *below = pyramid;
    while (wide > 1 || high > 1) {
        uint32_t wide_below = wide, high_below = high;
        uint16_t *level = pyramid += 2 * (size_t)wide * high;
        wide = halved(wide), high = halved(high);
        for (uint32_t z = 0; z < high; z++)
            for (uint32_t x = 0; x < wide; x++) {
                uint16_t *range = level + 2 * ((size_t)z * wide + x);
                range[0] = 65535, range[1] = 0;
                for (uint32_t k = 0; k < 4; k++) {
                    uint32_t column = 2 * x + (k & 1), row = 2 * z + (k >> 1);
                    if (column >= wide_below || row >= high_below) continue;
                    const uint16_t *part = below + 2 * ((size_t)row * wide_below + column);
                    widen(range, part[0], part[1]);
                }
            }
        below = level;
    }
}
