/* Four lanes, the same in wasm and in a native build: vector extensions for arithmetic, one intrinsic where there is
 * none for them.
 *
 * Every operation is exactly rounded (+ - * / sqrt and comparisons), so that lanes, scalars and numpy agree to the
 * bit. No min or max: their NaN differs between machines. Loads and stores take any alignment. */
#ifndef LW_SIMD_H
#define LW_SIMD_H

#include "lw.h"

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__SSE4_2__)
#include <nmmintrin.h>
#endif

typedef float lw_f4 __attribute__((vector_size(16)));
typedef int32_t lw_i4 __attribute__((vector_size(16)));
typedef uint32_t lw_u4 __attribute__((vector_size(16)));
typedef uint8_t lw_b16 __attribute__((vector_size(16)));

static inline lw_f4 lw_load_f4(const float *from) {
    lw_f4 value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

static inline lw_u4 lw_load_u4(const uint32_t *from) {
    lw_u4 value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

static inline void lw_store_u4(uint32_t *to, lw_u4 value) { __builtin_memcpy(to, &value, sizeof value); }

static inline lw_f4 lw_splat(float value) { return (lw_f4){value, value, value, value}; }

static inline float lw_root(float value) { return __builtin_sqrtf(value); }

static inline lw_f4 lw_root4(lw_f4 value) {
#if defined(__wasm_simd128__)
    return (lw_f4)wasm_f32x4_sqrt((v128_t)value);
#elif defined(__SSE4_2__)
    return (lw_f4)_mm_sqrt_ps((__m128)value);
#else
    return (lw_f4){lw_root(value[0]), lw_root(value[1]), lw_root(value[2]), lw_root(value[3])};
#endif
}

/* The lanes of `yes` where the mask has ones, else of `no`. */
static inline lw_f4 lw_select4(lw_i4 mask, lw_f4 yes, lw_f4 no) {
#if defined(__wasm_simd128__)
    return (lw_f4)wasm_v128_bitselect((v128_t)yes, (v128_t)no, (v128_t)mask);
#else
    return (lw_f4)((mask & (lw_i4)yes) | (~mask & (lw_i4)no));
#endif
}

/* b < a ? b : a, and a < b ? b : a: where b is NaN, and of zeros, a stays. */
static inline lw_f4 lw_least4(lw_f4 a, lw_f4 b) {
#if defined(__wasm_simd128__)
    return (lw_f4)wasm_f32x4_pmin((v128_t)a, (v128_t)b);
#elif defined(__SSE4_2__)
    return (lw_f4)_mm_min_ps((__m128)b, (__m128)a);
#else
    return lw_select4(b < a, b, a);
#endif
}

static inline lw_f4 lw_most4(lw_f4 a, lw_f4 b) {
#if defined(__wasm_simd128__)
    return (lw_f4)wasm_f32x4_pmax((v128_t)a, (v128_t)b);
#elif defined(__SSE4_2__)
    return (lw_f4)_mm_max_ps((__m128)b, (__m128)a);
#else
    return lw_select4(a < b, b, a);
#endif
}

#if defined(__clang__)
#define LW_SHUFFLE4(value, a, b, c, d) __builtin_shufflevector(value, value, a, b, c, d)
#else
#define LW_SHUFFLE4(value, a, b, c, d) __builtin_shuffle(value, (lw_i4){a, b, c, d})
#endif

/* Bit i is set where lane i of a comparison's result is true. */
static inline uint32_t lw_bits(lw_i4 mask) {
#if defined(__wasm_simd128__)
    return wasm_i32x4_bitmask((v128_t)mask);
#elif defined(__SSE4_2__)
    return (uint32_t)_mm_movemask_ps((__m128)mask);
#else
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) bits |= (uint32_t)(mask[i] < 0) << i;
    return bits;
#endif
}

/* Left-packing by table: byte places that bring the lanes of `bits` to the front, the others anywhere.
 * Source: Lemire, Kurz, "Consistently faster and smaller compressed bitmaps with Roaring" (2018), section 4. */
#define LW_LANE(i) 4 * (i), 4 * (i) + 1, 4 * (i) + 2, 4 * (i) + 3
#define LW_LANES(a, b, c, d) {LW_LANE(a), LW_LANE(b), LW_LANE(c), LW_LANE(d)}
static const uint8_t lw_pack_places[16][16] __attribute__((aligned(16))) = {
    LW_LANES(0, 0, 0, 0), LW_LANES(0, 0, 0, 0), LW_LANES(1, 0, 0, 0), LW_LANES(0, 1, 0, 0),
    LW_LANES(2, 0, 0, 0), LW_LANES(0, 2, 0, 0), LW_LANES(1, 2, 0, 0), LW_LANES(0, 1, 2, 0),
    LW_LANES(3, 0, 0, 0), LW_LANES(0, 3, 0, 0), LW_LANES(1, 3, 0, 0), LW_LANES(0, 1, 3, 0),
    LW_LANES(2, 3, 0, 0), LW_LANES(0, 2, 3, 0), LW_LANES(1, 2, 3, 0), LW_LANES(0, 1, 2, 3),
};

/* Writes the lanes of `bits` to `to` and anything behind them (always 16 bytes); returns how many lanes there were. */
static inline uint32_t lw_pack(uint32_t *to, lw_u4 value, uint32_t bits) {
#if defined(__wasm_simd128__)
    lw_store_u4(to, (lw_u4)wasm_i8x16_swizzle((v128_t)value, wasm_v128_load(lw_pack_places[bits])));
#elif defined(__SSE4_2__)
    __m128i places = _mm_load_si128((const __m128i *)lw_pack_places[bits]);
    lw_store_u4(to, (lw_u4)_mm_shuffle_epi8((__m128i)value, places));
#else
    for (int i = 0; i < 4; i++) to[i] = value[lw_pack_places[bits][4 * i] / 4];
#endif
    return (uint32_t)__builtin_popcount(bits);
}

#endif
