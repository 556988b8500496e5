/* Contacts and what began and ended. See rigid.h. */
#include "state.h"

static uint32_t touching(b3ContactData *data, int count, uint32_t own, uint32_t found, uint32_t room, uint32_t *pairs,
                         float *values) {
    for (int c = 0; c < count; c++) {
        uint32_t a = slot_of(data[c].shapeIdA), b = slot_of(data[c].shapeIdB);
        b3BodyId body_a = b3Shape_GetBody(data[c].shapeIdA);
        bool first_tells = b3Body_GetType(body_a) == b3_dynamicBody && b3Body_IsAwake(body_a);
        if (own != (first_tells ? a : b)) continue;  // one of the two tells of it
        for (int m = 0; m < data[c].manifoldCount; m++) {
            const b3Manifold *manifold = &data[c].manifolds[m];
            if (!manifold->pointCount) continue;
            if (found < room) {
                // Box3D adds a sub-step's impulse up twice: as it solves, and as it relaxes.
                b3Vec3 point = {0}, center = b3Body_GetWorldCenterOfMass(body_a);
                float impulse = 0, depth = 0;
                for (int p = 0; p < manifold->pointCount; p++) {
                    point = b3Add(point, manifold->points[p].anchorA);
                    impulse += manifold->points[p].totalNormalImpulse;
                    depth = LW_MAX(depth, -manifold->points[p].separation);
                }
                point = b3Add(center, b3MulSV(1.0f / (float)manifold->pointCount, point));
                float *out = values + LW_CONTACT_FLOATS * found;
                pairs[2 * found] = a, pairs[2 * found + 1] = b;
                put3(out, point), put3(out + 3, manifold->normal), out[6] = impulse * 0.5f, out[7] = depth;
            }
            found++;
        }
    }
    return found;
}

uint32_t lw_rigid_contacts(uint32_t number, uint32_t room, uint32_t *pairs, float *values) {
    World *world = lw_world(number);
    uint32_t found = 0;
    for (uint32_t slot = 0; slot < world->used; slot++) {
        b3BodyId id = world->bodies[slot];
        if (B3_IS_NULL(id) || b3Body_GetType(id) != b3_dynamicBody || !b3Body_IsAwake(id)) continue;
        int capacity = b3Body_GetContactCapacity(id);
        if (!capacity) continue;
        b3ContactData *data = lw_pool_alloc((uint32_t)capacity * sizeof(b3ContactData));
        int count = b3Body_GetContactData(id, data, capacity);
        found = touching(data, count, slot, found, room, pairs, values);
        lw_pool_free(data);
    }
    return found;
}

static uint32_t tell(uint32_t kind, b3ShapeId a, b3ShapeId b, uint32_t found, uint32_t room, uint32_t *triples) {
    if (!b3Shape_IsValid(a) || !b3Shape_IsValid(b)) return found;  // gone since
    if (found < room) {
        uint32_t *out = triples + 3 * found;
        out[0] = kind, out[1] = slot_of(a), out[2] = slot_of(b);
    }
    return found + 1;
}

uint32_t lw_rigid_events(uint32_t number, uint32_t room, uint32_t *triples) {
    b3WorldId id = lw_world(number)->id;
    b3ContactEvents touch = b3World_GetContactEvents(id);
    b3SensorEvents sensor = b3World_GetSensorEvents(id);
    uint32_t n = 0;
    for (int i = 0; i < touch.beginCount; i++)
        n = tell(0, touch.beginEvents[i].shapeIdA, touch.beginEvents[i].shapeIdB, n, room, triples);
    for (int i = 0; i < touch.endCount; i++)
        n = tell(1, touch.endEvents[i].shapeIdA, touch.endEvents[i].shapeIdB, n, room, triples);
    for (int i = 0; i < sensor.beginCount; i++)
        n = tell(2, sensor.beginEvents[i].sensorShapeId, sensor.beginEvents[i].visitorShapeId, n, room, triples);
    for (int i = 0; i < sensor.endCount; i++)
        n = tell(3, sensor.endEvents[i].sensorShapeId, sensor.endEvents[i].visitorShapeId, n, room, triples);
    return n;
}
