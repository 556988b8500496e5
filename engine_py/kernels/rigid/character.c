/* Characters: upright capsules that walk, climb steps, ride what moves and push what is light. See rigid.h.
 *
 * A step is: be carried by what one stands on; walk, with slopes that are too steep turned into walls; where that is
 * blocked, try it a step higher; then either keep to the ground or fly. Planes come from Box3D (its capsule mover), which
 * rests a slop inside of them: the capsule here is so much thicker. Before it walks, what moves into it pushes it: a
 * kinematic body as far as it goes, a dynamic one by the momentum that it has, and is pushed back. What gives it more speed
 * upwards than LIFT, a blow, the program or a dynamic body under its feet that stops, takes it off the ground.
 * Source: Erin Catto, "Character mover", Box3D's and Box2D's manuals; the rest is what characters of games do.
 */
#include "state.h"

enum { PLANES_MAX = 24, ROUNDS = 5, MOVING_MAX = 32 };
#define SLOP 0.005f
#define MARGIN 0.02f  // planes are seen from so far
#define EDGE 0.03f    // how far inside of an edge the surface behind it is asked for
#define FAST_M 3.0f   // a step, what moves faster is not seen: 180 m/s
#define GRIP 6.0f     // m/s2 that feet on the ground lose of a blow
#define LIFT 1.5f     // m/s upwards that feet on the ground still hold against

typedef struct {
    float position[3];  // of the feet
    float velocity[3];
    float wish[3];      // m/s, along the ground
    float jump;         // m/s upwards, 0: none
    float radius, height, step, slope_cos, gravity, strength;
    float on_ground, ground_normal[3], local[3];  // local: the feet on the ground's body
    float ground_velocity[3], hit_ceiling, own_slot;
    float mass, blow[3], squeezed;  // blow: m/s along the ground that bodies gave it
} Mover;
_Static_assert(sizeof(Mover) == LW_MOVER_FLOATS * sizeof(float), "rigid.h says so");

typedef struct { b3CollisionPlane planes[PLANES_MAX]; b3Vec3 points[PLANES_MAX]; uint32_t slots[PLANES_MAX];
                 bool walkable[PLANES_MAX]; int count; } Planes;
typedef struct { World *world; Mover *mover; Planes *planes; uint32_t mask; b3Vec3 feet;
                 uint32_t only, without; } Ask;  // slots + 1; 0: all, none

static b3Capsule capsule_of(const Mover *m, float more) {
    float r = m->radius + SLOP, half = LW_MAX(m->height - 2 * m->radius, 0.0f);
    return (b3Capsule){{0, m->radius, 0}, {0, m->radius + half, 0}, r + more};
}

static b3QueryFilter mover_filter(uint32_t mask) {
    b3QueryFilter filter = b3DefaultQueryFilter();
    filter.maskBits = mask;
    return filter;
}

static bool meets(b3ShapeId shape, void *context) {
    const Ask *ask = context;
    uint32_t slot = slot_of(shape);
    if ((ask->only && slot + 1 != ask->only) || slot + 1 == ask->without) return false;
    return !b3Shape_IsSensor(shape) && slot != (uint32_t)(int32_t)ask->mover->own_slot;
}

typedef struct { const Ask *ask; b3Vec3 normal; bool hit; } Below;

static float below(b3ShapeId shape, b3Pos point, b3Vec3 normal, float share, uint64_t material, int triangle, int child,
                   void *context) {
    (void)point, (void)material, (void)triangle, (void)child;
    Below *found = context;
    if (!meets(shape, (void *)found->ask)) return -1.0f;
    found->normal = normal, found->hit = true;
    return share;
}

// Whether one stands on a plane: it is level enough, or it is an edge, low enough, of something that is.
static bool is_ground(const Ask *ask, b3Vec3 normal, b3Vec3 point) {
    const Mover *m = ask->mover;
    if (normal.y >= m->slope_cos) return true;
    if (normal.y < 0.02f || point.y - ask->feet.y > m->step + SLOP) return false;
    float flat = sqrtf(normal.x * normal.x + normal.z * normal.z);
    b3Vec3 start = {point.x - normal.x / flat * EDGE, point.y + EDGE, point.z - normal.z / flat * EDGE};
    Below found = {ask, {0, 0, 0}, false};
    b3World_CastRay(ask->world->id, start, (b3Vec3){0, -2 * EDGE, 0}, mover_filter(ask->mask), below, &found);
    return found.hit && found.normal.y >= m->slope_cos;
}

