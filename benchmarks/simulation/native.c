/* The simulations compiled natively, on the files of scenes.py: native FOLDER prints {scene: {"native": [[ms], sum]}}. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block.h"
#include "shallow.h"
#include "shallow_state.h"
#include "sph.h"
#include "sph_state.h"

#define DT_S (1.0f / 120.0f)
static const char *folder;
static uint32_t placed;

/* Like the kernels' allocator: starts are staggered, so that big arrays do not alias in the cache. */
void *lw_block_alloc(uint32_t region, uint32_t size_bytes) {
    (void)region;
    char *block = aligned_alloc(64, ((size_t)size_bytes + 64 * 64 + 63) & ~(size_t)63);
    if (block == NULL) exit(1);
    return block + 64 * (placed++ % 32);
}

void lw_block_free(void *block) { (void)block; }

static void load(const char *name, void *to, size_t size_bytes) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fread(to, 1, size_bytes, file) != size_bytes) exit(2);
    fclose(file);
}

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t checksum(const void *words, size_t count) {
    const uint32_t *w = words;
    uint32_t total = 0;
    for (size_t i = 0; i < count; i++) total += w[i] * (uint32_t)(i + 1);
    return total;
}

static void dam(const char *name, uint32_t count, float spacing, float x, float y, float z, int steps) {
    uint32_t water = lw_sph_create(count, spacing, 0.0f, 0.0f, 0.0f, x, y, z);
    lw_sph *sph = lw_sph_find(water);
    lw_sph_configure(water, 0.0f, -9.81f, 0.0f, 0.05f, 60);
    lw_sph_stage(water, 24 * count);
    load(name, sph->stage, 24 * (size_t)count);
    if (lw_sph_spawn(water, count) != count) exit(3);
    printf("\"%s\": {\"native\": [[", name);
    for (int step = 0; step < steps; step++) {
        double start = now_ms();
        if (!lw_sph_step(water, DT_S)) exit(4);
        printf("%s%.4f", step ? ", " : "", now_ms() - start);
    }
    uint32_t sum = checksum(sph->now.x, count) + checksum(sph->now.y, count) + checksum(sph->now.z, count);
    printf("], %u]}, ", sum);
}

static void flood(uint32_t side, int steps) {
    uint32_t handle = lw_shallow_create(side, side, 1.0f, 9.81f, 0.05f);
    lw_shallow *water = lw_shallow_address(handle);
    float *cells = malloc(4 * (size_t)side * side);
    float *fields[2] = {water->ground, water->depth};
    for (int k = 0; k < 2; k++) {
        load(k ? "depth" : "ground", cells, 4 * (size_t)side * side);
        for (uint32_t row = 0; row < side; row++)
            memcpy(fields[k] + lw_shallow_at(water, row), cells + (size_t)row * side, 4 * (size_t)side);
    }
    if (!lw_shallow_check(handle)) exit(5);
    printf("\"flood\": {\"native\": [[");
    for (int step = 0; step < steps; step++) {
        double start = now_ms();
        if (!lw_shallow_step(handle, DT_S)) exit(6);
        printf("%s%.4f", step ? ", " : "", now_ms() - start);
    }
    for (uint32_t row = 0; row < side; row++)
        memcpy(cells + (size_t)row * side, water->depth + lw_shallow_at(water, row), 4 * (size_t)side);
    printf("], %u]}", checksum(cells, (size_t)side * side));
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    folder = arguments[1];
    printf("{");
    dam("dam", 10000, 0.05f, 3.0f, 2.0f, 1.0f, 120);
    dam("small dam", 1000, 0.1f, 2.5f, 2.0f, 1.0f, 60);
    dam("column", 8000, 0.05f, 0.5f, 5.0f, 0.5f, 120);
    flood(512, 120);
    printf("}\n");
    return 0;
}
