#include "pack.h"

static const double LARGEST = 2147483647.0;

void lw_net_quantise(const float *values, uint32_t count, const double *per_unit, int32_t *words) {
    for (uint32_t i = 0; i < count; i++) {
        double wanted = __builtin_rint((double)values[i] * per_unit[0]);
        if (!(wanted >= -LARGEST)) wanted = wanted < 0.0 ? -LARGEST : 0.0;  // the second: no number
        if (wanted > LARGEST) wanted = LARGEST;
        words[i] = (int32_t)wanted;
    }
}

void lw_net_restore(const int32_t *words, uint32_t count, const double *per_unit, float *values) {
    for (uint32_t i = 0; i < count; i++) values[i] = (float)((double)words[i] / per_unit[0]);
}

void lw_net_delta(const uint32_t *words, const uint32_t *base, uint32_t count, uint32_t *delta) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t step = words[i] - base[i];
        delta[i] = step << 1 ^ (0u - (step >> 31));
    }
}

void lw_net_undelta(const uint32_t *delta, const uint32_t *base, uint32_t count, uint32_t *words) {
    for (uint32_t i = 0; i < count; i++) words[i] = base[i] + (delta[i] >> 1 ^ (0u - (delta[i] & 1u)));
}

static inline uint8_t *put(uint8_t *at, uint32_t token) {
    while (token >= 128u) {
        *at++ = (uint8_t)(token | 128u);
        token >>= 7;
    }
    *at++ = (uint8_t)token;
    return at;
}

uint32_t lw_net_pack(const uint32_t *words, const uint32_t *ends, uint32_t blocks, uint8_t *out, uint32_t *out_ends) {
    uint8_t *at = out;
    uint32_t i = 0;
    for (uint32_t block = 0; block < blocks; block++) {
        uint32_t end = ends[block];
        while (i < end) {
            if (words[i] != 0u) {
                at = put(at, words[i++]);
                continue;
            }
            uint32_t first = i;
            while (i < end && words[i] == 0u) i++;
            *at++ = 0;
            at = put(at, i - first);
        }
        out_ends[block] = (uint32_t)(at - out);
    }
    return (uint32_t)(at - out);
}

/* The next token; false where there is none. `*at` rises by at most 5. */
static inline bool take(const uint8_t *bytes, uint32_t size, uint32_t *at, uint32_t *token) {
    uint32_t found = 0;
    for (uint32_t shift = 0; shift < 35u && *at < size; shift += 7) {
        uint32_t byte = bytes[(*at)++];
        if (shift == 28u && byte > 15u) return false;  // more than 32 bits, or a sixth byte
        found |= (byte & 127u) << shift;
        if (byte < 128u) {
            *token = found;
            return true;
        }
    }
    return false;
}

uint32_t lw_net_unpack(const uint8_t *bytes, uint32_t size, uint32_t *words, uint32_t room) {
    uint32_t at = 0, count = 0, token = 0;
    while (at < size) {
        if (!take(bytes, size, &at, &token)) return LW_NET_DAMAGED;
        if (token != 0u) {
            if (count >= room) return LW_NET_DAMAGED;
            words[count++] = token;
            continue;
        }
        if (!take(bytes, size, &at, &token) || token == 0u || token > room - count) return LW_NET_DAMAGED;
        lw_zero(words + count, (size_t)token * sizeof *words);
        count += token;
    }
    return count;
}
