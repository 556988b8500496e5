#include "transform.h"

typedef struct { float x, y, z; } vector;

static inline vector cross(const float *a, vector b) {
    return (vector){a[1] * b.z - a[2] * b.y, a[2] * b.x - a[0] * b.z, a[0] * b.y - a[1] * b.x};
}

static inline void rotate_and_add(const float *q, vector v, const float *origin, float *out) {
    vector t = cross(q, v);
    t = (vector){2.0f * t.x, 2.0f * t.y, 2.0f * t.z};
    vector u = cross(q, t);
    out[0] = origin[0] + ((v.x + q[3] * t.x) + u.x);
    out[1] = origin[1] + ((v.y + q[3] * t.y) + u.y);
    out[2] = origin[2] + ((v.z + q[3] * t.z) + u.z);
}

static inline void multiply(const float *a, const float *b, float *out) {
#ifdef LW_PLANT_TRANSFORM
    out[0] = a[3] * b[0] + a[0] * b[3] + (a[1] * b[2] - a[2] * b[1]); /* a fault: another order of addition */
#else
    out[0] = ((a[3] * b[0] + a[0] * b[3]) + a[1] * b[2]) - a[2] * b[1];
#endif
    out[1] = ((a[3] * b[1] - a[0] * b[2]) + a[1] * b[3]) + a[2] * b[0];
    out[2] = ((a[3] * b[2] + a[0] * b[1]) - a[1] * b[0]) + a[2] * b[3];
    out[3] = ((a[3] * b[3] - a[0] * b[0]) - a[1] * b[1]) - a[2] * b[2];
}

void lw_compose_rows(const int32_t *parents, const uint32_t *rows, uint32_t count,
                     const float *position, const float *rotation, const float *scale,
                     float *world_position, float *world_rotation, float *world_scale) {
    for (uint32_t i = 0; i < count; i++) {
        size_t row = rows[i], up = (size_t)(uint32_t)parents[row];
        LW_CHECK(lw_apart(position + 3 * row, 12, world_position + 3 * row, 12));
        LW_CHECK(lw_apart(rotation + 4 * row, 16, world_rotation + 4 * row, 16));
        LW_CHECK(lw_apart(scale + 3 * row, 12, world_scale + 3 * row, 12));
        const float *p = position + 3 * row, *s = scale + 3 * row, *above = world_scale + 3 * up;
        rotate_and_add(world_rotation + 4 * up, (vector){above[0] * p[0], above[1] * p[1], above[2] * p[2]},
                       world_position + 3 * up, world_position + 3 * row);
        multiply(world_rotation + 4 * up, rotation + 4 * row, world_rotation + 4 * row);
        for (int axis = 0; axis < 3; axis++) world_scale[3 * row + axis] = above[axis] * s[axis];
    }
}
