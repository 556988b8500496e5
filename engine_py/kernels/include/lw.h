/* What every kernel includes: types, export marks, and the contract checks of a debug build.
 *
 * A header in a folder beside this one is a contract: build.py reads the declarations marked LW_KERNEL or LW_LAYER
 * from it and generates the Python stubs, the Python protocol and the JavaScript glue. Such a declaration is
 *
 *     // One paragraph of documentation, directly above.
 *     LW_KERNEL uint32_t name(const float *centers, uint32_t count, uint32_t *out);
 *
 * LW_KERNEL: works on memory that the caller names; in every module, so also in place on numpy's arrays.
 * LW_LAYER:  needs Layer memory (allocator, arenas, threads); only in the modules that have one.
 * LW_EPHEMERAL(kind): an LW_LAYER function that returns variable-sized output; kind is blob or text. See ephemeral.h.
 *
 * Types of arguments and results: uint32_t, int32_t, float, double, uint64_t, and pointers (any `T *`).
 */
#ifndef LW_H
#define LW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LW_EXPORT __attribute__((visibility("default"), used))
#define LW_KERNEL LW_EXPORT extern
#define LW_LAYER LW_EXPORT extern
#define LW_EPHEMERAL(kind) LW_EXPORT extern
#define LW_NOINLINE __attribute__((noinline))
#define LW_UNUSED __attribute__((unused))

#define LW_WASM_PAGE_BYTES 65536u
#define LW_MIN(a, b) ((a) < (b) ? (a) : (b))
#define LW_MAX(a, b) ((a) > (b) ? (a) : (b))

/* An address as a number: unsigned, so that it is right above 2 GiB. Native builds (tests) keep the low bits only
 * where an offset inside a block is meant. */
typedef uintptr_t lw_addr;

static inline lw_addr lw_align_up(lw_addr value, lw_addr alignment) {
    return (value + (alignment - 1)) & ~(alignment - 1);
}

/* Freestanding: the compiler turns these into memory.copy and memory.fill. */
static inline void lw_copy(void *to, const void *from, size_t size_bytes) { __builtin_memmove(to, from, size_bytes); }
static inline void lw_zero(void *to, size_t size_bytes) { __builtin_memset(to, 0, size_bytes); }

/* Whether two ranges of bytes have none in common: what kernels promise each other about their arrays, in LW_CHECK. */
static inline LW_UNUSED bool lw_apart(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
    return (uintptr_t)a + a_bytes <= (uintptr_t)b || (uintptr_t)b + b_bytes <= (uintptr_t)a;
}

/* LW_CHECK states what a caller promised. It costs nothing in a release build; a debug build (-DLW_DEBUG) traps. */
#ifdef LW_DEBUG
#define LW_CHECK(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define LW_CHECK(condition) ((void)0)
#endif

#endif
