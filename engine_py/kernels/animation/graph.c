#include "graph.h"

#include "../geometry/simd.h"
#include "words.h"

enum { STATE = 8, MEMBER = 4, MORPH = 8, WHOLE = 4, NODE = 10, ALONG = 1, GIVEN = 2 };

/* Of clips on a line, the two beside `at` share. */
static inline void along(const float *clips, uint32_t count, float at, float *mixed) {
    uint32_t low = 0;
    if (!(at == at)) at = 0.0f;
    if (at < clips[1]) at = clips[1];
    if (at > clips[2 * count - 1]) at = clips[2 * count - 1];
    while (low + 2 < count && clips[2 * low + 3] <= at) low++;
    float share = (at - clips[2 * low + 1]) / (clips[2 * low + 3] - clips[2 * low + 1]);
    for (uint32_t k = 0; k < count; k++) mixed[k] = 0.0f;
    mixed[low] = 1.0f - share;
    mixed[low + 1] = share;
}

/* How far a state is after some seconds. */
static inline float advanced(float phase, float length, float passed, uint32_t loops) {
    float now = phase + (length > 0.0f ? passed / length : 1.0f);
    if (loops) return now - __builtin_floorf(now);
    if (now < 0.0f) return 0.0f;
    return now > 1.0f ? 1.0f : now;
}

void lw_graph_step(const uint32_t *layout, const uint32_t *states, const float *clips, const float *parameters,
                   uint32_t *members, float *weights, float *phase, float *before, float *mixed, float *amounts,
                   const float *seconds) {
    uint32_t count = layout[0], kinds = layout[1], slots = layout[2];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *member = members + (size_t)i * MEMBER;
        float *w = weights + (size_t)i * kinds, *p = phase + (size_t)i * kinds, *b = before + (size_t)i * kinds;
        float own = w[member[0]], share = as_float(member[3]);
        if (own < 1.0f) {
            float gained = own + as_float(member[2]) * seconds[0];
            if (gained > 1.0f) gained = 1.0f;
            float kept = (1.0f - gained) / (1.0f - own);
            for (uint32_t k = 0; k < kinds; k++) w[k] = w[k] * kept;
            w[member[0]] = gained;
        }
        for (uint32_t k = 0; k < kinds; k++) {
            const uint32_t *state = states + (size_t)k * STATE;
            const float *clip = clips + 2 * (size_t)state[0];
            float *mix = mixed + (size_t)i * slots + state[0];
            float *out = amounts + 2 * ((size_t)i * layout[3] + layout[4] + state[0]);
            bool heard = w[k] > 0.0f;
            b[k] = p[k];
            if (heard && state[2] == ALONG) along(clip, state[1], parameters[state[4] + i], mix);
            else if (!heard || state[2] != GIVEN)
                for (uint32_t c = 0; c < state[1]; c++) mix[c] = heard ? 1.0f : 0.0f;
            if (heard) {
                float length = 0.0f;
                for (uint32_t c = 0; c < state[1]; c++) length = length + mix[c] * clip[2 * c];
                p[k] = advanced(p[k], length, as_float(state[5]) * seconds[0], state[3]);
            }
            float total = heard ? w[k] * share : 0.0f;
            for (uint32_t c = 0; c < state[1]; c++) {
                out[2 * c] = p[k] * clip[2 * c];
                out[2 * c + 1] = heard ? total * mix[c] : 0.0f;
            }
        }
        member[1] = as_word(as_float(member[1]) + seconds[0]);
    }
}

uint32_t lw_pose_morphs(const uint32_t *morphs, uint32_t count, const float *weights, float *shown, const float *deltas,
                        const float *far, float *texels, const uint32_t *line, uint8_t *changed, float *reach) {
    uint32_t written = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *morph = morphs + (size_t)i * MORPH;
        const float *now = weights + morph[0];
        float *seen = shown + morph[0], *out = texels + 4 * (size_t)morph[4], most = 0.0f;
        bool same = true;
        for (uint32_t k = 0; k < morph[1]; k++) same = same && now[k] == seen[k];
        reach[i] = -1.0f;
        if (same) continue;
        written++;
        for (uint32_t t = 0; t < morph[3]; t++) out[4 * t] = out[4 * t + 1] = out[4 * t + 2] = 0.0f;
        for (uint32_t k = 0; k < morph[1]; k++) {
            float w = seen[k] = now[k];
            if (w == 0.0f) continue;
            const float *delta = deltas + morph[2] + (size_t)k * 3 * morph[3];
            for (uint32_t t = 0; t < morph[3]; t++)
                for (int c = 0; c < 3; c++) out[4 * t + c] = out[4 * t + c] + w * delta[3 * t + c];
            most = most + (w < 0.0f ? -w : w) * far[morph[5] + k];
        }
        reach[i] = most;
        if (morph[3])
            for (uint32_t n = morph[4] / line[0]; n <= (morph[4] + morph[3] - 1) / line[0]; n++) changed[n] = 1;
    }
    return written;
}

void lw_pose_begin(const uint32_t *wholes, uint32_t count, const float *rest, float *start, float *goal) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *whole = wholes + (size_t)i * WHOLE;
        if (!whole[3]) continue;
        lw_copy(start + whole[0], goal + whole[0], 4 * (size_t)whole[2]);
        lw_copy(goal + whole[0], rest + whole[0], 4 * (size_t)whole[2]);
    }
}

/* A rotation between two: straight, then to length 1; the goal where there is no length. */
static inline void turned(const float *a, const float *b, float t, float *out) {
    float cosine = ((a[0] * b[0] + a[1] * b[1]) + a[2] * b[2]) + a[3] * b[3], sign = cosine < 0.0f ? -1.0f : 1.0f;
    float q[4];
    for (int k = 0; k < 4; k++) q[k] = (1.0f - t) * (sign * a[k]) + t * b[k];
    float size = lw_root(((q[0] * q[0] + q[1] * q[1]) + q[2] * q[2]) + q[3] * q[3]);
    for (int k = 0; k < 4; k++) out[k] = size > 1e-20f ? q[k] / size : b[k];
}

void lw_pose_between(const uint32_t *wholes, const float *shares, uint32_t count, const float *start, const float *goal,
                     float *pose) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *whole = wholes + (size_t)i * WHOLE;
        const float *a = start + whole[0], *b = goal + whole[0];
        float *out = pose + whole[0], t = shares[i];
        if (t < 0.0f) continue;
        if (!(t < 1.0f)) {
            lw_copy(out, b, 4 * (size_t)whole[2]);
            continue;
        }
        for (uint32_t n = 0; n < whole[1] * NODE; n += NODE) {
            for (int k = 0; k < 3; k++) {
                out[n + k] = a[n + k] + t * (b[n + k] - a[n + k]);
                out[n + 7 + k] = a[n + 7 + k] + t * (b[n + 7 + k] - a[n + 7 + k]);
            }
            turned(a + n + 3, b + n + 3, t, out + n + 3);
        }
        for (uint32_t k = whole[1] * NODE; k < whole[2]; k++) out[k] = a[k] + t * (b[k] - a[k]);
    }
}
