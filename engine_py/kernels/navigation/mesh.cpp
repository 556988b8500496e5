/* Meshes and the baking of their tiles. See navigation.h.
 * Source: Recast's RecastDemo/Source/Sample_TileMesh.cpp shows the order of the steps, Mikko Mononen.
 */
#include "Recast.h"
#include "RecastAlloc.h"
#include "DetourAlloc.h"
#include "DetourNavMeshBuilder.h"
#include "state.h"

#include <new>

static Mesh meshes[MESHES_MAX];
static uint32_t open_count;

enum { NO_ROOM = 0xFFFFFFFFu, CORNERS = 6, SPAN_CELLS = 8191 };

// Nobody deletes an object of a class that has a virtual destructor; it is named all the same.
void operator delete(void *) noexcept {}
void operator delete(void *, size_t) noexcept {}

Mesh *nav_mesh(uint32_t number) { return &meshes[number - 1]; }

static void *recast_alloc(size_t size_bytes, rcAllocHint) { return lw_pool_try((uint32_t)size_bytes); }
static void *detour_alloc(size_t size_bytes, dtAllocHint) { return lw_pool_try((uint32_t)size_bytes); }

uint32_t lw_nav_bytes(void) { return lw_pool_bytes(); }

void lw_nav_close(uint32_t number) {
    Mesh *own = nav_mesh(number);
    dtFreeCrowd(own->crowd), dtFreeNavMeshQuery(own->query), dtFreeNavMesh(own->mesh);
    lw_pool_free(own->path), lw_pool_free(own->filter);
    lw_zero(own, sizeof *own);
    if (!--open_count) lw_pool_clear();
}

uint32_t lw_nav_open(const float *config, uint32_t tiles_x, uint32_t tiles_z) {
    uint32_t number = 0;
    while (number < MESHES_MAX && meshes[number].is_open) number++;
    if (number == MESHES_MAX) return 0;
    if (!open_count++) {
        rcAllocSetCustom(recast_alloc, lw_pool_free);
        dtAllocSetCustom(detour_alloc, lw_pool_free);
    }
    Mesh *own = &meshes[number];
    lw_copy(&own->config, config, sizeof(Config));
    own->tiles_x = tiles_x, own->tiles_z = tiles_z, own->is_open = true;
    void *filter = lw_pool_try(sizeof(dtQueryFilter));
    own->filter = filter ? new (filter) dtQueryFilter : nullptr;
    own->mesh = dtAllocNavMesh(), own->query = dtAllocNavMeshQuery();
    own->path = (dtPolyRef *)lw_pool_try(PATH_POLYS_MAX * sizeof(dtPolyRef));
    dtNavMeshParams params = {};
    params.orig[0] = own->config.west, params.orig[1] = own->config.low, params.orig[2] = own->config.north;
    params.tileWidth = params.tileHeight = own->config.cell * own->config.tile_cells;
    params.maxTiles = (int)(tiles_x * tiles_z), params.maxPolys = 1 << 16;
    if (own->filter && own->mesh && own->query && own->path && dtStatusSucceed(own->mesh->init(&params))
        && dtStatusSucceed(own->query->init(own->mesh, NODES_MAX)))
        return number + 1;
    lw_nav_close(number + 1);
    return 0;
}

void lw_nav_drop(uint32_t number, uint32_t x, uint32_t z) {
    dtNavMesh *mesh = nav_mesh(number)->mesh;
    mesh->removeTile(mesh->getTileRefAt((int)x, (int)z, 0), nullptr, nullptr);
}

static int cells_of(float metres, float cell) { return (int)__builtin_ceilf(metres / cell - 1e-3f); }

static int border_of(const Config &c) { return cells_of(c.radius, c.cell) + 3; }

float lw_nav_border(uint32_t number) {
    const Config &c = nav_mesh(number)->config;
    return (float)border_of(c) * c.cell;
}

namespace {

// What one tile is made of on its way; all of it goes at the end.
struct Work {
    rcHeightfield *solid = rcAllocHeightfield();
    rcCompactHeightfield *open = rcAllocCompactHeightfield();
    rcContourSet *contours = rcAllocContourSet();
    rcPolyMesh *polys = rcAllocPolyMesh();
    rcPolyMeshDetail *detail = rcAllocPolyMeshDetail();
    uint8_t *areas = nullptr;

