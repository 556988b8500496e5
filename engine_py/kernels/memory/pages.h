/* Wasm pages: which of the memory's 64 KiB pages belong to whom, growing, and the budget.
 *
 * Owns: the page table (outside of what is handed out, right behind the static data), the pages that are free, and the
 * region limits. Does not know slots or spans. Limits: 65,535 pages, so that every end address fits 32 bits.
 *
 *   0        static data, stack, TLS      page table   first_page ...  top        budget
 *   |--------------------------------|  |-----------|  |--- handed out ---|  ...  |
 *            measured: &__heap_base                        free runs in a bitmap
 */
#ifndef LW_PAGES_H
#define LW_PAGES_H

#include "block.h"
#include "platform.h"

enum { LW_PAGE_FREE = 0, LW_PAGE_META = 1, LW_PAGE_SLABS = 2, LW_PAGE_SPANS = 3 };
enum { LW_PAGE_SHIFT = 16, LW_PAGES_MAX = 65535 };

typedef struct {
    uint8_t kind, region;
    uint16_t unused;
    uint32_t link; /* SLABS: its slab records; SPANS: the table of cells */
    uint32_t tail; /* SPANS: on the last page of an extent, the record of its last span */
} lw_page;

typedef struct {
    uint32_t table;      /* offset of the lw_page array, indexed by page number */
    uint32_t first_page; /* the first that may be handed out */
    uint32_t top_page;   /* one past the last that ever was */
    uint32_t end_page;   /* the budget: never reached past */
    uint32_t free_count; /* free pages below top */
    uint32_t meta_count;
    uint32_t count[LW_REGION_COUNT], limit[LW_REGION_COUNT]; /* pages */
} lw_page_pool;

extern lw_page_pool lw_pages;

static inline lw_page *lw_page_at(uint32_t page) { return LW_AT(lw_page, lw_pages.table) + page; }
static inline lw_page *lw_page_of(uint32_t offset) { return lw_page_at(offset >> LW_PAGE_SHIFT); }
static inline bool lw_page_is_managed(uint32_t page) { return page >= lw_pages.first_page && page < lw_pages.top_page; }

/* Measures the memory and makes the table; false with the last error set. */
bool lw_pages_start(uint32_t budget_bytes);

/* `count` neighbouring pages for a region (LW_REGION_COUNT: bookkeeping); 0 with the last error set. */
uint32_t lw_pages_take(uint32_t count, uint32_t region, uint32_t kind);

/* Gives neighbouring pages back. */
void lw_pages_give(uint32_t first, uint32_t count);

/* How many pages a region could still get, in one piece or in several. */
uint32_t lw_pages_left(uint32_t region);

/* A fixed-size record of bookkeeping (cells are zeroed); 0 with the last error set. Kinds are below. */
enum { LW_META_SPAN = 0, LW_META_CELLS = 1, LW_META_SLABS = 2, LW_META_KINDS = 3 };
uint32_t lw_meta_take(uint32_t kind);
void lw_meta_give(uint32_t kind, uint32_t record);

#endif
