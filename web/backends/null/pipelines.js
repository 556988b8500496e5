// @ts-check
/** @file Materials of the null backend: nothing behind the record. */
export const nullPipelines = Object.freeze({
  /** @returns {Promise<object>} */
  compileShader: async () => ({}),
  /** @returns {object} */
  createMaterial: () => ({}),
  writeMaterial() {},
  destroyMaterial() {},
});
