// @ts-check
/**
 * @file What a target of the frame holds, for whoever looks (the inspector): one at a time, copied small in the midst of the
 * frame, as targets share images and are others at its end.
 *
 * Owns: which target is wanted, and by whom. Does not: exist before somebody asks; draw (the API's looker does).
 * Limits: targets with one sample a pixel, of numbers; of those with more, what they are resolved into.
 */
import { PASSES, TARGETS } from '../../gen/passes.js';

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./graph.js').Graph} Graph */
/** @typedef {{ name: string, format: string, width: number, height: number, passes: string[] }} Shown */
/** @typedef {{ name: string, side: number }} Wanted side: texels of the longer side of the copy, at most */
/** @typedef {{ width: number, height: number, fullWidth: number, fullHeight: number, data: Float32Array }} Looked four
 * numbers a texel, upper row first; of depth the first counts */
/** What an API gives. @typedef {{ copy(native: any, width: number, height: number): any, read(copy: any): Promise<Float32Array>,
 *   drop(copy: any): void }} Looker */

export const SIDE_MAX = 512;
const FRAMES_MAX = 120;

/** @param {{ samples: number, format: string, outside: boolean }} target */
const isSeen = ({ samples, format, outside }) => samples === 1 && format !== 'rg32uint' && !outside;

/** Targets that the frame's last picture used. @param {Graph} graph @param {View} view @returns {Shown[]} */
export function targetsOf(graph, view) {
  const written = new Set(graph.plan(view.flags, view.filled(), '').groups
    .flatMap(({ colors, depth, resolves }) => [...colors, depth, ...resolves]));
  return TARGETS.filter((target) => isSeen(target) && (written.has(target.name) || graph.kept.has(target.name))).map((target) => {
    const { width, height } = graph.kept.get(target.name)?.image ?? view.sidesOf(target);
    const passes = PASSES.filter(({ colors, depth, depthWrite }) => colors.includes(target.name) || (depthWrite && depth === target.name));
    return { name: target.name, format: target.format, width, height, passes: [...new Set(passes.map(({ name }) => name))] };
  });
}

/** One look at one target of one view. */
export class Look {
  /** @type {any} */
  #copy = null;
  #frames = 0;
  /** @type {(looked: Looked) => void} */
  #resolve = () => {};
  /** @type {(error: Error) => void} */
  #reject = () => {};

  /** @param {Looker} looker @param {View} view @param {Wanted} wanted */
  constructor(looker, view, { name, side }) {
    const target = TARGETS.find((one) => one.name === name);
    if (!target || !isSeen(target)) throw new Error(`There is no target ${JSON.stringify(name)} that can be looked at.`);
    this.looker = looker;
    this.view = view.index;
    this.name = name;
    this.side = Math.min(Math.max(1, side), SIDE_MAX);
    this.size = { width: 0, height: 0 };
    this.full = this.size;
    /** @type {Promise<Looked>} */
    this.looked = new Promise((resolve, reject) => [this.#resolve, this.#reject] = [resolve, reject]);
  }

  /** A group has drawn into it: the last one of the frame is what is seen. @param {any} native
   * @param {{ width: number, height: number }} full its texels */
  take(native, full) {
    const scale = Math.min(1, this.side / Math.max(full.width, full.height));
    this.full = full;
    this.size = { width: Math.max(1, Math.round(full.width * scale)), height: Math.max(1, Math.round(full.height * scale)) };
    if (this.#copy !== null) this.looker.drop(this.#copy);
    this.#copy = this.looker.copy(native, this.size.width, this.size.height);
  }

  get isTaken() {
    return this.#copy !== null;
  }

  /** The frame was submitted. @returns {boolean} whether the look is over */
  frameEnded() {
    if (this.#copy !== null) {
      const { width, height } = this.size;
      const [fullWidth, fullHeight] = [this.full.width, this.full.height];
      this.looker.read(this.#copy).then((data) => this.#resolve({ width, height, fullWidth, fullHeight, data }), this.#reject);
      return true;
    }
    this.#frames += 1;
    if (this.#frames < FRAMES_MAX) return false;
    this.#reject(new Error(`No pass has drawn ${this.name} in the last ${FRAMES_MAX} frames.`));
    return true;
  }

  /** Nothing will come. @param {string} reason */
  fail(reason) {
    this.#reject(new Error(reason));
  }
}
