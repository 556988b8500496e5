#include "sort.h"

enum { DIGITS = 256 };

/* From counts to the place of each digit's first key. */
static void to_places(uint32_t *counts) {
    uint32_t place = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
        uint32_t count = counts[digit];
        counts[digit] = place;
        place += count;
    }
}

#ifdef LW_PLANT_SORT
#define LW_FROM(i, count) ((count) - 1 - (i)) /* a fault for the tests of the tests: equal keys turn around */
#else
#define LW_FROM(i, count) (i)
#endif

#define LW_DEFINE_SORT(name, key_t, bytes)                                                                            \
    void name(key_t *keys, uint32_t *payload, key_t *keys_scratch, uint32_t *payload_scratch, uint32_t count) {       \
        LW_CHECK(lw_apart(keys, count * sizeof *keys, keys_scratch, count * sizeof *keys));                           \
        LW_CHECK(lw_apart(payload, 4 * (size_t)count, payload_scratch, 4 * (size_t)count));                           \
        LW_CHECK(lw_apart(keys, count * sizeof *keys, payload, 4 * (size_t)count));                                   \
        uint32_t counts[bytes][DIGITS];                                                                               \
        lw_zero(counts, sizeof counts);                                                                               \
        for (uint32_t i = 0; i < count; i++)                                                                          \
            for (int digit = 0; digit < bytes; digit++) counts[digit][(keys[i] >> (8 * digit)) & 255]++;              \
        key_t *from = keys, *to = keys_scratch;                                                                       \
        uint32_t *carried = payload, *put = payload_scratch;                                                          \
        for (int digit = 0; digit < bytes && count > 0; digit++) {                                                    \
            int shift = 8 * digit;                                                                                    \
            uint32_t *places = counts[digit];                                                                         \
            if (places[(keys[0] >> shift) & 255] == count) continue; /* all keys share this byte */                   \
            to_places(places);                                                                                        \
            for (uint32_t n = 0; n < count; n++) {                                                                    \
                uint32_t i = LW_FROM(n, count), place = places[(from[i] >> shift) & 255]++;                           \
                to[place] = from[i];                                                                                  \
                put[place] = carried[i];                                                                              \
            }                                                                                                         \
            key_t *key_swap = from;                                                                                   \
            uint32_t *swap = carried;                                                                                 \
            from = to, to = key_swap, carried = put, put = swap;                                                      \
        }                                                                                                             \
        if (from != keys) {                                                                                           \
            lw_copy(keys, from, count * sizeof *keys);                                                                \
            lw_copy(payload, carried, count * sizeof *payload);                                                       \
        }                                                                                                             \
    }

LW_DEFINE_SORT(lw_sort_u32, uint32_t, 4)
LW_DEFINE_SORT(lw_sort_u64, uint64_t, 8)
