// @ts-check
/** @file Pipelines and materials of the WebGPU backend.
 *
 * Owns: pipeline layouts, the pipeline cache by (pass, kind, flags, variant), material bind groups (group 1).
 * A variant is topology * 16 + VARIANT_FADES where the rows fade + 2 * the mesh's streams (STREAM_*) + 1 where they are mirrored.
 * The usual pipelines are compiled asynchronously at boot (`warm`); any other when a material that needs it is made.
 */
import {
  LAYOUTS, MATERIAL_BLOCK_BYTES, MATERIAL_DOUBLE_SIDED, MATERIAL_KINDS, MATERIAL_SLOTS, MATERIAL_WORDS, POSED, POSED_BYTES, ROW_LOCATION,
  SHADER_PARAMS_BYTES, STREAM_POSED, TOPOLOGIES, UV1_BYTES,
} from '../../gen/layouts.js';
import { PASSES, READ_BINDINGS, WARM_UP } from '../../gen/passes.js';
import {
  PIPELINE_FLAGS, isGiven, isPremultiplied, meshProgram, overrides, partOf, passOverrides, topologyOf, usesCoverage, wgslModule, writesAlpha,
} from '../../shaders/loader.js';
import { PARAMS_BINDING, engineSlots, samplerBinding, textureBinding } from '../common/bindings.js';
import { FORMATS } from './formats.js';
import { FRAGMENT_STAGE, makeInputLayout, makeMaterialLayout, target } from './layouts.js';

/** @typedef {import('../common/resources.js').MaterialRecord} MaterialRecord */
/** @typedef {import('../../gen/passes.js').Pass} Pass */
/** What a material's group and the pipelines that draw it are laid out like.
 * @typedef {{ material: GPUBindGroupLayout, passes: Map<Pass, GPUPipelineLayout>, textures: number }} LookLayouts */
/** A program's own shader, compiled. @typedef {{ module: GPUShaderModule, layouts: LookLayouts,
 *   pipelines: Map<number, GPURenderPipeline> }} OwnShader */
const WORDS_KEY = 100; // of layouts, more than there are textures
const WRITE_RGB = 7;
const WRITE_ALL = 15;
/** @type {GPUPrimitiveTopology[]} */
const TOPOLOGY = TOPOLOGIES.map((_, topology) => /** @type {GPUPrimitiveTopology} */ (
  ['triangle-list', 'line-list', 'point-list'][topology] ?? 'triangle-strip'));
/** @param {GPUBlendFactor} srcFactor @param {GPUBlendFactor} dstFactor @returns {GPUBlendComponent} */
const factors = (srcFactor, dstFactor) => ({ srcFactor, dstFactor });
/** What `blend` of a row means; given: whether colours are shown as given. */
const BLENDS = Object.freeze({
  over: (/** @type {boolean} */ given, /** @type {boolean} */ premultiplied) => ({
    color: factors(premultiplied ? 'one' : 'src-alpha', 'one-minus-src-alpha'), alpha: factors(given ? 'one' : 'zero', 'one-minus-src-alpha'),
  }),
  premultiplied: () => ({ color: factors('one', 'one-minus-src-alpha'), alpha: factors('one', 'one-minus-src-alpha') }),
  weighted: () => ({ color: factors('one', 'one'), alpha: factors('zero', 'one-minus-src-alpha') }),
  shade: () => ({ color: factors('zero', 'one-minus-src-alpha'), alpha: factors('zero', 'one') }),
});
/** The draw passes, by draw_list.pass_id. */
const DRAWS = PASSES.filter(({ kind }) => kind === 'draws');
/** By kind: the first one whose textures are as many. What no kind has a program for is drawn by that of its likes. */
const LIKES = MATERIAL_SLOTS.map(({ length }, kind) => MATERIAL_SLOTS.findIndex(
  (slots, other) => slots.length === length && MATERIAL_WORDS.includes(kind) === MATERIAL_WORDS.includes(other)));

