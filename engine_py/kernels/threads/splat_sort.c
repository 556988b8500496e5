/* A chunk of a killed thread is run again, so none reads what it wrote itself before: counts become starts in a table of
 * their own, and each chunk moves along a copy of its row. */
#include "splat_sort.h"

#ifdef __wasm__
#include "jobs.h"

enum { CHUNKS = 8, KEYS = 65536, JOBS = 3, NEW = 1, DONE = 4 };

typedef struct {
    const float *positions;
    uint32_t count, grain, jobs[JOBS];
    uint16_t *keys;
    uint32_t *order, *counts, *starts; /* counts, starts: a row of KEYS a chunk */
    float rows[12], high, steps;       /* told */
    float nearest[CHUNKS];
} sort_state;

_Static_assert(sizeof(sort_state) <= 128, "splat_sort.h says how large it is");

/* As log2_of in layerw/splats/order.py: x = m * 2^e with m around 1, and log2(m) by the series of atanh. x is normal. */
static float log2_of(float x) {
    union { float f; int32_t i; } u = {x};
    int32_t e = (u.i - 0x3F3504F3) >> 23;
    u.i -= (int32_t)((uint32_t)e << 23);
    float t = (u.f - 1.0f) / (u.f + 1.0f), s = t * t;
    return (float)e + t * (2.885390082f + s * (0.9617966939f + s * (0.5770780164f + s * 0.4121985831f)));
}

static void find_keys(void *context, uint32_t begin, uint32_t end) {
    sort_state *s = context;
    const float *r = s->rows;
    uint32_t chunk = begin / s->grain, *counts = s->counts + (size_t)chunk * KEYS;
    float nearest = __builtin_inff();
    lw_zero(counts, KEYS * sizeof *counts);
    for (uint32_t i = begin; i < end; i++) {
        const float *p = s->positions + 3 * (size_t)i;
        float x = p[0] * r[0] + p[1] * r[1] + p[2] * r[2] + r[3];
        float y = p[0] * r[4] + p[1] * r[5] + p[2] * r[6] + r[7];
        float z = p[0] * r[8] + p[1] * r[9] + p[2] * r[10] + r[11];
        float square = x * x + y * y + z * z;
        square = square > 1e-12f ? square : 1e-12f; /* also what is no number */
        nearest = LW_MIN(square, nearest);
        float at = (s->high - log2_of(square)) * s->steps;
        at = at > 0.0f ? at : 0.0f;
        uint32_t key = (uint32_t)LW_MIN(at, (float)(KEYS - 1));
        s->keys[i] = (uint16_t)key;
        counts[key]++;
    }
    s->nearest[chunk] = nearest;
}

static void find_places(void *context, uint32_t begin, uint32_t end) {
    const sort_state *s = context;
    uint32_t chunks = (s->count + s->grain - 1) / s->grain, before = 0;
    (void)begin, (void)end;
    for (uint32_t key = 0; key < KEYS; key++)
        for (uint32_t at = key; at < chunks * KEYS; at += KEYS) {
            s->starts[at] = before;
            before += s->counts[at];
        }
}

static void put_in_order(void *context, uint32_t begin, uint32_t end) {
    const sort_state *s = context;
    size_t row = (size_t)(begin / s->grain) * KEYS;
    uint32_t *next = s->counts + row;
    lw_copy(next, s->starts + row, KEYS * sizeof *next);
    for (uint32_t i = begin; i < end; i++) s->order[next[s->keys[i]]++] = i;
}

uint32_t lw_splat_sort_start(uint32_t *sort, const float *positions, uint32_t count, const float *told, uint16_t *keys,
                             uint32_t *order, uint32_t *tables) {
    sort_state *s = (sort_state *)sort;
    static const lw_range runs[JOBS] = {find_keys, find_places, put_in_order};
    *s = (sort_state){.positions = positions, .count = count, .grain = LW_MAX((count + CHUNKS - 1) / CHUNKS, 1u),
                      .keys = keys, .order = order, .counts = tables, .starts = tables + CHUNKS * KEYS};
    lw_copy(s->rows, told, 14 * sizeof *told);
    uint32_t good = 1;
    for (uint32_t k = 0; k < JOBS && good; k++) {
        uint32_t alone = k == 1;
        s->jobs[k] = lw_job_new((uint32_t)(uintptr_t)runs[k], (uint32_t)(uintptr_t)s, alone ? 1 : count,
                                alone ? 1 : s->grain);
        good = s->jobs[k] && (k == 0 || lw_job_after(s->jobs[k], s->jobs[k - 1]));
    }
    for (uint32_t k = JOBS; k-- > 0 && good;) good = lw_job_start(s->jobs[k]); /* the last first: it waits */
    if (!good) lw_splat_sort_end(sort);
    return good;
}

uint32_t lw_splat_sort_state(const uint32_t *sort) {
    return lw_job_state(((const sort_state *)sort)->jobs[JOBS - 1]);
}

float lw_splat_sort_nearest(const uint32_t *sort) {
    const sort_state *s = (const sort_state *)sort;
    float nearest = s->nearest[0];
    for (uint32_t chunk = 1; chunk * s->grain < s->count; chunk++) nearest = LW_MIN(nearest, s->nearest[chunk]);
    return nearest;
}

uint32_t lw_splat_sort_end(uint32_t *sort) {
    sort_state *s = (sort_state *)sort;
    uint32_t over = 1;
    for (uint32_t k = JOBS; k-- > 0;) {
        uint32_t state = s->jobs[k] ? lw_job_state(s->jobs[k]) : 0;
        if (state && state < DONE) lw_job_cancel(s->jobs[k]);
        if (state == NEW) lw_job_start(s->jobs[k]); /* which ends it: jobs with an order between them can't be freed */
    }
    for (uint32_t k = 0; k < JOBS; k++) {
        uint32_t state = s->jobs[k] ? lw_job_state(s->jobs[k]) : 0;
        if (state == 2 || state == 3) over = 0;
        else if (state && lw_job_free(s->jobs[k])) s->jobs[k] = 0;
    }
    return over;
}
#endif
