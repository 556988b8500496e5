#include "jobs.h"

#ifdef __wasm__
#include "layer/error.h"
#include "queue.h"
#include "sync.h"
#include "workers.h"

static uint32_t handle_of(const lw_job *job) { return (job->generation << 8) | (uint32_t)(job - lw_jobs); }

/* Locked. Generations start at 1, so a handle is never 0. */
static lw_job *find(uint32_t handle) {
    lw_job *job = &lw_jobs[handle & (LW_JOBS_MAX - 1)];
    if (job->state != LW_JOB_NONE && handle != 0 && handle_of(job) == handle) return job;
    lw_fail(LW_E_STALE_HANDLE, "job: handle", handle, LW_JOBS_MAX);
    return NULL;
}

static uint32_t wrong_state(const char *what, const lw_job *job, uint32_t wanted) {
    return lw_fail(LW_E_BAD_ARGUMENT, what, job->state, wanted);
}

uint32_t lw_job_new(uint32_t run, uint32_t context, uint32_t count, uint32_t grain) {
    lw_jobs_lock();
    lw_job *job = lw_job_take_slot((lw_range)(uintptr_t)run, (void *)(uintptr_t)context, count, grain);
    uint32_t handle = job ? handle_of(job) : lw_fail(LW_E_FULL, "job_new: jobs", LW_JOBS_MAX, LW_JOBS_MAX);
    lw_jobs_unlock();
    return handle;
}

static uint32_t after(lw_job *job, lw_job *earlier) {
    if (job == NULL || earlier == NULL) return 0;
    if (job->state != LW_JOB_NEW) return wrong_state("job_after: state of the later job", job, LW_JOB_NEW);
    if (job == earlier) return lw_fail(LW_E_BAD_ARGUMENT, "job_after: a job after itself", handle_of(job), 0);
    if (earlier->state >= LW_JOB_DONE) {
        if (earlier->error && job->error == 0) job->error = LW_E_CANCELLED;
        return 1;
    }
    return lw_job_add_edge(earlier, job) || lw_fail(LW_E_FULL, "job_after: orders", LW_EDGES_MAX, LW_EDGES_MAX);
}

uint32_t lw_job_after(uint32_t job, uint32_t earlier) {
    lw_jobs_lock();
    uint32_t good = after(find(job), find(earlier));
    lw_jobs_unlock();
    return good;
}

static uint32_t start(lw_job *job) {
    if (job->state != LW_JOB_NEW) return wrong_state("job_start: state", job, LW_JOB_NEW);
    job->state = LW_JOB_WAITING;
    if (job->waiting == 0) lw_job_make_ready(job);
    return 1;
}

uint32_t lw_job_start(uint32_t handle) {
    lw_jobs_lock();
    lw_job *job = find(handle);
    uint32_t good = job ? start(job) : 0;
    lw_jobs_unlock();
    return good;
}

uint32_t lw_job_cancel(uint32_t handle) {
    lw_jobs_lock();
    lw_job *job = find(handle);
    if (job && job->state < LW_JOB_DONE) lw_job_stop(job, LW_E_CANCELLED);
    lw_jobs_unlock();
    return job != NULL;
}

static uint32_t read(uint32_t handle, bool error) {
    lw_jobs_lock();
    lw_job *job = find(handle);
    uint32_t value = job == NULL ? 0 : error ? job->error : job->state;
    lw_jobs_unlock();
    return value;
}

uint32_t lw_job_state(uint32_t handle) { return read(handle, false); }
uint32_t lw_job_error(uint32_t handle) { return read(handle, true); }

uint32_t lw_job_cancelled(void) {
    const lw_thread *thread = &lw_threads[lw_self()];
    uint32_t number = thread->levels[thread->depth].job;
    return number && __atomic_load_n(&lw_jobs[number - 1].error, __ATOMIC_RELAXED) != 0;
}

uint32_t lw_job_free(uint32_t handle) {
    lw_jobs_lock();
    lw_job *job = find(handle);
    uint32_t good = 0;
    if (job && (job->edges || job->waiting || job->state == LW_JOB_WAITING || job->state == LW_JOB_READY))
        wrong_state("job_free: state", job, LW_JOB_DONE);
    else if (job) lw_job_free_slot(job), good = 1;
    lw_jobs_unlock();
    return good;
}

uint32_t lw_jobs_poll(uint32_t chunks_max) {
    uint32_t ran = 0, slot = lw_self();
    if (lw_threads[slot].levels[0].job || lw_threads[slot].depth) return 0; /* inside of a chunk */
    uint32_t before = lw_threads[slot].chunks_run;
    while (ran < chunks_max && lw_claim(slot, NULL, chunks_max - ran)) {
        lw_run_claimed(slot);
        ran = lw_threads[slot].chunks_run - before;
    }
    return ran;
}

static void run_alone(uint32_t count, uint32_t grain, lw_range run, void *context) {
    for (uint32_t begin = 0; begin < count;) {
        uint32_t end = count - begin > grain ? begin + grain : count;
        run(context, begin, end);
        begin = end;
    }
}

static lw_job *make(lw_thread *thread, uint32_t count, uint32_t grain, lw_range run, void *context) {
    if (lw_parallel_width() == 1 || count <= grain || thread->depth == LW_NEST_MAX || !lw_may_wait()) return NULL;
    lw_jobs_lock();
    lw_job *job = lw_job_take_slot(run, context, count, grain);
    if (job) {
        lw_job_make_ready(job);
        thread->levels[thread->depth++].made = (uint32_t)(job - lw_jobs) + 1;
        thread->levels[thread->depth] = (lw_level){0};
    }
    lw_jobs_unlock();
    return job;
}

/* The caller's own chunks are done; others run theirs, or died and left one. */
static void wait_for(lw_job *job, uint32_t slot) {
    for (uint32_t spins = 0, left; (left = __atomic_load_n(&job->left, __ATOMIC_SEQ_CST)) != 0; spins++) {
        bool orphans = __atomic_load_n(&lw_orphans, __ATOMIC_SEQ_CST) > 0;
        if (orphans && lw_claim(slot, job, UINT32_MAX)) lw_run_claimed(slot);
        else if (spins > LW_SPINS) lw_park_briefly(&job->left, left);
    }
}

void lw_parallel_for(uint32_t count, uint32_t grain, lw_range run, void *context) {
    uint32_t slot = lw_self();
    lw_thread *thread = &lw_threads[slot];
    grain = LW_MAX(grain, 1u);
    lw_job *job = make(thread, count, grain, run, context);
    if (job == NULL) { /* one thread, one chunk, or a full table: the same chunks here */
        run_alone(count, grain, run, context);
        return;
    }
    while (lw_claim(slot, job, UINT32_MAX)) lw_run_claimed(slot);
    wait_for(job, slot);
    lw_jobs_lock();
    thread->levels[--thread->depth].made = 0;
    if (job->error) lw_fail(job->error, "parallel_for: a chunk failed; of", job->count, job->grain);
    lw_job_free_slot(job);
    lw_jobs_unlock();
}
#endif