/** Of a mesh: its topology * 16, + 2 * its streams, + 1 where it is mirrored, + 8 where it fades. */
const TOPOLOGY_STEP = 16;
export const VARIANT_FADES = 8;
export const VARIANTS = TOPOLOGY.length * TOPOLOGY_STEP;
/** Whether joints and morphs move the vertices of a variant. @param {number} variant */
const isPosed = (variant) => ((variant >> 1) & STREAM_POSED) !== 0;
const POSED_LOCATION = 7;
const UV1_LOCATION = 6;
/** By topology: vertices, and the number of each instance's row. Elements step by instance themselves, and all of a mesh
 * have one row. @type {GPUVertexBufferLayout[][]} */
const VERTEX_BUFFERS = LAYOUTS.map(({ strideBytes, isElement, attributes }) => [
  {
    arrayStride: strideBytes, stepMode: isElement ? 'instance' : 'vertex',
    attributes: attributes.map(({ offsetBytes, format }, shaderLocation) => ({
      shaderLocation, offset: offsetBytes, format: /** @type {GPUVertexFormat} */ (format),
    })),
  },
  {
    arrayStride: isElement ? 0 : 4, stepMode: 'instance',
    attributes: [{ shaderLocation: ROW_LOCATION, offset: 0, format: 'uint32' }],
  },
]);
/** By topology and the mesh's streams; where it has no second set of uvs, the first is the second as well.
 * @type {(GPUVertexBufferLayout | null)[][][]} */
const BUFFERS_BY_STREAMS = VERTEX_BUFFERS.map(([vertices, row], topology) => {
  const { isElement, attributes } = LAYOUTS[topology];
  if (isElement) return [[vertices, row]];
  const offset = attributes.find(({ name }) => name === 'uv')?.offsetBytes ?? 0;
  /** @param {number} at @returns {GPUVertexAttribute} */
  const uv1 = (at) => ({ shaderLocation: UV1_LOCATION, offset: at, format: 'float32x2' });
  const posed = {
    arrayStride: POSED_BYTES,
    attributes: POSED.map(({ offsetBytes, format }, index) => ({
      shaderLocation: POSED_LOCATION + index, offset: offsetBytes, format: /** @type {GPUVertexFormat} */ (format),
    })),
  };
  const one = { ...vertices, attributes: [...vertices.attributes, uv1(offset)] };
  const two = { arrayStride: UV1_BYTES, attributes: [uv1(0)] };
  return [[one, row], [vertices, row, two], [one, row, null, posed], [vertices, row, two, posed]];
});

export class WebgpuPipelines {
  /** @param {GPUDevice} device @param {ReturnType<typeof import('./layouts.js').makeLayouts>} layouts @param {Map<string, string>} chunks
   * @param {import('./textures.js').WebgpuTextures} textures */
  constructor(device, layouts, chunks, textures) {
    this.device = device;
    this.layouts = layouts;
    this.chunks = chunks;
    this.textures = textures;
    /** @type {Map<number, GPURenderPipeline>} */
    this.cache = new Map();
    /** By how many textures there are, below 0 for programs' shaders. @type {Map<number, LookLayouts>} */
    this.lookLayouts = new Map();
    /** @type {Map<string, GPUShaderModule>} */
    this.modules = new Map();
    /** @type {Map<string, GPURenderPipeline>} */
    this.fullscreens = new Map();
    const drawing = PASSES.filter(({ kind }) => kind !== 'resolve' && kind !== 'mips');
    this.inputLayouts = new Map(drawing.map((row) => [row, makeInputLayout(device, row)]));
    this.empty = device.createBindGroupLayout({ label: 'nothing', entries: [] });
    this.nothing = device.createBindGroup({ label: 'nothing', layout: this.empty, entries: [] });
    this.screenLayouts = new Map(drawing.filter(({ kind }) => kind === 'fullscreen').map(
      (row) => [row, this.makePassLayout(row, this.empty)]));
    this.depthResolve = this.makeDepthResolve();
    this.tileClear = this.makeTileClear();
    this.compares = device.createSampler({ compare: 'greater-equal', magFilter: 'linear', minFilter: 'linear' });
    this.filters = device.createSampler({ magFilter: 'linear', minFilter: 'linear' });
    this.warmed = this.warm();
  }

  /** @param {Pass} row @param {GPUBindGroupLayout} material @returns {GPUPipelineLayout} */
  makePassLayout(row, material) {
    const { frame, draw } = this.layouts;
    const inputs = row.reads.length > 0 ? [/** @type {GPUBindGroupLayout} */ (this.inputLayouts.get(row))] : [];
    const groups = [frame, material, row.kind === 'draws' ? draw : this.empty, ...inputs];
    return this.device.createPipelineLayout({ label: row.name, bindGroupLayouts: groups });
  }

