#include "heightfield.h"

#define INFINITE __builtin_inf()
#define FAR_FACTOR 0x1.0000000000003p0

typedef struct {
    double origin[3], direction[3], inverse[3], until, shear_x, shear_y, shear_z;
    bool level[3];
    int kx, ky, kz;
} ray_t;

typedef struct { double t; uint32_t triangle; } hit_t;
typedef struct { double low[3], high[3]; } box_t;

/* The ground, and where its levels begin. */
typedef struct {
    const uint16_t *codes, *levels[LW_FIELD_LEVELS];
    uint32_t columns, rows, wide[LW_FIELD_LEVELS], high[LW_FIELD_LEVELS], top;
    double west, north, spacing_x, spacing_z, offset, scale;
} field;

static inline double magnitude(double value) { return value < 0 ? -value : value; }
static inline bool is_finite(double value) { return magnitude(value) <= 1.7976931348623157e308; }

static bool start(ray_t *ray, const double *own) {
    bool usable = own[7] >= 0;
    int most = 0;
    for (int axis = 0; axis < 3; axis++) {
        double o = own[axis], d = own[4 + axis], inverse = 1.0 / d;
        usable = usable && is_finite(o) && is_finite(d);
        ray->origin[axis] = o, ray->direction[axis] = d;
        ray->level[axis] = !is_finite(inverse);
        ray->inverse[axis] = ray->level[axis] ? 0 : inverse;
        if (magnitude(d) > magnitude(own[4 + most])) most = axis;
    }
    double direction = own[4 + most];
    if (!usable || direction == 0) return false;
    ray->until = own[7], ray->kz = most;
    ray->kx = (most + (direction < 0 ? 2 : 1)) % 3, ray->ky = (most + (direction < 0 ? 1 : 2)) % 3;
    ray->shear_x = own[4 + ray->kx] / direction, ray->shear_y = own[4 + ray->ky] / direction;
    ray->shear_z = 1.0 / direction;
    return true;
}

static bool passes(const ray_t *ray, const box_t *box, double limit, double *near, double *far) {
    double enter = 0, leave = INFINITE;
    for (int axis = 0; axis < 3; axis++) {
        double o = ray->origin[axis], inverse = ray->inverse[axis], low = box->low[axis], high = box->high[axis];
        if (ray->level[axis]) {
            if (!(low <= o && o <= high)) return false;
            continue;
        }
        double t0 = ((inverse < 0 ? high : low) - o) * inverse;
        double t1 = (((inverse < 0 ? low : high) - o) * inverse) * FAR_FACTOR;
        if (t0 > enter) enter = t0;
        if (t1 < leave) leave = t1;
    }
    *near = enter, *far = leave;
    return enter <= leave && enter <= limit;
}

/* The box of cells from (column, row) up to (column_end, row_end), of codes low .. high. */
static inline box_t box_of(const field *f, uint32_t column, uint32_t row, uint32_t column_end, uint32_t row_end,
                           uint16_t low, uint16_t high) {
    double y0 = f->offset + (double)low * f->scale, y1 = f->offset + (double)high * f->scale;
    return (box_t){{f->west + (double)column * f->spacing_x, y0 < y1 ? y0 : y1, f->north + (double)row * f->spacing_z},
                   {f->west + (double)column_end * f->spacing_x, y0 < y1 ? y1 : y0,
                    f->north + (double)row_end * f->spacing_z}};
}

static void triangle(const ray_t *ray, const double a[3], const double b[3], const double c[3], double near, double far,
                     uint32_t number, hit_t *hit) {
    int kx = ray->kx, ky = ray->ky, kz = ray->kz;
    const double *o = ray->origin;
    double az = a[kz] - o[kz], bz = b[kz] - o[kz], cz = c[kz] - o[kz];
    double ax = (a[kx] - o[kx]) - ray->shear_x * az, ay = (a[ky] - o[ky]) - ray->shear_y * az;
    double bx = (b[kx] - o[kx]) - ray->shear_x * bz, by = (b[ky] - o[ky]) - ray->shear_y * bz;
    double cx = (c[kx] - o[kx]) - ray->shear_x * cz, cy = (c[ky] - o[ky]) - ray->shear_y * cz;
    double u = cx * by - cy * bx, v = ax * cy - ay * cx, w = bx * ay - by * ax;
    if ((u < 0 || v < 0 || w < 0) && (u > 0 || v > 0 || w > 0)) return;
    double total = (u + v) + w;
    if (total == 0) return;
    double t = ((u * (ray->shear_z * az) + v * (ray->shear_z * bz)) + w * (ray->shear_z * cz)) / total;
    if (!(t >= 0 && t <= ray->until)) return;
    t = t < near ? near : t;
    t = t > far ? far : t;
    if (t < hit->t || (t == hit->t && number < hit->triangle)) *hit = (hit_t){t, number};
}

