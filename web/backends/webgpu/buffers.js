// @ts-check
/** @file Buffers of the WebGPU backend: vertices, indices, instance columns, visible rows, the frame block.
 *
 * Owns: the column buffers and, for each view, its frame block and bind group (group 0). Bytes go from the caller's view straight into writeBuffer.
 * Limits: a view may lie in shared memory, but never in a resizable ArrayBuffer (the API refuses those).
 */
import { COLUMNS, FRAME_BLOCK_BYTES, LAYOUTS, POSED_BYTES, POSE_LINE, ROWS_STEP, UV1_BYTES } from '../../gen/layouts.js';
import { streamsOf } from '../common/resources.js';
import { POSES_BINDING } from './layouts.js';
import { WebgpuLights } from './lights.js';

const USAGES = [0, 0x20 | 0x80 /* VERTEX, and STORAGE: of splats the GPU writes their order */, 0x10 /* INDEX */];
const COPY_DST = 0x8;
const COPY_SRC = 0x4;
const STORAGE = 0x80;
const UNIFORM = 0x40;

/** Makes something under an out-of-memory check.
 * @typedef {<T>(kind: 'buffer' | 'texture', record: any, sizeBytes: number, make: () => T) => T} RoomCheck */

export class WebgpuBuffers {
  /** @param {GPUDevice} device @param {GPUBindGroupLayout} frameLayout @param {RoomCheck} checked */
  constructor(device, frameLayout, checked) {
    this.checked = checked;
    this.device = device;
    this.queue = device.queue;
    this.frameLayout = frameLayout;
    /** Frame blocks and bind groups by view. @type {GPUBuffer[]} */
    this.frames = [];
    /** @type {GPUBindGroup[]} */
    this.groups = [];
    /** @type {GPUBuffer[]} */
    this.columns = [];
    this.lit = new WebgpuLights(device);
    /** What moves vertices; one texel where nothing does. */
    this.poseTexels = this.makePoses(1, 1);
    /** The still rows, then this frame's. */
    this.visible = this.makeVisible(ROWS_STEP * 4);
    this.stillBytes = 0;
    this.visibleBytes = 0;
    this.rowsCapacity(ROWS_STEP);
  }

  get sizeBytes() {
    const { width, height } = this.poseTexels;
    const others = this.lit.sizeBytes + (width > 1 ? 16 * width * height : 0);
    return [...this.frames, this.visible, ...this.columns].reduce((sum, buffer) => sum + buffer.size, others);
  }

  /** @param {import('../common/resources.js').BufferRecord} record @returns {GPUBuffer} */
  create(record) {
    const { handle, sizeBytes, usage } = record;
    return this.checked('buffer', record, sizeBytes, () => this.device.createBuffer({
      label: `buffer ${handle}`, size: sizeBytes, usage: USAGES[usage] | COPY_DST,
    }));
  }

  /** @param {GPUBuffer} buffer */
  destroy(buffer) {
    buffer.destroy();
  }

  /** @param {GPUBuffer} buffer @param {number} offset @param {Uint8Array} bytes */
  write(buffer, offset, bytes) {
    this.queue.writeBuffer(buffer, offset, /** @type {any} */ (bytes));
  }

  /** What a draw needs: whole buffers with a base vertex where the offset allows, so that state changes less.
   * @param {import('../common/resources.js').MeshRecord} mesh */
  createMesh(mesh) {
    const { strideBytes, isElement, vertices } = LAYOUTS[mesh.topology];
    const aligned = !isElement && mesh.vertexOffset % strideBytes === 0;
    const before = aligned ? mesh.vertexOffset / strideBytes : 0; // vertices, of which its streams have none
    const streams = streamsOf(mesh);
    return {
      vertex: /** @type {GPUBuffer} */ (mesh.vertexBuffer?.native),
      vertexOffset: aligned ? 0 : mesh.vertexOffset,
      baseVertex: before,
      index: /** @type {GPUBuffer | null} */ (mesh.indexBuffer?.native ?? null),
      format: /** @type {GPUIndexFormat} */ (mesh.indexBytes === 2 ? 'uint16' : 'uint32'),
      firstIndex: mesh.indexBuffer ? mesh.indexOffset / mesh.indexBytes : 0,
      elements: mesh.elements,
      variant: mesh.topology * 16 + mesh.streams * 2, // see pipelines.js
      streams: mesh.streams,
      uv1Offset: streams.uv1 - before * UV1_BYTES,
      posedOffset: streams.posed - before * POSED_BYTES,
      isElement,
      vertices,
    };
  }

  destroyMesh() {}

  /** @param {number} rows */
  rowsCapacity(rows) {
    for (const buffer of this.columns) buffer.destroy();
    this.columns = COLUMNS.map(({ name, words }) => this.device.createBuffer({
      label: `rows ${name}`, size: rows * words * 4, usage: STORAGE | COPY_DST,
    }));
    this.groups = this.frames.map((_, view) => this.makeGroup(view));
  }

