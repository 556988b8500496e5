#include "slabs.h"

#include "error.h"
#include "pages.h"

enum { SLAB_BYTES = 1 << LW_SLAB_SHIFT, GRANULE_SHIFT = 4 };

typedef struct {
    uint32_t partial[LW_CLASSES]; /* slabs with a free slot, by class */
    uint32_t empty;               /* slabs of taken pages that serve no class */
    uint32_t empty_count, free_bytes;
} slab_region;

static slab_region regions[LW_REGION_COUNT];

/* Multiples of 16 that fill a slab well: 5 % lies between a size and its class on average, 2 % at a slab's end. */
static const uint16_t class_bytes[LW_CLASSES] = {16,  32,  48,  64,  80,  96,  112, 128, 144, 160, 176,
                                                 192, 208, 224, 240, 256, 272, 288, 304, 336, 368, 400,
                                                 448, 480, 512, 544, 576, 624, 672, 736, 816, 896, 1024};
static uint8_t class_of[(LW_MEDIUM_MAX >> GRANULE_SHIFT) + 1]; /* by size in granules, rounded up */
static uint32_t inverse[LW_CLASSES];                             /* 65536 / granules of a slot, rounded up */

void lw_slabs_start(void) {
    lw_zero(regions, sizeof regions);
    uint32_t class = 0;
    for (uint32_t granules = 0; granules <= LW_MEDIUM_MAX >> GRANULE_SHIFT; granules++) {
        if (granules << GRANULE_SHIFT > class_bytes[class]) class++;
        class_of[granules] = (uint8_t)class;
    }
    for (class = 0; class < LW_CLASSES; class++) inverse[class] = 65536u / (class_bytes[class] >> GRANULE_SHIFT) + 1;
}

static inline lw_slab *slab_at(uint32_t record) { return LW_AT(lw_slab, record); }

static void push(uint32_t *head, uint32_t record) {
    slab_at(record)->prev = 0;
    slab_at(record)->next = *head;
    if (*head) slab_at(*head)->prev = record;
    *head = record;
}

static void take_out(uint32_t *head, uint32_t record) {
    lw_slab *slab = slab_at(record);
    if (slab->prev) slab_at(slab->prev)->next = slab->next;
    else *head = slab->next;
    if (slab->next) slab_at(slab->next)->prev = slab->prev;
    slab->next = slab->prev = 0;
}

static bool add_page(uint32_t region) {
    uint32_t records = lw_meta_take(LW_META_SLABS);
    if (records == 0) return false;
    uint32_t page = lw_pages_take(1, region, LW_PAGE_SLABS);
    if (page == 0) {
        lw_meta_give(LW_META_SLABS, records);
        return false;
    }
    lw_page_at(page)->link = records;
    for (uint32_t i = LW_SLABS_A_PAGE; i-- > 0;) {
        uint32_t record = records + i * (uint32_t)sizeof(lw_slab);
        *slab_at(record) = (lw_slab){.base = (page << LW_PAGE_SHIFT) + i * SLAB_BYTES, .region = (uint8_t)region};
        push(&regions[region].empty, record);
    }
    regions[region].empty_count += LW_SLABS_A_PAGE;
    return true;
}

LW_NOINLINE static uint32_t open_slab(uint32_t region, uint32_t class) {
    slab_region *own = &regions[region];
    if (own->empty == 0 && !add_page(region)) return 0;
    uint32_t record = own->empty;
    take_out(&own->empty, record);
    own->empty_count--;
    lw_slab *slab = slab_at(record);
    slab->class = (uint8_t)class;
    slab->slots = slab->free = (uint16_t)(SLAB_BYTES / class_bytes[class]);
    slab->first_word = 0;
    for (uint32_t word = 0; word < LW_SLAB_WORDS; word++) {
        uint32_t below = word * 64;
        slab->bits[word] = slab->slots >= below + 64 ? ~0ull : slab->slots > below ? (1ull << (slab->slots - below)) - 1 : 0;
    }
    own->free_bytes += (uint32_t)slab->slots * class_bytes[class];
    push(&own->partial[class], record);
    return record;
}

