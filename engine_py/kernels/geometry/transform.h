/* World transforms of children, exact: position, quaternion (xyzw), scale and shear, composed with their parents'.
 *
 * A linear map M is kept as a rotation Q and an upper triangle T, M = Q * T (Gram and Schmidt's way, "QR"):
 *         | scale x   shear x   shear y |
 *     T = |    0      scale y   shear z |        a mirror image has an odd number of negative scales; without shear
 *         |    0         0      scale z |        this is the rotation and the scale that programs write
 *
 * Order of arithmetic, which layerw/kernels/twins/transform.py repeats to the bit (all float32, q and T the parent's):
 *     v = T * local position, x: (scale.x * p.x + shear.x * p.y) + shear.y * p.z;  t = 2 * cross(q.xyz, v)
 *     position = parent + ((v + q.w * t) + cross(q.xyz, t));  a cross product's component is one product minus the other
 *     T is even (no shear, equal scales): rotation = q * local, scale = T * local scale; no shear
 *     local is unturned (x, y and z of its quaternion are 0): rotation = q; column k of T times the k-th local scale
 *     else M = T * (matrix of local), over its largest magnitude, is taken apart, and rotation = q * that rotation:
 *         each column is freed of the axes so far, twice (Giraud et al. 2005), and becomes the next axis where more than
 *         1e-6 of its length is left; the third axis is the cross product of both, and so has the mirror's sign.
 *         Shear of at most 1e-6 of its column is dropped, so that rounding alone shears nothing
 *     a product of quaternions adds its four products from left to right; rotations are divided by their length
 * Sources: the quaternion rotation without a matrix, Fabian Giesen, "The fast version of rotating a vector by a
 * quaternion" (2019); quaternions of matrices, Shepperd (1978); Giraud, Langou, Rozloznik, "The loss of orthogonality in
 * the Gram-Schmidt orthogonalization process" (2005). */
#ifndef LW_TRANSFORM_H
#define LW_TRANSFORM_H

#include "lw.h"

// Writes the world transforms of `count` rows, in the order given: a parent's row is composed before its children's,
// or already is in `world_*`. Positions, scales and shears have 3 floats a row, rotations 4; local and world may not
// overlap. Returns how many of the rows have shear.
LW_KERNEL uint32_t lw_compose_rows(const int32_t *parents, const uint32_t *rows, uint32_t count,
                                   const float *position, const float *rotation, const float *scale,
                                   float *world_position, float *world_rotation, float *world_scale,
                                   float *world_shear);

// mirrored[i] = 1 where an odd number of the three scales of rows[i] is below 0 and none is 0 or NaN, else 0. Returns
// how many of them changed.
LW_KERNEL uint32_t lw_mirrored(const float *scale, const uint32_t *rows, uint32_t count, uint8_t *mirrored);

// Poses (7 floats: position, quaternion) by slot go to where rows[slot] says, into columns of 3 and 4 floats a row, and to
// kept[slot]; slots whose row is below 0 are passed over. Bit k of `blocks` is set where one of rows 1024 k to 1024 k + 1023
// was written. Returns how many were written.
LW_KERNEL uint32_t lw_scatter_poses(const uint32_t *slots, uint32_t count, const float *poses, const int32_t *rows,
                                    float *kept, float *position, float *rotation, uint32_t *blocks);

// How many of `count` floats are NaN or infinite.
LW_KERNEL uint32_t lw_not_finite(const float *values, uint32_t count);

#endif
