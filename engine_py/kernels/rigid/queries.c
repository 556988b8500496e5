/* Rays, moved shapes and overlaps. See rigid.h. */
#include "state.h"

static b3QueryFilter filter_of(uint32_t mask) {
    b3QueryFilter filter = b3DefaultQueryFilter();
    filter.maskBits = mask;
    return filter;
}

typedef struct { b3ShapeId shape; b3Vec3 point, normal; float share; bool found; } Nearest;

static float nearer(b3ShapeId shape, b3Pos point, b3Vec3 normal, float share, uint64_t material, int triangle, int child,
                    void *context) {
    (void)material, (void)triangle, (void)child;
    if (b3Shape_IsSensor(shape)) return -1.0f;
    *(Nearest *)context = (Nearest){shape, point, normal, share, true};
    return share;
}

static void put_hit(const Nearest *hit, uint32_t *slot, float *out) {
    *slot = hit->found ? slot_of(hit->shape) : 0xFFFFFFFFu;
    lw_zero(out, 7 * sizeof(float));
    out[0] = 1.0f;
    if (!hit->found) return;
    out[0] = hit->share, put3(out + 1, hit->point), put3(out + 4, hit->normal);
}

void lw_rigid_rays(uint32_t number, const float *rays, uint32_t count, uint32_t mask, uint32_t *slots, float *hits) {
    World *world = lw_world(number);
    for (uint32_t i = 0; i < count; i++) {
        Nearest hit = {0};
        b3World_CastRay(world->id, vec(rays + 6 * i), vec(rays + 6 * i + 3), filter_of(mask), nearer, &hit);
        put_hit(&hit, slots + i, hits + 7 * i);
    }
}

// The points and the radius that stand for a convex shape record at a rotation; 0 where it is none.
static b3ShapeProxy proxy_of(const float *record, b3Quat rotation, b3Vec3 *points) {
    b3ShapeProxy proxy = {points, 0, 0.0f};
    switch ((uint32_t)record[0]) {
        case LW_BOX:
            for (int i = 0; i < 8; i++)
                points[i] = (b3Vec3){i & 1 ? record[2] : -record[2], i & 2 ? record[3] : -record[3],
                                     i & 4 ? record[4] : -record[4]};
            proxy.count = 8;
            break;
        case LW_SPHERE: points[0] = (b3Vec3){0, 0, 0}, proxy.count = 1, proxy.radius = record[2]; break;
        case LW_CAPSULE:
            points[0] = (b3Vec3){0, -record[3], 0}, points[1] = (b3Vec3){0, record[3], 0};
            proxy.count = 2, proxy.radius = record[2];
            break;
        case LW_HULL: {
            const Template *of = lw_template((uint32_t)record[1]);
            if (of->kind != TEMPLATE_HULL) break;
            const b3HullData *hull = of->data;
            const b3Vec3 *from = b3GetHullPoints(hull);
            proxy.count = LW_MIN(hull->vertexCount, POINTS_MAX);
            for (int i = 0; i < proxy.count; i++) points[i] = from[i];
        }
    }
    b3Quat own = quat(record + 8);
    for (int i = 0; i < proxy.count; i++)
        points[i] = b3RotateVector(rotation, b3Add(vec(record + 5), b3RotateVector(own, points[i])));
    return proxy;
}

void lw_rigid_casts(uint32_t number, const float *shape, const float *poses, const float *ways, uint32_t count,
                    uint32_t mask, uint32_t *slots, float *hits) {
    World *world = lw_world(number);
    for (uint32_t i = 0; i < count; i++) {
        b3Vec3 points[POINTS_MAX];
        Nearest hit = {0};
        b3ShapeProxy proxy = proxy_of(shape, quat(poses + 7 * i + 3), points);
        if (proxy.count)
            b3World_CastShape(world->id, vec(poses + 7 * i), &proxy, vec(ways + 3 * i), filter_of(mask), nearer, &hit);
        put_hit(&hit, slots + i, hits + 7 * i);
    }
}

typedef struct { uint32_t *slots, room, found; } Found;

static bool collect(b3ShapeId shape, void *context) {
    Found *found = context;
    uint32_t slot = slot_of(shape);
    for (uint32_t i = 0; i < LW_MIN(found->found, found->room); i++)
        if (found->slots[i] == slot) return true;
    if (found->found < found->room) found->slots[found->found] = slot;
    found->found++;
    return true;
}

uint32_t lw_rigid_overlap(uint32_t number, const float *shape, const float *pose, uint32_t mask, uint32_t room,
                          uint32_t *slots) {
    b3Vec3 points[POINTS_MAX];
    Found found = {slots, room, 0};
    b3ShapeProxy proxy = proxy_of(shape, quat(pose + 3), points);
    if (proxy.count)
        b3World_OverlapShape(lw_world(number)->id, vec(pose), &proxy, filter_of(mask), collect, &found);
    return found.found;
}
