/* Worlds, bodies, steps and what comes out of them. See rigid.h.
 * Source: Box3D's manual (docs/), Erin Catto.
 */
#include "state.h"

static World worlds[WORLDS_MAX];
static uint32_t open_count;

World *lw_world(uint32_t number) { return &worlds[number - 1]; }

static void *allocate(int32_t size_bytes, int32_t alignment) { return (void)alignment, lw_pool_alloc((uint32_t)size_bytes); }
static int told(const char *condition, const char *file, int line) { return (void)condition, (void)file, (void)line, 0; }
static void logged(const char *text) { (void)text; }

uint32_t lw_rigid_open(float x, float y, float z) {
    uint32_t number = 0;
    while (number < WORLDS_MAX && worlds[number].room) number++;
    if (number == WORLDS_MAX) return 0;
    if (!open_count++) {
        b3SetAllocator(allocate, lw_pool_free);
        b3SetAssertFcn(told);
        b3SetLogFcn(logged);
    }
    b3WorldDef def = b3DefaultWorldDef();
    def.gravity = (b3Vec3){x, y, z};
    def.workerCount = 1, def.enqueueTask = lw_begin_task, def.finishTask = lw_end_task;
    World *world = &worlds[number];
    world->room = 256;
    world->bodies = lw_grow(NULL, 0, world->room * sizeof(b3BodyId));
    world->free_slots = lw_grow(NULL, 0, world->room * sizeof(uint32_t));
    world->id = b3CreateWorld(&def);
    return number + 1;
}

void lw_rigid_close(uint32_t number) {
    World *world = lw_world(number);
    b3DestroyWorld(world->id);
    lw_pool_free(world->bodies), lw_pool_free(world->free_slots), lw_pool_free(world->joints);
    *world = (World){0};
    if (!--open_count) {
        lw_clear_templates();
        lw_pool_clear();
    }
}

uint32_t lw_rigid_bytes(void) { return lw_pool_bytes(); }

void lw_rigid_gravity(uint32_t number, float x, float y, float z) {
    b3World_SetGravity(lw_world(number)->id, (b3Vec3){x, y, z});
}

static uint32_t take_slot(World *world) {
    if (world->free_count) return world->free_slots[--world->free_count];
    if (world->used == world->room) {
        uint32_t room = world->room * 2;
        world->bodies = lw_grow(world->bodies, world->room * sizeof(b3BodyId), room * sizeof(b3BodyId));
        world->free_slots = lw_grow(world->free_slots, world->room * sizeof(uint32_t), room * sizeof(uint32_t));
        world->room = room;
    }
    return world->used++;
}

static b3BodyId make_body(World *world, const float *pose, const float *body, const uint32_t *words, uint32_t slot) {
    b3BodyDef def = b3DefaultBodyDef();
    uint32_t flags = words[1];
    def.type = (b3BodyType)words[0];
    def.position = vec(pose), def.rotation = quat(pose + 3);
    def.linearDamping = body[4], def.angularDamping = body[5], def.gravityScale = body[6];
    def.linearVelocity = vec(body + 8), def.angularVelocity = vec(body + 11);
    def.isBullet = flags & LW_BULLET, def.enableSleep = !(flags & LW_NO_SLEEP), def.isAwake = !(flags & LW_ASLEEP);
    def.motionLocks = (b3MotionLocks){flags & LW_LOCK_X, flags & LW_LOCK_X << 1, flags & LW_LOCK_X << 2,
                                      flags & LW_LOCK_X << 3, flags & LW_LOCK_X << 4, flags & LW_LOCK_X << 5};
    def.userData = (void *)(uintptr_t)slot;
    return b3CreateBody(world->id, &def);
}

// By the density of its shapes: b3Body_SetMassData leaves the inertia in the world as it was until the body turns.
static void set_mass(b3BodyId id, float mass) {
    b3ShapeId shapes[POINTS_MAX];
    float now = b3Body_GetMass(id);
    if (!(now > 0)) return;
    int count = b3Body_GetShapes(id, shapes, POINTS_MAX);
    for (int i = 0; i < count; i++) b3Shape_SetDensity(shapes[i], b3Shape_GetDensity(shapes[i]) * (mass / now), false);
    b3Body_ApplyMassFromShapes(id);
}

