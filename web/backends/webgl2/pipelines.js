// @ts-check
/** @file Programs and materials of the WebGL2 backend.
 *
 * Owns: the program cache by (pass, kind, flags) and material uniform buffers. Compilation starts at boot or when a
 * material is made; its result is asked for when first drawn, so drivers that compile in parallel can.
 */
import {
  COLUMNS, MATERIAL_BLEND, MATERIAL_DOUBLE_SIDED, MATERIAL_MASK, MATERIAL_TEXTURES, MATERIAL_WIND,
} from '../../gen/layouts.js';
import { PIPELINE_FLAGS, glslProgram, meshProgram, overrides } from '../../shaders/loader.js';

/** @typedef {import('../common/resources.js').MaterialRecord} MaterialRecord */
/** @typedef {{ program: WebGLProgram, linked: boolean, label: string, blend: boolean, doubleSided: boolean }} Pipeline */

export const FRAME_BINDING = 0;
export const MATERIAL_BINDING = 1;
export const DRAW_BINDING = 2;
/** Texture units: the material's, then the instance columns, then the shadow map. */
export const ROW_UNITS = COLUMNS.map((_, column) => MATERIAL_TEXTURES.length + column);
export const SHADOW_UNIT = MATERIAL_TEXTURES.length + COLUMNS.length;
/** By the name of the texture in WGSL. @type {Readonly<Record<string, number>>} */
const TEXTURE_UNITS = Object.freeze({
  ...Object.fromEntries(MATERIAL_TEXTURES.map((name, unit) => [`${name}_texture`, unit])),
  ...Object.fromEntries(COLUMNS.map(({ name }, column) => [`row_${name}`, ROW_UNITS[column]])),
  shadow_texture: SHADOW_UNIT, source: 0,
});
const BLOCKS = Object.freeze({ FrameBlock: FRAME_BINDING, MaterialBlock: MATERIAL_BINDING, DrawBlock: DRAW_BINDING });
const SHADOW = 0;
const OPAQUE = 1;
const BLEND = 2;
const USUAL = [
  [OPAQUE, 0, 0], [SHADOW, 0, 0], [OPAQUE, 2, 0], [BLEND, 3, MATERIAL_BLEND], [OPAQUE, 0, MATERIAL_WIND],
  [SHADOW, 0, MATERIAL_WIND], [OPAQUE, 0, MATERIAL_MASK | MATERIAL_DOUBLE_SIDED],
];

export class Webgl2Pipelines {
  /** @param {WebGL2RenderingContext} gl @param {Map<string, string>} chunks @param {boolean} clipControl */
  constructor(gl, chunks, clipControl) {
    this.gl = gl;
    this.chunks = chunks;
    this.clipControl = clipControl;
    gl.getExtension('KHR_parallel_shader_compile');
    /** @type {Map<number, Pipeline>} */
    this.cache = new Map();
    /** Programs by source variant; culling is state, so both sides share one. @type {Map<string, WebGLProgram>} */
    this.programs = new Map();
    /** @type {Set<WebGLProgram>} */
    this.linked = new Set();
    /** @type {import('./textures.js').Webgl2Textures | null} */
    this.textures = null;
    this.sky = this.start('sky', glslProgram(chunks, 'skypass', clipControl));
    this.downsample = this.start('downsample', glslProgram(chunks, 'downsample', true));
    this.present = this.start('present', glslProgram(chunks, 'present', true));
    for (const [pass, kind, flags] of USUAL) this.pipeline(pass, kind, flags);
  }

  /** Starts a compilation. @param {string} label @param {import('../../shaders/loader.js').GlslProgram} source
   * @returns {WebGLProgram} */
  start(label, source) {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, text] of /** @type {[number, string][]} */ (
      [[gl.VERTEX_SHADER, source.vertex], [gl.FRAGMENT_SHADER, source.fragment]])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(type));
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    this.programs.set(label, program);
    return program;
  }

  /** Waits for a program and binds its blocks and texture units, once. @param {WebGLProgram} program */
  finish(program) {
    const { gl } = this;
    this.linked.add(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error(`A shader program could not be built: ${gl.getProgramInfoLog(program)} ${logs.join(' ')}`);
    }
    gl.useProgram(program);
    for (const [name, binding] of Object.entries(BLOCKS)) {
      const index = gl.getUniformBlockIndex(program, name);
      if (index !== gl.INVALID_INDEX) gl.uniformBlockBinding(program, index, binding);
    }
    for (const [name, unit] of Object.entries(TEXTURE_UNITS)) {
      const location = gl.getUniformLocation(program, name);
      if (location !== null) gl.uniform1i(location, unit);
    }
  }

  /** @param {WebGLProgram} program @returns {WebGLProgram} ready to use */
  ready(program) {
    if (!this.linked.has(program)) this.finish(program);
    return program;
  }

  /** @param {number} pass @param {number} kind @param {number} flags @returns {Pipeline} */
  pipeline(pass, kind, flags) {
    const shaderKind = pass === SHADOW ? 0 : kind;
    const key = (pass * 8 + shaderKind) * 32 + (flags & PIPELINE_FLAGS);
    let pipeline = this.cache.get(key);
    if (!pipeline) {
      const variant = flags & PIPELINE_FLAGS & ~MATERIAL_DOUBLE_SIDED;
      const label = `${pass === SHADOW ? 'shadow' : kind} ${variant}`;
      const program = this.programs.get(label)
        ?? this.start(label, this.meshSource(kind, variant, pass === SHADOW));
      pipeline = {
        program, linked: false, label, blend: pass === BLEND, doubleSided: (flags & MATERIAL_DOUBLE_SIDED) !== 0,
      };
      this.cache.set(key, pipeline);
    }
    return pipeline;
  }

  /** @param {number} kind @param {number} flags @param {boolean} shadow */
  meshSource(kind, flags, shadow) {
    return glslProgram(this.chunks, meshProgram(kind, shadow), this.clipControl, overrides(flags, shadow));
  }

  /** @param {number} pass @param {MaterialRecord} material @returns {Pipeline} ready to use */
  get(pass, material) {
    const pipeline = this.pipeline(pass, material.kind, material.flags);
    this.ready(pipeline.program);
    material.pipelines[pass] = pipeline;
    return pipeline;
  }

  /** @param {MaterialRecord} record */
  createMaterial(record) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.UNIFORM_BUFFER, buffer);
    gl.bufferData(gl.UNIFORM_BUFFER, record.block, gl.DYNAMIC_DRAW);
    this.pipeline((record.flags & MATERIAL_BLEND) !== 0 ? BLEND : OPAQUE, record.kind, record.flags);
    const all = /** @type {import('./textures.js').Webgl2Textures} */ (this.textures);
    const textures = record.textures.map((texture) => (texture ? texture.native : all.white));
    const samplers = record.textures.map((texture) => all.sampler(texture ? texture.sampler : 0));
    return { buffer, textures, samplers };
  }

  /** @param {MaterialRecord} record */
  writeMaterial(record) {
    const { gl } = this;
    gl.bindBuffer(gl.UNIFORM_BUFFER, record.native.buffer);
    gl.bufferSubData(gl.UNIFORM_BUFFER, 0, record.block);
  }

  /** @param {MaterialRecord} record */
  destroyMaterial(record) {
    this.gl.deleteBuffer(record.native.buffer);
  }
}
