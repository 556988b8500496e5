/* What Python calls of the bridge (bridge.wat, or bridge_fb.wat without multi-memory). An LW_MAIN pointer is an address
 * in the memory of Pyodide, so a numpy array may stand for it; the other addresses are in Layer memory. */
#ifndef LW_BRIDGE_H
#define LW_BRIDGE_H

#include "lw.h"

#define LW_MAIN

// Copies size_bytes from Python's memory to Layer memory. Returns 1, or 0 where either end leaves its memory (nothing is written).
LW_LAYER uint32_t lw_mts_copy(uint32_t to, const LW_MAIN void *source, uint32_t size_bytes);

// Copies size_bytes from Layer memory to Python's memory. Returns 1, or 0 where either end leaves its memory (nothing is written).
LW_LAYER uint32_t lw_stm_copy(LW_MAIN void *to, uint32_t source, uint32_t size_bytes);

#endif
