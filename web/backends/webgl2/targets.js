// @ts-check
/** @file Target images of the WebGL2 backend, and framebuffers that draw into several of them.
 *
 * Owns: what it makes. Images with samples are renderbuffers (the API cannot read them), others textures; a depth texture
 * compares when it is read. A framebuffer is made for each (colours, depth) that comes up and goes with its images.
 */
import { formatsOf } from './formats.js';

/** @typedef {{ number: number, format: import('../../gen/passes.js').Format, width: number, height: number,
 *   texture: WebGLTexture | null, renderbuffer: WebGLRenderbuffer | null }} Native */

const NO_FLOAT = 'This WebGL2 cannot draw into float textures (EXT_color_buffer_float), which light needs; a newer browser '
  + 'or driver can.';

export class Webgl2Targets {
  #made = 0;
  /** Textures of programs as targets. @type {WeakMap<WebGLTexture, Native>} */
  #foreign = new WeakMap();
  /** By the numbers of depth and colours. @type {Map<string, WebGLFramebuffer>} */
  #framebuffers = new Map();

  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.formats = formatsOf(gl);
    if (!gl.getExtension('EXT_color_buffer_float') && !gl.isContextLost()) throw new Error(NO_FLOAT);
  }

  /** @param {import('../common/graph.js').Image} image @returns {Native} */
  create({ format, samples, width, height, levels }) {
    this.#made += 1;
    const native = { number: this.#made, format, width, height, texture: null, renderbuffer: null };
    if (samples > 1) return { ...native, renderbuffer: this.#renderbuffer(format, samples, width, height) };
    return { ...native, texture: this.#texture(format, width, height, levels) };
  }

  /** A program's texture as a target. @param {import('../common/resources.js').TextureRecord} record @returns {Native} */
  of({ native: texture, width, height }) {
    let native = this.#foreign.get(texture);
    if (!native) {
      this.#made += 1;
      native = { number: this.#made, format: 'picture', width, height, texture, renderbuffer: null };
      this.#foreign.set(texture, native);
    }
    return native;
  }

  /** @param {import('../../gen/passes.js').Format} format @param {number} samples @param {number} width
   * @param {number} height */
  #renderbuffer(format, samples, width, height) {
    const { gl } = this;
    const renderbuffer = /** @type {WebGLRenderbuffer} */ (gl.createRenderbuffer());
    gl.bindRenderbuffer(gl.RENDERBUFFER, renderbuffer);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, samples, this.formats[format], width, height);
    return renderbuffer;
  }

  /** @param {import('../../gen/passes.js').Format} format @param {number} width @param {number} height @param {number} levels */
  #texture(format, width, height, levels) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, levels, this.formats[format], width, height);
    const isDepth = format === 'depth32float';
    const filter = isDepth || format === 'rgba16float' ? gl.LINEAR : gl.NEAREST;
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, levels > 1 ? gl.LINEAR_MIPMAP_NEAREST : filter], [gl.TEXTURE_MAG_FILTER, filter],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
      ...(isDepth ? [[gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE], [gl.TEXTURE_COMPARE_FUNC, gl.GEQUAL]] : []),
    ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
    return texture;
  }

  /** @param {Native} native */
  destroy({ number, texture, renderbuffer }) {
    const { gl } = this;
    gl.deleteTexture(texture);
    gl.deleteRenderbuffer(renderbuffer);
    for (const [key, framebuffer] of this.#framebuffers) {
      if (!key.split(' ').includes(String(number))) continue;
      gl.deleteFramebuffer(framebuffer);
      this.#framebuffers.delete(key);
    }
  }

  /** @param {readonly (Native | null)[]} colors @param {Native | null} depth @returns {WebGLFramebuffer} */
  framebuffer(colors, depth) {
    let key = `${depth?.number ?? 0}`;
    for (const color of colors) key += ` ${color?.number ?? 0}`;
    let framebuffer = this.#framebuffers.get(key);
    if (!framebuffer) {
      const { gl } = this;
      this.#framebuffers.set(key, framebuffer = gl.createFramebuffer());
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      colors.forEach((color, index) => color && this.#attach(gl.COLOR_ATTACHMENT0 + index, color));
      const drawn = colors.map((color, index) => (color ? gl.COLOR_ATTACHMENT0 + index : gl.NONE));
      gl.drawBuffers(drawn.length > 0 ? drawn : [gl.NONE]);
      if (depth) this.#attach(gl.DEPTH_ATTACHMENT, depth);
    }
    return framebuffer;
  }

  /** @param {number} point @param {Native} native */
  #attach(point, { texture, renderbuffer }) {
    const { gl } = this;
    if (texture) gl.framebufferTexture2D(gl.FRAMEBUFFER, point, gl.TEXTURE_2D, texture, 0);
    else gl.framebufferRenderbuffer(gl.FRAMEBUFFER, point, gl.RENDERBUFFER, renderbuffer);
  }
}
