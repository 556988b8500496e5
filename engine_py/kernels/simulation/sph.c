/* A simulation's life: handles, blocks, settings and the order of a step. */
#include "sph.h"

#include "block.h"
#include "error.h"
#include "parallel.h"
#include "sph_state.h"

static lw_sph *alive[LW_SPH_COUNT_MAX];
static uint32_t generations[LW_SPH_COUNT_MAX]; /* handle: generation * LW_SPH_COUNT_MAX + place, never 0 */

lw_sph *lw_sph_find(uint32_t handle) {
    lw_sph *sph = alive[handle % LW_SPH_COUNT_MAX];
    if (sph && sph->handle == handle) return sph;
    lw_fail(LW_E_STALE_HANDLE, "lw_sph: handle", handle, LW_SPH_COUNT_MAX);
    return 0;
}

void *lw_sph_block(lw_sph *sph, uint64_t size_bytes) {
    if (size_bytes > 0x7fffff00u) {
        lw_fail(LW_E_TOO_LARGE, "lw_sph: bytes of one block", size_bytes, 0x7fffff00u);
        return 0;
    }
    void *block = lw_block_alloc(LW_REGION_LOGIC, (uint32_t)size_bytes);
    if (block) lw_zero(block, (size_t)size_bytes), sph->bytes += (uint32_t)size_bytes;
    return block;
}

/* Every array with its bytes a particle; `extra`: elements that loads of four may read past the end. */
static bool make_arrays(lw_sph *sph) {
    uint64_t n = sph->capacity, chunks = (n + LW_SPH_GRAIN - 1) / LW_SPH_GRAIN, padded = 4 * (n + 4);
    struct { void *to; uint64_t size_bytes; } wanted[] = {
        {&sph->now.x, padded}, {&sph->now.y, padded}, {&sph->now.z, padded}, {&sph->now.velocity, 16 * n},
        {&sph->now.pressure, 4 * n}, {&sph->now.id, 4 * n}, {&sph->next.x, padded}, {&sph->next.y, padded},
        {&sph->next.z, padded}, {&sph->next.velocity, 16 * n}, {&sph->next.pressure, 4 * n}, {&sph->next.id, 4 * n},
        {&sph->cell_of, 4 * n}, {&sph->next_cell, 4 * n}, {&sph->places, 16 * n},
        {&sph->slabs, 4 * LW_SPH_SLABS * ((n + LW_SPH_SORT_GRAIN - 1) / LW_SPH_SORT_GRAIN)}, {&sph->order, 4 * n}, {&sph->starts, 4 * ((uint64_t)sph->cell_count + 1)},
        {&sph->density, 4 * n}, {&sph->diagonal, 4 * n}, {&sph->whole, 16 * n}, {&sph->wanted, 16 * n},
        {&sph->predicted, 16 * n}, {&sph->first, 4 * n}, {&sph->blocks, 4 * n}, {&sph->dropped, 4 * chunks},
        {&sph->pairs, chunks * LW_SPH_POOL_BLOCKS * sizeof(lw_sph_pairs)}, {&sph->slot_generation, 4 * n},
        {&sph->slot_free, 4 * n}, {&sph->ahead, 4 * n}, {&sph->error, 4 * chunks}, {&sph->work, 4 * chunks}, {&sph->uphill, 4 * chunks},
    };
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
        void *block = lw_sph_block(sph, wanted[k].size_bytes);
        if (!block) return false;
        __builtin_memcpy(wanted[k].to, &block, sizeof block);
    }
    return true;
}

static void free_all(lw_sph *sph) {
    void *blocks[] = {
        sph->now.x, sph->now.y, sph->now.z, sph->now.velocity, sph->now.pressure, sph->now.id, sph->next.x, sph->next.y,
        sph->next.z, sph->next.velocity, sph->next.pressure, sph->next.id, sph->cell_of, sph->order, sph->starts,
        sph->density, sph->diagonal, sph->whole, sph->wanted, sph->predicted, sph->first, sph->blocks, sph->dropped,
        sph->pairs, sph->slot_generation, sph->slot_free, sph->ground, sph->stage, sph->ahead, sph->error, sph->work, sph->uphill, sph->next_cell,
        sph->places, sph->slabs, sph,
    };
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) lw_block_free(blocks[k]);
}

