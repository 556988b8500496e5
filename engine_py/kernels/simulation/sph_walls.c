/* Walls: each is a distance and a normal. The kernel's integral over the half space behind a plane at that distance is
 * a polynomial (Wendland C2), so that a wall weighs like still fluid without having particles:
 *
 *     t = 1 - distance / reach     part(t) = t^6 (3.5 - 4.5 t + 1.5 t^2)     slope(t) = t^5 (21 - 31.5 t + 12 t^2) / reach
 *
 * Several walls: what is left free is multiplied, so that a corner never counts twice. */
#include "sph_state.h"

typedef struct { float distance, normal[3]; } surface;

static surface of_sphere(const lw_sph_obstacle_row *row, const float at[3]) {
    float x = at[0] - row->center[0], y = at[1] - row->center[1], z = at[2] - row->center[2];
    float length = lw_root((x * x + y * y) + z * z);
    if (length < 1e-6f) return (surface){-row->half[0], {0.0f, 1.0f, 0.0f}};
    return (surface){length - row->half[0], {x / length, y / length, z / length}};
}

static surface of_box(const lw_sph_obstacle_row *row, const float at[3]) {
    float over[3], out[3], sign[3];
    for (int k = 0; k < 3; k++) {
        float away = at[k] - row->center[k];
        sign[k] = away < 0.0f ? -1.0f : 1.0f;
        over[k] = away * sign[k] - row->half[k];
        out[k] = over[k] > 0.0f ? over[k] : 0.0f;
    }
    float length = lw_root((out[0] * out[0] + out[1] * out[1]) + out[2] * out[2]);
    if (length > 1e-6f)
        return (surface){length, {sign[0] * (out[0] / length), sign[1] * (out[1] / length), sign[2] * (out[2] / length)}};
    int best = over[1] > over[0] ? 1 : 0;
    if (over[2] > over[best]) best = 2;
    surface inside = {over[best], {0.0f, 0.0f, 0.0f}};
    inside.normal[best] = sign[best];
    return inside;
}

/* Bilinear heights; the distance is that to the tangent plane below. */
static surface of_ground(const lw_sph *sph, const float at[3]) {
    float step_x = (sph->hi[0] - sph->lo[0]) / (float)(sph->ground_columns - 1);
    float step_z = (sph->hi[2] - sph->lo[2]) / (float)(sph->ground_rows - 1);
    float u = (at[0] - sph->lo[0]) / step_x, w = (at[2] - sph->lo[2]) / step_z;
    u = u > 0.0f ? u : 0.0f, w = w > 0.0f ? w : 0.0f;
    uint32_t column = LW_MIN((uint32_t)u, sph->ground_columns - 2), row = LW_MIN((uint32_t)w, sph->ground_rows - 2);
    u = u - (float)column, w = w - (float)row;
    const float *h = sph->ground + (size_t)row * sph->ground_columns + column, *g = h + sph->ground_columns;
    float near = h[0] + u * (h[1] - h[0]), far = g[0] + u * (g[1] - g[0]);
    float slope_x = ((h[1] - h[0]) + w * ((g[1] - g[0]) - (h[1] - h[0]))) / step_x, slope_z = (far - near) / step_z;
    float length = lw_root((slope_x * slope_x + 1.0f) + slope_z * slope_z);
    return (surface){(at[1] - (near + w * (far - near))) / length, {-slope_x / length, 1.0f / length, -slope_z / length}};
}

static void add(float reach, surface wall, float *left, float gradient[3]) {
    float t = 1.0f - (wall.distance > 0.0f ? wall.distance : 0.0f) / reach, t2 = t * t, t5 = (t2 * t2) * t;
    float part = (t5 * t) * ((3.5f - 4.5f * t) + 1.5f * t2), slope = (t5 * ((21.0f - 31.5f * t) + 12.0f * t2)) / reach;
    for (int k = 0; k < 3; k++) gradient[k] = gradient[k] * (1.0f - part) - (*left * slope) * wall.normal[k];
    *left = *left * (1.0f - part);
}

static void add_near(float reach, surface wall, float *left, float gradient[3]) {
    if (wall.distance < reach) add(reach, wall, left, gradient);
}

static surface of_obstacle(const lw_sph_obstacle_row *row, const float at[3]) {
    return row->kind == LW_SPH_SPHERE ? of_sphere(row, at) : of_box(row, at);
}

float lw_sph_wall_density(const lw_sph *sph, const float at[3], float gradient[3]) {
    float left = 1.0f;
    gradient[0] = gradient[1] = gradient[2] = 0.0f;
    for (int k = 0; k < 3; k++) {
        float low = at[k] - sph->lo[k], high = sph->hi[k] - at[k];
        surface wall = {low, {0.0f, 0.0f, 0.0f}};
        wall.normal[k] = 1.0f;
        if (low < sph->reach) add(sph->reach, wall, &left, gradient);
        wall.distance = high, wall.normal[k] = -1.0f;
        if (high < sph->reach) add(sph->reach, wall, &left, gradient);
    }
    for (uint32_t k = 0; k < sph->obstacles; k++) add_near(sph->reach, of_obstacle(sph->rows + k, at), &left, gradient);
    if (sph->ground) add_near(sph->reach, of_ground(sph, at), &left, gradient);
    return 1.0f - left;
}

static void push(surface wall, float margin, float at[3], float velocity[3]) {
    if (wall.distance >= margin) return;
    const float *n = wall.normal;
    float away = margin - wall.distance, inward = (velocity[0] * n[0] + velocity[1] * n[1]) + velocity[2] * n[2];
    for (int k = 0; k < 3; k++) {
        at[k] = at[k] + away * n[k];
        if (inward < 0.0f) velocity[k] = velocity[k] - inward * n[k];
    }
}

void lw_sph_push_out(const lw_sph *sph, float at[3], float velocity[3]) {
    float margin = 0.1f * sph->spacing;
    if (sph->ground) push(of_ground(sph, at), margin, at, velocity);
    for (uint32_t k = 0; k < sph->obstacles; k++) push(of_obstacle(sph->rows + k, at), margin, at, velocity);
    for (int k = 0; k < 3; k++) {
        float low = sph->lo[k] + margin, high = sph->hi[k] - margin;
        if (!(at[k] >= low)) { /* also what is no number, so that no index ever leaves the grid */
            at[k] = low;
            if (!(velocity[k] > 0.0f)) velocity[k] = 0.0f;
        } else if (at[k] > high) {
            at[k] = high;
            if (velocity[k] > 0.0f) velocity[k] = 0.0f;
        }
    }
}
