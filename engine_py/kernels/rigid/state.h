/* What the files of this folder share. Not a contract. */
#ifndef LW_RIGID_STATE_H
#define LW_RIGID_STATE_H

#include "box3d/box3d.h"
#include "lw.h"
#include "pool.h"
#include "rigid.h"

enum { WORLDS_MAX = 64, POINTS_MAX = 64 };

typedef struct {
    b3WorldId id;
    b3BodyId *bodies;  // by slot; null ids are free
    uint32_t *free_slots;
    uint32_t room, used, free_count;
    b3JointId *joints;
    uint32_t joint_room, joint_used;
} World;

typedef enum { TEMPLATE_FREE, TEMPLATE_HULL, TEMPLATE_MESH, TEMPLATE_FIELD } TemplateKind;
typedef struct { TemplateKind kind; void *data; } Template;

World *lw_world(uint32_t number);
const Template *lw_template(uint32_t number);
void lw_clear_templates(void);
bool lw_add_shape(b3BodyId body, b3ShapeDef *def, const float *record, b3Vec3 scale);
void lw_begin_tasks(World *world);  // of a step: threads.c
void *lw_begin_task(void (*run)(void *), void *context, void *user, const char *name);
void lw_end_task(void *task, void *user);
void *lw_grow(void *old, uint32_t old_bytes, uint32_t new_bytes);

static inline b3Vec3 vec(const float *v) { return (b3Vec3){v[0], v[1], v[2]}; }
static inline b3Quat quat(const float *q) { return (b3Quat){{q[0], q[1], q[2]}, q[3]}; }
static inline uint32_t slot_of(b3ShapeId shape) {
    return (uint32_t)(uintptr_t)b3Body_GetUserData(b3Shape_GetBody(shape));
}
static inline void put3(float *to, b3Vec3 v) { to[0] = v.x, to[1] = v.y, to[2] = v.z; }

#endif
