// @ts-check
/** @file Buffers of the null backend: sizes only. */
import { COLUMNS, ROWS_STEP } from '../../gen/layouts.js';

const ROW_BYTES = COLUMNS.reduce((sum, { words }) => sum + words * 4, 0);

export class NullBuffers {
  sizeBytes = ROWS_STEP * ROW_BYTES;
  /** @returns {object} */
  create() { return {}; }
  destroy() {}
  write() {}
  /** @returns {object} */
  createMesh() { return {}; }
  destroyMesh() {}
  /** @param {number} rows */
  rowsCapacity(rows) { this.sizeBytes = rows * ROW_BYTES; }
  rowsWrite() {}
  visibleRows() {}
  stillRows() {}
  frameBlock() {}
}
