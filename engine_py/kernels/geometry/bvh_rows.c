#include "bvh_rows.h"

#define NONE 0xFFFFFFFFu

void lw_bvh_choose_rows(const uint8_t *shown, const uint8_t *flags, const int32_t *parents, const uint32_t *mesh,
                        const uint16_t *lods, uint32_t count, const uint32_t *mesh_shapes, uint32_t mesh_room,
                        const uint32_t *lod_shapes, uint32_t *still, uint32_t *still_shapes, uint32_t *moving,
                        uint32_t *moving_shapes, uint32_t *counts) {
    LW_CHECK(lw_apart(still, 4 * (size_t)count, moving, 4 * (size_t)count));
    uint32_t stay = 0, move = 0;
    for (uint32_t row = 0; row < count; row++) {
        if (!shown[row]) continue;
        uint32_t index = mesh[row] & LW_HANDLE_INDEX;
        uint32_t shape = lods[row] ? lod_shapes[lods[row]] : index < mesh_room ? mesh_shapes[index] : NONE;
        if (shape == NONE) continue;
        if (flags[row] & LW_ROW_STATIC && parents[row] < 0) still[stay] = row, still_shapes[stay++] = shape;
        else moving[move] = row, moving_shapes[move++] = shape;
    }
    counts[0] = stay, counts[1] = move;
}
