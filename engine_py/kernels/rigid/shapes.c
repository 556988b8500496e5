/* Templates of shapes, and shapes of bodies made from records. See rigid.h. */
#include "state.h"

static Template *templates;
static uint32_t template_room;

void *lw_grow(void *old, uint32_t old_bytes, uint32_t new_bytes) {
    uint8_t *made = lw_pool_alloc(new_bytes);
    if (old) lw_copy(made, old, old_bytes);
    lw_zero(made + old_bytes, new_bytes - old_bytes);
    lw_pool_free(old);
    return made;
}

static uint32_t keep(TemplateKind kind, void *data) {
    if (!data) return 0;
    uint32_t number = 1;
    while (number < template_room && templates[number].kind != TEMPLATE_FREE) number++;
    if (number >= template_room) {
        uint32_t room = LW_MAX(64u, template_room * 2);
        templates = lw_grow(templates, template_room * sizeof(Template), room * sizeof(Template));
        template_room = room;
    }
    templates[number] = (Template){kind, data};
    return number;
}

const Template *lw_template(uint32_t number) {
    static const Template none = {TEMPLATE_FREE, NULL};
    return number < template_room ? &templates[number] : &none;
}

void lw_rigid_drop(uint32_t number) {
    if (number >= template_room) return;
    switch (templates[number].kind) {
        case TEMPLATE_HULL: b3DestroyHull(templates[number].data); break;
        case TEMPLATE_MESH: b3DestroyMesh(templates[number].data); break;
        case TEMPLATE_FIELD: b3DestroyHeightField(templates[number].data); break;
        case TEMPLATE_FREE: break;
    }
    templates[number] = (Template){TEMPLATE_FREE, NULL};
}

void lw_clear_templates(void) {
    for (uint32_t i = 0; i < template_room; i++) lw_rigid_drop(i);
    lw_pool_free(templates);
    templates = NULL, template_room = 0;
}

uint32_t lw_rigid_hull(const float *points, uint32_t count, uint32_t corners_max) {
    return keep(TEMPLATE_HULL, b3CreateHull((const b3Vec3 *)points, (int)count, (int)corners_max));
}

uint32_t lw_rigid_mesh(const float *positions, uint32_t vertices, const uint32_t *indices, uint32_t triangles) {
    b3MeshDef def = {0};
    def.vertices = (b3Vec3 *)positions, def.vertexCount = (int)vertices;
    def.indices = (int32_t *)indices, def.triangleCount = (int)triangles;
    def.identifyEdges = true, def.weldVertices = true, def.weldTolerance = 1e-4f, def.useMedianSplit = true;
    return keep(TEMPLATE_MESH, b3CreateMesh(&def, NULL, 0));
}

uint32_t lw_rigid_field(const float *heights, uint32_t columns, uint32_t rows, float sx, float sz, float low,
                        float high) {
    b3HeightFieldDef def = {0};
    def.heights = (float *)heights, def.countX = (int)columns, def.countZ = (int)rows;
    def.scale = (b3Vec3){sx, 1.0f, sz};
    def.globalMinimumHeight = low, def.globalMaximumHeight = high;
    uint32_t cells = (columns - 1) * (rows - 1);
    def.materialIndices = lw_pool_alloc(cells);
    lw_zero(def.materialIndices, cells);
    uint32_t number = keep(TEMPLATE_FIELD, b3CreateHeightField(&def));
    lw_pool_free(def.materialIndices);
    return number;
}

bool lw_add_shape(b3BodyId body, b3ShapeDef *def, const float *record, b3Vec3 scale) {
    uint32_t kind = (uint32_t)record[0];
    const Template *of = lw_template((uint32_t)record[1]);
    b3Vec3 at = b3Mul(vec(record + 5), scale);
    b3Transform pose = {at, quat(record + 8)};
    float even = LW_MAX(LW_MAX(scale.x, scale.y), scale.z);
    switch (kind) {
        case LW_BOX: {
            b3Vec3 half = b3Mul(vec(record + 2), scale);
            b3BoxHull box = b3MakeTransformedBoxHull(half.x, half.y, half.z, pose);
            b3CreateHullShape(body, def, &box.base);
            return true;
        }
        case LW_SPHERE: b3CreateSphereShape(body, def, &(b3Sphere){at, record[2] * even}); return true;
        case LW_CAPSULE: {
            b3Vec3 along = b3RotateVector(pose.q, (b3Vec3){0, record[3] * scale.y, 0});
            float radius = record[2] * LW_MAX(scale.x, scale.z);
            b3CreateCapsuleShape(body, def, &(b3Capsule){b3Sub(at, along), b3Add(at, along), radius});
            return true;
        }
        case LW_HULL:
            if (of->kind != TEMPLATE_HULL) return false;
            b3CreateTransformedHullShape(body, def, of->data, pose, scale);
            return true;
        case LW_MESH:
            if (of->kind != TEMPLATE_MESH) return false;
            b3CreateMeshShape(body, def, of->data, scale);
            return true;
        case LW_FIELD:
            if (of->kind != TEMPLATE_FIELD) return false;
            b3CreateHeightFieldShape(body, def, of->data);
            return true;
    }
    return false;
}
