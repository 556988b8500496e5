#include "pages.h"

#include "error.h"
#include "slabs.h"
#include "spans.h"

enum { GROW_PAGES_MAX = 64, TRIM_PAGES_MIN = 16, BITMAP_WORDS = (LW_PAGES_MAX + 64) / 64, META_CHUNK_BYTES = 4096 };

typedef struct { uint32_t size, free, bump, bump_end; } meta_pool;

lw_page_pool lw_pages;
static uint64_t free_bits[BITMAP_WORDS];
static meta_pool metas[LW_META_KINDS];
static uint32_t meta_page_left; /* the next chunk of the page that the kinds share, downwards; 0: none */

bool lw_pages_start(uint32_t budget_bytes) {
    uint32_t end_page = budget_bytes >> LW_PAGE_SHIFT;
    if (end_page > LW_PAGES_MAX) end_page = LW_PAGES_MAX;
    uint32_t table = (uint32_t)lw_align_up(lw_first_free_byte(), 16);
    uint64_t first_byte = (uint64_t)table + (uint64_t)end_page * sizeof(lw_page);
    uint64_t first_page = (first_byte + LW_WASM_PAGE_BYTES - 1) >> LW_PAGE_SHIFT;
    /* What the module was given already counts: data and stack live there. */
    uint32_t present = lw_memory_pages();
    uint64_t least = LW_MAX(first_page + 1, (uint64_t)present);
    if (end_page < least)
        return lw_fail(LW_E_OUT_OF_BUDGET, "memory_start: budget bytes", budget_bytes, least << LW_PAGE_SHIFT);
    if (present < first_page && !lw_memory_grow((uint32_t)(first_page - present)))
        return lw_fail(LW_E_NO_MEMORY, "memory_start: wasm pages", first_page, present);
    lw_zero(free_bits, sizeof free_bits);
    meta_page_left = 0;
    lw_zero(LW_AT(void, table), end_page * sizeof(lw_page));
    lw_pages = (lw_page_pool){.table = table, .first_page = (uint32_t)first_page, .top_page = (uint32_t)first_page,
                              .end_page = end_page};
    for (uint32_t region = 0; region < LW_REGION_COUNT; region++) lw_pages.limit[region] = end_page;
    metas[LW_META_SPAN] = (meta_pool){.size = sizeof(lw_span)};
    metas[LW_META_CELLS] = (meta_pool){.size = LW_CELLS * sizeof(uint32_t)};
    metas[LW_META_SLABS] = (meta_pool){.size = LW_SLABS_A_PAGE * sizeof(lw_slab)};
    return true;
}

static void mark(uint32_t first, uint32_t count, bool is_free) {
    for (uint32_t page = first; page < first + count; page++) {
        uint64_t bit = 1ull << (page & 63);
        if (is_free) free_bits[page >> 6] |= bit;
        else free_bits[page >> 6] &= ~bit;
    }
    lw_pages.free_count = is_free ? lw_pages.free_count + count : lw_pages.free_count - count;
}

/* The lowest run of `count` free pages below top, or 0. Lowest first keeps the memory short. */
static uint32_t find_run(uint32_t count) {
    uint32_t run = 0;
    for (uint32_t page = lw_pages.first_page; page < lw_pages.top_page; page++) {
        if ((page & 63) == 0 && free_bits[page >> 6] == 0) {
            run = 0;
            page += 63;
            continue;
        }
        run = free_bits[page >> 6] >> (page & 63) & 1 ? run + 1 : 0;
        if (run == count) return page + 1 - count;
    }
    return 0;
}

/* Raises top by `count` pages, growing the memory gradually. Free pages right below top are used too. */
static uint32_t extend(uint32_t count) {
    uint32_t first = lw_pages.top_page;
    while (first > lw_pages.first_page && free_bits[(first - 1) >> 6] >> ((first - 1) & 63) & 1) first--;
    uint32_t end = first + count, present = lw_memory_pages();
    if (count > lw_pages.end_page || end > lw_pages.end_page)
        return lw_fail(LW_E_OUT_OF_BUDGET, "alloc: wasm pages", end, lw_pages.end_page);
    if (end > present) {
        uint32_t least = end - present;
        uint32_t wanted = LW_MIN(LW_MAX(least, LW_MIN(present / 8, GROW_PAGES_MAX)), lw_pages.end_page - present);
        if (!lw_memory_grow(wanted) && (wanted == least || !lw_memory_grow(least)))
            return lw_fail(LW_E_NO_MEMORY, "alloc: wasm pages", end, present);
    }
    mark(lw_pages.top_page, end - lw_pages.top_page, true);
    lw_pages.top_page = end;
    return first;
}

