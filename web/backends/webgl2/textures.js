// @ts-check
/** @file Textures of the WebGL2 backend: creation, upload, our own mip chain (equal to WebGPU's), samplers.
 *
 * Owns: the downsample program's framebuffer and the sampler objects. generateMipmap is not used: its filter differs
 * between drivers.
 */
import {
  COMPRESSED_ASTC, COMPRESSED_BC, COMPRESSED_BC5, COMPRESSED_ETC2,
  SAMPLER_CLAMP_S, SAMPLER_CLAMP_T, SAMPLER_MIRROR_S, SAMPLER_MIRROR_T, SAMPLER_NEAREST,
  TEXTURE_BLOCK_BYTES,
} from '../../gen/layouts.js';
import { anisotropy, compressedLevels, familyOf } from '../common/resources.js';

/** @typedef {import('../common/resources.js').TextureRecord} TextureRecord */

/** Numbers of EXT_texture_compression_bptc, _s3tc and the like, by TEXTURE_FAMILIES: colours, then numbers.
 * @param {WebGL2RenderingContext} gl @returns {number[]} */
function compressedFormats(gl) {
  for (const name of ['WEBGL_compressed_texture_astc', 'EXT_texture_compression_bptc', 'WEBGL_compressed_texture_etc',
    'WEBGL_compressed_texture_s3tc', 'WEBGL_compressed_texture_s3tc_srgb', 'EXT_texture_compression_rgtc']) gl.getExtension(name);
  return [0x93d0, 0x93b0, 0x8e8d, 0x8e8c, 0x9279, 0x9278, 0x9275, 0x9274, 0x8c4d, 0x83f1, 0x8dbd, 0x8dbd, 0x9272, 0x9272];
}

/** Which compressed textures it takes; those of BC only where all of them are there.
 * @param {WebGL2RenderingContext} gl @returns {number} COMPRESSED_* */
export function compressed(gl) {
  const has = (/** @type {string} */ name) => gl.getExtension(name) !== null;
  const bc = has('EXT_texture_compression_bptc') && has('WEBGL_compressed_texture_s3tc') && has('WEBGL_compressed_texture_s3tc_srgb');
  const bc5 = has('EXT_texture_compression_rgtc') ? COMPRESSED_BC5 : 0;
  return (has('WEBGL_compressed_texture_astc') ? COMPRESSED_ASTC : 0) | (bc ? COMPRESSED_BC : 0) | bc5 | (has('WEBGL_compressed_texture_etc') ? COMPRESSED_ETC2 : 0);
}

