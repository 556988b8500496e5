/* What one simulation holds, shared by the files that make up sph.h. */
#ifndef LW_SPH_STATE_H
#define LW_SPH_STATE_H

#include "simd.h"
#include "sph.h"

enum { LW_SPH_GRAIN = 128,          /* particles of a chunk: part of the result's definition only through the pool */
       LW_SPH_NEAR_MAX = 128,       /* neighbours of one particle */
       LW_SPH_POOL_BLOCKS = 128 * 13, /* blocks of four neighbours of one chunk: 52 a particle on average */
       LW_SPH_SORT_GRAIN = 1024, LW_SPH_SLABS = 64, /* of the sort: particles a chunk, parts of the grid */
       LW_SPH_SLOT_BITS = 18, LW_SPH_GENERATION_MAX = (1 << (32 - LW_SPH_SLOT_BITS)) - 1 };

/* Four neighbours, one cache line. Lanes that are left over name the particle itself, with a gradient of 0. */
typedef struct {
    lw_u4 index;
    lw_f4 x, y, z; /* mass times the kernel's gradient */
} lw_sph_pairs;

typedef struct { float *x, *y, *z, *velocity, *pressure; uint32_t *id; } lw_sph_columns;

typedef struct { uint32_t kind; float center[3], half[3]; } lw_sph_obstacle_row;

typedef struct lw_sph {
    uint32_t capacity, count, bytes, handle;
    float spacing, reach, mass; /* reach: the kernel's radius */
    float lo[3], hi[3], gravity[3], viscosity;
    uint32_t turns_max;
    uint32_t cells[3], cell_count;
    uint32_t obstacles, ground_columns, ground_rows, free_slots, slots_used, stage_bytes;
    lw_sph_columns now, next; /* next: where the sort puts them */
    uint32_t *cell_of, *next_cell, *order, *starts; /* starts: of each cell, and the end */
    uint32_t *slabs, slab_starts[LW_SPH_SLABS + 1], slab_shift; /* of a slab: 2^slab_shift cells */
    float *places; /* positions, four floats a particle */
    float *density, *diagonal, *whole, *wanted, *predicted; /* whole, wanted, predicted: four floats a particle */
    float *ahead, *error, *work, *uphill; /* ahead: pressures that the solver looks at; the rest: a sum of each chunk */
    uint32_t *first, *blocks, *dropped;
    lw_sph_pairs *pairs;
    uint32_t *slot_generation, *slot_free;
    float *ground, *stage;
    lw_sph_obstacle_row rows[LW_SPH_OBSTACLES_MAX];
    float dt_s, drag, onward; /* of the sub-step that runs; onward: how far the solver goes on beyond its last pressures */
    uint32_t substeps, turns; /* of the last step */
} lw_sph;

lw_sph *lw_sph_find(uint32_t handle);
void *lw_sph_block(lw_sph *sph, uint64_t size_bytes);

void lw_sph_sort(lw_sph *sph);                                     /* sph_grid.c */
void lw_sph_neighbours(void *sph, uint32_t begin, uint32_t end);   /* sph_near.c */
void lw_sph_solve(lw_sph *sph);                                    /* sph_pressure.c */
void lw_sph_advance(lw_sph *sph, float dt_s);                      /* sph_step.c */

/* The wall's part of a particle's density, and its gradient (sph_walls.c). */
float lw_sph_wall_density(const lw_sph *sph, const float at[3], float gradient[3]);
/* Moves a position out of obstacles and into the basin, and takes the velocity's part that points into them. */
void lw_sph_push_out(const lw_sph *sph, float at[3], float velocity[3]);

#endif
