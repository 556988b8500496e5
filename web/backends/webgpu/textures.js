// @ts-check
/** @file Textures of the WebGPU backend: creation, upload, our own mip chain (the API has none), samplers.
 *
 * Owns: the downsample pipeline (one per format) and the sampler cache. The mip filter is the same pass in WebGL2.
 */
import {
  SAMPLER_CLAMP_S, SAMPLER_CLAMP_T, SAMPLER_MIRROR_S, SAMPLER_MIRROR_T, SAMPLER_NEAREST, TEXTURE_BLOCK_BYTES,
} from '../../gen/layouts.js';
import { anisotropy, compressedLevels, familyOf, texelBytes, textureBytes } from '../common/resources.js';

/** @typedef {import('../common/resources.js').TextureRecord} TextureRecord */
/** @type {GPUTextureFormat[]} */
const FORMATS = ['rgba8unorm-srgb', 'rgba8unorm', 'rgba8unorm-srgb', 'rgba16float', 'rgba32uint',
  'astc-4x4-unorm-srgb', 'astc-4x4-unorm', 'bc7-rgba-unorm-srgb', 'bc7-rgba-unorm', 'etc2-rgba8unorm-srgb', 'etc2-rgba8unorm',
  'etc2-rgb8unorm-srgb', 'etc2-rgb8unorm', 'bc1-rgba-unorm-srgb', 'bc1-rgba-unorm',
  'bc5-rg-unorm', 'bc5-rg-unorm', 'eac-rg11unorm', 'eac-rg11unorm']; // compressed: by TEXTURE_FAMILIES
const COPY_DST = 0x02;
const TEXTURE_BINDING = 0x04;
const RENDER_ATTACHMENT = 0x10;

let made = 0;
/** Tells images apart in the keys of bind groups. */
export const nextNumber = () => (made += 1);

/** @param {number} bits @param {number} clamp @param {number} mirror @returns {GPUAddressMode} */
const address = (bits, clamp, mirror) => (
  (bits & clamp) !== 0 ? 'clamp-to-edge' : (bits & mirror) !== 0 ? 'mirror-repeat' : 'repeat');

export class WebgpuTextures {
  /** @param {GPUDevice} device @param {string} downsample WGSL @param {import('./buffers.js').RoomCheck} checked */
  constructor(device, downsample, checked) {
    this.checked = checked;
    this.device = device;
    /** @type {Map<string, GPUSampler>} */
    this.samplers = new Map();
    this.module = device.createShaderModule({ label: 'downsample', code: downsample });
    /** @type {Map<GPUTextureFormat, GPURenderPipeline>} */
    this.downsamplers = new Map();
    this.white = this.makeSolid([255, 255, 255, 255]);
  }

  /** A 1 x 1 texture for materials without one. @param {number[]} rgba @returns {GPUTextureView} */
  makeSolid(rgba) {
    const texture = this.device.createTexture({ size: [1, 1], format: FORMATS[1], usage: TEXTURE_BINDING | COPY_DST });
    this.device.queue.writeTexture({ texture }, new Uint8Array(rgba), { bytesPerRow: 4 }, [1, 1]);
    return texture.createView();
  }

  /** @param {TextureRecord} record */
  create(record) {
    const { handle, width, height, levels, format } = record;
    const texture = this.checked('texture', record, textureBytes(width, height, 1, format), () => this.device.createTexture({
      label: `texture ${handle}`, size: [width, height], mipLevelCount: levels, format: FORMATS[format],
      usage: COPY_DST | TEXTURE_BINDING | (familyOf(format) > 0 ? 0 : RENDER_ATTACHMENT),
    }));
    return { texture, view: texture.createView(), number: nextNumber() };
  }

  /** @param {{ texture: GPUTexture }} native */
  destroy({ texture }) {
    texture.destroy();
  }

  /** @param {TextureRecord} record @param {Uint8Array} bytes */
  write({ native, width, height, levels, format }, bytes) {
    const layout = { bytesPerRow: width * texelBytes(format), rowsPerImage: height };
    this.device.queue.writeTexture({ texture: native.texture }, /** @type {any} */ (bytes), layout, [width, height]);
    this.downsample(native.texture, levels, FORMATS[format]);
  }

  /** @param {TextureRecord} record @param {import('../common/resources.js').Place} place @param {Uint8Array} bytes */
  update({ native, levels, format }, { x, y, width, height }, bytes) {
    const layout = { bytesPerRow: width * texelBytes(format), rowsPerImage: height };
    const target = { texture: native.texture, origin: [x, y] };
    this.device.queue.writeTexture(target, /** @type {any} */ (bytes), layout, [width, height]);
    this.downsample(native.texture, levels, FORMATS[format]);
  }

