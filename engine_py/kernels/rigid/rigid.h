/* Rigid bodies: worlds of Box3D (Erin Catto, MIT), driven by arrays.
 *
 * A world holds bodies, named by slots that are used again once a body is gone; what a slot means is the caller's. Shapes
 * are templates, made once and shared by any number of bodies. Every array is C-contiguous; poses are 7 floats (metres,
 * unit quaternion xyzw), velocities 6 (m/s, rad/s). The same calls in the same order give the same bytes on every host.
 * Nothing here checks for finite numbers or living slots: layerw/physics does, before it calls.
 *
 * A shape record is LW_SHAPE_FLOATS floats: kind (below), the number of a hull, mesh or field, up to three sizes in
 * metres (box: half sides; sphere: radius; capsule: radius, half of the segment along y), a pose
 * within the body.
 * A body record is LW_BODY_FLOATS floats: mass (0: from density), density, friction, restitution, linear damping,
 * angular damping, gravity scale, rolling resistance, velocity (6), scale of the shapes (3), and a record of
 * LW_BODY_WORDS words: type, flags, category and mask (layers), group.
 */
#ifndef LW_RIGID_H
#define LW_RIGID_H

#include "lw.h"

enum { LW_SHAPE_FLOATS = 12, LW_BODY_FLOATS = 17, LW_BODY_WORDS = 5, LW_CONTACT_FLOATS = 8, LW_COMMAND_FLOATS = 8,
       LW_MOVER_FLOATS = 33, LW_STATE_FLOATS = 18 };
enum { LW_BOX, LW_SPHERE, LW_CAPSULE, LW_HULL, LW_MESH, LW_FIELD };
enum { LW_STATIC, LW_KINEMATIC, LW_DYNAMIC };
enum { LW_WELD, LW_HINGE, LW_SLIDER, LW_BALL, LW_SPRING };
enum { LW_JOINT_READ, LW_JOINT_END, LW_JOINT_SPEED, LW_JOINT_STRENGTH };
enum { LW_BULLET = 1, LW_SENSOR = 2, LW_NO_SLEEP = 4, LW_ASLEEP = 8, LW_LOCK_X = 16 /* y, z, turns x, y, z follow */ };
enum { LW_IMPULSE, LW_IMPULSE_AT, LW_TURN_IMPULSE, LW_FORCE, LW_TORQUE, LW_VELOCITY, LW_SPIN, LW_PLACE, LW_TARGET,
       LW_WAKE, LW_SLEEP, LW_ENABLE, LW_DISABLE, LW_GRAVITY_SCALE, LW_FRICTION, LW_RESTITUTION, LW_FORCE_AT };

// A world with this gravity; its number, or 0 where there are too many (64).
LW_KERNEL uint32_t lw_rigid_open(float x, float y, float z);

// Ends a world and all in it; with the last one templates and memory go as well.
LW_KERNEL void lw_rigid_close(uint32_t world);

// Bytes that blocks in use take, of all worlds.
LW_KERNEL uint32_t lw_rigid_bytes(void);

// Threads that steps run on; 0: one was lost within a step, and all since run on one (threads.c).
LW_KERNEL uint32_t lw_rigid_threads(void);

// Gravity from now on, m/s2; wakes nobody.
LW_KERNEL void lw_rigid_gravity(uint32_t world, float x, float y, float z);

// A convex hull around `count` points as a template; 0 where they span no volume.
LW_KERNEL uint32_t lw_rigid_hull(const float *points, uint32_t count, uint32_t corners_max);

// A triangle mesh as a template, for static bodies; 0 where no triangle has an area.
LW_KERNEL uint32_t lw_rigid_mesh(const float *positions, uint32_t vertices, const uint32_t *indices,
                                 uint32_t triangles);

// A height field as a template: heights[row][column], columns along x, cells of sx by sz metres, from its first corner.
// Heights are kept in 65,535 steps between low and high: the same for all that lie beside each other.
LW_KERNEL uint32_t lw_rigid_field(const float *heights, uint32_t columns, uint32_t rows, float sx, float sz, float low,
                                  float high);

// Drops a mesh or field that no body uses any more.
LW_KERNEL void lw_rigid_drop(uint32_t template_number);

