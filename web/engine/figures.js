/**
 * Figures of the frame loop: times, crossings, and the report that joins them with Python's.
 *
 * Owns: a ring of the last frames' times. Does not: measure (frame-loop.js does) or show them (overlay.js).
 * Limits: percentiles are over at most FRAMES_KEPT frames; the first WARM_UP_FRAMES of a run are left out,
 * where there are more (they compile pipelines).
 */

export const FRAMES_KEPT = 600;
const WARM_UP_FRAMES = 5;

/**
 * @param {number[]} values any order
 * @returns {{p50: number, p95: number, p99: number}}
 */
export function percentiles(values) {
  if (values.length === 0) return { p50: 0, p95: 0, p99: 0 };
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => {
    const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
    return Number(sorted[Math.max(0, index)].toFixed(4));
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Numbers of the last frames. */
export class Figures {
  framesCount = 0;
  /** The most of any frame, so that one bad frame shows. */
  crossings = { py_to_js: 0, js_to_py: 0 };
  /** @type {number[]} */
  #cpuMs = [];
  /** @type {number[]} */
  #pythonMs = [];
  #next = 0;

  /**
   * @param {number} cpuMs the whole frame callback
   * @param {number} pythonMs inside the Python call, without submit
   * @param {number} pyToJs crossings of this frame
   * @param {number} jsToPy crossings of this frame
   */
  add(cpuMs, pythonMs, pyToJs, jsToPy) {
    this.framesCount += 1;
    this.crossings.py_to_js = Math.max(this.crossings.py_to_js, pyToJs);
    this.crossings.js_to_py = Math.max(this.crossings.js_to_py, jsToPy);
    if (this.framesCount === WARM_UP_FRAMES + 1) this.#clear();
    this.#cpuMs[this.#next] = cpuMs;
    this.#pythonMs[this.#next] = pythonMs;
    this.#next = (this.#next + 1) % FRAMES_KEPT;
  }

  /** The newest frame's time, for the overlay's graph. */
  lastMs() {
    return this.#cpuMs[(this.#next + FRAMES_KEPT - 1) % FRAMES_KEPT] ?? 0;
  }

  /** Fields of the report that come from here. */
  summary() {
    return {
      frames: this.framesCount,
      frame_cpu_ms: percentiles(this.#cpuMs),
      python_ms: percentiles(this.#pythonMs),
      crossings_per_frame: this.crossings,
    };
  }

  #clear() {
    this.#cpuMs = [];
    this.#pythonMs = [];
    this.#next = 0;
  }
}
