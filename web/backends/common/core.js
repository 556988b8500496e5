// @ts-check
/** @file The part of a backend that is the same for every API: the commands to the GPU, handles, states, checks, statistics.
 *
 * Owns: the handle tables and what the frame's commands collected. Does not: call a GPU API; `driver` does, which is
 * null while the device is lost (every command is then ignored; Python learns it from the device_lost event), and still
 * with a new one until Python has heard of it: what it sent before names what went with the old one.
 */
import { COLUMNS, FRAME_BLOCK_BYTES, LIGHT_TEXELS, POSE_LINE, RESOURCE_KINDS, ROWS_STEP, SPLATS_EACH, TOPOLOGIES } from '../../gen/layouts.js';
import { DRAW_PASSES } from '../../gen/passes.js';
import { HandleTable } from '../../engine/handles.js';
import { Images } from './images.js';
import { Looks } from './looks.js';
import { Meshes } from './meshes.js';
import { Picks } from './picks.js';
import { Readings } from './readings.js';
import { checkBuffer, checkLights, checkWrite } from './resources.js';
import { Tiles } from './tiles.js';
import { View } from './view.js';

/** @typedef {import('./resources.js').BufferRecord} BufferRecord */
/** @typedef {import('./resources.js').TextureRecord} TextureRecord */
/** @typedef {import('./driver.js').Driver} Driver */
/** @typedef {import('./driver.js').Parts} Parts */

const LOST = 'The GPU was lost before its picture could be read back; ask again when it is back.';
const VIEWS_MAX = 64;
const SORT_NUMBERS = 14; // floats of splats_sort

export class Core {
  /** @param {Parts} parts */
  constructor({ heap, transfers, events, pictures, feeds, timesUploads = false }) {
    this.heap = heap;
    this.transfers = transfers;
    this.events = events;
    this.feeds = feeds;
    /** Of the device that there is. @type {Driver | null} */
    this.made = null;
    /** Whether Python has yet to answer device_restored. */
    this.expectsBegin = false;
    this.readings = new Readings(pictures);
    this.picks = new Picks(events);
    /** @type {HandleTable<BufferRecord>} */
    this.buffers = new HandleTable('buffer');
    this.images = new Images((handle, problem) => this.failed('texture', handle, problem), (texture) => {
      for (const material of texture.users) this.looks.refresh(material, this.driver);
    }, (texture) => {
      for (const material of texture.users) this.looks.bindAnew(material, this.driver);
    });
    this.textures = this.images.table;
    this.shapes = new Meshes((handle, problem) => this.failed('mesh', handle, problem));
    this.meshes = this.shapes.table;
    this.looks = new Looks({
      heap, textures: this.textures, events, failed: (handle, problem) => this.failed('material', handle, problem),
    });
    /** Every view that was ever drawn, by index. @type {View[]} */
    this.views = [];
    /** Those of this frame, in drawing order. @type {View[]} */
    this.shown = [];
    this.bufferBytes = 0;
    this.width = this.height = 1;
    /** Texels of the shadow atlas. */
    this.atlas = { width: 0, height: 0 };
    this.rows = 0;
    this.visibleCount = 0;
    this.stillCount = 0;
    this.drawn = { draws: 0, triangles: 0 };
    /** What this frame's uploads took of the thread. */
    this.uploads = { sizeBytes: 0, takenMs: 0 };
    /** Whether Python is told so: not in virtual time, where every machine does the same. */
    this.timesUploads = timesUploads;
  }

  /** What commands draw with. @returns {Driver | null} */
  get driver() {
    return this.expectsBegin ? null : this.made;
  }

  set driver(driver) {
    this.made = driver;
  }

  /** Python fills the new device from here on, sizes of targets included. */
  deviceBegin() {
    this.expectsBegin = false;
  }

  /** The device is lost, and everything with it. */
  beginEmpty() {
    this.expectsBegin = true;
    this.readings.fail(LOST);
    this.picks.fail(LOST, []);
    for (const table of [this.buffers, this.meshes]) table.clear();
    this.images.clear();
    this.looks.clear();
    for (const view of this.views) view.clear();
    this.shown.length = 0;
    this.bufferBytes = this.rows = this.visibleCount = this.stillCount = 0;
    this.atlas = { width: 0, height: 0 };
  }

  /** @param {string} kind of RESOURCE_KINDS @param {number} handle @param {string} message */
  failed(kind, handle, message) {
    const text = `The ${kind} ${handle} could not be made. ${message}`;
    this.events.resourceFailed(RESOURCE_KINDS.indexOf(kind), handle, text);
  }

