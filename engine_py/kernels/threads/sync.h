/* Waiting, mutexes and messages between jobs.
 *
 * Owns: the only place that parks a thread. A main thread (slot 0) that may not wait never parks: an attempt is refused
 * and counted, and so is a mutex that it had to spin long for. Without workers nothing waits. A mutex whose holder
 * trapped is released; what it protects may be half written. */
#ifndef LW_SYNC_H
#define LW_SYNC_H

#include "lw.h"

/* LW_SPINS: some tens of µs. The steps of a simulation follow each other closer than a thread parks and wakes. */
enum { LW_SPINS = 20000, LW_HELD_MAX = 4, LW_PARK_MS_MAX = 50 };

/* Parks while `*word` is `seen`; may return early. lw_park_briefly returns after LW_PARK_MS_MAX at the latest. */
void lw_park(uint32_t *word, uint32_t seen);
void lw_park_briefly(uint32_t *word, uint32_t seen);
void lw_wake(uint32_t *word, uint32_t threads_max);
uint32_t lw_main_waits(void);

/* Zeroed memory is a free mutex. A thread holds at most LW_HELD_MAX at a time, released in reverse order. */
void lw_mutex_lock(uint32_t *mutex);
void lw_mutex_unlock(uint32_t *mutex);
void lw_mutex_release_all(uint32_t slot); /* of a thread that trapped */

/* Messages of one word (a value, handle or address) in order; many senders, many takers. */
typedef struct {
    uint32_t mutex, capacity, head, count;
    uint32_t words[];
} lw_channel;

// Makes an empty channel of `capacity` messages in a block of 16 + 4 * capacity bytes. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_channel_start(uint32_t *channel, uint32_t capacity);

// Sends one word. Returns 1, or 0 with LW_E_FULL.
LW_LAYER uint32_t lw_channel_send(uint32_t *channel, uint32_t message);

// Takes the oldest word into `out`. Returns 1, or 0 when there is none (which is no error).
LW_LAYER uint32_t lw_channel_take(uint32_t *channel, uint32_t *out);

#endif
