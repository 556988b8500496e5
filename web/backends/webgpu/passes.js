// @ts-check
/** @file The executor of the WebGPU backend: draws the graph's groups, shows the picture, reads it back.
 *
 * Owns: the picture (so that it can be read at any time; the canvas gets a copy), the draw loop, and the bind groups of
 * what passes read. Knows no pass by name: rows say what is drawn, into what and how.
 */
import {
  DRAW_CAMERA_RELATIVE, DRAW_FADES, DRAW_MIRRORED, MATERIAL_KINDS, SHADOW_MATRICES, STREAM_POSED, STREAM_UV1,
} from '../../gen/layouts.js';
import { READ_GROUP, TARGETS } from '../../gen/passes.js';
import { COLOR_FORMAT, FORMATS } from './formats.js';
import { VARIANTS, VARIANT_FADES } from './pipelines.js';
import { nextNumber } from './textures.js';

/** @typedef {import('../common/runs.js').Runs} Runs */
/** @typedef {import('../common/plan.js').Group} Group */
/** @typedef {import('../common/view.js').View} View */
/** @typedef {import('../../gen/passes.js').Pass} Pass */
/** drawn: its first level. @typedef {{ texture: GPUTexture, view: GPUTextureView, drawn?: GPUTextureView, number: number }} Native */
/** @typedef {{ colors: (Native | null)[], depth: Native | null, resolves: (Native | null)[] }} Natives */
const RENDER_ATTACHMENT = 0x10;
const COPY_SRC = 0x01;
const MAP_READ = 0x1;
const COPY_DST = 0x8; // of buffers
const TEXTURE_COPY_DST = 0x02;
const HALF_TEXEL_BYTES = 8; // of rgba16float
const TEXEL_BYTES = 8; // of rg32uint
const COPY_ROW_BYTES = 256; // the API pads rows to it
const TEXTURE_BINDING = 0x04;
const DRAW_FLAGS = DRAW_CAMERA_RELATIVE | DRAW_MIRRORED;
const CLEARS = new Map(TARGETS.map(({ name, clear }) => [name, [...clear]]));

export class WebgpuPasses {
  readingBytes = 0;
  /** @type {GPUCommandEncoder | null} */
  #encoder = null;
  /** @type {GPURenderPassEncoder | null} */
  #pass = null;
  /** Of the group's colours. @type {(GPUTextureFormat | null)[]} */
  #formats = [];
  /** Bind groups of what a pass reads, by pass and images. @type {Map<string, GPUBindGroup>} */
  #inputs = new Map();

  /** @param {GPUDevice} device @param {GPUCanvasContext} context @param {import('./buffers.js').WebgpuBuffers} buffers
   * @param {import('./pipelines.js').WebgpuPipelines} pipelines @param {import('./timing.js').GpuTimer} timer */
  constructor(device, context, buffers, pipelines, timer) {
    this.device = device;
    this.context = context;
    this.buffers = buffers;
    this.pipelines = pipelines;
    this.timer = timer;
    this.times = timer.times;
    /** By shadow matrix * 4 + flags. @type {GPUBindGroup[]} */
    this.drawGroups = [];
    for (let n = 0; n < SHADOW_MATRICES * 4; n += 1) this.drawGroups.push(this.makeDrawGroup(n & 3, n >> 2));
    /** @type {Native | null} */
    this.picture = null;
    /** What passes read where nobody drew it, by format. @type {Map<string, Native>} */
    this.blank = new Map();
  }

  /** @param {number} flags DRAW_* @param {number} matrix of a shadow tile @returns {GPUBindGroup} */
  makeDrawGroup(flags, matrix) {
    const buffer = this.device.createBuffer({ label: `draw flags ${flags}`, size: 16, usage: 0x40 | 0x8 });
    this.device.queue.writeBuffer(buffer, 0, new Uint32Array([flags, matrix, 0, 0]));
    return this.device.createBindGroup({
      layout: this.pipelines.layouts.draw, entries: [{ binding: 0, resource: { buffer } }],
    });
  }

