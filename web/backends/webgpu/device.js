// @ts-check
/** @file The WebGPU backend: device, canvas, and what happens when the device is lost.
 *
 * Owns: the device and the rebuild. After a loss every handle is empty; the events device_lost and device_restored tell
 * Python, which makes everything again. Limits: asks for the adapter's own buffer and texture limits, no more.
 */
import { COMPRESSED_ASTC, COMPRESSED_BC, COMPRESSED_BC5, COMPRESSED_ETC2 } from '../../gen/layouts.js';
import { loadWgsl, wgslModule } from '../../shaders/loader.js';
import { Core } from '../common/core.js';
import { Graph } from '../common/graph.js';
import { tightCopy } from '../common/readings.js';
import { WebgpuBuffers } from './buffers.js';
import { CANVAS_FORMAT } from './formats.js';
import { WebgpuPasses } from './passes.js';
import { makeLayouts } from './layouts.js';
import { WebgpuPipelines } from './pipelines.js';
import { WebgpuTextures } from './textures.js';
import { WebgpuSorts } from './sorts.js';
import { GpuTimer } from './timing.js';

const RETRY_MS = 200;
const RETRIES = 25;
/** Resources of this size are checked for room; smaller ones only count as uncaptured errors. */
const CHECKED_BYTES_MIN = 1 << 20;
const COPY_DST = 0x02;
const RENDER_ATTACHMENT = 0x10;

/** The first requestAdapter after a GPU-process restart may give null, so it is asked again.
 * @param {number} [retries] fewer at the start: a browser without an adapter gets WebGL2 soon
 * @returns {Promise<GPUDevice>} */