  /** The API found out later that there was no room. @param {'buffer' | 'texture'} kind
   * @param {BufferRecord | TextureRecord} record @param {string} message */
  failedLater(kind, record, message) {
    record.state = 'failed';
    for (const user of record.users) user.ready = false;
    const table = kind === 'buffer' ? this.buffers : this.textures;
    if (table.tryGet(record.handle) === record) this.failed(kind, record.handle, message);
  }

  /** Canvas and targets are 1 x 1 until this is called. @param {number} width @param {number} height */
  targets(width, height) {
    this.resize(width, height);
  }

  // -- the frame ---------------------------------------------------------------------------------------------------
  /** @param {number} frame */
  frameBegin(frame) {
    this.frame = frame;
    this.shown.length = 0;
  }

  /** @param {number} index @param {number} texture @param {number} x @param {number} y @param {number} width
   * @param {number} height @param {number} drawnWidth @param {number} drawnHeight @param {number} flags */
  view(index, texture, x, y, width, height, drawnWidth, drawnHeight, flags) {
    if (index >= VIEWS_MAX) throw new Error(`There is no view ${index}; use 0 to ${VIEWS_MAX - 1}.`);
    while (this.views.length <= index) this.views.push(new View(this.views.length));
    const view = this.views[index];
    view.begin(texture === 0 ? null : this.textures.get(texture), x, y, width, height, flags, drawnWidth, drawnHeight);
    this.shown.push(view);
  }

  /** @param {number} texture */
  viewLut(texture) {
    this.current.lut = texture === 0 ? null : this.textures.get(texture);
  }

  /** @param {number} texture */
  viewPanorama(texture) {
    this.current.panorama = this.textures.get(texture);
  }

  /** @param {number} pick */
  viewPick(pick) {
    this.current.pick = pick;
  }

  /** @param {number} rows @param {number} count @param {number} lists @param {number} words */
  viewLights(rows, count, lists, words) {
    checkLights(count, words);
    const rowBytes = 16 * LIGHT_TEXELS;
    this.driver?.buffers.lights(this.current.index, this.heap.u8(rows, count * rowBytes), this.heap.u8(lists, words * 4));
  }

  /** The view that is being described. @returns {View} */
  get current() {
    const view = this.shown[this.shown.length - 1];
    if (!view) throw new Error('No view has begun in this frame; a view command comes first.');
    return view;
  }

  /** @param {number} address @param {number} sizeBytes */
  frameBlock(address, sizeBytes) {
    if (sizeBytes !== FRAME_BLOCK_BYTES) {
      throw new Error(`The frame block has ${sizeBytes} bytes, expected ${FRAME_BLOCK_BYTES}.`);
    }
    if (!this.driver) return;
    const view = this.current;
    this.driver.buffers.frameBlock(view.index, this.heap.u8(address, sizeBytes));
    view.hasBlock = true;
  }

  /** @param {number} rows */
  rowsCapacity(rows) {
    if (!this.driver) return;
    const limit = this.driver.limits.maxRows;
    if (rows === 0 || rows % ROWS_STEP !== 0) {
      throw new Error(`The rows' capacity is ${rows}; use a positive multiple of ${ROWS_STEP}.`);
    }
    if (rows > limit) throw new Error(`The rows' capacity is ${rows}, but this device's limit is ${limit} rows.`);
    this.driver.buffers.rowsCapacity(rows);
    this.rows = rows;
  }

  /** @param {number} column @param {number} firstRow @param {number} rows @param {number} address */
  rowsWrite(column, firstRow, rows, address) {
    if (!this.driver) return;
    if (column >= COLUMNS.length) throw new Error(`There is no column ${column}; use 0 to ${COLUMNS.length - 1}.`);
    if (firstRow % ROWS_STEP !== 0 || rows % ROWS_STEP !== 0) {
      throw new Error(`Rows ${firstRow} to ${firstRow + rows} are written, but both must be multiples of ${ROWS_STEP}.`);
    }
    if (firstRow + rows > this.rows) {
      throw new Error(`Rows up to ${firstRow + rows} are written, but the capacity is ${this.rows} rows.`);
    }
    if (rows === 0) return;
    const bytes = this.heap.u8(address, rows * COLUMNS[column].words * 4);
    this.driver.buffers.rowsWrite(column, firstRow, rows, bytes);
  }

