#include "cull_lanes.h"

#include "sort.h"

enum { CELL_UNSEEN = 255, CELL_SPLIT = 254 };

static void write_record(const uint32_t *draft, uint32_t first, uint32_t count, uint32_t *records, uint32_t *tally) {
    uint32_t *record = records + LW_DRAFT_WORDS * (size_t)tally[1]++;
    lw_copy(record, draft, LW_DRAFT_WORDS * sizeof *record);
    record[2] = first;
    record[3] = count;
}

uint32_t lw_cull_lods(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                      uint32_t count, const float *until_m, uint32_t lods, uint32_t *out, uint32_t *counts) {
    uint32_t stride = (count + 3) & ~3u, total = 0, levels = LW_MAX(lods, 1u);
    LW_CHECK(lods <= LW_LODS_MAX);
    LW_CHECK(lw_apart(out, 4 * (size_t)levels * stride, rows, 4 * (size_t)count));
    LW_CHECK(lw_apart(out, 4 * (size_t)levels * stride, radii, 4 * (size_t)count));
    for (uint32_t k = 0; k < levels; k++) counts[k] = 0;
    lw_cull_range(view, positions, radii, rows, 0, count, until_m, lods, out, stride, counts);
    for (uint32_t k = 0; k < levels; total += counts[k++])
        if (k > 0) lw_copy(out + total, out + (size_t)k * stride, counts[k] * sizeof *out);
    return total;
}

void lw_cull_runs(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                  const uint32_t *runs, uint32_t run_count, const float *until_m, const uint32_t *drafts,
                  uint32_t *visible, uint32_t *records, uint32_t *tally) {
    uint32_t counts[LW_LODS_MAX];
    for (const uint32_t *run = runs; run_count > 0; run_count--, run += LW_RUN_WORDS) {
        uint32_t start = run[0], draft = run[2], lods = run[3];
        lw_cull_lods(view, positions, radii + start, rows + start, run[1], until_m + draft, lods, visible + tally[0],
                     counts);
        for (uint32_t k = 0; k < LW_MAX(lods, 1u); k++) {
            if (counts[k] == 0) continue;
            write_record(drafts + LW_DRAFT_WORDS * (size_t)(draft + k), tally[0], counts[k], records, tally);
            tally[0] += counts[k];
        }
    }
}

/* A level, CELL_SPLIT or CELL_UNSEEN. */
static uint32_t cell_level(const float *view, const float *center, float radius, const float *until_m, uint32_t lods) {
    lw_axes at = lw_relative(view, center);
    if (!lw_sees(view, at, radius)) return CELL_UNSEEN;
    if (lods == 0) return 0;
    float distance = lw_root(lw_square(at)), near = distance - radius, far = distance + radius, begin = 0.0f;
    for (uint32_t k = 0; k < lods; begin = until_m[k++])
        if (near >= begin && far < until_m[k]) return k;
    return near < begin ? CELL_SPLIT : CELL_UNSEEN;
}

/* Cells of one level that follow each other: a record over `rows` itself where they are many, else copied. */
static void end_stretch(const uint32_t *rows, uint32_t start, uint32_t size, const uint32_t *draft, uint32_t range_rows,
                        uint32_t range_flag, uint32_t *visible, uint32_t *records, uint32_t *tally) {
    if (size >= range_rows) {
        write_record(draft, start, size, records, tally);
        records[LW_DRAFT_WORDS * (size_t)(tally[1] - 1) + 4] |= range_flag;
    } else {
        lw_copy(visible + tally[0], rows + start, size * sizeof *rows);
        tally[0] += size;
    }
}

/* Appends the rows of a cell whose own distance is in begin .. end. */
static uint32_t split_cell(const float *view, const float *positions, const uint32_t *rows, uint32_t size, float begin,
                           float end, uint32_t *out) {
    uint32_t taken = 0;
    for (uint32_t i = 0; i < size; i++) {
        float distance = lw_root(lw_square(lw_relative(view, positions + 3 * (size_t)i)));
        if (distance >= begin && distance < end) out[taken++] = rows[i];
    }
    return taken;
}

