// @ts-check
/** @file Walks the table of passes for each view and hands groups of passes to the backend's executor.
 *
 * Owns: the plans (one for each combination of flags and lists that came up) and the pool of target images, which views
 * share: they are drawn one after the other. Does not: call a GPU API. What a frame did not use is freed at its end.
 */
import { FORMAT_BYTES, PASSES, TARGETS, TIMERS, VIEW_FLAGS } from '../../gen/passes.js';
import { planView } from './plan.js';
import { fullChain } from './resources.js';
import { RARE } from './timing.js';

/** @typedef {import('./plan.js').Plan} Plan */
/** @typedef {import('./view.js').View} View */
/** @typedef {import('./driver.js').Executor} Executor */
/** @typedef {{ format: import('../../gen/passes.js').Format, samples: number, width: number, height: number,
 *   levels: number, copied?: boolean }} Image copied: written and read by the CPU as well */
/** @typedef {{ image: Image, native: any, used: boolean }} Pooled */
/** What a view keeps from frame to frame: this frame writes `next`, and reads what the last one wrote.
 * @typedef {{ image: Image, last: any, next: any, used: boolean }} History */

/** @param {Image} image @returns {number} */
const imageBytes = ({ format, samples, width, height, levels }) => FORMAT_BYTES[format] * samples * Array.from({ length: levels },
  (_, level) => Math.max(width >> level, 1) * Math.max(height >> level, 1)).reduce((sum, texels) => sum + texels);
/** What the API itself keeps a pixel of the picture: the picture, and the canvas's images. */
const OUTSIDE_BYTES = TARGETS.filter(({ outside }) => outside)
  .reduce((sum, { format, images }) => sum + FORMAT_BYTES[format] * images, 0);

const OUTSIDE = new Set(TARGETS.filter(({ outside }) => outside).map(({ name }) => name));
const KEPT = new Map(TARGETS.filter(({ kept }) => kept).map((target) => [target.name, target]));
/** Of kept ones: those whose size a command says. */
const SIZED = TARGETS.filter(({ sized }) => sized).map(({ name }) => name);
const GROWING = TARGETS.filter(({ grows }) => grows).map(({ name }) => name);
const READ = TARGETS.filter(({ read }) => read).map(({ name }) => name);
const HISTORY = new Map(TARGETS.filter(({ history }) => history).map((target) => [target.name, target]));

export class Graph {
  /** @param {Executor} executor */
  constructor(executor) {
    this.executor = executor;
    /** @type {Map<number, Plan>} */
    this.plans = new Map();
    /** @type {Pooled[]} */
    this.pool = [];
    /** By view and target. @type {Map<string, History>} */
    this.histories = new Map();
    /** What all views share and nothing clears, by target; `used`: by a view of this frame. @type {Map<string, Pooled>} */
    this.kept = new Map();
    /** Texels of what gets its size from a command. */
    this.atlas = { width: 0, height: 0 };
    /** Lines below those that a growing target has of its own. */
    this.moreLines = 0;
    /** Images from outside that this frame has drawn into. @type {Set<any>} */
    this.touched = new Set();
    this.outsideBytes = 0;
    /** Texels that this frame's views are to give, copied on the GPU. @type {{ pick: number, copy: any }[]} */
    this.copies = [];
  }

  /** Of all targets. */
  get sizeBytes() {
    const past = [...this.histories.values()].reduce((sum, { image }) => sum + 2 * imageBytes(image), 0);
    return [...this.pool, ...this.kept.values()].reduce((sum, { image }) => sum + imageBytes(image), this.outsideBytes + past);
  }

  /** The picture has another size: nothing fits any more. @param {number} width @param {number} height */
  resize(width, height) {
    for (const { native } of this.pool.splice(0)) this.executor.destroyTarget(native);
    this.executor.resize(width, height);
    this.outsideBytes = OUTSIDE_BYTES * width * height;
  }

  /** What was drawn into it is lost. @param {number} width @param {number} height 0: there is none */
  resizeAtlas(width, height) {
    for (const name of SIZED) {
      const pooled = this.kept.get(name);
      if (pooled && !this.executor.destroyTarget(pooled.native)) this.kept.delete(name);
    }
    this.atlas = { width, height };
  }

