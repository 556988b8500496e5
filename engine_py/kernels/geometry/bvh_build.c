#include "bvh_node.h"

enum { AXES = 3 };

typedef struct { float low[3], high[3]; } bounds;
typedef struct { float from, scale; } ruler; /* scale 0: all centres are one along this axis */
typedef struct { int axis; uint32_t bin; } cut;

static const bounds nothing = {{LW_INFINITY, LW_INFINITY, LW_INFINITY}, {-LW_INFINITY, -LW_INFINITY, -LW_INFINITY}};

static inline void add(bounds *to, const float *low, const float *high) {
    for (int axis = 0; axis < AXES; axis++) {
        if (low[axis] < to->low[axis]) to->low[axis] = low[axis];
        if (high[axis] > to->high[axis]) to->high[axis] = high[axis];
    }
}

static inline float half_area(const float *low, const float *high) {
    if (!(low[0] <= high[0])) return 0; /* nothing */
    float x = high[0] - low[0], y = high[1] - low[1], z = high[2] - low[2];
    return (x * y + y * z) + z * x;
}

static inline uint32_t bin_of(float value, ruler r, uint32_t bins) {
    uint32_t bin = (uint32_t)((value - r.from) * r.scale);
    return bin < bins ? bin : bins - 1;
}

static void measure(const float *boxes, const uint32_t *items, uint32_t count, uint32_t bins, ruler rulers[AXES]) {
    bounds centers = nothing;
    for (uint32_t i = 0; i < count; i++) {
        const float *box = boxes + 6 * (size_t)items[i];
        bool valid = lw_box_is_valid(box);
        float c[AXES] = {lw_center(box, valid, 0), lw_center(box, valid, 1), lw_center(box, valid, 2)};
        add(&centers, c, c);
    }
    for (int axis = 0; axis < AXES; axis++) {
        float extent = centers.high[axis] - centers.low[axis], scale = (float)bins / extent;
        rulers[axis] = (ruler){centers.low[axis], extent > 0 && lw_is_finite(scale) ? scale : 0.0f};
    }
}

/* The cheapest cut of one axis, where it is cheaper than `best`. */
static void sweep(const bounds *boxes, const uint32_t *counts, uint32_t bins, int axis, float *best, cut *found) {
    float areas[LW_BVH_BINS];
    uint32_t left = 0, right = 0;
    bounds all = nothing;
    for (uint32_t k = 0; k + 1 < bins; k++) {
        add(&all, boxes[k].low, boxes[k].high);
        areas[k + 1] = half_area(all.low, all.high);
        left += counts[k];
    }
    all = nothing;
    for (uint32_t k = bins - 1; k > 0; k--) {
        add(&all, boxes[k].low, boxes[k].high);
        right += counts[k];
        if (left && right) {
            float cost = areas[k] * (float)left + half_area(all.low, all.high) * (float)right;
            if (cost <= *best && !(cost == *best && found->axis != axis)) *best = cost, *found = (cut){axis, k};
        }
        left -= counts[k - 1];
    }
}

/* Sorts the items into two sides; returns how many go left. */
static uint32_t split(const float *boxes, uint32_t *items, uint32_t count, uint32_t *scratch) {
    uint32_t bins = count < LW_BVH_FEW ? LW_BVH_BINS_FEW : LW_BVH_BINS;
    ruler rulers[AXES];
    measure(boxes, items, count, bins, rulers);
    bounds of_bin[AXES][LW_BVH_BINS];
    uint32_t in_bin[AXES][LW_BVH_BINS] = {{0}};
    for (int axis = 0; axis < AXES; axis++)
        for (uint32_t k = 0; k < bins; k++) of_bin[axis][k] = nothing;
    for (uint32_t i = 0; i < count; i++) {
        const float *box = boxes + 6 * (size_t)items[i];
        bool valid = lw_box_is_valid(box);
        for (int axis = 0; axis < AXES; axis++) {
            if (rulers[axis].scale == 0) continue;
            uint32_t k = bin_of(lw_center(box, valid, axis), rulers[axis], bins);
            in_bin[axis][k]++;
            if (valid) add(&of_bin[axis][k], box, box + 3);
        }
    }
    float best = LW_INFINITY;
    cut found = {-1, 0};
    for (int axis = 0; axis < AXES; axis++)
        if (rulers[axis].scale != 0) sweep(of_bin[axis], in_bin[axis], bins, axis, &best, &found);
    if (found.axis < 0) return count / 2;
    uint32_t left = 0, right = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *box = boxes + 6 * (size_t)items[i];
        uint32_t item = items[i];
        uint32_t k = bin_of(lw_center(box, lw_box_is_valid(box), found.axis), rulers[found.axis], bins);
        if (k < found.bin) items[left++] = item;
        else scratch[right++] = item;
    }
    lw_copy(items + left, scratch, right * sizeof *items);
    return left;
}