uint32_t lw_slab_alloc(uint32_t region, uint32_t size_bytes, uint32_t *taken) {
    uint32_t class = class_of[(size_bytes + 15) >> GRANULE_SHIFT];
    slab_region *own = &regions[region];
    uint32_t record = own->partial[class];
    if (record == 0 && (record = open_slab(region, class)) == 0) return 0;
    lw_slab *slab = slab_at(record);
    uint32_t word = slab->first_word, size = class_bytes[class];
    uint64_t bits = slab->bits[word];
    while (bits == 0) bits = slab->bits[++word];
    uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(bits);
    slab->bits[word] = bits & (bits - 1);
    slab->first_word = (uint16_t)word;
    own->free_bytes -= size;
    *taken = size;
    if (--slab->free == 0) take_out(&own->partial[class], record);
    return slab->base + slot * size;
}

static inline uint32_t record_of(uint32_t offset) {
    return lw_page_of(offset)->link + (offset >> LW_SLAB_SHIFT & (LW_SLABS_A_PAGE - 1)) * (uint32_t)sizeof(lw_slab);
}

/* The slot that starts at an offset, or -1 where none starts. */
static inline int32_t slot_of(const lw_slab *slab, uint32_t offset) {
    uint32_t inside = offset - slab->base, granules = inside >> GRANULE_SHIFT;
    uint32_t slot = granules * inverse[slab->class] >> 16;
    return slot < slab->slots && slot * class_bytes[slab->class] == inside ? (int32_t)slot : -1;
}

/* Gives a page back whose slabs are all empty. */
static bool give_page(slab_region *own, uint32_t page) {
    uint32_t records = lw_page_at(page)->link;
    for (uint32_t i = 0; i < LW_SLABS_A_PAGE; i++)
        if (slab_at(records + i * (uint32_t)sizeof(lw_slab))->slots != 0) return false;
    for (uint32_t i = 0; i < LW_SLABS_A_PAGE; i++) take_out(&own->empty, records + i * (uint32_t)sizeof(lw_slab));
    own->empty_count -= LW_SLABS_A_PAGE;
    lw_pages_give(page, 1);
    lw_meta_give(LW_META_SLABS, records);
    return true;
}

/* A slab without a taken slot serves any class again; another page of empty ones stays in reserve. */
LW_NOINLINE static void close_slab(uint32_t record) {
    lw_slab *slab = slab_at(record);
    slab_region *own = &regions[slab->region];
    take_out(&own->partial[slab->class], record);
    own->free_bytes -= (uint32_t)slab->slots * class_bytes[slab->class];
    slab->slots = slab->free = 0;
    push(&own->empty, record);
    own->empty_count++;
    if (own->empty_count >= 2 * LW_SLABS_A_PAGE) give_page(own, slab->base >> LW_PAGE_SHIFT);
}

void lw_slabs_trim(uint32_t region) {
    slab_region *own = &regions[region];
    for (uint32_t record = own->empty; record;) {
        uint32_t next = slab_at(record)->next;
        record = give_page(own, slab_at(record)->base >> LW_PAGE_SHIFT) ? own->empty : next;
    }
}

uint32_t lw_slab_free(uint32_t offset) {
    uint32_t record = record_of(offset);
    lw_slab *slab = slab_at(record);
    int32_t slot = slot_of(slab, offset);
    if (slot < 0) return lw_fail(LW_E_BAD_ARGUMENT, "free: address, no block starts there", offset, slab->base);
    uint32_t word = (uint32_t)slot >> 6;
    uint64_t bit = 1ull << (slot & 63);
    if (slab->bits[word] & bit) return lw_fail(LW_E_DOUBLE_FREE, "free: address", offset, 0);
    slab->bits[word] |= bit;
    if (word < slab->first_word) slab->first_word = (uint16_t)word;
    uint32_t size = class_bytes[slab->class];
    slab_region *own = &regions[slab->region];
    own->free_bytes += size;
    slab->free++;
    if (slab->free == 1) push(&own->partial[slab->class], record);
    /* The class's only slab with room stays, so that a pair at the edge does not open and close one each time. */
    if (slab->free == slab->slots && (slab->next || slab->prev)) close_slab(record);
    return size;
}

uint32_t lw_slab_free_bytes(uint32_t region) {
    return regions[region].free_bytes + regions[region].empty_count * SLAB_BYTES;
}
