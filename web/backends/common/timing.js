// @ts-check
/** @file What the passes of a frame took on the GPU, once the API knows.
 *
 * Owns: which frames are timed (a timed one draws every pass as a group of its own) and the sums by timer. The backends
 * measure: webgpu/timing.js, webgl2/timing.js. Where the API has no timers, nothing is ever timed.
 */
import { TIMERS } from '../../gen/passes.js';

const EVERY_FRAMES = 10;
const FIRST_FRAME = 3;

export class PassTimes {
  /** Milliseconds of the last timed frame, or null. @type {number | null} */
  gpuMs = null;
  /** Told of each timer's milliseconds. @type {(timer: number, gpuMs: number) => void} */
  onTime = () => {};
  #frames = 0;

  /** @param {boolean} isAble whether the API has timers */
  constructor(isAble) {
    this.isAble = isAble;
  }

  /** Counts a frame. @returns {boolean} whether it is timed */
  next() {
    this.#frames += 1;
    return this.isAble && this.#frames % EVERY_FRAMES === FIRST_FRAME;
  }

  /** @param {readonly string[]} names the timer of each group @param {readonly number[]} times milliseconds of each */
  add(names, times) {
    /** @type {Map<string, number>} */
    const sums = new Map();
    names.forEach((name, index) => sums.set(name, (sums.get(name) ?? 0) + times[index]));
    this.gpuMs = times.reduce((sum, ms) => sum + ms, 0);
    for (const [name, ms] of sums) this.onTime(TIMERS.indexOf(name), ms);
  }
}
