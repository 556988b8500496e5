/* One ray against a box and a triangle: the arithmetic of bvh.h. Its order is the contract; twins/bvh.py repeats it. */
#ifndef LW_BVH_RAY_H
#define LW_BVH_RAY_H

#include "bvh.h"
#include "simd.h"

#define LW_INFINITY __builtin_inff()
#define LW_BOX_LIMIT 1e37f
#define LW_FAR_FACTOR 0x1.000006p0f

typedef struct {
    float origin[3], direction[3], inverse[3], until;
    bool level[3];          /* the axis asks low <= o <= high */
    int kx, ky, kz;         /* kz: the axis along which it goes most */
    float shear_x, shear_y, shear_z;
    lw_f4 origin4, inverse4; /* the same for nodes; the fourth lane is level */
    lw_i4 level4;
    bool any_level;
} lw_ray;

typedef struct { float t; uint32_t item; float v, w; } lw_hit;

static inline float lw_magnitude(float value) { return value < 0 ? -value : value; }
static inline bool lw_is_finite(float value) { return lw_magnitude(value) <= 3.4028234e38f; }

/* False where the ray hits nothing at all. */
static inline LW_UNUSED bool lw_ray_start(lw_ray *ray, const float *origin, const float *direction, float until) {
    bool usable = until >= 0;
    int most = 0;
    for (int axis = 0; axis < 3; axis++) {
        float o = origin[axis], d = direction[axis], inverse = 1.0f / d;
        usable = usable && lw_is_finite(o) && lw_is_finite(d);
        ray->origin[axis] = o;
        ray->direction[axis] = d;
        ray->level[axis] = !lw_is_finite(inverse);
        ray->inverse[axis] = ray->level[axis] ? 0.0f : inverse;
        if (lw_magnitude(d) > lw_magnitude(direction[most])) most = axis;
    }
    ray->until = until;
    if (!usable || direction[most] == 0) return false;
    ray->kz = most, ray->kx = (most + 1) % 3, ray->ky = (most + 2) % 3;
    if (direction[most] < 0) {
        int swap = ray->kx;
        ray->kx = ray->ky, ray->ky = swap;
    }
    ray->shear_x = direction[ray->kx] / direction[most];
    ray->shear_y = direction[ray->ky] / direction[most];
    ray->shear_z = 1.0f / direction[most];
    const float *o = ray->origin, *inverse = ray->inverse;
    ray->origin4 = (lw_f4){o[0], o[1], o[2], 0};
    ray->inverse4 = (lw_f4){inverse[0], inverse[1], inverse[2], 0};
    ray->level4 = (lw_i4){-ray->level[0], -ray->level[1], -ray->level[2], -1};
    ray->any_level = ray->level[0] || ray->level[1] || ray->level[2];
    return true;
}

/* Whether the ray passes the box before `limit`, and its interval there. */
static inline LW_UNUSED bool lw_ray_box(const lw_ray *ray, const float *low, const float *high, float limit, float *near,
                                        float *far) {
    float enter = 0, leave = LW_INFINITY;
    for (int axis = 0; axis < 3; axis++) {
        float o = ray->origin[axis], inverse = ray->inverse[axis];
        if (ray->level[axis]) {
            if (!(low[axis] <= o && o <= high[axis])) return false;
            continue;
        }
        bool back = inverse < 0;
        float t0 = ((back ? high[axis] : low[axis]) - o) * inverse;
        float t1 = (((back ? low[axis] : high[axis]) - o) * inverse) * LW_FAR_FACTOR;
        if (t0 > enter) enter = t0;
        if (t1 < leave) leave = t1;
    }
    *near = enter, *far = leave;
    return enter <= leave && enter <= limit;
}

