/* World transforms of children: position, quaternion (xyzw) and scale, composed with their parents'.
 *
 * Order of arithmetic, which scene/hierarchy.py's numpy twin repeats to the bit (all float32, q the parent's):
 *     v = parent scale * local position;  t = 2 * cross(q.xyz, v);  position = parent + ((v + q.w * t) + cross(q.xyz, t))
 *     rotation = q * local, each component's four products added from left to right;  scale = parent scale * local scale
 * A cross product's component is one product minus the other. Scale is per axis: shear is dropped.
 * Source: the quaternion rotation without a matrix, Fabian Giesen, "The fast version of rotating a vector by a
 * quaternion" (2019). */
#ifndef LW_TRANSFORM_H
#define LW_TRANSFORM_H

#include "lw.h"

// Writes the world transforms of `count` rows, in the order given: a parent's row is composed before its children's,
// or already is in `world_*`. Positions and scales have 3 floats a row, rotations 4; local and world may not overlap.
LW_KERNEL void lw_compose_rows(const int32_t *parents, const uint32_t *rows, uint32_t count,
                               const float *position, const float *rotation, const float *scale,
                               float *world_position, float *world_rotation, float *world_scale);

#endif
