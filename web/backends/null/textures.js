// @ts-check
/** @file Textures of the null backend: nothing behind the record. */
export const nullTextures = Object.freeze({
  /** @returns {object} */
  create: () => ({}),
  destroy() {},
  write() {},
  update() {},
  upload() {},
  writeCompressed() {},
  writeRows() {},
  refine() {},
  showFrom: () => false,
});
