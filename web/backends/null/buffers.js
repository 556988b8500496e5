// @ts-check
/** @file Buffers of the null backend: sizes only. */
import { COLUMNS, POSE_LINE, ROWS_STEP } from '../../gen/layouts.js';
import { LIGHT_BYTES } from '../common/resources.js';

const ROW_BYTES = COLUMNS.reduce((sum, { words }) => sum + words * 4, 0);

export class NullBuffers {
  sizeBytes = ROWS_STEP * ROW_BYTES;
  /** Views that had lights. @type {Set<number>} */
  #lit = new Set();
  #poseLines = 0;
  /** @returns {object} */
  create() { return {}; }
  destroy() {}
  write() {}
  /** @returns {object} */
  createMesh() { return {}; }
  destroyMesh() {}
  /** @param {number} rows */
  rowsCapacity(rows) { this.sizeBytes = rows * ROW_BYTES + this.#lit.size * LIGHT_BYTES + 16 * POSE_LINE * this.#poseLines; }
  rowsWrite() {}
  /** @param {number} lines */
  poses(lines) {
    this.sizeBytes += 16 * POSE_LINE * (lines - this.#poseLines);
    this.#poseLines = lines;
  }
  visibleRows() {}
  stillRows() {}
  frameBlock() {}
  /** @param {number} view */
  lights(view) {
    if (!this.#lit.has(view)) this.sizeBytes += LIGHT_BYTES;
    this.#lit.add(view);
  }
}