  /** @param {number} lines @param {number} firstLine @param {number} count @param {number} address */
  poses(lines, firstLine, count, address) {
    if (!this.driver) return;
    const limit = this.driver.limits.maxTextureSide;
    if (lines > limit || firstLine + count > lines) {
      throw new Error(`Lines ${firstLine} to ${firstLine + count} of ${lines} of poses are written; at most ${limit} are there.`);
    }
    this.driver.buffers.poses(lines, firstLine, count, this.heap.u8(address, count * POSE_LINE * 16));
  }

  /** @param {number} address @param {number} count */
  visibleRows(address, count) {
    if (!this.driver) return;
    this.visibleCount = count;
    if (count > 0) this.driver.buffers.visibleRows(this.heap.u8(address, count * 4));
  }

  /** @param {number} address @param {number} count */
  stillRows(address, count) {
    if (!this.driver) return;
    this.stillCount = count;
    this.driver.buffers.stillRows(this.heap.u8(address, count * 4));
  }

  /** @param {number} passId @param {number} address @param {number} count */
  drawList(passId, address, count) {
    if (passId >= DRAW_PASSES.length) {
      throw new Error(`There is no draw pass ${passId}; use 0 to ${DRAW_PASSES.length - 1}.`);
    }
    this.current.setList(passId, this.heap, address, count);
  }

  /** @param {number} width @param {number} height */
  shadowAtlas(width, height) {
    this.atlas = { width, height };
    this.driver?.graph.resizeAtlas(width, height);
  }

  /** @param {number} lines */
  probeLines(lines) {
    this.driver?.graph.grow(lines);
  }

  /** @param {number} firstLine @param {number} lines @param {number} address */
  probeWrite(firstLine, lines, address) {
    this.driver?.graph.writeLines(firstLine, lines, (bytes) => this.heap.u8(address, bytes));
  }

  /** What probes know, and the tables above them. @returns {Promise<import('./readings.js').Lines>} */
  async readProbes() {
    if (!this.driver) throw new Error('The GPU was lost; there are no probes to read.');
    return this.driver.graph.readLines();
  }

  /** @param {number} x @param {number} y @param {number} side @param {number} matrix @param {number} clear
   * @param {number} address @param {number} count */
  shadowTile(x, y, side, matrix, clear, address, count) {
    if (!this.driver) return;
    const { width, height } = this.atlas;
    if (side === 0 || x + side > width || y + side > height) {
      throw new Error(`A shadow tile of ${side} texels at ${x}, ${y} lies outside of the atlas of ${width} x ${height}.`);
    }
    this.current.tiles.add(x, y, side, matrix, clear !== 0, Tiles.records(this.heap, address, count));
  }

  /** @param {number} readback */
  readback(readback) {
    this.readings.want(readback);
  }

  frameEnd() {
    this.#tellUploads();
    this.drawn = { draws: 0, triangles: 0 };
    const { driver } = this;
    const views = this.shown.filter(({ hasBlock }) => hasBlock);
    if (!driver || views.length === 0) {
      this.picks.fail(LOST, this.shown);
      return this.readings.fail(LOST);
    }
    let outside = 0;
    const known = this.rows > 0 ? { visible: this.visibleCount, still: this.stillCount } : { visible: 0, still: 0 };
    for (const view of views) {
      const found = view.collect(this.meshes.slots, this.looks.materials.slots, known);
      this.drawn.triangles += found.triangles;
      outside += found.outside;
    }
    const { times } = driver.executor;
    times.onTime = (timer, gpuMs) => this.events.passTime(timer, gpuMs);
    this.drawn.draws = driver.graph.drawFrame(views, times.next(driver.graph.timersOf(views)));
    this.readings.begin(driver.executor);
    for (const { pick, copy } of driver.graph.copies) this.picks.wait(pick, driver.executor.readTexel(copy));
    if (outside > 0) {
      throw new Error(`${outside} draws index past the ${this.visibleCount} visible or ${this.stillCount} still rows `
        + 'and were skipped.');
    }
  }

  // -- buffers -----------------------------------------------------------------------------------------------------
  /** @param {number} handle @param {number} sizeBytes @param {number} usage */
  bufferCreate(handle, sizeBytes, usage) {
    if (!this.driver) return;
    /** @type {BufferRecord} */
    const record = { handle, sizeBytes, usage, state: 'failed', native: null, users: new Set() };
    this.buffers.create(record);
    const problem = checkBuffer(sizeBytes, usage, this.driver.limits);
    if (problem) return this.failed('buffer', handle, problem);
    try {
      record.native = this.driver.buffers.create(record);
      record.state = 'ready';
      this.bufferBytes += sizeBytes;
    } catch (error) {
      this.failed('buffer', handle, /** @type {Error} */ (error).message);
    }
  }

