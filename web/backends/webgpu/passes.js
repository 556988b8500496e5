// @ts-check
/** @file The frame of the WebGPU backend: shadow pass, main pass (opaque, sky, blend), copy to the canvas.
 *
 * Owns: the targets (4x MSAA colour and reversed depth, the resolved picture, the shadow map) and the draw loop.
 * The picture is resolved into a texture of our own and copied, so that it can be read at any time.
 */
import { SHADOW_SIDE, targetBytes } from '../common/resources.js';
import { COLOR_FORMAT, DEPTH_FORMAT, SAMPLES } from './pipelines.js';

/** @typedef {import('../common/runs.js').Runs} Runs */
const RENDER_ATTACHMENT = 0x10;
const COPY_SRC = 0x01;
const MAP_READ = 0x1;
const COPY_DST = 0x8; // of buffers
const COPY_ROW_BYTES = 256; // the API pads rows to it
const TEXTURE_BINDING = 0x04;
const SHADOW = 0;
const OPAQUE = 1;
const BLEND = 2;

export class WebgpuPasses {
  /** @param {GPUDevice} device @param {GPUCanvasContext} context @param {import('./buffers.js').WebgpuBuffers} buffers
   * @param {import('./pipelines.js').WebgpuPipelines} pipelines @param {import('./timing.js').GpuTimer} timer */
  constructor(device, context, buffers, pipelines, timer) {
    this.device = device;
    this.context = context;
    this.buffers = buffers;
    this.pipelines = pipelines;
    this.timer = timer;
    this.targetBytes = 0;
    this.readingBytes = 0;
    this.shadowMap = device.createTexture({
      label: 'shadow map', size: [SHADOW_SIDE, SHADOW_SIDE], format: DEPTH_FORMAT,
      usage: RENDER_ATTACHMENT | TEXTURE_BINDING,
    });
    this.shadowView = this.shadowMap.createView();
    this.shadowGroup = device.createBindGroup({
      label: 'shadow', layout: pipelines.layouts.shadow,
      entries: [
        { binding: 0, resource: this.shadowView },
        { binding: 1, resource: device.createSampler({ compare: 'greater-equal', magFilter: 'linear', minFilter: 'linear' }) },
      ],
    });
    this.drawGroups = [0, 1].map((flags) => this.makeDrawGroup(flags));
    /** @type {GPUBindGroup | null} */
    this.materialNone = null;
  }

  /** @param {number} flags DRAW_* @returns {GPUBindGroup} */
  makeDrawGroup(flags) {
    const buffer = this.device.createBuffer({ label: `draw flags ${flags}`, size: 16, usage: 0x40 | 0x8 });
    this.device.queue.writeBuffer(buffer, 0, new Uint32Array([flags, 0, 0, 0]));
    return this.device.createBindGroup({
      layout: this.pipelines.layouts.draw, entries: [{ binding: 0, resource: { buffer } }],
    });
  }

  get sizeBytes() {
    return this.targetBytes + this.readingBytes;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    for (const texture of [this.color, this.depth, this.resolved]) texture?.destroy();
    const size = [width, height];
    const usage = RENDER_ATTACHMENT;
    this.color = this.device.createTexture({ label: 'color', size, format: COLOR_FORMAT, sampleCount: SAMPLES, usage });
    this.depth = this.device.createTexture({ label: 'depth', size, format: DEPTH_FORMAT, sampleCount: SAMPLES, usage });
    this.resolved = this.device.createTexture({ label: 'picture', size, format: COLOR_FORMAT, usage: usage | COPY_SRC });
    const canvas = this.context.canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    /** @type {GPURenderPassDescriptor} */
    this.mainPass = {
      colorAttachments: [{
        view: this.color.createView(), resolveTarget: this.resolved.createView(), loadOp: 'clear', storeOp: 'discard',
      }],
      depthStencilAttachment: {
        view: this.depth.createView(), depthClearValue: 0, depthLoadOp: 'clear', depthStoreOp: 'discard',
      },
    };
    this.targetBytes = targetBytes(width, height);
  }

  /** @param {Runs[]} runs by pass @param {boolean} withShadow @returns {number} draws */
  drawFrame(runs, withShadow) {
    if (!this.resolved || !this.mainPass) return 0;
    const encoder = this.device.createCommandEncoder();
    let draws = 1;
    if (withShadow) {
      const pass = encoder.beginRenderPass({
        colorAttachments: [],
        depthStencilAttachment: {
          view: this.shadowView, depthClearValue: 0, depthLoadOp: 'clear', depthStoreOp: 'store',
        },
      });
      pass.setBindGroup(0, this.buffers.frameGroup);
      draws += this.encode(pass, runs[SHADOW], SHADOW);
      pass.end();
    }
    const pass = encoder.beginRenderPass(this.timer.attach(this.mainPass));
    pass.setBindGroup(0, this.buffers.frameGroup);
    pass.setBindGroup(3, this.shadowGroup);
    draws += this.encode(pass, runs[OPAQUE], OPAQUE);
    this.encodeSky(pass);
    draws += this.encode(pass, runs[BLEND], BLEND);
    pass.end();
    this.timer.resolve(encoder);
    this.present(encoder, this.resolved);
    this.device.queue.submit([encoder.finish()]);
    this.timer.read();
    return draws;
  }

