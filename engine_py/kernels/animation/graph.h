/* Graphs of animations: what states weigh and how far they are, for all members of a layer; the morphs that clips weigh;
 * poses between two that were made.
 *
 *   layout, 5 words   members | states | slots (clips of all states) | slots of all layers | the layer's first among those
 *   state, 8 words    first slot | clips | 0: one clip, 1: clips along a parameter, 2: `mixed` says their shares already |
 *                     loops | its parameter's first float | seconds a second (float) | 0 | 0
 *   clip, 2 floats    seconds | where it lies along the parameter, rising within a state; of each slot
 *   member, 4 words   the state that it is in | seconds since that began (float) | what that gains a second (float) | share
 *                     of the layer (float)
 *   morph, 8 words    first weight | targets | first delta | texels | first texel | first of far | 0 | 0
 *   whole, 4 words    first float of a pose | nodes | floats | 1: it is made anew in this frame
 */
#ifndef LW_GRAPH_H
#define LW_GRAPH_H

#include "lw.h"

// `seconds[0]` pass for the members of a layer. weights, phase, before: (members, states); what fades is faded, phases go on,
// `before` has the last ones. mixed: (members, slots), shares within states. amounts: (members, slots of all layers, 2),
// seconds into each clip and what it weighs. A state that weighs nothing stays as it is.
LW_KERNEL void lw_graph_step(const uint32_t *layout, const uint32_t *states, const float *clips, const float *parameters,
                             uint32_t *members, float *weights, float *phase, float *before, float *mixed,
                             float *amounts, const float *seconds);

// Of `count` morphs, those whose weights are not `shown`: texels (4 floats, of which 3 are written) become the sum of
// deltas (3 floats a texel, target by target) by weights, and are shown. changed: a byte for every `line[0]` texels, 1 where
// any was written. reach: how far each moves what it moves most, by `far` of its targets; -1 where nothing was written.
// Returns how many were.
LW_KERNEL uint32_t lw_pose_morphs(const uint32_t *morphs, uint32_t count, const float *weights, float *shown,
                                  const float *deltas, const float *far, float *texels, const uint32_t *line,
                                  uint8_t *changed, float *reach);

// For those of `count` wholes that are made anew: what was the goal is the start, and the goal is the rest pose.
LW_KERNEL void lw_pose_begin(const uint32_t *wholes, uint32_t count, const float *rest, float *start, float *goal);

// Each whole's pose: `shares` of the way from start to goal, 1 or more: the goal; less than 0: it stays. Rotations go the
// shorter way and come out as unit quaternions.
LW_KERNEL void lw_pose_between(const uint32_t *wholes, const float *shares, uint32_t count, const float *start,
                               const float *goal, float *pose);

#endif