uint32_t lw_rigid_add(uint32_t number, uint32_t count, const float *poses, const float *bodies, const uint32_t *words,
                      const float *shapes, uint32_t shape_count, uint32_t *slots) {
    World *world = lw_world(number);
    for (uint32_t i = 0; i < count; i++) {
        const float *body = bodies + LW_BODY_FLOATS * i;
        const uint32_t *word = words + LW_BODY_WORDS * i;
        uint32_t slot = take_slot(world);
        b3BodyId id = make_body(world, poses + 7 * i, body, word, slot);
        b3ShapeDef def = b3DefaultShapeDef();
        def.density = body[1];
        def.baseMaterial.friction = body[2], def.baseMaterial.restitution = body[3];
        def.baseMaterial.rollingResistance = body[7];
        def.filter = (b3Filter){word[2], word[3], (int)word[4]};
        def.isSensor = word[1] & LW_SENSOR;
        def.enableSensorEvents = true, def.enableContactEvents = true, def.updateBodyMass = false;
        for (uint32_t s = 0; s < shape_count; s++)
            lw_add_shape(id, &def, shapes + LW_SHAPE_FLOATS * s, vec(body + 14));
        if (word[0] != LW_STATIC) b3Body_ApplyMassFromShapes(id);  // of kinematic ones the extents, for their sleep
        if (word[0] == LW_DYNAMIC && body[0] > 0) set_mass(id, body[0]);
        world->bodies[slot] = id;
        slots[i] = slot;
    }
    return count;
}

void lw_rigid_remove(uint32_t number, const uint32_t *slots, uint32_t count) {
    World *world = lw_world(number);
    for (uint32_t i = 0; i < count; i++) {
        b3DestroyBody(world->bodies[slots[i]]);
        world->bodies[slots[i]] = b3_nullBodyId;
        world->free_slots[world->free_count++] = slots[i];
    }
}

void lw_rigid_command(uint32_t number, const uint32_t *heads, const float *values, uint32_t count, float dt) {
    World *world = lw_world(number);
    for (uint32_t i = 0; i < count; i++) {
        b3BodyId id = world->bodies[heads[2 * i]];
        const float *v = values + LW_COMMAND_FLOATS * i;
        switch (heads[2 * i + 1]) {
            case LW_IMPULSE: b3Body_ApplyLinearImpulseToCenter(id, vec(v), true); break;
            case LW_IMPULSE_AT: b3Body_ApplyLinearImpulse(id, vec(v), vec(v + 3), true); break;
            case LW_TURN_IMPULSE: b3Body_ApplyAngularImpulse(id, vec(v), true); break;
            case LW_FORCE: b3Body_ApplyForceToCenter(id, vec(v), true); break;
            case LW_FORCE_AT: b3Body_ApplyForce(id, vec(v), vec(v + 3), true); break;
            case LW_TORQUE: b3Body_ApplyTorque(id, vec(v), true); break;
            case LW_VELOCITY: b3Body_SetAwake(id, true), b3Body_SetLinearVelocity(id, vec(v)); break;
            case LW_SPIN: b3Body_SetAwake(id, true), b3Body_SetAngularVelocity(id, vec(v)); break;
            case LW_PLACE: b3Body_SetTransform(id, vec(v), quat(v + 3)), b3Body_SetAwake(id, true); break;
            case LW_TARGET: b3Body_SetTargetTransform(id, (b3WorldTransform){vec(v), quat(v + 3)}, dt, true); break;
            case LW_WAKE: b3Body_SetAwake(id, true); break;
            case LW_SLEEP: b3Body_SetAwake(id, false); break;
            case LW_ENABLE: b3Body_Enable(id); break;
            case LW_DISABLE: b3Body_Disable(id); break;
            case LW_GRAVITY_SCALE: b3Body_SetGravityScale(id, v[0]), b3Body_SetAwake(id, true); break;
            case LW_FRICTION:
            case LW_RESTITUTION: {
                b3ShapeId shapes[POINTS_MAX];
                int found = b3Body_GetShapes(id, shapes, POINTS_MAX);
                for (int s = 0; s < found; s++)
                    if (heads[2 * i + 1] == LW_FRICTION) b3Shape_SetFriction(shapes[s], v[0]);
                    else b3Shape_SetRestitution(shapes[s], v[0]);
            }
        }
    }
}

