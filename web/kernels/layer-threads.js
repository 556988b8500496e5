/**
 * How many threads work in Layer memory: what `app.memory.threads` sets.
 *
 * Owns: the limit, and that a program which never asks loads and starts nothing. Does not: start workers (threads.js).
 * Limits: one thread where memory can't be shared, and on the page's own thread, which must never wait for another.
 */
import { makeWorker } from '../engine/module-worker.js';

const WORKERS_MAX = 8;
const SCRIPT = new URL('./job-worker.js', import.meta.url);

/**
 * @typedef {object} Hooks
 * @property {boolean} mayWait whether this thread may wait for others: in a worker, not on the page's own
 * @property {(text: string) => void} fail
 * @property {(text: string) => void} warn
 */

export class LayerThreads {
  /** @type {Promise<import('./threads.js').Threads> | null} */
  #threads = null;
  #wanted = 0;

  /** @param {import('./layer.js').Layer} layer open @param {Hooks} hooks */
  constructor(layer, hooks) {
    this.layer = layer;
    this.hooks = hooks;
    const cores = navigator.hardwareConcurrency ?? 1;
    /** Threads that may work at a time, this one among them. */
    this.max = layer.shared && hooks.mayWait ? Math.min(WORKERS_MAX + 1, Math.max(cores, 1)) : 1;
  }

  /**
   * Workers start or end soon after; results do not depend on when.
   * @param {number} count threads, this one among them
   * @returns {number} how many there will be: at most `max`
   */
  set(count) {
    const given = Math.max(1, Math.min(count, this.max));
    this.#wanted = given - 1;
    if (this.#wanted > 0) this.#threads ??= this.#load();
    this.#threads?.then((threads) => threads.want(this.#wanted)).catch((error) => {
      this.hooks.fail(`Job workers could not be started, so kernels run on one thread: ${error}`);
    });
    return given;
  }

  /** Resolves when no worker is left. */
  async stop() {
    this.#wanted = 0;
    await (await this.#threads?.catch(() => null))?.stop();
  }

  /** @returns {Promise<import('./threads.js').Threads | null>} for questions; null where none ever started */
  async try() {
    return this.#threads;
  }

  async #load() {
    const { layer, hooks } = this;
    const { Threads } = await import('./threads.js');
    layer.exports.lw_threads_main_waits(1);
    return new Threads({
      module: layer.modules.kernels,
      memory: /** @type {WebAssembly.Memory} */ (layer.memory),
      kernels: layer.exports,
      make: () => makeWorker(SCRIPT, 'layerw-job'),
      gone: (lock) => navigator.locks.request(lock, () => {}),
      fail: hooks.fail,
      warn: hooks.warn,
    });
  }
}
