/* Limbs that reach for a point, and nodes that look at one, after clips have moved them: inverse kinematics.
 *
 * `position` (3), `rotation` (4), `scale` (3) and `parents` are the table's columns; turned rows get unit quaternions.
 * What cannot be worked out stays as it is: bones without a length, targets that are no numbers or at the joint itself.
 *
 *   limb, 4 words    rows of its upper, its middle and its end node, each below the one before | 1: it has a pole
 *   goal, 4 floats   where to, in the world | weight: 0 as it is, 1 all the way
 *   pole, 4 floats   what the middle points at, in the world | 0
 *   gaze, 4 floats   the node's own forward axis | cosine of half of how far it turns at most
 *
 * Source: the law of cosines for two bones; quaternions between vectors and of half angles, without libm, so that each
 * placement gives the same bits.
 */
#ifndef LW_REACH_H
#define LW_REACH_H

#include "lw.h"

// Turns the upper and the middle node of `count` limbs, so that the end is at its goal, or as near as it can be.
LW_KERNEL void lw_pose_reach(const uint32_t *limbs, const float *goals, const float *poles, uint32_t count,
                             const int32_t *parents, const float *position, float *rotation, const float *scale);

// Turns the nodes of `count` rows, so that their forward axes point at their goals.
LW_KERNEL void lw_pose_look(const uint32_t *rows, const float *goals, const float *gazes, uint32_t count,
                            const int32_t *parents, const float *position, float *rotation, const float *scale);

#endif
