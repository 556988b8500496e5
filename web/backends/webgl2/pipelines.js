// @ts-check
/** @file Programs and materials of the WebGL2 backend.
 *
 * Owns: the program cache by (pass, kind, flags) and material uniform buffers. Compilation starts at boot or when a
 * material is made; its result is asked for when first drawn, so drivers that compile in parallel can.
 */
import {
  COLUMNS, MATERIAL_DOUBLE_SIDED, MATERIAL_KINDS, MATERIAL_SLOTS, SHADER_PARAMS_BYTES, TEXTURES_MAX,
} from '../../gen/layouts.js';
import { PASSES, WARM_UP } from '../../gen/passes.js';
import { engineSlots } from '../common/bindings.js';
import {
  PIPELINE_FLAGS, defined, glslProgram, isGiven, isPremultiplied, meshProgram, overrides, partOf, passOverrides, usesCoverage,
  writesAlpha,
} from '../../shaders/loader.js';

/** @typedef {import('../common/resources.js').MaterialRecord} MaterialRecord */
/** @typedef {import('../../gen/passes.js').Pass} Pass */
/** A program's own shader, translated. @typedef {{ number: number, vertex: string, posed: string, fragment: string, depth: string,
 *   textures: string[], pipelines: Map<number, Pipeline> }} OwnShader */
/** @typedef {{ program: WebGLProgram, linked: boolean, label: string, doubleSided: boolean, given: boolean, alpha: boolean,
 *   premultiplied: boolean, blend: Pass['blend'], coverage: boolean }} Pipeline */

export const FRAME_BINDING = 0;
export const MATERIAL_BINDING = 1;
export const DRAW_BINDING = 2;
export const PARAMS_BINDING = 7;
/** Texture units: the material's, by its slots; then the instance columns, then what the pass reads. */
export const ROW_UNITS = COLUMNS.map((_, column) => TEXTURES_MAX + column);
const READ_UNIT = TEXTURES_MAX + COLUMNS.length;
const READS_MAX = Math.max(...PASSES.map(({ reads }) => reads.length));
/** Of the view's lights and cluster lists. */
export const LIGHT_UNIT = READ_UNIT + READS_MAX;
/** Of what moves vertices. */
export const POSE_UNIT = LIGHT_UNIT + 1;
/** By the name of the texture in WGSL, but for the material's. @type {Readonly<Record<string, number>>} */
const TEXTURE_UNITS = Object.freeze({
  ...Object.fromEntries(COLUMNS.map(({ name }, column) => [`row_${name}`, ROW_UNITS[column]])),
  light_words: LIGHT_UNIT,
  poses: POSE_UNIT,
  source: 0,
});
const BLOCKS = Object.freeze({ FrameBlock: FRAME_BINDING, MaterialBlock: MATERIAL_BINDING, DrawBlock: DRAW_BINDING, Params: PARAMS_BINDING });
/** The draw passes, by draw_list.pass_id. */
const DRAWS = PASSES.filter(({ kind }) => kind === 'draws');

/** The names of a material's textures in GLSL. @param {number} kind @param {OwnShader | null} own @returns {string[]} */
const slotNames = (kind, own) => [...MATERIAL_SLOTS[kind].map((name) => `${name}_texture`), ...(own?.textures ?? [])];

/** Where the target is bound that a row reads at `index`: a full-screen pass has no material.
 * @param {Pass} row @param {number} index */
