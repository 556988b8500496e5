#include "spans.h"

#include "bins.h"
#include "error.h"
#include "kept.h"
#include "pages.h"

enum { SPLIT_BYTES_MIN = 64, STAGGER_BYTES_MIN = 65536, STAGGER_STEP = 64, ALIAS_BYTES = 4096,
       KEPT_PAGES_MIN = 16, UNMERGED_BYTES_MIN = 1 << 20, UNMERGED_SHARE = 16 };

static uint32_t last_phase; /* of the last large array, modulo 4 KiB */

void lw_spans_start(void) {
    lw_bins_start();
    lw_kept_start();
    last_phase = 0;
}

static inline lw_span *span_at(uint32_t record) { return LW_AT(lw_span, record); }
static inline uint32_t *cell_of(uint32_t offset) {
    return LW_AT(uint32_t, lw_page_of(offset)->link) + (offset >> LW_CELL_SHIFT & (LW_CELLS - 1));
}
static inline uint32_t end_of(const lw_span *span) { return span->start + span->size; }

static void cell_add(uint32_t record) {
    uint32_t *cell = cell_of(span_at(record)->start);
    span_at(record)->cell_next = *cell;
    *cell = record;
}

static void cell_remove(uint32_t record) {
    uint32_t *at = cell_of(span_at(record)->start);
    while (*at != record) at = &span_at(*at)->cell_next;
    *at = span_at(record)->cell_next;
}

/* The last page of an extent knows its last span, so that pages taken behind it join it. */
static void note_tail(uint32_t record) {
    lw_span *span = span_at(record);
    if (span->next == 0) lw_page_of(end_of(span) - 1)->tail = record;
}

static void link_after(uint32_t record, uint32_t left, uint32_t right) {
    span_at(record)->prev = left;
    span_at(record)->next = right;
    if (left) span_at(left)->next = record;
    if (right) span_at(right)->prev = record;
    note_tail(record);
}

static void remove_record(uint32_t record) {
    lw_span *span = span_at(record);
    cell_remove(record);
    if (span->next) span_at(span->next)->prev = span->prev;
    if (span->prev) {
        span_at(span->prev)->next = span->next;
        note_tail(span->prev);
    }
    lw_meta_give(LW_META_SPAN, record);
}

/* Cuts a span that is in no bin; returns the record of what lies behind the first `size` bytes, 0 without bookkeeping. */
static uint32_t cut(uint32_t record, uint32_t size) {
    uint32_t rest = lw_meta_take(LW_META_SPAN);
    if (rest == 0) return 0;
    lw_span *span = span_at(record);
    *span_at(rest) = (lw_span){.start = span->start + size, .size = span->size - size};
    span->size = size;
    link_after(rest, record, span->next);
    cell_add(rest);
    return rest;
}

static void make_free(uint32_t region, uint32_t record) {
    span_at(record)->state = LW_SPAN_FREE;
    lw_bin_add(region, record);
}

/* Joins a span that is in no bin with free neighbours; returns the joined record, still in no bin. */
static uint32_t merge(uint32_t region, uint32_t record) {
    lw_span *span = span_at(record);
    if (span->next && span_at(span->next)->state == LW_SPAN_FREE) {
        uint32_t right = span->next;
        lw_bin_remove(region, right);
        span->size += span_at(right)->size;
        remove_record(right);
        note_tail(record);
    }
    if (span->prev && span_at(span->prev)->state == LW_SPAN_FREE) {
        uint32_t left = span->prev;
        lw_bin_remove(region, left);
        span_at(left)->size += span->size;
        remove_record(record);
        note_tail(left);
        record = left;
    }
    return record;
}

/* The record that starts a following extent of the same region, or 0. */
static uint32_t extent_at(uint32_t page, uint32_t region) {
    if (!lw_page_is_managed(page)) return 0;
    lw_page *own = lw_page_at(page);
    if (own->kind != LW_PAGE_SPANS || own->region != region) return 0;
    uint32_t record = lw_span_find(page << LW_PAGE_SHIFT);
    return record && span_at(record)->prev == 0 ? record : 0;
}

static bool give_cells(uint32_t first, uint32_t count) {
    for (uint32_t page = first; page < first + count; page++)
        if (lw_page_at(page)->link) lw_meta_give(LW_META_CELLS, lw_page_at(page)->link);
    lw_pages_give(first, count);
    return false;
}

