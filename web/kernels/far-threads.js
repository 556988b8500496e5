// @ts-check
/**
 * A kernel module of its own on memory that threads share, which Python calls as if it were in its own memory.
 *
 * Owns: the memory, this thread's instance, the bridge between it and Python's memory, the slots in Pyodide's table, and the
 * workers (threads.js). Python's own memory can't be shared: Pyodide is built without threads. Python's half is
 * layerw/kernels/far.py; NAME_far.wasm copies what arrays hold there and back.
 * Limits: in a worker of a page that is isolated; elsewhere `canOpen` is false, and the module runs in Python's memory.
 */
import { makeWorker } from '../engine/module-worker.js';
import { makeBridge } from './bridge.js';
import { TableSlots } from './slots.js';

const PAGES_FIRST = 64; // static data and stack; the module grows the rest
const PAGES_MAX = 32768;
const WORKERS_MAX = 8;
const SCRIPT = new URL('./job-worker.js', import.meta.url);
/** Who gives room there, copies there and copies back: after the kernels, as inplace/far.h has them. */
const ROOM = 'lw_rigid_room';

export class FarThreads {
  /** @type {TableSlots | null} */
  #slots = null;
  /** @type {number[]} */
  #taken = [];
  /** What threads.js needs; null: not open. @type {import('./threads.js').Parts | null} */
  #parts = null;
  /** @type {Promise<import('./threads.js').Threads> | null} */
  #threads = null;
  #wanted = 0;

  /**
   * @param {import('./layer.js').Layer | null} layer whose bridge fits shared memory
   * @param {import('./layer-threads.js').Hooks} hooks
   */
  constructor(layer, hooks) {
    this.layer = layer;
    this.hooks = hooks;
  }

  /** Threads that may work at a time, this one among them; 1: there is no use in opening it. */
  get max() {
    const cores = navigator.hardwareConcurrency ?? 1;
    return this.layer?.shared && this.hooks.mayWait ? Math.min(WORKERS_MAX + 1, Math.max(cores, 1)) : 1;
  }

  /**
   * @param {Uint8Array} bytes of NAME_shared.wasm
   * @param {string[]} names of its kernels, in the order of Python's link
   * @param {{memory: WebAssembly.Memory, table: WebAssembly.Table}} main Python's
   * @returns {number[]} table indices
   */
  open(bytes, names, main) {
    if (this.#parts !== null || this.layer === null) throw new Error('The module with threads is open already, or can\'t be.');
    const module = new WebAssembly.Module(bytes.slice());
    const memory = new WebAssembly.Memory({ initial: PAGES_FIRST, maximum: PAGES_MAX, shared: true });
    const kernels = /** @type {Record<string, any>} */ (new WebAssembly.Instance(module, { env: { memory } }).exports);
    const bridge = makeBridge(this.layer.modules, main, { memory, table: kernels.__indirect_function_table });
    const slots = (this.#slots = new TableSlots(main.table));
    this.#taken = [...names.map((name) => kernels[name]), kernels[ROOM], bridge.lw_mts_copy, bridge.lw_stm_copy]
      .map((one) => slots.take(one));
    this.#parts = {
      module,
      memory,
      kernels,
      make: () => makeWorker(SCRIPT, 'layerw-far'),
      gone: (lock) => navigator.locks.request(lock, () => {}),
      fail: this.hooks.fail,
      warn: this.hooks.warn,
    };
    return this.#taken;
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
      this.hooks.fail(`Workers could not be started, so physics steps on one thread: ${error}`);
    });
    return given;
  }

  /** Resolves when no worker is left; Python must not call kernels after it. */
  async stop() {
    this.#wanted = 0;
    await (await this.#threads?.catch(() => null))?.stop();
    for (const slot of this.#taken.splice(0)) this.#slots?.give(slot);
  }

  /** @returns {Promise<import('./threads.js').Threads | null>} for questions; null where none ever started */
  async try() {
    return this.#threads;
  }

  async #load() {
    const { Threads } = await import('./threads.js');
    return new Threads(/** @type {import('./threads.js').Parts} */ (this.#parts));
  }
}
