/* Where the joints of many characters stand, and the matrices that their skins are drawn with.
 *
 * A matrix is 3x4, row by row: what the GPU's pose texture holds as three texels.
 * Source: glTF 2.0, 3.7.3.3 (joint matrices).
 */
#ifndef LW_SKINS_H
#define LW_SKINS_H

#include "lw.h"

// matrices[i] = that of node i in its model: of its table row rows[i], under node parents[i] (-1: none; parents come
// first). position (3), rotation (4) and scale (3) are the table's columns.
LW_KERNEL void lw_pose_models(const uint32_t *rows, const int32_t *parents, uint32_t count, const float *position,
                              const float *rotation, const float *scale, float *matrices);

// texels[i] = matrices[joints[2 i]] * inverse[joints[2 i + 1]], of `count` joints; reach: of each, how far from its own
// place vertices that follow it lie in the unposed mesh, < 0 none. spheres[mesh[i]] becomes at least the distance from the
// model's origin to the far side of what follows joint i.
LW_KERNEL void lw_pose_joints(const uint32_t *joints, const float *reach, const uint32_t *mesh, uint32_t count,
                              const float *matrices, const float *inverse, float *texels, float *spheres);

#endif