export const unitOf = ({ kind }, index) => (kind === 'draws' ? READ_UNIT + index : index);

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
    /** The pass that a program belongs to: its shader calls what the row reads by the targets' names.
     * @type {Map<WebGLProgram, Pass>} */
    this.rows = new Map();
    /** The names of a material's textures in a program, by slot. @type {Map<WebGLProgram, string[]>} */
    this.slots = new Map();
    this.made = 0;
    /** @type {Set<WebGLProgram>} */
    this.linked = new Set();
    /** @type {import('./textures.js').Webgl2Textures | null} */
    this.textures = null;
    for (const row of PASSES) if (row.kind === 'fullscreen') this.fullscreen(row);
    this.downsample = this.start('downsample', glslProgram(chunks, 'downsample', true));
    this.present = this.start('present', glslProgram(chunks, 'present', true));
    for (const [list, kind, flags] of WARM_UP) this.pipeline(list, kind, flags);
  }

  /** Starts a compilation. @param {string} label @param {import('../../shaders/loader.js').GlslProgram} source
   * @param {Pass} [row] @param {string[]} [slots] names of the material's textures @returns {WebGLProgram} */
  start(label, source, row, slots = []) {
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
    if (row) this.rows.set(program, row);
    this.slots.set(program, slots);
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
    const set = (/** @type {string} */ name, /** @type {number} */ unit) => {
      const location = gl.getUniformLocation(program, name);
      if (location !== null) gl.uniform1i(location, unit);
    };
    for (const [name, unit] of Object.entries(TEXTURE_UNITS)) set(name, unit);
    this.slots.get(program)?.forEach(set);
    const row = this.rows.get(program);
    row?.names.forEach((name, index) => set(name, unitOf(row, index)));
  }

  /** @param {Pass} row @returns {WebGLProgram} */
  fullscreen(row) {
    const label = `${row.shader} ${row.names.join(' ')}`;
    return this.programs.get(label)
      ?? this.start(label, glslProgram(this.chunks, row.shader, this.clipControl, passOverrides(row)), row);
  }

  /** @param {WebGLProgram} program @returns {WebGLProgram} ready to use */
  ready(program) {
    if (!this.linked.has(program)) this.finish(program);
    return program;
  }

  /** @param {number} list draw_list.pass_id @param {number} kind @param {number} flags
   * @param {OwnShader | null} [own] of a program @param {boolean} [isPosed] whether joints and morphs move its vertices
   * @param {boolean} [fades] of DRAW_FADES @returns {Pipeline} */
  pipeline(list, kind, flags, own = null, isPosed = false, fades = false) {
    const row = DRAWS[list];
    const shaderKind = own === null && row.shader === '' ? kind : 0;
    const cache = own === null ? this.cache : own.pipelines;
    const key = 4 * ((list * MATERIAL_KINDS.length + shaderKind) * (PIPELINE_FLAGS + 1) + (flags & PIPELINE_FLAGS))
      + 2 * Number(fades) + Number(isPosed);
    let pipeline = cache.get(key);
    if (!pipeline) {
      const variant = flags & PIPELINE_FLAGS & ~MATERIAL_DOUBLE_SIDED;
      const look = own === null ? kind : 0; // a program's shader is a surface as pbr
      const coverage = usesCoverage(look, flags, row);
      const named = own === null ? row.shader || kind : `own ${own.number} ${row.shader}`;
      const about = [coverage, row.timer === 'shadow', isPosed ? 'posed' : '', fades ? 'fades' : ''].join(' ');
      const label = `${named} ${variant} ${Object.values(passOverrides(row)).join('')} ${about}`;
      const program = this.programs.get(label)
        ?? this.start(label, this.source(row, look, overrides(look, variant, row, own !== null, fades), own, isPosed), row, slotNames(shaderKind, own));
      pipeline = {
        program, linked: false, label, doubleSided: (flags & MATERIAL_DOUBLE_SIDED) !== 0, given: isGiven(look), alpha: writesAlpha(look) || row.shader !== '',
        premultiplied: isPremultiplied(look),
        blend: row.blend, coverage,
      };
      cache.set(key, pipeline);
    }
    return pipeline;
  }

  /** @param {Pass} row @param {number} kind @param {Record<string, number>} values @param {OwnShader | null} own
   * @param {boolean} isPosed @returns {import('../../shaders/loader.js').GlslProgram} */
  source(row, kind, values, own, isPosed) {
    if (own === null) return glslProgram(this.chunks, meshProgram(kind, row), this.clipControl, values, isPosed);
    const all = { ...values, CLIP_CONTROL: Number(this.clipControl) };
    return { vertex: defined(isPosed ? own.posed : own.vertex, all), fragment: defined(row.shader === '' ? own.fragment : own.depth, all) };
  }

  /** @param {import('../common/resources.js').ShaderSource} source @returns {Promise<OwnShader>} */
  async compileShader(source) {
    const { glslOf } = await import('../common/shaders.js');
    const { vertex, posed, fragment, depth } = await glslOf(source);
    this.made += 1;
    /** @type {OwnShader} */
    const own = { number: this.made, vertex, posed, fragment, depth, textures: source.textures, pipelines: new Map() };
    // What the browser's compiler refuses is found here, not in a frame.
    this.ready(this.pipeline(0, 0, 0, own).program);
    this.ready(this.pipeline(1, 0, 0, own).program);
    return own;
  }

  /** @param {number} list @param {MaterialRecord} material @param {boolean} isPosed @param {boolean} fades of DRAW_FADES
   * @returns {Pipeline} ready to use */
  get(list, material, isPosed, fades) {
    const pipeline = this.pipeline(list, material.kind, material.flags, material.shader?.native ?? null, isPosed, fades);
    this.ready(pipeline.program);
    material.pipelines[4 * list + 2 * Number(fades) + Number(isPosed)] = pipeline;
    return pipeline;
  }

  /** @param {MaterialRecord} record */
  createMaterial(record) {
    const { gl } = this;
    const own = /** @type {OwnShader | null} */ (record.shader?.native ?? null);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.UNIFORM_BUFFER, buffer);
    gl.bufferData(gl.UNIFORM_BUFFER, record.block, gl.DYNAMIC_DRAW);
    const part = partOf(record.kind, record.flags);
    this.pipeline(DRAWS.findIndex(({ materials }) => materials === part), record.kind, record.flags, own);
    const all = /** @type {import('./textures.js').Webgl2Textures} */ (this.textures);
    const shown = record.textures.slice(0, own ? undefined : engineSlots(record));
    const textures = shown.map((texture) => (texture ? texture.native : all.white));
    const samplers = shown.map((texture) => all.sampler(texture ? texture.sampler : 0));
    const paramsBytes = own ? Math.max(0, record.block.byteLength - SHADER_PARAMS_BYTES) : 0;
    return { buffer, textures, samplers, paramsBytes };
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
