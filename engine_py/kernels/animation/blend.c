#include "blend.h"

#include "../geometry/simd.h"

enum { PLAY = 8, TRACK = 8, NODE = 10, LINEAR = 0, STEP = 1, SPLINE = 2, ROTATION = 4 };
#define NO_MASK 0xFFFFFFFFu

/* u and v of Eberly's series; the last carries his correction for ending there. */
static const float U[8] = {1.0f / 3, 1.0f / 10, 1.0f / 21, 1.0f / 36, 1.0f / 55, 1.0f / 78, 1.0f / 105, 1.85298109240830f / 136};
static const float V[8] = {1.0f / 3, 2.0f / 5, 3.0f / 7, 4.0f / 9, 5.0f / 11, 6.0f / 13, 7.0f / 15, 1.85298109240830f * 8 / 17};

static inline float dot4(const float *a, const float *b) { return ((a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]) + a[3] * b[3]; }

/* To length 1; (0, 0, 0, 1) where there is none. */
static inline void unit(float *q) {
    float size = lw_root(dot4(q, q));
    if (!(size > 1e-20f)) {
        q[0] = q[1] = q[2] = 0, q[3] = 1;
        return;
    }
    for (int i = 0; i < 4; i++) q[i] = q[i] / size;
}

/* What the farther end of an arc weighs, t of the way; x: the cosine of its angle, less 1. */
static inline float arc(float t, float x) {
    float square = t * t, sum = 1.0f;
    for (int i = 7; i >= 0; i--) sum = 1.0f + ((U[i] * square - V[i]) * x) * sum;
    return t * sum;
}

static inline void slerp(const float *a, const float *b, float t, float *out) {
    float cosine = dot4(a, b), sign = cosine < 0.0f ? -1.0f : 1.0f, x = sign * cosine - 1.0f;
    if (x > 0.0f) x = 0.0f;
    float far = sign * arc(t, x), near = arc(1.0f - t, x);
    for (int i = 0; i < 4; i++) out[i] = near * a[i] + far * b[i];
    unit(out);
}

/* The last key at or before `time`, or the first. */
static inline uint32_t key_at(const float *times, uint32_t keys, float time) {
    uint32_t low = 0, high = keys;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (times[middle] <= time) low = middle; else high = middle;
    }
    return low;
}

/* Four floats from `part` on of what a track says at `time`; `from`: the track's values. */
static inline void sample(const uint32_t *track, const float *times, const float *values, float time, uint32_t part,
                          uint32_t width, float *out) {
    uint32_t whole = track[1], keys = track[5], mode = track[2] & 3, each = mode == SPLINE ? 3 * whole : whole;
    const float *at = times + track[4], *from = values + track[6] + part;
    uint32_t key = key_at(at, keys, time);
    const float *here = from + (size_t)key * each + (mode == SPLINE ? whole : 0);
    float span = key + 1 < keys ? at[key + 1] - at[key] : 0.0f;
    if (mode == STEP || !(span > 0.0f) || !(time > at[key])) {
        for (uint32_t i = 0; i < width; i++) out[i] = here[i];
    } else {
        float t = (time - at[key]) / span;
        const float *next = here + each;
        if (mode == LINEAR && (track[2] & ROTATION)) {
            slerp(here, next, t, out);
            return;
        }
        if (mode == LINEAR) {
            for (uint32_t i = 0; i < width; i++) out[i] = here[i] + t * (next[i] - here[i]);
        } else {
            float tt = t * t, ttt = tt * t, b = (ttt - 2.0f * tt) + t, c = 3.0f * tt - 2.0f * ttt, d = ttt - tt;
            float a = 1.0f - c;
            const float *leaves = here + whole, *comes = next - whole;
            for (uint32_t i = 0; i < width; i++)
                out[i] = ((a * here[i] + (b * span) * leaves[i]) + c * next[i]) + (d * span) * comes[i];
        }
    }
    if (track[2] & ROTATION) unit(out);
}

/* The layer's sums become the pose where anything was added. */
static void settle(const uint32_t *play, float *pose, float *sum, float *weight) {
    uint32_t floats = play[2];
    for (uint32_t i = 0; i < floats; i++) {
        float w = weight[i];
        if (!(w > 0.0f)) continue;
        pose[i] = w >= 1.0f ? sum[i] / w : sum[i] + (1.0f - w) * pose[i];
        sum[i] = weight[i] = 0.0f;
        if (i < play[1] * NODE && i % NODE == 6) unit(pose + i - 3);
    }
}

