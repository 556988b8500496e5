/* One lock around the allocator, in the module with workers; nothing elsewhere.
 *
 * Sections inside of it are tens of nanoseconds long, so waiting spins; it never parks, because the main thread may not.
 */
#ifndef LW_LOCK_H
#define LW_LOCK_H

#include "lw.h"

#if defined(LW_WORKER)
extern uint32_t lw_allocator_lock;
static inline void lw_lock(void) {
    while (__atomic_exchange_n(&lw_allocator_lock, 1u, __ATOMIC_ACQUIRE) != 0)
        while (__atomic_load_n(&lw_allocator_lock, __ATOMIC_RELAXED) != 0) {}
}
static inline void lw_unlock(void) { __atomic_store_n(&lw_allocator_lock, 0u, __ATOMIC_RELEASE); }
#else
static inline void lw_lock(void) {}
static inline void lw_unlock(void) {}
#endif

#endif