static bool collect(b3ShapeId shape, const b3PlaneResult *results, int count, void *context) {
    Ask *ask = context;
    Planes *all = ask->planes;
    if (!meets(shape, ask)) return true;
    for (int i = 0; i < count && all->count < PLANES_MAX; i++) {
        b3Plane plane = results[i].plane;
        plane.offset -= MARGIN;  // they were asked for from so much farther away
        all->points[all->count] = b3Add(results[i].point, ask->feet);
        all->slots[all->count] = slot_of(shape);
        all->planes[all->count++] = (b3CollisionPlane){plane, 3.4e38f, 0.0f, true};
    }
    return true;
}

static void gather(Ask *ask, b3Vec3 feet, Planes *planes) {
    b3Capsule capsule = capsule_of(ask->mover, MARGIN);
    planes->count = 0;
    ask->planes = planes, ask->feet = feet;
    b3World_CollideMover(ask->world->id, feet, &capsule, mover_filter(ask->mask), collect, ask);
    for (int i = 0; i < planes->count; i++)
        planes->walkable[i] = is_ground(ask, planes->planes[i].plane.normal, planes->points[i]);
}

static float cast(Ask *ask, b3Vec3 feet, b3Vec3 way) {
    b3Capsule capsule = capsule_of(ask->mover, 0);
    return b3World_CastMover(ask->world->id, feet, &capsule, way, mover_filter(ask->mask), meets, ask);
}

// What is light enough is pushed, with the strength that there is.
static void push(Ask *ask, const Planes *planes, b3Vec3 way, float dt) {
    for (int i = 0; i < planes->count; i++) {
        b3BodyId body = ask->world->bodies[planes->slots[i]];
        b3Vec3 into = b3Neg(planes->planes[i].plane.normal);
        into.y = 0;
        if (b3Body_GetType(body) != b3_dynamicBody || planes->walkable[i] || !(b3Dot(into, into) > 0.1f)) continue;
        into = b3Normalize(into);
        float wanted = b3Dot(way, into) / dt - b3Dot(b3Body_GetLinearVelocity(body), into);
        if (wanted <= 0) continue;
        float impulse = LW_MIN(wanted * b3Body_GetMass(body), ask->mover->strength * dt);
        b3Body_ApplyLinearImpulseToCenter(body, b3MulSV(impulse, into), true);
    }
}

// What stands has the last word: nothing that moves presses anybody through it.
static b3Vec3 solve(const Ask *ask, b3Vec3 way, Planes *used) {
    b3Vec3 delta = b3SolvePlanes(way, used->planes, used->count).delta;
    b3CollisionPlane fixed[PLANES_MAX];
    int count = 0;
    bool gives_in = false;
    for (int i = 0; i < used->count; i++) {
        if (b3Body_GetType(ask->world->bodies[used->slots[i]]) != b3_staticBody) continue;
        b3Plane plane = used->planes[i].plane;
        gives_in |= plane.offset - b3Dot(plane.normal, delta) > SLOP;
        fixed[count++] = (b3CollisionPlane){plane, 3.4e38f, 0.0f, true};
    }
    return gives_in && count < used->count ? b3SolvePlanes(delta, fixed, count).delta : delta;
}

// Moves along a way, sliding along what is met; `walls`: what is too steep to walk on is a wall.
static b3Vec3 slide(Ask *ask, b3Vec3 feet, b3Vec3 way, bool walls, Planes *planes) {
    b3Vec3 target = b3Add(feet, way);
    for (int round = 0; round < ROUNDS; round++) {
        gather(ask, feet, planes);
        Planes used = *planes;
        for (int i = 0; i < used.count; i++) {
            b3Plane *plane = &used.planes[i].plane;
            float flat = sqrtf(plane->normal.x * plane->normal.x + plane->normal.z * plane->normal.z);
            if (!walls || used.walkable[i] || plane->normal.y <= 0 || flat < 0.1f) continue;
            *plane = (b3Plane){{plane->normal.x / flat, 0, plane->normal.z / flat}, plane->offset / flat};
        }
        b3Vec3 delta = solve(ask, b3Sub(target, feet), &used);
        delta = b3MulSV(cast(ask, feet, delta), delta);
        feet = b3Add(feet, delta);
        if (b3Dot(delta, delta) < 1e-8f) break;
    }
    gather(ask, feet, planes);
    return feet;
}

