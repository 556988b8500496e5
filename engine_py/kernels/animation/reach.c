#include "reach.h"

#include "../geometry/simd.h"

#define SMALL 1e-9f
enum { DEPTH_MAX = 65536 };

static inline float dot3(const float *a, const float *b) { return (a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]; }

static inline void cross3(const float *a, const float *b, float *out) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static inline void minus3(const float *a, const float *b, float *out) {
    for (int i = 0; i < 3; i++) out[i] = a[i] - b[i];
}

/* To length 1; (0, 0, 0, 1) where there is none. */
static inline void unit4(float *q) {
    float size = lw_root(((q[0] * q[0] + q[1] * q[1]) + q[2] * q[2]) + q[3] * q[3]);
    int good = size > SMALL;
    for (int i = 0; i < 4; i++) q[i] = good ? q[i] / size : (i == 3 ? 1.0f : 0.0f);
}

static inline void times4(const float *a, const float *b, float *out) {
    float x = ((a[3] * b[0] + a[0] * b[3]) + a[1] * b[2]) - a[2] * b[1];
    float y = ((a[3] * b[1] - a[0] * b[2]) + a[1] * b[3]) + a[2] * b[0];
    float z = ((a[3] * b[2] + a[0] * b[1]) - a[1] * b[0]) + a[2] * b[3];
    float w = ((a[3] * b[3] - a[0] * b[0]) - a[1] * b[1]) - a[2] * b[2];
    out[0] = x, out[1] = y, out[2] = z, out[3] = w;
}

static inline void back4(const float *q, float *out) {
    out[0] = -q[0], out[1] = -q[1], out[2] = -q[2], out[3] = q[3];
}

static inline void turn3(const float *q, const float *v, float *out) {
    float t[3], c[3];
    cross3(q, v, t);
    for (int i = 0; i < 3; i++) t[i] = 2.0f * t[i];
    cross3(q, t, c);
    for (int i = 0; i < 3; i++) out[i] = (v[i] + q[3] * t[i]) + c[i];
}

/* The shortest turn from a to b; half a turn about `axis` where they point apart. */
static inline void between(const float *a, const float *b, const float *axis, float *out) {
    float sizes = lw_root(dot3(a, a)) * lw_root(dot3(b, b)), cosine = dot3(a, b);
    cross3(a, b, out);
    out[3] = sizes + cosine;
    if (!(out[3] > 1e-6f * sizes)) {
        out[0] = axis[0], out[1] = axis[1], out[2] = axis[2], out[3] = 0.0f;
    }
    unit4(out);
}

/* Where a row's origin is in the world; how the row and its parent are turned there. */
static void find(int32_t row, const int32_t *parents, const float *position, const float *rotation, const float *scale,
                 float *place, float *turned, float *above) {
    float own[4];
    for (int i = 0; i < 3; i++) place[i] = position[3 * (size_t)row + i];
    for (int i = 0; i < 4; i++) own[i] = rotation[4 * (size_t)row + i], above[i] = i == 3 ? 1.0f : 0.0f;
    unit4(own);
    int32_t up = parents[row];
    for (int depth = 0; up >= 0 && depth < DEPTH_MAX; depth++) {
        float q[4], v[3];
        for (int i = 0; i < 4; i++) q[i] = rotation[4 * (size_t)up + i];
        unit4(q);
        for (int i = 0; i < 3; i++) v[i] = scale[3 * (size_t)up + i] * place[i];
        turn3(q, v, v);
        for (int i = 0; i < 3; i++) place[i] = position[3 * (size_t)up + i] + v[i];
        times4(q, above, above);
        up = parents[up];
    }
    unit4(above);
    times4(above, own, turned);
}

/* The row's own turn is to be back(above) * wanted, as far as the weight says. */
static void put(int32_t row, const float *above, const float *wanted, float weight, float *rotation) {
    float back[4], next[4], *q = rotation + 4 * (size_t)row;
    back4(above, back);
    times4(back, wanted, next);
    unit4(next);
    unit4(q);
    float sign = ((q[0] * next[0] + q[1] * next[1]) + q[2] * next[2]) + q[3] * next[3] < 0.0f ? -1.0f : 1.0f;
    for (int i = 0; i < 4; i++) q[i] = (1.0f - weight) * q[i] + (weight * sign) * next[i];
    unit4(q);
}

static inline float clamped(float value, float low, float high) {
    if (value < low) return low;
    return value > high ? high : value;
}

/* Not NaN, and not far beyond what squares of floats hold. */
static inline int is_usable(float squared) { return squared > SMALL * SMALL && squared < 1e30f; }

