/* A tree of boxes: built, refitted after things moved, and asked by rays and spheres.
 *
 * Owns: nothing; every array is the caller's, none may overlap one that is written. Does not allocate.
 * Items are boxes (6 floats: low xyz, high xyz) of whatever the caller has: triangles of a mesh, instances of meshes.
 * A box that is not finite, is past 1e37 or inside out is never hit, and neither is a triangle with such a box.
 *
 * A node is 8 words; nodes lie level by level, so children come after their parent and refitting is one pass back:
 *      0         3       4          7
 *     | low xyz | first | high xyz | count |    count > 0: a leaf, items order[first] .. order[first + count - 1]
 *                                               count = 0: children are nodes first and first + 1
 * Build: the split of least cost area * items among 16 bins (8 below 32 items) of each axis, the first of equals; halves
 * where no split is better than none, and below level 32, so that a tree has at most 64 levels. Partitions are stable.
 * Build along a curve: items in the order of the Morton curve through a cube of 1024 cells a side around their centres,
 * those that are never hit behind all others; cut where the highest bit that differs changes. Items that share a cell
 * are numbered again in a cube around them alone, so one item far away costs a level, not the tree; else halves.
 *
 * A ray is 8 floats: origin xyz, 0, direction xyz, until. It hits at origin + t * direction, 0 <= t <= until; one that
 * is not finite (until may be infinite) or has no direction hits nothing. The nearest hit wins, the lower number of
 * equals. Both sides of a triangle count, and shared edges have no gaps.
 *
 * Answers do not depend on the tree, to the bit: in float32, rounding keeps order, so the interval of a box holds those
 * of all boxes in it, and what a ray meets inside of an item is clamped to the interval of the item's own box.
 *     interval: near = max(0, (low - o) * inverse), far = min((high - o) * inverse * (1 + 3 * 2**-23)) over the axes, low
 *     and high exchanged where inverse < 0; an axis whose inverse is not finite asks low <= o <= high instead
 * Sources: Wald, "On fast construction of SAH-based bounding volume hierarchies" (2007); Lauterbach et al., "Fast BVH
 * construction on GPUs" (2009), the curve; Woop, Benthin, Wald,
 * "Watertight ray/triangle intersection" (2013); Ize, "Robust BVH ray traversal" (2013), the factor of `far`.
 * The twin is layerw/kernels/twins/bvh.py. */
#ifndef LW_BVH_H
#define LW_BVH_H

#include "lw.h"

enum { LW_BVH_BINS = 16, LW_BVH_FEW = 32, LW_BVH_BINS_FEW = 8, LW_BVH_COST_LEVELS = 32, LW_BVH_LEVELS = 64,
       LW_MESH_WORDS = 4, LW_INSTANCE_FLOATS = 13, LW_RAY_FLOATS = 8 };
#define LW_NO_ITEM 0xFFFFFFFFu

typedef struct lw_node { float low[3]; uint32_t first; float high[3]; uint32_t count; } lw_node;

// boxes[i] = the box of triangle i: `indices` has three places in `positions` (xyz) for each of `count` triangles.
LW_KERNEL void lw_bvh_triangle_boxes(const float *positions, const uint32_t *indices, uint32_t count, float *boxes);

// Builds the tree of `count` boxes with at most `leaf_items` in a leaf. `nodes` has room for 2 * count, `order` and
// `scratch` for `count`. Returns the number of nodes, 0 for no boxes. `area` gets what lw_bvh_refit says.
LW_KERNEL uint32_t lw_bvh_build(const float *boxes, uint32_t count, uint32_t leaf_items, lw_node *nodes, uint32_t *order,
                                uint32_t *scratch, float *area);

// As lw_bvh_build, along a curve: many times faster, and rays take up to twice as long in it. `scratch` has room for
// 3 * count.
LW_KERNEL uint32_t lw_bvh_build_curve(const float *boxes, uint32_t count, uint32_t leaf_items, lw_node *nodes,
                                      uint32_t *order, uint32_t *scratch, float *area);

