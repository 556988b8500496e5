// @ts-check
/** @file The lights of each view in the WebGL2 backend: rows and cluster lists as textures (shaders/lights.wgsl).
 *
 * Owns: the textures; they are bound for a whole view. A view that never had lights keeps what is bound: its shader reads
 * nothing of it.
 */
import { LIGHTS_MAX, LIGHT_LIST_LINES, LIGHT_LIST_WIDTH, LIGHT_TEXELS } from '../../gen/layouts.js';
import { LIGHT_BYTES } from '../common/resources.js';
import { LIGHT_UNITS } from './pipelines.js';

export class Webgl2Lights {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    /** Rows and lists by view. @type {WebGLTexture[][]} */
    this.textures = [];
    this.nothing = this.#make([[1, 1], [1, 1]]);
  }

  get sizeBytes() {
    return this.textures.filter(Boolean).length * LIGHT_BYTES;
  }

  /** @param {number[][]} sizes @returns {WebGLTexture[]} */
  #make(sizes) {
    const { gl } = this;
    return sizes.map(([width, height], index) => {
      const texture = gl.createTexture();
      gl.activeTexture(gl.TEXTURE0 + LIGHT_UNITS[index]);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, index === 0 ? gl.RGBA32F : gl.R32UI, width, height);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      return texture;
    });
  }

  /** @param {number} view */
  bind(view) {
    const { gl } = this;
    (this.textures[view] ?? this.nothing).forEach((texture, index) => {
      gl.activeTexture(gl.TEXTURE0 + LIGHT_UNITS[index]);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
  }

  /** @param {number} view @param {Uint8Array} rows @param {Uint8Array} lists */
  write(view, rows, lists) {
    const { gl } = this;
    this.textures[view] ??= this.#make([[LIGHT_TEXELS, LIGHTS_MAX], [LIGHT_LIST_WIDTH, LIGHT_LIST_LINES]]);
    this.bind(view);
    const floats = new Float32Array(rows.buffer, rows.byteOffset, rows.byteLength / 4);
    const words = new Uint32Array(lists.buffer, lists.byteOffset, lists.byteLength / 4);
    gl.activeTexture(gl.TEXTURE0 + LIGHT_UNITS[0]);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, LIGHT_TEXELS, floats.length / (4 * LIGHT_TEXELS), gl.RGBA, gl.FLOAT, floats);
    if (words.length === 0) return;
    gl.activeTexture(gl.TEXTURE0 + LIGHT_UNITS[1]);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, LIGHT_LIST_WIDTH, words.length / LIGHT_LIST_WIDTH, gl.RED_INTEGER,
      gl.UNSIGNED_INT, words);
  }
}
