#include "handles.h"

#include "error.h"
#include "pages.h"

enum { CHUNK = LW_WASM_PAGE_BYTES / sizeof(lw_handle), INDEX_MASK = (1 << LW_HANDLE_INDEX_BITS) - 1,
       CHUNKS_MAX = (1 << LW_HANDLE_INDEX_BITS) / CHUNK };

static uint32_t chunks[CHUNKS_MAX]; /* offsets; index 0 of the first chunk is never given out */
static uint32_t free_index, used_count, alive_count;

void lw_handles_start(void) {
    lw_zero(chunks, sizeof chunks);
    free_index = alive_count = 0;
    used_count = 1;
}

static inline lw_handle *entry_at(uint32_t index) { return LW_AT(lw_handle, chunks[index / CHUNK]) + index % CHUNK; }

static uint32_t fresh_index(void) {
    if (used_count > INDEX_MASK) return lw_fail(LW_E_FULL, "alloc: handles", used_count, INDEX_MASK);
    uint32_t chunk = used_count / CHUNK;
    if (chunks[chunk] == 0) {
        uint32_t page = lw_pages_take(1, LW_REGION_COUNT, LW_PAGE_META);
        if (page == 0) return 0;
        chunks[chunk] = page << LW_PAGE_SHIFT;
        lw_zero(LW_AT(void, chunks[chunk]), LW_WASM_PAGE_BYTES);
    }
    return used_count++;
}

uint32_t lw_handle_new(lw_handle **entry) {
    uint32_t index = free_index;
    if (index) free_index = entry_at(index)->size;
    else if ((index = fresh_index()) == 0) return 0;
    *entry = entry_at(index);
    if ((*entry)->generation == 0) (*entry)->generation = 1;
    alive_count++;
    return index | (uint32_t)(*entry)->generation << LW_HANDLE_INDEX_BITS;
}

lw_handle *lw_handle_get(uint32_t handle) {
    uint32_t index = handle & INDEX_MASK, generation = handle >> LW_HANDLE_INDEX_BITS;
    if (index == 0 || index >= used_count || generation == 0) {
        lw_fail(LW_E_STALE_HANDLE, "handle: never given out", handle, used_count);
        return NULL;
    }
    lw_handle *entry = entry_at(index);
    if (entry->address != 0 && entry->generation == generation) return entry;
    /* The generation was raised when the block was freed. */
    bool just_freed = entry->address == 0 && entry->generation == generation + 1;
    lw_fail(just_freed ? LW_E_DOUBLE_FREE : LW_E_STALE_HANDLE,
            just_freed ? "handle: its block was freed already" : "handle: its slot is used again", handle,
            entry->generation);
    return NULL;
}

void lw_handle_end(uint32_t handle) {
    uint32_t index = handle & INDEX_MASK;
    lw_handle *entry = entry_at(index);
    uint16_t generation = (uint16_t)(entry->generation + 1);
    *entry = (lw_handle){.generation = generation, .size = free_index};
    if (generation <= LW_GENERATIONS) free_index = index; /* else the slot retires */
    alive_count--;
}

uint32_t lw_handles_alive(void) { return alive_count; }
