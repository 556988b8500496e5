/* Radix sort of draw keys, stable, least significant byte first; bytes that all keys share cost nothing.
 *
 * Sorts in place, with a second pair of arrays of the same length as scratch; none may overlap another. O(n) a byte.
 * Source: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", section 8.3; all histograms in one pass as
 * in Terdiman, "Radix Sort Revisited" (2000). */
#ifndef LW_SORT_H
#define LW_SORT_H

#include "lw.h"

// Sorts `count` keys ascending and carries a payload along; equal keys keep their order.
LW_KERNEL void lw_sort_u32(uint32_t *keys, uint32_t *payload, uint32_t *keys_scratch, uint32_t *payload_scratch,
                           uint32_t count);

// The same for 64-bit keys, which are 8-byte aligned.
LW_KERNEL void lw_sort_u64(uint64_t *keys, uint32_t *payload, uint64_t *keys_scratch, uint32_t *payload_scratch,
                           uint32_t count);

#endif
