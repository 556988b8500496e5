/* Numbers and words that lie in one row of a column. */
#ifndef LW_WORDS_H
#define LW_WORDS_H

#include <stdint.h>

static inline float as_float(uint32_t word) {
    float value;
    __builtin_memcpy(&value, &word, sizeof value);
    return value;
}

static inline uint32_t as_word(float value) {
    uint32_t word;
    __builtin_memcpy(&word, &value, sizeof word);
    return word;
}

#endif