  /** What was drawn into what grows is lost. @param {number} lines */
  grow(lines) {
    for (const name of GROWING) {
      const pooled = this.kept.get(name);
      if (pooled && !this.executor.destroyTarget(pooled.native)) this.kept.delete(name);
    }
    this.moreLines = lines;
  }

  /** Into what grows, below what does not. @param {number} firstLine @param {number} lines
   * @param {(bytes: number) => Uint8Array} data */
  writeLines(firstLine, lines, data) {
    const { side, height, format } = /** @type {import('../../gen/passes.js').Target} */ (KEPT.get(GROWING[0]));
    if (firstLine + lines > this.moreLines) {
      throw new Error(`Lines ${firstLine} to ${firstLine + lines - 1} of probes were written; there are ${this.moreLines}.`);
    }
    const native = this.keptImage(GROWING[0]);
    this.executor.writeLines(native, side, (height || side) + firstLine, lines, data(FORMAT_BYTES[format] * side * lines));
  }

  /** All of what grows. @returns {Promise<import('./readings.js').Lines>} */
  readLines() {
    const { side, height } = /** @type {import('../../gen/passes.js').Target} */ (KEPT.get(GROWING[0]));
    return this.executor.readLines(this.keptImage(GROWING[0]), side, (height || side) + this.moreLines);
  }

  /** @param {readonly View[]} views in drawing order @param {string} timed a timer, '' = none
   * @returns {number} draws */
  drawFrame(views, timed) {
    for (const one of [...this.pool, ...this.kept.values(), ...this.histories.values()]) one.used = false;
    this.touched.clear();
    this.copies = [];
    this.executor.beginFrame(timed);
    let draws = 0;
    const used = new Set();
    for (const view of views) {
      const plan = this.plan(view.flags, view.filled(), timed);
      this.executor.times.draws(plan.timers);
      const images = this.claim(plan, view);
      for (const pooled of images) used.add(pooled);
      draws += this.drawView(view, plan, images);
      if (view.pick !== 0) this.copyTexel(view.pick, plan, images);
      for (const pooled of images) pooled.used = false; // free for the next view
    }
    this.executor.endFrame();
    this.endHistories();
    for (const [name, { used, native }] of this.kept) {
      if (!used && !SIZED.includes(name) && !this.executor.destroyTarget(native)) this.kept.delete(name);
    }
    this.pool = this.pool.filter((pooled) => used.has(pooled) || this.executor.destroyTarget(pooled.native));
    return draws;
  }

  /** A bit for each timer that these views draw. @param {readonly View[]} views @returns {number} */
  timersOf(views) {
    return views.reduce((bits, view) => bits | this.plan(view.flags, view.filled(), '').timers, 0);
  }

  /** @param {number} flags @param {number} filled @param {string} timed @returns {Plan} */
  plan(flags, filled, timed) {
    const key = (flags * 65536 + filled) * 64 + (timed === RARE ? 63 : 1 + TIMERS.indexOf(timed));
    let plan = this.plans.get(key);
    if (!plan) this.plans.set(key, plan = planView(PASSES, TARGETS, VIEW_FLAGS, flags, filled, timed));
    return plan;
  }

  /** @param {number} pick @param {Plan} plan @param {Pooled[]} images */
  copyTexel(pick, { imageOf }, images) {
    for (const name of READ) {
      const index = imageOf.get(name);
      if (index !== undefined) this.copies.push({ pick, copy: this.executor.copyTexel(images[index].native) });
    }
  }

  /** @param {Plan} plan @param {View} view @returns {Pooled[]} an image for each of the plan's */
  claim({ images }, view) {
    return images.map((target) => {
      const { format, samples } = target;
      const { width, height } = view.sidesOf(target);
      const levels = target.mips ? fullChain(width, height) : 1;
      const fits = (/** @type {Pooled} */ { image, used }) => !used && image.format === format && image.samples === samples
        && image.width === width && image.height === height && image.levels === levels;
      let pooled = this.pool.find(fits);
      if (!pooled) {
        const image = { format, samples, width, height, levels };
        this.pool.push(pooled = { image, native: this.executor.createTarget(image), used: false });
      }
      pooled.used = true;
      return pooled;
    });
  }

