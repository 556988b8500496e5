// @ts-check
/** @file The executor of the null backend: counts what the others would draw. */
import { PICK_UNDRAWN } from '../../gen/layouts.js';
import { PassTimes } from '../common/timing.js';

export class NullPasses {
  times = new PassTimes(false);
  readingBytes = 0;
  /** @returns {object} */
  createTarget() { return {}; }
  mips() {}
  /** @returns {false} */
  destroyTarget() { return false; }
  resize() {}
  /** @returns {object} */
  outside() { return {}; }
  beginFrame() {}
  beginGroup() {}
  resolveDepth() {}
  endGroup() {}
  beginTile() {}
  endTiles() {}
  copyTexel() {}
  /** @returns {Promise<Uint32Array>} */
  async readTexel() { return new Uint32Array([PICK_UNDRAWN, 0]); }
  writeLines() {}
  /** @returns {Promise<never>} */
  async readLines() { throw new Error('the null backend draws none.'); }
  endFrame() {}
  /** @param {import('../../gen/passes.js').Pass} _pass @param {number} _list @param {import('../common/runs.js').Runs} runs
   * @returns {number} draws */
  draws(_pass, _list, runs) { return runs.count; }
  /** @returns {number} draws */
  fullscreen() { return 1; }
  /** @returns {Promise<never>} */
  async read() { throw new Error('the null backend draws none.'); }
}