static bool is_lost(b3Vec3 p) {
    const float far = 1.0e5f;
    return !(b3AbsFloat(p.x) < far && b3AbsFloat(p.y) < far && b3AbsFloat(p.z) < far);  // NaN is no less
}

uint32_t lw_rigid_step(uint32_t number, float dt, uint32_t substeps, uint32_t room, uint32_t *slots, float *poses,
                       uint32_t *lost) {
    World *world = lw_world(number);
    lw_begin_tasks(world);
    b3World_Step(world->id, dt, (int)substeps);
    b3BodyEvents events = b3World_GetBodyEvents(world->id);
    uint32_t moved = 0, gone = 0;
    for (int i = 0; i < events.moveCount && moved + gone < room; i++) {
        const b3BodyMoveEvent *event = &events.moveEvents[i];
        if (is_lost(event->transform.p)) {
            slots[room - ++gone] = (uint32_t)(uintptr_t)event->userData;
            continue;
        }
        slots[moved] = (uint32_t)(uintptr_t)event->userData;
        float *pose = poses + 7 * moved++;
        put3(pose, event->transform.p), put3(pose + 3, event->transform.q.v), pose[6] = event->transform.q.s;
    }
    for (uint32_t i = 0; i < gone; i++) {  // to the end of the list of those that moved
        slots[moved + i] = slots[room - 1 - i];
        b3Body_Disable(world->bodies[slots[moved + i]]);
    }
    *lost = gone;
    return moved;
}

void lw_rigid_state(uint32_t number, const uint32_t *slots, uint32_t count, float *out) {
    World *world = lw_world(number);
    for (uint32_t i = 0; i < count; i++, out += LW_STATE_FLOATS) {
        b3BodyId id = world->bodies[slots[i]];
        b3WorldTransform pose = b3Body_GetTransform(id);
        put3(out, pose.p), put3(out + 3, pose.q.v), out[6] = pose.q.s;
        put3(out + 7, b3Body_GetLinearVelocity(id)), put3(out + 10, b3Body_GetAngularVelocity(id));
        out[13] = b3Body_GetMass(id), out[14] = b3Body_IsAwake(id);
        put3(out + 15, b3Body_GetWorldCenterOfMass(id));
    }
}

void lw_rigid_counts(uint32_t number, uint32_t *out) {
    World *world = lw_world(number);
    b3Counters counters = b3World_GetCounters(world->id);
    out[0] = (uint32_t)counters.bodyCount, out[1] = (uint32_t)b3World_GetAwakeBodyCount(world->id);
    out[2] = (uint32_t)counters.contactCount, out[3] = (uint32_t)counters.jointCount;
    out[4] = (uint32_t)counters.shapeCount, out[5] = (uint32_t)counters.islandCount;
}

static uint64_t mix(uint64_t hash, const void *data, uint32_t words) {
    const uint32_t *word = data;
    for (uint32_t i = 0; i < words; i++) hash = (hash ^ word[i]) * 0x100000001B3ull;
    return hash;
}

uint64_t lw_rigid_hash(uint32_t number) {
    World *world = lw_world(number);
    uint64_t hash = 0xCBF29CE484222325ull;
    for (uint32_t slot = 0; slot < world->used; slot++) {
        if (B3_IS_NULL(world->bodies[slot])) continue;
        float state[LW_STATE_FLOATS];
        lw_rigid_state(number, &slot, 1, state);
        hash = mix(mix(hash, &slot, 1), state, 13);
    }
    return hash;
}
