/* The allocator of Layer memory: regions by purpose x size classes x lifetime tiers, behind stable handles.
 *
 * Owns: every byte of the module's memory behind its static data and stack, up to the budget. Bookkeeping lies outside
 * of what is handed out. Growing moves nothing; only lw_defragment moves, and only large blocks that have a handle.
 *
 *   size        found in                  bookkeeping
 *   1-64        small slabs (slabs.h)     a bit a slot
 *   65-1024     medium slabs              a bit a slot
 *   1025-       spans (spans.h)           32 bytes a span
 *
 * A handle is 20 bits of index (from 1) and 12 bits of generation (1 to 4095); a slot whose generations are used up
 * retires. 0 is no handle and no address. Sizes are bytes; addresses are offsets in this memory, unsigned.
 */
#ifndef LW_WALLOC_H
#define LW_WALLOC_H

#include "block.h"

enum { LW_REGION_ANY = 255 };

typedef struct {
    uint32_t committed_bytes; /* in wasm pages of the region */
    uint32_t limit_bytes;
    uint32_t live_bytes[LW_TIER_COUNT]; /* rounded up to what the blocks take */
    uint32_t live_count[LW_TIER_COUNT];
    uint32_t free_bytes;    /* committed and free: slots and spans */
    uint32_t largest_bytes; /* the largest block that could be had now, without passing limit or budget */
} lw_region_statistics;

typedef struct {
    uint32_t budget_bytes, memory_bytes, static_bytes, meta_bytes;
    uint32_t handles, defragmented_bytes; /* handles alive; bytes moved since the start (wraps) */
    uint32_t refused_count, revision;     /* requests that failed; counts what moved */
    lw_region_statistics regions[LW_REGION_COUNT];
} lw_memory_statistics;

// Starts the allocator with a hard budget for the whole memory, static data and stack included. Returns 1, or 0 with the
// last error set (the budget is smaller than what is there already).
LW_LAYER uint32_t lw_memory_start(uint32_t budget_bytes);

// Sets how many bytes a region may take, rounded down to wasm pages; live blocks stay where they are.
LW_LAYER uint32_t lw_region_limit(uint32_t region, uint32_t limit_bytes);

// A block of at least size_bytes (1 or more), 16-byte aligned, contents undefined. Returns its handle, or 0 with the last error set.
LW_LAYER uint32_t lw_alloc(uint32_t region, uint32_t size_bytes, uint32_t tier);

// Frees the block of a handle that lives in `region` (255: any). Returns the bytes it took, or 0 with the last error set.
LW_LAYER uint32_t lw_free(uint32_t handle, uint32_t region);

// The address of a handle's block, good until the next lw_defragment. 0 with the last error set.
LW_LAYER uint32_t lw_address(uint32_t handle);

// The bytes that were asked for. 0 with the last error set.
LW_LAYER uint32_t lw_size(uint32_t handle);

// Sets the tier (0 pinned, 1 visible, 2 near, 3 far) of a block. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_set_tier(uint32_t handle, uint32_t tier);

// Sets the tiers of `count` blocks: u32 handles and u8 tiers. Returns how many were set; stale handles are passed over.
LW_LAYER uint32_t lw_set_tiers(const uint32_t *handles, const uint8_t *tiers, uint32_t count);

// Keeps a block in its place (a job or an upload reads it) until lw_let_go; nests up to 255 times. Returns 1 or 0 with the last error set.
LW_LAYER uint32_t lw_hold(uint32_t handle);

// Ends one lw_hold. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_let_go(uint32_t handle);

// Moves large blocks of a region towards lower addresses, at most bytes_max bytes of them; pinned and held blocks stay.
// Handles stay, addresses change. Returns the bytes moved.
LW_LAYER uint32_t lw_defragment(uint32_t region, uint32_t bytes_max);

// Writes an lw_memory_statistics to `out`. Returns its size in bytes.
LW_LAYER uint32_t lw_memory_statistics_write(uint32_t *out);

// A pinned block without a handle; see block.h. Its address, or 0 with the last error set.
LW_LAYER uint32_t lw_raw_alloc(uint32_t region, uint32_t size_bytes);

// Frees a block without a handle. Returns the bytes it took, or 0 with the last error set.
LW_LAYER uint32_t lw_raw_free(uint32_t address);

#endif
