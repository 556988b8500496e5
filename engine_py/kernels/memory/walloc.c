#include "walloc.h"

#include "error.h"
#include "handles.h"
#include "lock.h"
#include "pages.h"
#include "ring.h"
#include "slabs.h"
#include "spans.h"

#if defined(LW_WORKER)
uint32_t lw_allocator_lock;
#endif

typedef struct { uint32_t bytes[LW_TIER_COUNT], count[LW_TIER_COUNT]; } live_counts;

static live_counts live[LW_REGION_COUNT];
static uint32_t static_bytes, refused_count, moved_bytes, revision;

static void count_in(uint32_t region, uint32_t tier, uint32_t bytes) {
    live[region].bytes[tier] += bytes;
    live[region].count[tier]++;
}

static void count_out(uint32_t region, uint32_t tier, uint32_t bytes) {
    LW_CHECK(live[region].bytes[tier] >= bytes && live[region].count[tier] > 0);
    live[region].bytes[tier] -= bytes;
    live[region].count[tier]--;
}

/* -- blocks without tiers and handles ------------------------------------------------------------------------ */

/* A block; `taken` becomes the bytes that it takes. */
static inline uint32_t take_block(uint32_t region, uint32_t size_bytes, uint32_t *taken) {
    if (region >= LW_REGION_COUNT) return lw_fail(LW_E_BAD_ARGUMENT, "alloc: region", region, LW_REGION_COUNT - 1);
    if (size_bytes == 0) return lw_fail(LW_E_BAD_ARGUMENT, "alloc: size_bytes, it must be 1 or more", 0, 1);
    if (lw_pages.table == 0) return lw_fail(LW_E_NOT_STARTED, "alloc: memory_start was not called", 0, 0);
    uint32_t address = size_bytes <= LW_MEDIUM_MAX ? lw_slab_alloc(region, size_bytes, taken)
                                                   : lw_span_alloc(region, size_bytes, taken);
    if (address == 0) refused_count++;
    return address;
}

static inline uint32_t give_block(uint32_t address) {
    uint32_t page = address >> LW_PAGE_SHIFT;
    uint32_t kind = lw_pages.table && lw_page_is_managed(page) ? lw_page_at(page)->kind : LW_PAGE_FREE;
    if (kind == LW_PAGE_SLABS) return lw_slab_free(address);
    if (kind == LW_PAGE_SPANS) return lw_span_free(address);
    return lw_fail(LW_E_BAD_ARGUMENT, "free: address, nothing is handed out there", address,
                   lw_pages.top_page << LW_PAGE_SHIFT);
}

uint32_t lw_raw_alloc(uint32_t region, uint32_t size_bytes) {
    lw_lock();
    uint32_t taken, address = take_block(region, size_bytes, &taken);
    if (address) count_in(region, LW_TIER_PINNED, taken);
    lw_unlock();
    return address;
}

uint32_t lw_raw_free(uint32_t address) {
    lw_lock();
    uint32_t page = address >> LW_PAGE_SHIFT;
    uint32_t region = lw_pages.table && lw_page_is_managed(page) ? lw_page_at(page)->region : 0;
    uint32_t size = give_block(address);
    if (size) count_out(region, LW_TIER_PINNED, size);
    lw_unlock();
    return size;
}

void *lw_block_alloc(uint32_t region, uint32_t size_bytes) {
    uint32_t address = lw_raw_alloc(region, size_bytes);
    return address ? LW_AT(void, address) : NULL;
}

void lw_block_free(void *block) {
    if (block) lw_raw_free(lw_offset_of(block));
}

/* -- blocks with handles --------------------------------------------------------------------------------------- */

static uint32_t alloc_locked(uint32_t region, uint32_t size_bytes, uint32_t tier) {
    if (tier >= LW_TIER_COUNT) return lw_fail(LW_E_BAD_ARGUMENT, "alloc: tier", tier, LW_TIER_COUNT - 1);
    uint32_t taken, address = take_block(region, size_bytes, &taken);
    if (address == 0) return 0;
    lw_handle *entry;
    uint32_t handle = lw_handle_new(&entry);
    if (handle == 0) {
        lw_error why = *lw_last_error();
        give_block(address);
        return lw_fail(why.code, why.what, why.value, why.limit);
    }
    *entry = (lw_handle){.address = address, .size = size_bytes, .taken = taken, .generation = entry->generation,
                         .region = (uint8_t)region, .tier = (uint8_t)tier};
    if (size_bytes > LW_MEDIUM_MAX) LW_AT(lw_span, lw_span_find(address))->bin_prev = handle;
    count_in(region, tier, taken);
    return handle;
}

uint32_t lw_alloc(uint32_t region, uint32_t size_bytes, uint32_t tier) {
    lw_lock();
    uint32_t handle = alloc_locked(region, size_bytes, tier);
    lw_unlock();
    return handle;
}

static uint32_t free_locked(uint32_t handle, uint32_t region) {
    lw_handle *entry = lw_handle_get(handle);
    if (entry == NULL) return 0;
    if (region != LW_REGION_ANY && region != entry->region)
        return lw_fail(LW_E_WRONG_REGION, "free: region", region, entry->region);
    if (entry->holds) return lw_fail(LW_E_PROTECTED, "free: holds that were not let go", entry->holds, 0);
    uint32_t taken = give_block(entry->address);
    if (taken == 0) return 0;
    count_out(entry->region, entry->tier, taken);
    lw_handle_end(handle);
    return taken;
}

uint32_t lw_free(uint32_t handle, uint32_t region) {
    lw_lock();
    uint32_t taken = free_locked(handle, region);
    lw_unlock();
    return taken;
}

