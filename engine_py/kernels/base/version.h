/* What a module says about itself, so that a stale file is found out at start and not in a picture. */
#ifndef LW_VERSION_H
#define LW_VERSION_H

#include "lw.h"

// The version of the interface between kernels and engine; raised with every change of a declaration.
LW_KERNEL uint32_t lw_version(void);

// Adds up `count` floats in index order: the smallest kernel, for checks that a module reads the caller's memory.
LW_KERNEL float lw_sum(const float *values, uint32_t count);

#endif
