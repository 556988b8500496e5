// @ts-check
/** @file The executor of the WebGL2 backend: draws the graph's groups, shows the picture, reads it back.
 *
 * Owns: the picture and the draw loop. Knows no pass by name: rows say what is drawn, into what and how. Never draws into
 * the default framebuffer but to show the picture: that one mirrors the sample positions.
 */
import {
  DRAW_CAMERA_RELATIVE, DRAW_FADES, DRAW_MIRRORED, MATERIAL_KINDS, ROW_LOCATION, SHADER_PARAMS_BYTES, SHADOW_MATRICES, TEXTURES_MAX,
} from '../../gen/layouts.js';
import { TARGETS } from '../../gen/passes.js';
import { DRAW_BINDING, MATERIAL_BINDING, PARAMS_BINDING, unitOf } from './pipelines.js';
import { Webgl2Targets } from './targets.js';
import { GlTimer } from './timing.js';

/** @typedef {import('../common/runs.js').Runs} Runs */
/** @typedef {import('../common/plan.js').Group} Group */
/** @typedef {import('../common/view.js').View} View */
/** @typedef {import('../../gen/passes.js').Pass} Pass */
/** @typedef {import('./targets.js').Native} Native */
/** @typedef {{ colors: (Native | null)[], depth: Native | null, resolves: (Native | null)[] }} Natives */
const POLL_MS = 2;
const TEXEL_BYTES = 16; // integers come as four
const DRAW_FLAGS = DRAW_CAMERA_RELATIVE | DRAW_MIRRORED;
const CLEARS = new Map(TARGETS.map(({ name, clear }) => [name, [...clear]]));
const FAR = [0];
/** Depth that shaders compare with; any other is read as it is. */
const COMPARED = new Set(['shadow_atlas']);

export class Webgl2Passes {
  readingBytes = 0;
  /** @type {Natives & { group: Group } | null} */
  #drawn = null;

  /** @param {WebGL2RenderingContext} gl @param {import('./state.js').GlState} state
   * @param {import('./buffers.js').Webgl2Buffers} buffers @param {import('./pipelines.js').Webgl2Pipelines} pipelines
   * @param {import('./textures.js').Webgl2Textures} textures */
  constructor(gl, state, buffers, pipelines, textures) {
    this.gl = gl;
    this.state = state;
    this.buffers = buffers;
    this.pipelines = pipelines;
    this.textures = textures;
    this.targets = new Webgl2Targets(gl);
    this.timer = new GlTimer(gl);
    this.times = this.timer.times;
    /** By shadow matrix * 4 + flags. @type {WebGLBuffer[]} */
    this.drawBuffers = [];
    for (let n = 0; n < SHADOW_MATRICES * 4; n += 1) this.drawBuffers.push(this.makeDrawBuffer(n & 3, n >> 2));
    /** @type {Native | null} */
    this.picture = null;
    /** What passes read where nobody drew it, by format. @type {Map<string, Native>} */
    this.blank = new Map();
    /** Of programs' textures, whose own parameters serve materials. */
    this.linear = makeLinearSampler(gl);
    /** Of depth that is read, not compared with. */
    this.plain = gl.createSampler();
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.samplerParameteri(this.plain, name, gl.NEAREST);
    /** What the draw loop bound, by slot of the material. @type {(WebGLTexture | null)[]} */
    this.boundTextures = Array(TEXTURES_MAX).fill(null);
    /** @type {(WebGLSampler | null)[]} */
    this.boundSamplers = Array(TEXTURES_MAX).fill(null);
  }