/* lw_ray_box of a node in lanes, without its far end. A node of nothing may pass: its items don't. */
static inline LW_UNUSED bool lw_ray_node(const lw_ray *ray, const lw_node *node, float limit, float *near) {
    if (ray->any_level) {
        const float *o = ray->origin;
        for (int axis = 0; axis < 3; axis++)
            if (ray->level[axis] && !(node->low[axis] <= o[axis] && o[axis] <= node->high[axis])) return false;
    }
    lw_f4 a = (lw_load_f4(node->low) - ray->origin4) * ray->inverse4;
    lw_f4 b = (lw_load_f4(node->high) - ray->origin4) * ray->inverse4;
    lw_f4 enter = lw_select4(ray->level4, lw_splat(0), lw_least4(a, b));
    lw_f4 leave = lw_select4(ray->level4, lw_splat(LW_INFINITY), lw_most4(a, b) * lw_splat(LW_FAR_FACTOR));
    enter = lw_most4(enter, LW_SHUFFLE4(enter, 2, 3, 0, 1));
    leave = lw_least4(leave, LW_SHUFFLE4(leave, 2, 3, 0, 1));
    enter = lw_most4(enter, LW_SHUFFLE4(enter, 1, 0, 3, 2));
    leave = lw_least4(leave, LW_SHUFFLE4(leave, 1, 0, 3, 2));
    *near = enter[0];
    return enter[0] <= leave[0] && enter[0] <= limit;
}

static inline LW_UNUSED bool lw_box_is_valid(const float *box) {
    bool valid = true;
    for (int axis = 0; axis < 3; axis++)
        valid = valid && -LW_BOX_LIMIT <= box[axis] && box[axis] <= box[3 + axis] && box[3 + axis] <= LW_BOX_LIMIT;
    return valid;
}

/* The box of a triangle; a corner that is NaN makes it one that is not valid. */
static inline LW_UNUSED void lw_triangle_box(const float *a, const float *b, const float *c, float *box) {
    for (int axis = 0; axis < 3; axis++) {
        float low = a[axis], high = a[axis];
        if (b[axis] < low) low = b[axis];
        if (c[axis] < low) low = c[axis];
        if (b[axis] > high) high = b[axis];
        if (c[axis] > high) high = c[axis];
        bool nan = a[axis] != a[axis] || b[axis] != b[axis] || c[axis] != c[axis];
        box[axis] = nan ? LW_INFINITY : low;
        box[3 + axis] = nan ? -LW_INFINITY : high;
    }
}

/* The edge function of two corners as the ray sees them; in float64 (exact products) where float32 can't tell. */
static inline float lw_edge(float ax, float ay, float bx, float by) {
    float value = ax * by - ay * bx;
    return value != 0 ? value : (float)((double)ax * (double)by - (double)ay * (double)bx);
}

/* Takes the triangle as the hit where it is nearer, or as near with a lower number. */
static inline LW_UNUSED void lw_ray_triangle(const lw_ray *ray, const float *a, const float *b, const float *c,
                                             uint32_t number, lw_hit *hit) {
    int kx = ray->kx, ky = ray->ky, kz = ray->kz;
    const float *o = ray->origin;
    float az = a[kz] - o[kz], bz = b[kz] - o[kz], cz = c[kz] - o[kz];
    float ax = (a[kx] - o[kx]) - ray->shear_x * az, ay = (a[ky] - o[ky]) - ray->shear_y * az;
    float bx = (b[kx] - o[kx]) - ray->shear_x * bz, by = (b[ky] - o[ky]) - ray->shear_y * bz;
    float cx = (c[kx] - o[kx]) - ray->shear_x * cz, cy = (c[ky] - o[ky]) - ray->shear_y * cz;
    float u = lw_edge(cx, cy, bx, by), v = lw_edge(ax, ay, cx, cy), w = lw_edge(bx, by, ax, ay);
    if ((u < 0 || v < 0 || w < 0) && (u > 0 || v > 0 || w > 0)) return;
    float total = (u + v) + w;
    if (total == 0) return;
    float t = ((u * (ray->shear_z * az) + v * (ray->shear_z * bz)) + w * (ray->shear_z * cz)) / total;
    if (!(t >= 0 && t <= ray->until)) return;
    float box[6], near, far; /* of the few that come this far */
    lw_triangle_box(a, b, c, box);
    if (!lw_box_is_valid(box) || !lw_ray_box(ray, box, box + 3, hit->t, &near, &far)) return;
    t = t < near ? near : t;
    t = t > far ? far : t;
#ifdef LW_PLANT_BVH_TIE
    if (t <= hit->t) /* a fault: the last of equals wins */
#else
    if (t < hit->t || (t == hit->t && number < hit->item))
#endif
        *hit = (lw_hit){t, number, v / total, w / total};
}

#endif
