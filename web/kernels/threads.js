// @ts-check
/**
 * The workers of Layer memory: starts them on one shared memory, replaces those that die, ends them all.
 *
 * Owns: the workers and their slots. Does not: queue jobs (the kernels do) or wait: nothing here blocks, `stop` resolves.
 * A worker holds a Web Lock while it lives; the browser gives it to us when the worker is gone, whatever ended it. Only
 * then is the chunk that it had claimed run again: until then it could still write.
 * Limits: workers take jobs some milliseconds after `want`; until then the caller runs every chunk itself, with the same
 * results. A worker that dies without a trap while this thread waits for its chunk is not noticed before that ends.
 */

const STACK_BYTES = 256 * 1024;
const REPLACED_MAX = 100;
const FAILED_STARTS_MAX = 3; // in a row: then its script is missing or broken
const SCRIPT_FAILED = 14;

/**
 * @typedef {{postMessage(data: any): void, terminate(): void, onmessage: any, onerror: any}} WorkerLike
 * @typedef {object} Parts
 * @property {WebAssembly.Module} module worker.wasm
 * @property {WebAssembly.Memory} memory shared
 * @property {Record<string, any>} kernels the exports of this thread's own instance
 * @property {() => WorkerLike} make a new job-worker.js
 * @property {(lock: string, worker: any) => Promise<any>} gone resolves when the worker that holds the lock is no more
 * @property {(text: string) => void} fail something is wrong: a job failed, a worker can't start
 * @property {(text: string) => void} warn a worker was lost, and nothing else
 */

export class Threads {
  /** @type {Map<number, WorkerLike>} */
  #workers = new Map();
  #wanted = 0;
  #failedStarts = 0;
  /** @type {(() => void)[]} */
  #stopped = [];
  replacedCount = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  get count() {
    return this.#workers.size;
  }

  /** Starts or ends workers until there are as many. @param {number} count beside this thread */
  want(count) {
    this.#wanted = count;
    while (this.#workers.size < count && this.#startOne());
    for (const slot of [...this.#workers.keys()].slice(count)) this.parts.kernels.lw_thread_stop(slot);
  }

  /** Resolves when every worker ended and its stack and TLS are given back. @returns {Promise<void>} */
  stop() {
    this.want(0);
    if (this.#workers.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#stopped.push(resolve));
  }

  /** Ends a worker where it is, as a browser that runs out of memory would: for tests. */
  lose() {
    const [worker] = this.#workers.values();
    worker?.terminate();
  }

  #startOne() {
    const { kernels, module, memory } = this.parts;
    const slot = kernels.lw_thread_new(STACK_BYTES);
    if (slot === 0) {
      this.parts.fail(`No job worker with a stack of ${STACK_BYTES} bytes: error ${kernels.lw_error_code()}; `
        + 'see docs/memory.md.');
      return false;
    }
    const worker = this.parts.make();
    const lock = `layerw-job-${crypto.randomUUID()}`;
    this.#workers.set(slot, worker);
    worker.onmessage = (/** @type {MessageEvent} */ { data }) => {
      if (data.held) this.#watch(slot, worker, lock);
      else this.#ended(slot, worker, data.code, data.error);
    };
    worker.onerror = (/** @type {ErrorEvent} */ event) => {
      event.preventDefault?.();
      this.#failedStarts++;
      this.#ended(slot, worker, SCRIPT_FAILED, event.message || 'its script could not be loaded');
    };
    const stack = kernels.lw_thread_stack(slot) >>> 0;
    worker.postMessage({ module, memory, slot, stack, tls: kernels.lw_thread_tls(slot) >>> 0, lock });
    return true;
  }

  /**
   * @param {number} slot
   * @param {WorkerLike} worker
   * @param {string} lock held by the worker
   */
  async #watch(slot, worker, lock) {
    this.#failedStarts = 0;
    await this.parts.gone(lock, worker);
    if (this.#workers.get(slot) !== worker) return;
    this.parts.warn(`Job worker ${slot} was ended from outside; what it was at is run again.`);
    this.#ended(slot, worker, 0, '');
  }

  /**
   * @param {number} slot
   * @param {WorkerLike} worker
   * @param {number} code
   * @param {string} error
   */
  #ended(slot, worker, code, error) {
    if (this.#workers.get(slot) !== worker) return;
    const { kernels } = this.parts;
    this.#workers.delete(slot);
    worker.terminate();
    kernels.lw_thread_lost(slot); // does nothing where it ended by itself
    kernels.lw_thread_free(slot);
    if (code !== 0) this.parts.fail(`Job worker ${slot} ended with error ${code}${error ? `: ${error}` : ''}.`);
    const sound = this.replacedCount < REPLACED_MAX && this.#failedStarts < FAILED_STARTS_MAX;
    if (sound && this.#workers.size < this.#wanted) {
      this.replacedCount++;
      this.#startOne();
    }
    if (this.#workers.size === 0) for (const resolve of this.#stopped.splice(0)) resolve();
  }
}
