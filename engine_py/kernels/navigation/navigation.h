/* Navigation: meshes of Recast and Detour (Mikko Mononen, zlib licence), driven by arrays.
 *
 * A mesh is a grid of square tiles over xz; each is baked by itself from the triangles that reach into it and joins its
 * neighbours. Every array is C-contiguous; places are 3 floats, metres. The same calls in the same order give the same
 * bytes on every host. Nothing here checks for finite numbers: layerw/navigation does, before it calls.
 *
 * A config is LW_NAV_CONFIG floats: west x, lowest y, north z, highest y of all tiles; cell and cell height in metres,
 * cells along a tile; height, radius and climb of who walks, metres; the steepest slope's cosine; the least ground that
 * is kept, square metres.
 * An agent is LW_NAV_AGENT floats: radius, height, speed, acceleration, distance that it keeps (a weight), whether it
 * gives way to others (0 or 1).
 */
#ifndef LW_NAVIGATION_H
#define LW_NAVIGATION_H

#include "lw.h"

enum { LW_NAV_CONFIG = 12, LW_NAV_AGENT = 6, LW_NAV_STATE = 10, LW_NAV_CIRCLE = 8 };
enum { LW_NAV_PATH_FOUND = 1, LW_NAV_PATH_WHOLE = 2, LW_NAV_PATH_CUT = 4 };
enum { LW_NAV_IDLE, LW_NAV_GOES, LW_NAV_LOST };

// A mesh without tiles; its number, or 0 where there are too many (32).
LW_KERNEL uint32_t lw_nav_open(const float *config, uint32_t tiles_x, uint32_t tiles_z);

// Ends a mesh and its agents; with the last one all memory goes as well.
LW_KERNEL void lw_nav_close(uint32_t mesh);

// Bytes that blocks in use take, of all meshes.
LW_KERNEL uint32_t lw_nav_bytes(void);

// Bakes a tile anew from `count` triangles of 9 floats that reach into it or its border; walkable: 0 for each that nobody
// stands on. Returns its polygons, 0 where nobody can walk there, 0xFFFFFFFF where there is no room for them.
LW_KERNEL uint32_t lw_nav_bake(uint32_t mesh, uint32_t x, uint32_t z, const float *triangles, const uint8_t *walkable,
                               uint32_t count);

// Metres around a tile from which triangles change it.
LW_KERNEL float lw_nav_border(uint32_t mesh);

// Takes a tile away.
LW_KERNEL void lw_nav_drop(uint32_t mesh, uint32_t x, uint32_t z);

// The nearest place of the mesh to each point within `reach` (half sides of a box): places, and whether there is one.
LW_KERNEL void lw_nav_nearest(uint32_t mesh, const float *points, uint32_t count, const float *reach, float *places,
                              uint32_t *found);

// Paths with at most `room` corners each, of 3 floats; counts and LW_NAV_PATH_ bits come out for each.
LW_KERNEL void lw_nav_paths(uint32_t mesh, const float *starts, const float *ends, uint32_t count, const float *reach,
                            uint32_t room, float *corners, uint32_t *counts, uint32_t *bits);

// Straight walks: the share of each way that there is ground for (1: all of it), the place there and the edge's normal:
// 7 floats; found: whether it began on the mesh.
LW_KERNEL void lw_nav_rays(uint32_t mesh, const float *starts, const float *ends, uint32_t count, const float *reach,
                           float *hits, uint32_t *found);

// Places, spread evenly over the mesh's ground; returns how many, 0 where there is none.
LW_KERNEL uint32_t lw_nav_random(uint32_t mesh, uint32_t seed, uint32_t count, float *places);

// The mesh as triangles of 9 floats; returns how many there are, at most `room` come out.
LW_KERNEL uint32_t lw_nav_triangles(uint32_t mesh, uint32_t room, float *triangles);

// Room for so many agents up to a radius; what was there ends. Returns whether there is.
LW_KERNEL uint32_t lw_nav_crowd(uint32_t mesh, uint32_t agents_max, float radius_max);

// Adds agents where they are nearest on the mesh; their numbers come out, 0xFFFFFFFF for those that no ground is near.
LW_KERNEL void lw_nav_add(uint32_t mesh, const float *places, const float *agents, uint32_t count, uint32_t *numbers);

// Ends agents.
LW_KERNEL void lw_nav_remove(uint32_t mesh, const uint32_t *numbers, uint32_t count);

// Changes what agents are.
LW_KERNEL void lw_nav_change(uint32_t mesh, const uint32_t *numbers, const float *agents, uint32_t count);

// Sends agents to places: the whole way is planned at once. found: LW_NAV_PATH_ bits; without ground near it stays.
LW_KERNEL void lw_nav_send(uint32_t mesh, const uint32_t *numbers, const float *places, uint32_t count,
                           const float *reach, uint32_t *found);

// Gives agents a velocity to keep to, as far as ground and others let them.
LW_KERNEL void lw_nav_steer(uint32_t mesh, const uint32_t *numbers, const float *velocities, uint32_t count);

// Agents stand and want nothing.
LW_KERNEL void lw_nav_halt(uint32_t mesh, const uint32_t *numbers, uint32_t count);

// Puts agents elsewhere, at rest; found: whether there is ground near.
LW_KERNEL void lw_nav_place(uint32_t mesh, const uint32_t *numbers, const float *places, uint32_t count,
                            uint32_t *found);

// Round things that agents give way to and that give way to nobody: place of the foot, velocity, radius, height
// (LW_NAV_CIRCLE floats) of each. Their numbers are agents' numbers: 0xFFFFFFFF comes in for new ones, and goes out where
// there is no room.
LW_KERNEL void lw_nav_avoid(uint32_t mesh, const float *circles, uint32_t count, uint32_t *numbers);

// One step of all agents of a mesh.
LW_KERNEL void lw_nav_step(uint32_t mesh, float dt);

// Place, velocity, wanted velocity (LW_NAV_STATE floats; the last one is LW_NAV_IDLE ...) of agents.
LW_KERNEL void lw_nav_state(uint32_t mesh, const uint32_t *numbers, uint32_t count, float *out);

#endif
