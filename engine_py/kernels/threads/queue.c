#include "queue.h"

#ifdef __wasm__
#include "layer/error.h"
#include "sync.h"
#include "workers.h"

lw_job lw_jobs[LW_JOBS_MAX];
uint32_t lw_jobs_signal, lw_orphans;
static uint32_t lock, ready_first, ready_last, edges_used, edges_free;
static lw_edge edges[LW_EDGES_MAX];
static void settle(uint32_t slot);

void lw_jobs_lock(void) {
    while (__atomic_exchange_n(&lock, 1u, __ATOMIC_ACQUIRE) != 0)
        while (__atomic_load_n(&lock, __ATOMIC_RELAXED) != 0) {}
}
void lw_jobs_unlock(void) { __atomic_store_n(&lock, 0u, __ATOMIC_RELEASE); }

void lw_jobs_wake(void) {
    __atomic_fetch_add(&lw_jobs_signal, 1u, __ATOMIC_SEQ_CST);
    lw_wake(&lw_jobs_signal, LW_THREADS_MAX);
}

static uint32_t number_of(const lw_job *job) { return (uint32_t)(job - lw_jobs) + 1; }

lw_job *lw_job_take_slot(lw_range run, void *context, uint32_t count, uint32_t grain) {
    for (uint32_t i = 0; i < LW_JOBS_MAX; i++) {
        lw_job *job = &lw_jobs[i];
        if (job->state != LW_JOB_NONE) continue;
        uint32_t generation = job->generation + 1, size = LW_MAX(grain, 1u);
        uint32_t chunks = count / size + (count % size != 0);
        *job = (lw_job){run, context, count, size, chunks, 0, chunks, 0, LW_JOB_NEW, 0, generation, 0, 0, 0};
        return job;
    }
    return NULL;
}

bool lw_job_add_edge(lw_job *earlier, lw_job *later) {
    uint32_t number = edges_free ? edges_free : edges_used < LW_EDGES_MAX ? ++edges_used : 0;
    if (number == 0) return false;
    if (number == edges_free) edges_free = edges[number - 1].next;
    edges[number - 1] = (lw_edge){number_of(later), earlier->edges};
    earlier->edges = number;
    later->waiting++;
    return true;
}

static void unlink_ready(const lw_job *job) {
    uint32_t *link = &ready_first, before = 0;
    while (*link && *link != number_of(job)) {
        before = *link;
        link = &lw_jobs[*link - 1].ready_next;
    }
    if (*link == 0) return;
    *link = job->ready_next;
    if (ready_last == number_of(job)) ready_last = before;
}

static void finish(lw_job *job) {
    job->state = job->error == 0 ? LW_JOB_DONE : job->error == LW_E_CANCELLED ? LW_JOB_CANCELLED : LW_JOB_FAILED;
    for (uint32_t number = job->edges; number;) {
        lw_edge *edge = &edges[number - 1];
        uint32_t next = edge->next;
        lw_job *later = &lw_jobs[edge->later - 1];
        later->waiting--;
        if (job->error && later->error == 0) later->error = LW_E_CANCELLED;
        if (later->waiting == 0 && later->state == LW_JOB_WAITING) lw_job_make_ready(later);
        edge->next = edges_free;
        edges_free = number;
        number = next;
    }
    job->edges = 0;
    lw_wake(&job->left, LW_THREADS_MAX);
    uint32_t owner = job->owner;
    if (owner) {
        job->state = LW_JOB_NONE;
        if (--lw_threads[owner - 1].abandoned == 0) settle(owner - 1);
    }
}

/* All that was claimed at once, whether it ran or not. */
static void end_chunks(lw_level *level, uint32_t error) {
    lw_job *job = &lw_jobs[level->job - 1];
    uint32_t claimed = level->done + (level->end - level->chunk);
    level->job = 0;
    if (error) lw_job_stop(job, error);
    if (__atomic_sub_fetch(&job->left, claimed, __ATOMIC_SEQ_CST) == 0) finish(job);
}

/* Nothing of a dead thread runs any more: its chunk ends, or waits for another thread to run it again. */
static void settle(uint32_t slot) {
    lw_thread *thread = &lw_threads[slot];
    lw_level *root = &thread->levels[0];
    if (root->job == 0) return;
    if (thread->root_error) {
        end_chunks(root, thread->root_error);
        return;
    }
    thread->orphan = root->job;
    thread->orphan_chunk = root->chunk;
    thread->orphan_end = root->end;
    root->job = 0;
    __atomic_sub_fetch(&lw_jobs[thread->orphan - 1].left, root->done, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&lw_orphans, 1u, __ATOMIC_SEQ_CST);
    lw_jobs_wake();
    lw_wake(&lw_jobs[thread->orphan - 1].left, LW_THREADS_MAX);
}

