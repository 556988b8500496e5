/* Where the memory is: wasm's own, or a reserved arena in native builds (tests, sanitizers, benchmarks).
 *
 * Addresses in bookkeeping are 32-bit offsets from LW_BASE, unsigned: on wasm LW_BASE is 0 and they are addresses; in a
 * native build they are offsets in the arena, so that one source and one layout serve both. */
#ifndef LW_PLATFORM_H
#define LW_PLATFORM_H

#include "lw.h"

#if defined(__wasm__)
extern unsigned char __heap_base;
#define LW_BASE ((uintptr_t)0)
static inline uint32_t lw_first_free_byte(void) { return (uint32_t)(uintptr_t)&__heap_base; }
static inline uint32_t lw_memory_pages(void) { return (uint32_t)__builtin_wasm_memory_size(0); }
static inline bool lw_memory_grow(uint32_t pages) { return __builtin_wasm_memory_grow(0, pages) != (size_t)-1; }
#else
extern uintptr_t lw_native_base;
#define LW_BASE lw_native_base
uint32_t lw_first_free_byte(void);
uint32_t lw_memory_pages(void);
bool lw_memory_grow(uint32_t pages);
#endif

#define LW_AT(type, offset) ((type *)(LW_BASE + (uintptr_t)(offset)))

static inline uint32_t lw_offset_of(const void *pointer) { return (uint32_t)((uintptr_t)pointer - LW_BASE); }

#endif