  /** @param {number} flags DRAW_* @param {number} matrix of a shadow tile */
  makeDrawBuffer(flags, matrix) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.UNIFORM_BUFFER, buffer);
    gl.bufferData(gl.UNIFORM_BUFFER, new Uint32Array([flags, matrix, 0, 0]), gl.STATIC_DRAW);
    return buffer;
  }

  // -- targets -----------------------------------------------------------------------------------------------------
  /** @param {import('../common/graph.js').Image} image @returns {Native} */
  createTarget(image) {
    return this.targets.create(image);
  }

  /** Makes the smaller levels. @param {Pass} row @param {Native} native */
  mips({ timer }, { texture }) {
    const { gl } = this;
    this.timer.begin(timer);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.generateMipmap(gl.TEXTURE_2D);
    this.timer.end();
  }

  /** @param {Native} native @returns {false} */
  destroyTarget(native) {
    this.targets.destroy(native);
    return false;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    const { canvas } = this.gl;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (this.picture) this.targets.destroy(this.picture);
    this.picture = this.targets.create({ format: 'picture', samples: 1, width, height, levels: 1 });
  }

  /** @param {string} name @param {View} view @returns {Native | null} */
  outside(name, { texture, lut, panorama }) {
    if (name === 'lut') return lut && this.targets.of(lut);
    if (name === 'panorama') return panorama && this.targets.of(panorama);
    return texture === null ? this.picture : this.targets.of(texture);
  }

  // -- a frame -----------------------------------------------------------------------------------------------------
  /** @param {string} timed a timer, '' = none */
  beginFrame(timed) {
    this.timer.beginFrame(timed);
    this.state.offscreen();
    this.buffers.bindRows();
  }

  /** @param {View} view @param {Group} group @param {Natives} natives @param {boolean[]} clears */
  beginGroup(view, group, { colors, depth, resolves }, clears) {
    const { gl } = this;
    const { width, height } = /** @type {Native} */ (colors.find((color) => color !== null) ?? depth);
    this.timer.begin(group.steps[0].pass.timer);
    this.buffers.bindFrame(view.index);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.targets.framebuffer(colors, depth));
    gl.depthMask(true);
    clears.forEach((isFirst, index) => {
      const values = /** @type {number[]} */ (CLEARS.get(group.colors[index]));
      if (!isFirst || !colors[index]) return;
      if (colors[index].format === 'rg32uint') gl.clearBufferuiv(gl.COLOR, index, values);
      else gl.clearBufferfv(gl.COLOR, index, values);
    });
    if (depth && group.clearsDepth) gl.clearBufferfv(gl.DEPTH, 0, FAR);
    if (group.colors.includes('picture')) gl.viewport(view.x, view.y, view.width, view.height);
    else gl.viewport(0, 0, width, height);
    this.#drawn = { group, colors, depth, resolves };
  }

  /** @param {Pass} row @param {Native} from @param {Native} into */
  resolveDepth(row, from, into) {
    const { gl } = this;
    const { width, height } = into;
    const [source, target] = [this.targets.framebuffer([], from), this.targets.framebuffer([], into)];
    this.timer.begin(row.timer);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, source);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, target);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.DEPTH_BUFFER_BIT, gl.NEAREST);
    this.timer.end();
  }

  /** @param {import('../common/tiles.js').Tile} tile */
  beginTile({ x, y, side, clear }) {
    const { gl } = this;
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x, y, side, side);
    gl.viewport(x, y, side, side);
    if (!clear) return;
    gl.depthMask(true);
    gl.clearBufferfv(gl.DEPTH, 0, FAR);
  }

  endTiles() {
    this.gl.disable(this.gl.SCISSOR_TEST);
  }

  endGroup() {
    if (!this.#drawn) return;
    const { gl } = this;
    const { group, colors, depth, resolves } = this.#drawn;
    const into = resolves.map((resolve) => (resolve ? this.targets.framebuffer([resolve], null) : null)); // may bind it
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.targets.framebuffer(colors, depth));
    colors.forEach((color, index) => {
      if (!color || !into[index]) return;
      const { width, height } = color;
      gl.readBuffer(gl.COLOR_ATTACHMENT0 + index);
      gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, into[index]);
      gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    });
    const dropped = colors.flatMap((color, index) => (!color || group.keepsColors[index] ? [] : [gl.COLOR_ATTACHMENT0 + index]));
    if (depth && !group.keepsDepth) dropped.push(gl.DEPTH_ATTACHMENT);
    if (dropped.length > 0) gl.invalidateFramebuffer(gl.READ_FRAMEBUFFER, dropped);
    this.timer.end();
    this.#drawn = null;
  }

  /** @param {Native} native @returns {WebGLBuffer} */
  copyTexel(native) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    const framebuffer = this.targets.framebuffer([native], null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, TEXEL_BYTES, gl.STREAM_READ);
    gl.readPixels(0, 0, 1, 1, gl.RGBA_INTEGER, gl.UNSIGNED_INT, 0);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    this.readingBytes += TEXEL_BYTES;
    return buffer;
  }

  /** @param {WebGLBuffer} buffer @returns {Promise<Uint32Array>} */
  async readTexel(buffer) {
    const { gl } = this;
    try {
      await this.finished();
      const words = new Uint32Array(TEXEL_BYTES / 4);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
      gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, words);
      gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
      return words;
    } finally {
      gl.deleteBuffer(buffer);
      this.readingBytes -= TEXEL_BYTES;
    }
  }

  /** Shows the picture. */
  endFrame() {
    const { gl, picture } = this;
    this.timer.endFrame();
    if (!picture) return;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.state.onscreen();
    this.state.fullscreen(this.pipelines.ready(this.pipelines.present));
    gl.viewport(0, 0, picture.width, picture.height);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, picture.texture);
    gl.bindSampler(0, null);
    gl.bindVertexArray(this.textures.emptyArray);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.state.offscreen();
    gl.bindVertexArray(null);
  }

  // -- steps -------------------------------------------------------------------------------------------------------
  /** @param {Pass} row @param {(Native | null)[]} reads @returns {number} draws */
  fullscreen(row, reads) {
    const { gl } = this;
    gl.useProgram(this.pipelines.ready(this.pipelines.fullscreen(row)));
    this.state.pass(row, true);
    this.#bindReads(row, reads);
    const [x, y, width, height] = row.region;
    if (width) gl.viewport(x, y, width, height);
    gl.bindVertexArray(this.textures.emptyArray);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return 1;
  }

  /** @param {Pass} row @param {(Native | null)[]} reads */
  #bindReads(row, reads) {
    const { gl } = this;
    const natives = reads.map((native, index) => native ?? this.#blank(row.reads[index])); // making one binds it
    natives.forEach((native, index) => {
      const unit = unitOf(row, index);
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, native.texture);
      gl.bindSampler(unit, native.format === 'picture' ? this.linear : native.format === 'depth32float' && !COMPARED.has(row.reads[index])
        ? this.plain : null);
    });
  }

  /** @param {string} name of a target that nobody drew @returns {Native} one texel of zeros */
  #blank(name) {
    const { format } = /** @type {import('../../gen/passes.js').Target} */ (TARGETS.find((one) => one.name === name));
    let native = this.blank.get(format);
    if (!native) this.blank.set(format, native = this.targets.create({ format, samples: 1, width: 1, height: 1, levels: 1 }));
    return native;
  }

  /** The draw loop: sets only what changed, allocates nothing.
   * @param {Pass} row @param {number} list @param {Runs} runs @param {(Native | null)[]} reads
   * @param {number} matrix of a shadow tile @returns {number} draws */
  draws(row, list, runs, reads, matrix) {
    const { gl } = this;
    const { mesh: meshes, material: materials, first, instances, flags, count } = runs;
    if (count === 0) return 0;
    this.#bindReads(row, reads);
    this.buffers.bindVisible();
    this.state.pass(row, false);
    let pipeline = null;
    let material = null;
    let isPosed = false;
    let fades = false;
    let group = -1;
    let array = null;
    this.boundTextures.fill(null); // uploads and other passes bind too
    this.boundSamplers.fill(null);
    for (let i = 0; i < count; i += 1) {
      const mesh = meshes[i].native;
      if (mesh.isElement && row.shader === 'depth') continue; // points and lines have no depth of their own
      if (row.only !== '' && MATERIAL_KINDS[materials[i].kind] !== row.only) continue;
      if (row.but !== '' && MATERIAL_KINDS[materials[i].kind] === row.but) continue;
      if (materials[i] !== material || mesh.isPosed !== isPosed || ((flags[i] & DRAW_FADES) !== 0) !== fades) {
        material = materials[i];
        ({ isPosed } = mesh);
        fades = (flags[i] & DRAW_FADES) !== 0;
        const next = material.pipelines[4 * list + (fades ? 2 : 0) + (isPosed ? 1 : 0)]
          ?? this.pipelines.get(list, material, isPosed, fades);
        if (next !== pipeline) {
          pipeline = next;
          gl.useProgram(pipeline.program);
          this.state.pipeline(pipeline);
        }
        this.bindMaterial(material.native);
      }
      if (flags[i] !== group) {
        group = flags[i];
        gl.bindBufferBase(gl.UNIFORM_BUFFER, DRAW_BINDING, this.drawBuffers[matrix * 4 + (group & DRAW_FLAGS)]);
        this.state.mirrored((group & DRAW_MIRRORED) !== 0);
      }
      if (mesh.array !== array) gl.bindVertexArray(array = mesh.array);
      if (mesh.isElement) {
        for (let k = 0; k < instances[i]; k += 1) {
          gl.vertexAttribIPointer(ROW_LOCATION, 1, gl.UNSIGNED_INT, 4, (first[i] + k) * 4);
          gl.drawArraysInstanced(mesh.mode, 0, mesh.vertices, mesh.elements);
        }
        continue;
      }
      gl.vertexAttribIPointer(ROW_LOCATION, 1, gl.UNSIGNED_INT, 4, first[i] * 4);
      if (mesh.indexed) gl.drawElementsInstanced(mesh.mode, mesh.elements, mesh.type, mesh.offset, instances[i]);
      else gl.drawArraysInstanced(mesh.mode, 0, mesh.elements, instances[i]);
    }
    this.state.endDraws();
    return count;
  }

  /** @param {{ buffer: WebGLBuffer, textures: WebGLTexture[], samplers: WebGLSampler[], paramsBytes: number }} native */
  bindMaterial({ buffer, textures, samplers, paramsBytes }) {
    const { gl } = this;
    gl.bindBufferBase(gl.UNIFORM_BUFFER, MATERIAL_BINDING, buffer);
    if (paramsBytes > 0) gl.bindBufferRange(gl.UNIFORM_BUFFER, PARAMS_BINDING, buffer, SHADER_PARAMS_BYTES, paramsBytes);
    const { boundTextures, boundSamplers } = this;
    for (let slot = 0; slot < textures.length; slot += 1) {
      if (textures[slot] !== boundTextures[slot]) {
        gl.activeTexture(gl.TEXTURE0 + slot);
        gl.bindTexture(gl.TEXTURE_2D, boundTextures[slot] = textures[slot]);
      }
      if (samplers[slot] !== boundSamplers[slot]) gl.bindSampler(slot, boundSamplers[slot] = samplers[slot]);
    }
  }

  /** @param {Native} native @param {number} width @param {number} y @param {number} lines @param {Uint8Array} bytes */
  writeLines({ texture }, width, y, lines, bytes) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const halfs = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, y, width, lines, gl.RGBA, gl.HALF_FLOAT, halfs);
  }

  // -- reading back --------------------------------------------------------------------------------------------------
  /** Reads what was drawn last into a buffer of the GPU's, and asks now and then whether it is there: waiting would
   * stall the frame. Timers, not frames: a stopped program still gets its picture.
   * @returns {Promise<import('../common/readings.js').Picture>} */
  async read() {
    const { gl, picture } = this;
    if (!picture) throw new Error('There is no picture yet; nothing was drawn.');
    const { width, height } = picture;
    const sizeBytes = width * height * 4;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, sizeBytes, gl.STREAM_READ);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.targets.framebuffer([picture], null));
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

  /** Waits for the GPU: nobody asks for it in a frame. @param {Native} native @param {number} width @param {number} height
   * @returns {Promise<import('../common/readings.js').Lines>} */
  async readLines(native, width, height) {
    const { gl } = this;
    const floats = new Float32Array(4 * width * height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.targets.framebuffer([native], null));
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.FLOAT, floats);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return { width, height, isHalf: false, data: new Uint8Array(floats.buffer) };
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

/** @param {WebGL2RenderingContext} gl */
function makeLinearSampler(gl) {
  const sampler = gl.createSampler();
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.samplerParameteri(sampler, name, gl.LINEAR);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.samplerParameteri(sampler, name, gl.CLAMP_TO_EDGE);
  return sampler;
}
