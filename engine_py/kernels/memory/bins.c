#include "bins.h"

#include "block.h"
#include "platform.h"
#include "spans.h"

enum { SECOND_BITS = 5, SECOND = 1 << SECOND_BITS, FIRST = 25 }; /* 2^28 granules are 4 GiB */

typedef struct {
    uint32_t first;         /* bit i: some bin of second[i] has a span */
    uint32_t second[FIRST]; /* bit j: bins[i][j] has one */
    uint32_t bins[FIRST][SECOND];
    uint32_t free_bytes;
} region_bins;

static region_bins regions[LW_REGION_COUNT];

void lw_bins_start(void) { lw_zero(regions, sizeof regions); }

static inline lw_span *span_at(uint32_t record) { return LW_AT(lw_span, record); }

static inline void bin_of(uint32_t size, uint32_t *first, uint32_t *second) {
    uint32_t granules = size / LW_GRANULE;
    if (granules < SECOND) {
        *first = 0;
        *second = granules;
        return;
    }
    uint32_t top = 31u - (uint32_t)__builtin_clz(granules);
    *first = top - SECOND_BITS + 1;
    *second = granules >> (top - SECOND_BITS) & (SECOND - 1);
}

void lw_bin_add(uint32_t region, uint32_t record) {
    uint32_t first, second;
    region_bins *own = &regions[region];
    lw_span *span = span_at(record);
    bin_of(span->size, &first, &second);
    uint32_t head = own->bins[first][second];
    span->bin_prev = 0;
    span->bin_next = head;
    if (head) span_at(head)->bin_prev = record;
    own->bins[first][second] = record;
    own->first |= 1u << first;
    own->second[first] |= 1u << second;
    own->free_bytes += span->size;
}

void lw_bin_remove(uint32_t region, uint32_t record) {
    uint32_t first, second;
    region_bins *own = &regions[region];
    lw_span *span = span_at(record);
    bin_of(span->size, &first, &second);
    if (span->bin_prev) span_at(span->bin_prev)->bin_next = span->bin_next;
    else own->bins[first][second] = span->bin_next;
    if (span->bin_next) span_at(span->bin_next)->bin_prev = span->bin_prev;
    own->free_bytes -= span->size;
    if (own->bins[first][second]) return;
    own->second[first] &= ~(1u << second);
    if (own->second[first] == 0) own->first &= ~(1u << first);
}

uint32_t lw_bin_take(uint32_t region, uint32_t size) {
    uint32_t first, second;
    region_bins *own = &regions[region];
    bin_of(size, &first, &second);
    /* Spans of the same bin may be a little too short: its first one is tried, so that equal sizes fit exactly. */
    uint32_t record = own->bins[first][second];
    if (record == 0 || span_at(record)->size < size) {
        uint32_t bins = second + 1 < SECOND ? own->second[first] & ~0u << (second + 1) : 0;
        if (bins == 0) {
            uint32_t above = first + 1 < 32 ? own->first & ~0u << (first + 1) : 0;
            if (above == 0) return 0;
            first = (uint32_t)__builtin_ctz(above);
            bins = own->second[first];
        }
        record = own->bins[first][__builtin_ctz(bins)];
    }
    lw_bin_remove(region, record);
    return record;
}

uint32_t lw_bins_next(uint32_t region, uint32_t record, uint32_t size) {
    const region_bins *own = &regions[region];
    if (record && span_at(record)->bin_next) return span_at(record)->bin_next;
    uint32_t first, second;
    bin_of(record ? span_at(record)->size : size, &first, &second);
    uint32_t flat = first * SECOND + second + (record ? 1 : 0);
    for (; flat < FIRST * SECOND; flat++)
        if (own->bins[flat / SECOND][flat % SECOND]) return own->bins[flat / SECOND][flat % SECOND];
    return 0;
}

uint32_t lw_bins_free_bytes(uint32_t region) { return regions[region].free_bytes; }

uint32_t lw_bins_largest(uint32_t region) {
    const region_bins *own = &regions[region];
    if (own->first == 0) return 0;
    uint32_t first = 31u - (uint32_t)__builtin_clz(own->first);
    uint32_t second = 31u - (uint32_t)__builtin_clz(own->second[first]), largest = 0;
    for (uint32_t record = own->bins[first][second]; record; record = span_at(record)->bin_next)
        largest = LW_MAX(largest, span_at(record)->size);
    return largest;
}
