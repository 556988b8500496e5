/* What other kernels use of the allocator: plain blocks of Layer memory. walloc.h has the whole of it. */
#ifndef LW_BLOCK_H
#define LW_BLOCK_H

#include "lw.h"

enum { LW_REGION_LOGIC = 0, LW_REGION_MESH = 1, LW_REGION_TEXTURE = 2, LW_REGION_SCRATCH = 3, LW_REGION_COUNT = 4 };
enum { LW_TIER_PINNED = 0, LW_TIER_VISIBLE = 1, LW_TIER_NEAR = 2, LW_TIER_FAR = 3, LW_TIER_COUNT = 4 };

/* A pinned block of at least `size_bytes`, 16-byte aligned; NULL with the last error set. Contents are undefined.
 * Thread-safe in the module with workers. */
void *lw_block_alloc(uint32_t region, uint32_t size_bytes);

/* Gives a block back; NULL is ignored. `size_bytes` and `region` are found again by the allocator. */
void lw_block_free(void *block);

#endif