export class Webgl2Textures {
  /** @param {WebGL2RenderingContext} gl @param {import('./state.js').GlState} state @param {() => WebGLProgram} program
   *  of the downsample pass */
  constructor(gl, state, program) {
    this.gl = gl;
    this.state = state;
    this.program = program;
    /** @type {Map<number, WebGLSampler>} */
    this.samplers = new Map();
    this.framebuffer = gl.createFramebuffer();
    this.anisotropic = gl.getExtension('EXT_texture_filter_anisotropic');
    /** By texture_create.format. @type {number[]} */
    this.formats = [gl.SRGB8_ALPHA8, gl.RGBA8, gl.SRGB8_ALPHA8, gl.RGBA16F, gl.RGBA32UI, ...compressedFormats(gl)];
    const bytes = { format: gl.RGBA, type: gl.UNSIGNED_BYTE, array: Uint8Array };
    /** By texture_create.format. @type {{ format: number, type: number, array: any }[]} */
    this.uploads = [bytes, bytes, bytes, { format: gl.RGBA, type: gl.HALF_FLOAT, array: Uint16Array },
      { format: gl.RGBA_INTEGER, type: gl.UNSIGNED_INT, array: Uint32Array }];
    this.emptyArray = gl.createVertexArray();
    this.white = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.white);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 1, 1);
    const white = new Uint8Array([255, 255, 255, 255]);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, white);
  }

  /** @param {TextureRecord} record @returns {WebGLTexture} */
  create({ width, height, levels, format }) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, levels, this.formats[format], width, height);
    if (width * height >= 1 << 18 && gl.getError() === gl.OUT_OF_MEMORY) {
      gl.deleteTexture(texture);
      throw new Error(`The GPU has no room for its ${width} x ${height} texels; free other textures first.`);
    }
    return texture;
  }

  /** @param {WebGLTexture} texture */
  destroy(texture) {
    this.gl.deleteTexture(texture);
  }

  /** @param {TextureRecord} record @param {Uint8Array} bytes */
  write(record, bytes) {
    this.update(record, { x: 0, y: 0, width: record.width, height: record.height }, bytes);
  }

  /** @param {TextureRecord} record @param {import('../common/resources.js').Place} place @param {Uint8Array} bytes */
  update(record, { x, y, width, height }, bytes) {
    const { gl } = this;
    this.beginUpload(record);
    const { format, type, array } = this.uploads[record.format] ?? this.uploads[0];
    const texels = new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, width, height, format, type, texels);
    this.downsample(record);
  }

  /** @param {TextureRecord} record @param {ImageBitmap} image */
  upload(record, image) {
    const { gl } = this;
    this.beginUpload(record);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, image);
    this.downsample(record);
  }

  /** @param {TextureRecord} record @param {Uint8Array} bytes all levels */
  writeCompressed(record, bytes) {
    const { gl } = this;
    this.beginUpload(record);
    compressedLevels(record).forEach(({ offset, sizeBytes }, level) => {
      const width = Math.max(1, record.width >> level), height = Math.max(1, record.height >> level);
      gl.compressedTexSubImage2D(gl.TEXTURE_2D, level, 0, 0, width, height, this.formats[record.format],
        bytes.subarray(offset, offset + sizeBytes));
    });
  }

  /** Rows of a level, with nothing made of them. @param {TextureRecord} record @param {number} level @param {number} first
   * @param {Uint8Array | ImageBitmap} source the rows, or an image with them at the same place @param {number} [rows] of an image */
  writeRows(record, level, first, source, rows = 0) {
    const { gl } = this;
    this.beginUpload(record);
    const width = Math.max(1, record.width >> level), height = Math.max(1, record.height >> level);
    if (!(source instanceof Uint8Array)) {
      gl.pixelStorei(gl.UNPACK_SKIP_ROWS, first);
      gl.texSubImage2D(gl.TEXTURE_2D, level, 0, first, width, rows, gl.RGBA, gl.UNSIGNED_BYTE, source);
      gl.pixelStorei(gl.UNPACK_SKIP_ROWS, 0);
      return;
    }
    const family = familyOf(record.format), block = family > 0 ? TEXTURE_BLOCK_BYTES[family] : 0;
    if (!block) {
      gl.texSubImage2D(gl.TEXTURE_2D, level, 0, first, width, source.byteLength / (4 * width), gl.RGBA, gl.UNSIGNED_BYTE, /** @type {any} */ (source));
      return;
    }
    const down = Math.min(4 * source.byteLength / (Math.ceil(width / 4) * block), height - first);
    gl.compressedTexSubImage2D(gl.TEXTURE_2D, level, 0, first, width, down, this.formats[record.format], /** @type {any} */ (source));
  }

  /** Makes the levels below one of it. @param {TextureRecord} record @param {number} level */
  refine(record, level) {
    this.beginUpload(record);
    this.downsample(record, level);
  }

  /** Only the levels from this one on are read. @param {TextureRecord} record @param {number} level @returns {boolean} whether
   * it must be bound anew */
  showFrom(record, level) {
    const { gl } = this;
    this.beginUpload(record);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_BASE_LEVEL, level);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAX_LEVEL, record.levels - 1);
    return false;
  }

  /** @param {TextureRecord} record */
  beginUpload(record) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, record.native);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  }

  /** @param {TextureRecord} record @param {number} [from] level */
  downsample({ native, width, height, levels }, from = 0) {
    if (levels === from + 1) return;
    const { gl } = this;
    this.state.fullscreen(this.program());
    gl.bindVertexArray(this.emptyArray);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    gl.bindSampler(0, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST_MIPMAP_NEAREST);
    for (let level = from + 1; level < levels; level += 1) {
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_BASE_LEVEL, level - 1);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAX_LEVEL, level - 1);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, native, level);
      gl.viewport(0, 0, Math.max(1, width >> level), Math.max(1, height >> level));
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, null, 0);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_BASE_LEVEL, 0);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAX_LEVEL, levels - 1);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /** @param {number} bits SAMPLER_* @returns {WebGLSampler} */
  sampler(bits) {
    let sampler = this.samplers.get(bits);
    if (!sampler) {
      sampler = this.makeSampler(bits);
      this.samplers.set(bits, sampler);
    }
    return sampler;
  }

  /** @param {number} bits @returns {WebGLSampler} */
  makeSampler(bits) {
    const { gl } = this;
    const sampler = gl.createSampler();
    const nearest = (bits & SAMPLER_NEAREST) !== 0;
    const wrap = (/** @type {number} */ clamp, /** @type {number} */ mirror) => (
      (bits & clamp) !== 0 ? gl.CLAMP_TO_EDGE : (bits & mirror) !== 0 ? gl.MIRRORED_REPEAT : gl.REPEAT);
    gl.samplerParameteri(sampler, gl.TEXTURE_WRAP_S, wrap(SAMPLER_CLAMP_S, SAMPLER_MIRROR_S));
    gl.samplerParameteri(sampler, gl.TEXTURE_WRAP_T, wrap(SAMPLER_CLAMP_T, SAMPLER_MIRROR_T));
    gl.samplerParameteri(sampler, gl.TEXTURE_MAG_FILTER, nearest ? gl.NEAREST : gl.LINEAR);
    gl.samplerParameteri(
      sampler, gl.TEXTURE_MIN_FILTER, nearest ? gl.NEAREST_MIPMAP_NEAREST : gl.LINEAR_MIPMAP_LINEAR);
    if (this.anisotropic && !nearest) {
      const limit = gl.getParameter(this.anisotropic.MAX_TEXTURE_MAX_ANISOTROPY_EXT);
      gl.samplerParameterf(sampler, this.anisotropic.TEXTURE_MAX_ANISOTROPY_EXT, Math.min(anisotropy(bits), limit));
    }
    return sampler;
  }
}
