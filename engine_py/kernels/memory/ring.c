#include "ring.h"

#include "block.h"
#include "error.h"
#include "lock.h"
#include "platform.h"

enum { FRAMES_MAX = 64, ALIGNMENT = 16 };

typedef struct { uint64_t head; uint32_t frame; } frame_mark;

static struct {
    uint32_t address, size;
    uint64_t head, tail; /* positions since the start; head - tail bytes are protected */
    frame_mark marks[FRAMES_MAX];
    uint32_t first_mark, mark_count, peak, refused;
} ring;

uint32_t lw_ring_start(uint32_t size_bytes) {
    if (ring.address) return lw_fail(LW_E_BAD_ARGUMENT, "ring_start: a ring is there already, bytes", ring.size, 0);
    if (size_bytes > 0xFFFFFFF0u) return lw_fail(LW_E_TOO_LARGE, "ring_start: size_bytes", size_bytes, 0xFFFFFFF0u);
    uint32_t size = (uint32_t)lw_align_up(size_bytes, ALIGNMENT);
    void *block = lw_block_alloc(LW_REGION_SCRATCH, size);
    if (block == NULL) return 0;
    lw_zero(&ring, sizeof ring);
    ring.address = lw_offset_of(block);
    ring.size = size;
    return ring.address;
}

uint32_t lw_ring_stop(void) {
    if (ring.address == 0) return lw_fail(LW_E_NOT_STARTED, "ring_stop: there is no ring", 0, 0);
    if (ring.head != ring.tail)
        return lw_fail(LW_E_PROTECTED, "ring_stop: bytes that frames on their way read", ring.head - ring.tail, 0);
    lw_block_free(LW_AT(void, ring.address));
    lw_zero(&ring, sizeof ring);
    return 1;
}

void lw_ring_forget(void) { lw_zero(&ring, sizeof ring); }

static uint32_t take(uint32_t size_bytes) {
    if (ring.address == 0) return lw_fail(LW_E_NOT_STARTED, "ring_take: there is no ring", 0, 0);
    if (size_bytes == 0) return lw_fail(LW_E_BAD_ARGUMENT, "ring_take: size_bytes, it must be 1 or more", 0, 1);
    if (size_bytes > ring.size) return lw_fail(LW_E_TOO_LARGE, "ring_take: size_bytes", size_bytes, ring.size);
    if (ring.head == ring.tail) { /* nothing is protected: start at the front, so that the ring is in one piece */
        ring.head += (ring.size - ring.head % ring.size) % ring.size;
        ring.tail = ring.head;
    }
    uint32_t size = (uint32_t)lw_align_up(size_bytes, ALIGNMENT), at = (uint32_t)(ring.head % ring.size);
    uint32_t skipped = size > ring.size - at ? ring.size - at : 0;
    uint32_t used = (uint32_t)(ring.head - ring.tail);
    if (skipped + size > ring.size - used || skipped > ring.size - used) {
        ring.refused++;
        return lw_fail(LW_E_PROTECTED, "ring_take: bytes beside those that frames on their way read", size_bytes,
                       ring.size - used);
    }
    ring.head += skipped + size;
    ring.peak = LW_MAX(ring.peak, used + skipped + size);
    return ring.address + (skipped ? 0 : at);
}

uint32_t lw_ring_take(uint32_t size_bytes) {
    lw_lock();
    uint32_t address = take(size_bytes);
    lw_unlock();
    return address;
}

static uint32_t end_frame(uint32_t frame) {
    if (ring.address == 0) return lw_fail(LW_E_NOT_STARTED, "ring_end_frame: there is no ring", 0, 0);
    uint32_t last = (ring.first_mark + ring.mark_count + FRAMES_MAX - 1) % FRAMES_MAX;
    if (ring.mark_count && frame <= ring.marks[last].frame)
        return lw_fail(LW_E_BAD_ARGUMENT, "ring_end_frame: frame, after the last one", frame, ring.marks[last].frame);
    if (ring.mark_count == FRAMES_MAX) return lw_fail(LW_E_FULL, "ring_end_frame: frames on their way", FRAMES_MAX, FRAMES_MAX);
    uint32_t slot = (ring.first_mark + ring.mark_count++) % FRAMES_MAX;
    ring.marks[slot] = (frame_mark){ring.head, frame};
    return 1;
}

uint32_t lw_ring_end_frame(uint32_t frame) {
    lw_lock();
    uint32_t done = end_frame(frame);
    lw_unlock();
    return done;
}

uint32_t lw_ring_done(uint32_t frame) {
    lw_lock();
    uint64_t before = ring.tail;
    while (ring.mark_count && ring.marks[ring.first_mark].frame <= frame) {
        if (ring.marks[ring.first_mark].head > ring.tail) ring.tail = ring.marks[ring.first_mark].head;
        ring.first_mark = (ring.first_mark + 1) % FRAMES_MAX;
        ring.mark_count--;
    }
    lw_unlock();
    return (uint32_t)(ring.tail - before);
}

uint32_t lw_ring_figures_write(uint32_t *out) {
    lw_lock();
    *(lw_ring_figures *)out = (lw_ring_figures){ring.address, ring.size, (uint32_t)(ring.head - ring.tail), ring.peak,
                                                ring.refused, ring.mark_count};
    lw_unlock();
    return sizeof(lw_ring_figures);
}
