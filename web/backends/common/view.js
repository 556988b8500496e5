// @ts-check
/** @file A view as a backend holds it: where it is drawn, with which flags, and what its passes draw.
 *
 * Owns: the runs of each draw pass, reused every frame. Limits: lists are views of the heap and live as long as a submit.
 */
import { DRAW_RECORD } from '../../gen/layouts.js';
import { DRAW_PASSES, PASSES, VIEW_FLAGS } from '../../gen/passes.js';
import { runsWith } from './plan.js';
import { Runs } from './runs.js';
import { Tiles } from './tiles.js';

/** @typedef {import('./resources.js').TextureRecord} TextureRecord */

const ROWS = PASSES.filter(({ kind }) => kind === 'draws');
/** By list: the passes that draw it. */
const DRAWN_BY = DRAW_PASSES.map((list) => ROWS.filter(({ name, draws }) => (draws || name) === list));
/** By list: whether it is drawn as tiles. */
const TILED = DRAW_PASSES.map((list) => ROWS.find(({ name }) => name === list)?.tiled ?? false);

export class View {
  /** The texture that it is drawn into; null = the picture. @type {TextureRecord | null} */
  texture = null;
  /** What its colours go through. @type {TextureRecord | null} */
  lut = null;
  /** The sky, where it is one. @type {TextureRecord | null} */
  panorama = null;
  x = 0;
  y = 0;
  width = 1;
  height = 1;
  /** Pixels that are drawn; fewer are with the flag `upscaled`. */
  drawnWidth = 1;
  drawnHeight = 1;
  flags = 0;
  /** Who asked what is drawn here; 0 = nobody. */
  pick = 0;
  hasBlock = false;
  /** Draw records by draw pass. @type {(Uint32Array | null)[]} */
  lists = DRAW_PASSES.map(() => null);
  runs = DRAW_PASSES.map(() => new Runs());
  /** Of the shadow atlas. */
  tiles = new Tiles();

  /** @param {number} index of the view, and of its frame block */
  constructor(index) {
    this.index = index;
  }

  /** @param {TextureRecord | null} texture @param {number} x @param {number} y @param {number} width @param {number} height
   * @param {number} flags @param {number} [drawnWidth] @param {number} [drawnHeight] */
  begin(texture, x, y, width, height, flags, drawnWidth = width, drawnHeight = height) {
    Object.assign(this, { texture, x, y, width, height, drawnWidth, drawnHeight, flags, lut: null, panorama: null, pick: 0 });
    this.lists.fill(null);
    this.tiles.begin();
  }

  /** @param {number} list @param {import('../../engine/heap.js').Heap} heap @param {number} address @param {number} count */
  setList(list, heap, address, count) {
    this.lists[list] = count > 0 ? heap.u32(address, count * DRAW_RECORD.length) : null;
  }

  /** Turns records into runs. @param {(import('./resources.js').MeshRecord | undefined)[]} meshes
   * @param {(import('./resources.js').MaterialRecord | undefined)[]} materials @param {import('./runs.js').Known} known
   * @returns {{ triangles: number, outside: number }} */
  collect(meshes, materials, known) {
    let { triangles, outside } = this.tiles.collect(meshes, materials, known);
    this.lists.forEach((records, list) => {
      const runs = this.runs[list];
      if (records === null || !DRAWN_BY[list].some((pass) => runsWith(pass, this.flags, VIEW_FLAGS))) {
        runs.count = 0;
        return;
      }
      runs.collect(records, meshes, materials, known, false);
      triangles += runs.triangles;
      outside += runs.outside;
    });
    this.lists.fill(null);
    return { triangles, outside };
  }

  /** A bit for each draw pass that draws something. @returns {number} */
  filled() {
    return this.runs.reduce(
      (bits, { count }, list) => bits | ((TILED[list] ? this.tiles.count : count) > 0 ? 1 << list : 0), 0);
  }

  /** A target's texels. @param {import('../../gen/passes.js').Target} target @returns {{ width: number, height: number }} */
  sidesOf({ divide, side, height, shown }) {
    if (side) return { width: side, height: height || side };
    const [across, down] = shown ? [this.width, this.height] : [this.drawnWidth, this.drawnHeight];
    return { width: Math.max(1, Math.floor(across / divide)), height: Math.max(1, Math.floor(down / divide)) };
  }

  /** Drops references, so that destroyed resources can be collected. */
  clear() {
    this.hasBlock = false;
    this.texture = null;
    this.lut = null;
    this.panorama = null;
    this.lists.fill(null);
    for (const runs of this.runs) runs.clear();
    this.tiles.clear();
  }
}
