// @ts-check
/** @file Pipelines and materials of the WebGPU backend.
 *
 * Owns: bind group layouts, the pipeline cache by (pass, kind, flags, topology), material bind groups (group 1).
 * The usual pipelines are compiled asynchronously at boot (`warm`); any other when a material that needs it is made.
 */
import {
  MATERIAL_BLEND, MATERIAL_BLOCK_BYTES, MATERIAL_DOUBLE_SIDED, MATERIAL_MASK, MATERIAL_WIND, VERTEX, VERTEX_BYTES,
} from '../../gen/layouts.js';
import { PIPELINE_FLAGS, meshProgram, overrides, wgslModule } from '../../shaders/loader.js';

/** @typedef {import('../common/resources.js').MaterialRecord} MaterialRecord */
/** What canvases like best here; the picture has the same order, so that it can be copied. */
export const CANVAS_FORMAT = /** @type {'bgra8unorm' | 'rgba8unorm'} */ (
  globalThis.navigator?.gpu?.getPreferredCanvasFormat() ?? 'bgra8unorm');
export const COLOR_FORMAT = /** @type {const} */ (`${CANVAS_FORMAT}-srgb`);
export const DEPTH_FORMAT = 'depth32float';
export const SAMPLES = 4;
const VERTEX_STAGE = 1;
const FRAGMENT_STAGE = 2;
const SHADOW = 0;
const OPAQUE = 1;
const BLEND = 2;
/** @type {GPUPrimitiveTopology[]} */
const TOPOLOGY = ['triangle-list', 'line-list', 'point-list'];
/** (pass, kind, flags) of the pipelines that nearly every program needs. */
const USUAL = [
  [OPAQUE, 0, 0], [SHADOW, 0, 0], [OPAQUE, 0, MATERIAL_DOUBLE_SIDED], [OPAQUE, 2, 0],
  [BLEND, 3, MATERIAL_BLEND], [OPAQUE, 0, MATERIAL_WIND], [SHADOW, 0, MATERIAL_WIND],
  [OPAQUE, 0, MATERIAL_MASK | MATERIAL_DOUBLE_SIDED],
];

/** @type {GPUVertexBufferLayout[]} */
const VERTEX_BUFFERS = [
  {
    arrayStride: VERTEX_BYTES,
    attributes: VERTEX.map(({ offsetBytes, format }, shaderLocation) => ({
      shaderLocation, offset: offsetBytes, format: /** @type {GPUVertexFormat} */ (format),
    })),
  },
  { arrayStride: 4, stepMode: 'instance', attributes: [{ shaderLocation: 5, offset: 0, format: 'uint32' }] },
];

/** The bind group layouts of shaders/frame.wgsl. @param {GPUDevice} device */
export function makeLayouts(device) {
  const both = VERTEX_STAGE | FRAGMENT_STAGE;
  /** @type {GPUBindGroupLayoutEntry[]} */
  const rows = [1, 2, 3, 4].map((binding) => ({
    binding, visibility: VERTEX_STAGE, buffer: { type: 'read-only-storage' },
  }));
  /** @type {GPUBindGroupLayoutEntry[]} */
  const textures = [1, 2, 3, 4, 5].map((binding) => ({ binding, visibility: FRAGMENT_STAGE, texture: {} }));
  /** @type {GPUBindGroupLayoutEntry[]} */
  const samplers = [6, 7, 8, 9, 10].map((binding) => ({ binding, visibility: FRAGMENT_STAGE, sampler: {} }));
  const uniform = { binding: 0, visibility: both, buffer: {} };
  return {
    frame: device.createBindGroupLayout({ label: 'frame', entries: [uniform, ...rows] }),
    material: device.createBindGroupLayout({ label: 'material', entries: [uniform, ...textures, ...samplers] }),
    draw: device.createBindGroupLayout({
      label: 'draw', entries: [{ binding: 0, visibility: VERTEX_STAGE, buffer: {} }],
    }),
    shadow: device.createBindGroupLayout({
      label: 'shadow',
      entries: [
        { binding: 0, visibility: FRAGMENT_STAGE, texture: { sampleType: 'depth' } },
        { binding: 1, visibility: FRAGMENT_STAGE, sampler: { type: 'comparison' } },
      ],
    }),
  };
}

export class WebgpuPipelines {
  /** @param {GPUDevice} device @param {ReturnType<typeof makeLayouts>} layouts @param {Map<string, string>} chunks
   * @param {import('./textures.js').WebgpuTextures} textures */
  constructor(device, layouts, chunks, textures) {
    this.device = device;
    this.layouts = layouts;
    this.chunks = chunks;
    this.textures = textures;
    /** @type {Map<number, GPURenderPipeline>} */
    this.cache = new Map();
    /** @type {Map<string, GPUShaderModule>} */
    this.modules = new Map();
    const { frame, material, draw, shadow } = layouts;
    this.mainLayout = device.createPipelineLayout({ bindGroupLayouts: [frame, material, draw, shadow] });
    this.shadowLayout = device.createPipelineLayout({ bindGroupLayouts: [frame, material, draw] });
    this.sky = this.makeSky();
    this.warmed = this.warm();
  }

