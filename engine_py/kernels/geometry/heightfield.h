/* Ground as a grid of heights: its height and normal at points, and where rays meet it.
 *
 * Owns: nothing; every array is the caller's, none may overlap one that is written. Does not allocate. All in float64.
 * codes: uint16, row after row from north (-z) to south, each from west (-x) to east; at least 2 columns and 2 rows.
 * grid: 6 doubles: west, north, spacing_x, spacing_z (> 0), offset, scale. A sample stands at
 *     (west + column * spacing_x, offset + code * scale, north + row * spacing_z)
 * A cell between four samples is two triangles, split from north-west to south-east, as stream/ground.py says:
 *     0: north-west, north-east, south-east     1: north-west, south-east, south-west
 *
 * The pyramid has the least and the greatest code of blocks of 4 x 4 cells, then of 2 x 2 blocks each, up to one block;
 * levels follow each other, rows of blocks within a level, two uint16 a block.
 *
 * A ray is 8 doubles, as in bvh.h: origin xyz, 0, direction xyz, until. Intervals of boxes are as there, with the factor
 * 1 + 3 * 2**-52, and a hit is clamped to the interval of its cell's box; so answers do not depend on the pyramid.
 * Sources: Tevs, Ihrke, Seidel, "Maximum mipmaps for fast, accurate, and scalable dynamic height field rendering"
 * (2008); Woop, Benthin, Wald, "Watertight ray/triangle intersection" (2013).
 * The twin is layerw/kernels/twins/heightfield.py. */
#ifndef LW_HEIGHTFIELD_H
#define LW_HEIGHTFIELD_H

#include "lw.h"

enum { LW_FIELD_BLOCK = 4, LW_FIELD_LEVELS = 32 };

// The grid of a "gzip-delta" file, unpacked (see stream/ground.py). packed: of each sample's change, zigzag, first the low
// bytes of all, then the high ones.
LW_KERNEL void lw_field_unpack(const uint8_t *packed, uint32_t columns, uint32_t rows, uint16_t *codes);

// Heights at `count` points (x, z); beyond the rim the nearest edge counts, a NaN gives NaN. smooth 0: on the triangles;
// 1: bilinear, without their edges. `normals` (xyz, unit length) may be null.
LW_KERNEL void lw_field_heights(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid, const double *x,
                                const double *z, uint32_t count, uint32_t smooth, double *heights, double *normals);

// Fills the pyramid of a grid.
LW_KERNEL void lw_field_pyramid(const uint16_t *codes, uint32_t columns, uint32_t rows, uint16_t *pyramid);

// Where each ray first meets the ground, from above or below: `distance` (t, infinity where it does not) and `triangle`
// (2 * cell + 0 or 1, cells in rows of columns - 1; 0xFFFFFFFF where there is none). The lower number of equals.
LW_KERNEL void lw_field_rays(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid,
                             const uint16_t *pyramid, const double *rays, uint32_t ray_count, double *distance,
                             uint32_t *triangle);

#endif
