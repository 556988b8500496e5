/* Results of variable size, without an allocation that somebody would have to free.
 *
 * An LW_EPHEMERAL function returns the address of a payload, 16-byte aligned, with 16 bytes in front of it:
 *
 *   payload - 16   len: u32, little-endian, bytes of the payload (0 is a valid result)
 *   payload - 12   12 bytes of zero (a debug build: the epoch of the context, then 8 bytes of zero)
 *   payload        len bytes
 *
 * or 0, and then the last error is set. LIFETIME: the payload lives until the next call into the same context, so the
 * caller copies at once. A context has three arenas: small (up to 128 bytes, fixed), blob (grows by doubling up to
 * LW_BLOB_BYTES_MAX, shrinks after many small results) and text. Contexts are numbers below LW_CONTEXTS; a thread uses its
 * own. Payloads are in blocks of the scratch region.
 */
#ifndef LW_EPHEMERAL_H
#define LW_EPHEMERAL_H

#include "lw.h"

enum { LW_CONTEXTS = 16, LW_SMALL_BYTES = 128, LW_TEXT_BYTES_MAX = 64 * 1024 };
#define LW_BLOB_BYTES_MAX (256u << 20)

/* Room for a result of `size_bytes`, header written; NULL with the last error set. For kernels. */
void *lw_blob(uint32_t context, uint32_t size_bytes);
char *lw_text(uint32_t context, uint32_t size_bytes);

/* Shortens the result that lw_blob or lw_text gave, when less came out than there was room for. */
void lw_shorten(void *payload, uint32_t size_bytes);

// The last error as a sentence: what failed, the value and the limit. Never empty. Lives until the next call into the context.
LW_EPHEMERAL(text) const char *lw_error_text(uint32_t context);

// An lw_memory_statistics (walloc.h). Lives until the next call into the context.
LW_EPHEMERAL(blob) const void *lw_statistics(uint32_t context);

// An lw_ring_figures (ring.h). Lives until the next call into the context.
LW_EPHEMERAL(blob) const void *lw_ring_statistics(uint32_t context);

// A copy of size_bytes at an address: the smallest function of its kind. Lives until the next call into the context.
LW_EPHEMERAL(blob) const void *lw_copy_of(uint32_t context, const void *source, uint32_t size_bytes);

// Room for a result whose bytes come from outside of wasm (a picture that JavaScript read back). Lives until the next
// call into the context. Returns its address, or 0 with the last error set.
LW_LAYER uint32_t lw_result_room(uint32_t context, uint32_t size_bytes);

// Gives a context's arenas back; its last payload ends. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_context_end(uint32_t context);

#endif
