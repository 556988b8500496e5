/* The kernels compiled natively, timed on the files of data.py: native FOLDER prints JSON as contenders.py does. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "geometry/bvh.h"
#include "geometry/cull.h"
#include "geometry/heightfield.h"
#include "geometry/sort.h"
#include "geometry/transform.h"

enum { REPEATS = 15, WARM_UP = 5, STAGGER = 64 };

static const char *folder;
static size_t placed;

/* Like the page: starts are staggered, so that big arrays do not alias in the cache. */
static void *room(size_t size) {
    char *block = aligned_alloc(64, (size + 64 * 64 + 63) & ~(size_t)63);
    if (block == NULL) exit(1);
    memset(block, 0, size);
    return block + STAGGER * (placed++ % 32);
}

static void *load(const char *name, size_t *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) exit(1);
    *size = (size_t)ftell(file);
    rewind(file);
    void *data = room(*size);
    if (fread(data, 1, *size, file) != *size) exit(1);
    fclose(file);
    return data;
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

#define TIMED(name, prepare, call, result)                                      \
    do {                                                                        \
        printf("\"%s\": {\"native\": [[", name);                                \
        for (int turn = 0; turn < WARM_UP + REPEATS; turn++) {                  \
            prepare;                                                            \
            double start = now_ms();                                            \
            call;                                                               \
            double spent = now_ms() - start;                                    \
            if (turn >= WARM_UP) printf("%s%.4f", turn > WARM_UP ? ", " : "", spent); \
        }                                                                       \
        printf("], %u]}", result);                                              \
    } while (0)

#include "native_rays.h"

int main(int count, char **arguments) {
    if (count != 2) return 2;
    folder = arguments[1];
    size_t size, lods;
    float *view = load("view", &size), *until = load("until_m", &lods), *positions = load("positions", &size);
    float *radii = load("radii", &size);
    uint32_t *rows = load("rows", &size), n = (uint32_t)(size / 4), taken = 0, counts[LW_LODS_MAX];
    lods /= 4;
    uint32_t *out = room(lods * size);
    printf("{");
    TIMED("cull", , taken = lw_cull_lods(view, positions, radii, rows, n, until, (uint32_t)lods, out, counts),
          checksum(out, taken));
    size_t wide;
    uint32_t *keys32 = load("keys32", &size), keys = (uint32_t)(size / 4);
    uint64_t *keys64 = load("keys64", &wide);
    uint32_t *payload = room(size), *spare = room(size), *own32 = room(size), *more32 = room(size);
    uint64_t *own64 = room(wide), *more64 = room(wide);
    printf(", ");
    TIMED("sort 32", (memcpy(own32, keys32, size), memcpy(payload, rows, size)),
          lw_sort_u32(own32, payload, more32, spare, keys), checksum(payload, keys));
    printf(", ");
    TIMED("sort 64", (memcpy(own64, keys64, wide), memcpy(payload, rows, size)),
          lw_sort_u64(own64, payload, more64, spare, keys), checksum(payload, keys));
    size_t thin, quad;
    int32_t *parents = load("parents", &size);
    uint32_t *children = load("children", &size), child_count = (uint32_t)(size / 4);
    float *position = load("position", &thin), *rotation = load("rotation", &quad), *scale = load("scale", &thin);
    float *to_position = room(thin), *to_rotation = room(quad), *to_scale = room(thin);
    memcpy(to_position, position, thin), memcpy(to_rotation, rotation, quad), memcpy(to_scale, scale, thin);
    printf(", ");
    TIMED("hierarchy", , lw_compose_rows(parents, children, child_count, position, rotation, scale, to_position,
          to_rotation, to_scale), checksum(to_position, thin / 4));
    triangles();
    instances();
    ground();
    printf("}\n");
    return 0;
}
