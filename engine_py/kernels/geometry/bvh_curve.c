#include "bvh_node.h"
#include "sort.h"

enum { AXES = 3, CELLS = 1024, NEVER_HIT = 1 << 30 };

/* The ten lowest bits, each three places apart. */
static inline uint32_t spread(uint32_t bits) {
    bits = (bits | bits << 16) & 0x030000FFu;
    bits = (bits | bits << 8) & 0x0300F00Fu;
    bits = (bits | bits << 4) & 0x030C30C3u;
    return (bits | bits << 2) & 0x09249249u;
}

static inline uint32_t cell(float value, float from, float scale) {
    uint32_t found = (uint32_t)((value - from) * scale);
    return found < CELLS ? found : CELLS - 1;
}

/* Numbers the items along the curve through the cube around their centres. */
static void number(const float *boxes, const uint32_t *items, uint32_t count, uint32_t *keys) {
    float low[AXES], high[AXES], extent = 0;
    for (int axis = 0; axis < AXES; axis++) low[axis] = LW_INFINITY, high[axis] = -LW_INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        const float *box = boxes + 6 * (size_t)items[i];
        if (!lw_box_is_valid(box)) continue;
        for (int axis = 0; axis < AXES; axis++) {
            float c = lw_center(box, true, axis);
            if (c < low[axis]) low[axis] = c;
            if (c > high[axis]) high[axis] = c;
        }
    }
    for (int axis = 0; axis < AXES; axis++)
        if (high[axis] - low[axis] > extent) extent = high[axis] - low[axis];
    float scale = (float)CELLS / extent;
    if (!lw_is_finite(scale)) scale = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *box = boxes + 6 * (size_t)items[i];
        keys[i] = NEVER_HIT;
        if (!lw_box_is_valid(box)) continue;
        keys[i] = spread(cell(lw_center(box, true, 0), low[0], scale)) |
                  spread(cell(lw_center(box, true, 1), low[1], scale)) << 1 |
                  spread(cell(lw_center(box, true, 2), low[2], scale)) << 2;
    }
}

/* How many of the sorted keys have the highest bit that they don't share as 0. The first and the last differ. */
static uint32_t lower_part(const uint32_t *keys, uint32_t count) {
    int bit = 31 - __builtin_clz(keys[0] ^ keys[count - 1]);
    uint32_t from = keys[count - 1] >> bit << bit, low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (keys[middle] < from) low = middle + 1;
        else high = middle;
    }
    return low;
}

uint32_t lw_bvh_build_curve(const float *boxes, uint32_t count, uint32_t leaf_items, lw_node *nodes, uint32_t *order,
                            uint32_t *scratch, float *area) {
    LW_CHECK(lw_apart(order, 4 * (size_t)count, scratch, 12 * (size_t)count));
    LW_CHECK(lw_apart(boxes, 24 * (size_t)count, order, 4 * (size_t)count));
    uint32_t *keys = scratch, *keys_room = keys + count, *order_room = keys_room + count;
    for (uint32_t i = 0; i < count; i++) order[i] = i, keys[i] = 0;
    uint32_t used = count ? 1 : 0, level = 0, level_end = 1, leaf = leaf_items ? leaf_items : 1;
    if (count) nodes[0].first = 0, nodes[0].count = count;
    for (uint32_t i = 0; i < used; i++) {
        if (i == level_end) level++, level_end = used;
        uint32_t first = nodes[i].first, size = nodes[i].count, left = size / 2;
        if (size <= leaf) continue;
        if (level < LW_BVH_COST_LEVELS) {
            uint32_t *own = keys + first, last = size - 1;
            if (own[0] == own[last]) { /* all in one cell of the cube that they were numbered in, or not numbered yet */
                number(boxes, order + first, size, own);
                lw_sort_u32(own, order + first, keys_room, order_room, size);
            }
            if (own[0] != own[last]) left = lower_part(own, size);
        }
        lw_split_node(nodes, i, left, &used);
    }
    lw_bvh_refit(boxes, order, nodes, used, area);
    return used;
}
