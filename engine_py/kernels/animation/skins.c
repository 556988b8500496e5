#include "skins.h"

#include "../geometry/simd.h"

/* a * b, where both have (0, 0, 0, 1) as their last row. A row at once. */
static inline void times(const float *a, const float *b, float *out) {
    lw_f4 first = lw_load_f4(b), second = lw_load_f4(b + 4), third = lw_load_f4(b + 8);
    for (int row = 0; row < 12; row += 4) {
        const float *left = a + row;
        lw_f4 sum = (lw_splat(left[0]) * first + lw_splat(left[1]) * second) + lw_splat(left[2]) * third;
        sum[3] = sum[3] + left[3];
        __builtin_memcpy(out + row, &sum, sizeof sum);
    }
}

void lw_pose_models(const uint32_t *rows, const int32_t *parents, uint32_t count, const float *position,
                    const float *rotation, const float *scale, float *matrices) {
    for (uint32_t i = 0; i < count; i++) {
        const float *p = position + 3 * (size_t)rows[i], *q = rotation + 4 * (size_t)rows[i], *s = scale + 3 * (size_t)rows[i];
        float size = ((q[0] * q[0] + q[1] * q[1]) + q[2] * q[2]) + q[3] * q[3], two = size > 0.0f ? 2.0f / size : 0.0f;
        float x = two * q[0], y = two * q[1], z = two * q[2];
        float xx = x * q[0], yy = y * q[1], zz = z * q[2], xy = x * q[1], xz = x * q[2], yz = y * q[2];
        float xw = x * q[3], yw = y * q[3], zw = z * q[3];
        float own[12] = {(1.0f - (yy + zz)) * s[0], (xy - zw) * s[1], (xz + yw) * s[2], p[0],
                         (xy + zw) * s[0], (1.0f - (xx + zz)) * s[1], (yz - xw) * s[2], p[1],
                         (xz - yw) * s[0], (yz + xw) * s[1], (1.0f - (xx + yy)) * s[2], p[2]};
        float *out = matrices + 12 * (size_t)i;
        if (parents[i] < 0)
            for (int k = 0; k < 12; k++) out[k] = own[k];
        else
            times(matrices + 12 * (size_t)parents[i], own, out);
    }
}

static inline float column_length(const float *m, int column) {
    return lw_root((m[column] * m[column] + m[4 + column] * m[4 + column]) + m[8 + column] * m[8 + column]);
}

void lw_pose_joints(const uint32_t *joints, const float *reach, const uint32_t *mesh, uint32_t count,
                    const float *matrices, const float *inverse, float *texels, float *spheres) {
    for (uint32_t i = 0; i < count; i++) {
        const float *m = matrices + 12 * (size_t)joints[2 * i];
        times(m, inverse + 12 * (size_t)joints[2 * i + 1], texels + 12 * (size_t)i);
        if (!(reach[i] >= 0.0f)) continue;
        float away = lw_root((m[3] * m[3] + m[7] * m[7]) + m[11] * m[11]);
        float size = (column_length(m, 0) + column_length(m, 1)) + column_length(m, 2); /* no less than it stretches */
        float far = away + reach[i] * size;
        if (far > spheres[mesh[i]]) spheres[mesh[i]] = far;
    }
}
