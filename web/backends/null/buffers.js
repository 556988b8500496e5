// @ts-check
/** @file Buffers of the null backend: sizes only. */
export class NullBuffers {
  sizeBytes = 0;
  /** @returns {object} */
  create() { return {}; }
  destroy() {}
  write() {}
  /** @returns {object} */
  createMesh() { return {}; }
  destroyMesh() {}
  /** @param {number} rows */
  rowsCapacity(rows) { this.sizeBytes = rows * 44; }
  rowsWrite() {}
  visibleRows() {}
  frameBlock() {}
}