uint32_t lw_address(uint32_t handle) {
    lw_lock();
    const lw_handle *entry = lw_handle_get(handle);
    uint32_t address = entry ? entry->address : 0;
    lw_unlock();
    return address;
}

uint32_t lw_size(uint32_t handle) {
    lw_lock();
    const lw_handle *entry = lw_handle_get(handle);
    uint32_t size = entry ? entry->size : 0;
    lw_unlock();
    return size;
}

static uint32_t set_tier_locked(uint32_t handle, uint32_t tier) {
    if (tier >= LW_TIER_COUNT) return lw_fail(LW_E_BAD_ARGUMENT, "set_tier: tier", tier, LW_TIER_COUNT - 1);
    lw_handle *entry = lw_handle_get(handle);
    if (entry == NULL) return 0;
    count_out(entry->region, entry->tier, entry->taken);
    entry->tier = (uint8_t)tier & 15;
    count_in(entry->region, tier, entry->taken);
    return 1;
}

uint32_t lw_set_tier(uint32_t handle, uint32_t tier) {
    lw_lock();
    uint32_t done = set_tier_locked(handle, tier);
    lw_unlock();
    return done;
}

uint32_t lw_set_tiers(const uint32_t *handles, const uint8_t *tiers, uint32_t count) {
    lw_lock();
    uint32_t done = 0;
    for (uint32_t i = 0; i < count; i++) done += set_tier_locked(handles[i], tiers[i]);
    lw_unlock();
    return done;
}

uint32_t lw_hold(uint32_t handle) {
    lw_lock();
    lw_handle *entry = lw_handle_get(handle);
    uint32_t done = entry != NULL && entry->holds < 255;
    if (done) entry->holds++;
    else if (entry) lw_fail(LW_E_FULL, "hold: holds of one block", 255, 255);
    lw_unlock();
    return done;
}

uint32_t lw_let_go(uint32_t handle) {
    lw_lock();
    lw_handle *entry = lw_handle_get(handle);
    uint32_t done = entry != NULL && entry->holds > 0;
    if (done) entry->holds--;
    else if (entry) lw_fail(LW_E_BAD_ARGUMENT, "let_go: the block is not held", handle, 0);
    lw_unlock();
    return done;
}

/* -- moving ------------------------------------------------------------------------------------------------------ */

static bool may_move(uint32_t handle) {
    const lw_handle *entry = lw_handle_get(handle);
    return entry != NULL && entry->holds == 0 && entry->tier != LW_TIER_PINNED;
}

static void moved(uint32_t handle, uint32_t address) {
    lw_handle_get(handle)->address = address;
    revision++;
}

uint32_t lw_defragment(uint32_t region, uint32_t bytes_max) {
    if (region >= LW_REGION_COUNT) return lw_fail(LW_E_BAD_ARGUMENT, "defragment: region", region, LW_REGION_COUNT - 1);
    lw_lock();
    uint32_t done = lw_spans_compact(region, bytes_max, may_move, moved);
    moved_bytes += done;
    lw_unlock();
    return done;
}

/* -- start, limits, statistics ------------------------------------------------------------------------------------- */

uint32_t lw_memory_start(uint32_t budget_bytes) {
    lw_lock();
    lw_zero(live, sizeof live);
    refused_count = moved_bytes = revision = 0;
    static_bytes = lw_first_free_byte();
    bool good = lw_pages_start(budget_bytes);
    if (good) {
        lw_slabs_start();
        lw_spans_start();
        lw_handles_start();
        lw_ring_forget();
    }
    lw_unlock();
    return good;
}

uint32_t lw_region_limit(uint32_t region, uint32_t limit_bytes) {
    if (region >= LW_REGION_COUNT) return lw_fail(LW_E_BAD_ARGUMENT, "region_limit: region", region, LW_REGION_COUNT - 1);
    lw_lock();
    lw_pages.limit[region] = LW_MIN(limit_bytes >> LW_PAGE_SHIFT, lw_pages.end_page);
    lw_unlock();
    return 1;
}

static void write_region(uint32_t region, lw_region_statistics *out) {
    uint32_t spans, largest, room = lw_pages_left(region) << LW_PAGE_SHIFT;
    lw_spans_free_bytes(region, &spans, &largest);
    *out = (lw_region_statistics){.committed_bytes = lw_pages.count[region] << LW_PAGE_SHIFT,
                                  .limit_bytes = lw_pages.limit[region] << LW_PAGE_SHIFT,
                                  .free_bytes = spans + lw_slab_free_bytes(region),
                                  .largest_bytes = LW_MAX(largest, room)};
    for (uint32_t tier = 0; tier < LW_TIER_COUNT; tier++) {
        out->live_bytes[tier] = live[region].bytes[tier];
        out->live_count[tier] = live[region].count[tier];
    }
}

uint32_t lw_memory_statistics_write(uint32_t *out) {
    lw_memory_statistics *all = (lw_memory_statistics *)out;
    lw_lock();
    *all = (lw_memory_statistics){.budget_bytes = lw_pages.end_page << LW_PAGE_SHIFT,
                                  .memory_bytes = lw_memory_pages() << LW_PAGE_SHIFT,
                                  .static_bytes = static_bytes,
                                  .meta_bytes = lw_pages.meta_count << LW_PAGE_SHIFT,
                                  .handles = lw_handles_alive(),
                                  .defragmented_bytes = moved_bytes,
                                  .refused_count = refused_count,
                                  .revision = revision};
    for (uint32_t region = 0; region < LW_REGION_COUNT; region++) write_region(region, &all->regions[region]);
    lw_unlock();
    return sizeof *all;
}