  // -- targets -----------------------------------------------------------------------------------------------------
  /** @param {import('../common/graph.js').Image} image @returns {Native} */
  createTarget({ format, samples, width, height, levels, copied }) {
    const isRead = samples === 1 || format === 'depth32float';
    const usage = RENDER_ATTACHMENT | (isRead ? TEXTURE_BINDING : 0) | (format === 'rg32uint' ? COPY_SRC : 0)
      | (copied ? COPY_SRC | TEXTURE_COPY_DST : 0);
    return this.#native(this.device.createTexture({
      label: `target ${format}`, size: [width, height], format: FORMATS[format], sampleCount: samples, usage, mipLevelCount: levels,
    }));
  }

  /** @param {GPUTexture} texture @returns {Native} */
  #native(texture) {
    const view = texture.createView();
    const drawn = texture.mipLevelCount > 1 ? texture.createView({ mipLevelCount: 1 }) : view;
    return { texture, view, drawn, number: nextNumber() };
  }

  /** Makes the smaller levels. @param {Pass} row @param {Native} native */
  mips({ timer }, { texture }) {
    const encoder = /** @type {GPUCommandEncoder} */ (this.#encoder);
    this.pipelines.textures.drawLevels(encoder, texture, () => this.timer.writes(timer));
  }

  /** @param {Native} native @returns {false} */
  destroyTarget(native) {
    native.texture.destroy();
    this.#inputs.clear();
    return false;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    this.picture?.texture.destroy();
    this.picture = this.#native(this.device.createTexture({
      label: 'picture', size: [width, height], format: COLOR_FORMAT, usage: RENDER_ATTACHMENT | COPY_SRC,
    }));
    const canvas = this.context.canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  }

  /** @param {string} name @param {View} view @returns {Native | null} */
  outside(name, { texture, lut, panorama }) {
    if (name === 'lut') return lut?.native ?? null;
    if (name === 'panorama') return panorama?.native ?? null;
    return texture === null ? this.picture : texture.native;
  }

  // -- a frame -----------------------------------------------------------------------------------------------------
  /** @param {string} timed a timer, '' = none */
  beginFrame(timed) {
    this.#encoder = this.device.createCommandEncoder();
    this.timer.beginFrame(timed);
  }

  /** @param {View} view @param {Group} group @param {Natives} natives @param {boolean[]} clears */
  beginGroup(view, group, { colors, depth, resolves }, clears) {
    const encoder = /** @type {GPUCommandEncoder} */ (this.#encoder);
    const pass = encoder.beginRenderPass({
      colorAttachments: colors.map((color, index) => color && ({
        view: color.drawn ?? color.view, resolveTarget: resolves[index]?.view, loadOp: clears[index] ? 'clear' : 'load',
        clearValue: CLEARS.get(group.colors[index]), storeOp: group.keepsColors[index] ? 'store' : 'discard',
      })),
      depthStencilAttachment: depth === null ? undefined : {
        view: depth.view, depthClearValue: 0, depthLoadOp: group.clearsDepth ? 'clear' : 'load',
        depthStoreOp: group.keepsDepth ? 'store' : 'discard',
      },
      timestampWrites: this.timer.writes(group.steps[0].pass.timer),
    });
    if (group.colors.includes('picture')) {
      pass.setViewport(view.x, view.y, view.width, view.height, 0, 1);
      pass.setScissorRect(view.x, view.y, view.width, view.height);
    }
    pass.setBindGroup(0, this.buffers.frameGroup(view.index));
    this.#pass = pass;
    this.#formats = colors.map((color) => color?.texture.format ?? null);
  }

  /** The depth of the first sample. @param {Pass} row @param {Native} from @param {Native} into */
  resolveDepth(row, from, into) {
    const pass = /** @type {GPUCommandEncoder} */ (this.#encoder).beginRenderPass({
      colorAttachments: [], timestampWrites: this.timer.writes(row.timer),
      depthStencilAttachment: { view: into.view, depthClearValue: 0, depthLoadOp: 'clear', depthStoreOp: 'store' },
    });
    const { pipeline, layout } = this.pipelines.depthResolve;
    const key = `depth ${from.number}`;
    let group = this.#inputs.get(key);
    if (!group) {
      const entries = [{ binding: 0, resource: from.view }];
      this.#inputs.set(key, group = this.device.createBindGroup({ label: key, layout, entries }));
    }
    pass.setPipeline(pipeline);
    for (let nothing = 0; nothing < READ_GROUP; nothing += 1) pass.setBindGroup(nothing, this.pipelines.nothing);
    pass.setBindGroup(READ_GROUP, group);
    pass.draw(3);
    pass.end();
  }

  /** @param {import('../common/tiles.js').Tile} tile */
  beginTile({ x, y, side, clear }) {
    const pass = /** @type {GPURenderPassEncoder} */ (this.#pass);
    pass.setViewport(x, y, side, side, 0, 1);
    pass.setScissorRect(x, y, side, side);
    if (!clear) return;
    pass.setPipeline(this.pipelines.tileClear);
    for (let group = 1; group < READ_GROUP; group += 1) pass.setBindGroup(group, this.pipelines.nothing);
    pass.draw(3);
  }

  endTiles() {}

  endGroup() {
    this.#pass?.end();
    this.#pass = null;
  }

  /** @param {Native} native @returns {GPUBuffer} */
  copyTexel({ texture }) {
    const buffer = this.device.createBuffer({ label: 'texel', size: TEXEL_BYTES, usage: MAP_READ | COPY_DST });
    const encoder = /** @type {GPUCommandEncoder} */ (this.#encoder);
    encoder.copyTextureToBuffer({ texture }, { buffer }, [1, 1]);
    this.readingBytes += TEXEL_BYTES;
    return buffer;
  }

  /** @param {GPUBuffer} buffer @returns {Promise<Uint32Array>} */
  async readTexel(buffer) {
    try {
      await buffer.mapAsync(MAP_READ);
      return new Uint32Array(buffer.getMappedRange()).slice();
    } finally {
      buffer.destroy();
      this.readingBytes -= TEXEL_BYTES;
    }
  }

  endFrame() {
    const { picture } = this;
    const encoder = /** @type {GPUCommandEncoder} */ (this.#encoder);
    const canvas = this.context.getCurrentTexture();
    // Otherwise the page has resized it meanwhile.
    if (picture && canvas.width === picture.texture.width && canvas.height === picture.texture.height) {
      encoder.copyTextureToTexture({ texture: picture.texture }, { texture: canvas }, [canvas.width, canvas.height]);
    }
    this.timer.resolve(encoder);
    this.device.queue.submit([encoder.finish()]);
    this.timer.read();
    this.#encoder = null;
  }

  // -- steps -------------------------------------------------------------------------------------------------------
  /** @param {Pass} row @param {(Native | null)[]} reads @returns {number} draws */
  fullscreen(row, reads) {
    const pass = /** @type {GPURenderPassEncoder} */ (this.#pass);
    pass.setPipeline(this.pipelines.fullscreen(row, this.#formats));
    const [x, y, width, height] = row.region;
    if (width) pass.setViewport(x, y, width, height, 0, 1);
    pass.setBindGroup(1, this.pipelines.nothing);
    pass.setBindGroup(2, this.pipelines.nothing);
    this.#bindReads(pass, row, reads);
    pass.draw(3);
    return 1;
  }

  /** @param {GPURenderPassEncoder} pass @param {Pass} row @param {(Native | null)[]} reads */
  #bindReads(pass, row, reads) {
    if (row.reads.length === 0) return;
    const natives = reads.map((native, index) => native ?? this.#blank(row.reads[index]));
    const key = `${row.name} ${natives.map(({ number }) => number).join(' ')}`;
    let group = this.#inputs.get(key);
    if (!group) this.#inputs.set(key, group = this.pipelines.inputGroup(row, natives.map(({ view }) => view)));
    pass.setBindGroup(READ_GROUP, group);
  }

  /** @param {string} name of a target that nobody drew @returns {Native} one texel of zeros */
  #blank(name) {
    const format = /** @type {import('../../gen/passes.js').Target} */ (TARGETS.find((one) => one.name === name)).format;
    let native = this.blank.get(format);
    if (!native) {
      const usage = TEXTURE_BINDING | RENDER_ATTACHMENT;
      this.blank.set(format, native = this.#native(this.device.createTexture({
        label: `blank ${format}`, size: [1, 1], format: FORMATS[format], usage,
      })));
    }
    return native;
  }

  /** The draw loop: sets only what changed, allocates nothing.
   * @param {Pass} row @param {number} list @param {Runs} runs @param {(Native | null)[]} reads
   * @param {number} matrix of a shadow tile @returns {number} draws */
  draws(row, list, runs, reads, matrix) {
    const { mesh: meshes, material: materials, first, instances, flags, count } = runs;
    if (count === 0) return 0;
    const pass = /** @type {GPURenderPassEncoder} */ (this.#pass);
    this.#bindReads(pass, row, reads);
    const { visible } = this.buffers;
    let pipeline = null;
    let material = null;
    let group = -1;
    let vertex = null;
    let vertexOffset = -1;
    let rowOffset = -1;
    let index = null;
    let format = '';
    for (let i = 0; i < count; i += 1) {
      const mesh = meshes[i].native;
      if (mesh.isElement && row.shader === 'depth') continue; // points and lines have no depth of their own
      const nextMaterial = materials[i];
      if (row.only !== '' && MATERIAL_KINDS[nextMaterial.kind] !== row.only) continue;
      if (row.but !== '' && MATERIAL_KINDS[nextMaterial.kind] === row.but) continue;
      const variant = mesh.variant + (flags[i] & DRAW_MIRRORED ? 1 : 0) + (flags[i] & DRAW_FADES ? VARIANT_FADES : 0);
      const nextPipeline = nextMaterial.pipelines[list * VARIANTS + variant]
        ?? this.pipelines.get(list, nextMaterial, variant);
      if (nextPipeline !== pipeline) pass.setPipeline(pipeline = nextPipeline);
      if (nextMaterial !== material) pass.setBindGroup(1, (material = nextMaterial).native.group);
      if (flags[i] !== group) pass.setBindGroup(2, this.drawGroups[matrix * 4 + ((group = flags[i]) & DRAW_FLAGS)]);
      if (mesh.vertex !== vertex || mesh.vertexOffset !== vertexOffset) {
        pass.setVertexBuffer(0, vertex = mesh.vertex, vertexOffset = mesh.vertexOffset);
      }
      if (mesh.isElement) {
        for (let k = 0; k < instances[i]; k += 1) {
          pass.setVertexBuffer(1, visible, rowOffset = (first[i] + k) * 4);
          pass.draw(mesh.vertices, mesh.elements);
        }
        continue;
      }
      if (rowOffset !== 0) pass.setVertexBuffer(1, visible, rowOffset = 0);
      if (mesh.streams & STREAM_UV1) pass.setVertexBuffer(2, mesh.vertex, mesh.uv1Offset);
      if (mesh.streams & STREAM_POSED) pass.setVertexBuffer(3, mesh.vertex, mesh.posedOffset);
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

  /** @param {Native} native @param {number} width @param {number} y @param {number} lines @param {Uint8Array} bytes */
  writeLines({ texture }, width, y, lines, bytes) {
    this.device.queue.writeTexture({ texture, origin: [0, y] }, /** @type {any} */ (bytes),
      { bytesPerRow: HALF_TEXEL_BYTES * width }, [width, lines]);
  }

  // -- reading back --------------------------------------------------------------------------------------------------
  /** @param {Native} native @param {number} width a multiple of 32 @param {number} height
   * @returns {Promise<import('../common/readings.js').Lines>} */
  async readLines({ texture }, width, height) {
    const bytesPerRow = HALF_TEXEL_BYTES * width;
    const buffer = this.device.createBuffer({ label: 'lines', size: bytesPerRow * height, usage: MAP_READ | COPY_DST });
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [width, height]);
      this.device.queue.submit([encoder.finish()]);
      await buffer.mapAsync(MAP_READ);
      return { width, height, isHalf: true, data: new Uint8Array(buffer.getMappedRange().slice(0)) };
    } finally {
      buffer.destroy();
    }
  }

  /** Reads what was drawn last; what it copies into counts as ours until `close`.
   * @returns {Promise<import('../common/readings.js').Picture>} */
  async read() {
    const picture = this.picture?.texture;
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