static void add(const uint32_t *track, float share, const float *now, uint32_t at, uint32_t width, const float *pose,
                float *sum, float *weight) {
    float sign = (track[2] & ROTATION) && dot4(now, pose + at) < 0.0f ? -1.0f : 1.0f;
    for (uint32_t i = 0; i < width; i++) {
        sum[at + i] = sum[at + i] + share * (sign * now[i]);
        weight[at + i] = weight[at + i] + share;
    }
}

static void put_on_top(const uint32_t *track, float share, const float *now, const float *first, uint32_t at,
                       uint32_t width, float *pose) {
    if (!(track[2] & ROTATION)) {
        for (uint32_t i = 0; i < width; i++) pose[at + i] = pose[at + i] + share * (now[i] - first[i]);
        return;
    }
    /* the turn since the first key, conjugate(first) * now, `share` of it */
    float x = ((first[3] * now[0] - first[0] * now[3]) - first[1] * now[2]) + first[2] * now[1];
    float y = ((first[3] * now[1] + first[0] * now[2]) - first[1] * now[3]) - first[2] * now[0];
    float z = ((first[3] * now[2] - first[0] * now[1]) + first[1] * now[0]) - first[2] * now[3];
    float w = ((first[3] * now[3] + first[0] * now[0]) + first[1] * now[1]) + first[2] * now[2];
    float none[4] = {0, 0, 0, 1}, turn[4] = {x, y, z, w}, part[4], *q = pose + at, out[4];
    slerp(none, turn, share, part);
    out[0] = ((q[3] * part[0] + q[0] * part[3]) + q[1] * part[2]) - q[2] * part[1];
    out[1] = ((q[3] * part[1] - q[0] * part[2]) + q[1] * part[3]) + q[2] * part[0];
    out[2] = ((q[3] * part[2] + q[0] * part[1]) - q[1] * part[0]) + q[2] * part[3];
    out[3] = ((q[3] * part[3] - q[0] * part[0]) - q[1] * part[1]) - q[2] * part[2];
    unit(out);
    for (int i = 0; i < 4; i++) q[i] = out[i];
}

void lw_pose_blend(const uint32_t *plays, const float *amounts, uint32_t count, const uint32_t *tracks,
                   const float *times, const float *values, const float *masks, float *pose, float *scratch) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *play = plays + (size_t)i * PLAY, *before = play - PLAY;
        float *own = pose + play[0], *sum = scratch, *weight = scratch + play[2];
        bool begins = i == 0 || before[0] != play[0];
        if (begins)
            for (uint32_t k = 0; k < 2 * play[2]; k++) scratch[k] = 0.0f;
        else if (before[5] != play[5] || play[6])
            settle(play, own, sum, weight);
        uint32_t heard = play[7] != NO_MASK || amounts[2 * i + 1] > 0.0f ? play[4] : 0;
        for (uint32_t k = 0; k < heard; k++) {
            const uint32_t *track = tracks + (size_t)(play[3] + k) * TRACK;
            float share = amounts[2 * i + 1];
            if (play[7] != NO_MASK) share = share * masks[play[7] + track[3]];
            if (!(share > 0.0f)) continue;
            for (uint32_t part = 0; part < track[1]; part += 4) {
                uint32_t width = LW_MIN(track[1] - part, 4u), at = track[0] + part;
                float now[4], first[4];
                sample(track, times, values, amounts[2 * i], part, width, now);
                if (play[6]) {
                    sample(track, times, values, times[track[4]], part, width, first);
                    put_on_top(track, share, now, first, at, width, own);
                } else {
                    add(track, share, now, at, width, own, sum, weight);
                }
            }
        }
        if (i + 1 == count || play[PLAY] != play[0]) settle(play, own, sum, weight);
    }
}

void lw_pose_rows(const float *pose, const uint32_t *floats, const uint32_t *rows, uint32_t count, float *position,
                  float *rotation, float *scale) {
    for (uint32_t i = 0; i < count; i++) {
        const float *own = pose + floats[i];
        size_t row = rows[i];
        for (int k = 0; k < 3; k++) position[3 * row + k] = own[k], scale[3 * row + k] = own[7 + k];
        for (int k = 0; k < 4; k++) rotation[4 * row + k] = own[3 + k];
    }
}
