/* See pool.c. Not a contract: what rigid/ and navigation/ are linked with. */
#ifndef LW_ALONE_POOL_H
#define LW_ALONE_POOL_H

#include "lw.h"

void *lw_pool_alloc(uint32_t size_bytes);  // traps where there is no room
void *lw_pool_try(uint32_t size_bytes);    // NULL then
void lw_pool_free(void *block);
uint32_t lw_pool_bytes(void);
void lw_pool_clear(void);

#endif
