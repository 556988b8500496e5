/* The ventilated ring: upload staging in the scratch region that is overwritten continuously.
 *
 * Owns: one pinned block and two positions in it that only grow. A span is protected from the moment it is taken until
 * the GPU is done with the frame that it was taken in. Spans never wrap: one that would is put at the start, and what it
 * skips is protected with it. Limits: 64 frames on their way.
 *
 *   |  free  | frame 7 | frame 8 | frame 9, being written |  free  |
 *            ^ done up to here                             ^ head
 */
#ifndef LW_RING_H
#define LW_RING_H

#include "lw.h"

typedef struct { uint32_t address, size_bytes, used_bytes, peak_bytes, refused_count, frames; } lw_ring_figures;

// Makes the ring, of size_bytes (a multiple of 16, rounded up), in the scratch region; an older one must be stopped first.
// Returns its address, or 0 with the last error set.
LW_LAYER uint32_t lw_ring_start(uint32_t size_bytes);

// Gives the ring's block back. Returns 1, or 0 with the last error set (frames are still on their way).
LW_LAYER uint32_t lw_ring_stop(void);

// A 16-byte aligned span of this frame. Returns its address, or 0 with the last error set: PROTECTED when frames on
// their way still read what would be overwritten (try again next frame), TOO_LARGE when it never fits.
LW_LAYER uint32_t lw_ring_take(uint32_t size_bytes);

// Ends the frame with this number (ascending): its spans stay until lw_ring_done names it. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_ring_end_frame(uint32_t frame);

// The GPU is done with this frame and all before it: their spans may be overwritten. Returns the bytes that became free.
LW_LAYER uint32_t lw_ring_done(uint32_t frame);

// Writes an lw_ring_figures to `out`. Returns its size in bytes.
LW_LAYER uint32_t lw_ring_figures_write(uint32_t *out);

/* The memory starts anew, and with it no ring is there. The allocator's lock is held. */
void lw_ring_forget(void);

#endif
