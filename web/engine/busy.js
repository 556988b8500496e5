/**
 * Asks Python where it is while the program's file keeps its thread.
 *
 * Owns: what Pyodide takes for its interrupt buffer. While Python runs, CPython looks into it every few hundred
 * instructions; as an object with a getter it is a clock that ticks inside of a loop that never ends, without shared
 * memory. A signal number in it calls hosts/busy.py, which tells the line; the program goes on.
 * Limits: nothing is told inside of one long call of C (time.sleep, numpy). A look takes about a microsecond, up to a
 * sixth of a loop that does nothing: so only while the program starts, never in its frames.
 * Source: CPython's Python/emscripten_signal.c; Pyodide's setInterruptBuffer.
 */
const BUSY_MS = 2000;
const SIGUSR1 = 10; // Emscripten numbers signals as Linux does

/** Gives a signal every BUSY_MS. */
export class BusyClock {
  #last = performance.now();

  /** Read by CPython. */
  get 0() {
    const now = performance.now();
    if (now - this.#last < BUSY_MS) return 0;
    this.#last = now;
    return SIGUSR1;
  }

  set 0(_) {} // CPython clears what it read
}