  /** @param {GPURenderPassEncoder} pass */
  encodeSky(pass) {
    this.materialNone ??= this.makeEmptyMaterial();
    pass.setPipeline(this.pipelines.sky);
    pass.setBindGroup(1, this.materialNone);
    pass.setBindGroup(2, this.drawGroups[0]);
    pass.draw(3);
  }

  /** The sky's pipeline has the meshes' layout, so something must be bound. @returns {GPUBindGroup} */
  makeEmptyMaterial() {
    const { textures, layouts } = this.pipelines;
    const buffer = this.device.createBuffer({ label: 'no material', size: 80, usage: 0x40 });
    const sampler = textures.sampler(0);
    return this.device.createBindGroup({
      layout: layouts.material,
      entries: [
        { binding: 0, resource: { buffer } },
        ...[1, 2, 3, 4, 5].map((binding) => ({ binding, resource: textures.white })),
        ...[6, 7, 8, 9, 10].map((binding) => ({ binding, resource: sampler })),
      ],
    });
  }

  /** The draw loop: sets only what changed, allocates nothing.
   * @param {GPURenderPassEncoder} pass @param {Runs} runs @param {number} passId @returns {number} draws */
  encode(pass, runs, passId) {
    const { mesh: meshes, material: materials, first, instances, flags, count } = runs;
    if (count === 0) return 0;
    pass.setVertexBuffer(1, this.buffers.visible);
    let pipeline = null;
    let material = null;
    let group = -1;
    let vertex = null;
    let vertexOffset = -1;
    let index = null;
    let format = '';
    for (let i = 0; i < count; i += 1) {
      const mesh = meshes[i].native;
      const nextMaterial = materials[i];
      const nextPipeline = nextMaterial.pipelines[passId * 3 + mesh.topology]
        ?? this.pipelines.get(passId, nextMaterial, mesh.topology);
      if (nextPipeline !== pipeline) pass.setPipeline(pipeline = nextPipeline);
      if (nextMaterial !== material) pass.setBindGroup(1, (material = nextMaterial).native.group);
      if (flags[i] !== group) pass.setBindGroup(2, this.drawGroups[(group = flags[i]) & 1]);
      if (mesh.vertex !== vertex || mesh.vertexOffset !== vertexOffset) {
        pass.setVertexBuffer(0, vertex = mesh.vertex, vertexOffset = mesh.vertexOffset);
      }
      if (mesh.index === null) pass.draw(mesh.elements, instances[i], mesh.baseVertex, first[i]);
      else {
        if (mesh.index !== index || mesh.format !== format) {
          pass.setIndexBuffer(index = mesh.index, format = mesh.format);
        }
        pass.drawIndexed(mesh.elements, instances[i], mesh.firstIndex, mesh.baseVertex, first[i]);
      }
    }
    return count;
  }

  /** @param {GPUCommandEncoder} encoder @param {GPUTexture} picture */
  present(encoder, picture) {
    const canvas = this.context.getCurrentTexture();
    if (canvas.width !== picture.width || canvas.height !== picture.height) return; // resized by the page meanwhile
    encoder.copyTextureToTexture({ texture: picture }, { texture: canvas }, [picture.width, picture.height]);
  }

  /** Reads what was drawn last; what it copies into counts as ours until `close`.
   * @returns {Promise<import('../common/readings.js').Picture>} */
  async read() {
    const picture = this.resolved;
    if (!picture) throw new Error('There is no picture yet; nothing was drawn.');
    const { width, height } = picture;
    const bytesPerRow = Math.ceil(width * 4 / COPY_ROW_BYTES) * COPY_ROW_BYTES;
    const sizeBytes = bytesPerRow * height;
    const buffer = this.device.createBuffer({ label: 'readback', size: sizeBytes, usage: MAP_READ | COPY_DST });
    const encoder = this.device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture: picture }, { buffer, bytesPerRow }, [width, height]);
    this.device.queue.submit([encoder.finish()]);
    this.readingBytes += sizeBytes;
    const close = () => {
      buffer.destroy();
      this.readingBytes -= sizeBytes;
    };
    try {
      await buffer.mapAsync(1);
    } catch (error) {
      close();
      throw error;
    }
    const bytes = new Uint8Array(buffer.getMappedRange());
    return { width, height, bytesPerRow, bytes, isBgra: COLOR_FORMAT.startsWith('bgra'), close };
  }
}
