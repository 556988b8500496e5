/* The allocator natively, against a simple model: `fuzz_walloc FIRST_SEED SEEDS [STEPS]`, or `fuzz_walloc - [STEPS]` with
 * seeds on standard input. Memory past what was grown is unreadable, as in wasm; growing is refused at random. A broken
 * promise prints its seed and step and aborts. With the allocator compiled by gcc's -fsanitize-coverage=trace-pc it
 * prints the seeds that went where none before them went: how tests/kernels/corpus/walloc.txt is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "layer/error.h"
#include "memory/bins.h"
#include "memory/kept.h"
#include "memory/pages.h"
#include "memory/platform.h"
#include "memory/spans.h"
#include "memory/walloc.h"

enum { BLOCKS = 400, ARENA_PAGES = 512, STATIC_PAGES = 2 };
typedef struct { uint32_t handle, raw, address, size, region, tier, tag; } block;

uintptr_t lw_native_base;
static uint32_t pages, refuse_growth;
static block blocks[BLOCKS];
static uint64_t state, seed, step;

uint32_t lw_first_free_byte(void) { return STATIC_PAGES * LW_WASM_PAGE_BYTES - 1000; }
uint32_t lw_memory_pages(void) { return pages; }
bool lw_memory_grow(uint32_t more) {
    if (refuse_growth || pages + more > ARENA_PAGES) return false;
    pages += more;
    return mprotect((void *)lw_native_base, (size_t)pages * LW_WASM_PAGE_BYTES, PROT_READ | PROT_WRITE) == 0;
}

/* -- coverage: pairs of blocks of code that ran one after the other, by how often (powers of two) ------------------- */

static uint8_t hits[1 << 16], seen[1 << 16];
static uintptr_t last_place;
static bool has_coverage;

void __sanitizer_cov_trace_pc(void) {
    uintptr_t place = (uintptr_t)__builtin_return_address(0);
    uint8_t *hit = &hits[(place ^ last_place << 5) & 0xffff];
    if (*hit < 255) ++*hit;
    last_place = place;
    has_coverage = true;
}

static bool is_news(void) {
    bool news = false;
    for (uint32_t i = 0; i < sizeof hits; i++) {
        uint8_t level = hits[i] ? (uint8_t)(1u << (31 - __builtin_clz(hits[i]))) : 0;
        news |= (level & ~seen[i]) != 0;
        seen[i] |= level;
    }
    memset(hits, 0, sizeof hits);
    return news;
}

