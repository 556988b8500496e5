/* Particle hydrodynamics: an incompressible fluid of particles in a basin, with a pressure solver that is split from the
 * other forces.
 *
 * Owns: its particles, a uniform grid and lists of neighbours, in blocks of the logic region. Works on as many threads
 * as there are; results are the same to the bit for any number (each particle gathers, in a fixed order).
 * Rest density is 1; metres and seconds. Limits: LW_SPH_PARTICLES_MAX; 128 neighbours a particle; walls are seen as
 * planes (exact for the basin, near for spheres, boxes and fields whose curvature is above the particles' spacing).
 *
 * Sources: Ihmsen, Orthmann, Solenthaler, Kolb, Teschner, "SPH fluids in computer graphics" (2014), splitting; Ihmsen,
 * Cornelis, Solenthaler, Horvath, Teschner, "Implicit incompressible SPH" (2014), p >= 0; Bender,
 * Koschier, "Divergence-free SPH" (2015), its factor as the diagonal; Koschier, Bender, "Density maps" (2017) and
 * Fujisawa, Miura, "An efficient boundary handling with a modified density calculation" (2015), walls as integrals;
 * Schechter, Bridson, "Ghost SPH" (2012), XSPH viscosity; Wendland (1995), the kernel; Green, "Particle simulation
 * using CUDA" (2010), counting sort. */
#ifndef LW_SPH_H
#define LW_SPH_H

#include "lw.h"

enum { LW_SPH_PARTICLES_MAX = 1 << 18, LW_SPH_CELLS_MAX = 1 << 22, LW_SPH_OBSTACLES_MAX = 32, LW_SPH_COUNT_MAX = 16,
       LW_SPH_TURNS_MAX = 256, LW_SPH_SUBSTEPS_MAX = 16 };
enum { LW_SPH_X, LW_SPH_Y, LW_SPH_Z, LW_SPH_VELOCITY, LW_SPH_ID, LW_SPH_DENSITY, LW_SPH_PRESSURE, LW_SPH_FIELDS };
enum { LW_SPH_SPHERE = 0, LW_SPH_BOX = 1 };
enum { LW_SPH_STAT_COUNT, LW_SPH_STAT_CAPACITY, LW_SPH_STAT_DROPPED, LW_SPH_STAT_BYTES,
       LW_SPH_STAT_SUBSTEPS, LW_SPH_STAT_TURNS };

// A simulation in the box lo..hi (a closed basin), for at most capacity particles that rest spacing apart. Returns its
// handle, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_create(uint32_t capacity, float spacing, float lo_x, float lo_y, float lo_z, float hi_x,
                                float hi_y, float hi_z);

// Frees a simulation. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_destroy(uint32_t simulation);

// Sets gravity (m/s2), XSPH viscosity (0 to 0.5) and the most turns of the pressure solver in a sub-step (2 to 256; 60 at
// first; it ends where the error is small). Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_configure(uint32_t simulation, float gravity_x, float gravity_y, float gravity_z,
                                   float viscosity, uint32_t turns_max);

// Adds an obstacle: a sphere (kind 0, radius a) or an axis-aligned box (kind 1, half sides a, b, c). Returns its number
// from 1, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_obstacle(uint32_t simulation, uint32_t kind, float x, float y, float z, float a, float b, float c);

// Takes ground heights from the stage: columns x rows floats, x fastest, spread over the basin's floor. They are copied.
// Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_ground(uint32_t simulation, uint32_t columns, uint32_t rows);

// The address of a stage of size_bytes, where a caller writes what it hands over; good until the next lw_sph_stage.
// 0 with the last error set.
LW_LAYER uint32_t lw_sph_stage(uint32_t simulation, uint32_t size_bytes);

// Adds count particles from the stage: six floats each, position and velocity. Their ids (u32) then stand at the
// stage's start. All or none. Returns count, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_spawn(uint32_t simulation, uint32_t count);

// Removes the particles whose count ids (u32) are on the stage. All or none. Returns count, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_despawn(uint32_t simulation, uint32_t count);

// Removes all particles in a box (a drain); lw_sph_statistic(0) says how many are left. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_drain(uint32_t simulation, float lo_x, float lo_y, float lo_z, float hi_x, float hi_y, float hi_z);

// One step of dt_s seconds (above 0, at most 0.1), in as many sub-steps (to LW_SPH_SUBSTEPS_MAX) as speed and pressure
// ask for. Particles change places: ask for the fields again. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_sph_step(uint32_t simulation, float dt_s);

// The address of a field: 0 x, 1 y, 2 z (floats), 3 velocity (4 floats, the last is 0), 4 ids (u32), 5 density and
// 6 pressure of the last step. Good until the next step, spawn or despawn. 0 with the last error set.
LW_LAYER uint32_t lw_sph_field(uint32_t simulation, uint32_t field);

// A figure: 0 particles, 1 capacity, 2 neighbours that the last step dropped for lack of room, 3 bytes of Layer memory,
// 4 sub-steps of the last step, 5 turns of the pressure solver in all of them.
LW_LAYER uint32_t lw_sph_statistic(uint32_t simulation, uint32_t which);

#endif
