// @ts-check
/** @file What the table's formats are in WebGPU. */

/** @typedef {import('../../gen/passes.js').Format} Format */

/** What canvases like best here; the picture has the same order, so that it can be copied. */
export const CANVAS_FORMAT = /** @type {'bgra8unorm' | 'rgba8unorm'} */ (
  globalThis.navigator?.gpu?.getPreferredCanvasFormat() ?? 'bgra8unorm');
export const COLOR_FORMAT = /** @type {const} */ (`${CANVAS_FORMAT}-srgb`);

/** @type {Readonly<Record<Format, GPUTextureFormat>>} */
export const FORMATS = Object.freeze({
  depth32float: 'depth32float', picture: COLOR_FORMAT, rgb10a2: 'rgb10a2unorm', rgba16float: 'rgba16float',
  rg16float: 'rg16float', r32float: 'r32float', rg32uint: 'rg32uint',
  rgba32float: 'rgba32float',
});

/** How a shader reads them. @param {Format} format @returns {GPUTextureSampleType} */
export const sampleType = (format) => (
  format === 'depth32float' ? 'depth' : format.endsWith('32float') ? 'unfilterable-float' : 'float');
