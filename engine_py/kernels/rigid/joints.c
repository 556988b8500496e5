/* Joints between two bodies, with limits, springs and motors. See rigid.h. */
#include "state.h"

static b3JointDef base_of(const World *world, uint32_t a, uint32_t b, const float *frames, bool collide) {
    b3JointDef base = b3DefaultWeldJointDef().base;
    base.bodyIdA = world->bodies[a], base.bodyIdB = world->bodies[b];
    base.localFrameA = (b3Transform){vec(frames), quat(frames + 3)};
    base.localFrameB = (b3Transform){vec(frames + 7), quat(frames + 10)};
    base.collideConnected = collide;
    return base;
}

static b3JointId make(const World *world, uint32_t kind, b3JointDef base, const float *v) {
    bool limits = v[0] <= v[1], spring = v[2] > 0, motor = v[5] > 0;
    switch (kind) {
        case LW_WELD: {
            b3WeldJointDef def = b3DefaultWeldJointDef();
            def.base = base, def.linearHertz = def.angularHertz = v[2];
            def.linearDampingRatio = def.angularDampingRatio = v[3];
            return b3CreateWeldJoint(world->id, &def);
        }
        case LW_HINGE: {
            b3RevoluteJointDef def = b3DefaultRevoluteJointDef();
            def.base = base, def.enableLimit = limits, def.enableSpring = spring, def.enableMotor = motor;
            if (limits) def.lowerAngle = v[0], def.upperAngle = v[1];
            def.hertz = v[2], def.dampingRatio = v[3], def.motorSpeed = v[4], def.maxMotorTorque = v[5];
            return b3CreateRevoluteJoint(world->id, &def);
        }
        case LW_SLIDER: {
            b3PrismaticJointDef def = b3DefaultPrismaticJointDef();
            def.base = base, def.enableLimit = limits, def.enableSpring = spring, def.enableMotor = motor;
            if (limits) def.lowerTranslation = v[0], def.upperTranslation = v[1];
            def.hertz = v[2], def.dampingRatio = v[3], def.motorSpeed = v[4], def.maxMotorForce = v[5];
            return b3CreatePrismaticJoint(world->id, &def);
        }
        case LW_BALL: {
            b3SphericalJointDef def = b3DefaultSphericalJointDef();
            def.base = base, def.enableConeLimit = limits, def.enableSpring = spring;
            if (limits) def.coneAngle = v[1];
            def.hertz = v[2], def.dampingRatio = v[3];
            return b3CreateSphericalJoint(world->id, &def);
        }
        default: {
            b3DistanceJointDef def = b3DefaultDistanceJointDef();
            def.base = base, def.length = v[6], def.enableSpring = true, def.hertz = v[2], def.dampingRatio = v[3];
            def.enableLimit = limits;
            if (limits) def.minLength = v[0], def.maxLength = v[1];
            return b3CreateDistanceJoint(world->id, &def);
        }
    }
}

uint32_t lw_rigid_join(uint32_t number, uint32_t kind, uint32_t a, uint32_t b, const float *frames, const float *values,
                       uint32_t collide) {
    World *world = lw_world(number);
    uint32_t place = 0;
    while (place < world->joint_used && b3Joint_IsValid(world->joints[place])) place++;
    if (place == world->joint_room) {
        uint32_t room = LW_MAX(64u, world->joint_room * 2);
        world->joints = lw_grow(world->joints, world->joint_room * sizeof(b3JointId), room * sizeof(b3JointId));
        world->joint_room = room;
    }
    world->joint_used = LW_MAX(world->joint_used, place + 1);
    world->joints[place] = make(world, kind, base_of(world, a, b, frames, collide), values);
    return place;
}

uint32_t lw_rigid_joint(uint32_t number, uint32_t joint, uint32_t what, float value, float *out) {
    World *world = lw_world(number);
    b3JointId id = world->joints[joint];
    if (!b3Joint_IsValid(id)) return 0;
    b3JointType type = b3Joint_GetType(id);
    bool hinge = type == b3_revoluteJoint, slider = type == b3_prismaticJoint;
    switch (what) {
        case LW_JOINT_END: b3DestroyJoint(id, true); return 1;
        case LW_JOINT_SPEED:
            if (hinge) b3RevoluteJoint_EnableMotor(id, true), b3RevoluteJoint_SetMotorSpeed(id, value);
            if (slider) b3PrismaticJoint_EnableMotor(id, true), b3PrismaticJoint_SetMotorSpeed(id, value);
            break;
        case LW_JOINT_STRENGTH:
            if (hinge) b3RevoluteJoint_SetMaxMotorTorque(id, value);
            if (slider) b3PrismaticJoint_SetMaxMotorForce(id, value);
            break;
        default:
            *out = hinge ? b3RevoluteJoint_GetAngle(id) : slider ? b3PrismaticJoint_GetTranslation(id)
                 : type == b3_distanceJoint ? b3DistanceJoint_GetCurrentLength(id) : 0.0f;
            return 1;
    }
    b3Joint_WakeBodies(id);
    return 1;
}
