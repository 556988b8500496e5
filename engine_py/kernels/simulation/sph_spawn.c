/* Spawn, despawn and stable ids: 18 bits of slot and 14 bits of generation (from 1). A slot whose generations are used
 * up retires, so an id never names another particle. Removing keeps the order of the rest. */
#include "error.h"
#include "sph_state.h"

static const uint32_t SLOT_MASK = (1u << LW_SPH_SLOT_BITS) - 1;

static bool inside(const lw_sph *sph, const float *at) {
    for (int k = 0; k < 3; k++)
        if (!(at[k] >= sph->lo[k] && at[k] <= sph->hi[k])) return false;
    return true;
}

static bool is_number(float value) { return value - value == 0.0f; }

static uint32_t take_id(lw_sph *sph) {
    uint32_t slot = sph->free_slots ? sph->slot_free[--sph->free_slots] : sph->slots_used++;
    return ++sph->slot_generation[slot] << LW_SPH_SLOT_BITS | slot;
}

static void give_id(lw_sph *sph, uint32_t id) {
    uint32_t slot = id & SLOT_MASK;
    if (sph->slot_generation[slot] < LW_SPH_GENERATION_MAX) sph->slot_free[sph->free_slots++] = slot;
    else sph->slot_generation[slot]++; /* retired: no id has this generation */
}

uint32_t lw_sph_spawn(uint32_t simulation, uint32_t count) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    uint32_t left = LW_MIN(sph->capacity - sph->count, sph->capacity - sph->slots_used + sph->free_slots);
    if (count == 0 || count > sph->stage_bytes / 24)
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_spawn: count on the stage", count, sph->stage_bytes / 24);
    if (count > left) return lw_fail(LW_E_FULL, "lw_sph_spawn: particles left of the capacity", count, left);
    for (uint32_t i = 0; i < count; i++) {
        const float *from = sph->stage + 6 * (size_t)i;
        if (!inside(sph, from)) return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_spawn: a particle outside of the basin, its row", i, count);
        if (!(is_number(from[3]) && is_number(from[4]) && is_number(from[5])))
            return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_spawn: a velocity that is no number, its row", i, count);
    }
    uint32_t *ids = (uint32_t *)sph->stage;
    for (uint32_t i = 0; i < count; i++) {
        float row[6] = {0}, none[3] = {0};
        lw_copy(row, sph->stage + 6 * (size_t)i, sizeof row);
        uint32_t at = sph->count++;
        lw_sph_push_out(sph, row, none);
        sph->now.x[at] = row[0], sph->now.y[at] = row[1], sph->now.z[at] = row[2];
        float velocity[4] = {row[3], row[4], row[5], 0.0f};
        lw_copy(sph->now.velocity + 4 * (size_t)at, velocity, sizeof velocity);
        sph->now.pressure[at] = 0.0f, sph->density[at] = 0.0f;
        ids[i] = sph->now.id[at] = take_id(sph); /* the stage's rows are read before ids reach them */
    }
    return count;
}

static void move_down(lw_sph *sph, uint32_t to, uint32_t from) {
    lw_sph_columns *now = &sph->now;
    now->x[to] = now->x[from], now->y[to] = now->y[from], now->z[to] = now->z[from];
    lw_copy(now->velocity + 4 * (size_t)to, now->velocity + 4 * (size_t)from, 16);
    now->pressure[to] = now->pressure[from], now->id[to] = now->id[from], sph->density[to] = sph->density[from];
}

/* Removes the particles whose order[] is 1. */
static void remove_marked(lw_sph *sph) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sph->count; i++) {
        if (sph->order[i]) {
            give_id(sph, sph->now.id[i]);
        } else {
            if (kept != i) move_down(sph, kept, i);
            kept++;
        }
    }
    sph->count = kept;
}

uint32_t lw_sph_despawn(uint32_t simulation, uint32_t count) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    if (count == 0 || count > sph->stage_bytes / 4)
        return lw_fail(LW_E_BAD_ARGUMENT, "lw_sph_despawn: count on the stage", count, sph->stage_bytes / 4);
    const uint32_t *ids = (const uint32_t *)sph->stage;
    uint32_t *place = sph->cell_of; /* slot -> place; free between steps */
    for (uint32_t slot = 0; slot < sph->capacity; slot++) place[slot] = UINT32_MAX;
    for (uint32_t i = 0; i < sph->count; i++) place[sph->now.id[i] & SLOT_MASK] = i;
    lw_zero(sph->order, 4 * (size_t)sph->count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = ids[i] & SLOT_MASK, at = slot < sph->capacity ? place[slot] : UINT32_MAX;
        if (at == UINT32_MAX || sph->now.id[at] != ids[i])
            return lw_fail(LW_E_STALE_HANDLE, "lw_sph_despawn: id of no particle", ids[i], sph->count);
        if (sph->order[at]) return lw_fail(LW_E_DOUBLE_FREE, "lw_sph_despawn: id that is named twice", ids[i], count);
        sph->order[at] = 1;
    }
    remove_marked(sph);
    return count;
}

uint32_t lw_sph_drain(uint32_t simulation, float lo_x, float lo_y, float lo_z, float hi_x, float hi_y, float hi_z) {
    lw_sph *sph = lw_sph_find(simulation);
    if (!sph) return 0;
    const lw_sph_columns *now = &sph->now;
    for (uint32_t i = 0; i < sph->count; i++)
        sph->order[i] = now->x[i] >= lo_x && now->x[i] <= hi_x && now->y[i] >= lo_y && now->y[i] <= hi_y
                        && now->z[i] >= lo_z && now->z[i] <= hi_z;
    remove_marked(sph);
    return 1;
}
