#include "clusters.h"

#include "cull_lanes.h"

enum { SPHERE_FLOATS = 4 };

/* Numbers >= 0: their bits sort as they do; turned over, the largest comes first. */
static uint32_t strong_first(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return ~bits;
}

uint32_t lw_lights_seen(const float *view, const float *spheres, const float *power, uint32_t count, uint32_t *keys,
                        uint32_t *order, uint32_t *found) {
    uint32_t seen = 0, everywhere = 0;
    float deepest = 0.0f;
    const float *forward = view + 8 + 4 * 4;
    for (uint32_t i = 0; i < count; i++) {
        const float *sphere = spheres + SPHERE_FLOATS * (size_t)i;
        if (sphere[3] < 0.0f) {
            keys[seen] = strong_first(power[i]) & 0x7fffffffu;
            order[seen++] = i;
            everywhere++;
            continue;
        }
        lw_axes at = lw_relative(view, sphere);
        if (!lw_sees(view, at, sphere[3])) continue;
        float square = lw_square(at), depth = ((at.x * forward[0] + at.y * forward[1]) + at.z * forward[2]) + sphere[3];
        deepest = depth > deepest ? depth : deepest;
        keys[seen] = strong_first(power[i] / (square > 1.0f ? square : 1.0f)) | 0x80000000u;
        order[seen++] = i;
    }
    found[0] = everywhere;
    __builtin_memcpy(found + 1, &deepest, sizeof deepest);
    return seen;
}

static float along(const float *axis, lw_axes at) { return (at.x * axis[0] + at.y * axis[1]) + at.z * axis[2]; }

/* Where the tiles of one slice begin and end: their edges times its nearer or its farther depth. */
typedef struct { float low[LW_TILES_MAX], high[LW_TILES_MAX]; } tile_bounds;

static void bound_tiles(const float *edges, uint32_t count, float near, float far, tile_bounds *bounds) {
    for (uint32_t i = 0; i < count; i++) {
        bounds->low[i] = edges[i] * (edges[i] < 0.0f ? far : near);
        bounds->high[i] = edges[i + 1] * (edges[i + 1] < 0.0f ? near : far);
    }
}

/* Squared gaps between a number and each of `count` tiles: without branches, so that lanes can do four at a time. */
static void square_gaps(float at, const tile_bounds *bounds, uint32_t count, float *gaps) {
    for (uint32_t i = 0; i < count; i++) {
        float below = bounds->low[i] - at, above = at - bounds->high[i];
        float gap = below > above ? below : above;
        gap = gap > 0.0f ? gap : 0.0f;
        gaps[i] = gap * gap;
    }
}

/* Enters one light into the lists of a slice's tiles. heads: of the slice. */
static void enter(const uint32_t *grid, const float *across, const float *down, float left, uint32_t light,
                  uint32_t *heads, uint16_t *table) {
    for (uint32_t y = 0; y < grid[1]; y++) {
        float rest = left - down[y];
        if (!(rest >= 0.0f)) continue;
        for (uint32_t x = 0; x < grid[0]; x++) {
            if (!(rest >= across[x])) continue;
            size_t cluster = y * (size_t)grid[0] + x;
            uint32_t length = heads[cluster]++;
            if (length < grid[3]) table[cluster * grid[3] + length] = (uint16_t)light;
        }
    }
}

/* Puts the lists one behind the other; heads[c] is the wanted length of each before, start and length after. */
static void pack_lists(const uint32_t *grid, uint32_t clusters, const uint16_t *table, uint32_t *heads, uint32_t *found) {
    uint16_t *numbers = (uint16_t *)(heads + clusters);
    uint32_t used = 0, fullest = 0;
    for (uint32_t c = 0; c < clusters; c++) {
        uint32_t wanted = heads[c], length = LW_MIN(wanted, grid[3]);
        fullest = LW_MAX(fullest, wanted);
        for (uint32_t i = 0; i < length; i++) numbers[used + i] = table[(size_t)c * grid[3] + i];
        heads[c] = used | length << 24;
        used += length;
    }
    if (used & 1) numbers[used] = 0;
    found[0] = clusters + (used + 1) / 2;
    found[1] = fullest;
}

void lw_light_lists(const float *frame, const float *edges, const uint32_t *grid, const float *lights,
                    const float *spheres, const uint32_t *order, uint32_t count, uint32_t everywhere, float *rows,
                    uint16_t *table, uint32_t *lists, uint32_t *found) {
    tile_bounds sides[LW_SLICES_MAX], levels[LW_SLICES_MAX];
    float across[LW_TILES_MAX], down[LW_TILES_MAX];
    uint32_t tiles = grid[0] * grid[1], clusters = tiles * grid[2];
    const float *heights = edges + grid[0] + 1, *depths = heights + grid[1] + 1;
    LW_CHECK(grid[0] <= LW_TILES_MAX && grid[1] <= LW_TILES_MAX);
    LW_CHECK(grid[2] <= LW_SLICES_MAX && grid[3] <= 255);
    lw_zero(lists, clusters * sizeof *lists);
    for (uint32_t s = 0; s < grid[2]; s++) {
        float near = frame[3] != 0.0f ? 1.0f : depths[s], far = frame[3] != 0.0f ? 1.0f : depths[s + 1];
        bound_tiles(edges, grid[0], near, far, sides + s);
        bound_tiles(heights, grid[1], near, far, levels + s);
    }
    for (uint32_t i = 0; i < count; i++) {
        float *row = rows + LW_LIGHT_FLOATS * (size_t)i;
        lw_copy(row, lights + LW_LIGHT_FLOATS * (size_t)order[i], LW_LIGHT_FLOATS * sizeof *row);
        if (i < everywhere) continue;
        for (uint32_t a = 0; a < 3; a++) row[a] = (row[a] - frame[a]) - frame[4 + a];
        const float *sphere = spheres + SPHERE_FLOATS * (size_t)order[i];
        lw_axes at = lw_relative(frame, sphere);
        float side = along(frame + 8, at), height = along(frame + 12, at), depth = along(frame + 16, at);
        for (uint32_t s = 0; s < grid[2]; s++) {
            float near = depths[s], far = depths[s + 1];
            float gap = depth < near ? near - depth : depth > far ? depth - far : 0.0f;
            float left = sphere[3] * sphere[3] - gap * gap;
            if (!(left >= 0.0f)) continue;
            square_gaps(side, sides + s, grid[0], across);
            square_gaps(height, levels + s, grid[1], down);
            enter(grid, across, down, left, i, lists + (size_t)s * tiles, table + (size_t)s * tiles * grid[3]);
        }
    }
    pack_lists(grid, clusters, table, lists, found);
}
