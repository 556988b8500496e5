// @ts-check
/** @file What the passes take on the GPU, once the API knows.
 *
 * Owns: which timer a frame measures, one at a time and in turn: every query costs, and a pass is only measured where it
 * is a group of its own. Passes that only some frames draw are measured together, at once when they come. The backends measure: webgpu/timing.js, webgl2/timing.js. Where the API has no timers, nothing is
 * ever measured. Limits: a timer's figure is the less of its last two, so that one odd answer counts for nothing.
 */
import { RARE_TIMERS, TIMERS } from '../../gen/passes.js';

const EVERY_FRAMES = 4;
/** What a frame measures that measures all of RARE_TIMERS. */
export const RARE = 'rare';
const RARE_NAMES = new Set(RARE_TIMERS);
const RARE_BITS = RARE_TIMERS.reduce((bits, name) => bits | (1 << TIMERS.indexOf(name)), 0);

/** Whether a frame that measures `timed` measures this timer. @param {string} timed @param {string} name @returns {boolean} */
export const isTimed = (timed, name) => name === timed || (timed === RARE && RARE_NAMES.has(name));

export class PassTimes {
  /** Told of each timer's milliseconds. @type {(timer: number, gpuMs: number) => void} */
  onTime = () => {};
  #frames = 0;
  #turn = -1;
  /** A bit for each timer that the last frame drew. */
  #drawn = 0;
  /** Milliseconds by timer. @type {Map<number, number>} */
  #last = new Map();
  /** @type {Map<number, number>} */
  #known = new Map();

  /** @param {boolean} isAble whether the API has timers */
  constructor(isAble) {
    this.isAble = isAble;
  }

  /** Counts a frame. @param {number} [draws] a bit for each timer that it draws
   * @returns {string} the timer that it measures, RARE, or '' = none */
  next(draws = 0) {
    const drawn = this.#drawn & ~RARE_BITS;
    this.#drawn = 0;
    this.#frames += 1;
    if (this.isAble && RARE_TIMERS.some((name) => draws & (1 << TIMERS.indexOf(name)) && !this.#known.has(TIMERS.indexOf(name)))) {
      return RARE;
    }
    if (!this.isAble || drawn === 0 || this.#frames % EVERY_FRAMES !== 0) return '';
    do this.#turn = (this.#turn + 1) % TIMERS.length; while ((drawn & (1 << this.#turn)) === 0);
    return TIMERS[this.#turn];
  }

  /** @param {number} timers a bit for each that a view of this frame draws */
  draws(timers) {
    this.#drawn |= timers;
  }

  /** @param {readonly string[]} names of timers @param {readonly number[]} times milliseconds of a group of each */
  addEach(names, times) {
    for (const name of new Set(names)) this.add(name, times.filter((_, index) => names[index] === name));
  }

  /** @param {string} name of a timer @param {readonly number[]} times milliseconds of each group that it measured */
  add(name, times) {
    const timer = TIMERS.indexOf(name);
    const ms = times.reduce((sum, one) => sum + one, 0);
    const less = Math.min(ms, this.#last.get(timer) ?? ms);
    this.#last.set(timer, ms);
    this.#known.set(timer, less);
    this.onTime(timer, less);
  }

  /** Milliseconds of all that the last frame drew, as far as they are known; null where nothing is. @returns {number | null} */
  get gpuMs() {
    let sum = null;
    for (const [timer, ms] of this.#known) if (this.#drawn & (1 << timer)) sum = (sum ?? 0) + ms;
    return sum;
  }
}
