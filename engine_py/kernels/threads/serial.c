/* One thread, in native builds: the chunks in ascending order. The modules have jobs.c. */
#include "parallel.h"

#ifndef __wasm__ /* native builds: tests and benchmarks */

void lw_parallel_for(uint32_t count, uint32_t grain, lw_range run, void *context) {
    if (grain == 0) grain = 1;
    for (uint32_t begin = 0; begin < count;) {
        uint32_t end = count - begin > grain ? begin + grain : count;
        run(context, begin, end);
        begin = end;
    }
}

uint32_t lw_parallel_width(void) { return 1; }

#endif