static float level_way(b3Vec3 a, b3Vec3 b) { return sqrtf((a.x - b.x) * (a.x - b.x) + (a.z - b.z) * (a.z - b.z)); }

static int ground_of(const Planes *planes) {
    int best = -1;
    for (int i = 0; i < planes->count; i++)
        if (planes->walkable[i] && (best < 0 || planes->planes[i].plane.normal.y > planes->planes[best].plane.normal.y))
            best = i;
    return best;
}

// Ground is seen from a margin above it: the rest of the way.
static void settle(Ask *ask, b3Vec3 *feet, Planes *planes) {
    b3Plane plane = planes->planes[ground_of(planes)].plane;
    float gap = (SLOP - plane.offset) / LW_MAX(plane.normal.y, 0.3f);
    if (gap < 1e-3f) return;
    b3Vec3 way = {0, -gap, 0};
    *feet = b3Add(*feet, b3MulSV(cast(ask, *feet, way), way));
    gather(ask, *feet, planes);
}

// Down to the ground within a reach; false where there is none to stand on, and nothing moved.
static bool keep_to_ground(Ask *ask, b3Vec3 *feet, float reach, Planes *planes) {
    gather(ask, *feet, planes);
    if (ground_of(planes) >= 0) {
        settle(ask, feet, planes);
        return true;
    }
    b3Vec3 way = {0, -reach, 0};
    float share = cast(ask, *feet, way);
    if (share >= 1.0f) return false;
    b3Vec3 there = b3Add(*feet, b3MulSV(share, way));
    gather(ask, there, planes);
    if (ground_of(planes) < 0) return false;
    *feet = there;
    return true;
}

static b3Vec3 step_up(Ask *ask, b3Vec3 start, b3Vec3 way, b3Vec3 blocked, Planes *planes) {
    Planes tried;
    float up = ask->mover->step * cast(ask, start, (b3Vec3){0, ask->mover->step, 0});
    b3Vec3 feet = slide(ask, b3Add(start, (b3Vec3){0, up, 0}), way, true, &tried);
    if (level_way(feet, start) <= level_way(blocked, start) + 1e-3f) return blocked;
    if (!keep_to_ground(ask, &feet, up + SLOP, &tried)) return blocked;
    *planes = tried;
    return feet;
}

static void carry(Ask *ask, uint32_t ground) {
    Mover *m = ask->mover;
    if (m->on_ground == 0 || ground >= ask->world->used || B3_IS_NULL(ask->world->bodies[ground])) return;
    b3BodyId body = ask->world->bodies[ground];
    if (b3Body_GetType(body) == b3_staticBody) return;
    b3Vec3 to = b3Body_GetWorldPoint(body, vec(m->local)), way = b3Sub(to, vec(m->position));
    if (b3Dot(way, way) < 1.0f) put3(m->position, to);  // farther: it was put somewhere else
}

typedef struct { Ask *ask; uint32_t slots[MOVING_MAX]; int count; } Moving;

static bool see(b3ShapeId shape, void *context) {
    Moving *found = context;
    if (found->count >= MOVING_MAX) return false;  // which ends one tree of three: the others ask again
    uint32_t slot = slot_of(shape);
    if (!meets(shape, found->ask) || b3Body_GetType(b3Shape_GetBody(shape)) == b3_staticBody) return true;
    for (int i = 0; i < found->count; i++)
        if (found->slots[i] == slot) return true;
    found->slots[found->count++] = slot;
    return true;
}

// What came so far in one step that it may be through: seen from the body, the capsule came. A kinematic one takes it along
// to where they touch, a dynamic one is put there.
static void sweep(Ask *ask, uint32_t slot, float dt) {
    Mover *m = ask->mover;
    b3BodyId body = ask->world->bodies[slot];
    b3Vec3 feet = vec(m->position), middle = {feet.x, feet.y + m->height / 2, feet.z};
    b3Vec3 way = b3MulSV(dt, b3Body_GetWorldPointVelocity(body, middle));
    if (b3Dot(way, way) < 0.0625f * m->radius * m->radius) return;
    ask->only = slot + 1;
    float share = cast(ask, b3Add(feet, way), b3Neg(way));
    ask->only = 0;
    if (share >= 1.0f) return;
    b3Vec3 rest = b3MulSV(1.0f - share, way);
    if (b3Body_GetType(body) == b3_dynamicBody) {
        b3Body_SetTransform(body, b3Sub(b3Body_GetPosition(body), rest), b3Body_GetRotation(body));
        return;
    }
    Planes planes;
    ask->without = slot + 1;
    put3(m->position, slide(ask, feet, rest, true, &planes));
    ask->without = 0;
}

