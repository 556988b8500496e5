/* Free spans by size: two levels of bins, found with two bitmaps in a constant number of steps. See spans.h.
 *
 *   granules (16 B)   1 .. 31            one bin each
 *                     32 .. 63, 64 .. 127, ...   each power of two in 32 bins
 */
#ifndef LW_BINS_H
#define LW_BINS_H

#include "lw.h"

void lw_bins_start(void);
void lw_bin_add(uint32_t region, uint32_t record);
void lw_bin_remove(uint32_t region, uint32_t record);

/* A free span of at least `size` bytes, taken out of its bin; 0 where there is none. */
uint32_t lw_bin_take(uint32_t region, uint32_t size);

/* The free span after `record` (0: the first) among those in bins of at least `size` bytes; 0 at the end. */
uint32_t lw_bins_next(uint32_t region, uint32_t record, uint32_t size);

uint32_t lw_bins_free_bytes(uint32_t region);
uint32_t lw_bins_largest(uint32_t region);

#endif
