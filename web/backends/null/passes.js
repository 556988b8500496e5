// @ts-check
/** @file Passes of the null backend: counts what the others would draw. */
import { targetBytes } from '../common/resources.js';

export class NullPasses {
  sizeBytes = targetBytes(1, 1);
  /** @param {number} width @param {number} height */
  resize(width, height) { this.sizeBytes = targetBytes(width, height); }
  /** @param {import('../common/runs.js').Runs[]} runs @returns {number} draws, the sky's included */
  drawFrame(runs) { return runs.reduce((sum, list) => sum + list.count, 1); }
  /** @returns {Promise<never>} */
  async read() { throw new Error('the null backend draws none.'); }
}
