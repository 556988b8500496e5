#include "horizon.h"

static const double FACE_STEP = 2.0 / LW_HORIZON_FACE, SECTOR_SLACK = 1e-6, SLOPE_MARGIN = 1e-4;
enum { CELL_BYTES = 4 };

/* The grid as one face sees it: along u lie lines, along v the samples of a line. */
typedef struct {
    const uint16_t *codes;
    const uint8_t *drawn;
    size_t line_step, sample_step, cell_u_step, cell_v_step;
    uint32_t last_cell_v;
    double sign, eye_u, eye_v, spacing_u, per_u, per_v, last_u, last_v;
} face_t;

static face_t face_of(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid, const uint8_t *drawn,
                      const double *eye, uint32_t face) {
    double east = (eye[0] - grid[0]) / grid[2], south = (eye[2] - grid[1]) / grid[3];
    uint32_t wide = (columns - 1) / LW_HORIZON_CELL, high = (rows - 1) / LW_HORIZON_CELL;
    double sign = face & 1 ? -1.0 : 1.0, last_x = columns - 1.0, last_z = rows - 1.0;
    size_t row = CELL_BYTES * (size_t)wide;
    if (face < 2)
        return (face_t){codes, drawn, 1, columns, CELL_BYTES, row, high - 1, sign, east, south, grid[2], 1 / grid[2], 1 / grid[3],
                        last_x, last_z};
    return (face_t){codes, drawn, columns, 1, row, CELL_BYTES, wide - 1, sign, south, east, grid[3], 1 / grid[3], 1 / grid[2],
                    last_z, last_x};
}

/* The steepness of what is drawn on the nearest line before `arc`, between v = a u and v = b u; else -infinity. */
static double steepness(const face_t *f, const double *grid, const double *eye, double a, double b, double arc) {
    const double none = -__builtin_inf();
    double u = f->eye_u + f->sign * (arc * f->per_u), v = f->eye_v + ((a + b) * 0.5) * (arc * f->per_v);
    if (!(u >= 0 && u < f->last_u && v >= 0 && v < f->last_v)) return none;
    uint32_t cell_u = (uint32_t)u / LW_HORIZON_CELL, cell_v = (uint32_t)v / LW_HORIZON_CELL;
    const uint8_t *strides = f->drawn + cell_u * f->cell_u_step + cell_v * f->cell_v_step;
    double align = (double)(2u << strides[1]);
    double line = (f->sign > 0 ? __builtin_floor(u / align) : __builtin_ceil(u / align)) * align;
    double away = f->sign * (line - f->eye_u) * f->spacing_u;
    if (!(away >= eye[3])) return none;
    double begin = f->eye_v + a * (away * f->per_v), end = f->eye_v + b * (away * f->per_v);
    double first = __builtin_floor(begin / align) * align, last = __builtin_ceil(end / align) * align;
    double low_u = ((double)cell_u - 1) * LW_HORIZON_CELL, low_v = ((double)cell_v - 1) * LW_HORIZON_CELL;
    if (!(line > low_u && line < low_u + 3 * LW_HORIZON_CELL && line > 0 && line < f->last_u)) return none;
    if (!(first > low_v && last < low_v + 3 * LW_HORIZON_CELL && first >= 0 && last <= f->last_v)) return none;
    const uint8_t *before = f->drawn + (uint32_t)(f->sign > 0 ? line - 1 : line) / LW_HORIZON_CELL * f->cell_u_step;
    uint32_t end_cell = LW_MIN((uint32_t)end / LW_HORIZON_CELL, f->last_cell_v);
    for (uint32_t cell = (uint32_t)begin / LW_HORIZON_CELL; cell <= end_cell; cell++)
        if (!before[cell * f->cell_v_step + 2]) return none;
    const uint16_t *at = f->codes + (size_t)line * f->line_step;
    size_t step = ((size_t)1 << strides[0]) * f->sample_step, until = (size_t)last * f->sample_step;
    uint16_t lowest = 65535;
    for (size_t i = (size_t)first * f->sample_step; i <= until; i += step) lowest = LW_MIN(at[i], lowest);
    return (((grid[4] + (double)lowest * grid[5]) - eye[4]) - eye[1]) / away;
}

/* A box as a face sees it: its part in the face, and the sectors that it reaches into. */
typedef struct { double near_u, far_u, low_v, high_v; uint32_t first, last; bool is_there; } part_t;

static inline double clamped(double value, double low, double high) {
    return value > low ? value < high ? value : high : low;  // a NaN is low
}

