// @ts-check
/**
 * The workers of Layer memory: starts them on one shared memory, replaces those that die, ends them all.
 *
 * Owns: the workers and their slots. Does not: queue jobs (the kernels do) or wait: nothing here blocks, `stop` resolves.
 * Limits: workers take jobs some milliseconds after `start`; until then, and where the page is not isolated, the caller
 * runs every chunk itself, with the same results. Call `start` lazily: it must not stand before the first frame.
 */

const WORKERS_MAX = 8;
const STACK_BYTES = 256 * 1024;
const REPLACED_MAX = 100;

/** How many workers beside this thread: one per core but one, capped; 0 where memory can't be shared. */
export function workersWanted() {
  if (!globalThis.crossOriginIsolated) return 0;
  return Math.max(0, Math.min(WORKERS_MAX, (navigator.hardwareConcurrency ?? 1) - 1));
}

/**
 * @typedef {{postMessage(data: any): void, terminate(): void, onmessage: any, onerror: any}} WorkerLike
 * @typedef {{module: WebAssembly.Module, memory: WebAssembly.Memory, kernels: Record<string, any>,
 *            make: () => WorkerLike, fail: (text: string) => void}} Parts
 */

export class Threads {
  /** @type {Map<number, WorkerLike>} */
  #workers = new Map();
  #stopping = false;
  /** @type {(() => void) | null} */
  #stopped = null;
  replacedCount = 0;

  /** @param {Parts} parts `kernels`: the exports of this thread's own instance; `make`: a new job-worker.js */
  constructor(parts) {
    this.parts = parts;
  }

  get count() {
    return this.#workers.size;
  }

  /** @param {number} count */
  start(count = workersWanted()) {
    this.#stopping = false;
    while (this.#workers.size < count && this.#startOne());
  }

  /** Resolves when every worker ended and its stack and TLS are given back. @returns {Promise<void>} */
  stop() {
    this.#stopping = true;
    if (this.#workers.size === 0) return Promise.resolve();
    this.parts.kernels.lw_thread_stop(0);
    return new Promise((resolve) => (this.#stopped = resolve));
  }

  #startOne() {
    const { kernels, module, memory } = this.parts;
    const slot = kernels.lw_thread_new(STACK_BYTES);
    if (slot === 0) {
      this.parts.fail(`No job worker with a stack of ${STACK_BYTES} bytes: error ${kernels.lw_error_code()}.`);
      return false;
    }
    const worker = this.parts.make();
    this.#workers.set(slot, worker);
    worker.onmessage = (/** @type {MessageEvent} */ { data }) => this.#ended(slot, data.code, data.error);
    worker.onerror = (/** @type {ErrorEvent} */ event) => {
      event.preventDefault?.();
      kernels.lw_thread_lost(slot); // its script failed: a chunk it had claimed is run again
      this.#ended(slot, 14, event.message ?? 'its script could not be loaded');
    };
    const stack = kernels.lw_thread_stack(slot) >>> 0;
    worker.postMessage({ module, memory, slot, stack, tls: kernels.lw_thread_tls(slot) >>> 0 });
    return true;
  }

  /**
   * @param {number} slot
   * @param {number} code
   * @param {string} error
   */
  #ended(slot, code, error) {
    const worker = this.#workers.get(slot);
    if (!worker) return;
    this.#workers.delete(slot);
    worker.terminate();
    this.parts.kernels.lw_thread_free(slot);
    if (code !== 0) this.parts.fail(`Job worker ${slot} ended with error ${code}${error ? `: ${error}` : ''}.`);
    if (!this.#stopping && this.replacedCount < REPLACED_MAX) {
      this.replacedCount++;
      this.#startOne();
    }
    if (this.#workers.size === 0) this.#stopped?.();
  }
}