void lw_pose_reach(const uint32_t *limbs, const float *goals, const float *poles, uint32_t count, const int32_t *parents,
                   const float *position, float *rotation, const float *scale) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *limb = limbs + 4 * (size_t)i;
        const float *goal = goals + 4 * (size_t)i, *pole = poles + 4 * (size_t)i;
        float weight = clamped(goal[3], 0.0f, 1.0f);
        if (!(weight > 0.0f)) continue;
        float a[3], b[3], c[3], qa[4], qb[4], qc[4], above_a[4], above_b[4], above_c[4];
        find((int32_t)limb[0], parents, position, rotation, scale, a, qa, above_a);
        find((int32_t)limb[1], parents, position, rotation, scale, b, qb, above_b);
        find((int32_t)limb[2], parents, position, rotation, scale, c, qc, above_c);
        float ba[3], bc[3], way[3], ac[3], pa[3];
        minus3(a, b, ba), minus3(c, b, bc), minus3(goal, a, way), minus3(c, a, ac), minus3(pole, a, pa);
        float ba2 = dot3(ba, ba), bc2 = dot3(bc, bc), way2 = dot3(way, way);
        if (!(is_usable(ba2) && is_usable(bc2) && is_usable(way2))) continue;
        float upper = lw_root(ba2), lower = lw_root(bc2), far = lw_root(way2);
        float least = upper > lower ? upper - lower : lower - upper;
        far = clamped(far, 1.0001f * least, 0.9999f * (upper + lower));
        /* the angle at the middle */
        float cos0 = clamped(dot3(ba, bc) / (upper * lower), -1.0f, 1.0f);
        float cos1 = clamped(((ba2 + bc2) - far * far) / (2.0f * (upper * lower)), -1.0f, 1.0f);
        float sin0 = lw_root(1.0f - cos0 * cos0), sin1 = lw_root(1.0f - cos1 * cos1);
        float axis[3], has_pole = limb[3] ? 1.0f : 0.0f, pole2 = dot3(pa, pa);
        int is_aimed = has_pole > 0.0f && is_usable(pole2);
        cross3(ba, bc, axis);
        float axis2 = dot3(axis, axis), flat = 1e-8f * (ba2 * bc2);
        if (!(axis2 > flat) && is_aimed) {
            cross3(ac, pa, axis);
            axis2 = dot3(axis, axis);
        }
        if (!(axis2 > flat)) {
            const float right[3] = {1, 0, 0}, up[3] = {0, 1, 0};
            float along = ba[0] < 0.0f ? -ba[0] : ba[0];
            cross3(ba, along > 0.9f * upper ? up : right, axis);
            axis2 = dot3(axis, axis);
        }
        float size = lw_root(axis2);
        for (int k = 0; k < 3; k++) axis[k] = axis[k] / size;
        float cosd = cos1 * cos0 + sin1 * sin0, sind = sin1 * cos0 - cos1 * sin0;
        float half = lw_root(clamped((1.0f - cosd) * 0.5f, 0.0f, 1.0f));
        float sine = sind < 0.0f ? -half : half;
        float bend[4] = {axis[0] * sine, axis[1] * sine, axis[2] * sine, lw_root(clamped((1.0f + cosd) * 0.5f, 0.0f, 1.0f))};
        unit4(bend);
        /* the whole limb */
        float bent[3], reached[3], swing[4];
        turn3(bend, bc, bent);
        for (int k = 0; k < 3; k++) reached[k] = bent[k] - ba[k];
        between(reached, way, axis, swing);
        if (is_aimed) {
            float straight[3], from[3], to[3], elbow[3], twist[4];
            float length = lw_root(way2);
            for (int k = 0; k < 3; k++) straight[k] = way[k] / length, elbow[k] = -ba[k];
            turn3(swing, elbow, elbow);
            float e = dot3(elbow, straight), p = dot3(pa, straight);
            for (int k = 0; k < 3; k++) from[k] = elbow[k] - e * straight[k], to[k] = pa[k] - p * straight[k];
            if (dot3(from, from) > 1e-8f * ba2 && dot3(to, to) > 1e-8f * pole2) {
                between(from, to, straight, twist);
                times4(twist, swing, swing);
            }
        }
        float wanted[4];
        times4(bend, qb, wanted);
        put((int32_t)limb[1], qa, wanted, weight, rotation);
        times4(swing, qa, wanted);
        put((int32_t)limb[0], above_a, wanted, weight, rotation);
    }
}

void lw_pose_look(const uint32_t *rows, const float *goals, const float *gazes, uint32_t count, const int32_t *parents,
                  const float *position, float *rotation, const float *scale) {
    for (uint32_t i = 0; i < count; i++) {
        const float *goal = goals + 4 * (size_t)i, *gaze = gazes + 4 * (size_t)i;
        float weight = clamped(goal[3], 0.0f, 1.0f);
        if (!(weight > 0.0f)) continue;
        float place[3], turned[4], above[4], forward[3], way[3], turn[4], wanted[4];
        const float up[3] = {0, 1, 0};
        find((int32_t)rows[i], parents, position, rotation, scale, place, turned, above);
        turn3(turned, gaze, forward);
        minus3(goal, place, way);
        float forward2 = dot3(forward, forward), way2 = dot3(way, way);
        if (!(is_usable(forward2) && is_usable(way2))) continue;
        between(forward, way, up, turn);
        if (turn[3] < gaze[3]) {
            float size = lw_root(dot3(turn, turn)), sine = lw_root(clamped(1.0f - gaze[3] * gaze[3], 0.0f, 1.0f));
            for (int k = 0; k < 3; k++) turn[k] = turn[k] / size * sine;
            turn[3] = gaze[3];
            unit4(turn);
        }
        times4(turn, turned, wanted);
        put((int32_t)rows[i], above, wanted, weight, rotation);
    }
}
