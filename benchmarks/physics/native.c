/* The floor: layerw's physics kernel (engine_py/kernels/rigid and Box3D) compiled for this machine, one thread.
 *
 *     native SCENE SLEEPS      then a line "step" for each step; prints its milliseconds (the thread's CPU time), bodies
 *                              awake and the state's hash after each
 *
 * A scene is records of seven floats: 1 for a dynamic box, its centre, its half sides. Bodies are made as lw.Body's
 * defaults say, each static one by itself and the dynamic ones in one call, as ours.py does.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pool.h"
#include "rigid.h"

enum { BODIES_MAX = 12000, EVENTS_MAX = 65536 };

// The kernel's pool on malloc; as in the wasm, it counts bytes.
static uint32_t bytes;
void *lw_pool_alloc(uint32_t size_bytes) {
    void *block = aligned_alloc(32, (size_bytes + 31u) & ~31u);
    if (block) bytes += (uint32_t)malloc_usable_size(block);
    return block;
}
void *lw_pool_try(uint32_t size_bytes) { return lw_pool_alloc(size_bytes); }
void lw_pool_free(void *block) {
    if (block) bytes -= (uint32_t)malloc_usable_size(block);
    free(block);
}
uint32_t lw_pool_bytes(void) { return bytes; }
void lw_pool_clear(void) {}

static float poses[7 * BODIES_MAX], floats[LW_BODY_FLOATS * BODIES_MAX], written[7 * BODIES_MAX], moved[7 * BODIES_MAX];
static uint32_t words[LW_BODY_WORDS * BODIES_MAX], slots[BODIES_MAX], triples[3 * EVENTS_MAX];

static void put(uint32_t at, const float *record, int sleeps) {
    float *pose = poses + 7 * at, *body = floats + LW_BODY_FLOATS * at;
    uint32_t *word = words + LW_BODY_WORDS * at;
    memcpy(pose, record + 1, 3 * sizeof(float)), pose[6] = 1;
    body[1] = 1000, body[2] = 0.6f, body[6] = 1, body[14] = body[15] = body[16] = 1;
    word[0] = record[0] ? LW_DYNAMIC : LW_STATIC, word[1] = sleeps || !record[0] ? 0 : LW_NO_SLEEP;
    word[2] = 1, word[3] = 0xFFFFFFFFu;
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "native SCENE SLEEPS\n"), 2;
    FILE *file = fopen(arguments[1], "rb");
    if (!file) return perror(arguments[1]), 1;
    uint32_t world = lw_rigid_open(0, -9.81f, 0), dynamic = 0;
    float record[7], shape[LW_SHAPE_FLOATS] = {LW_BOX};
    shape[11] = 1;
    while (fread(record, sizeof record, 1, file) == 1 && dynamic < BODIES_MAX) {
        memcpy(shape + 2, record + 4, 3 * sizeof(float));
        put(dynamic, record, atoi(arguments[2]));
        if (record[0]) dynamic++;
        else lw_rigid_add(world, 1, poses + 7 * dynamic, floats + LW_BODY_FLOATS * dynamic,
                          words + LW_BODY_WORDS * dynamic, shape, 1, slots);
    }
    fclose(file);
    lw_rigid_add(world, dynamic, poses, floats, words, shape, 1, slots);
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        double start = now_ms();
        uint32_t lost, n = lw_rigid_step(world, 1.0f / 60, 4, BODIES_MAX, slots, moved, &lost);
        for (uint32_t i = 0; i < n; i++) memcpy(written + 7 * slots[i], moved + 7 * i, 7 * sizeof(float));
        lw_rigid_events(world, EVENTS_MAX, triples);
        double took = now_ms() - start;
        uint32_t counts[6];
        lw_rigid_counts(world, counts);
        printf("[%.4f, %u, \"%016llx\"]\n", took, counts[1], (unsigned long long)lw_rigid_hash(world));
        fflush(stdout);
    }
    return 0;
}