  /** What this frame wrote is the next one's past; what no view wrote is freed. */
  endHistories() {
    for (const [key, history] of this.histories) {
      if (history.used) [history.last, history.next] = [history.next, history.last];
      else {
        this.executor.destroyTarget(history.last);
        this.executor.destroyTarget(history.next);
        this.histories.delete(key);
      }
    }
  }

  /** @param {string} name @param {View} view @returns {History} */
  history(name, view) {
    const key = `${view.index} ${name}`;
    let history = this.histories.get(key);
    const target = HISTORY.get(name) ?? TARGETS[0];
    const image = { format: target.format, samples: 1, levels: 1, ...view.sidesOf(target) };
    if (history && (history.image.width !== image.width || history.image.height !== image.height)) {
      this.executor.destroyTarget(history.last);
      this.executor.destroyTarget(history.next);
      history = undefined; // nothing of another size fits
    }
    if (!history) {
      const [last, next] = [this.executor.createTarget(image), this.executor.createTarget(image)];
      this.histories.set(key, history = { image, last, next, used: false });
    }
    history.used = true;
    return history;
  }

  /** The one image of a kept target. @param {string} name @returns {any} */
  keptImage(name) {
    let pooled = this.kept.get(name);
    if (!pooled) {
      const { format, side, height, sized, grows } = KEPT.get(name) ?? TARGETS[0];
      const lines = (height || side) + (grows ? this.moreLines : 0);
      const image = { format, samples: 1, levels: 1, copied: grows, ...(sized ? this.atlas : { width: side, height: lines }) };
      if (image.width === 0) return null;
      this.kept.set(name, pooled = { image, native: this.executor.createTarget(image), used: true });
    }
    pooled.used = true;
    return pooled.native;
  }

  /** @param {View} view @param {import('./plan.js').Step} step @param {any[]} reads @returns {number} draws */
  drawTiles({ tiles }, { pass, draw }, reads) {
    let draws = 0;
    for (const tile of tiles.all.slice(0, tiles.count)) {
      this.executor.beginTile(tile);
      draws += this.executor.draws(pass, draw, tile.runs, reads, tile.matrix);
    }
    this.executor.endTiles();
    return draws;
  }

  /** @param {View} view @param {Plan} plan @param {Pooled[]} images @returns {number} draws */
  drawView(view, { groups, imageOf }, images) {
    const { executor } = this;
    /** Histories that this frame has drawn. @type {Set<string>} */
    const written = new Set();
    /** The API's image of a target; null = nobody drew it. @param {string} name */
    const read = (name) => {
      if (HISTORY.has(name)) {
        const history = this.histories.get(`${view.index} ${name}`);
        return (written.has(name) ? history?.next : history?.last) ?? null;
      }
      if (KEPT.has(name)) return this.keptImage(name);
      if (OUTSIDE.has(name)) return executor.outside(name, view);
      return images[imageOf.get(name) ?? -1]?.native ?? null;
    };
    /** @param {string} name */
    const drawn = (name) => (name === '' ? null : HISTORY.has(name) ? this.history(name, view).next : read(name));
    let draws = 0;
    for (const group of groups) {
      const natives = {
        colors: group.colors.map(drawn), depth: drawn(group.depth), resolves: group.resolves.map(drawn),
      };
      const [{ pass }] = group.steps;
      if (pass.kind === 'resolve') {
        executor.resolveDepth(pass, read(group.steps[0].reads[0]), natives.depth);
        continue;
      }
      if (pass.kind === 'mips') {
        executor.mips(pass, natives.colors[0]);
        continue;
      }
      const clears = group.clearsColors.map((isFirst, index) => isFirst && !this.touched.has(natives.colors[index]));
      executor.beginGroup(view, group, natives, clears);
      for (const step of group.steps) {
        const reads = step.reads.map(read);
        if (step.list < 0) draws += executor.fullscreen(step.pass, reads);
        else if (step.pass.tiled) draws += this.drawTiles(view, step, reads);
        else draws += executor.draws(step.pass, step.draw, view.runs[step.list], reads, 0);
      }
      executor.endGroup();
      group.colors.forEach((name, index) => {
        if (HISTORY.has(name)) written.add(name);
        if (OUTSIDE.has(name)) this.touched.add(natives.colors[index]);
      });
    }
    return draws;
  }
}
