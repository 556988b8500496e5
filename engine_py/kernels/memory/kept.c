#include "kept.h"

#include "block.h"
#include "platform.h"
#include "spans.h"

enum { STEP_BITS = 4, FIRST_POWER = 10, POWERS = 7, CLASSES = POWERS << STEP_BITS };

typedef struct {
    uint32_t heads[CLASSES];
    uint32_t bytes, lowest; /* no list below `lowest` has a span */
} kept_region;

static kept_region regions[LW_REGION_COUNT];

void lw_kept_start(void) { lw_zero(regions, sizeof regions); }

static inline uint32_t power_of(uint32_t size) { return 31u - (uint32_t)__builtin_clz(size); }

/* The class that a size, at least 1 KiB, reaches. */
static inline uint32_t class_of(uint32_t size) {
    uint32_t power = power_of(size);
    return (power - FIRST_POWER) << STEP_BITS | (size >> (power - STEP_BITS) & ((1u << STEP_BITS) - 1));
}

uint32_t lw_kept_round(uint32_t size_bytes) {
    if (size_bytes > LW_KEPT_BYTES_MAX || size_bytes < 1u << FIRST_POWER) return (uint32_t)lw_align_up(size_bytes, LW_GRANULE);
    return (uint32_t)lw_align_up(size_bytes, 1u << (power_of(size_bytes) - STEP_BITS));
}

uint32_t lw_kept_take(uint32_t region, uint32_t size) {
    if (size > LW_KEPT_BYTES_MAX) return 0;
    kept_region *own = &regions[region];
    uint32_t *head = &own->heads[class_of(size)], record = *head;
    if (record == 0) record = *++head; /* 12 % larger at most: cheaper than a split and the merge that follows it */
    if (record == 0) return 0;
    lw_span *span = LW_AT(lw_span, record);
    *head = span->bin_next;
    own->bytes -= span->size;
    return record;
}

void lw_kept_add(uint32_t region, uint32_t record) {
    kept_region *own = &regions[region];
    lw_span *span = LW_AT(lw_span, record);
    uint32_t class = class_of(span->size);
    span->bin_prev = 0;
    span->bin_next = own->heads[class];
    own->heads[class] = record;
    own->bytes += span->size;
    own->lowest = LW_MIN(own->lowest, class);
}

uint32_t lw_kept_take_above(uint32_t region, uint32_t size) {
    if (size > LW_KEPT_BYTES_MAX || regions[region].bytes == 0) return 0;
    for (uint32_t class = class_of(size) + 1; class < CLASSES; class++) {
        uint32_t record = regions[region].heads[class];
        if (record) return lw_kept_take(region, LW_AT(lw_span, record)->size);
    }
    return 0;
}

uint32_t lw_kept_pop(uint32_t region) {
    kept_region *own = &regions[region];
    if (own->bytes == 0) return 0;
    while (own->heads[own->lowest] == 0) own->lowest++;
    uint32_t record = own->heads[own->lowest];
    own->heads[own->lowest] = LW_AT(lw_span, record)->bin_next;
    own->bytes -= LW_AT(lw_span, record)->size;
    return record;
}

uint32_t lw_kept_bytes(uint32_t region) { return regions[region].bytes; }