  /** @param {number} pass @param {number} kind @param {number} flags @param {number} topology */
  key(pass, kind, flags, topology) {
    const shaderKind = pass === SHADOW ? 0 : kind;
    return ((pass * 8 + shaderKind) * 32 + (flags & PIPELINE_FLAGS)) * 4 + topology;
  }

  async warm() {
    await Promise.all(USUAL.map(async ([pass, kind, flags]) => {
      const key = this.key(pass, kind, flags, 0);
      const pipeline = await this.device.createRenderPipelineAsync(this.descriptor(pass, kind, flags, 0));
      if (!this.cache.has(key)) this.cache.set(key, pipeline);
    })).catch(() => {}); // a lost device; the same error comes again where the pipeline is needed
  }

  /** @param {number} pass @param {MaterialRecord} material @param {number} topology @returns {GPURenderPipeline} */
  get(pass, material, topology) {
    const key = this.key(pass, material.kind, material.flags, topology);
    let pipeline = this.cache.get(key);
    if (!pipeline) {
      pipeline = this.device.createRenderPipeline(this.descriptor(pass, material.kind, material.flags, topology));
      this.cache.set(key, pipeline);
    }
    material.pipelines[pass * 3 + topology] = pipeline;
    return pipeline;
  }

  /** @param {string} program @returns {GPUShaderModule} */
  module(program) {
    let module = this.modules.get(program);
    if (!module) {
      module = this.device.createShaderModule({ label: program, code: wgslModule(this.chunks, program) });
      this.modules.set(program, module);
    }
    return module;
  }

  /** @param {number} pass @param {number} kind @param {number} flags @param {number} topology
   * @returns {GPURenderPipelineDescriptor} */
  descriptor(pass, kind, flags, topology) {
    const shadow = pass === SHADOW;
    const module = this.module(meshProgram(kind, shadow));
    const constants = overrides(flags, shadow);
    return {
      label: `pass ${pass} kind ${kind} flags ${flags}`,
      layout: shadow ? this.shadowLayout : this.mainLayout,
      vertex: { module, constants, buffers: VERTEX_BUFFERS },
      fragment: { module, constants, targets: shadow ? [] : [colorTarget(pass === BLEND)] },
      primitive: { topology: TOPOLOGY[topology], cullMode: (flags & MATERIAL_DOUBLE_SIDED) !== 0 ? 'none' : 'back' },
      depthStencil: { format: DEPTH_FORMAT, depthCompare: 'greater', depthWriteEnabled: pass !== BLEND },
      multisample: { count: shadow ? 1 : SAMPLES },
    };
  }

  makeSky() {
    const module = this.module('skypass');
    return this.device.createRenderPipeline({
      label: 'sky', layout: this.mainLayout, vertex: { module }, fragment: { module, targets: [colorTarget(false)] },
      depthStencil: { format: DEPTH_FORMAT, depthCompare: 'greater-equal', depthWriteEnabled: false },
      multisample: { count: SAMPLES },
    });
  }

  /** @param {MaterialRecord} record */
  createMaterial(record) {
    const size = MATERIAL_BLOCK_BYTES;
    const buffer = this.device.createBuffer({ label: `material ${record.handle}`, size, usage: 0x40 | 0x8 });
    this.device.queue.writeBuffer(buffer, 0, record.block);
    const textures = record.textures.map((texture, index) => ({
      binding: 1 + index, resource: texture ? texture.native.view : this.textures.white,
    }));
    const samplers = record.textures.map((texture, index) => ({
      binding: 6 + index, resource: this.textures.sampler(texture ? texture.sampler : 0),
    }));
    const group = this.device.createBindGroup({
      label: `material ${record.handle}`, layout: this.layouts.material,
      entries: [{ binding: 0, resource: { buffer } }, ...textures, ...samplers],
    });
    // Compile here rather than in the middle of a frame.
    this.get((record.flags & MATERIAL_BLEND) !== 0 ? BLEND : OPAQUE, record, 0);
    return { buffer, group };
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

/** @param {boolean} blend @returns {GPUColorTargetState} */
function colorTarget(blend) {
  if (!blend) return { format: COLOR_FORMAT };
  const over = /** @type {const} */ ({ srcFactor: 'src-alpha', dstFactor: 'one-minus-src-alpha' });
  return {
    format: COLOR_FORMAT,
    blend: { color: over, alpha: { srcFactor: 'one', dstFactor: 'one-minus-src-alpha' } },
  };
}
