// @ts-check
/** @file The lights of each view in the WebGPU backend: rows and cluster lists in a texture (shaders/lights.wgsl).
 *
 * Owns: the textures, one a view; a view that never had lights gets a texel of zeros.
 */
import { LIGHT_LIST_LINES } from '../../gen/layouts.js';
import { LIGHT_BYTES, LIGHT_LINES, LIGHT_LINE_BYTES, wholeLines } from '../common/resources.js';

const USAGE = 0x04 /* TEXTURE_BINDING */ | 0x02 /* COPY_DST */;
const LINE_TEXELS = LIGHT_LINE_BYTES / 16;

export class WebgpuLights {
  /** @param {GPUDevice} device */
  constructor(device) {
    this.device = device;
    this.nothing = this.#make(1, 1);
    /** By view. @type {GPUTexture[]} */
    this.textures = [];
  }

  /** @param {number} width @param {number} height @returns {GPUTexture} */
  #make(width, height) {
    return this.device.createTexture({ label: 'lights', size: [width, height], format: 'rgba32uint', usage: USAGE });
  }

  get sizeBytes() {
    return this.textures.filter(Boolean).length * LIGHT_BYTES;
  }

  /** @param {number} view @returns {GPUTextureView} of its rows and lists */
  texture(view) {
    return (this.textures[view] ?? this.nothing).createView();
  }

  /** @param {number} view @param {Uint8Array} rows @param {Uint8Array} lists @returns {boolean} whether it has a new texture */
  write(view, rows, lists) {
    const isNew = !this.textures[view];
    const texture = (this.textures[view] ??= this.#make(LINE_TEXELS, LIGHT_LINES));
    for (const [bytes, y] of /** @type {[Uint8Array, number][]} */ ([[lists, 0], [wholeLines(rows), LIGHT_LIST_LINES]])) {
      const lines = bytes.byteLength / LIGHT_LINE_BYTES;
      if (lines === 0) continue;
      this.device.queue.writeTexture({ texture, origin: [0, y] }, /** @type {any} */ (bytes),
        { bytesPerRow: LIGHT_LINE_BYTES }, [LINE_TEXELS, lines]);
    }
    return isNew;
  }

  destroyAll() {
    for (const texture of [this.nothing, ...this.textures]) texture?.destroy();
  }
}