  /** @param {number} view @returns {GPUBindGroup} */
  makeGroup(view) {
    const buffers = [this.frames[view], ...this.columns].map((buffer) => ({ buffer }));
    return this.device.createBindGroup({
      label: `frame of view ${view}`, layout: this.frameLayout,
      entries: [
        ...[...buffers, this.lit.texture(view)].map((resource, binding) => ({ binding, resource })),
        { binding: POSES_BINDING, resource: this.poseTexels.createView() },
      ],
    });
  }

  /** @param {number} view @returns {GPUBindGroup} */
  frameGroup(view) {
    return this.groups[view];
  }

  /** @param {number} column @param {number} firstRow @param {number} rows @param {Uint8Array} bytes */
  rowsWrite(column, firstRow, rows, bytes) {
    this.queue.writeBuffer(this.columns[column], firstRow * COLUMNS[column].words * 4, /** @type {any} */ (bytes));
  }

  /** @param {number} width @param {number} height @returns {GPUTexture} */
  makePoses(width, height) {
    return this.device.createTexture({ label: 'poses', size: [width, height], format: 'rgba32float', usage: 0x04 | 0x02 });
  }

  /** @param {number} lines @param {number} firstLine @param {number} count @param {Uint8Array} bytes */
  poses(lines, firstLine, count, bytes) {
    const before = this.poseTexels.width === 1 ? 0 : this.poseTexels.height;
    if (before !== lines) {
      this.poseTexels.destroy();
      this.poseTexels = lines === 0 ? this.makePoses(1, 1) : this.makePoses(POSE_LINE, lines);
      this.groups = this.frames.map((_, view) => this.makeGroup(view));
    }
    if (count === 0) return;
    this.queue.writeTexture(
      { texture: this.poseTexels, origin: [0, firstLine] }, /** @type {any} */ (bytes), { bytesPerRow: POSE_LINE * 16 },
      [POSE_LINE, count]);
  }

  /** @param {number} size @returns {GPUBuffer} */
  makeVisible(size) {
    return this.device.createBuffer({ label: 'visible rows', size, usage: USAGES[1] | COPY_DST | COPY_SRC });
  }

  /** Behind the still ones. @param {Uint8Array} bytes */
  visibleRows(bytes) {
    this.visibleBytes = bytes.byteLength;
    this.roomForRows(this.stillBytes + bytes.byteLength, this.stillBytes);
    this.queue.writeBuffer(this.visible, this.stillBytes, /** @type {any} */ (bytes));
  }

  /** The visible rows move behind them. @param {Uint8Array} bytes */
  stillRows(bytes) {
    const before = this.visible;
    const from = this.stillBytes;
    this.stillBytes = bytes.byteLength;
    this.visible = this.makeVisible(roomFor(this.stillBytes + this.visibleBytes));
    this.copyRows(before, from, this.stillBytes, this.visibleBytes);
    this.queue.writeBuffer(this.visible, 0, /** @type {any} */ (bytes));
  }

  /** @param {number} sizeBytes @param {number} keptBytes of what is there */
  roomForRows(sizeBytes, keptBytes) {
    if (sizeBytes <= this.visible.size) return;
    const before = this.visible;
    this.visible = this.makeVisible(roomFor(sizeBytes));
    this.copyRows(before, 0, 0, keptBytes);
  }

  /** The last that is read of a buffer. @param {GPUBuffer} before @param {number} from @param {number} to
   * @param {number} sizeBytes */
  copyRows(before, from, to, sizeBytes) {
    if (sizeBytes > 0) {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(before, from, this.visible, to, sizeBytes);
      this.queue.submit([encoder.finish()]);
    }
    before.destroy();
  }

  /** @param {number} view @param {Uint8Array} bytes */
  frameBlock(view, bytes) {
    while (this.frames.length <= view) {
      const frame = this.device.createBuffer({ label: 'frame block', size: FRAME_BLOCK_BYTES, usage: UNIFORM | COPY_DST });
      this.frames.push(frame);
      this.groups.push(this.makeGroup(this.groups.length));
    }
    this.queue.writeBuffer(this.frames[view], 0, /** @type {any} */ (bytes));
  }

  /** @param {number} view @param {Uint8Array} rows @param {Uint8Array} lists */
  lights(view, rows, lists) {
    if (this.lit.write(view, rows, lists)) this.groups[view] = this.makeGroup(view);
  }

  destroyAll() {
    this.lit.destroyAll();
    this.poseTexels.destroy();
    for (const buffer of [...this.frames, this.visible, ...this.columns]) buffer.destroy();
  }
}

/** @param {number} sizeBytes @returns {number} of a buffer that grows seldom */
const roomFor = (sizeBytes) => 2 ** Math.ceil(Math.log2(Math.max(sizeBytes, ROWS_STEP * 4)));