  /** Made when it is needed: not every pass has room for the textures of every kind. @param {LookLayouts} layouts
   * @param {Pass} row @returns {GPUPipelineLayout} */
  passLayout({ passes, material }, row) {
    let layout = passes.get(row);
    if (!layout) passes.set(row, layout = this.makePassLayout(row, material));
    return layout;
  }

  /** WebGPU resolves colour by itself, depth not. */
  makeDepthResolve() {
    const { device } = this;
    const layout = device.createBindGroupLayout({
      label: 'samples of depth',
      entries: [{ binding: 0, visibility: FRAGMENT_STAGE, texture: { sampleType: 'depth', multisampled: true } }],
    });
    const module = this.module('depth_resolve');
    const pipeline = device.createRenderPipeline({
      label: 'depth resolve', vertex: { module }, fragment: { module, targets: [] },
      layout: device.createPipelineLayout({ bindGroupLayouts: [this.empty, this.empty, this.empty, layout] }),
      depthStencil: { format: FORMATS.depth32float, depthCompare: 'always', depthWriteEnabled: true },
    });
    return { pipeline, layout };
  }

  /** Sets depth to the farthest; the API clears whole images only. */
  makeTileClear() {
    const { device } = this;
    return device.createRenderPipeline({
      label: 'tile clear', vertex: { module: this.module('tile_clear') },
      layout: device.createPipelineLayout({ bindGroupLayouts: [this.layouts.frame, this.empty, this.empty] }),
      depthStencil: { format: FORMATS.depth32float, depthCompare: 'always', depthWriteEnabled: true },
    });
  }

  /** @param {Pass} row @param {GPUTextureView[]} views @returns {GPUBindGroup} */
  inputGroup(row, views) {
    const entries = views.map((resource, index) => ({ binding: READ_BINDINGS[row.names[index]], resource }));
    return this.device.createBindGroup({
      label: `inputs of ${row.name}`, layout: /** @type {GPUBindGroupLayout} */ (this.inputLayouts.get(row)),
      entries: [
        ...entries, { binding: READ_BINDINGS.linear_sampler, resource: this.filters },
        { binding: READ_BINDINGS.shadow_sampler, resource: this.compares },
      ],
    });
  }

  /** @param {number} list @param {number} kind @param {number} flags @param {number} variant */
  key(list, kind, flags, variant) {
    const shader = list * MATERIAL_KINDS.length + (DRAWS[list].shader === '' ? kind : LIKES[kind]);
    return (shader * (PIPELINE_FLAGS + 1) + (flags & PIPELINE_FLAGS)) * VARIANTS + variant;
  }

  /** Compiles what nearly every program needs, and every full-screen pass, so that none stops a frame later. */
  async warm() {
    const draws = WARM_UP.map(async ([list, kind, flags]) => {
      const variant = topologyOf(kind) * TOPOLOGY_STEP;
      const key = this.key(list, kind, flags, variant);
      const pipeline = await this.device.createRenderPipelineAsync(this.descriptor(list, kind, flags, variant));
      if (!this.cache.has(key)) this.cache.set(key, pipeline);
    });
    const screens = PASSES.filter(({ kind }) => kind === 'fullscreen').map(async (row) => {
      const formats = row.colors.map((name) => FORMATS[target(name).format]);
      const pipeline = await this.device.createRenderPipelineAsync(this.fullscreenDescriptor(row, formats));
      this.fullscreens.set(`${row.name} ${formats.join(' ')}`, pipeline);
    });
    // A lost device ends here; any other error comes again where the pipeline is needed.
    await Promise.all([...draws, ...screens]).catch(() => {});
  }

  /** @param {number} list draw_list.pass_id @param {MaterialRecord} material @param {number} variant
   * @returns {GPURenderPipeline} */
  get(list, material, variant) {
    const { kind, flags } = material;
    const own = /** @type {OwnShader | null} */ (material.shader?.native ?? null);
    const key = this.key(list, own ? 0 : kind, flags, variant);
    const cache = own ? own.pipelines : this.cache;
    let pipeline = cache.get(key);
    if (!pipeline) {
      const made = own ? this.ownDescriptor(own, list, flags, variant) : this.descriptor(list, kind, flags, variant);
      cache.set(key, pipeline = this.device.createRenderPipeline(made));
    }
    material.pipelines[list * VARIANTS + variant] = pipeline;
    return pipeline;
  }

