/* Spheres against a view: which rows are seen, at which level of detail, packed for drawing.
 *
 * Owns: nothing; every array is the caller's and none may overlap one that is written. Does not allocate.
 * Order of arithmetic, which the numpy twin (layerw/kernels/twins/cull.py) repeats to the bit; all of it float32:
 *     x = (position - high) - low                    for each axis
 *     seen by planes: (((x * a + y * b) + z * c) + d) + radius >= 0 for all five; a NaN is never seen
 *     square = (x * x + y * y) + z * z;  seen by reach: square < (radius + reach) * (radius + reach)
 *     distance = sqrt(square);  level k: until[k - 1] <= distance < until[k], until[-1] = 0
 * Source: Assarsson and Moeller, "Optimized View Frustum Culling Algorithms" (2000), the basic test; left-packing in
 * simd.h. Limits: LW_LODS_MAX levels; until must rise.
 *
 * A view is 28 floats:
 *      0          3       4        7    8 + 4 p
 *     | high xyz | reach | low xyz | - | plane p: unit normal a b c, offset d | ... five of them
 * high + low is the camera (float64 in two parts); planes are relative to it. reach < 0: by planes, else by reach.
 *
 * A run is 4 words: start, size (of what it draws), draft, lods. lods 0: all that is seen, whatever its distance; its
 * one draft is number `draft`. Else drafts draft .. draft + lods - 1 are its levels, and until_m has their ends.
 * A draft is 8 words, a draw record (gpu/spec.py DRAW_RECORD) whose words 2 and 3 (first, count) are filled in here.
 * Drafts of later runs have higher numbers. Records of no rows are left out.
 * tally is 2 words, read and raised: rows in `visible`, records in `records`. */
#ifndef LW_CULL_H
#define LW_CULL_H

#include "lw.h"

enum { LW_LODS_MAX = 8, LW_VIEW_FLOATS = 28, LW_RUN_WORDS = 4, LW_DRAFT_WORDS = 8 };

// Packs the rows of one run that the view sees, level after level, into `out`, whose length must be at least
// max(lods, 1) * (count rounded up to 4). `positions` has xyz of every row, `radii` one radius and `rows` one row
// number for each of `count` spheres. counts[k] (of max(lods, 1)) is how many rows level k has. Returns their sum.
LW_KERNEL uint32_t lw_cull_lods(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                                uint32_t count, const float *until_m, uint32_t lods, uint32_t *out, uint32_t *counts);

// Culls every run and appends what is seen to `visible` and a record a level to `records`. `visible` must have room
// for all rows and then for (lods - 1) * (size rounded up to 4) + 4 of the largest run; `records` for every draft.
LW_KERNEL void lw_cull_runs(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                            const uint32_t *runs, uint32_t run_count, const float *until_m, const uint32_t *drafts,
                            uint32_t *visible, uint32_t *records, uint32_t *tally);

// The same for rows that stand still, by cells: `cells` has 2 words each (start, size) into `positions` (xyz) and
// `rows`, which lie in cell order; `centers` and `radii` are of the cells, and a run's start and size count cells. A
// cell that lies within one level is drawn whole, one that crosses levels row by row. Whole cells of one level that
// follow each other and have range_rows rows together (> 0) are not copied: their record's first counts in `rows`, and
// range_flag is set in its word 4. `levels`, a byte a cell, is not 0 where one need not be seen; it is scratch then.
// `visible` must have room for all rows and 4 more, `records` for every draft and for one record in range_rows rows.
LW_KERNEL void lw_cull_cells(const float *view, const float *centers, const float *radii, const uint32_t *cells,
                             const float *positions, const uint32_t *rows, const uint32_t *runs, uint32_t run_count,
                             const float *until_m, const uint32_t *drafts, uint8_t *levels, uint32_t range_rows,
                             uint32_t range_flag, uint32_t *visible, uint32_t *records, uint32_t *tally);

// The same, back to front across all runs: a record for each stretch of rows of one draft; equal distances keep the
// order of `rows`. `scratch` has 6 words for each row of the runs; `records` needs room for one record a row.
LW_KERNEL void lw_cull_sorted(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                              const uint32_t *runs, uint32_t run_count, const float *until_m, const uint32_t *drafts,
                              uint32_t *scratch, uint32_t *visible, uint32_t *records, uint32_t *tally);

// out[i] = radius[rows[i]] times the largest magnitude m of the row's scale: m = |x|, then |y| where |y| > m, then
// |z| where |z| > m. A NaN in y or z is passed over.
LW_KERNEL void lw_sphere_radii(const float *radius, const float *scale, const uint32_t *rows, uint32_t count, float *out);

#endif
