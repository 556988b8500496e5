// @ts-check
/** @file What the table's formats are in WebGL2. */

/** @typedef {import('../../gen/passes.js').Format} Format */

/** @param {WebGL2RenderingContext} gl @returns {Readonly<Record<Format, number>>} internal formats */
export const formatsOf = (gl) => Object.freeze({
  depth32float: gl.DEPTH_COMPONENT32F, picture: gl.SRGB8_ALPHA8, rgb10a2: gl.RGB10_A2, rgba16float: gl.RGBA16F,
  rg16float: gl.RG16F, r32float: gl.R32F, rg32uint: gl.RG32UI,
  rgba32float: gl.RGBA32F,
});