void lw_bvh_triangle_boxes(const float *positions, const uint32_t *indices, uint32_t count, float *boxes) {
    LW_CHECK(lw_apart(indices, 12 * (size_t)count, boxes, 24 * (size_t)count));
    for (size_t i = 0; i < count; i++) {
        const uint32_t *corner = indices + 3 * i;
        lw_triangle_box(positions + 3 * (size_t)corner[0], positions + 3 * (size_t)corner[1],
                        positions + 3 * (size_t)corner[2], boxes + 6 * i);
    }
}

uint32_t lw_bvh_build(const float *boxes, uint32_t count, uint32_t leaf_items, lw_node *nodes, uint32_t *order,
                      uint32_t *scratch, float *area) {
    LW_CHECK(lw_apart(order, 4 * (size_t)count, scratch, 4 * (size_t)count));
    LW_CHECK(lw_apart(boxes, 24 * (size_t)count, order, 4 * (size_t)count));
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    uint32_t used = count ? 1 : 0, level = 0, level_end = 1, leaf = leaf_items ? leaf_items : 1;
    if (count) nodes[0].first = 0, nodes[0].count = count;
    for (uint32_t i = 0; i < used; i++) {
        if (i == level_end) level++, level_end = used;
        uint32_t first = nodes[i].first, size = nodes[i].count;
        if (size <= leaf) continue;
        uint32_t left = level < LW_BVH_COST_LEVELS ? split(boxes, order + first, size, scratch) : size / 2;
        lw_split_node(nodes, i, left, &used);
    }
    lw_bvh_refit(boxes, order, nodes, used, area);
    return used;
}

/* Fits one node to what is in it; returns whether it changed. */
static bool fit(const float *boxes, const uint32_t *order, lw_node *nodes, uint32_t i) {
    lw_node *node = &nodes[i];
    bounds all = nothing;
    for (uint32_t k = node->first; k < node->first + node->count; k++) {
        const float *box = boxes + 6 * (size_t)order[k];
        if (lw_box_is_valid(box)) add(&all, box, box + 3);
    }
    if (node->count == 0) {
        add(&all, nodes[node->first].low, nodes[node->first].high);
        add(&all, nodes[node->first + 1].low, nodes[node->first + 1].high);
    }
#ifdef LW_PLANT_BVH_REFIT
    if (node->count == 0) all.high[0] = nodes[node->first].high[0]; /* a fault: one child forgotten */
#endif
    bool changed = false;
    for (int axis = 0; axis < AXES; axis++) {
        float low = all.low[axis] + 0.0f, high = all.high[axis] + 0.0f; /* no -0, which is in no order with 0 */
        changed = changed || low != node->low[axis] || high != node->high[axis];
        node->low[axis] = low, node->high[axis] = high;
    }
    return changed;
}

void lw_bvh_refit(const float *boxes, const uint32_t *order, lw_node *nodes, uint32_t node_count, float *area) {
    double total = 0;
    for (uint32_t i = node_count; i-- > 0;) {
        fit(boxes, order, nodes, i);
        total += (double)half_area(nodes[i].low, nodes[i].high);
    }
    *area = (float)total;
}

void lw_bvh_links(const lw_node *nodes, uint32_t node_count, const uint32_t *order, uint32_t *leaves,
                  uint32_t *parents) {
    if (node_count) parents[0] = LW_NO_ITEM;
    for (uint32_t i = 0; i < node_count; i++) {
        uint32_t first = nodes[i].first;
        if (nodes[i].count == 0) parents[first] = parents[first + 1] = i;
        for (uint32_t k = 0; k < nodes[i].count; k++) leaves[order[first + k]] = i;
    }
}

void lw_bvh_refit_some(const float *boxes, const uint32_t *order, const uint32_t *leaves, const uint32_t *parents,
                       const uint32_t *items, uint32_t item_count, lw_node *nodes) {
    for (uint32_t k = 0; k < item_count; k++)
        for (uint32_t i = leaves[items[k]]; i != LW_NO_ITEM && fit(boxes, order, nodes, i);) i = parents[i];
}
