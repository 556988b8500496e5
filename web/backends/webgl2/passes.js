// @ts-check
/** @file The frame of the WebGL2 backend: shadow pass, main pass (opaque, sky, blend), then the picture onto the canvas.
 *
 * Owns: the targets (4x MSAA colour and reversed depth, the resolved picture, the shadow map) and the draw loop.
 * Never draws into the default framebuffer but for the last pass: that one mirrors the sample positions.
 */
import { SHADOW_SIDE, targetBytes } from '../common/resources.js';
import { DRAW_BINDING, MATERIAL_BINDING, SHADOW_UNIT } from './pipelines.js';

/** @typedef {import('../common/runs.js').Runs} Runs */
const SAMPLES = 4;
const POLL_MS = 2;
const SHADOW = 0;
const OPAQUE = 1;
const BLEND = 2;
const ROW_ATTRIBUTE = 5;

export class Webgl2Passes {
  /** @param {WebGL2RenderingContext} gl @param {import('./state.js').GlState} state
   * @param {import('./buffers.js').Webgl2Buffers} buffers @param {import('./pipelines.js').Webgl2Pipelines} pipelines
   * @param {import('./textures.js').Webgl2Textures} textures */
  constructor(gl, state, buffers, pipelines, textures) {
    this.gl = gl;
    this.state = state;
    this.buffers = buffers;
    this.pipelines = pipelines;
    this.textures = textures;
    this.targetBytes = 0;
    this.readingBytes = 0;
    this.width = 1;
    this.height = 1;
    this.drawBuffers = [0, 1].map((flags) => this.makeDrawBuffer(flags));
    this.makeShadowMap();
    this.multisampled = gl.createFramebuffer();
    this.single = gl.createFramebuffer();
    /** @type {WebGLRenderbuffer[]} */
    this.renderbuffers = [];
    /** @type {WebGLTexture | null} */
    this.picture = null;
    /** What the draw loop bound, by texture unit. @type {(WebGLTexture | null)[]} */
    this.boundTextures = [null, null, null, null, null];
    /** @type {(WebGLSampler | null)[]} */
    this.boundSamplers = [null, null, null, null, null];
  }

