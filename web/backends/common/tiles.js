// @ts-check
/** @file What a view draws into squares of the shadow atlas: a list and a matrix each.
 *
 * Owns: the tiles of a frame with their runs, reused every frame. Limits: lists are views of the heap and live as long as a
 * submit.
 */
import { DRAW_RECORD, SHADOW_MATRICES } from '../../gen/layouts.js';
import { Runs } from './runs.js';

/** matrix: of the frame block's shadow_matrices.
 * @typedef {{ x: number, y: number, side: number, matrix: number, clear: boolean, records: Uint32Array | null,
 *   runs: Runs }} Tile */

export class Tiles {
  /** The first `count` are this frame's. @type {Tile[]} */
  all = [];
  count = 0;

  begin() {
    for (const tile of this.all) tile.records = null;
    this.count = 0;
  }

  /** @param {number} x @param {number} y @param {number} side @param {number} matrix @param {boolean} clear
   * @param {Uint32Array | null} records */
  add(x, y, side, matrix, clear, records) {
    if (matrix >= SHADOW_MATRICES) throw new Error(`There is no matrix ${matrix} of a shadow tile; use 0 to ${SHADOW_MATRICES - 1}.`);
    if (this.count === this.all.length) {
      this.all.push({ x, y, side, matrix, clear, records, runs: new Runs() });
    } else Object.assign(this.all[this.count], { x, y, side, matrix, clear, records });
    this.count += 1;
  }

  /** @param {import('../../engine/heap.js').Heap} heap @param {number} address @param {number} count
   * @returns {Uint32Array | null} DRAW_RECORDs */
  static records(heap, address, count) {
    return count > 0 ? heap.u32(address, count * DRAW_RECORD.length) : null;
  }

  /** Turns records into runs. @param {(import('./resources.js').MeshRecord | undefined)[]} meshes
   * @param {(import('./resources.js').MaterialRecord | undefined)[]} materials @param {import('./runs.js').Known} known
   * @returns {{ triangles: number, outside: number }} */
  collect(meshes, materials, known) {
    let triangles = 0;
    let outside = 0;
    for (const tile of this.all.slice(0, this.count)) {
      const { runs } = tile;
      runs.collect(tile.records ?? new Uint32Array(0), meshes, materials, known, true);
      triangles += runs.triangles;
      outside += runs.outside;
      tile.records = null;
    }
    return { triangles, outside };
  }

  /** Drops references, so that destroyed resources can be collected. */
  clear() {
    this.begin();
    for (const { runs } of this.all) runs.clear();
  }
}
