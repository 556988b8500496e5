// @ts-check
/** @file Walks the table of passes for each view and hands groups of passes to the backend's executor.
 *
 * Owns: the plans (one for each combination of flags and lists that came up) and the pool of target images, which views
 * share: they are drawn one after the other. Does not: call a GPU API. What a frame did not use is freed at its end.
 */
import { FORMAT_BYTES, PASSES, TARGETS, VIEW_FLAGS } from '../../gen/passes.js';
import { planView } from './plan.js';

/** @typedef {import('./plan.js').Plan} Plan */
/** @typedef {import('./view.js').View} View */
/** @typedef {import('./driver.js').Executor} Executor */
/** @typedef {{ format: import('../../gen/passes.js').Format, samples: number, width: number, height: number }} Image */
/** @typedef {{ image: Image, native: any, used: boolean }} Pooled */

/** @param {Image} image @returns {number} */
const imageBytes = ({ format, samples, width, height }) => FORMAT_BYTES[format] * samples * width * height;
/** What the API itself keeps a pixel of the picture: the picture, and the canvas's images. */
const OUTSIDE_BYTES = TARGETS.filter(({ outside }) => outside)
  .reduce((sum, { format, images }) => sum + FORMAT_BYTES[format] * images, 0);

export class Graph {
  /** @param {Executor} executor */
  constructor(executor) {
    this.executor = executor;
    /** @type {Map<number, Plan>} */
    this.plans = new Map();
    /** @type {Pooled[]} */
    this.pool = [];
    this.outsideBytes = 0;
  }

  /** Of all targets. */
  get sizeBytes() {
    return this.pool.reduce((sum, { image }) => sum + imageBytes(image), this.outsideBytes);
  }

  /** The picture has another size: nothing fits any more. @param {number} width @param {number} height */
  resize(width, height) {
    for (const { native } of this.pool.splice(0)) this.executor.destroyTarget(native);
    this.executor.resize(width, height);
    this.outsideBytes = OUTSIDE_BYTES * width * height;
  }

  /** @param {readonly View[]} views in drawing order @param {boolean} split @returns {number} draws */
  drawFrame(views, split) {
    for (const pooled of this.pool) pooled.used = false;
    this.executor.beginFrame();
    let draws = 0;
    const used = new Set();
    for (const view of views) {
      const plan = this.plan(view.flags, view.filled(), split);
      const images = this.claim(plan, view);
      for (const pooled of images) used.add(pooled);
      draws += this.drawView(view, plan, images);
      for (const pooled of images) pooled.used = false; // free for the next view
    }
    this.executor.endFrame();
    this.pool = this.pool.filter((pooled) => used.has(pooled) || this.executor.destroyTarget(pooled.native));
    return draws;
  }

  /** @param {number} flags @param {number} filled @param {boolean} split @returns {Plan} */
  plan(flags, filled, split) {
    const key = (flags * 256 + filled) * 2 + Number(split);
    let plan = this.plans.get(key);
    if (!plan) this.plans.set(key, plan = planView(PASSES, TARGETS, VIEW_FLAGS, flags, filled, split));
    return plan;
  }

  /** @param {Plan} plan @param {View} view @returns {Pooled[]} an image for each of the plan's */
  claim({ images }, view) {
    return images.map(({ format, samples, divide, side }) => {
      const width = side || Math.max(1, Math.floor(view.width / divide));
      const height = side || Math.max(1, Math.floor(view.height / divide));
      const fits = (/** @type {Pooled} */ { image, used }) => !used && image.format === format && image.samples === samples
        && image.width === width && image.height === height;
      let pooled = this.pool.find(fits);
      if (!pooled) {
        const image = { format, samples, width, height };
        this.pool.push(pooled = { image, native: this.executor.createTarget(image), used: false });
      }
      pooled.used = true;
      return pooled;
    });
  }

  /** @param {View} view @param {Plan} plan @param {Pooled[]} images @returns {number} draws */
  drawView(view, { groups, imageOf }, images) {
    const { executor } = this;
    /** @param {string} name @returns {any} the API's image of a target; null = nobody drew it */
    const native = (name) => (name === '' ? null : images[imageOf.get(name) ?? -1]?.native ?? executor.outside(name, view));
    let draws = 0;
    for (const group of groups) {
      executor.beginGroup(view, group, native(group.color), native(group.depth), native(group.resolve));
      for (const { pass, list } of group.steps) {
        const reads = pass.reads.map(native);
        if (pass.kind === 'fullscreen') draws += executor.fullscreen(pass, reads);
        else draws += executor.draws(pass, list, view.runs[list], reads);
      }
      executor.endGroup(group);
    }
    return draws;
  }
}