    bool has_all() const { return solid && open && contours && polys && detail && areas; }
    ~Work() {
        rcFreeHeightField(solid), rcFreeCompactHeightfield(open), rcFreeContourSet(contours);
        rcFreePolyMesh(polys), rcFreePolyMeshDetail(detail), lw_pool_free(areas);
    }
};

struct Bounds { float low[3], high[3]; };

}  // namespace

// Up is where the normal points that the corners turn around to the left.
static uint8_t area_of(const float *t, float steepest) {
    float a[3], b[3], n[3];
    rcVsub(a, t + 3, t), rcVsub(b, t + 6, t), rcVcross(n, a, b);
    float length = __builtin_sqrtf(rcVdot(n, n));
    return length > 0 && n[1] >= steepest * length ? RC_WALKABLE_AREA : RC_NULL_AREA;
}

static Bounds bounds_of(const Config &c, uint32_t x, uint32_t z, const float *triangles, uint32_t count) {
    float side = c.tile_cells * c.cell, low = c.high, high = c.low;
    for (uint32_t i = 0; i < 3 * count; i++) {
        low = LW_MIN(low, triangles[3 * i + 1]), high = LW_MAX(high, triangles[3 * i + 1]);
    }
    // The same steps in all tiles, half a step below the lowest ground: see sink().
    low = c.low + (__builtin_floorf(LW_MAX(low - c.low, 0) / c.cell_height) - 0.5f) * c.cell_height;
    high = LW_MIN(high, low + (float)(SPAN_CELLS - 1) * c.cell_height - c.height);
    return {{c.west + (float)x * side, low, c.north + (float)z * side},
            {c.west + (float)(x + 1) * side, high + c.height, c.north + (float)(z + 1) * side}};
}

// Steps of Recast; false where there is no room.
static bool rasterize(const Config &c, const Bounds &bounds, const float *triangles, const uint8_t *walkable,
                      uint32_t count, Work &work) {
    rcContext quiet(false);
    int border = border_of(c), side = (int)c.tile_cells + 2 * border;
    int height = cells_of(c.height, c.cell_height), climb = (int)__builtin_floorf(c.climb / c.cell_height + 1e-3f);
    float low[3], high[3], more = (float)border * c.cell;
    rcVcopy(low, bounds.low), rcVcopy(high, bounds.high);
    low[0] -= more, low[2] -= more, high[0] += more, high[2] += more;
    work.areas = (uint8_t *)lw_pool_try(LW_MAX(count, 1));
    if (!work.has_all()) return false;
    for (uint32_t i = 0; i < count; i++)
        work.areas[i] = walkable[i] ? area_of(triangles + 9 * i, c.steepest) : (uint8_t)RC_NULL_AREA;
    if (!rcCreateHeightfield(&quiet, *work.solid, side, side, low, high, c.cell, c.cell_height)) return false;
    if (!rcRasterizeTriangles(&quiet, triangles, work.areas, (int)count, *work.solid, climb)) return false;
    rcFilterLowHangingWalkableObstacles(&quiet, climb, *work.solid);
    rcFilterLedgeSpans(&quiet, height, climb, *work.solid);
    rcFilterWalkableLowHeightSpans(&quiet, height, *work.solid);
    if (!rcBuildCompactHeightfield(&quiet, height, climb, *work.solid, *work.open)) return false;
    rcFreeHeightField(work.solid), work.solid = nullptr;
    if (!rcErodeWalkableArea(&quiet, cells_of(c.radius, c.cell), *work.open)) return false;
    int least = (int)(c.least_m2 / (c.cell * c.cell));
    return rcBuildDistanceField(&quiet, *work.open) && rcBuildRegions(&quiet, *work.open, border, least, 4 * least);
}

