/* The table of jobs and the queue of those that may run: what jobs.c and workers.c share.
 *
 * Owns: claiming chunks and finishing jobs, under one spinlock whose sections are tens of nanoseconds long. A job stays
 * at the head of the queue until its last chunk is claimed. Nothing that a job's code does runs under the lock. */
#ifndef LW_QUEUE_H
#define LW_QUEUE_H

#include "parallel.h"

enum { LW_JOBS_MAX = 256, LW_EDGES_MAX = 1024 };
enum { LW_JOB_NONE = 0, LW_JOB_NEW = 1, LW_JOB_WAITING = 2, LW_JOB_READY = 3, LW_JOB_DONE = 4, LW_JOB_FAILED = 5,
       LW_JOB_CANCELLED = 6 };

typedef struct {
    lw_range run;
    void *context;
    uint32_t count, grain, chunks;
    uint32_t next;    /* the first chunk that nobody claimed */
    uint32_t left;    /* chunks that are not finished; waited on */
    uint32_t waiting; /* earlier jobs that are not done */
    uint32_t state, error, generation;
    uint32_t ready_next, edges; /* index + 1, 0 ends */
    uint32_t owner;             /* slot + 1 of the dead thread whose parallel_for this is: nobody waits for it */
} lw_job;

typedef struct {
    uint32_t later, next; /* index + 1 */
} lw_edge;

extern lw_job lw_jobs[LW_JOBS_MAX];
extern uint32_t lw_orphans;     /* chunks of dead threads that wait to be run again */
extern uint32_t lw_jobs_signal; /* changes whenever a job becomes ready or a worker shall stop */

void lw_jobs_lock(void);
void lw_jobs_unlock(void);
lw_job *lw_job_take_slot(lw_range run, void *context, uint32_t count, uint32_t grain); /* locked; NULL: full */
bool lw_job_add_edge(lw_job *earlier, lw_job *later);                                  /* locked */
void lw_job_make_ready(lw_job *job);                                                   /* locked */
void lw_job_stop(lw_job *job, uint32_t error);                                         /* locked */
void lw_job_free_slot(lw_job *job);                                                    /* locked */

/* Claims chunks of `only`, or of any job, for a thread: some at once while many are left, one at the end, at most
 * chunks_max. False when there is none. */
bool lw_claim(uint32_t slot, lw_job *only, uint32_t chunks_max);
/* Runs what was claimed, or what of it began before the job was stopped; ends it with the error of an overwritten stack.
 * Returns that error or 0. */
uint32_t lw_run_claimed(uint32_t slot);
/* A thread died at whatever it was: the jobs that it made are dropped, then its chunk fails with `error`, or with 0 is
 * run again. Returns the job of that chunk, 0 when there is none. */
uint32_t lw_abandon(uint32_t slot, uint32_t error);
void lw_jobs_wake(void);

#endif
