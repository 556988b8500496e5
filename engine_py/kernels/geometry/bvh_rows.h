/* Which rows of the entity table rays can meet, for the trees of bvh.h. The twin is layerw/kernels/twins/bvh_rows.py. */
#ifndef LW_BVH_ROWS_H
#define LW_BVH_ROWS_H

#include "lw.h"

enum { LW_ROW_STATIC = 4, LW_HANDLE_INDEX = 0xFFFFF };

// The rows below `count` that are `shown` and have a shape, ascending: those that stay where they are (static, without
// a parent) and the others, each with the number of its shape. That is mesh_shapes[index of the handle] of the first
// `mesh_room` handles, or lod_shapes[lods] of a row that has a LOD set; 0xFFFFFFFF is none. The four results have room
// for `count`; `counts` gets how many stay and how many may move.
LW_KERNEL void lw_bvh_choose_rows(const uint8_t *shown, const uint8_t *flags, const int32_t *parents,
                                  const uint32_t *mesh, const uint16_t *lods, uint32_t count,
                                  const uint32_t *mesh_shapes, uint32_t mesh_room, const uint32_t *lod_shapes,
                                  uint32_t *still, uint32_t *still_shapes, uint32_t *moving, uint32_t *moving_shapes,
                                  uint32_t *counts);

#endif
