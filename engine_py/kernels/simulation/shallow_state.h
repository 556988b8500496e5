/* What one body of shallow water holds, shared by shallow.c (its life) and shallow_step.c (its steps). */
#ifndef LW_SHALLOW_STATE_H
#define LW_SHALLOW_STATE_H

#include "shallow.h"
#include "simd.h"

enum { LW_SHALLOW_GRAIN = 16 /* rows of a chunk */, LW_SHALLOW_BLOCKS = 7 };

typedef struct { float column, row, radius, rate; } lw_shallow_source_row;

typedef struct {
    uint32_t handle, columns, rows, stride, bytes, sources;
    float cell_m, gravity, friction;
    float *blocks[LW_SHALLOW_BLOCKS]; /* what is freed; the fields start a little behind, see stagger in shallow.c */
    float *ground, *depth, *flow_x, *flow_z, *next_x, *next_z, *keep, *deepest; /* deepest: of each row */
    lw_shallow_source_row source[LW_SHALLOW_SOURCES_MAX];
    float dt_s, damping; /* of the inner step that runs */
} lw_shallow;

lw_shallow *lw_shallow_address(uint32_t handle); /* NULL with the last error set */
void lw_shallow_inner_step(lw_shallow *water);
float lw_shallow_deepest(const lw_shallow *water);

static inline size_t lw_shallow_at(const lw_shallow *water, uint32_t row) { return (size_t)(row + 1) * water->stride + 4; }

#endif