static void cell(const field *f, const ray_t *ray, uint32_t column, uint32_t row, hit_t *hit) {
    const uint16_t *at = f->codes + (size_t)row * f->columns + column;
    uint16_t nw = at[0], ne = at[1], sw = at[f->columns], se = at[f->columns + 1];
    uint16_t low = LW_MIN(LW_MIN(nw, ne), LW_MIN(sw, se)), high = LW_MAX(LW_MAX(nw, ne), LW_MAX(sw, se));
    box_t box = box_of(f, column, row, column + 1, row + 1, low, high);
    double near, far;
    if (!passes(ray, &box, hit->t, &near, &far)) return;
    double x0 = box.low[0], x1 = box.high[0], z0 = box.low[2], z1 = box.high[2];
    double a[3] = {x0, f->offset + (double)nw * f->scale, z0}, b[3] = {x1, f->offset + (double)ne * f->scale, z0};
    double c[3] = {x1, f->offset + (double)se * f->scale, z1}, d[3] = {x0, f->offset + (double)sw * f->scale, z1};
    uint32_t number = 2 * (row * (f->columns - 1) + column);
    triangle(ray, a, b, c, near, far, number, hit);
    triangle(ray, a, c, d, near, far, number + 1, hit);
}

typedef struct { double near; uint32_t level, x, z; } open_t;

static bool passes_block(const field *f, const ray_t *ray, open_t *block, double limit) {
    const uint16_t *range = f->levels[block->level] + 2 * ((size_t)block->z * f->wide[block->level] + block->x);
    uint32_t size = LW_FIELD_BLOCK << block->level, column = block->x * size, row = block->z * size;
    uint32_t column_end = f->columns - 1 - column < size ? f->columns - 1 : column + size;
    uint32_t row_end = f->rows - 1 - row < size ? f->rows - 1 : row + size;
#ifdef LW_PLANT_FIELD
    box_t box = box_of(f, column, row, column_end, row_end, range[0], range[0]); /* a fault: hills are cut off */
#else
    box_t box = box_of(f, column, row, column_end, row_end, range[0], range[1]);
#endif
    double far;
    return passes(ray, &box, limit, &block->near, &far);
}

/* Opens the children that the ray passes, the one that is entered first on top. */
static uint32_t descend(const field *f, const ray_t *ray, open_t block, double limit, open_t *open, uint32_t used) {
    uint32_t first = used;
    for (uint32_t k = 0; k < 4; k++) {
        open_t child = {0, block.level - 1, 2 * block.x + (k & 1), 2 * block.z + (k >> 1)};
        if (child.x >= f->wide[child.level] || child.z >= f->high[child.level]) continue;
        if (!passes_block(f, ray, &child, limit)) continue;
        uint32_t place = used++;
        for (; place > first && open[place - 1].near < child.near; place--) open[place] = open[place - 1];
        open[place] = child;
    }
    return used;
}

static hit_t march(const field *f, const ray_t *ray) {
    hit_t hit = {ray->until, 0xFFFFFFFFu};
    open_t open[3 * LW_FIELD_LEVELS + 1] = {{0, f->top, 0, 0}};
    uint32_t used = passes_block(f, ray, &open[0], hit.t);
    while (used) {
        open_t block = open[--used];
        if (block.near > hit.t) continue;
        if (block.level) {
            used = descend(f, ray, block, hit.t, open, used);
            continue;
        }
        uint32_t column = block.x * LW_FIELD_BLOCK, row = block.z * LW_FIELD_BLOCK;
        for (uint32_t r = row; r < row + LW_FIELD_BLOCK && r < f->rows - 1; r++)
            for (uint32_t c = column; c < column + LW_FIELD_BLOCK && c < f->columns - 1; c++) cell(f, ray, c, r, &hit);
    }
    return hit;
}

void lw_field_rays(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid, const uint16_t *pyramid,
                   const double *rays, uint32_t ray_count, double *distance, uint32_t *number) {
    LW_CHECK(lw_apart(rays, 64 * (size_t)ray_count, distance, 8 * (size_t)ray_count));
    field f = {.codes = codes, .columns = columns, .rows = rows, .west = grid[0], .north = grid[1],
               .spacing_x = grid[2], .spacing_z = grid[3], .offset = grid[4], .scale = grid[5]};
    uint32_t wide = (columns - 1 + (LW_FIELD_BLOCK - 1)) / LW_FIELD_BLOCK;
    uint32_t high = (rows - 1 + (LW_FIELD_BLOCK - 1)) / LW_FIELD_BLOCK;
    for (;; wide = wide / 2 + wide % 2, high = high / 2 + high % 2, f.top++) {
        f.levels[f.top] = pyramid, f.wide[f.top] = wide, f.high[f.top] = high;
        pyramid += 2 * (size_t)wide * high;
        if (wide == 1 && high == 1) break;
    }
    for (uint32_t i = 0; i < ray_count; i++) {
        ray_t ray;
        hit_t hit = {0, 0xFFFFFFFFu};
        if (start(&ray, rays + 8 * (size_t)i)) hit = march(&f, &ray);
        distance[i] = hit.triangle == 0xFFFFFFFFu ? INFINITE : hit.t;
        number[i] = hit.triangle;
    }
}
