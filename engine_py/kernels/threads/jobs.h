/* Jobs: work in chunks that workers take, with an order between jobs, and cancellation. Handles, from any thread.
 *
 *   new --start--> waiting --(earlier ones done)--> ready --> done | failed (11, 12) | cancelled (10)
 *
 * A job whose earlier one failed or was cancelled is cancelled. Without workers lw_jobs_poll runs everything, with the
 * same results. Fixed tables: 256 jobs, 1024 orders between them. */
#ifndef LW_JOBS_H
#define LW_JOBS_H

#include "parallel.h"

// A new job: `run` is the table index of a function (context, begin, end), called for chunks of `grain` of 0..count. Returns its handle, or 0 with the last error set.
LW_LAYER uint32_t lw_job_new(uint32_t run, uint32_t context, uint32_t count, uint32_t grain);

// Lets `job`, which was not started, wait for `earlier`. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_job_after(uint32_t job, uint32_t earlier);

// Starts a job, which runs when its earlier ones are done. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_job_start(uint32_t job);

// Cancels a job: chunks that nobody began are dropped, running ones may ask lw_job_cancelled. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_job_cancel(uint32_t job);

// 1 new, 2 waiting, 3 ready or running, 4 done, 5 failed, 6 cancelled; 0 with the last error set.
LW_LAYER uint32_t lw_job_state(uint32_t job);

// Why a job failed or was cancelled (LW_E_*), or 0.
LW_LAYER uint32_t lw_job_error(uint32_t job);

// Whether the job that runs on this thread was cancelled.
LW_LAYER uint32_t lw_job_cancelled(void);

// Forgets a job that is new, done, failed or cancelled. Returns 1, or 0 with the last error set.
LW_LAYER uint32_t lw_job_free(uint32_t job);

// Takes part: runs at most chunks_max chunks on this thread, without waiting. Returns how many it ran; 0 inside of a job.
LW_LAYER uint32_t lw_jobs_poll(uint32_t chunks_max);

#endif
