// @ts-check
/** @file The lights of each view in the WebGPU backend: rows and cluster lists as textures (shaders/lights.wgsl).
 *
 * Owns: the textures; a view that never had lights gets a texel of zeros.
 */
import { LIGHTS_MAX, LIGHT_LIST_LINES, LIGHT_LIST_WIDTH, LIGHT_TEXELS } from '../../gen/layouts.js';
import { LIGHT_BYTES } from '../common/resources.js';

const USAGE = 0x04 /* TEXTURE_BINDING */ | 0x02 /* COPY_DST */;
/** Of rows and lists. @type {GPUTextureSampleType[]} */
export const LIGHT_SAMPLES = ['unfilterable-float', 'uint'];
/** @type {GPUTextureFormat[]} */
const LIGHT_FORMATS = ['rgba32float', 'r32uint'];
const SIZES = [[LIGHT_TEXELS, LIGHTS_MAX], [LIGHT_LIST_WIDTH, LIGHT_LIST_LINES]];
const LINE_BYTES = [16 * LIGHT_TEXELS, 4 * LIGHT_LIST_WIDTH];

export class WebgpuLights {
  /** @param {GPUDevice} device */
  constructor(device) {
    this.device = device;
    this.nothing = this.#make([[1, 1], [1, 1]]);
    /** Rows and lists by view. @type {GPUTexture[][]} */
    this.textures = [];
  }

  /** @param {number[][]} sizes @returns {GPUTexture[]} */
  #make(sizes) {
    return sizes.map((size, index) => this.device.createTexture({
      label: 'lights', size, format: LIGHT_FORMATS[index], usage: USAGE,
    }));
  }

  get sizeBytes() {
    return this.textures.filter(Boolean).length * LIGHT_BYTES;
  }

  /** @param {number} view @returns {GPUTextureView[]} of its rows and lists */
  views(view) {
    return (this.textures[view] ?? this.nothing).map((texture) => texture.createView());
  }

  /** @param {number} view @param {Uint8Array} rows @param {Uint8Array} lists @returns {boolean} whether it has new textures */
  write(view, rows, lists) {
    const isNew = !this.textures[view];
    const textures = (this.textures[view] ??= this.#make(SIZES));
    [rows, lists].forEach((bytes, index) => {
      const bytesPerRow = LINE_BYTES[index];
      const lines = bytes.byteLength / bytesPerRow;
      if (lines === 0) return;
      this.device.queue.writeTexture(
        { texture: textures[index] }, /** @type {any} */ (bytes), { bytesPerRow }, [SIZES[index][0], lines]);
    });
    return isNew;
  }

  destroyAll() {
    for (const texture of [this.nothing, ...this.textures].flat()) texture?.destroy();
  }
}
