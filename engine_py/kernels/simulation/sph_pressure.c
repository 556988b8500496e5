/* The pressure solver: of all pressures >= 0 those that keep each particle's density at 1 or below. That is a quadratic
 * problem with bounds (its matrix is the gradient times its adjoint), solved by accelerated projected gradient with the
 * diagonal as a scale, restarted where momentum points uphill, and warm started from the last step. Each turn is two
 * gathers: velocities from pressures, the change of density from velocities. pressure means p / density^2 here.
 *
 * Sources: Nesterov (1983); Beck, Teboulle, "A fast iterative shrinkage-thresholding algorithm" (2009); O'Donoghue,
 * Candes, "Adaptive restart for accelerated gradient schemes" (2015). */
#include "parallel.h"
#include "sph_state.h"

enum { CHUNK = LW_SPH_GRAIN, TURNS_MIN = 2 };
/* The step of the gradient scheme: below 1 over the largest eigenvalue of the scaled matrix, 2 to 2.5 here. */
#define RELAXATION 0.4f
/* It stops where the mean error of density is less than this a second (0.2 % in 1/120 s), and the work that pressure does
 * on errors less than this share of g sqrt(g spacing): under much pressure small errors would make water boil. */
#define TOLERANCE 0.24f
#define WORK 0.15f
/* What is too dense already spreads within about this time, never more than half of it in a sub-step: at once it would
 * turn into speed. */
#define SPREAD_S 0.03f

