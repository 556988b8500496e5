/* The last error of a thread: what failed, the value and the limit. Every function of Layer memory that can fail
 * returns 0 (or false) and sets it; it is never 0 with an empty error.
 *
 * Owns: the codes (append-only; layerw/memory/errors.py has an exception for each). Does not format: the message is
 * put together when somebody reads it. */
#ifndef LW_ERROR_H
#define LW_ERROR_H

#include "lw.h"

enum {
    LW_E_NONE = 0,
    LW_E_BAD_ARGUMENT = 1,   /* a value outside of what the header promises */
    LW_E_OUT_OF_BUDGET = 2,  /* the region's or the whole budget has no room */
    LW_E_NO_MEMORY = 3,      /* the budget has room, but the memory refused to grow */
    LW_E_STALE_HANDLE = 4,   /* the block was freed and its handle's slot used again, or never existed */
    LW_E_DOUBLE_FREE = 5,    /* the block was freed before and its slot is still empty */
    LW_E_WRONG_REGION = 6,   /* the block lives in another region than the caller says */
    LW_E_PROTECTED = 7,      /* a span of the ring whose GPU frame is not done */
    LW_E_FULL = 8,           /* a fixed table (handles, queue, arenas) has no free place */
    LW_E_TOO_LARGE = 9,      /* a single request over a soft or hard cap */
    LW_E_CANCELLED = 10,     /* the job was cancelled before or while it ran */
    LW_E_TRAPPED = 11,       /* the job trapped; its worker was replaced */
    LW_E_STACK_OVERFLOW = 12,/* a canary below a thread's stack was overwritten */
    LW_E_NOT_STARTED = 13,   /* lw_memory_start was not called */
    LW_E_CORRUPT = 14,       /* bookkeeping contradicts itself: a write outside of a block */
};

typedef struct {
    uint32_t code;
    const char *what; /* a sentence fragment in static data, like "alloc: size_bytes" */
    uint64_t value, limit;
} lw_error;

/* Sets this thread's last error; a code of 0 becomes LW_E_CORRUPT. Returns 0, so that `return lw_fail(...)` reads well. */
uint32_t lw_fail(uint32_t code, const char *what, uint64_t value, uint64_t limit);

/* This thread's last error, for the code that formats it. */
const lw_error *lw_last_error(void);

// The code of this thread's last error (LW_E_*), 0 when nothing failed since lw_error_clear.
LW_LAYER uint32_t lw_error_code(void);

// Forgets this thread's last error.
LW_LAYER void lw_error_clear(void);

#endif
