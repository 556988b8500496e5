/* A picture of shallow water from above, drawn where the page can show it: see docs/memory.md, "Pictures".
 *
 * One pixel a cell, row 0 above. Arithmetic, which the numpy twin repeats to the bit (float32, then whole numbers):
 *     level = ground + depth;  slope = (level west - level east) + (level north - level south), the cell's own at the rim
 *     light = floor(256 * clamp(0.82 + relief * slope, 0.35, 1.25)), relief = 0.35 / cell_m, under water 0.6 / cell_m
 *     height = floor(256 * clamp((ground - low_m) / (high_m - low_m), 0, 1))
 *     wet = depth > 0 ? 64 + floor(176 * min(depth / deep_m, 1)) : 0
 * A channel is low and high mixed by height, then mixed with water by wet, then times light: each floor(x / 256). */
#ifndef LW_SHALLOW_PAINT_H
#define LW_SHALLOW_PAINT_H

#include "lw.h"

// Draws the water into columns * rows RGBA8 pixels at `out`, opaque: ground from the colour low_rgb at low_m to high_rgb
// at high_m, lit from the north-west, under water that is water_rgb at deep_m. Colours are r + 256 g + 65536 b, sRGB.
// Returns 1, or 0 with the last error set: high_m not above low_m, deep_m not above 0.
LW_LAYER uint32_t lw_shallow_paint(uint32_t water, uint32_t *out, float low_m, float high_m, float deep_m,
                                   uint32_t low_rgb, uint32_t high_rgb, uint32_t water_rgb);

#endif
