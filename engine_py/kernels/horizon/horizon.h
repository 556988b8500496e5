/* What hills hide, seen from one place: boxes against the horizon of a grid of heights.
 *
 * Owns: nothing; every array is the caller's and none may overlap one that is written. Does not allocate. All in
 * float64, with + - * / and comparisons alone, so that the twin (layerw/kernels/twins/horizon.py) gives the same bits.
 *
 * Around the eye lie four faces (+x, -x, +z, -z), each a quarter of the map, with LW_HORIZON_FACE sectors each: u is the
 * distance along the face's axis, v across it, and a sector holds what lies between v = a * u and v = b * u. A line of the
 * grid at u crosses every line of sight of a sector on one segment. What is drawn there goes through samples and straight
 * between them; where it lies above the line of sight, that has gone through the surface before: nothing behind is
 * seen. The steepest of the nearer segments' lowest points is the sector's horizon, (height - eye) / u; a box is hidden
 * where in every sector that it reaches into its top stays below it.
 *
 * codes and grid: as in geometry/heightfield.h, with a scale >= 0. Cells of LW_HORIZON_CELL samples a side have four bytes in `drawn`,
 * in rows of (columns - 1) / LW_HORIZON_CELL: the exponents of the finest and of the coarsest stride with which tiles go
 * over the samples there or in one of the eight cells beside it; 1 where the cell itself is drawn so, else 0; one free.
 * Lines lie where the vertices of strides twice as coarse do: so also a surface that is on its way from one level to the
 * next (every vertex between its own height and its parent's) is nowhere below the lowest sample of a segment.
 * The grid's rim hides nothing.
 * eye: 5 doubles: x, y, z, start (lines and boxes that are nearer hide nothing and are not hidden), drop (how far what is
 * drawn may lie below the samples).
 * Source: the horizon of terrain by sectors, as in Stewart, "Hierarchical visibility in terrains" (EGRW 1997). */
#ifndef LW_HORIZON_H
#define LW_HORIZON_H

#include "lw.h"

enum { LW_HORIZON_FACE = 64, LW_HORIZON_CELL = 64, LW_HORIZON_ARCS_MAX = 255 };
enum { LW_BOX_SEEN = 0, LW_BOX_HIDDEN = 1, LW_BOX_OUTSIDE = 2 };

// Sorts boxes (6 doubles each: low xyz, high xyz, as the grid) into LW_BOX_*. planes: 5 of 4 doubles, inward normal and
// offset, relative to the eye: a box beyond one of them is outside. arcs: distances that rise, from start on; of each the
// nearest line before it counts. `built` (a byte a sector: arcs looked at) and `horizon` (arc_count doubles a sector) are scratch that is kept
// between calls for one eye, ground and arcs: what boxes in view need of it is added; `built` starts as zeros.
LW_KERNEL void lw_horizon_boxes(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid,
                                const uint8_t *drawn, const double *eye, const double *arcs, uint32_t arc_count,
                                const double *planes, const double *boxes, uint32_t count, uint8_t *built, double *horizon,
                                uint8_t *found);

#endif