export async function requestDevice(retries = RETRIES) {
  let problem = 'This browser has no navigator.gpu.';
  for (let attempt = 0; attempt < retries && navigator.gpu; attempt += 1) {
    try {
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
      if (adapter) return await deviceOf(adapter);
      problem = 'The browser gave no adapter.';
    } catch (error) {
      problem = /** @type {Error} */ (error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  throw new Error(`No WebGPU device could be had in ${retries} attempts. ${problem}`);
}

/** @type {GPUFeatureName[]} */
const WANTED = ['timestamp-query', 'texture-compression-astc', 'texture-compression-bc', 'texture-compression-etc2'];

/** Which compressed textures it takes. @param {GPUDevice} device @returns {number} COMPRESSED_* */
const compressed = ({ features }) => (features.has('texture-compression-astc') ? COMPRESSED_ASTC : 0)
  | (features.has('texture-compression-bc') ? COMPRESSED_BC | COMPRESSED_BC5 : 0) | (features.has('texture-compression-etc2') ? COMPRESSED_ETC2 : 0);

/** @param {GPUAdapter} adapter @returns {Promise<GPUDevice>} */
function deviceOf(adapter) {
  const { maxBufferSize, maxStorageBufferBindingSize, maxTextureDimension2D } = adapter.limits;
  const requiredFeatures = WANTED.filter((feature) => adapter.features.has(feature));
  return adapter.requestDevice({
    requiredFeatures, requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxTextureDimension2D },
  });
}

export class WebgpuBackend extends Core {
  /** @param {import('../common/driver.js').Parts & { canvas: HTMLCanvasElement | OffscreenCanvas,
   *   onLost?: (reason: string) => void, onGone?: (reason: string) => void,
   *   renewCanvas?: () => Promise<OffscreenCanvas> }} parts @param {Map<string, string>} chunks */
  constructor(parts, chunks) {
    super(parts);
    this.onLost = parts.onLost;
    this.onGone = parts.onGone;
    this.renewCanvas = parts.renewCanvas;
    this.canvas = parts.canvas;
    this.chunks = chunks;
    this.destroyed = false;
    /** Errors that the API found and no check of ours; each is a bug. @type {string[]} */
    this.apiErrors = [];
  }

  /** @param {number} [retries] */
  async begin(retries) {
    const device = await requestDevice(retries);
    if (this.destroyed) return device.destroy();
    this.device = device;
    const context = /** @type {GPUCanvasContext} */ (this.canvas.getContext('webgpu'));
    context.configure({
      device, format: CANVAS_FORMAT, alphaMode: 'opaque', usage: RENDER_ATTACHMENT | COPY_DST,
    });
    this.context = context;
    device.addEventListener('uncapturederror', (event) => this.apiError(event.error.message));
    device.lost.then((info) => this.lost(device, info));
    this.driver = this.makeDriver(device, context);
    this.driver?.graph.resize(this.width, this.height);
  }

  /** @param {GPUDevice} device @param {GPUCanvasContext} context */
  makeDriver(device, context) {
    const layouts = makeLayouts(device);
    const checked = this.makeRoomCheck(device);
    const textures = new WebgpuTextures(device, wgslModule(this.chunks, 'downsample'), checked);
    const buffers = new WebgpuBuffers(device, layouts.frame, checked);
    const pipelines = new WebgpuPipelines(device, layouts, this.chunks, textures);
    const executor = new WebgpuPasses(device, context, buffers, pipelines, new GpuTimer(device));
    this.warmed = pipelines.warmed;
    const { maxBufferSize, maxStorageBufferBindingSize, maxTextureDimension2D } = device.limits;
    const maxRows = Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 16 / 1024) * 1024;
    const limits = { maxBufferBytes: maxBufferSize, maxTextureSide: maxTextureDimension2D, maxRows, compressed: compressed(device) };
    const sorts = new WebgpuSorts(device, wgslModule(this.chunks, 'splats_sort'));
    return { limits, textures, buffers, pipelines, executor, sorts, graph: new Graph(executor) };
  }

  /** A wrapper for creations: WebGPU says only later that there was no room. @param {GPUDevice} device
   * @returns {import('./buffers.js').RoomCheck} */
  makeRoomCheck(device) {
    return (kind, record, sizeBytes, make) => {
      if (sizeBytes < CHECKED_BYTES_MIN) return make();
      device.pushErrorScope('out-of-memory');
      const made = make();
      device.popErrorScope().then((error) => {
        if (error) this.failedLater(kind, record, `The GPU has no room for its ${sizeBytes} bytes: ${error.message}`);
      }, () => {}); // the device was lost
      return made;
    };
  }

  /** @param {string} message */
  apiError(message) {
    if (this.apiErrors.length < 20) {
      this.apiErrors.push(message);
      console.error(`WebGPU: ${message}`);
    }
  }

  /** @param {GPUDevice} device @param {GPUDeviceLostInfo} info */
  async lost(device, info) {
    if (this.destroyed || device !== this.device) return;
    const reason = `The WebGPU device was lost (${info.reason}): ${info.message || 'no further reason was given'}`;
    this.driver = null;
    this.beginEmpty();
    this.events.deviceLost(reason);
    this.onLost?.(reason);
    try {
      if (this.renewCanvas) this.canvas = await this.renewCanvas();
      await this.begin();
      if (!this.destroyed) this.events.deviceRestored();
    } catch (error) {
      this.apiError(/** @type {Error} */ (error).message);
      if (!this.destroyed) this.onGone?.(/** @type {Error} */ (error).message);
    }
  }

  /** One more attempt after `lost` gave up. @returns {Promise<boolean>} whether it draws again */
  async tryAgain() {
    if (this.destroyed) return false;
    try {
      await this.begin(1);
    } catch {
      return false;
    }
    if (this.destroyed) return false;
    this.events.deviceRestored();
    return true;
  }

  /** @returns {Promise<{ width: number, height: number, data: Uint8Array }>} */
  async readPixels() {
    if (!this.driver) throw new Error('The device is lost; there are no pixels to read.');
    return tightCopy(await this.driver.executor.read());
  }

  loseDevice() {
    this.device?.destroy();
  }

  destroy() {
    this.destroyed = true;
    this.driver = null;
    this.beginEmpty();
    this.context?.unconfigure();
    this.device?.destroy();
  }
}

/** @param {import('../common/driver.js').Parts & { canvas: HTMLCanvasElement | OffscreenCanvas,
 *   onLost?: (reason: string) => void,
   *   renewCanvas?: () => Promise<OffscreenCanvas> }} parts @returns {Promise<WebgpuBackend>} */
export async function createBackend(parts) {
  const backend = new WebgpuBackend(parts, await loadWgsl());
  await backend.begin();
  return backend;
}