// A dynamic body that comes and the character part as two clumps do, at the speed that both have then; one that stands takes
// from above whatever comes.
static void take_blow(Ask *ask, uint32_t slot, b3Plane plane, b3Vec3 point, float dt) {
    Mover *m = ask->mover;
    b3BodyId body = ask->world->bodies[slot];
    b3Vec3 n = plane.normal, arm = b3Sub(point, b3Body_GetWorldCenterOfMass(body)), turn = b3Cross(arm, n);
    float speed = b3Dot(b3Body_GetWorldPointVelocity(body, point), n) - LW_MAX(b3Dot(vec(m->velocity), n), 0.0f);
    float mass = b3Body_GetMass(body);
    bool is_braced = m->on_ground != 0 && n.y < -0.5f;
    if (plane.offset > SLOP) {
        float share = is_braced ? 1.0f : m->mass / (m->mass + mass);
        b3Vec3 back = b3MulSV((plane.offset - SLOP) * share, n);
        b3Body_SetTransform(body, b3Sub(b3Body_GetPosition(body), back), b3Body_GetRotation(body));
    }
    if (speed <= 0 || plane.offset + speed * dt < 0) return;
    float light = 1 / mass + b3Dot(turn, b3MulMV(b3Body_GetWorldInverseRotationalInertia(body), turn));
    float impulse = speed / (light + (is_braced ? 0.0f : 1 / m->mass));
    b3Body_ApplyLinearImpulse(body, b3MulSV(-impulse, n), point, true);
    if (is_braced) return;
    m->blow[0] += impulse / m->mass * n.x, m->blow[2] += impulse / m->mass * n.z;
    if (n.y > 0 || m->on_ground == 0) m->velocity[1] += impulse / m->mass * n.y;
}

// What one stands on, and threw up, is slower now than weight alone makes it: one flies on as fast as it was.
static void be_thrown(const Ask *ask, uint32_t ground, float dt) {
    Mover *m = ask->mover;
    if (m->on_ground == 0 || ground >= ask->world->used || B3_IS_NULL(ask->world->bodies[ground])) return;
    b3BodyId body = ask->world->bodies[ground];
    if (b3Body_GetType(body) != b3_dynamicBody) return;
    float was = m->ground_velocity[1], is = b3Body_GetWorldPointVelocity(body, vec(m->position)).y;
    if (was - is > LIFT - LW_MIN(m->gravity, 0.0f) * dt) m->velocity[1] = LW_MAX(m->velocity[1], was);
}

static void be_pushed(Ask *ask, uint32_t ground, float dt) {
    Mover *m = ask->mover;
    Moving moving = {.ask = ask};
    b3Vec3 feet = vec(m->position), room = {m->radius + FAST_M, FAST_M, m->radius + FAST_M};
    b3AABB box = {b3Sub(feet, room), b3Add(b3Add(feet, (b3Vec3){0, m->height, 0}), room)};
    b3World_OverlapAABB(ask->world->id, box, mover_filter(ask->mask), see, &moving);
    for (int i = 0; i < moving.count; i++)
        if (moving.slots[i] != ground) sweep(ask, moving.slots[i], dt);
    if (!moving.count) return;
    Planes planes;
    gather(ask, vec(m->position), &planes);
    for (int i = 0; i < planes.count; i++)
        if (planes.slots[i] != ground && !planes.walkable[i] &&
            b3Body_GetType(ask->world->bodies[planes.slots[i]]) == b3_dynamicBody)
            take_blow(ask, planes.slots[i], planes.planes[i].plane, planes.points[i], dt);
}

