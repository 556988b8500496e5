#include "bvh_walk.h"

/* Triangles with their tree. */
typedef struct {
    const lw_node *nodes;
    uint32_t node_count;
    const uint32_t *order;
    const float *positions;
    const uint32_t *indices;
} mesh;

static inline void triangle(const mesh *m, const lw_ray *ray, uint32_t number, lw_hit *hit) {
    const uint32_t *corner = m->indices + 3 * (size_t)number;
    lw_ray_triangle(ray, m->positions + 3 * (size_t)corner[0], m->positions + 3 * (size_t)corner[1],
                    m->positions + 3 * (size_t)corner[2], number, hit);
}

/* The nearest triangle up to hit->t; `any` ends at the first one. */
static inline void trace(const mesh *m, const lw_ray *ray, bool any, lw_hit *hit) {
    lw_open open[LW_BVH_LEVELS];
    uint32_t used = lw_open_root(m->nodes, m->node_count, ray, hit->t, open), leaf;
    while (lw_next_leaf(m->nodes, ray, &hit->t, open, &used, &leaf)) {
        for (uint32_t k = 0; k < m->nodes[leaf].count; k++) triangle(m, ray, m->order[m->nodes[leaf].first + k], hit);
        if (any && hit->item != LW_NO_ITEM) return;
    }
}

/* `until` as the limit, but with no item: a hit at `until` itself counts, as LW_NO_ITEM is above every number. */
static inline lw_hit nothing_until(float until) { return (lw_hit){until, LW_NO_ITEM, 0, 0}; }

static inline bool start(lw_ray *ray, const float *rays, uint32_t i) {
    const float *own = rays + LW_RAY_FLOATS * (size_t)i;
    return lw_ray_start(ray, own, own + 4, own[7]);
}

void lw_bvh_rays(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *positions,
                 const uint32_t *indices, const float *rays, uint32_t ray_count, float *distance, uint32_t *item,
                 float *weights) {
    LW_CHECK(lw_apart(rays, 32 * (size_t)ray_count, distance, 4 * (size_t)ray_count));
    mesh m = {nodes, node_count, order, positions, indices};
    for (uint32_t i = 0; i < ray_count; i++) {
        lw_ray ray;
        lw_hit hit = nothing_until(0);
        if (start(&ray, rays, i)) {
            hit.t = ray.until;
            trace(&m, &ray, false, &hit);
        }
        distance[i] = hit.item == LW_NO_ITEM ? LW_INFINITY : hit.t;
        item[i] = hit.item;
        weights[2 * (size_t)i] = hit.v, weights[2 * (size_t)i + 1] = hit.w;
    }
}

void lw_bvh_blocked(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *positions,
                    const uint32_t *indices, const float *rays, uint32_t ray_count, uint32_t *blocked) {
    LW_CHECK(lw_apart(rays, 32 * (size_t)ray_count, blocked, 4 * (size_t)ray_count));
    mesh m = {nodes, node_count, order, positions, indices};
    for (uint32_t i = 0; i < ray_count; i++) {
        lw_ray ray;
        lw_hit hit = nothing_until(0);
        if (start(&ray, rays, i)) {
            hit.t = ray.until;
            trace(&m, &ray, true, &hit);
        }
        blocked[i] = hit.item != LW_NO_ITEM;
    }
}

void lw_bvh_rays_boxes(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *boxes,
                       const float *rays, uint32_t ray_count, float *distance, uint32_t *item) {
    LW_CHECK(lw_apart(rays, 32 * (size_t)ray_count, distance, 4 * (size_t)ray_count));
    for (uint32_t i = 0; i < ray_count; i++) {
        lw_ray ray;
        lw_hit hit = nothing_until(0);
        lw_open open[LW_BVH_LEVELS];
        uint32_t used = 0, leaf;
        if (start(&ray, rays, i)) hit.t = ray.until, used = lw_open_root(nodes, node_count, &ray, hit.t, open);
        while (lw_next_leaf(nodes, &ray, &hit.t, open, &used, &leaf)) {
            for (uint32_t k = 0; k < nodes[leaf].count; k++) {
                uint32_t number = order[nodes[leaf].first + k];
                const float *box = boxes + 6 * (size_t)number;
                float near, far;
                if (!lw_box_is_valid(box) || !lw_ray_box(&ray, box, box + 3, hit.t, &near, &far)) continue;
                if (near < hit.t || (near == hit.t && number < hit.item)) hit = (lw_hit){near, number, 0, 0};
            }
        }
        distance[i] = hit.item == LW_NO_ITEM ? LW_INFINITY : hit.t;
        item[i] = hit.item;
    }
}

static inline float apart(float low, float high, float at) { return at < low ? low - at : at > high ? at - high : 0; }

static inline bool touches(const float *low, const float *high, const float *sphere) {
    float x = apart(low[0], high[0], sphere[0]), y = apart(low[1], high[1], sphere[1]);
    float z = apart(low[2], high[2], sphere[2]);
    return (x * x + y * y) + z * z <= sphere[3] * sphere[3] && sphere[3] >= 0;
}

uint32_t lw_bvh_spheres(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *boxes,
                        const float *spheres, uint32_t sphere_count, uint32_t *found, uint32_t room, uint32_t *ends) {
    LW_CHECK(lw_apart(found, 4 * (size_t)room, ends, 4 * (size_t)sphere_count));
    uint32_t total = 0;
    for (uint32_t i = 0; i < sphere_count; i++) {
        const float *sphere = spheres + 4 * (size_t)i;
        bool usable = lw_is_finite(sphere[0]) && lw_is_finite(sphere[1]) && lw_is_finite(sphere[2]);
        uint32_t open[LW_BVH_LEVELS + 1], used = 0; /* both children are put here, the first on top */
        if (usable && node_count) open[used++] = 0;
        while (used) {
            const lw_node *node = nodes + open[--used];
            if (!touches(node->low, node->high, sphere)) continue;
            if (node->count == 0) open[used++] = node->first + 1, open[used++] = node->first;
            for (uint32_t k = 0; k < node->count; k++) {
                uint32_t number = order[node->first + k];
                const float *box = boxes + 6 * (size_t)number;
                if (!lw_box_is_valid(box) || !touches(box, box + 3, sphere)) continue;
                if (total < room) found[total] = number;
                total++;
            }
        }
        ends[i] = total;
    }
    return total;
}