static bool outline(const Config &c, Work &work) {
    rcContext quiet(false);
    int edge = (int)(12 / c.cell);
    return rcBuildContours(&quiet, *work.open, 1.3f, edge, *work.contours)
        && (!work.contours->nconts || rcBuildPolyMesh(&quiet, *work.contours, CORNERS, *work.polys))
        && (!work.polys->npolys || rcBuildPolyMeshDetail(&quiet, *work.polys, *work.open, 6 * c.cell, c.cell_height,
                                                         *work.detail));
}

// Recast rounds ground up to the next step. Half a step back it is right on average, and exactly so where ground lies a
// whole number of steps above the lowest.
static void sink(const Config &c, Work &work, Bounds &bounds) {
    bounds.low[1] -= 0.5f * c.cell_height;
    for (int i = 0; i < work.detail->nverts; i++) work.detail->verts[3 * i + 1] -= 0.5f * c.cell_height;
}

static uint32_t add_tile(Mesh *own, const Bounds &bounds, uint32_t x, uint32_t z, Work &work) {
    const Config &c = own->config;
    rcPolyMesh &polys = *work.polys;
    for (int i = 0; i < polys.npolys; i++) polys.flags[i] = polys.areas[i] == RC_NULL_AREA ? 0 : 1;
    dtNavMeshCreateParams params = {};
    params.verts = polys.verts, params.vertCount = polys.nverts, params.polys = polys.polys;
    params.polyAreas = polys.areas, params.polyFlags = polys.flags, params.polyCount = polys.npolys;
    params.nvp = polys.nvp;
    params.detailMeshes = work.detail->meshes, params.detailVerts = work.detail->verts;
    params.detailVertsCount = work.detail->nverts, params.detailTris = work.detail->tris;
    params.detailTriCount = work.detail->ntris;
    params.walkableHeight = c.height, params.walkableRadius = c.radius, params.walkableClimb = c.climb;
    params.tileX = (int)x, params.tileY = (int)z, params.buildBvTree = true;
    rcVcopy(params.bmin, bounds.low), rcVcopy(params.bmax, bounds.high);
    params.cs = c.cell, params.ch = c.cell_height;
    unsigned char *data = nullptr;
    int size_bytes = 0;
    if (!dtCreateNavMeshData(&params, &data, &size_bytes)) return NO_ROOM;
    if (dtStatusFailed(own->mesh->addTile(data, size_bytes, DT_TILE_FREE_DATA, 0, nullptr))) {
        dtFree(data);
        return NO_ROOM;
    }
    return (uint32_t)polys.npolys;
}

uint32_t lw_nav_bake(uint32_t number, uint32_t x, uint32_t z, const float *triangles, const uint8_t *walkable,
                     uint32_t count) {
    Mesh *own = nav_mesh(number);
    lw_nav_drop(number, x, z);
    if (!count) return 0;
    Bounds bounds = bounds_of(own->config, x, z, triangles, count);
    Work work;
    if (!rasterize(own->config, bounds, triangles, walkable, count, work) || !outline(own->config, work)) return NO_ROOM;
    sink(own->config, work, bounds);
    return work.polys->npolys ? add_tile(own, bounds, x, z, work) : 0;
}

uint32_t lw_nav_triangles(uint32_t number, uint32_t room, float *triangles) {
    const dtNavMesh *mesh = nav_mesh(number)->mesh;
    uint32_t found = 0;
    for (int t = 0; t < mesh->getMaxTiles(); t++) {
        const dtMeshTile *tile = mesh->getTile(t);
        for (int p = 0; tile->header && p < tile->header->polyCount; p++) {
            const dtPoly &poly = tile->polys[p];
            const dtPolyDetail &detail = tile->detailMeshes[p];
            for (uint32_t k = 0; k < detail.triCount; k++, found++) {
                const uint8_t *corners = tile->detailTris + 4 * (detail.triBase + k);
                for (int j = 0; j < 3 && found < room; j++) {
                    const float *from = corners[j] < poly.vertCount
                        ? tile->verts + 3 * poly.verts[corners[j]]
                        : tile->detailVerts + 3 * (detail.vertBase + corners[j] - poly.vertCount);
                    lw_copy(triangles + 9 * found + 3 * j, from, 3 * sizeof(float));
                }
            }
        }
    }
    return found;
}