/* The mass at which a cubic lattice has density 1. */
static float lattice_mass(float spacing, float reach) {
    float sum = 0.0f;
    for (int x = -3; x <= 3; x++)
        for (int y = -3; y <= 3; y++)
            for (int z = -3; z <= 3; z++) {
                float q = (spacing * lw_root((float)(x * x + y * y + z * z))) / reach, t = 1.0f - q;
                if (q < 1.0f) sum += ((t * t) * (t * t)) * (4.0f * q + 1.0f);
            }
    return ((reach * reach) * reach) / (3.3422538049298023f * sum);
}

static uint32_t check_create(uint32_t capacity, float spacing, const float *lo, const float *hi, uint32_t *cells) {
    if (capacity == 0 || capacity > LW_SPH_PARTICLES_MAX)
        return lw_fail(LW_E_TOO_LARGE, "lw_sph_create: capacity", capacity, LW_SPH_PARTICLES_MAX);
    if (!(spacing >= 1e-4f && spacing <= 1e4f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_create: spacing outside of 0.0001 to 10000 m", 0, 10000);
    float product = 1.0f;
    for (int k = 0; k < 3; k++) {
        float side = (hi[k] - lo[k]) / spacing; /* a cell is as wide as half the reach */
        if (!(side >= 1.0f && side <= 1e6f))
            return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_create: side of the basin, in spacings, on axis", (uint64_t)k, 1000000);
        cells[k] = (uint32_t)side + 1;
        product *= (float)cells[k];
    }
    if (product > (float)LW_SPH_CELLS_MAX)
        return lw_fail(LW_E_TOO_LARGE, "lw_sph_create: cells of the grid", (uint64_t)product, LW_SPH_CELLS_MAX);
    return 1;
}

uint32_t lw_sph_create(uint32_t capacity, float spacing, float lo_x, float lo_y, float lo_z, float hi_x, float hi_y,
                       float hi_z) {
    lw_sph made = {.capacity = capacity, .spacing = spacing, .reach = 2.0f * spacing, .lo = {lo_x, lo_y, lo_z},
                   .hi = {hi_x, hi_y, hi_z}, .gravity = {0.0f, -9.81f, 0.0f}, .viscosity = 0.02f, .turns_max = 60};
    if (!check_create(capacity, spacing, made.lo, made.hi, made.cells)) return 0;
    uint32_t place = 0;
    while (place < LW_SPH_COUNT_MAX && alive[place]) place++;
    if (place == LW_SPH_COUNT_MAX)
        return lw_fail(LW_E_FULL, "lw_sph_create: simulations", LW_SPH_COUNT_MAX + 1, LW_SPH_COUNT_MAX);
    lw_sph *sph = lw_block_alloc(LW_REGION_LOGIC, sizeof *sph);
    if (!sph) return 0;
    made.bytes = sizeof *sph;
    made.cell_count = made.cells[0] * made.cells[1] * made.cells[2];
    while ((made.cell_count - 1) >> made.slab_shift >= LW_SPH_SLABS) made.slab_shift++;
    made.mass = lattice_mass(spacing, made.reach);
    made.handle = ++generations[place] * LW_SPH_COUNT_MAX + place;
    *sph = made;
    if (!make_arrays(sph)) {
        free_all(sph);
        return 0;
    }
    alive[place] = sph;
    return sph->handle;
}

uint32_t lw_sph_destroy(uint32_t simulation) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    alive[simulation % LW_SPH_COUNT_MAX] = 0;
    free_all(sph);
    return 1;
}

uint32_t lw_sph_configure(uint32_t simulation, float gravity_x, float gravity_y, float gravity_z, float viscosity,
                          uint32_t turns_max) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    if (turns_max < 2 || turns_max > LW_SPH_TURNS_MAX)
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_configure: turns of the pressure solver, at least 2", turns_max, LW_SPH_TURNS_MAX);
    float sum = (gravity_x * gravity_x + gravity_y * gravity_y) + gravity_z * gravity_z;
    if (!(viscosity >= 0.0f && viscosity <= 0.5f) || !(sum <= 1e8f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_configure: viscosity outside of 0 to 0.5, or gravity above 10000 m/s2", 0, 1);
    sph->gravity[0] = gravity_x, sph->gravity[1] = gravity_y, sph->gravity[2] = gravity_z;
    sph->viscosity = viscosity, sph->turns_max = turns_max;
    return 1;
}

uint32_t lw_sph_obstacle(uint32_t simulation, uint32_t kind, float x, float y, float z, float a, float b, float c) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    if (sph->obstacles == LW_SPH_OBSTACLES_MAX)
        return lw_fail(LW_E_FULL, "lw_sph_obstacle: obstacles", LW_SPH_OBSTACLES_MAX + 1, LW_SPH_OBSTACLES_MAX);
    float sum = ((x + y) + z) + ((a + b) + c);
    if (kind > LW_SPH_BOX || !(a > 0.0f) || (kind == LW_SPH_BOX && !(b > 0.0f && c > 0.0f)) || sum - sum != 0.0f)
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_obstacle: kind, or sizes that are not above 0", kind, LW_SPH_BOX);
    sph->rows[sph->obstacles] = (lw_sph_obstacle_row){kind, {x, y, z}, {a, b, c}};
    return ++sph->obstacles;
}

uint32_t lw_sph_ground(uint32_t simulation, uint32_t columns, uint32_t rows) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    uint64_t size_bytes = 4 * (uint64_t)columns * rows;
    if (columns < 2 || rows < 2 || size_bytes > sph->stage_bytes)
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_ground: bytes of heights on the stage", size_bytes, sph->stage_bytes);
    float *ground = lw_sph_block(sph, size_bytes);
    if (!ground) return 0;
    lw_copy(ground, sph->stage, (size_t)size_bytes);
    sph->bytes -= 4 * sph->ground_columns * sph->ground_rows;
    lw_block_free(sph->ground);
    sph->ground = ground, sph->ground_columns = columns, sph->ground_rows = rows;
    return 1;
}

