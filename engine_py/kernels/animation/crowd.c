#include "crowd.h"

#include "words.h"

enum { MEMBER = 8, CLIP_FLOATS = 4, CLIP = 0, TIME = 1, SPEED = 2, BEFORE = 3, BEFORE_TIME = 4, SHARE = 5, GAIN = 6, LOOPS = 7 };

/* Of clips, the one that a member names. */
static inline const float *clip_of(uint32_t word, const float *clips, uint32_t clip_count) {
    int32_t number = (int32_t)word, last = (int32_t)clip_count - 1;
    if (number > last) number = last;
    if (number < 0) number = 0;
    return clips + CLIP_FLOATS * (size_t)number;
}

/* 0 to `length`. */
static inline float within(float time, float length, uint32_t loops) {
    if (loops && (time < 0.0f || time > length)) time = time - __builtin_floorf(time / length) * length;
    if (!(time >= 0.0f)) return 0.0f;
    return time > length ? length : time;
}

static inline float share_of(float share) {
    if (!(share < 1.0f)) return 1.0f;
    return share > 0.0f ? share : 0.0f;
}

static inline void advance(uint32_t *member, int clip, int time, const float *clips, uint32_t clip_count, float seconds) {
    const float *found = clip_of(member[clip], clips, clip_count);
    float now = as_float(member[time]) + as_float(member[SPEED]) * seconds;
    member[time] = as_word(within(now, found[3], member[LOOPS]));
}

void lw_crowd_step(uint32_t *members, uint32_t count, const float *clips, uint32_t clip_count, const float *seconds) {
    if (clip_count == 0) return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *member = members + (size_t)i * MEMBER;
        advance(member, CLIP, TIME, clips, clip_count, seconds[0]);
        float share = share_of(as_float(member[SHARE]));
        if (share < 1.0f) {
            advance(member, BEFORE, BEFORE_TIME, clips, clip_count, seconds[0]);
            share = share_of(share + as_float(member[GAIN]) * seconds[0]);
        }
        member[SHARE] = as_word(share);
    }
}

/* Two poses and the share of the second. */
static inline void poses_at(uint32_t word, float time, uint32_t loops, const float *clips, uint32_t clip_count, float texels,
                            float *out) {
    const float *clip = clip_of(word, clips, clip_count);
    float at = within(time, clip[3], loops) * clip[2], whole = __builtin_floorf(at);
    if (whole > clip[1]) whole = clip[1];
    float next = whole + 1.0f > clip[1] ? whole : whole + 1.0f;
    out[0] = clip[0] + whole * texels;
    out[1] = clip[0] + next * texels;
    out[2] = next > whole ? at - whole : 0.0f;
}

static inline uint32_t put(float *at, const float *values) {
    uint32_t differs = 0;
    for (int i = 0; i < 4; i++) {
        differs |= as_word(at[i]) != as_word(values[i]);
        at[i] = values[i];
    }
    return differs;
}

uint32_t lw_crowd_heads(const uint32_t *members, uint32_t count, const float *clips, uint32_t clip_count,
                        const uint32_t *layout, float *heads, float *fades) {
    float texels = (float)layout[0];
    uint32_t differ = 0;
    if (clip_count == 0) return 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *member = members + (size_t)i * MEMBER;
        float head[4] = {0, 0, 0, 0}, fade[4] = {0, 0, 0, 0}, share = share_of(as_float(member[SHARE]));
        poses_at(member[CLIP], as_float(member[TIME]), member[LOOPS], clips, clip_count, texels, head);
        if (share < 1.0f) {
            poses_at(member[BEFORE], as_float(member[BEFORE_TIME]), member[LOOPS], clips, clip_count, texels, fade);
            fade[3] = 1.0f - share;
            head[3] = -(float)(layout[1] + i);
            differ += put(fades + 4 * (size_t)i, fade);
        }
        differ += put(heads + 4 * (size_t)i, head);
    }
    return differ;
}