static inline float total(lw_f4 lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

/* predicted = wanted - dt * (p_i whole gradient + sum of p_j gradient) */
static void predict(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    const float *p = sph->ahead;
    for (uint32_t i = begin; i < end; i++) {
        const lw_sph_pairs *pair = sph->pairs + sph->first[i], *last = pair + sph->blocks[i];
        lw_f4 x = {0}, y = {0}, z = {0};
        for (; pair < last; pair++) {
            lw_f4 other = {p[pair->index[0]], p[pair->index[1]], p[pair->index[2]], p[pair->index[3]]};
            x += other * pair->x, y += other * pair->y, z += other * pair->z;
        }
        const float *wanted = sph->wanted + 4 * (size_t)i, *whole = sph->whole + 4 * (size_t)i;
        float *to = sph->predicted + 4 * (size_t)i;
        to[0] = wanted[0] - sph->dt_s * (total(x) + p[i] * whole[0]);
        to[1] = wanted[1] - sph->dt_s * (total(y) + p[i] * whole[1]);
        to[2] = wanted[2] - sph->dt_s * (total(z) + p[i] * whole[2]);
        to[3] = 0.0f;
    }
}

/* v_i whole gradient - sum of v_j gradient */
static float change(const lw_sph *sph, uint32_t i) {
    const float *v = sph->predicted;
    const lw_sph_pairs *pair = sph->pairs + sph->first[i], *last = pair + sph->blocks[i];
    lw_f4 sum = {0};
    for (; pair < last; pair++) {
        lw_f4 a = lw_load_f4(v + 4 * (size_t)pair->index[0]), b = lw_load_f4(v + 4 * (size_t)pair->index[1]);
        lw_f4 c = lw_load_f4(v + 4 * (size_t)pair->index[2]), d = lw_load_f4(v + 4 * (size_t)pair->index[3]);
        lw_f4 low1 = __builtin_shufflevector(a, b, 0, 4, 1, 5), low2 = __builtin_shufflevector(c, d, 0, 4, 1, 5);
        lw_f4 high1 = __builtin_shufflevector(a, b, 2, 6, 3, 7), high2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
        sum += (pair->x * __builtin_shufflevector(low1, low2, 0, 1, 4, 5)
                + pair->y * __builtin_shufflevector(low1, low2, 2, 3, 6, 7))
               + pair->z * __builtin_shufflevector(high1, high2, 0, 1, 4, 5);
    }
    const float *whole = sph->whole + 4 * (size_t)i, *own = v + 4 * (size_t)i;
    return ((own[0] * whole[0] + own[1] * whole[1]) + own[2] * whole[2]) - total(sum);
}

static void correct(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    float square_s2 = sph->dt_s * sph->dt_s, least = 0.05f / (sph->reach * sph->reach), error = 0.0f, uphill = 0.0f;
    float soft = sph->dt_s / SPREAD_S, work = 0.0f;
    soft = soft < 0.5f ? soft : 0.5f;
    for (uint32_t i = begin; i < end; i++) {
        float over = sph->density[i] - 1.0f;
        float excess = (over > 0.0f ? soft * over : over) + sph->dt_s * change(sph, i);
        float diagonal = sph->diagonal[i] > least ? sph->diagonal[i] : least;
        float old = sph->now.pressure[i], p = sph->ahead[i] + (RELAXATION * excess) / (square_s2 * diagonal);
        p = p > 0.0f ? p : 0.0f;
        float ahead = p + sph->onward * (p - old);
        sph->now.pressure[i] = p;
        sph->ahead[i] = ahead > 0.0f ? ahead : 0.0f;
        uphill = uphill + excess * (p - old);
        float off = excess > 0.0f ? excess : p > 0.0f ? -excess : 0.0f; /* too thin: only where pressure made it so */
        error = error + off, work = work + off * p;
    }
    sph->error[begin / CHUNK] = error, sph->work[begin / CHUNK] = work, sph->uphill[begin / CHUNK] = uphill;
}

static void advance(void *context, uint32_t begin, uint32_t end) {
    const lw_sph *sph = context;
    const lw_sph_columns *now = &sph->now;
    float most = (0.4f * sph->reach) / sph->dt_s; /* no particle passes another one within a step */
    for (uint32_t i = begin; i < end; i++) {
        const float *v = sph->predicted + 4 * (size_t)i;
        float square = (v[0] * v[0] + v[1] * v[1]) + v[2] * v[2], keep = 1.0f;
        if (square > most * most) keep = most / lw_root(square);
        float velocity[3] = {v[0] * keep, v[1] * keep, v[2] * keep};
        float at[3] = {now->x[i] + sph->dt_s * velocity[0], now->y[i] + sph->dt_s * velocity[1],
                       now->z[i] + sph->dt_s * velocity[2]};
        lw_sph_push_out(sph, at, velocity);
        now->x[i] = at[0], now->y[i] = at[1], now->z[i] = at[2];
        lw_copy(now->velocity + 4 * (size_t)i, velocity, 12);
    }
}

static float sum_of(const float *values, uint32_t count) {
    float sum = 0.0f;
    for (uint32_t k = 0; k < count; k++) sum = sum + values[k];
    return sum;
}

static bool is_solved(const lw_sph *sph, uint32_t chunks) {
    const float *g = sph->gravity;
    float pull = lw_root((g[0] * g[0] + g[1] * g[1]) + g[2] * g[2]), each = sph->dt_s * (float)sph->count;
    if (!(sum_of(sph->error, chunks) <= TOLERANCE * each)) return false;
    return pull == 0.0f || sum_of(sph->work, chunks) <= (WORK * (pull * lw_root(pull * sph->spacing))) * each;
}

/* The velocities are those of the pressures that were looked at last; what the last turn found is the next warm start. */
void lw_sph_solve(lw_sph *sph) {
    uint32_t chunks = (sph->count + CHUNK - 1) / CHUNK, turn = 0;
    float speed = 0.0f;
    lw_copy(sph->ahead, sph->now.pressure, 4 * (size_t)sph->count);
    while (turn < sph->turns_max) {
        sph->onward = (speed + 1.0f) / (speed + 3.0f);
        lw_parallel_for(sph->count, CHUNK, predict, sph);
        lw_parallel_for(sph->count, CHUNK, correct, sph);
        turn++;
        if (turn >= TURNS_MIN && is_solved(sph, chunks)) break;
        speed = sum_of(sph->uphill, chunks) < 0.0f ? 0.0f : speed + 1.0f;
    }
    sph->turns += turn;
    lw_parallel_for(sph->count, CHUNK, advance, sph);
}