// Fits the nodes to boxes that changed. `area` gets the sum of all nodes' half areas: as it grows, queries get slower,
// and where it is a multiple of what lw_bvh_build said, building again pays.
LW_KERNEL void lw_bvh_refit(const float *boxes, const uint32_t *order, lw_node *nodes, uint32_t node_count, float *area);

// The way up: the leaf that each item is in, and the parent of each node (0xFFFFFFFF for the root).
LW_KERNEL void lw_bvh_links(const lw_node *nodes, uint32_t node_count, const uint32_t *order, uint32_t *leaves,
                            uint32_t *parents);

// As lw_bvh_refit, where all boxes but those of some items are as they were when the nodes were fitted last. Goes up
// from each as far as something changes.
LW_KERNEL void lw_bvh_refit_some(const float *boxes, const uint32_t *order, const uint32_t *leaves,
                                 const uint32_t *parents, const uint32_t *items, uint32_t item_count, lw_node *nodes);

// The nearest triangle of each ray: `distance` (t, infinity where there is none), `triangle` (its number, or
// 0xFFFFFFFF) and `weights` (2 floats: what the second and third corner weigh).
LW_KERNEL void lw_bvh_rays(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *positions,
                           const uint32_t *indices, const float *rays, uint32_t ray_count, float *distance,
                           uint32_t *triangle, float *weights);

// blocked[i] = 1 where ray i hits any triangle, else 0.
LW_KERNEL void lw_bvh_blocked(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *positions,
                              const uint32_t *indices, const float *rays, uint32_t ray_count, uint32_t *blocked);

// The box that each ray enters first: `distance` (0 for one that the ray starts in) and `item`, as in lw_bvh_rays.
LW_KERNEL void lw_bvh_rays_boxes(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *boxes,
                                 const float *rays, uint32_t ray_count, float *distance, uint32_t *item);

// The boxes that touch each sphere (xyz, radius), in the order of the tree: those of sphere i are
// found[ends[i - 1]] .. found[ends[i] - 1]. Returns how many there are; only the first `room` are written.
LW_KERNEL uint32_t lw_bvh_spheres(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *boxes,
                                  const float *spheres, uint32_t sphere_count, uint32_t *found, uint32_t room,
                                  uint32_t *ends);

// World boxes of instances of meshes. An instance is 13 floats (position, unit quaternion xyzw, scale, shear: see
// transform.h) and the number of its mesh; a mesh is 4 words: first node, nodes, first triangle, triangles. Boxes are wider by 4e-6 of where they lie
// and how large they are, for what rounding does to the ways there and back.
LW_KERNEL void lw_bvh_instance_boxes(const float *instances, const uint32_t *mesh_of, const uint32_t *meshes,
                                     const lw_node *mesh_nodes, uint32_t count, float *boxes);

// Takes the world transforms of the table's rows: those of rows[i] into instance i, for `count` of them from `first`;
// where that changed a bit, the box as in lw_bvh_instance_boxes, and i into `moved`. Columns as in transform.h;
// `shear` may be null where no row has any. `moved` is null where the instances and boxes hold nothing yet: all are
// taken. Returns how many moved.
LW_KERNEL uint32_t lw_bvh_take_rows(const uint32_t *rows, uint32_t first, uint32_t count, const float *position,
                                    const float *rotation, const float *scale, const float *shear,
                                    const uint32_t *mesh_of, const uint32_t *meshes, const lw_node *mesh_nodes,
                                    float *instances, float *boxes, uint32_t *moved);

// The nearest triangle of any instance: `distance`, `instance` and `triangle` (within its mesh), as in lw_bvh_rays. The
// tree of the instances' boxes lies above those of the meshes, whose nodes, orders and triangles are `mesh_nodes`,
// `mesh_order` and `indices`, each mesh behind the other; numbers in them count from their mesh's own start, but
// `indices` counts all `positions`. Rays are turned into the space of each instance that they meet.
LW_KERNEL void lw_bvh_rays_instances(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *boxes,
                                     const float *instances, const uint32_t *mesh_of, const uint32_t *meshes,
                                     const lw_node *mesh_nodes, const uint32_t *mesh_order, const float *positions,
                                     const uint32_t *indices, const float *rays, uint32_t ray_count, float *distance,
                                     uint32_t *instance, uint32_t *triangle);

#endif
