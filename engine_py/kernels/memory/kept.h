/* Freed spans that are kept as they are for the next request of their size, instead of being merged at once.
 *
 * Owns: a list for each size class (16 steps in each power of two, up to 64 KiB) in each region, and its bytes. Sizes
 * that are asked for are rounded up to a class (2 % on average, 6 % at most), so that what comes back fits again. How
 * much may be kept is the caller's to say; spans.c merges all of it before the memory grows. */
#ifndef LW_KEPT_H
#define LW_KEPT_H

#include "lw.h"

enum { LW_KEPT_BYTES_MAX = 65536 };

void lw_kept_start(void);

/* `size_bytes`, rounded up to its class; as it is above LW_KEPT_BYTES_MAX. */
uint32_t lw_kept_round(uint32_t size_bytes);

/* A kept span of at least `size` bytes, a rounded size, or of the next class; 0 where there is none. */
uint32_t lw_kept_take(uint32_t region, uint32_t size);

/* A kept span of a larger class, the smallest there is; 0 where there is none. */
uint32_t lw_kept_take_above(uint32_t region, uint32_t size);

void lw_kept_add(uint32_t region, uint32_t record);

/* Any kept span of the region, no longer kept; 0 when there is none. */
uint32_t lw_kept_pop(uint32_t region);

uint32_t lw_kept_bytes(uint32_t region);

#endif