  /** @param {Pass} row @param {(GPUTextureFormat | null)[]} formats of what it draws into: of textures it is another than the
   * picture's @returns {GPURenderPipeline} */
  fullscreen(row, formats) {
    const key = `${row.name} ${formats.join(' ')}`;
    let pipeline = this.fullscreens.get(key);
    if (!pipeline) {
      pipeline = this.device.createRenderPipeline(this.fullscreenDescriptor(row, formats));
      this.fullscreens.set(key, pipeline);
    }
    return pipeline;
  }

  /** @param {string} program @param {boolean} [posed] whether joints and morphs move its vertices
   * @returns {GPUShaderModule} */
  module(program, posed = false) {
    const label = posed ? `${program} posed` : program;
    let module = this.modules.get(label);
    if (!module) {
      module = this.device.createShaderModule({ label, code: wgslModule(this.chunks, program, posed) });
      this.modules.set(label, module);
    }
    return module;
  }

  /** @param {number} list @param {number} kind @param {number} flags @param {number} variant
   * @returns {GPURenderPipelineDescriptor} */
  descriptor(list, kind, flags, variant) {
    const row = DRAWS[list];
    const layout = this.passLayout(this.layoutsOf(MATERIAL_SLOTS[kind].length, false, MATERIAL_WORDS.includes(kind)), row);
    return this.meshDescriptor(row, kind, this.module(meshProgram(kind, row), isPosed(variant)), layout, flags, variant);
  }

  /** @param {OwnShader} own @param {number} list @param {number} flags @param {number} variant
   * @returns {GPURenderPipelineDescriptor} */
  ownDescriptor({ module, layouts }, list, flags, variant) {
    const row = DRAWS[list];
    const layout = this.passLayout(layouts, row);
    return this.meshDescriptor(row, 0, module, layout, flags, variant, row.shader === '' ? 'fragment_main' : 'depth_main');
  }

  /** @param {Pass} row @param {number} kind @param {GPUShaderModule} module @param {GPUPipelineLayout} layout
   * @param {number} flags @param {number} variant @param {string} [entryPoint] of the fragment stage of a program's shader
   * @returns {GPURenderPipelineDescriptor} */
  meshDescriptor(row, kind, module, layout, flags, variant, entryPoint) {
    const constants = overrides(kind, flags, row, entryPoint !== undefined, (variant & VARIANT_FADES) !== 0);
    return {
      label: `${row.name} kind ${kind} flags ${flags}`, layout, ...this.passState(row, usesCoverage(kind, flags, row)),
      vertex: { module, entryPoint: isPosed(variant) ? 'vertex_posed' : 'vertex_main', constants, buffers: BUFFERS_BY_STREAMS[variant >> 4][(variant >> 1) & 3] },
      fragment: { module, entryPoint, constants, targets: colorTargets(row, kind) },
      primitive: {
        topology: TOPOLOGY[variant >> 4], frontFace: (variant & 1) !== 0 ? 'cw' : 'ccw',
        cullMode: (flags & MATERIAL_DOUBLE_SIDED) !== 0 ? 'none' : 'back',
      },
    };
  }

  /** @param {Pass} row @param {(GPUTextureFormat | null)[]} formats @returns {GPURenderPipelineDescriptor} */
  fullscreenDescriptor(row, formats) {
    const module = this.module(row.shader);
    const constants = passOverrides(row);
    const blend = row.blend === '' ? undefined : BLENDS[row.blend](false, false);
    return {
      label: row.name, layout: /** @type {GPUPipelineLayout} */ (this.screenLayouts.get(row)), ...this.passState(row),
      vertex: { module },
      fragment: { module, constants, targets: formats.map((format) => format && ({ format, blend })) },
    };
  }