  /** @param {number} handle */
  bufferDestroy(handle) {
    if (!this.driver) return;
    const record = this.buffers.remove(handle);
    for (const mesh of record.users) mesh.ready = false;
    if (record.native === null) return;
    this.driver.buffers.destroy(record.native);
    this.bufferBytes -= record.sizeBytes;
  }

  /** @param {number} handle @param {number} offset @param {number} address @param {number} sizeBytes */
  bufferWrite(handle, offset, address, sizeBytes) {
    if (!this.driver) return;
    const record = this.buffers.get(handle);
    checkWrite(record, offset, sizeBytes);
    if (record.state === 'failed' || sizeBytes === 0) return;
    this.driver.buffers.write(record.native, offset, this.heap.u8(address, sizeBytes));
  }

  /** @param {number} handle @param {number} offset @param {number} transfer @param {number} sourceOffset @param {number} sizeBytes */
  bufferUpload(handle, offset, transfer, sourceOffset, sizeBytes) {
    if (!this.driver) return;
    const record = this.buffers.get(handle);
    checkWrite(record, offset, sizeBytes);
    const bytes = this.transfers.bytes(transfer);
    if (sourceOffset + sizeBytes > bytes.byteLength) {
      throw new Error(`Bytes up to ${sourceOffset + sizeBytes} are read, but transfer ${transfer} holds `
        + `${bytes.byteLength} bytes.`);
    }
    if (record.state === 'failed' || sizeBytes === 0) return;
    const start = performance.now();
    this.driver.buffers.write(record.native, offset, bytes.subarray(sourceOffset, sourceOffset + sizeBytes));
    this.#uploaded(sizeBytes, start);
  }

  // -- textures ----------------------------------------------------------------------------------------------------
  /** @param {number} handle @param {number} width @param {number} height @param {number} levels
   * @param {number} format @param {number} sampler */
  textureCreate(handle, width, height, levels, format, sampler) {
    if (this.driver) this.images.create(this.driver, { handle, width, height, levels, format, sampler });
  }

  /** @param {number} handle */
  textureDestroy(handle) {
    if (this.driver) this.images.destroy(this.driver, handle);
  }

  /** @param {number} handle @param {number} address @param {number} sizeBytes */
  textureWrite(handle, address, sizeBytes) {
    if (this.driver) this.images.write(this.driver, handle, this.heap.u8(address, sizeBytes));
  }

  /** @param {number} handle @param {number} x @param {number} y @param {number} width @param {number} height
   * @param {number} address @param {number} sizeBytes */
  textureUpdate(handle, x, y, width, height, address, sizeBytes) {
    if (this.driver) this.images.update(this.driver, handle, { x, y, width, height }, this.heap.u8(address, sizeBytes));
  }

  /** @param {number} handle @param {number} transfer */
  textureUpload(handle, transfer) {
    if (!this.driver) return;
    const start = performance.now();
    this.images.upload(this.driver, handle, transfer, this.transfers);
    this.#uploaded(this.textures.tryGet(handle)?.sizeBytes ?? 0, start);
  }

  /** @param {number} handle @param {number} transfer @param {number} level @param {number} first @param {number} rows */
  texturePart(handle, transfer, level, first, rows) {
    if (!this.driver) return;
    const start = performance.now();
    this.#uploaded(this.images.part(this.driver, handle, transfer, { level, first, rows }, this.transfers), start);
  }