// Adds `count` bodies of one list of shapes; their slots come out. Returns how many were made.
LW_KERNEL uint32_t lw_rigid_add(uint32_t world, uint32_t count, const float *poses, const float *bodies,
                                const uint32_t *words, const float *shapes, uint32_t shape_count, uint32_t *slots);

// Ends bodies.
LW_KERNEL void lw_rigid_remove(uint32_t world, const uint32_t *slots, uint32_t count);

// Runs commands: heads are (slot, LW_IMPULSE ...), values LW_COMMAND_FLOATS floats each.
LW_KERNEL void lw_rigid_command(uint32_t world, const uint32_t *heads, const float *values, uint32_t count, float dt);

// One step; slots and poses of the bodies that moved come out, at most `room`. Those that left all bounds (100 km) or
// have no place any more are stopped there: their slots come out last, `lost` counts them.
LW_KERNEL uint32_t lw_rigid_step(uint32_t world, float dt, uint32_t substeps, uint32_t room, uint32_t *slots,
                                 float *poses, uint32_t *lost);

// Pose, velocities, mass, whether it is awake, and the centre of mass (LW_STATE_FLOATS floats) of bodies.
LW_KERNEL void lw_rigid_state(uint32_t world, const uint32_t *slots, uint32_t count, float *out);

// Contacts that touch, of bodies that are awake: pairs of slots with LW_CONTACT_FLOATS floats: point, normal from the
// first to the second, impulse of the last step (Ns), depth. Returns how many there are; at most `room` come out.
LW_KERNEL uint32_t lw_rigid_contacts(uint32_t world, uint32_t room, uint32_t *pairs, float *values);

// What the last step began and ended: triples (kind, slot, slot): 0 touch began, 1 ended, 2 a sensor (first) was entered,
// 3 left. Returns how many there are; at most `room` come out.
LW_KERNEL uint32_t lw_rigid_events(uint32_t world, uint32_t room, uint32_t *triples);

// Counts: bodies, awake bodies, contacts, joints, shapes, islands.
LW_KERNEL void lw_rigid_counts(uint32_t world, uint32_t *out);

// FNV-1a over poses and velocities of all bodies by slot.
LW_KERNEL uint64_t lw_rigid_hash(uint32_t world);

// Nearest hits of rays (origin, way in metres: 6 floats) with shapes of these layers: slots (or 0xFFFFFFFF), and 7 floats
// each: share of the way, point, normal.
LW_KERNEL void lw_rigid_rays(uint32_t world, const float *rays, uint32_t count, uint32_t mask, uint32_t *slots,
                             float *hits);

// As rays, of a convex shape record that is moved from poses (7 floats) by ways (3 floats).
LW_KERNEL void lw_rigid_casts(uint32_t world, const float *shape, const float *poses, const float *ways, uint32_t count,
                              uint32_t mask, uint32_t *slots, float *hits);

// Slots of the bodies that a convex shape record at a pose overlaps; returns how many, at most `room` come out.
LW_KERNEL uint32_t lw_rigid_overlap(uint32_t world, const float *shape, const float *pose, uint32_t mask, uint32_t room,
                                    uint32_t *slots);

// One step of characters: LW_MOVER_FLOATS floats each, in and out (character.c: Mover), the layers that they meet, and the slot
// that each stands on.
LW_KERNEL void lw_rigid_movers(uint32_t world, uint32_t count, float *movers, const uint32_t *masks, uint32_t *grounds,
                               float dt);

// Whether a character may grow to this height where it stands.
LW_KERNEL uint32_t lw_rigid_fits(uint32_t world, const float *mover, uint32_t mask, float height);

// A joint of two bodies at two poses (7 floats each, within each body): a hinge turns about their z, a slider goes along
// their x. values: lower and upper limit (lower above upper: none), spring Hz (0: none) and damping, motor speed and
// strength (0: none), length of a spring. Returns its number.
LW_KERNEL uint32_t lw_rigid_join(uint32_t world, uint32_t kind, uint32_t a, uint32_t b, const float *frames,
                                 const float *values, uint32_t collide);

// Reads a joint's angle, way or length into `out`, or changes it; 0 where it has ended, with one of its bodies.
LW_KERNEL uint32_t lw_rigid_joint(uint32_t world, uint32_t joint, uint32_t what, float value, float *out);

#endif
