/* Memory for a module that stands alone: blocks of a few sizes from chunks of the host's memory. All of it goes back at
 * `lw_pool_clear`.
 *
 * A block's size is rounded up to one of four steps a doubling, so at most a fifth of it is unused; what is freed is kept
 * for the next of its size. In Pyodide chunks are malloc's of Python's own heap, elsewhere the end of a memory that
 * nobody else grows. The order of addresses decides nothing: results are the same on both.
 */
#include "pool.h"

#include "guard.h"

enum { ALIGNMENT = 64, CHUNK_BYTES = 1 << 20, CLASSES = 4 * 32 };

typedef struct Block { struct Block *next; } Block;
typedef struct Chunk { struct Chunk *next; void *raw; uint32_t size_bytes; } Chunk;
typedef struct { uint32_t class_index; uint32_t size_bytes; } Head;  // directly before a block's first byte

static Block *freed[CLASSES];
static Chunk *chunks;
static uintptr_t bump, bump_end;
static uint32_t live_bytes, lock;

#ifdef LW_INPLACE
void *malloc(size_t);
void free(void *);
static void *take(uint32_t size_bytes) { return malloc(size_bytes); }
static void give(void *raw) { free(raw); }
#else
static void *take(uint32_t size_bytes) {
    size_t pages = (size_bytes + LW_WASM_PAGE_BYTES - 1) / LW_WASM_PAGE_BYTES;
    size_t before = __builtin_wasm_memory_grow(0, pages);
    return before == (size_t)-1 ? NULL : (void *)(before * LW_WASM_PAGE_BYTES);
}
static void give(void *raw) { (void)raw; }
#endif

static uint32_t class_of(uint32_t size_bytes, uint32_t *rounded) {
    uint32_t top = 31u - (uint32_t)__builtin_clz(size_bytes | 64), step = (1u << top) / 4;
    uint32_t quarter = (size_bytes - (1u << top) + step - 1) / step;
    *rounded = (1u << top) + quarter * step;
    return 4 * top + quarter;  // a quarter of 4 is the next doubling's 0
}

static void *block_of(uint32_t wanted_bytes) {
    uint32_t size_bytes, number = class_of(LW_MAX(wanted_bytes, 64), &size_bytes);
    if (number < CLASSES && freed[number]) {
        Block *block = freed[number];
        freed[number] = block->next;
        live_bytes += size_bytes;
        return block;
    }
    uintptr_t at = ((bump + sizeof(Head) + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    if (!bump || at + size_bytes > bump_end) {
        uint32_t chunk_bytes = LW_MAX((uint32_t)CHUNK_BYTES, size_bytes + 4 * ALIGNMENT);
        void *raw = take(chunk_bytes);
        if (!raw) return NULL;
        Chunk *chunk = (Chunk *)(((uintptr_t)raw + 15) & ~(uintptr_t)15);
        *chunk = (Chunk){chunks, raw, chunk_bytes};
        chunks = chunk;
        bump = (uintptr_t)(chunk + 1);
        bump_end = (uintptr_t)raw + chunk_bytes;
        at = ((bump + sizeof(Head) + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
    }
    bump = at + size_bytes;
    live_bytes += size_bytes;
    ((Head *)at)[-1] = (Head){number, size_bytes};
    return (void *)at;
}

void *lw_pool_try(uint32_t wanted_bytes) {
    lw_guard(&lock);
    void *block = block_of(wanted_bytes);
    lw_unguard(&lock);
    return block;
}

void *lw_pool_alloc(uint32_t wanted_bytes) {
    void *block = lw_pool_try(wanted_bytes);
    if (!block) __builtin_trap();  // Box3D cannot go on without it; the ledger refuses before
    return block;
}

void lw_pool_free(void *block) {
    if (!block) return;
    lw_guard(&lock);
    uint32_t number = ((Head *)block)[-1].class_index;
    live_bytes -= ((Head *)block)[-1].size_bytes;
    ((Block *)block)->next = freed[number];
    freed[number] = block;
    lw_unguard(&lock);
}

uint32_t lw_pool_bytes(void) { return live_bytes; }

void lw_pool_clear(void) {
#ifdef LW_INPLACE
    for (Chunk *chunk = chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        give(chunk->raw);
    }
    chunks = NULL, live_bytes = 0, bump = bump_end = 0;
    for (uint32_t i = 0; i < CLASSES; i++) freed[i] = NULL;
#else
    (void)give;  // a memory cannot shrink: its blocks are kept for the next world
#endif
}
