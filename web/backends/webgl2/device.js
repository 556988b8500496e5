// @ts-check
/** @file The WebGL2 backend: context, and what happens when the context is lost.
 *
 * Owns: the context and the rebuild. After a loss every handle is empty; the events device_lost and device_restored
 * tell Python, which makes everything again.
 */
import { loadGlsl } from '../../shaders/loader.js';
import { Core } from '../common/core.js';
import { Graph } from '../common/graph.js';
import { tightCopy } from '../common/readings.js';
import { Webgl2Buffers } from './buffers.js';
import { Webgl2Passes } from './passes.js';
import { Webgl2Pipelines } from './pipelines.js';
import { GlState } from './state.js';
import { Webgl2Textures, compressed } from './textures.js';

/** The API has no limit for buffers; ours keeps a typo from taking the machine down. */
const BUFFER_BYTES_MAX = 2 ** 30;
const CONTEXT = Object.freeze({
  alpha: false, antialias: false, depth: false, stencil: false, powerPreference: 'high-performance',
  preserveDrawingBuffer: false,
});

/** @typedef {import('../common/driver.js').Parts & { canvas: HTMLCanvasElement | OffscreenCanvas,
 *   onLost?: (reason: string) => void, clipControl?: boolean }} Webgl2Parts */

export class Webgl2Backend extends Core {
  /** @param {Webgl2Parts} parts @param {Map<string, string>} chunks */
  constructor(parts, chunks) {
    super(parts);
    this.onLost = parts.onLost;
    this.chunks = chunks;
    this.clipControl = parts.clipControl ?? true;
    this.canvas = parts.canvas;
    const gl = /** @type {WebGL2RenderingContext | null} */ (this.canvas.getContext('webgl2', CONTEXT));
    if (!gl) throw new Error('This canvas gives no WebGL2 context; another API has it or the browser has none.');
    this.gl = gl;
    this.lostHandler = (/** @type {Event} */ event) => this.lost(event);
    this.restoredHandler = () => this.restored();
    this.canvas.addEventListener('webglcontextlost', this.lostHandler);
    this.canvas.addEventListener('webglcontextrestored', this.restoredHandler);
    this.begin();
  }

  begin() {
    const { gl } = this;
    this.loseExtension = gl.getExtension('WEBGL_lose_context');
    const state = new GlState(gl, this.clipControl);
    const pipelines = new Webgl2Pipelines(gl, this.chunks, state.clip !== null);
    const textures = new Webgl2Textures(gl, state, () => pipelines.ready(pipelines.downsample));
    pipelines.textures = textures;
    const buffers = new Webgl2Buffers(gl);
    const executor = new Webgl2Passes(gl, state, buffers, pipelines, textures);
    const maxTextureSide = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    const limits = { maxBufferBytes: BUFFER_BYTES_MAX, maxTextureSide, maxRows: maxTextureSide * 1024, compressed: compressed(gl) };
    const graph = new Graph(executor);
    this.driver = { limits, buffers, textures, pipelines, executor, graph };
    graph.resize(this.width, this.height);
  }

  /** @param {Event} event */
  lost(event) {
    event.preventDefault(); // else the browser never restores it
    const reason = 'The WebGL2 context was lost.';
    this.driver = null;
    this.beginEmpty();
    this.events.deviceLost(reason);
    this.onLost?.(reason);
    // Not here: a context can be restored only after this event has been handled.
    if (this.losing) setTimeout(() => this.loseExtension?.restoreContext(), 0);
    this.losing = false;
  }

  restored() {
    this.begin();
    this.events.deviceRestored();
  }

  /** @returns {Promise<{ width: number, height: number, data: Uint8Array }>} */
  async readPixels() {
    if (!this.driver) throw new Error('The context is lost; there are no pixels to read.');
    return tightCopy(await this.driver.executor.read());
  }

  loseDevice() {
    this.losing = true;
    this.loseExtension?.loseContext();
  }

  destroy() {
    this.canvas.removeEventListener('webglcontextlost', this.lostHandler);
    this.canvas.removeEventListener('webglcontextrestored', this.restoredHandler);
    this.driver = null;
    this.beginEmpty();
    this.loseExtension?.loseContext(); // frees everything at once
  }
}

/** @param {Webgl2Parts} parts @returns {Promise<Webgl2Backend>} */
export async function createBackend(parts) {
  return new Webgl2Backend(parts, await loadGlsl());
}
