// @ts-check
/** @file Passes of the null backend: counts what the others would draw. */
export class NullPasses {
  sizeBytes = 0;
  resize() {}
  /** @param {import('../common/runs.js').Runs[]} runs @returns {number} draws, the sky's included */
  drawFrame(runs) { return runs.reduce((sum, list) => sum + list.count, 1); }
}
