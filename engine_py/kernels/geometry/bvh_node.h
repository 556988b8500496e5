/* How nodes become a tree, for the builders of bvh.h. */
#ifndef LW_BVH_NODE_H
#define LW_BVH_NODE_H

#include "bvh_ray.h"

/* Twice the centre of an item; 0 for one that is never hit. */
static inline LW_UNUSED float lw_center(const float *box, bool valid, int axis) {
    return valid ? box[axis] + box[3 + axis] : 0.0f;
}

/* Makes node i the parent of two more, of which the first gets `left` of its items. */
static inline LW_UNUSED void lw_split_node(lw_node *nodes, uint32_t i, uint32_t left, uint32_t *used) {
    uint32_t first = nodes[i].first, size = nodes[i].count, child = *used;
    nodes[child].first = first, nodes[child].count = left;
    nodes[child + 1].first = first + left, nodes[child + 1].count = size - left;
    nodes[i].first = child, nodes[i].count = 0;
    *used = child + 2;
}

#endif
