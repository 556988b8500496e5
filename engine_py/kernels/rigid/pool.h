/* See pool.c. Not a contract: nobody outside of this folder calls it. */
#ifndef LW_RIGID_POOL_H
#define LW_RIGID_POOL_H

#include "lw.h"

void *lw_pool_alloc(uint32_t size_bytes);
void lw_pool_free(void *block);
uint32_t lw_pool_bytes(void);
void lw_pool_clear(void);

#endif