static uint32_t next(uint32_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

#define PROMISE(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "seed %llu step %llu: %s, error %u\n", (unsigned long long)seed, \
                                      (unsigned long long)step, #condition, lw_error_code()), abort()))

/* Every other seed makes large arrays only, as simulations do. */
static uint32_t pick_size(void) {
    static const uint32_t mixed[] = {64, 1024, 4096, 66000, 600000}, large[] = {1100, 41000, 66000, 160000, 5000000};
    uint32_t limit = seed & 1 ? mixed[next(5)] : large[next(5)];
    return next(4) ? 1 + next(limit) : limit - next(3);
}

static void check_contents(const block *b) {
    const unsigned char *at = LW_AT(unsigned char, b->address);
    for (uint32_t i = 0; i < b->size; i += b->size < 4096 ? 1 : 61) PROMISE(at[i] == (unsigned char)b->tag);
    PROMISE(at[b->size - 1] == (unsigned char)b->tag);
}

static void release(block *b) {
    check_contents(b);
    if (b->raw) {
        PROMISE(lw_raw_free(b->address) >= b->size);
        PROMISE(lw_raw_free(b->address) == 0);
    } else {
        PROMISE(lw_free(b->handle, (b->region + 1) % 4) == 0 && lw_error_code() == LW_E_WRONG_REGION);
        PROMISE(lw_free(b->handle, b->region) >= b->size);
        PROMISE(lw_free(b->handle, b->region) == 0);
        PROMISE(lw_error_code() == LW_E_DOUBLE_FREE || lw_error_code() == LW_E_STALE_HANDLE);
    }
    *b = (block){0};
}

static void acquire(block *b) {
    block new = {.raw = next(3) == 0, .size = pick_size(), .region = next(4), .tag = next(255) + 1};
    new.tier = new.raw ? LW_TIER_PINNED : next(4);
    refuse_growth = next(16) == 0;
    if (new.raw) new.address = lw_raw_alloc(new.region, new.size);
    else if ((new.handle = lw_alloc(new.region, new.size, new.tier)) != 0) new.address = lw_address(new.handle);
    refuse_growth = 0;
    if (new.address == 0) {
        PROMISE(lw_error_code() == LW_E_OUT_OF_BUDGET || lw_error_code() == LW_E_NO_MEMORY);
        return;
    }
    PROMISE(new.address % 16 == 0 && new.address > lw_first_free_byte());
    PROMISE((uint64_t)new.address + new.size <= (uint64_t)pages * LW_WASM_PAGE_BYTES);
    for (uint32_t i = 0; i < BLOCKS; i++)
        PROMISE(blocks[i].address == 0 || blocks[i].address + blocks[i].size <= new.address ||
                new.address + new.size <= blocks[i].address);
    memset(LW_AT(void, new.address), (int)new.tag, new.size);
    *b = new;
}

static void check_statistics(uint32_t budget) {
    lw_memory_statistics all;
    lw_memory_statistics_write((uint32_t *)&all);
    PROMISE(all.memory_bytes <= budget);
    uint32_t count[4][4] = {0}, bytes[4][4] = {0};
    for (uint32_t i = 0; i < BLOCKS; i++)
        if (blocks[i].address) count[blocks[i].region][blocks[i].tier]++, bytes[blocks[i].region][blocks[i].tier] += blocks[i].size;
    for (uint32_t region = 0; region < 4; region++) {
        uint64_t live = 0;
        for (uint32_t tier = 0; tier < 4; tier++) {
            PROMISE(all.regions[region].live_count[tier] == count[region][tier]);
            PROMISE(all.regions[region].live_bytes[tier] >= bytes[region][tier]);
            live += all.regions[region].live_bytes[tier];
        }
        PROMISE(live + all.regions[region].free_bytes <= all.regions[region].committed_bytes);
    }
}

/* The spans of each extent cover it, know their neighbours and are found by address; the free ones are counted once. */
static void check_spans(void) {
    uint64_t idle[LW_REGION_COUNT] = {0}, kept[LW_REGION_COUNT] = {0};
    for (uint32_t page = lw_pages.first_page; page < lw_pages.top_page; page++) {
        const lw_page *own = lw_page_at(page);
        uint32_t at = page << LW_PAGE_SHIFT, before = 0;
        if (own->kind != LW_PAGE_SPANS) continue;
        for (uint32_t record = lw_span_find(at); record; record = LW_AT(lw_span, record)->next) {
            const lw_span *span = LW_AT(lw_span, record);
            PROMISE(span->start == at && span->size > 0 && span->prev == before && lw_span_find(at) == record);
            idle[own->region] += span->state == LW_SPAN_FREE ? span->size : 0;
            kept[own->region] += span->state == LW_SPAN_KEPT ? span->size : 0;
            at += span->size, before = record;
            PROMISE(lw_page_of(at - 1)->kind == LW_PAGE_SPANS && lw_page_of(at - 1)->region == own->region);
        }
        PROMISE(before && (at & (LW_WASM_PAGE_BYTES - 1)) == 0 && lw_page_of(at - 1)->tail == before);
        page = (at >> LW_PAGE_SHIFT) - 1;
    }
    for (uint32_t region = 0; region < LW_REGION_COUNT; region++)
        PROMISE(idle[region] == lw_bins_free_bytes(region) && kept[region] == lw_kept_bytes(region));
}

static void defragment(void) {
    lw_defragment(next(4), next(1 << 20));
    for (uint32_t i = 0; i < BLOCKS; i++)
        if (blocks[i].handle) {
            blocks[i].address = lw_address(blocks[i].handle);
            check_contents(&blocks[i]);
        }
}

static void bad_calls(void) {
    uint32_t address = next(ARENA_PAGES * 65536 - 1) | 1; /* odd: no block starts there */
    PROMISE(lw_raw_free(address) == 0 && lw_raw_free(0) == 0 && lw_address(0) == 0);
    PROMISE(lw_alloc(4, 1, 0) == 0 && lw_alloc(0, 0, 0) == 0 && lw_alloc(0, 1, 4) == 0);
}

static void run(uint32_t steps) {
    state = seed * 0x9E3779B97F4A7C15u + 1;
    pages = STATIC_PAGES;
    mprotect((void *)lw_native_base, (size_t)ARENA_PAGES * LW_WASM_PAGE_BYTES, PROT_NONE);
    mprotect((void *)lw_native_base, (size_t)pages * LW_WASM_PAGE_BYTES, PROT_READ | PROT_WRITE);
    memset(blocks, 0, sizeof blocks);
    uint32_t budget = (24 + next(ARENA_PAGES - 24)) * LW_WASM_PAGE_BYTES;
    PROMISE(lw_memory_start(budget) == 1);
    for (step = 0; step < steps; step++) {
        block *b = &blocks[next(BLOCKS)];
        uint32_t what = next(64);
        if (what < 56) b->address ? release(b) : acquire(b);
        else if (what < 58) defragment();
        else if (what < 60) bad_calls();
        else if (what < 62 && b->handle) PROMISE(lw_set_tier(b->handle, b->tier = next(4)) == 1);
        else if (what == 62) lw_region_limit(next(4), next(2) ? budget : next(budget));
        else check_statistics(budget), check_spans();
    }
    for (uint32_t i = 0; i < BLOCKS; i++) if (blocks[i].address) release(&blocks[i]);
    check_statistics(budget), check_spans();
}

static void run_one(uint64_t given, uint32_t steps) {
    seed = given;
    run(steps);
    if (has_coverage && is_news()) printf("%llu\n", (unsigned long long)given), fflush(stdout);
}

/* Ten million pairs of all sizes leave nothing behind and do not grow the memory. */
static void pairs(uint32_t count) {
    lw_memory_start(ARENA_PAGES * LW_WASM_PAGE_BYTES);
    uint32_t after_first = 0;
    for (step = 0; step < count; step++) {
        uint32_t handle = step & 1 ? lw_alloc(1, 1 + (step * 37) % 90000, LW_TIER_NEAR) : 0;
        uint32_t address = handle ? 0 : lw_raw_alloc(2, 1 + (step * 53) % 2000);
        PROMISE(handle ? lw_free(handle, 1) : lw_raw_free(address));
        if (step == 200000) after_first = pages;
    }
    PROMISE(pages == after_first);
    check_statistics(ARENA_PAGES * LW_WASM_PAGE_BYTES);
}

int main(int argc, char **argv) {
    uint64_t first = argc > 1 ? strtoull(argv[1], 0, 10) : 1, seeds = argc > 2 ? strtoull(argv[2], 0, 10) : 20;
    uint32_t steps = argc > 3 ? (uint32_t)atoi(argv[3]) : 2000;
    void *arena = mmap(NULL, (size_t)ARENA_PAGES * LW_WASM_PAGE_BYTES, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) return 3;
    lw_native_base = (uintptr_t)arena;
    pages = STATIC_PAGES;
    mprotect(arena, (size_t)pages * LW_WASM_PAGE_BYTES, PROT_READ | PROT_WRITE);
    bool from_input = argc > 1 && strcmp(argv[1], "-") == 0;
    if (first == 0 && !from_input) return pairs((uint32_t)seeds), 0; /* fuzz_walloc 0 PAIRS */
    if (from_input) {
        unsigned long long given;
        steps = argc > 2 ? (uint32_t)atoi(argv[2]) : 2000;
        for (seeds = 0; scanf("%llu", &given) == 1; seeds++) run_one(given, steps);
    } else {
        for (seed = first; seed < first + seeds; seed++) run_one(seed, steps);
    }
    if (!has_coverage) printf("%llu seeds of %u steps\n", (unsigned long long)seeds, steps);
    return 0;
}
