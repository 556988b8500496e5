/* The few functions of the C library that Box3D and Recast call, so that every host runs the same ones: no libm differs,
 * no WASI is needed. Files and printing are not there: they are wanted for recordings and logs, which nobody asks for.
 */
#include "pool.h"

// Bulk memory: clang turns the builtins into memory.copy and memory.fill where it may not call these functions.
void *memcpy(void *to, const void *from, size_t size_bytes) { return __builtin_memmove(to, from, size_bytes); }
void *memmove(void *to, const void *from, size_t size_bytes) { return __builtin_memmove(to, from, size_bytes); }
void *memset(void *to, int value, size_t size_bytes) { return __builtin_memset(to, value, size_bytes); }

int memcmp(const void *a, const void *b, size_t size_bytes) {
    const uint8_t *x = a, *y = b;
    for (size_t i = 0; i < size_bytes; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

char *strncpy(char *to, const char *from, size_t size_bytes) {
    size_t i = 0;
    for (; i < size_bytes && from[i]; i++) to[i] = from[i];
    for (; i < size_bytes; i++) to[i] = 0;
    return to;
}

size_t strlen(const char *text) {
    size_t size_bytes = 0;
    while (text[size_bytes]) size_bytes++;
    return size_bytes;
}

float sqrtf(float x) { return __builtin_sqrtf(x); }
float fabsf(float x) { return __builtin_fabsf(x); }
float floorf(float x) { return __builtin_floorf(x); }
float ceilf(float x) { return __builtin_ceilf(x); }
float roundf(float x) { return x < 0 ? __builtin_ceilf(x - 0.5f) : __builtin_floorf(x + 0.5f); }

float remainderf(float x, float y) { return (float)((double)x - (double)y * __builtin_rint((double)x / (double)y)); }

// Taylor's series after reduction to a quarter of a turn; errors are below a float's last bit.
float sinf(float angle) {
    double turns = __builtin_rint((double)angle / 3.14159265358979323846);
    double x = (double)angle - turns * 3.14159265358979323846, s = x * x;
    double y = x * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156))))));
    return (float)(((long long)turns & 1) ? -y : y);
}

float cosf(float angle) { return sinf((float)((double)angle + 1.57079632679489661923)); }

// The arc of a ratio up to 1 by two halvings and the series; then by octants.
float atan2f(float y, float x) {
    double a = __builtin_fabs((double)y), b = __builtin_fabs((double)x), high = LW_MAX(a, b);
    double t = high > 0 ? LW_MIN(a, b) / high : 0;
    for (int i = 0; i < 2; i++) t = t / (1 + __builtin_sqrt(1 + t * t));
    double s = t * t, arc = 1.0 / 17;
    for (int k = 15; k > 0; k -= 2) arc = 1.0 / k - s * arc;
    arc *= 4 * t;
    if (a > b) arc = 1.57079632679489661923 - arc;
    if (x < 0) arc = 3.14159265358979323846 - arc;
    return (float)(y < 0 ? -arc : arc);
}

static void swap(uint8_t *a, uint8_t *b, size_t width) {
    for (size_t i = 0; i < width; i++) {
        uint8_t kept = a[i];
        a[i] = b[i], b[i] = kept;
    }
}

static void sift(uint8_t *base, size_t root, size_t count, size_t width, int (*order)(const void *, const void *)) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && order(base + child * width, base + (child + 1) * width) < 0) child++;
        if (order(base + root * width, base + child * width) >= 0) return;
        swap(base + root * width, base + child * width, width);
    }
}

// Heap sort: no memory, no bad case, one order everywhere.
void qsort(void *items, size_t count, size_t width, int (*order)(const void *, const void *)) {
    uint8_t *base = items;
    for (size_t i = count / 2; i-- > 0;) sift(base, i, count, width, order);
    for (size_t end = count; end-- > 1;) {
        swap(base, base + end * width, width);
        sift(base, 0, end, width, order);
    }
}

void *aligned_alloc(size_t alignment, size_t size_bytes) { return alignment <= 64 ? lw_pool_alloc(size_bytes) : NULL; }
#ifndef LW_INPLACE
void *malloc(size_t size_bytes) { return lw_pool_try(size_bytes); }
void free(void *block) { lw_pool_free(block); }
#endif

__extension__ typedef __int128 Wide;
Wide __multi3(Wide a, Wide b);
// 128-bit products, which compilers for wasm call by this name; schoolbook, in 32-bit parts.
Wide __multi3(Wide a, Wide b) {
    uint64_t al = (uint64_t)a, bl = (uint64_t)b, ah = (uint64_t)((unsigned __int128)a >> 64),
             bh = (uint64_t)((unsigned __int128)b >> 64);
    uint64_t p0 = (al & 0xFFFFFFFF) * (bl & 0xFFFFFFFF), p1 = (al >> 32) * (bl & 0xFFFFFFFF);
    uint64_t p2 = (al & 0xFFFFFFFF) * (bl >> 32), p3 = (al >> 32) * (bl >> 32);
    uint64_t middle = (p0 >> 32) + (p1 & 0xFFFFFFFF) + (p2 & 0xFFFFFFFF);
    uint64_t low = (p0 & 0xFFFFFFFF) | middle << 32;
    uint64_t high = p3 + (p1 >> 32) + (p2 >> 32) + (middle >> 32) + al * bh + ah * bl;
    return (Wide)((unsigned __int128)high << 64 | low);
}

void *fopen(const char *name, const char *mode) { return (void)name, (void)mode, NULL; }
int fclose(void *file) { return (void)file, 0; }
size_t fread(void *to, size_t size, size_t count, void *file) { return (void)to, (void)size, (void)count, (void)file, 0; }
size_t fwrite(const void *of, size_t size, size_t count, void *file) {
    return (void)of, (void)size, (void)count, (void)file, 0;
}
int fseek(void *file, long at, int from) { return (void)file, (void)at, (void)from, -1; }
long ftell(void *file) { return (void)file, -1; }
int fscanf(void *file, const char *format, ...) { return (void)file, (void)format, 0; }
int fprintf(void *file, const char *format, ...) { return (void)file, (void)format, 0; }
int vfprintf(void *file, const char *format, __builtin_va_list rest) { return (void)file, (void)format, (void)rest, 0; }
int printf(const char *format, ...) { return (void)format, 0; }
int iprintf(const char *format, ...) { return (void)format, 0; }
int fiprintf(void *file, const char *format, ...) { return (void)file, (void)format, 0; }
int vsnprintf(char *to, size_t room, const char *format, __builtin_va_list rest) {
    (void)format, (void)rest;
    if (room) to[0] = 0;
    return 0;
}
int snprintf(char *to, size_t room, const char *format, ...) {
    (void)format;
    if (room) to[0] = 0;
    return 0;
}