  /** @param {TextureRecord} record @param {ImageBitmap} image */
  upload({ native, width, height, levels, format }, image) {
    const target = { texture: native.texture, premultipliedAlpha: false, colorSpace: /** @type {const} */ ('srgb') };
    this.device.queue.copyExternalImageToTexture({ source: image }, target, [width, height]);
    this.downsample(native.texture, levels, FORMATS[format]);
  }

  /** @param {TextureRecord} record @param {Uint8Array} bytes all levels */
  writeCompressed(record, bytes) {
    compressedLevels(record).forEach(({ width, height, rowBytes, offset, sizeBytes }, mipLevel) => {
      const part = /** @type {any} */ (bytes.subarray(offset, offset + sizeBytes));
      const layout = { bytesPerRow: rowBytes, rowsPerImage: height / 4 };
      this.device.queue.writeTexture({ texture: record.native.texture, mipLevel }, part, layout, [width, height]);
    });
  }

  /** Rows of a level, with nothing made of them. @param {TextureRecord} record @param {number} mipLevel @param {number} first
   * @param {Uint8Array | ImageBitmap} source the rows, or an image with them at the same place @param {number} [rows] of an image */
  writeRows({ native, width, height, format }, mipLevel, first, source, rows = 0) {
    const texture = native.texture, across = Math.max(1, width >> mipLevel);
    if (!(source instanceof Uint8Array)) {
      const target = { texture, mipLevel, origin: [0, first], premultipliedAlpha: false, colorSpace: /** @type {const} */ ('srgb') };
      this.device.queue.copyExternalImageToTexture({ source, origin: [0, first] }, target, [across, rows]);
      return;
    }
    const family = familyOf(format), block = family > 0 ? TEXTURE_BLOCK_BYTES[family] : 0;
    const bytesPerRow = block ? Math.ceil(across / 4) * block : 4 * across;
    const rowsPerImage = source.byteLength / bytesPerRow;
    const size = block ? [4 * Math.ceil(across / 4), 4 * rowsPerImage] : [across, rowsPerImage];
    this.device.queue.writeTexture({ texture, mipLevel, origin: [0, first] }, /** @type {any} */ (source), { bytesPerRow, rowsPerImage }, size);
  }

  /** Makes the levels below one of it. @param {TextureRecord} record @param {number} level */
  refine({ native, levels, format }, level) {
    this.downsample(native.texture, levels, FORMATS[format], level);
  }

  /** Only the levels from this one on are read. @param {TextureRecord} record @param {number} level @returns {boolean} whether
   * it must be bound anew */
  showFrom({ native }, level) {
    native.view = native.texture.createView({ baseMipLevel: level });
    native.number = nextNumber();
    return true;
  }

  /** @param {GPUTexture} texture @param {number} levels @param {GPUTextureFormat} format @param {number} [from] level */
  downsample(texture, levels, format, from = 0) {
    if (levels === from + 1) return;
    const encoder = this.device.createCommandEncoder();
    this.drawLevels(encoder, texture, undefined, from);
    this.device.queue.submit([encoder.finish()]);
  }

  /** @param {GPUCommandEncoder} encoder @param {GPUTexture} texture @param {() => GPURenderPassTimestampWrites | undefined} [timestamps]
   * @param {number} [from] level */
  drawLevels(encoder, texture, timestamps = () => undefined, from = 0) {
    const pipeline = this.downsampler(texture.format);
    for (let level = from + 1; level < texture.mipLevelCount; level += 1) {
      const source = texture.createView({ baseMipLevel: level - 1, mipLevelCount: 1 });
      const view = texture.createView({ baseMipLevel: level, mipLevelCount: 1 });
      const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }], timestampWrites: timestamps() });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, this.device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: source }],
      }));
      pass.draw(3);
      pass.end();
    }
  }

  /** @param {GPUTextureFormat} format @returns {GPURenderPipeline} */
  downsampler(format) {
    let pipeline = this.downsamplers.get(format);
    if (!pipeline) {
      const { module } = this;
      pipeline = this.device.createRenderPipeline({
        label: `downsample ${format}`, layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format }] },
      });
      this.downsamplers.set(format, pipeline);
    }
    return pipeline;
  }

  /** @param {number} bits SAMPLER_* @returns {GPUSampler} */
  sampler(bits) {
    const key = String(bits);
    let sampler = this.samplers.get(key);
    if (!sampler) {
      const filter = (bits & SAMPLER_NEAREST) !== 0 ? 'nearest' : 'linear';
      sampler = this.device.createSampler({
        addressModeU: address(bits, SAMPLER_CLAMP_S, SAMPLER_MIRROR_S),
        addressModeV: address(bits, SAMPLER_CLAMP_T, SAMPLER_MIRROR_T),
        magFilter: filter, minFilter: filter, mipmapFilter: filter,
        maxAnisotropy: filter === 'linear' ? anisotropy(bits) : 1,
      });
      this.samplers.set(key, sampler);
    }
    return sampler;
  }
}
