#include "transform.h"

#include "simd.h"

typedef struct { float x, y, z; } vector;
typedef struct { float x, y, z, w; } quaternion;

static const float LEFT_OVER = 1e-6f; /* of a column's length: less is rounding */

static inline float dot(vector a, vector b) { return (a.x * b.x + a.y * b.y) + a.z * b.z; }
static inline float length(vector a) { return lw_root(dot(a, a)); }
static inline vector over(vector a, float by) { return (vector){a.x / by, a.y / by, a.z / by}; }
static inline vector less(vector a, float times, vector b) {
    return (vector){a.x - times * b.x, a.y - times * b.y, a.z - times * b.z};
}
static inline vector cross(vector a, vector b) {
    return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* T * v of one row's scale and shear. */
static inline vector stretched(const float *scale, const float *shear, vector v) {
    return (vector){(scale[0] * v.x + shear[0] * v.y) + shear[1] * v.z, scale[1] * v.y + shear[2] * v.z, scale[2] * v.z};
}

static inline void place(const float *q, vector v, const float *origin, float *out) {
    vector axis = {q[0], q[1], q[2]}, t = cross(axis, v);
    t = (vector){2.0f * t.x, 2.0f * t.y, 2.0f * t.z};
    vector u = cross(axis, t);
    out[0] = origin[0] + ((v.x + q[3] * t.x) + u.x);
    out[1] = origin[1] + ((v.y + q[3] * t.y) + u.y);
    out[2] = origin[2] + ((v.z + q[3] * t.z) + u.z);
}

/* a * b over its length, which rounding would else let grow or shrink along a chain. */
static inline void turn(const float *a, quaternion b, float *out) {
#ifdef LW_PLANT_TRANSFORM
    float x = a[3] * b.x + a[0] * b.w + (a[1] * b.z - a[2] * b.y); /* a fault: another order of addition */
#else
    float x = ((a[3] * b.x + a[0] * b.w) + a[1] * b.z) - a[2] * b.y;
#endif
    float y = ((a[3] * b.y - a[0] * b.z) + a[1] * b.w) + a[2] * b.x;
    float z = ((a[3] * b.z + a[0] * b.y) - a[1] * b.x) + a[2] * b.w;
    float w = ((a[3] * b.w - a[0] * b.x) - a[1] * b.y) - a[2] * b.z;
    float size = lw_root(((x * x + y * y) + z * z) + w * w);
    if (!(size > 0.0f)) size = 1.0f;
    out[0] = x / size, out[1] = y / size, out[2] = z / size, out[3] = w / size;
}

/* The rotation whose columns these axes are: the largest component first, the first of equals. */
static inline quaternion quaternion_of(const vector *axis) {
    float xx = axis[0].x, yy = axis[1].y, zz = axis[2].z, trace = (xx + yy) + zz;
    if (trace >= xx && trace >= yy && trace >= zz)
        return (quaternion){axis[1].z - axis[2].y, axis[2].x - axis[0].z, axis[0].y - axis[1].x, 1.0f + trace};
    if (xx >= yy && xx >= zz)
        return (quaternion){((1.0f + xx) - yy) - zz, axis[1].x + axis[0].y, axis[2].x + axis[0].z, axis[1].z - axis[2].y};
    if (yy >= zz)
        return (quaternion){axis[1].x + axis[0].y, ((1.0f + yy) - xx) - zz, axis[2].y + axis[1].z, axis[2].x - axis[0].z};
    return (quaternion){axis[2].x + axis[0].z, axis[2].y + axis[1].z, ((1.0f + zz) - xx) - yy, axis[0].y - axis[1].x};
}

/* The columns of (parent's T) * (rotation of q) * (scale s). */
static inline void columns_of(const float *scale, const float *shear, const float *q, const float *s, vector *column) {
    float size = ((q[0] * q[0] + q[1] * q[1]) + q[2] * q[2]) + q[3] * q[3], two = size > 0.0f ? 2.0f / size : 0.0f;
    float x = two * q[0], y = two * q[1], z = two * q[2];
    float xx = x * q[0], yy = y * q[1], zz = z * q[2], xy = x * q[1], xz = x * q[2], yz = y * q[2];
    float xw = x * q[3], yw = y * q[3], zw = z * q[3];
    column[0] = (vector){(1.0f - (yy + zz)) * s[0], (xy + zw) * s[0], (xz - yw) * s[0]};
    column[1] = (vector){(xy - zw) * s[1], (1.0f - (xx + zz)) * s[1], (yz + xw) * s[1]};
    column[2] = (vector){(xz + yw) * s[2], (yz - xw) * s[2], (1.0f - (xx + yy)) * s[2]};
    for (int k = 0; k < 3; k++) column[k] = stretched(scale, shear, column[k]);
}

static inline float magnitude(float a, float so_far) {
    float size = __builtin_fabsf(a);
    return size > so_far ? size : so_far;
}

/* A unit vector at right angles to a unit vector: from the coordinate axis that it follows least. */
static inline vector beside(vector a) {
    float x = __builtin_fabsf(a.x), y = __builtin_fabsf(a.y), z = __builtin_fabsf(a.z);
    vector flattest = x <= y && x <= z ? (vector){1, 0, 0} : y <= z ? (vector){0, 1, 0} : (vector){0, 0, 1};
    vector found = cross(a, flattest);
    return over(found, length(found));
}

/* Columns = axes * T: T's diagonal to `scale`, the rest to `shear`, the axes' quaternion is returned. */
static inline quaternion take_apart(const vector *column, float *scale, float *shear) {
    float largest = 0.0f, t[3][3] = {{0}};
    for (int k = 0; k < 3; k++)
        largest = magnitude(column[k].z, magnitude(column[k].y, magnitude(column[k].x, largest)));
    if (largest == 0.0f) {
        for (int k = 0; k < 3; k++) scale[k] = shear[k] = 0.0f;
        return (quaternion){0, 0, 0, 1};
    }
    vector axis[3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
    int axes = 0;
    for (int k = 0; k < 3; k++) {
        vector rest = over(column[k], largest);
        float whole = length(rest);
        for (int pass = 0; pass < 2; pass++)
            for (int i = 0; i < 2; i++) {
                float along = dot(axis[i], rest);
                rest = less(rest, along, axis[i]);
                t[i][k] = t[i][k] + along;
            }
        float left = length(rest);
        if (left > LEFT_OVER * whole) {
            if (axes < 2) {
                axis[axes] = over(rest, left);
                t[axes][k] = t[axes][k] + left;
            } else {
                t[2][k] = dot(cross(axis[0], axis[1]), rest);
            }
            axes++;
        }
        for (int i = 0; i < k && i < 2; i++)
            if (__builtin_fabsf(t[i][k]) <= LEFT_OVER * whole) t[i][k] = 0.0f;
    }
    if (axes < 2) axis[1] = beside(axis[0]);
    axis[2] = cross(axis[0], axis[1]);
    scale[0] = t[0][0] * largest, scale[1] = t[1][1] * largest, scale[2] = t[2][2] * largest;
    shear[0] = t[0][1] * largest, shear[1] = t[0][2] * largest, shear[2] = t[1][2] * largest;
    return quaternion_of(axis);
}

/* One row below its parent's T: its own T, and what its parent's rotation is multiplied by. */
static inline quaternion stretch_below(const float *up_scale, const float *up_shear, const float *q, const float *s,
                                       float *scale, float *shear) {
    bool straight = up_shear[0] == 0.0f && up_shear[1] == 0.0f && up_shear[2] == 0.0f;
    bool even = straight && up_scale[0] == up_scale[1] && up_scale[1] == up_scale[2];
    bool unturned = q[0] == 0.0f && q[1] == 0.0f && q[2] == 0.0f;
    if (even || unturned) {
        for (int k = 0; k < 3; k++) scale[k] = up_scale[k] * s[k];
        shear[0] = even ? 0.0f : up_shear[0] * s[1];
        shear[1] = even ? 0.0f : up_shear[1] * s[2];
        shear[2] = even ? 0.0f : up_shear[2] * s[2];
        return even ? (quaternion){q[0], q[1], q[2], q[3]} : (quaternion){0, 0, 0, 1};
    }
    vector column[3];
    columns_of(up_scale, up_shear, q, s, column);
    return take_apart(column, scale, shear);
}

uint32_t lw_compose_rows(const int32_t *parents, const uint32_t *rows, uint32_t count,
                         const float *position, const float *rotation, const float *scale,
                         float *world_position, float *world_rotation, float *world_scale, float *world_shear) {
    uint32_t sheared = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t row = rows[i], up = (size_t)(uint32_t)parents[row];
        LW_CHECK(lw_apart(position + 3 * row, 12, world_position + 3 * row, 12));
        LW_CHECK(lw_apart(rotation + 4 * row, 16, world_rotation + 4 * row, 16));
        LW_CHECK(lw_apart(scale + 3 * row, 12, world_scale + 3 * row, 12));
        LW_CHECK(lw_apart(world_scale + 3 * row, 12, world_shear + 3 * row, 12));
        const float *p = position + 3 * row, *up_scale = world_scale + 3 * up, *up_shear = world_shear + 3 * up;
        float *own_scale = world_scale + 3 * row, *own_shear = world_shear + 3 * row;
        place(world_rotation + 4 * up, stretched(up_scale, up_shear, (vector){p[0], p[1], p[2]}),
              world_position + 3 * up, world_position + 3 * row);
        quaternion turned = stretch_below(up_scale, up_shear, rotation + 4 * row, scale + 3 * row, own_scale, own_shear);
        turn(world_rotation + 4 * up, turned, world_rotation + 4 * row);
        sheared += !(own_shear[0] == 0.0f && own_shear[1] == 0.0f && own_shear[2] == 0.0f);
    }
    return sheared;
}

uint32_t lw_mirrored(const float *scale, const uint32_t *rows, uint32_t count, uint8_t *mirrored) {
    uint32_t changed = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *s = scale + 3 * (size_t)rows[i];
        bool x = s[0] < 0.0f, y = s[1] < 0.0f, z = s[2] < 0.0f;
        bool solid = (x || s[0] > 0.0f) && (y || s[1] > 0.0f) && (z || s[2] > 0.0f);
        uint8_t now = (x != y) != z && solid;
        changed += mirrored[i] != now;
        mirrored[i] = now;
    }
    return changed;
}

uint32_t lw_scatter_poses(const uint32_t *slots, uint32_t count, const float *poses, const int32_t *rows, float *kept,
                          float *position, float *rotation, uint32_t *blocks) {
    uint32_t written = 0;
    for (uint32_t i = 0; i < count; i++, poses += 7) {
        int32_t row = rows[slots[i]];
        if (row < 0) continue;
        __builtin_memcpy(kept + 7 * (size_t)slots[i], poses, 7 * sizeof *poses);
        __builtin_memcpy(position + 3 * (size_t)row, poses, 3 * sizeof *poses);
        __builtin_memcpy(rotation + 4 * (size_t)row, poses + 3, 4 * sizeof *poses);
        blocks[row >> 15] |= 1u << (row >> 10 & 31);
        written++;
    }
    return written;
}

uint32_t lw_not_finite(const float *values, uint32_t count) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bits;
        __builtin_memcpy(&bits, values + i, sizeof bits);
        found += (bits & 0x7f800000u) == 0x7f800000u; /* an exponent of ones only */
    }
    return found;
}