static part_t part_of(const double *box, const double *eye, uint32_t face) {
    uint32_t axis = face < 2 ? 0 : 2, other = 2 - axis;
    double low = box[axis] - eye[axis], high = box[3 + axis] - eye[axis];
    part_t p = {.near_u = face & 1 ? -high : low, .far_u = face & 1 ? -low : high,
                .low_v = box[other] - eye[other], .high_v = box[3 + other] - eye[other]};
    if (p.low_v > p.near_u) p.near_u = p.low_v;
    if (-p.high_v > p.near_u) p.near_u = -p.high_v;
    if (!(p.near_u > 0 && p.near_u <= p.far_u)) return p;  // callers know that the eye is beside the box
    double a = p.low_v / (p.low_v < 0 ? p.near_u : p.far_u), b = p.high_v / (p.high_v > 0 ? p.near_u : p.far_u);
    const double half = LW_HORIZON_FACE / 2, most = LW_HORIZON_FACE - 1;
    p.first = (uint32_t)clamped((a + 1) * half - SECTOR_SLACK, 0, most);
    p.last = (uint32_t)clamped((b + 1) * half + SECTOR_SLACK, 0, most);
    p.is_there = true;
    return p;
}

static bool is_outside(const double *planes, const double *box, const double *eye) {
    for (const double *p = planes; p < planes + 20; p += 4) {
        double x = box[p[0] > 0 ? 3 : 0] - eye[0], y = box[p[1] > 0 ? 4 : 1] - eye[1], z = box[p[2] > 0 ? 5 : 2] - eye[2];
        if (((x * p[0] + y * p[1]) + z * p[2]) + p[3] < 0) return true;
    }
    return false;
}

/* Beside the eye, on the map. A box of NaN is. */
static bool is_near(const double *box, const double *eye) {
    double gap = 0;
    for (uint32_t axis = 0; axis < 3; axis += 2) {
        double before = box[axis] - eye[axis], behind = eye[axis] - box[3 + axis];
        gap = before > gap ? before : gap;
        gap = behind > gap ? behind : gap;
    }
    return !(gap > eye[3]);
}

/* How many of the arcs lie no farther than that. */
static uint32_t arcs_before(const double *arcs, uint32_t arc_count, double near) {
    uint32_t low = 0, high = arc_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (arcs[middle] <= near) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Looks at no more arcs than show it; those that were looked at are kept. */
static bool sector_hides(const face_t *f, const part_t *p, const double *grid, const double *eye, uint32_t sector, double top,
                         const double *arcs, uint32_t arc_count, uint8_t *built, double *horizon) {
    double a = sector * FACE_STEP - 1.0, b = (sector + 1) * FACE_STEP - 1.0, near = p->near_u, far = p->far_u;
    if (p->low_v > 0 && b > 0 && p->low_v / b > near) near = p->low_v / b;
    if (p->high_v < 0 && a < 0 && p->high_v / a > near) near = p->high_v / a;
    if (a > 0 && p->high_v / a < far) far = p->high_v / a;
    if (b < 0 && p->low_v / b < far) far = p->low_v / b;
    uint32_t before = arcs_before(arcs, arc_count, near), known = LW_MIN(before, *built);
    double wanted = top / (top > 0 ? near : far) + SLOPE_MARGIN;
    double steepest = known > 0 ? horizon[known - 1] : -__builtin_inf();
    for (uint32_t k = known; k < before && !(steepest > wanted); k++) {
        double found = steepness(f, grid, eye, a, b, arcs[k]);
        steepest = found > steepest ? found : steepest;
        horizon[k] = steepest;
        *built = (uint8_t)(k + 1);
    }
    return steepest > wanted;
}

void lw_horizon_boxes(const uint16_t *codes, uint32_t columns, uint32_t rows, const double *grid, const uint8_t *drawn,
                      const double *eye, const double *arcs, uint32_t arc_count, const double *planes, const double *boxes,
                      uint32_t count, uint8_t *built, double *horizon, uint8_t *found) {
    LW_CHECK(arc_count <= LW_HORIZON_ARCS_MAX);
    LW_CHECK((columns - 1) % LW_HORIZON_CELL == 0 && (rows - 1) % LW_HORIZON_CELL == 0 && columns > 1 && rows > 1);
    for (uint32_t i = 0; i < count; i++) {
        const double *box = boxes + 6 * (size_t)i;
        found[i] = is_outside(planes, box, eye) ? LW_BOX_OUTSIDE : is_near(box, eye) ? LW_BOX_SEEN : LW_BOX_HIDDEN;
    }
    for (uint32_t face = 0; face < 4; face++) {
        face_t f = face_of(codes, columns, rows, grid, drawn, eye, face);
        uint8_t *own = built + face * LW_HORIZON_FACE;
        double *lines = horizon + (size_t)face * LW_HORIZON_FACE * arc_count;
        for (uint32_t i = 0; i < count; i++) {
            if (found[i] != LW_BOX_HIDDEN) continue;
            const double *box = boxes + 6 * (size_t)i;
            part_t p = part_of(box, eye, face);
            for (uint32_t s = p.first; p.is_there && s <= p.last; s++) {
                if (!sector_hides(&f, &p, grid, eye, s, box[4] - eye[1], arcs, arc_count, own + s,
                                  lines + (size_t)s * arc_count)) {
                    found[i] = LW_BOX_SEEN;
                    break;
                }
            }
        }
    }
}