  /** What a pipeline takes from its pass. @param {Pass} row @param {boolean} [coverage] alpha says which samples */
  passState(row, coverage = false) {
    const { samples } = target(row.colors.find((name) => name !== '') ?? row.depth);
    return {
      multisample: { count: samples, alphaToCoverageEnabled: coverage },
      depthStencil: row.depth === '' ? undefined : {
        format: FORMATS[target(row.depth).format], depthCompare: row.depthTest || /** @type {const} */ ('always'),
        depthWriteEnabled: row.depthWrite,
      },
    };
  }

  /** @param {import('../common/resources.js').ShaderSource} source @returns {Promise<OwnShader>} */
  async compileShader(source) {
    const { compilerError, wgslOf } = await import('../common/shaders.js');
    const { code, pieces } = await wgslOf(source);
    const module = this.device.createShaderModule({ label: 'a program\'s own', code });
    const { messages } = await module.getCompilationInfo();
    const error = messages.find(({ type }) => type === 'error');
    if (error) throw compilerError(pieces, source, error);
    const textures = MATERIAL_SLOTS[0].length + source.textures.length;
    return { module, layouts: this.layoutsOf(textures, true), pipelines: new Map() };
  }

  /** @param {number} textures of a material @param {boolean} isOwn of a program's shader
   * @param {boolean} [hasWords] whether its textures hold whole numbers @returns {LookLayouts} */
  layoutsOf(textures, isOwn, hasWords = false) {
    const key = isOwn ? -textures : hasWords ? WORDS_KEY + textures : textures;
    let found = this.lookLayouts.get(key);
    if (!found) {
      const material = makeMaterialLayout(this.device, textures, isOwn, hasWords);
      this.lookLayouts.set(key, found = { material, passes: new Map(), textures });
    }
    return found;
  }

  /** @param {MaterialRecord} record */
  createMaterial(record) {
    const size = record.block.byteLength;
    const own = /** @type {OwnShader | null} */ (record.shader?.native ?? null);
    const buffer = this.device.createBuffer({ label: `material ${record.handle}`, size, usage: 0x40 | 0x8 });
    this.device.queue.writeBuffer(buffer, 0, record.block);
    const { material: layout, textures } = own ? own.layouts : this.layoutsOf(engineSlots(record), false, MATERIAL_WORDS.includes(record.kind));
    const params = own && size > SHADER_PARAMS_BYTES ? { buffer, offset: SHADER_PARAMS_BYTES } : { buffer };
    const group = this.device.createBindGroup({
      label: `material ${record.handle}`, layout,
      entries: [
        { binding: 0, resource: { buffer, size: MATERIAL_BLOCK_BYTES } },
        ...this.textureEntries(record.textures.slice(0, textures)),
        ...(own ? [{ binding: PARAMS_BINDING, resource: params }] : []),
      ],
    });
    // Compile here rather than in the middle of a frame.
    const part = partOf(record.kind, record.flags);
    this.get(DRAWS.findIndex(({ materials }) => materials === part), record, topologyOf(record.kind) * TOPOLOGY_STEP);
    return { buffer, group };
  }

  /** @param {MaterialRecord['textures']} textures @returns {GPUBindGroupEntry[]} */
  textureEntries(textures) {
    return textures.flatMap((texture, slot) => [
      { binding: textureBinding(slot), resource: texture ? texture.native.view : this.textures.white },
      { binding: samplerBinding(slot), resource: this.textures.sampler(texture ? texture.sampler : 0) },
    ]);
  }

  /** @param {MaterialRecord} record */
  writeMaterial(record) {
    this.device.queue.writeBuffer(record.native.buffer, 0, record.block);
  }

  /** @param {MaterialRecord} record */
  destroyMaterial(record) {
    record.native.buffer.destroy();
  }
}

/** Alpha is the share of colours that are shown as given: what is lit writes none. @param {Pass} row @param {number} kind
 * @returns {(GPUColorTargetState | null)[]} */
function colorTargets({ colors, blend, shader }, kind) {
  const given = isGiven(kind);
  /** @type {Omit<GPUColorTargetState, 'format'>} */
  const state = blend === '' ? { writeMask: writesAlpha(kind) || shader !== '' ? WRITE_ALL : WRITE_RGB }
    : { blend: BLENDS[blend](given, isPremultiplied(kind)) };
  return colors.map((name) => (name === '' ? null : { format: FORMATS[target(name).format], ...state }));
}