uint32_t lw_abandon(uint32_t slot, uint32_t error) {
    lw_thread *thread = &lw_threads[slot];
    lw_jobs_lock();
    uint32_t root = thread->levels[0].job, depth = thread->depth;
    thread->root_error = error;
    thread->abandoned = 1; /* until all are stopped */
    for (uint32_t level = 0; level < depth; level++) {
        lw_job *job = &lw_jobs[thread->levels[level].made - 1];
        thread->levels[level].made = 0;
        thread->abandoned++;
        job->owner = slot + 1;
        if (job->state >= LW_JOB_DONE) finish(job);
        else lw_job_stop(job, LW_E_CANCELLED);
    }
    for (uint32_t level = depth; level > 0; level--)
        if (thread->levels[level].job) end_chunks(&thread->levels[level], LW_E_CANCELLED);
    thread->depth = 0;
    if (--thread->abandoned == 0) settle(slot);
    lw_jobs_unlock();
    return root;
}

void lw_job_make_ready(lw_job *job) {
    job->state = LW_JOB_READY;
    if (job->error) job->left = 0; /* an earlier one failed */
    if (job->left == 0) {
        finish(job);
        return;
    }
    job->ready_next = 0;
    if (ready_last) lw_jobs[ready_last - 1].ready_next = number_of(job);
    else ready_first = number_of(job);
    ready_last = number_of(job);
    lw_jobs_wake();
}

void lw_job_stop(lw_job *job, uint32_t error) {
    if (job->error == 0) job->error = error;
    if (job->state != LW_JOB_READY) return; /* not started: start() or its earlier ones finish it */
    uint32_t unclaimed = job->chunks - job->next;
    job->next = job->chunks;
    if (unclaimed) unlink_ready(job);
    if (unclaimed && __atomic_sub_fetch(&job->left, unclaimed, __ATOMIC_SEQ_CST) == 0) finish(job);
}

void lw_job_free_slot(lw_job *job) { job->state = LW_JOB_NONE; }

static bool claim_orphan(lw_level *level, lw_job *only) {
    for (uint32_t i = 0; i < LW_THREADS_MAX; i++) {
        lw_thread *lost = &lw_threads[i];
        if (lost->orphan == 0 || (only && lost->orphan != number_of(only))) continue;
        *level = (lw_level){lost->orphan, lost->orphan_chunk, lost->orphan_end, 0, 0};
        lost->orphan = 0;
        __atomic_fetch_sub(&lw_orphans, 1u, __ATOMIC_SEQ_CST);
        return true;
    }
    return false;
}

/* Many at once while many are left, so that threads seldom meet at the lock; in the end one, so that they end together. */
static uint32_t share(const lw_job *job) {
    uint32_t most = (job->chunks - job->next) / (4 * lw_parallel_width());
    return LW_MAX(most, 1u);
}

bool lw_claim(uint32_t slot, lw_job *only, uint32_t chunks_max) {
    lw_level *level = &lw_threads[slot].levels[lw_threads[slot].depth];
    lw_jobs_lock();
    bool got = lw_orphans > 0 && claim_orphan(level, only);
    uint32_t number = only ? number_of(only) : ready_first;
    if (!got && number && lw_jobs[number - 1].next < lw_jobs[number - 1].chunks) {
        lw_job *job = &lw_jobs[number - 1];
        uint32_t first = job->next, count = LW_MIN(share(job), chunks_max);
        *level = (lw_level){number, first, first + count, 0, 0};
        job->next += count;
        if (job->next == job->chunks) unlink_ready(job);
        got = true;
    }
    lw_jobs_unlock();
    return got;
}

uint32_t lw_run_claimed(uint32_t slot) {
    lw_thread *thread = &lw_threads[slot];
    lw_level *level = &thread->levels[thread->depth];
    const lw_job *job = &lw_jobs[level->job - 1];
    uint32_t error = 0;
    while (level->chunk < level->end && !__atomic_load_n(&job->error, __ATOMIC_RELAXED)) {
        uint32_t begin = level->chunk * job->grain;
        job->run(job->context, begin, LW_MIN(job->count - begin, job->grain) + begin);
        level->chunk++, level->done++;
        thread->chunks_run++;
        if ((error = lw_stack_good(slot) ? 0 : LW_E_STACK_OVERFLOW)) break;
    }
    lw_jobs_lock();
    end_chunks(level, error);
    lw_jobs_unlock();
    return error;
}
#endif
