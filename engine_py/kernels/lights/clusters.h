/* Lights in a view: which of them it sees, strongest first, and the list of those that reach each cluster of its space.
 *
 * Owns: nothing; every array is the caller's and none may overlap one that is written. Does not allocate. Knows no kinds
 * of light: each is a sphere that it may shine in; a radius below 0 means everywhere.
 * A cluster is a box around one of across x down tiles of the picture between two depths. Order of arithmetic, which the
 * numpy twin (layerw/kernels/twins/lights.py) repeats to the bit; all of it float32:
 *     x = (place - high) - low            for each axis; what of it is seen as in geometry/cull.h
 *     side = (x * right.x + y * right.y) + z * right.z;  height and depth the same, along up and forward
 *     the box's sides: an edge at one metre times the nearer depth where that is farther out, else times the other
 *     reached: (r * r - depth_gap * depth_gap) - height_gap * height_gap >= side_gap * side_gap; gaps are to the box
 * Source: Olsson, Billeter, Assarsson, "Clustered Deferred and Forward Shading" (2012); Arvo, "A Simple Method for
 * Box-Sphere Intersection Testing" (1990). Limits: LW_TILES_MAX tiles across and down, LW_SLICES_MAX depths, 255 lights
 * a cluster.
 *
 * A light is 12 floats (gpu/spec.py LIGHT_ROW): the first three are its place; the others are copied as they are.
 * A frame is 20 floats: | high xyz | parallel 0 or 1 | low xyz | - | right xyz | - | up xyz | - | forward xyz | - | */
#ifndef LW_CLUSTERS_H
#define LW_CLUSTERS_H

#include "lw.h"

enum { LW_LIGHT_FLOATS = 12, LW_FRAME_FLOATS = 20, LW_TILES_MAX = 32, LW_SLICES_MAX = 32 };

// Writes the numbers of the lights that a view of cull.h sees into `order`, and what to sort them by ascending into
// `keys`: those that are everywhere first, then by falling power / max(square of the distance, 1). `spheres` has xyz and
// the radius of each of `count`, `power` is at least 0. found[0]: how many are everywhere; found[1]: the bits of the
// largest depth (along the fifth plane's normal) that any sphere reaches, at least 0. Returns how many are seen.
LW_KERNEL uint32_t lw_lights_seen(const float *view, const float *spheres, const float *power, uint32_t count,
                                  uint32_t *keys, uint32_t *order, uint32_t *found);

// Copies `count` lights in their order into `rows`, their places relative to the camera, and lists the clusters' lights.
// The first `everywhere` are in no list. grid: across, down, deep, and how many lights a list holds: those that come
// first win. `edges`: across + 1 and down + 1 numbers at one metre (at any depth where parallel), deep + 1 depths, all
// rising. `lists`: across * down * deep words (start | length << 24), then from there on the numbers in `rows`, 16 bits
// each; room for full lists. `table`: scratch, grid[3] numbers a cluster. found[0]: words of `lists` that are used;
// found[1]: how many lights the fullest cluster would have.
LW_KERNEL void lw_light_lists(const float *frame, const float *edges, const uint32_t *grid, const float *lights,
                              const float *spheres, const uint32_t *order, uint32_t count, uint32_t everywhere,
                              float *rows, uint16_t *table, uint32_t *lists, uint32_t *found);

#endif
