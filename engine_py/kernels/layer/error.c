#include "error.h"

static _Thread_local lw_error last;

uint32_t lw_fail(uint32_t code, const char *what, uint64_t value, uint64_t limit) {
    last = (lw_error){code != LW_E_NONE ? code : LW_E_CORRUPT, what, value, limit};
    return 0;
}

const lw_error *lw_last_error(void) { return &last; }

uint32_t lw_error_code(void) { return last.code; }

void lw_error_clear(void) { last = (lw_error){0}; }
