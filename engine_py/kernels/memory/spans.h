/* Large blocks (over 1,024 bytes): spans of 16-byte granules, found by two-level segregated fit, merged when freed.
 *
 * Owns: the spans of every region, live and free, in records outside of the managed bytes. An extent is a run of wasm
 * pages of one region; its spans cover it without a gap and are linked in the order of their addresses. The spans that
 * start in a KiB are chained from that KiB's cell, which is how an address finds its record: a live span is longer than
 * a KiB and free ones are merged, so a chain has at most three. Spans up to 64 KiB are kept for a while (kept.h).
 * Source: Masmano, Ripoll, Crespo, Real: "TLSF: a new dynamic memory allocator for real-time systems", 2004.
 *
 *   extent   | live | free | live      | live | free            |
 *   cells    |....|....|....|....|....|....|      one u32 a KiB
 */
#ifndef LW_SPANS_H
#define LW_SPANS_H

#include "lw.h"

enum { LW_CELLS = 64, LW_CELL_SHIFT = 10, LW_GRANULE = 16, LW_SPAN_FREE = 1u, LW_SPAN_KEPT = 2u };

typedef struct {
    uint32_t start, size;  /* bytes; size is a multiple of LW_GRANULE */
    uint32_t prev, next;   /* neighbours by address in the extent */
    uint32_t cell_next;    /* the next span that starts in the same KiB */
    uint32_t bin_prev, bin_next; /* while free: its bin's list; while live: bin_prev is the owner's handle, or 0 */
    uint32_t state;        /* 0: live; LW_SPAN_FREE; LW_SPAN_KEPT: freed, not merged yet */
} lw_span;

/* A span of at least `size_bytes` (> 0), of `taken` bytes; its address, or 0 with the last error set. */
uint32_t lw_span_alloc(uint32_t region, uint32_t size_bytes, uint32_t *taken);

/* Frees the span that starts at an address; returns its size, or 0 with the last error set. */
uint32_t lw_span_free(uint32_t offset);

/* The record of the span that starts at an address, 0 where none does. */
uint32_t lw_span_find(uint32_t offset);

/* Moves live spans with an owner towards lower addresses, at most `bytes_max` bytes of them; `may_move(owner)` is asked
 * and `moved(owner, address)` is told. Returns the bytes moved. */
uint32_t lw_spans_compact(uint32_t region, uint32_t bytes_max, bool (*may_move)(uint32_t owner),
                          void (*moved)(uint32_t owner, uint32_t address));

/* Free bytes of a region's spans and the largest free span. */
void lw_spans_free_bytes(uint32_t region, uint32_t *free_bytes, uint32_t *largest);

/* Gives every whole free page of a region back. */
void lw_spans_trim(uint32_t region);

void lw_spans_start(void);

#endif
