/* The stack-checked build (-DLW_STACK_CHECK, see build.py): every function looks where its frame lies before it writes to
 * it, so a frame that would leave a worker's stack, or leap over the guard below it, traps at once. For tests: each call
 * costs a few ns. */
#ifdef LW_STACK_CHECK
#include "workers.h"

#define UNCHECKED __attribute__((no_instrument_function))

static _Thread_local uint32_t lowest; /* of this thread's stack; 0: the module's own, where the engine traps */
static _Thread_local lw_thread *thread;

UNCHECKED void lw_stack_begins(lw_thread *own, uint32_t address) { thread = own, lowest = address; }

UNCHECKED void __cyg_profile_func_enter_bare(void);

UNCHECKED void __cyg_profile_func_enter_bare(void) {
    uint32_t at;
    __asm__ volatile(".globaltype __stack_pointer, i32\n global.get __stack_pointer\n local.set %0" : "=r"(at));
    if (at >= lowest) return;
    thread->overflowed = 1; /* no call here: it would be checked too */
    __builtin_trap();
}
#endif
