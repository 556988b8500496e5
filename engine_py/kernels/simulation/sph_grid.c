/* The uniform grid: particles sorted by cell, x fastest, stable, in two passes that all threads share. The first brings
 * them into slabs of cells (a histogram a chunk), the second sorts each slab and moves its particles. */
#include "parallel.h"
#include "sph_state.h"

enum { CHUNK = LW_SPH_SORT_GRAIN, SLABS = LW_SPH_SLABS };

static uint32_t cell_on(const lw_sph *sph, float at, int axis) {
    float cell = (at - sph->lo[axis]) / (0.5f * sph->reach); /* positions are inside the basin: never negative */
    uint32_t found = (uint32_t)cell;
    return LW_MIN(found, sph->cells[axis] - 1);
}

static void find_cells(void *context, uint32_t begin, uint32_t end) {
    lw_sph *sph = context;
    uint32_t *counts = sph->slabs + (size_t)(begin / CHUNK) * SLABS;
    lw_zero(counts, 4 * SLABS);
    for (uint32_t i = begin; i < end; i++) {
        uint32_t x = cell_on(sph, sph->now.x[i], 0), y = cell_on(sph, sph->now.y[i], 1);
        uint32_t cell = (cell_on(sph, sph->now.z[i], 2) * sph->cells[1] + y) * sph->cells[0] + x;
        sph->cell_of[i] = cell;
        counts[cell >> sph->slab_shift]++;
    }
}

/* Counts become places: by slab, in a slab by chunk. */
static void find_places(lw_sph *sph) {
    uint32_t chunks = (sph->count + CHUNK - 1) / CHUNK, before = 0;
    for (uint32_t slab = 0; slab < SLABS; slab++) {
        sph->slab_starts[slab] = before;
        for (uint32_t chunk = 0; chunk < chunks; chunk++) {
            uint32_t here = sph->slabs[chunk * SLABS + slab];
            sph->slabs[chunk * SLABS + slab] = before;
            before += here;
        }
    }
    sph->slab_starts[SLABS] = before;
    sph->starts[sph->cell_count] = before;
}

static void to_slabs(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    uint32_t *places = sph->slabs + (size_t)(begin / CHUNK) * SLABS;
    for (uint32_t i = begin; i < end; i++) sph->order[places[sph->cell_of[i] >> sph->slab_shift]++] = i;
}

static void move(const lw_sph *sph, uint32_t old, uint32_t to) {
    const lw_sph_columns *from = &sph->now, *next = &sph->next;
    float at[4] = {from->x[old], from->y[old], from->z[old], 0.0f};
    next->x[to] = at[0], next->y[to] = at[1], next->z[to] = at[2];
    lw_copy(sph->places + 4 * (size_t)to, at, sizeof at);
    lw_copy(next->velocity + 4 * (size_t)to, from->velocity + 4 * (size_t)old, 16);
    next->pressure[to] = from->pressure[old], next->id[to] = from->id[old];
    sph->next_cell[to] = sph->cell_of[old];
}

static void sort_slabs(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    uint32_t *starts = sph->starts;
    for (uint32_t slab = begin; slab < end; slab++) {
        uint32_t first = LW_MIN(slab << sph->slab_shift, sph->cell_count);
        uint32_t last = LW_MIN((slab + 1) << sph->slab_shift, sph->cell_count);
        uint32_t from = sph->slab_starts[slab], to = sph->slab_starts[slab + 1], before = from;
        if (first == last) continue;
        lw_zero(starts + first, 4 * (size_t)(last - first));
        for (uint32_t k = from; k < to; k++) starts[sph->cell_of[sph->order[k]]]++;
        for (uint32_t cell = first; cell < last; cell++) {
            uint32_t here = starts[cell];
            starts[cell] = before;
            before += here;
        }
        for (uint32_t k = from; k < to; k++) move(sph, sph->order[k], starts[sph->cell_of[sph->order[k]]]++);
        for (uint32_t cell = last - 1; cell > first; cell--) starts[cell] = starts[cell - 1]; /* ends became starts */
        starts[first] = from;
    }
}

void lw_sph_sort(lw_sph *sph) {
    lw_parallel_for(sph->count, CHUNK, find_cells, sph);
    find_places(sph);
    lw_parallel_for(sph->count, CHUNK, to_slabs, sph);
    lw_parallel_for(SLABS, 1, sort_slabs, sph);
    lw_sph_columns old = sph->now;
    sph->now = sph->next;
    sph->next = old;
    uint32_t *cells = sph->cell_of;
    sph->cell_of = sph->next_cell;
    sph->next_cell = cells;
}