uint32_t lw_sph_stage(uint32_t simulation, uint32_t size_bytes) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    if (size_bytes > sph->stage_bytes) {
        float *stage = lw_sph_block(sph, size_bytes);
        if (!stage) return 0;
        lw_block_free(sph->stage);
        sph->stage = stage, sph->bytes -= sph->stage_bytes, sph->stage_bytes = size_bytes;
    }
    return sph->stage ? (uint32_t)(uintptr_t)sph->stage : lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_stage: size_bytes", 0, 1);
}

uint32_t lw_sph_step(uint32_t simulation, float dt_s) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    if (!(dt_s > 0.0f && dt_s <= 0.1f))
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_step: dt_s outside of 0 to 0.1 s", 0, 1);
    lw_sph_advance(sph, dt_s);
    return 1;
}

uint32_t lw_sph_field(uint32_t simulation, uint32_t field) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    const lw_sph_columns *now = &sph->now;
    const void *fields[LW_SPH_FIELDS] = {now->x, now->y, now->z, now->velocity, now->id, sph->density, now->pressure};
    if (field >= LW_SPH_FIELDS) return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_field: field", field, LW_SPH_FIELDS - 1);
    return (uint32_t)(uintptr_t)fields[field];
}

uint32_t lw_sph_statistic(uint32_t simulation, uint32_t which) {
    const lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    uint32_t dropped = 0;
    for (uint32_t chunk = 0; chunk * LW_SPH_GRAIN < sph->count; chunk++) dropped += sph->dropped[chunk];
    const uint32_t figures[] = {sph->count, sph->capacity, dropped, sph->bytes, sph->substeps, sph->turns};
    if (which > LW_SPH_STAT_TURNS) return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_statistic: which", which, LW_SPH_STAT_TURNS);
    return figures[which];
}
