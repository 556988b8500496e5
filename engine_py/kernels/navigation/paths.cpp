/* Questions to a mesh: nearest places, paths, straight walks. See navigation.h. */
#include "DetourCommon.h"
#include "state.h"

// Ground right below or above is nearest, and found in a small box; only where there is none the whole reach is searched.
static dtPolyRef near_by(Mesh *own, const float *point, const float *reach, float *place) {
    const float small[3] = {LW_MIN(reach[0], own->config.cell), reach[1], LW_MIN(reach[2], own->config.cell)};
    dtPolyRef poly = 0;
    bool is_over = false;
    own->query->findNearestPoly(point, small, own->filter, &poly, place, &is_over);
    if (!poly || !is_over) own->query->findNearestPoly(point, reach, own->filter, &poly, place);
    return poly;
}

void lw_nav_nearest(uint32_t number, const float *points, uint32_t count, const float *reach, float *places,
                    uint32_t *found) {
    Mesh *own = nav_mesh(number);
    for (uint32_t i = 0; i < count; i++) {
        found[i] = near_by(own, points + 3 * i, reach, places + 3 * i) != 0;
    }
}

// A little above the way that lies ahead, corners are where it turns.
static uint32_t corners_of(Mesh *own, const float *from, const float *to, int polys, uint32_t room, float *corners,
                           uint32_t *bits) {
    int count = 0;
    dtStatus status = own->query->findStraightPath(from, to, own->path, polys, corners, nullptr, nullptr, &count,
                                                   (int)room);
    if (dtStatusFailed(status)) return 0;
    if (dtStatusDetail(status, DT_BUFFER_TOO_SMALL)) *bits = (*bits | LW_NAV_PATH_CUT) & ~(uint32_t)LW_NAV_PATH_WHOLE;
    return (uint32_t)count;
}

void lw_nav_paths(uint32_t number, const float *starts, const float *ends, uint32_t count, const float *reach,
                  uint32_t room, float *corners, uint32_t *counts, uint32_t *bits) {
    Mesh *own = nav_mesh(number);
    for (uint32_t i = 0; i < count; i++, corners += 3 * room) {
        float from[3], to[3];
        counts[i] = bits[i] = 0;
        dtPolyRef first = near_by(own, starts + 3 * i, reach, from), last = near_by(own, ends + 3 * i, reach, to);
        if (!first || !last) continue;
        int polys = 0;
        dtStatus status = own->query->findPath(first, last, from, to, own->filter, own->path, &polys, PATH_POLYS_MAX);
        if (dtStatusFailed(status) || !polys) continue;
        bits[i] = LW_NAV_PATH_FOUND | LW_NAV_PATH_WHOLE;
        if (own->path[polys - 1] != last) {
            bits[i] = LW_NAV_PATH_FOUND;
            own->query->closestPointOnPoly(own->path[polys - 1], to, to, nullptr);
        }
        counts[i] = corners_of(own, from, to, polys, room, corners, bits + i);
    }
}

void lw_nav_rays(uint32_t number, const float *starts, const float *ends, uint32_t count, const float *reach,
                 float *hits, uint32_t *found) {
    Mesh *own = nav_mesh(number);
    for (uint32_t i = 0; i < count; i++, hits += 7) {
        float from[3];
        dtPolyRef first = near_by(own, starts + 3 * i, reach, from);
        found[i] = first != 0;
        lw_zero(hits, 7 * sizeof(float));
        if (!first) continue;
        dtRaycastHit hit = {};
        hit.path = own->path, hit.maxPath = PATH_POLYS_MAX;
        if (dtStatusFailed(own->query->raycast(first, from, ends + 3 * i, own->filter, 0, &hit))) {
            found[i] = 0;
            continue;
        }
        hits[0] = LW_MIN(hit.t, 1.0f);
        dtVlerp(hits + 1, from, ends + 3 * i, hits[0]);
        float height;
        if (hit.pathCount
            && dtStatusSucceed(own->query->getPolyHeight(hit.path[hit.pathCount - 1], hits + 1, &height)))
            hits[2] = height;
        if (hit.t < 1) dtVcopy(hits + 4, hit.hitNormal);
    }
}

static uint32_t dice;

static float roll(void) {  // xorshift, 0 to 1
    dice ^= dice << 13, dice ^= dice >> 17, dice ^= dice << 5;
    return (float)(dice >> 8) * (1.0f / 16777216);
}

static uint32_t mixed(uint32_t seed) {
    seed = (seed ^ 61) ^ seed >> 16;
    seed *= 9, seed ^= seed >> 4, seed *= 0x27D4EB2Du;
    return (seed ^ seed >> 15) | 1;
}

// Tiles are chosen by Detour evenly, polygons by area within one: so a tile is weighed here.
uint32_t lw_nav_random(uint32_t number, uint32_t seed, uint32_t count, float *places) {
    Mesh *own = nav_mesh(number);
    const dtNavMesh *mesh = own->mesh;
    float total = 0;
    dice = mixed(seed);
    for (int pass = 0; pass < 2; pass++) {
        float sum = 0;
        uint32_t made = 0;
        for (int t = 0; t < mesh->getMaxTiles(); t++) {
            const dtMeshTile *tile = mesh->getTile(t);
            for (int p = 0; tile->header && p < tile->header->polyCount; p++) {
                const dtPoly &poly = tile->polys[p];
                for (int k = 2; k < poly.vertCount; k++) {
                    const float *a = tile->verts + 3 * poly.verts[0], *b = tile->verts + 3 * poly.verts[k - 1],
                                *c = tile->verts + 3 * poly.verts[k];
                    sum += __builtin_fabsf(dtTriArea2D(a, b, c));
                    if (!pass || !(total > 0)) continue;
                    // One place in each of `count` equal shares of the area, at random within its triangle.
                    while (made < count && ((float)made + 0.5f) / (float)count * total <= sum) {
                        float u = __builtin_sqrtf(roll()), v = roll(), *to = places + 3 * made++;
                        for (int j = 0; j < 3; j++) to[j] = (1 - u) * a[j] + u * (1 - v) * b[j] + u * v * c[j];
                        dtPolyRef ref = mesh->getPolyRefBase(tile) | (dtPolyRef)p;
                        own->query->getPolyHeight(ref, to, to + 1);
                    }
                }
            }
        }
        if (!pass) total = sum;
        else return made;
    }
    return 0;
}