  /** @param {number} sizeBytes @param {number} start milliseconds */
  #uploaded(sizeBytes, start) {
    this.uploads.sizeBytes += sizeBytes;
    this.uploads.takenMs += performance.now() - start;
  }

  #tellUploads() {
    const { sizeBytes, takenMs } = this.uploads;
    if (sizeBytes > 0 && this.timesUploads) this.events.uploadTime(sizeBytes, takenMs);
    this.uploads.sizeBytes = this.uploads.takenMs = 0;
  }

  /** @param {number} handle @param {number} feed */
  textureFeed(handle, feed) {
    if (this.driver && this.feeds) this.images.feed(this.driver, handle, feed, this.feeds);
    else if (handle === 0) this.feeds?.taken(feed); // nobody asks for another one on the new device
  }

  // -- meshes --------------------------------------------------------------------------------------------------------
  /** @param {number} handle @param {number} vertexBuffer @param {number} vertexOffset @param {number} vertexCount
   * @param {number} indexBuffer @param {number} indexOffset @param {number} indexCount @param {number} indexBytes
   * @param {number} topology @param {number} streams */
  meshCreate(
    handle, vertexBuffer, vertexOffset, vertexCount, indexBuffer, indexOffset, indexCount, indexBytes, topology, streams,
  ) {
    if (!this.driver) return;
    this.shapes.create(this.driver, this.buffers, { handle, vertexBuffer, vertexOffset, vertexCount, indexBuffer, indexOffset,
      indexCount, indexBytes, topology, streams });
  }

  /** @param {number} handle */
  meshDestroy(handle) {
    if (this.driver) this.shapes.destroy(this.driver, handle);
  }

  /** @param {number} mesh @param {number} texture @param {number} count @param {number} texels
   * @param {number} address */
  splatsSort(mesh, texture, count, texels, address) {
    if (!this.driver) return;
    const { sorts } = this.driver;
    if (!sorts) throw new Error('This device has no compute: it can sort no splats.');
    const shape = this.meshes.get(mesh);
    const words = this.textures.get(texture);
    if (TOPOLOGIES[shape.topology] !== 'splats') throw new Error(`The mesh ${mesh} holds ${TOPOLOGIES[shape.topology]}, not splats.`);
    if (count > shape.elements * SPLATS_EACH || count * texels > words.width * words.height) {
      throw new Error(`${count} splats of ${texels} texels do not fit into ${shape.elements} elements and ${words.width} x ${words.height}.`);
    }
    if (shape.ready && words.state === 'ready') sorts.sort(shape, words, this.heap.f32(address, SORT_NUMBERS), count, texels);
  }

  // -- materials and shaders of programs ------------------------------------------------------------------------------
  /** @param {number} handle @param {number} kind @param {number} flags @param {number} shader @param {number} textures
   * @param {number} count @param {number} params @param {number} sizeBytes */
  materialCreate(handle, kind, flags, shader, textures, count, params, sizeBytes) {
    if (!this.driver) return;
    this.looks.create(this.driver, { handle, kind, flags }, shader, this.heap.u32(textures, count), params, sizeBytes);
  }

  /** @param {number} handle */
  materialDestroy(handle) {
    if (this.driver) this.looks.destroy(this.driver, handle);
  }

  /** @param {number} handle @param {number} params @param {number} sizeBytes */
  materialWrite(handle, params, sizeBytes) {
    if (this.driver) this.looks.write(this.driver, handle, params, sizeBytes);
  }

  /** @param {number} handle @param {number} address @param {number} sizeBytes */
  shaderCreate(handle, address, sizeBytes) {
    if (!this.driver) return;
    const source = JSON.parse(new TextDecoder().decode(new Uint8Array(this.heap.u8(address, sizeBytes))));
    this.looks.createShader(handle, source, this.driver, () => this.driver);
  }

  /** @param {number} handle */
  shaderDestroy(handle) {
    if (this.driver) this.looks.destroyShader(handle);
  }

  /** Shaders that are being compiled. */
  get compiling() {
    return this.looks.compiling;
  }

  /** Of buffers and textures. */
  get resourceBytes() {
    return this.bufferBytes + this.images.sizeBytes;
  }

  // -- what the engine asks ------------------------------------------------------------------------------------------
  /** @param {number} width @param {number} height device pixels */
  resize(width, height) {
    this.width = Math.max(1, Math.floor(width));
    this.height = Math.max(1, Math.floor(height));
    this.driver?.graph.resize(this.width, this.height);
  }

  /** @returns {{ draws: number, triangles: number, liveHandles: number, gpuBytes: number, gpuMs: number | null }} */
  stats() {
    const liveHandles = this.buffers.liveCount + this.textures.liveCount + this.meshes.liveCount + this.looks.liveCount;
    const { driver } = this;
    const fixed = driver ? driver.buffers.sizeBytes + driver.graph.sizeBytes + driver.executor.readingBytes
      + (driver.sorts?.sizeBytes ?? 0) : 0;
    return { ...this.drawn, liveHandles, gpuBytes: this.resourceBytes + fixed, gpuMs: driver?.executor.times.gpuMs ?? null };
  }
}