void lw_cull_cells(const float *view, const float *centers, const float *radii, const uint32_t *cells,
                   const float *positions, const uint32_t *rows, const uint32_t *runs, uint32_t run_count,
                   const float *until_m, const uint32_t *drafts, uint8_t *levels, uint32_t range_rows,
                   uint32_t range_flag, uint32_t *visible, uint32_t *records, uint32_t *tally) {
    LW_CHECK(range_rows > 0);
    for (const uint32_t *run = runs; run_count > 0; run_count--, run += LW_RUN_WORDS) {
        uint32_t begin = run[0], end = run[0] + run[1], draft = run[2], lods = run[3];
        for (uint32_t c = begin; c < end; c++)
            levels[c] = levels[c] ? CELL_UNSEEN : (uint8_t)cell_level(view, centers + 3 * (size_t)c, radii[c], until_m + draft, lods);
        for (uint32_t k = 0; k < LW_MAX(lods, 1u); k++) {
            const uint32_t *own = drafts + LW_DRAFT_WORDS * (size_t)(draft + k);
            uint32_t first = tally[0], stretch = 0, stretch_size = 0;
            float near = k == 0 ? 0.0f : until_m[draft + k - 1], far = until_m[draft + k];
            for (uint32_t c = begin; c < end; c++) {
                uint32_t start = cells[2 * (size_t)c], size = cells[2 * (size_t)c + 1];
                if (levels[c] == k) {
                    if (stretch_size == 0) stretch = start;
                    stretch_size += size;
                    continue;
                }
                end_stretch(rows, stretch, stretch_size, own, range_rows, range_flag, visible, records, tally);
                stretch_size = 0;
                if (levels[c] == CELL_SPLIT)
                    tally[0] += split_cell(view, positions + 3 * (size_t)start, rows + start, size, near, far,
                                           visible + tally[0]);
            }
            end_stretch(rows, stretch, stretch_size, own, range_rows, range_flag, visible, records, tally);
            if (tally[0] > first) write_record(own, first, tally[0] - first, records, tally);
        }
    }
}

/* Distances squared are >= 0, so their bits sort as they do; turned over, the farthest comes first. */
static uint32_t far_first(float square) {
    uint32_t bits;
    __builtin_memcpy(&bits, &square, sizeof bits);
    return ~bits;
}

void lw_cull_sorted(const float *view, const float *positions, const float *radii, const uint32_t *rows,
                    const uint32_t *runs, uint32_t run_count, const float *until_m, const uint32_t *drafts,
                    uint32_t *scratch, uint32_t *visible, uint32_t *records, uint32_t *tally) {
    size_t room = 0, seen = 0;
    for (uint32_t r = 0; r < run_count; r++) room += runs[LW_RUN_WORDS * (size_t)r + 1];
    uint32_t *keys = scratch, *order = keys + room, *spare = order + room, *row = spare + 2 * room, *draft = row + room;
    for (const uint32_t *run = runs; run_count > 0; run_count--, run += LW_RUN_WORDS) {
        uint32_t lods = run[3];
        for (uint32_t i = run[0]; i < run[0] + run[1]; i++) {
            lw_axes at = lw_relative(view, positions + 3 * (size_t)rows[i]);
            if (!lw_sees(view, at, radii[i])) continue;
            uint32_t k = lods == 0 ? 0 : lw_level(lw_root(lw_square(at)), until_m + run[2], lods);
            if (lods != 0 && k == lods) continue;
            keys[seen] = far_first(lw_square(at));
            order[seen] = (uint32_t)seen;
            row[seen] = rows[i];
            draft[seen++] = run[2] + k;
        }
    }
    lw_sort_u32(keys, order, spare, spare + room, (uint32_t)seen);
    for (size_t i = 0; i < seen;) {
        uint32_t first = tally[0], own = draft[order[i]];
        for (; i < seen && draft[order[i]] == own; i++) visible[tally[0]++] = row[order[i]];
        write_record(drafts + LW_DRAFT_WORDS * (size_t)own, first, tally[0] - first, records, tally);
    }
}

void lw_sphere_radii(const float *radius, const float *scale, const uint32_t *rows, uint32_t count, float *out) {
    for (uint32_t i = 0; i < count; i++) {
        const float *s = scale + 3 * (size_t)rows[i];
        float largest = __builtin_fabsf(s[0]), y = __builtin_fabsf(s[1]), z = __builtin_fabsf(s[2]);
        largest = y > largest ? y : largest;
        largest = z > largest ? z : largest;
        out[i] = radius[rows[i]] * largest;
    }
}
