/* A lock for short sections, of modules that threads share; nothing elsewhere. Not a contract.
 *
 * Whoever holds it may have been killed, so waiting ends after LW_PATIENCE_MS: what the dead one was at stays as it is. */
#ifndef LW_ALONE_GUARD_H
#define LW_ALONE_GUARD_H

#include "lw.h"

enum { LW_PATIENCE_MS = 1500 };

#ifdef LW_SHARED
typedef struct { uint32_t spins, naps; } lw_wait;
bool lw_waits(lw_wait *wait);  // false: it was too long

static inline void lw_guard(uint32_t *lock) {
    lw_wait wait = {0};
    while (__atomic_exchange_n(lock, 1u, __ATOMIC_ACQUIRE) && lw_waits(&wait)) {}
}
static inline void lw_unguard(uint32_t *lock) { __atomic_store_n(lock, 0u, __ATOMIC_RELEASE); }
#else
static inline void lw_guard(uint32_t *lock) { (void)lock; }
static inline void lw_unguard(uint32_t *lock) { (void)lock; }
#endif

#endif
