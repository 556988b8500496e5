/* The life of shallow water: handles, fields, sources, and how many inner steps a step takes. */
#include "shallow.h"

#include "block.h"
#include "error.h"
#include "shallow_state.h"

static lw_shallow *alive[LW_SHALLOW_COUNT_MAX];
static uint32_t generations[LW_SHALLOW_COUNT_MAX];
#define WALL_M 1e9f

lw_shallow *lw_shallow_address(uint32_t handle) {
    lw_shallow *water = alive[handle % LW_SHALLOW_COUNT_MAX];
    if (water && water->handle == handle) return water;
    lw_fail(LW_E_STALE_HANDLE, "lw_shallow: handle", handle, LW_SHALLOW_COUNT_MAX);
    return 0;
}

static void free_all(lw_shallow *water) {
    for (int k = 0; k < LW_SHALLOW_BLOCKS; k++) lw_block_free(water->blocks[k]);
    lw_block_free(water->deepest);
    lw_block_free(water);
}

/* Fields whose starts are a cache line apart modulo 4 KiB: equal places of all of them are read side by side. */
static bool make_fields(lw_shallow *water) {
    size_t count = (size_t)(water->rows + 2) * water->stride;
    float **fields[LW_SHALLOW_BLOCKS] = {&water->ground, &water->depth, &water->flow_x, &water->flow_z, &water->next_x,
                                         &water->next_z, &water->keep};
    for (uint32_t k = 0; k < LW_SHALLOW_BLOCKS; k++) {
        uint32_t size_bytes = 4 * ((uint32_t)count + 16 * k);
        float *block = water->blocks[k] = lw_block_alloc(LW_REGION_LOGIC, size_bytes);
        if (!block) return false;
        lw_zero(block, size_bytes);
        *fields[k] = block + 16 * k;
        water->bytes += size_bytes;
    }
    water->deepest = lw_block_alloc(LW_REGION_LOGIC, 4 * water->rows);
    if (!water->deepest) return false;
    lw_zero(water->deepest, 4 * (size_t)water->rows);
    for (size_t i = 0; i < count; i++) water->ground[i] = WALL_M;
    for (uint32_t row = 0; row < water->rows; row++)
        lw_zero(water->ground + lw_shallow_at(water, row), 4 * (size_t)water->columns);
    return true;
}

