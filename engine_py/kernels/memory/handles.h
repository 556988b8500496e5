/* The handle table: which block a handle means, in chunks of one wasm page that never move. See walloc.h. */
#ifndef LW_HANDLES_H
#define LW_HANDLES_H

#include "lw.h"

enum { LW_HANDLE_INDEX_BITS = 20, LW_GENERATIONS = 4095 };

typedef struct {
    uint32_t address; /* 0 while free */
    uint32_t size;    /* as asked for; while free: the next free index */
    uint32_t taken;   /* what the block takes */
    uint16_t generation;
    uint8_t region : 4, tier : 4;
    uint8_t holds;
} lw_handle;

void lw_handles_start(void);

/* A new handle with its entry; 0 with the last error set. */
uint32_t lw_handle_new(lw_handle **entry);

/* The entry of a living handle; NULL with the last error set (double free, stale, never given out). */
lw_handle *lw_handle_get(uint32_t handle);

/* Ends a handle that lw_handle_get found. */
void lw_handle_end(uint32_t handle);

uint32_t lw_handles_alive(void);

#endif
