/* Clips of many characters sampled and blended, all in one call.
 *
 * A character's pose is a run of floats: for each node ten of them (translation xyz, rotation xyzw, scale xyz), then the
 * morph weights of all its meshes. A track drives some floats of it by keys; a play is a clip that one character plays now.
 *
 *   track, 8 words   float that it drives first | how many | mode | node | first key | keys | first value | 0
 *   mode             0 linear, 1 step, 2 cubic spline (in-tangent, value, out-tangent a key); + 4: it is a rotation
 *   play, 8 words    first float of the pose | nodes | floats | first track | tracks | layer | additive | first mask
 *   amounts, 2       seconds into the clip, weight; of each play
 *
 * Plays are sorted by character, then by layer. Within a layer weights are shares: where they add up to less than 1, the
 * rest is the layer below (the pose that the call found, for the lowest); where to more, they are scaled down. An additive
 * play puts what its clip has moved since its first key on top of what lies below it, as the last of its layer. A mask
 * has a number a node, times the weight; no mask: 0xFFFFFFFF. Weights of meshes belong to the mask's node as well.
 *
 * Source: glTF 2.0, appendix C (interpolation); Eberly, "A Fast and Accurate Algorithm for Computing SLERP", Journal of
 * Graphics, GPU, and Game Tools 15 (2011): spherical interpolation with no more than products and sums, so that each
 * placement gives the same bits.
 */
#ifndef LW_BLEND_H
#define LW_BLEND_H

#include "lw.h"

// Blends `count` plays into `pose`, which holds what lies below all of them. times: seconds of keys, rising; values: of keys;
// scratch: two floats for each float of the largest pose. Rotations come out as unit quaternions.
LW_KERNEL void lw_pose_blend(const uint32_t *plays, const float *amounts, uint32_t count, const uint32_t *tracks,
                             const float *times, const float *values, const float *masks, float *pose, float *scratch);

// The table's rows[i] becomes the node whose ten floats begin at pose[floats[i]], for `count` nodes. position (3),
// rotation (4) and scale (3) are the table's columns.
LW_KERNEL void lw_pose_rows(const float *pose, const uint32_t *floats, const uint32_t *rows, uint32_t count,
                            float *position, float *rotation, float *scale);

#endif
