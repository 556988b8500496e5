/* Walking a tree, nearer child first. A step is code, not a call through a pointer: each query is one loop. */
#ifndef LW_BVH_WALK_H
#define LW_BVH_WALK_H

#include "bvh_ray.h"

typedef struct { uint32_t node; float near; } lw_open;

/* The subtree that is entered first among what is open, into *node: a leaf. False when nothing is left.
 * `limit` is how far the best hit is: what begins behind it is passed over, what begins at it is not. */
static inline LW_UNUSED bool lw_next_leaf(const lw_node *nodes, const lw_ray *ray, const float *limit, lw_open *open,
                                          uint32_t *used, uint32_t *leaf) {
    while (*used) {
        lw_open top = open[--*used];
#ifdef LW_PLANT_BVH_PRUNE
        if (top.near >= *limit) continue; /* a fault: an equal hit with a lower number may be there */
#else
        if (top.near > *limit) continue;
#endif
        uint32_t node = top.node;
        while (nodes[node].count == 0) {
            uint32_t one = nodes[node].first, other = one + 1;
            float near_one, near_other;
            bool in_one = lw_ray_node(ray, &nodes[one], *limit, &near_one);
            bool in_other = lw_ray_node(ray, &nodes[other], *limit, &near_other);
            if (!in_one && !in_other) break;
            if (in_one && in_other) {
                bool swap = near_other < near_one;
                open[*used] = swap ? (lw_open){one, near_one} : (lw_open){other, near_other};
                ++*used;
                node = swap ? other : one;
            } else node = in_one ? one : other;
        }
        if (nodes[node].count == 0) continue;
        *leaf = node;
        return true;
    }
    return false;
}

/* Opens the root where the ray passes it. */
static inline LW_UNUSED uint32_t lw_open_root(const lw_node *nodes, uint32_t node_count, const lw_ray *ray, float limit,
                                              lw_open *open) {
    open[0].node = 0;
    return node_count && lw_ray_node(ray, nodes, limit, &open[0].near);
}

#endif