// How fast a blow still moves it after this step: feet on the ground hold against it, and so do walls.
static void lose_blow(Mover *m, b3Vec3 way, float dt) {
    float speed = sqrtf(m->blow[0] * m->blow[0] + m->blow[2] * m->blow[2]);
    if (speed <= 0) return;
    float went = (way.x * m->blow[0] + way.z * m->blow[2]) / (speed * dt);
    float left = LW_MAX(LW_MIN(speed, LW_MAX(went, 0.5f * speed)) - (m->on_ground != 0 ? GRIP * dt : 0.0f), 0.0f);
    m->blow[0] *= left / speed, m->blow[2] *= left / speed;
}

static void land(Ask *ask, const Planes *planes, b3Vec3 feet, uint32_t *ground) {
    Mover *m = ask->mover;
    int best = ground_of(planes);
    m->on_ground = best >= 0;
    *ground = 0xFFFFFFFFu;
    put3(m->ground_velocity, (b3Vec3){0, 0, 0});
    if (best < 0) return;
    *ground = planes->slots[best];
    b3BodyId body = ask->world->bodies[*ground];
    put3(m->ground_normal, planes->planes[best].plane.normal);
    put3(m->local, b3Body_GetLocalPoint(body, feet));
    put3(m->ground_velocity, b3Body_GetWorldPointVelocity(body, feet));
}

static void move_one(World *world, Mover *m, uint32_t mask, uint32_t *ground, float dt) {
    Ask ask = {.world = world, .mover = m, .mask = mask};
    Planes planes;
    carry(&ask, *ground);
    be_thrown(&ask, *ground, dt);
    be_pushed(&ask, *ground, dt);
    bool lifted = m->on_ground == 0 || m->velocity[1] > LIFT, walks = !lifted && m->jump <= 0;
    b3Vec3 feet = vec(m->position), before = feet, wish = {m->wish[0] * dt, 0, m->wish[2] * dt};
    b3Vec3 way = b3Add(wish, (b3Vec3){m->blow[0] * dt, 0, m->blow[2] * dt});
    float jump = m->jump + LW_MAX(m->ground_velocity[1], 0.0f);
    if (m->on_ground != 0 && m->jump > 0) m->velocity[1] = LW_MAX(jump, m->velocity[1]);
    else m->velocity[1] = walks ? 0 : m->velocity[1] + m->gravity * dt;
    b3Vec3 after = slide(&ask, feet, way, true, &planes);
    push(&ask, &planes, wish, dt);
    float wanted = sqrtf(way.x * way.x + way.z * way.z);
    if (walks && level_way(after, feet) < 0.9f * wanted) after = step_up(&ask, feet, way, after, &planes);
    feet = after;
    m->hit_ceiling = 0;
    if (!walks || !keep_to_ground(&ask, &feet, m->step + MARGIN, &planes)) {
        float rise = m->velocity[1] * dt, was = feet.y;
        feet = slide(&ask, feet, (b3Vec3){0, rise, 0}, false, &planes);
        if (rise > 0 && feet.y - was < 0.5f * rise) m->velocity[1] = 0, m->hit_ceiling = 1;
        if (rise > 0 && !m->hit_ceiling) planes.count = 0;  // on its way up
        if (ground_of(&planes) >= 0) settle(&ask, &feet, &planes);
    }
    land(&ask, &planes, feet, ground);
    if (m->on_ground != 0) m->velocity[1] = 0;
    m->squeezed = 0;
    for (int i = 0; i < planes.count; i++)
        if (planes.planes[i].plane.offset > SLOP + MARGIN) m->squeezed = 1;
    lose_blow(m, b3Sub(feet, before), dt);
    m->velocity[0] = (feet.x - before.x) / dt, m->velocity[2] = (feet.z - before.z) / dt;
    put3(m->position, feet);
    m->jump = 0;
}

void lw_rigid_movers(uint32_t number, uint32_t count, float *movers, const uint32_t *masks, uint32_t *grounds, float dt) {
    for (uint32_t i = 0; i < count; i++)
        move_one(lw_world(number), (Mover *)(movers + LW_MOVER_FLOATS * i), masks[i], grounds + i, dt);
}

uint32_t lw_rigid_fits(uint32_t number, const float *mover, uint32_t mask, float height) {
    Mover tall = *(const Mover *)mover;
    b3Vec3 head = {0, height - tall.height, 0};
    Ask ask = {.world = lw_world(number), .mover = &tall, .mask = mask, .feet = vec(tall.position)};
    return cast(&ask, ask.feet, head) >= 1.0f;
}