/* What regions keep free for themselves goes to the one that needs it; the run's first page, or 0. */
LW_NOINLINE static uint32_t reclaim(uint32_t count) {
    for (uint32_t region = 0; region < LW_REGION_COUNT; region++) {
        lw_spans_trim(region);
        lw_slabs_trim(region);
    }
    return count <= lw_pages.free_count ? find_run(count) : 0;
}

/* Free pages that lie together, or new ones. A long run is looked for among what the regions keep before the memory
 * grows: otherwise a program that makes and drops large arrays grows by each, as what is kept lies between them. */
static uint32_t find_or_extend(uint32_t count, bool is_meta) {
    uint32_t first = count <= lw_pages.free_count ? find_run(count) : 0;
    bool may_reclaim = !is_meta; /* bookkeeping is taken inside of the regions' work */
    if (first == 0 && may_reclaim && count >= TRIM_PAGES_MIN) {
        first = reclaim(count);
        may_reclaim = false;
    }
    if (first == 0) first = extend(count);
    if (first == 0 && may_reclaim) {
        lw_error why = *lw_last_error();
        first = reclaim(count);
        if (first == 0) first = extend(count); /* pages that were given back may lie right below top */
        if (first == 0) return lw_fail(why.code, why.what, why.value, why.limit);
    }
    return first;
}

uint32_t lw_pages_take(uint32_t count, uint32_t region, uint32_t kind) {
    if (lw_pages.table == 0) return lw_fail(LW_E_NOT_STARTED, "alloc: memory_start was not called", 0, 0);
    bool is_meta = region >= LW_REGION_COUNT;
    if (!is_meta && count > lw_pages.limit[region] - LW_MIN(lw_pages.count[region], lw_pages.limit[region]))
        return lw_fail(LW_E_OUT_OF_BUDGET, "alloc: wasm pages of the region", (uint64_t)lw_pages.count[region] + count,
                       lw_pages.limit[region]);
    uint32_t first = find_or_extend(count, is_meta);
    if (first == 0) return 0;
    mark(first, count, false);
    for (uint32_t page = first; page < first + count; page++)
        *lw_page_at(page) = (lw_page){.kind = (uint8_t)kind, .region = (uint8_t)region};
    if (is_meta) lw_pages.meta_count += count;
    else lw_pages.count[region] += count;
    return first;
}

void lw_pages_give(uint32_t first, uint32_t count) {
    lw_pages.count[lw_page_at(first)->region] -= count;
    for (uint32_t page = first; page < first + count; page++) *lw_page_at(page) = (lw_page){0};
    mark(first, count, true);
}

uint32_t lw_pages_left(uint32_t region) {
    uint32_t whole = lw_pages.end_page - lw_pages.top_page + lw_pages.free_count;
    uint32_t own = lw_pages.limit[region] - LW_MIN(lw_pages.count[region], lw_pages.limit[region]);
    return LW_MIN(whole, own);
}

/* The kinds share pages, so that a small heap has one of bookkeeping and not one a kind. */
static uint32_t meta_chunk(void) {
    if (meta_page_left == 0) {
        uint32_t page = lw_pages_take(1, LW_REGION_COUNT, LW_PAGE_META);
        if (page == 0) return 0;
        meta_page_left = (page << LW_PAGE_SHIFT) + (LW_WASM_PAGE_BYTES - META_CHUNK_BYTES);
    }
    uint32_t chunk = meta_page_left;
    meta_page_left = (chunk & (LW_WASM_PAGE_BYTES - 1)) == 0 ? 0 : chunk - META_CHUNK_BYTES;
    return chunk;
}

uint32_t lw_meta_take(uint32_t kind) {
    meta_pool *pool = &metas[kind];
    uint32_t record = pool->free;
    if (record != 0) {
        pool->free = *LW_AT(uint32_t, record);
    } else {
        if (pool->bump_end - pool->bump < pool->size) {
            uint32_t chunk = meta_chunk();
            if (chunk == 0) return 0;
            pool->bump = chunk;
            pool->bump_end = chunk + META_CHUNK_BYTES;
        }
        record = pool->bump;
        pool->bump += pool->size;
    }
    if (kind == LW_META_CELLS) lw_zero(LW_AT(void, record), pool->size); /* the others are written whole */
    return record;
}

void lw_meta_give(uint32_t kind, uint32_t record) {
    *LW_AT(uint32_t, record) = metas[kind].free;
    metas[kind].free = record;
}