/* More pages for a region; they join the extents beside them. */
LW_NOINLINE static bool add_extent(uint32_t region, uint32_t size) {
    uint32_t count = (size + (LW_WASM_PAGE_BYTES - 1)) >> LW_PAGE_SHIFT;
    uint32_t first = lw_pages_take(count, region, LW_PAGE_SPANS);
    if (first == 0) return false;
    for (uint32_t page = first; page < first + count; page++)
        if ((lw_page_at(page)->link = lw_meta_take(LW_META_CELLS)) == 0) return give_cells(first, count);
    uint32_t record = lw_meta_take(LW_META_SPAN);
    if (record == 0) return give_cells(first, count);
    *span_at(record) = (lw_span){.start = first << LW_PAGE_SHIFT, .size = count << LW_PAGE_SHIFT};
    uint32_t left = 0, right = extent_at(first + count, region);
    if (lw_page_is_managed(first - 1)) {
        lw_page *before = lw_page_at(first - 1);
        if (before->kind == LW_PAGE_SPANS && before->region == region) left = before->tail;
    }
    link_after(record, left, right);
    cell_add(record);
    make_free(region, merge(region, record));
    return true;
}

/* Gives the whole pages inside a free span back, where the region keeps more than `kept_pages` free without them. */
LW_NOINLINE static bool shrink(uint32_t region, uint32_t record, uint32_t kept_pages) {
    lw_span *span = span_at(record);
    uint32_t first = (span->start + (LW_WASM_PAGE_BYTES - 1)) >> LW_PAGE_SHIFT, last = end_of(span) >> LW_PAGE_SHIFT;
    if (last <= first || lw_bins_free_bytes(region) <= kept_pages << LW_PAGE_SHIFT) return false;
    uint32_t right_bytes = end_of(span) - (last << LW_PAGE_SHIFT), next = span->next;
    uint32_t right = right_bytes ? lw_meta_take(LW_META_SPAN) : 0;
    if (right_bytes && right == 0) return false; /* no bookkeeping to cut with: the pages stay */
    lw_bin_remove(region, record);
    if (right) {
        *span_at(right) = (lw_span){.start = last << LW_PAGE_SHIFT, .size = right_bytes};
        link_after(right, 0, next);
        cell_add(right);
        make_free(region, right);
    } else if (next) {
        span_at(next)->prev = 0;
    }
    span->size = (first << LW_PAGE_SHIFT) - span->start;
    span->next = 0;
    if (span->size) {
        note_tail(record);
        make_free(region, record);
    } else {
        remove_record(record);
    }
    give_cells(first, last - first);
    return true;
}

/* Merges what was kept; true when there was any. */
LW_NOINLINE static bool merge_kept(uint32_t region) {
    uint32_t record = lw_kept_pop(region);
    if (record == 0) return false;
    for (; record; record = lw_kept_pop(region)) make_free(region, merge(region, record));
    return true;
}

void lw_spans_trim(uint32_t region) {
    merge_kept(region);
    uint32_t record = 0;
    while ((record = lw_bins_next(region, record, LW_WASM_PAGE_BYTES)) != 0)
        if (shrink(region, record, 0)) record = 0; /* the lists changed: from the start */
}

/* How far a large array's start is moved so that it does not share its place modulo 4 KiB with the last one. */
static uint32_t stagger(uint32_t start, uint32_t size) {
    if (size < STAGGER_BYTES_MIN) return 0;
    uint32_t phase = start & (ALIAS_BYTES - 1);
    uint32_t distance = (phase - last_phase) & (ALIAS_BYTES - 1);
    return distance < STAGGER_STEP ? STAGGER_STEP - distance : 0;
}

/* With room for the stagger, or where only an exact hole is left (what an array of this size left behind) without. */
static inline uint32_t take_free(uint32_t region, uint32_t size, uint32_t extra) {
    uint32_t record = lw_bin_take(region, size + extra);
    return record || extra == 0 ? record : lw_bin_take(region, size);
}

uint32_t lw_span_alloc(uint32_t region, uint32_t size_bytes, uint32_t *taken) {
    if (size_bytes > 0xFFFF0000u - STAGGER_STEP)
        return lw_fail(LW_E_TOO_LARGE, "alloc: size_bytes", size_bytes, 0xFFFF0000u - STAGGER_STEP);
    uint32_t size = lw_kept_round(size_bytes), extra = size >= STAGGER_BYTES_MIN ? STAGGER_STEP : 0;
    uint32_t record = extra ? 0 : lw_kept_take(region, size);
    if (record) {
        span_at(record)->state = span_at(record)->bin_next = 0;
        *taken = span_at(record)->size;
        return span_at(record)->start;
    }
    record = take_free(region, size, extra);
    if (record == 0 && extra == 0) record = lw_kept_take_above(region, size);
    if (record == 0 && merge_kept(region)) record = take_free(region, size, extra);
    if (record == 0) {
        if (!add_extent(region, size + extra)) return 0;
        record = lw_bin_take(region, size + extra);
        if (record == 0) return lw_fail(LW_E_CORRUPT, "alloc: a new extent holds no span of", size, 0);
    }
    lw_span *span = span_at(record);
    span->state = 0;
    uint32_t shift = stagger(span->start, size), tail;
    if (shift && span->size >= size + shift && (tail = cut(record, shift)) != 0) {
        make_free(region, record);
        record = tail;
        span = span_at(record);
    }
    if (span->size - size >= SPLIT_BYTES_MIN && (tail = cut(record, size)) != 0)
        make_free(region, merge(region, tail)); /* what was kept may lie before a free span */
    span->bin_prev = span->bin_next = 0;
    if (size >= STAGGER_BYTES_MIN) last_phase = span->start & (ALIAS_BYTES - 1);
    *taken = span->size;
    return span->start;
}

