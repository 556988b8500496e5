// @ts-check
/** @file The lights of each view in the WebGL2 backend: rows and cluster lists in a texture (shaders/lights.wgsl).
 *
 * Owns: the textures; they are bound for a whole view. A view that never had lights keeps what is bound: its shader reads
 * nothing of it.
 */
import { LIGHT_LIST_LINES } from '../../gen/layouts.js';
import { LIGHT_BYTES, LIGHT_LINES, LIGHT_LINE_BYTES, wholeLines } from '../common/resources.js';
import { LIGHT_UNIT } from './pipelines.js';

export class Webgl2Lights {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    /** By view. @type {WebGLTexture[]} */
    this.textures = [];
    this.nothing = this.#make(1, 1);
  }

  get sizeBytes() {
    return this.textures.filter(Boolean).length * LIGHT_BYTES;
  }

  /** @param {number} width @param {number} height @returns {WebGLTexture} */
  #make(width, height) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + LIGHT_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32UI, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    return texture;
  }

  /** @param {number} view */
  bind(view) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + LIGHT_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[view] ?? this.nothing);
  }

  /** @param {number} view @param {Uint8Array} rows @param {Uint8Array} lists */
  write(view, rows, lists) {
    const { gl } = this;
    this.textures[view] ??= this.#make(LIGHT_LINE_BYTES / 16, LIGHT_LINES);
    this.bind(view);
    for (const [bytes, y] of /** @type {[Uint8Array, number][]} */ ([[lists, 0], [wholeLines(rows), LIGHT_LIST_LINES]])) {
      const lines = bytes.byteLength / LIGHT_LINE_BYTES;
      if (lines === 0) continue;
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, y, LIGHT_LINE_BYTES / 16, lines, gl.RGBA_INTEGER, gl.UNSIGNED_INT, words);
    }
  }
}
