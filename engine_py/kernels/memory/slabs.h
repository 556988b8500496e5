/* Small and medium blocks (up to 1,024 bytes): slabs of equal slots, with the free slots in a bitmap outside of them.
 *
 * Owns: 33 size classes in each region. A wasm page holds eight slabs of 8 KiB. Does not know handles or tiers.
 *
 *   page (64 KiB)   | slab 0 | slab 1 | ...    | slab 7 |      page.link -> eight lw_slab records in bookkeeping
 *   slab (8 KiB)    | slot | slot | ...                 |      bit = 1: the slot is free
 */
#ifndef LW_SLABS_H
#define LW_SLABS_H

#include "lw.h"

enum { LW_SMALL_MAX = 64, LW_MEDIUM_MAX = 1024, LW_CLASSES = 33, LW_SLAB_SHIFT = 13, LW_SLABS_A_PAGE = 8,
       LW_SLAB_WORDS = 8 };

typedef struct {
    uint32_t base, next, prev; /* in the list of slabs of its class that have a free slot */
    uint16_t slots, free;      /* slots 0: the slab is not in use */
    uint16_t first_word;       /* no free slot in the words before it */
    uint8_t class, region;
    uint32_t unused;
    uint64_t bits[LW_SLAB_WORDS];
} lw_slab;

/* A slot for `size_bytes` (1 to LW_MEDIUM_MAX) in a region, of `taken` bytes; 0 with the last error set. */
uint32_t lw_slab_alloc(uint32_t region, uint32_t size_bytes, uint32_t *taken);

/* Frees a slot; returns its size, or 0 with the last error set (double free, no start of a slot). */
uint32_t lw_slab_free(uint32_t offset);

/* Bytes of slots that are free in a region. */
uint32_t lw_slab_free_bytes(uint32_t region);

/* Gives every page of a region back whose slabs are all empty. */
void lw_slabs_trim(uint32_t region);

void lw_slabs_start(void);

#endif
