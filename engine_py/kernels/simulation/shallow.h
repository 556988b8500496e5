/* Shallow water on a grid: depths in cells, flows on the faces between them (virtual pipes, staggered).
 *
 * Owns: its fields, in blocks of the logic region. Keeps volume (rounding aside), never has a negative depth, and still
 * water stays still over any ground. Works on as many threads as there are, with the same bits for any number.
 * Does not carry momentum along (no advection): waves and floods, no breaking. Limits: sides of 4 to
 * LW_SHALLOW_SIDE_MAX cells; LW_SHALLOW_SUBSTEPS_MAX inner steps a step.
 *
 * A field has (rows + 2) * stride floats; the cell (column, row) is at (row + 1) * stride + 4 + column. What is around
 * the cells is a wall 10^9 m high and must not be written.
 *
 * Sources: Mei, Decaudin, Hu, "Fast hydraulic erosion simulation and visualization on GPU" (2007), pipes and the scaling
 * that keeps depths above 0; Kass, Miller, "Rapid, stable fluid dynamics for computer graphics" (1990); Chentanez,
 * Mueller, "Real-time simulation of large bodies of water" (2010), clamped speeds. */
#ifndef LW_SHALLOW_H
#define LW_SHALLOW_H

#include "lw.h"

enum { LW_SHALLOW_SIDE_MAX = 8192, LW_SHALLOW_COUNT_MAX = 16, LW_SHALLOW_SOURCES_MAX = 32, LW_SHALLOW_SUBSTEPS_MAX = 32 };
enum { LW_SHALLOW_GROUND, LW_SHALLOW_DEPTH, LW_SHALLOW_FLOW_X, LW_SHALLOW_FLOW_Z, LW_SHALLOW_FIELDS };

// Dry, flat ground of columns x rows cells with sides of cell_m metres. gravity in m/s2, friction a second (0 to 10).
// Returns its handle, or 0 with the last error set.
LW_LAYER uint32_t lw_shallow_create(uint32_t columns, uint32_t rows, float cell_m, float gravity, float friction);

// Frees it. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_shallow_destroy(uint32_t water);

// The address of a field: 0 ground height, 1 depth (m), 2 and 3 flow to the next column and row (m2/s). 2 and 3 change
// with every step. 0 with the last error set.
LW_LAYER uint32_t lw_shallow_field(uint32_t water, uint32_t field);

// Floats from one row of a field to the next. 0 with the last error set.
LW_LAYER uint32_t lw_shallow_stride(uint32_t water);

// Looks at what a caller wrote to ground and depth; call it before the next step. Returns 1, or 0 with the last error
// set: a depth that is negative or no number, a ground outside of -10^6 to 10^6 m (the value is the cell).
LW_LAYER uint32_t lw_shallow_check(uint32_t water);

// Adds a source (rate_m_s above 0) or a drain (below 0) of depth, in a circle of radius cells around (column, row).
// Returns its number from 1, or 0 with the last error set.
LW_LAYER uint32_t lw_shallow_source(uint32_t water, float column, float row, float radius, float rate_m_s);

// One step of dt_s seconds (above 0, at most 1), in as many inner steps as the deepest cell asks for. Returns how many,
// or 0 with the last error set.
LW_LAYER uint32_t lw_shallow_step(uint32_t water, float dt_s);

// Bytes of Layer memory that it takes. 0 with the last error set.
LW_LAYER uint32_t lw_shallow_bytes(uint32_t water);

#endif
