#include "bvh_walk.h"

typedef struct { float x, y, z; } vector;

static inline vector cross(vector a, vector b) {
    return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* v turned by the quaternion (axis, w): v + w * t + cross(axis, t) where t = 2 * cross(axis, v). */
static inline vector turn(vector axis, float w, vector v) {
    vector t = cross(axis, v);
    t = (vector){2.0f * t.x, 2.0f * t.y, 2.0f * t.z};
    vector u = cross(axis, t);
    return (vector){(v.x + w * t.x) + u.x, (v.y + w * t.y) + u.y, (v.z + w * t.z) + u.z};
}

/* T * v of an instance's scale and shear; transform.h has the layout of T. */
static inline vector stretched(const float *own, vector v) {
    const float *scale = own + 7, *shear = own + 10;
    return (vector){(scale[0] * v.x + shear[0] * v.y) + shear[1] * v.z, scale[1] * v.y + shear[2] * v.z, scale[2] * v.z};
}

static inline float total(vector v) { return (lw_magnitude(v.x) + lw_magnitude(v.y)) + lw_magnitude(v.z); }

/* v such that T * v is `to`, from the last row up. */
static inline void shrunk(const float *own, vector to, float *v) {
    const float *scale = own + 7, *shear = own + 10;
    v[2] = to.z / scale[2];
    v[1] = (to.y - shear[2] * v[2]) / scale[1];
    v[0] = ((to.x - shear[0] * v[1]) - shear[1] * v[2]) / scale[0];
}

/* The world box of one instance. `mesh`: its row of the table. */
static void instance_box(const float *own, const uint32_t *mesh, const lw_node *mesh_nodes, float *box) {
    if (mesh[1] == 0) {
        for (int axis = 0; axis < 3; axis++) box[axis] = LW_INFINITY, box[3 + axis] = -LW_INFINITY;
        return;
    }
    const lw_node *root = mesh_nodes + mesh[0];
    float center[3], half[3];
    for (int axis = 0; axis < 3; axis++) {
        center[axis] = (root->low[axis] + root->high[axis]) * 0.5f;
        half[axis] = (root->high[axis] - root->low[axis]) * 0.5f;
    }
    vector q = {own[3], own[4], own[5]}, from = stretched(own, (vector){center[0], center[1], center[2]});
    vector at = turn(q, own[6], from);
    vector right = stretched(own, (vector){half[0], 0, 0}), up = stretched(own, (vector){0, half[1], 0});
    vector back = stretched(own, (vector){0, 0, half[2]});
    vector x = turn(q, own[6], right), y = turn(q, own[6], up), z = turn(q, own[6], back);
    float middle[3] = {own[0] + at.x, own[1] + at.y, own[2] + at.z};
    float reach[3] = {(lw_magnitude(x.x) + lw_magnitude(y.x)) + lw_magnitude(z.x),
                      (lw_magnitude(x.y) + lw_magnitude(y.y)) + lw_magnitude(z.y),
                      (lw_magnitude(x.z) + lw_magnitude(y.z)) + lw_magnitude(z.z)};
    float size = ((total(right) + total(up)) + total(back)) + total(from);
    for (int axis = 0; axis < 3; axis++) {
        float wider = reach[axis] + (lw_magnitude(own[axis]) + size) * 4e-6f;
        box[axis] = middle[axis] - wider;
        box[3 + axis] = middle[axis] + wider;
    }
}

void lw_bvh_instance_boxes(const float *instances, const uint32_t *mesh_of, const uint32_t *meshes,
                           const lw_node *mesh_nodes, uint32_t count, float *boxes) {
    LW_CHECK(lw_apart(instances, 4 * LW_INSTANCE_FLOATS * (size_t)count, boxes, 24 * (size_t)count));
    for (size_t i = 0; i < count; i++)
        instance_box(instances + LW_INSTANCE_FLOATS * i, meshes + LW_MESH_WORDS * (size_t)mesh_of[i], mesh_nodes,
                     boxes + 6 * i);
}

uint32_t lw_bvh_take_rows(const uint32_t *rows, uint32_t first, uint32_t count, const float *position,
                          const float *rotation, const float *scale, const float *shear, const uint32_t *mesh_of,
                          const uint32_t *meshes, const lw_node *mesh_nodes, float *instances, float *boxes,
                          uint32_t *moved) {
    uint32_t found = 0;
    for (size_t i = first; i < (size_t)first + count; i++) {
        size_t row = rows[i];
        float now[LW_INSTANCE_FLOATS], *own = instances + LW_INSTANCE_FLOATS * i;
        lw_copy(now, position + 3 * row, 12);
        lw_copy(now + 3, rotation + 4 * row, 16);
        lw_copy(now + 7, scale + 3 * row, 12);
        if (shear) lw_copy(now + 10, shear + 3 * row, 12);
        else lw_zero(now + 10, 12);
        uint32_t difference = moved == 0; /* of bits: what is no number equals itself here */
        for (int k = 0; moved && k < LW_INSTANCE_FLOATS; k++) {
            uint32_t before, after;
            lw_copy(&before, own + k, 4);
            lw_copy(&after, now + k, 4);
            difference |= before ^ after;
        }
        if (!difference) continue;
        lw_copy(own, now, sizeof now);
        instance_box(own, meshes + LW_MESH_WORDS * (size_t)mesh_of[i], mesh_nodes, boxes + 6 * i);
        if (moved) moved[found] = (uint32_t)i;
        found++;
    }
    return found;
}

/* The ray in the space of an instance: the same t. */
static inline bool localise(lw_ray *local, const lw_ray *ray, const float *own) {
    vector q = {-own[3], -own[4], -own[5]};
    const float *o = ray->origin, *d = ray->direction;
    float origin[3], direction[3];
    shrunk(own, turn(q, own[6], (vector){o[0] - own[0], o[1] - own[1], o[2] - own[2]}), origin);
    shrunk(own, turn(q, own[6], (vector){d[0], d[1], d[2]}), direction);
    return lw_ray_start(local, origin, direction, ray->until);
}

/* What the caller's arrays are, in one place. */
typedef struct {
    const float *boxes, *instances;
    const uint32_t *mesh_of, *meshes;
    const lw_node *nodes;
    const uint32_t *order;
    const float *positions;
    const uint32_t *indices;
} scene;

typedef struct { float t; uint32_t instance, triangle; } found;

/* One instance against the best so far. Its own nearest triangle is what counts, with t clamped to its box's interval:
 * behind `best` only one that is clamped down can win, which takes an interval that ends before it. */
static void visit(const scene *s, const lw_ray *ray, uint32_t number, found *best) {
    const float *box = s->boxes + 6 * (size_t)number;
    float near, far;
    if (!lw_box_is_valid(box) || !lw_ray_box(ray, box, box + 3, best->t, &near, &far)) return;
    lw_ray local;
    if (!localise(&local, ray, s->instances + LW_INSTANCE_FLOATS * (size_t)number)) return;
    const uint32_t *mesh = s->meshes + LW_MESH_WORDS * (size_t)s->mesh_of[number];
    const lw_node *nodes = s->nodes + mesh[0];
    const uint32_t *order = s->order + mesh[2], *indices = s->indices + 3 * (size_t)mesh[2];
    lw_hit hit = {far > best->t ? best->t : ray->until, LW_NO_ITEM, 0, 0};
    lw_open open[LW_BVH_LEVELS];
    uint32_t used = lw_open_root(nodes, mesh[1], &local, hit.t, open), leaf;
    while (lw_next_leaf(nodes, &local, &hit.t, open, &used, &leaf))
        for (uint32_t k = 0; k < nodes[leaf].count; k++) {
            uint32_t triangle = order[nodes[leaf].first + k];
            const uint32_t *corner = indices + 3 * (size_t)triangle;
            lw_ray_triangle(&local, s->positions + 3 * (size_t)corner[0], s->positions + 3 * (size_t)corner[1],
                            s->positions + 3 * (size_t)corner[2], triangle, &hit);
        }
    if (hit.item == LW_NO_ITEM) return;
    float t = hit.t < near ? near : hit.t;
    t = t > far ? far : t;
    if (t < best->t || (t == best->t && number < best->instance)) *best = (found){t, number, hit.item};
}

void lw_bvh_rays_instances(const lw_node *nodes, uint32_t node_count, const uint32_t *order, const float *boxes,
                           const float *instances, const uint32_t *mesh_of, const uint32_t *meshes,
                           const lw_node *mesh_nodes, const uint32_t *mesh_order, const float *positions,
                           const uint32_t *indices, const float *rays, uint32_t ray_count, float *distance,
                           uint32_t *instance, uint32_t *triangle) {
    LW_CHECK(lw_apart(instance, 4 * (size_t)ray_count, triangle, 4 * (size_t)ray_count));
    scene s = {boxes, instances, mesh_of, meshes, mesh_nodes, mesh_order, positions, indices};
    for (uint32_t i = 0; i < ray_count; i++) {
        const float *own = rays + LW_RAY_FLOATS * (size_t)i;
        lw_ray ray;
        found best = {0, LW_NO_ITEM, LW_NO_ITEM};
        lw_open open[LW_BVH_LEVELS];
        uint32_t used = 0, leaf;
        if (lw_ray_start(&ray, own, own + 4, own[7])) {
            best.t = ray.until;
            used = lw_open_root(nodes, node_count, &ray, best.t, open);
        }
        while (lw_next_leaf(nodes, &ray, &best.t, open, &used, &leaf))
            for (uint32_t k = 0; k < nodes[leaf].count; k++) visit(&s, &ray, order[nodes[leaf].first + k], &best);
        distance[i] = best.instance == LW_NO_ITEM ? LW_INFINITY : best.t;
        instance[i] = best.instance;
        triangle[i] = best.triangle;
    }
}