uint32_t lw_span_find(uint32_t offset) {
    uint32_t record = *cell_of(offset);
    while (record && span_at(record)->start != offset) record = span_at(record)->cell_next;
    return record;
}

uint32_t lw_span_free(uint32_t offset) {
    uint32_t record = lw_span_find(offset);
    if (record == 0) return lw_fail(LW_E_BAD_ARGUMENT, "free: address, no block starts there", offset, 0);
    if (span_at(record)->state != 0) return lw_fail(LW_E_DOUBLE_FREE, "free: address", offset, 0);
    uint32_t size = span_at(record)->size, region = lw_page_of(offset)->region;
    uint32_t share = (lw_pages.count[region] << LW_PAGE_SHIFT) / UNMERGED_SHARE;
    if (size < STAGGER_BYTES_MIN && lw_kept_bytes(region) + size <= LW_MAX(share, (uint32_t)UNMERGED_BYTES_MIN)) {
        span_at(record)->state = LW_SPAN_KEPT;
        lw_kept_add(region, record);
        return size;
    }
    record = merge(region, record);
    make_free(region, record);
    if (span_at(record)->size >= LW_WASM_PAGE_BYTES)
        shrink(region, record, LW_MAX(KEPT_PAGES_MIN, lw_pages.count[region] / 4));
    return size;
}

void lw_spans_free_bytes(uint32_t region, uint32_t *free_bytes, uint32_t *largest) {
    *free_bytes = lw_bins_free_bytes(region) + lw_kept_bytes(region);
    *largest = lw_bins_largest(region);
}

/* -- moving ----------------------------------------------------------------------------------------------- */

/* Swaps a free span with the live one behind it; the caller moved the bytes. */
static uint32_t swap_with_next(uint32_t region, uint32_t hole) {
    lw_span *gap = span_at(hole);
    uint32_t block = gap->next;
    lw_span *live = span_at(block);
    lw_bin_remove(region, hole);
    cell_remove(hole);
    cell_remove(block);
    live->start = gap->start;
    gap->start = end_of(live);
    uint32_t left = gap->prev, right = live->next;
    live->prev = left;
    if (left) span_at(left)->next = block;
    live->next = hole;
    link_after(hole, block, right);
    cell_add(block);
    cell_add(hole);
    gap->state = 0;
    hole = merge(region, hole);
    make_free(region, hole);
    return hole;
}

static uint32_t compact_extent(uint32_t region, uint32_t record, uint32_t bytes_max, bool (*may_move)(uint32_t owner),
                               void (*moved)(uint32_t owner, uint32_t address)) {
    uint32_t done = 0;
    while (record) {
        lw_span *gap = span_at(record);
        uint32_t block = gap->next;
        if (gap->state != LW_SPAN_FREE || block == 0) {
            record = block;
            continue;
        }
        lw_span *live = span_at(block);
        uint32_t owner = live->bin_prev;
        if (owner == 0 || !may_move(owner)) {
            record = block;
            continue;
        }
        if (live->size > bytes_max - done) return done;
        uint32_t address = gap->start;
        lw_copy(LW_AT(void, address), LW_AT(void, live->start), live->size);
        done += live->size;
        record = swap_with_next(region, record);
        moved(owner, address);
    }
    return done;
}

uint32_t lw_spans_compact(uint32_t region, uint32_t bytes_max, bool (*may_move)(uint32_t owner),
                          void (*moved)(uint32_t owner, uint32_t address)) {
    uint32_t done = 0;
    merge_kept(region);
    for (uint32_t page = lw_pages.first_page; page < lw_pages.top_page && done < bytes_max; page++) {
        uint32_t record = extent_at(page, region);
        if (record) done += compact_extent(region, record, bytes_max - done, may_move, moved);
    }
    return done;
}