uint32_t lw_shallow_create(uint32_t columns, uint32_t rows, float cell_m, float gravity, float friction) {
    uint32_t side = LW_MAX(columns, rows), place = 0;
    if (side > LW_SHALLOW_SIDE_MAX) return lw_fail(LW_E_TOO_LARGE, "lw_shallow_create: cells of a side", side, LW_SHALLOW_SIDE_MAX);
    if (columns < 4 || rows < 4) return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_create: cells of a side, at least", LW_MIN(columns, rows), 4);
    if (!(cell_m >= 1e-3f && cell_m <= 1e6f && gravity >= 0.0f && gravity <= 1e4f && friction >= 0.0f && friction <= 10.0f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_create: cell_m, gravity or friction out of range", 0, 10);
    while (place < LW_SHALLOW_COUNT_MAX && alive[place]) place++;
    if (place == LW_SHALLOW_COUNT_MAX)
        return lw_fail(LW_E_FULL, "lw_shallow_create: waters", LW_SHALLOW_COUNT_MAX + 1, LW_SHALLOW_COUNT_MAX);
    lw_shallow *water = lw_block_alloc(LW_REGION_LOGIC, sizeof *water);
    if (!water) return 0;
    *water = (lw_shallow){.columns = columns, .rows = rows, .stride = ((columns + 3) & ~3u) + 8, .cell_m = cell_m,
                          .gravity = gravity, .friction = friction, .bytes = sizeof *water + 4 * rows};
    if (!make_fields(water)) {
        free_all(water);
        return 0;
    }
    water->handle = ++generations[place] * LW_SHALLOW_COUNT_MAX + place;
    alive[place] = water;
    return water->handle;
}

uint32_t lw_shallow_destroy(uint32_t handle) {
    lw_shallow *water = lw_shallow_address(handle);
    if (!water) return 0;
    alive[handle % LW_SHALLOW_COUNT_MAX] = 0;
    free_all(water);
    return 1;
}

uint32_t lw_shallow_field(uint32_t handle, uint32_t field) {
    const lw_shallow *water = lw_shallow_address(handle);
    if (!water) return 0;
    const float *fields[LW_SHALLOW_FIELDS] = {water->ground, water->depth, water->flow_x, water->flow_z};
    if (field >= LW_SHALLOW_FIELDS) return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_field: field", field, LW_SHALLOW_FIELDS - 1);
    return (uint32_t)(uintptr_t)fields[field];
}

uint32_t lw_shallow_stride(uint32_t handle) {
    const lw_shallow *water = lw_shallow_address(handle);
    return water ? water->stride : 0;
}

uint32_t lw_shallow_bytes(uint32_t handle) {
    const lw_shallow *water = lw_shallow_address(handle);
    return water ? water->bytes : 0;
}

uint32_t lw_shallow_check(uint32_t handle) {
    lw_shallow *water = lw_shallow_address(handle);
    if (!water) return 0;
    uint64_t cells = (uint64_t)water->columns * water->rows;
    for (uint32_t row = 0; row < water->rows; row++) {
        const float *depth = water->depth + lw_shallow_at(water, row), *ground = water->ground + lw_shallow_at(water, row);
        float most = 0.0f;
        for (uint32_t column = 0; column < water->columns; column++) {
            uint64_t cell = (uint64_t)row * water->columns + column;
            if (!(depth[column] >= 0.0f && depth[column] <= 1e6f))
                return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_check: depth outside of 0 to 1000000 m, in cell", cell, cells);
            if (!(ground[column] >= -1e6f && ground[column] <= 1e6f))
                return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_check: ground outside of -1000000 to 1000000 m, in cell", cell, cells);
            most = depth[column] > most ? depth[column] : most;
        }
        water->deepest[row] = most;
    }
    return 1;
}

uint32_t lw_shallow_source(uint32_t handle, float column, float row, float radius, float rate_m_s) {
    lw_shallow *water = lw_shallow_address(handle);
    if (!water) return 0;
    if (water->sources == LW_SHALLOW_SOURCES_MAX)
        return lw_fail(LW_E_FULL, "lw_shallow_source: sources", LW_SHALLOW_SOURCES_MAX + 1, LW_SHALLOW_SOURCES_MAX);
    if (!(radius >= 0.0f && radius <= 1e5f && rate_m_s >= -1e3f && rate_m_s <= 1e3f && column - column == 0.0f && row - row == 0.0f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_source: radius outside of 0 to 100000, or rate beyond 1000 m/s", 0, 1000);
    water->source[water->sources] = (lw_shallow_source_row){column, row, radius, rate_m_s};
    return ++water->sources;
}

/* Waves cross at most half a cell an inner step. */
uint32_t lw_shallow_step(uint32_t handle, float dt_s) {
    lw_shallow *water = lw_shallow_address(handle);
    if (!water) return 0;
    if (!(dt_s > 0.0f && dt_s <= 1.0f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_step: dt_s outside of 0 to 1 s", 0, 1);
    float wave = __builtin_sqrtf(water->gravity * lw_shallow_deepest(water)), cells = (dt_s * wave) / (0.5f * water->cell_m);
    if (!(cells < (float)LW_SHALLOW_SUBSTEPS_MAX))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_shallow_step: inner steps for this dt_s and depth", (uint64_t)cells + 1, LW_SHALLOW_SUBSTEPS_MAX);
    uint32_t steps = (uint32_t)cells + 1;
    water->dt_s = dt_s / (float)steps;
    water->damping = 1.0f / (1.0f + water->friction * water->dt_s);
    for (uint32_t k = 0; k < steps; k++) lw_shallow_inner_step(water);
    return steps;
}
