/* Words of the network: numbers quantised to 32 bits, and packed so that what did not change takes next to nothing.
 *
 * Owns: nothing; every array is the caller's, none may overlap one that is written. Does not allocate.
 *
 * A packed block is a row of tokens, least significant 7 bits first, the top bit of a byte says that more follow:
 *     a word other than 0                itself
 *     a run of k zeros, k >= 1           0, then k
 * A token has 5 bytes at most and is below 2^32. Nothing else is a block: unpacking tells, and never writes past `room`.
 * The twin is layerw/kernels/twins/net.py. */
#ifndef LW_NET_PACK_H
#define LW_NET_PACK_H

#include "lw.h"

enum { LW_NET_WORD_BYTES = 6, LW_NET_DAMAGED = 0xFFFFFFFFu };

// Whole multiples of 1 / per_unit[0] that are nearest to `count` values, halves to the even one; held to +-2147483647, and 0
// for what is no number.
LW_KERNEL void lw_net_quantise(const float *values, uint32_t count, const double *per_unit, int32_t *words);

// What such words stand for: word / per_unit[0], rounded to a float.
LW_KERNEL void lw_net_restore(const int32_t *words, uint32_t count, const double *per_unit, float *values);

// What changed, word by word: words - base, modulo 2^32, with the sign in the lowest bit, so that small steps are small.
LW_KERNEL void lw_net_delta(const uint32_t *words, const uint32_t *base, uint32_t count, uint32_t *delta);

// The other way round.
LW_KERNEL void lw_net_undelta(const uint32_t *delta, const uint32_t *base, uint32_t count, uint32_t *words);

// Packs `blocks` blocks that follow each other; ends[b]: the word after block b. `out` has LW_NET_WORD_BYTES bytes for each
// word; out_ends[b]: the byte after block b. Returns all bytes.
LW_KERNEL uint32_t lw_net_pack(const uint32_t *words, const uint32_t *ends, uint32_t blocks, uint8_t *out,
                               uint32_t *out_ends);

// Unpacks one block of `size` bytes into at most `room` words. Returns how many they are, LW_NET_DAMAGED where the bytes are
// no block or hold more; what `words` holds is undefined then.
LW_KERNEL uint32_t lw_net_unpack(const uint8_t *bytes, uint32_t size, uint32_t *words, uint32_t room);

#endif
