/* Crowds: characters whose poses were made before, clip by clip, and are only chosen here.
 *
 *   member, 8 words   clip (i32) | seconds into it | speed | clip before it (i32) | seconds into that | share of the clip,
 *                     the rest is the one before | what the share gains a second | loops (i32, 0 or not)
 *   clip, 4 floats    texel of its first pose | number of its last pose | poses a second | seconds
 *   head, 4 floats    texel of a pose | of the next | share of that | 0, or less than 0: minus the texel of its fade
 *   fade, 4 floats    texel of a pose of the clip before | of the next | share of that | share of the clip before
 *
 * A clip that there is not is the last one or the first. Seconds that are no number are 0. Texels are whole numbers
 * below 2^24, which floats hold.
 */
#ifndef LW_CROWD_H
#define LW_CROWD_H

#include "lw.h"

// `seconds[0]` pass for `count` members: those that loop begin anew, others stay at their ends; what has faded stays faded.
LW_KERNEL void lw_crowd_step(uint32_t *members, uint32_t count, const float *clips, uint32_t clip_count,
                             const float *seconds);

// The heads and fades of `count` members. layout: texels of a pose | texel of fades[0]. Returns how many heads and fades
// are not what they were.
LW_KERNEL uint32_t lw_crowd_heads(const uint32_t *members, uint32_t count, const float *clips, uint32_t clip_count,
                                  const uint32_t *layout, float *heads, float *fades);

#endif