  /** @param {number} flags DRAW_* */
  makeDrawBuffer(flags) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.UNIFORM_BUFFER, buffer);
    gl.bufferData(gl.UNIFORM_BUFFER, new Uint32Array([flags, 0, 0, 0]), gl.STATIC_DRAW);
    return buffer;
  }

  makeShadowMap() {
    const { gl } = this;
    this.shadowMap = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + SHADOW_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.shadowMap);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.DEPTH_COMPONENT32F, SHADOW_SIDE, SHADOW_SIDE);
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE], [gl.TEXTURE_COMPARE_FUNC, gl.GEQUAL],
    ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
    this.shadowFramebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.shadowFramebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, this.shadowMap, 0);
    gl.drawBuffers([gl.NONE]);
    gl.depthMask(true);
    gl.clear(gl.DEPTH_BUFFER_BIT);
  }

  get sizeBytes() {
    return this.targetBytes + this.readingBytes;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    const { gl } = this;
    const { canvas } = gl;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    for (const renderbuffer of this.renderbuffers) gl.deleteRenderbuffer(renderbuffer);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.multisampled);
    this.renderbuffers = [
      this.attach(gl.COLOR_ATTACHMENT0, gl.SRGB8_ALPHA8, width, height),
      this.attach(gl.DEPTH_ATTACHMENT, gl.DEPTH_COMPONENT32F, width, height),
    ];
    gl.deleteTexture(this.picture);
    this.picture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.picture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.SRGB8_ALPHA8, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.single);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.picture, 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.width = width;
    this.height = height;
    this.targetBytes = targetBytes(width, height);
  }

  /** @param {number} point @param {number} format @param {number} width @param {number} height */
  attach(point, format, width, height) {
    const { gl } = this;
    const renderbuffer = /** @type {WebGLRenderbuffer} */ (gl.createRenderbuffer());
    gl.bindRenderbuffer(gl.RENDERBUFFER, renderbuffer);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, SAMPLES, format, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, point, gl.RENDERBUFFER, renderbuffer);
    return renderbuffer;
  }

  /** @param {Runs[]} runs by pass @param {boolean} withShadow @returns {number} draws */
  drawFrame(runs, withShadow) {
    const { gl, width, height } = this;
    if (this.picture === null) return 0;
    let draws = 1;
    this.state.offscreen();
    this.buffers.bindRows();
    gl.activeTexture(gl.TEXTURE0 + SHADOW_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, null);
    if (withShadow) {
      this.beginPass(this.shadowFramebuffer ?? null, SHADOW_SIDE, SHADOW_SIDE, gl.DEPTH_BUFFER_BIT);
      draws += this.encode(runs[SHADOW], SHADOW);
    }
    gl.activeTexture(gl.TEXTURE0 + SHADOW_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.shadowMap ?? null);
    this.beginPass(this.multisampled, width, height, gl.DEPTH_BUFFER_BIT | gl.COLOR_BUFFER_BIT);
    draws += this.encode(runs[OPAQUE], OPAQUE);
    this.encodeSky();
    draws += this.encode(runs[BLEND], BLEND);
    this.resolve();
    this.present();
    return draws;
  }

  /** @param {WebGLFramebuffer | null} framebuffer @param {number} width @param {number} height @param {number} bits */
  beginPass(framebuffer, width, height, bits) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.viewport(0, 0, width, height);
    gl.depthMask(true);
    gl.clear(bits);
  }

  encodeSky() {
    const { gl } = this;
    gl.useProgram(this.pipelines.ready(this.pipelines.sky));
    this.state.sky();
    gl.bindVertexArray(this.textures.emptyArray);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** The draw loop: sets only what changed, allocates nothing.
   * @param {Runs} runs @param {number} passId @returns {number} draws */
  encode(runs, passId) {
    const { gl } = this;
    const { mesh: meshes, material: materials, first, instances, flags, count } = runs;
    let pipeline = null;
    let material = null;
    let group = -1;
    let array = null;
    this.boundTextures.fill(null); // uploads and other passes bind too
    this.boundSamplers.fill(null);
    for (let i = 0; i < count; i += 1) {
      const mesh = meshes[i].native;
      if (materials[i] !== material) {
        material = materials[i];
        const next = material.pipelines[passId] ?? this.pipelines.get(passId, material);
        if (next !== pipeline) {
          pipeline = next;
          gl.useProgram(pipeline.program);
          this.state.mesh(pipeline.blend, pipeline.doubleSided);
        }
        this.bindMaterial(material.native);
      }
      if (flags[i] !== group) {
        group = flags[i];
        gl.bindBufferBase(gl.UNIFORM_BUFFER, DRAW_BINDING, this.drawBuffers[group & 1]);
      }
      if (mesh.array !== array) gl.bindVertexArray(array = mesh.array);
      gl.vertexAttribIPointer(ROW_ATTRIBUTE, 1, gl.UNSIGNED_INT, 4, first[i] * 4);
      if (mesh.indexed) gl.drawElementsInstanced(mesh.mode, mesh.elements, mesh.type, mesh.offset, instances[i]);
      else gl.drawArraysInstanced(mesh.mode, 0, mesh.elements, instances[i]);
    }
    return count;
  }

  /** @param {{ buffer: WebGLBuffer, textures: WebGLTexture[], samplers: WebGLSampler[] }} native */
  bindMaterial({ buffer, textures, samplers }) {
    const { gl } = this;
    gl.bindBufferBase(gl.UNIFORM_BUFFER, MATERIAL_BINDING, buffer);
    const { boundTextures, boundSamplers } = this;
    for (let unit = 0; unit < textures.length; unit += 1) {
      if (textures[unit] !== boundTextures[unit]) {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, boundTextures[unit] = textures[unit]);
      }
      if (samplers[unit] !== boundSamplers[unit]) gl.bindSampler(unit, boundSamplers[unit] = samplers[unit]);
    }
  }

  resolve() {
    const { gl, width, height } = this;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.multisampled);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, this.single);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.invalidateFramebuffer(gl.READ_FRAMEBUFFER, [gl.COLOR_ATTACHMENT0, gl.DEPTH_ATTACHMENT]);
  }

  present() {
    const { gl, width, height } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.state.onscreen();
    this.state.fullscreen(this.pipelines.ready(this.pipelines.present));
    gl.viewport(0, 0, width, height);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.picture);
    gl.bindSampler(0, null);
    gl.bindVertexArray(this.textures.emptyArray);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.state.offscreen();
    gl.bindVertexArray(null);
  }

  /** Reads what was drawn last into a buffer of the GPU's, and asks now and then whether it is there: waiting would
   * stall the frame. Timers, not frames: a stopped program still gets its picture.
   * @returns {Promise<import('../common/readings.js').Picture>} */
  async read() {
    const { gl, width, height } = this;
    const sizeBytes = width * height * 4;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, sizeBytes, gl.STREAM_READ);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.single);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    this.readingBytes += sizeBytes;
    try {
      await this.finished();
      const bytes = new Uint8Array(sizeBytes);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, bytes);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      return { width, height, bytesPerRow: width * 4, bytes, isBgra: false, close() {} };
    } finally {
      gl.deleteBuffer(buffer);
      this.readingBytes -= sizeBytes;
    }
  }

  /** Resolves when the GPU has done what it was told so far. */
  async finished() {
    const { gl } = this;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    /** @type {number} */
    let state = fence ? gl.TIMEOUT_EXPIRED : gl.WAIT_FAILED;
    while (fence && state === gl.TIMEOUT_EXPIRED) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      state = gl.clientWaitSync(fence, 0, 0);
    }
    gl.deleteSync(fence);
    if (state === gl.WAIT_FAILED || gl.isContextLost()) throw new Error('The WebGL2 context was lost.');
  }
}
