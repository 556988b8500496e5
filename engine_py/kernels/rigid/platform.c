/* Box3D's platform (its timer.c) without a clock; it starts no threads (threads.c). See alone/libc.c for the rest. */
#include "guard.h"
#include "pool.h"

uint64_t b3GetTicks(void) { return 0; }
float b3GetMilliseconds(uint64_t ticks) { return (void)ticks, 0.0f; }
float b3GetMillisecondsAndReset(uint64_t *ticks) { return (void)ticks, 0.0f; }
void b3Sleep(int ms) { (void)ms; }
static int nothing;
void *b3CreateMutex(void) {
    uint32_t *mutex = lw_pool_alloc(sizeof *mutex);
    *mutex = 0;
    return mutex;
}
void b3DestroyMutex(void *mutex) { lw_pool_free(mutex); }
void b3LockMutex(void *mutex) { lw_guard(mutex); }
void b3UnlockMutex(void *mutex) { lw_unguard(mutex); }
void *b3CreateSemaphore(int count) { return (void)count, &nothing; }
void b3DestroySemaphore(void *semaphore) { (void)semaphore; }
void b3WaitSemaphore(void *semaphore) { (void)semaphore; }
void b3SignalSemaphore(void *semaphore) { (void)semaphore; }
void *b3CreateThread(void (*run)(void *), void *context, const char *name) {
    (void)run, (void)context, (void)name;
    __builtin_trap();  // nobody asked for more than one worker
}
void b3JoinThread(void *thread) { (void)thread; }

// Tells hulls and meshes apart: FNV-1a, well mixed at the end.
uint32_t b3Hash(uint32_t hash, const uint8_t *data, int count) {
    for (int i = 0; i < count; i++) hash = (hash ^ data[i]) * 16777619u;
    hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
    hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
    return hash ^ hash >> 16;
}
