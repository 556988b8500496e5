// @ts-check
/** @file Turns the packed DRAW_RECORDs of one pass into runs: what one API draw call draws.
 *
 * Owns: the arrays of runs, reused every frame (nothing is allocated per draw). Skips records whose mesh or material is
 * not ready; joins neighbours of one mesh, material and flags whose instances follow each other. Keeps the order.
 */
import { DRAW_RECORD, DRAW_STILL, MATERIAL_NO_SHADOW } from '../../gen/layouts.js';
import { INDEX_MASK } from '../../engine/handles.js';

/** @typedef {import('./resources.js').MeshRecord} MeshRecord */
/** @typedef {import('./resources.js').MaterialRecord} MaterialRecord */
/** How many rows draws may index: the still ones lie first in the backends' buffer.
 * @typedef {{ visible: number, still: number }} Known */

const WORDS = DRAW_RECORD.length;

export class Runs {
  constructor() {
    /** @type {MeshRecord[]} */
    this.mesh = [];
    /** @type {MaterialRecord[]} */
    this.material = [];
    this.first = new Uint32Array(1024);
    this.instances = new Uint32Array(1024);
    this.flags = new Uint32Array(1024);
    this.count = 0;
    this.skipped = 0;
    this.outside = 0;
    this.triangles = 0;
  }

  /** @param {number} records */
  reserve(records) {
    if (records <= this.first.length) return;
    const capacity = 2 ** Math.ceil(Math.log2(records));
    this.first = new Uint32Array(capacity);
    this.instances = new Uint32Array(capacity);
    this.flags = new Uint32Array(capacity);
  }

  /** @param {Uint32Array} records @param {(MeshRecord | undefined)[]} meshes @param {(MaterialRecord | undefined)[]}
   * materials @param {Known} known @param {boolean} shadow @returns {Runs} */
  collect(records, meshes, materials, { visible, still }, shadow) {
    this.reserve(records.length / WORDS);
    const { mesh: runMesh, material: runMaterial, first, instances, flags } = this;
    let count = 0;
    let skipped = 0;
    let outside = 0;
    let triangles = 0;
    let end = -1; // the instance after the last run's
    for (let at = 0; at < records.length; at += WORDS) {
      const mesh = meshes[records[at] & INDEX_MASK];
      const material = materials[records[at + 1] & INDEX_MASK];
      if (mesh === undefined || material === undefined || mesh.handle !== records[at]
        || material.handle !== records[at + 1] || !mesh.ready || !material.ready
        || (shadow && (material.flags & MATERIAL_NO_SHADOW) !== 0)) {
        skipped += 1;
        continue;
      }
      const size = records[at + 3];
      const isStill = (records[at + 4] & DRAW_STILL) !== 0;
      const drawFlags = records[at + 4] & ~DRAW_STILL;
      if (records[at + 2] + size > (isStill ? still : visible)) {
        outside += 1;
        continue;
      }
      const start = isStill ? records[at + 2] : still + records[at + 2];
      if (size === 0) continue;
      triangles += size * mesh.triangles;
      const last = count - 1;
      if (start === end && runMesh[last] === mesh && runMaterial[last] === material && flags[last] === drawFlags) {
        instances[last] += size;
      } else {
        runMesh[count] = mesh;
        runMaterial[count] = material;
        first[count] = start;
        instances[count] = size;
        flags[count] = drawFlags;
        count += 1;
      }
      end = start + size;
    }
    this.count = count;
    this.skipped = skipped;
    this.outside = outside;
    this.triangles = triangles;
    return this;
  }

  /** Drops references, so that destroyed resources can be collected. */
  clear() {
    this.mesh.length = 0;
    this.material.length = 0;
    this.count = 0;
  }
}
