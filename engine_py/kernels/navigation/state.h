/* What the files of this folder share. Not a contract. */
#ifndef LW_NAVIGATION_STATE_H
#define LW_NAVIGATION_STATE_H

#include "DetourCrowd.h"
#include "DetourNavMesh.h"
#include "DetourNavMeshQuery.h"

extern "C" {
#include "navigation.h"
#include "pool.h"
}

enum { MESHES_MAX = 32, PATH_POLYS_MAX = 2048, NODES_MAX = 16384 };

struct Config {
    float west, low, north, high, cell, cell_height, tile_cells, height, radius, climb, steepest, least_m2;
};

struct Mesh {
    Config config;
    uint32_t tiles_x, tiles_z, steps;
    dtNavMesh *mesh;
    dtNavMeshQuery *query;
    dtQueryFilter *filter;
    dtCrowd *crowd;
    float radius_max;
    dtPolyRef *path;  // PATH_POLYS_MAX
    bool is_open;
};

Mesh *nav_mesh(uint32_t number);

#endif
