/* Runs two scenarios of particles (the second a deep column) and one of shallow water natively and prints a hash (FNV-1a) of each state. Blocks are
 * exactly as large as was asked for, so that the sanitizer finds a read or write beside one. */
#include <stdio.h>
#include <stdlib.h>

#include "block.h"
#include "shallow.h"
#include "shallow_paint.h"
#include "shallow_state.h"
#include "sph.h"
#include "sph_state.h"

static long blocks;

void *lw_block_alloc(uint32_t region, uint32_t size_bytes) {
    (void)region;
    blocks++;
    return aligned_alloc(16, (size_bytes + 15) & ~15u);
}

void lw_block_free(void *block) {
    if (block) blocks--;
    free(block);
}

static uint64_t hash(uint64_t state, const void *data, size_t size_bytes) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size_bytes; i++) state = (state ^ bytes[i]) * 0x100000001b3u;
    return state;
}

static float random_float(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / 16777216.0f;
}

static uint64_t particles(void) {
    uint32_t water = lw_sph_create(700, 0.1f, 0.0f, -0.1f, 0.0f, 1.6f, 1.2f, 0.8f), seed = 7;
    lw_sph *sph = lw_sph_find(water);
    lw_sph_obstacle(water, LW_SPH_SPHERE, 1.0f, 0.2f, 0.4f, 0.25f, 0.0f, 0.0f);
    lw_sph_obstacle(water, LW_SPH_BOX, 1.3f, 0.0f, 0.2f, 0.1f, 0.3f, 0.2f);
    lw_sph_stage(water, 24 * 700);
    for (int i = 0; i < 20; i++) sph->stage[i] = 0.2f * random_float(&seed) - 0.1f;
    if (!lw_sph_ground(water, 5, 4)) exit(4);
    for (int i = 0; i < 600; i++)
        for (int k = 0; k < 6; k++)
            sph->stage[6 * i + k] = k < 3 ? (k == 1 ? 0.2f : 0.0f) + 0.75f * random_float(&seed) : random_float(&seed) - 0.5f;
    if (lw_sph_spawn(water, 600) != 600) exit(5);
    for (int step = 0; step < 60; step++) {
        if (!lw_sph_step(water, 1.0f / 128.0f)) exit(6);
        if (step == 30) {
            uint32_t *ids = (uint32_t *)sph->stage;
            for (int i = 0; i < 50; i++) ids[i] = sph->now.id[3 * i];
            if (lw_sph_despawn(water, 50) != 50) exit(7);
            lw_sph_drain(water, 0.0f, 0.0f, 0.0f, 0.1f, 0.4f, 0.8f);
        }
    }
    size_t count = sph->count;
    uint64_t state = hash(0xcbf29ce484222325u, sph->now.x, 4 * count);
    state = hash(hash(state, sph->now.y, 4 * count), sph->now.z, 4 * count);
    state = hash(hash(state, sph->now.velocity, 16 * count), sph->now.id, 4 * count);
    lw_sph_destroy(water);
    return state;
}

static uint64_t column(void) {
    uint32_t water = lw_sph_create(720, 0.05f, 0.0f, 0.0f, 0.0f, 0.2f, 4.0f, 0.15f);
    lw_sph *sph = lw_sph_find(water);
    lw_sph_stage(water, 24 * 720);
    for (int k = 0; k < 720; k++) {
        float row[6] = {((float)(k % 4) + 0.5f) * 0.05f, ((float)(k / 12) + 0.5f) * 0.05f, ((float)(k / 4 % 3) + 0.5f) * 0.05f};
        for (int i = 0; i < 6; i++) sph->stage[6 * k + i] = row[i];
    }
    if (lw_sph_spawn(water, 720) != 720) exit(10);
    for (int step = 0; step < 12; step++)
        if (!lw_sph_step(water, 1.0f / 100.0f)) exit(11);
    uint64_t state = hash(0xcbf29ce484222325u, sph->now.y, 4 * 720);
    state = hash(hash(state, sph->now.velocity, 16 * 720), sph->now.id, 4 * 720);
    lw_sph_destroy(water);
    return state;
}

static uint64_t shallow(void) {
    uint32_t handle = lw_shallow_create(37, 29, 0.7f, 9.81f, 0.05f), seed = 9;
    lw_shallow *water = lw_shallow_address(handle);
    for (uint32_t row = 0; row < 29; row++)
        for (uint32_t column = 0; column < 37; column++) {
            water->ground[lw_shallow_at(water, row) + column] = 2.0f * random_float(&seed);
            float depth = 3.0f * random_float(&seed) - 1.5f;
            water->depth[lw_shallow_at(water, row) + column] = depth > 0.0f ? depth : 0.0f;
        }
    if (!lw_shallow_check(handle)) exit(8);
    lw_shallow_source(handle, 10.0f, 12.0f, 4.0f, 0.5f);
    lw_shallow_source(handle, 30.0f, 2.0f, 3.0f, -0.5f);
    for (int step = 0; step < 50; step++)
        if (!lw_shallow_step(handle, 1.0f / 32.0f)) exit(9);
    uint64_t state = 0xcbf29ce484222325u;
    for (uint32_t row = 0; row < 29; row++) {
        size_t at = lw_shallow_at(water, row);
        state = hash(hash(hash(state, water->depth + at, 148), water->flow_x + at, 148), water->flow_z + at, 148);
    }
    uint32_t *pixels = malloc(37 * 29 * 4);
    if (!pixels || !lw_shallow_paint(handle, pixels, 0.25f, 1.75f, 1.5f, 0x362a1b, 0x8fc4b9, 0x8f5f1b)) exit(10);
    state = hash(state, pixels, 37 * 29 * 4);
    free(pixels);
    lw_shallow_destroy(handle);
    return state;
}

int main(void) {
    unsigned long long first = particles(), second = column(), third = shallow();
    printf("%016llx %016llx %016llx\n", first, second, third);
    return blocks == 0 ? 0 : 3;
}
