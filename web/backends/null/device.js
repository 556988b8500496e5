// @ts-check
/** @file The backend that draws nothing: every check, state and count of the others, no GPU. For tests and servers. */
import { COMPRESSED_BC, COMPRESSED_BC5 } from '../../gen/layouts.js';
import { Core } from '../common/core.js';
import { Graph } from '../common/graph.js';
import { NullBuffers } from './buffers.js';
import { NullPasses } from './passes.js';
import { nullPipelines } from './pipelines.js';
import { nullTextures } from './textures.js';

const LIMITS = Object.freeze({ maxBufferBytes: 2 ** 30, maxTextureSide: 8192, maxRows: 8192 * 1024, compressed: COMPRESSED_BC | COMPRESSED_BC5 });

export class NullBackend extends Core {
  /** @param {import('../common/driver.js').Parts & { onLost?: (reason: string) => void }} parts */
  constructor(parts) {
    super(parts);
    this.onLost = parts.onLost;
    this.begin();
  }

  begin() {
    const executor = new NullPasses();
    this.driver = {
      limits: LIMITS, buffers: new NullBuffers(), textures: nullTextures, pipelines: nullPipelines, executor,
      graph: new Graph(executor),
    };
    this.driver?.graph.resize(this.width, this.height);
  }

  /** @returns {Promise<{ width: number, height: number, data: Uint8Array }>} black */
  async readPixels() {
    return { width: this.width, height: this.height, data: new Uint8Array(this.width * this.height * 4) };
  }

  /** Loses everything and comes back at once, as a real device would. */
  async loseDevice() {
    const reason = 'The null device was lost on request.';
    this.driver = null;
    this.beginEmpty();
    this.events.deviceLost(reason);
    this.onLost?.(reason);
    await Promise.resolve();
    this.begin();
    this.events.deviceRestored();
  }

  destroy() {
    this.driver = null;
    this.beginEmpty();
  }
}

/** @param {import('../common/driver.js').Parts & { canvas?: unknown, onLost?: (reason: string) => void }} parts
 * @returns {Promise<NullBackend>} */
export async function createBackend(parts) {
  return new NullBackend(parts);
}
