/* The uniform grid: particles sorted by cell with a counting sort, x fastest, stable. Serial where it counts (a few
 * tens of µs for 10,000), parallel where it moves. */
#include "parallel.h"
#include "sph_state.h"

static uint32_t cell_on(const lw_sph *sph, float at, int axis) {
    float cell = (at - sph->lo[axis]) / (0.5f * sph->reach); /* positions are inside the basin: never negative */
    uint32_t found = (uint32_t)cell;
    return LW_MIN(found, sph->cells[axis] - 1);
}

void lw_sph_cells(void *context, uint32_t begin, uint32_t end) {
    lw_sph *sph = context;
    for (uint32_t i = begin; i < end; i++) {
        uint32_t x = cell_on(sph, sph->now.x[i], 0), y = cell_on(sph, sph->now.y[i], 1);
        sph->cell_of[i] = (cell_on(sph, sph->now.z[i], 2) * sph->cells[1] + y) * sph->cells[0] + x;
    }
}

static void move(void *context, uint32_t begin, uint32_t end) {
    lw_sph *sph = context;
    const lw_sph_columns *from = &sph->now, *to = &sph->next;
    for (uint32_t i = begin; i < end; i++) {
        uint32_t old = sph->order[i];
        to->x[i] = from->x[old], to->y[i] = from->y[old], to->z[i] = from->z[old];
        lw_copy(to->velocity + 4 * (size_t)i, from->velocity + 4 * (size_t)old, 16);
        to->pressure[i] = from->pressure[old], to->id[i] = from->id[old];
    }
}

void lw_sph_sort(lw_sph *sph) {
    lw_parallel_for(sph->count, 1024, lw_sph_cells, sph);
    uint32_t *starts = sph->starts;
    lw_zero(starts, 4 * ((size_t)sph->cell_count + 1));
    for (uint32_t i = 0; i < sph->count; i++) starts[sph->cell_of[i]]++;
    for (uint32_t cell = 0, before = 0; cell <= sph->cell_count; cell++) {
        uint32_t here = starts[cell];
        starts[cell] = before;
        before += here;
    }
    for (uint32_t i = 0; i < sph->count; i++) sph->order[starts[sph->cell_of[i]]++] = i;
    for (uint32_t cell = sph->cell_count; cell > 0; cell--) starts[cell] = starts[cell - 1]; /* ends became starts */
    starts[0] = 0;
    lw_parallel_for(sph->count, 1024, move, sph);
    lw_sph_columns old = sph->now;
    sph->now = sph->next;
    sph->next = old;
}
