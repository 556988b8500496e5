/**
 * Layer memory in the page: the kernel module, its memory, the bridge to Python's memory, and the links to Python.
 *
 * Owns: the modules (compiled while Python loads), the memory (declared with its budget, shared where the page is
 * isolated) and the slots in Pyodide's table, which `close` gives back. Does not decide what lies where: Python does, by
 * calling the kernels through the table, which is no crossing.
 * Limits: opened once, when the program makes its App; a budget of at most 4 GiB less one wasm page.
 */
import { LAYER_NAMES, LayerCalls } from '../gen/kernels.js';
import { hasMultiMemory, makeBridge } from './bridge.js';
import { TableSlots } from './slots.js';

const WASM_PAGE_BYTES = 65536;
const PAGES_FIRST = 32; // static data and stack; the allocator grows the rest
const PAGES_MAX = 65535;

/** @param {boolean} shared */
const moduleNames = (shared) => {
  const suffix = shared ? '_shared' : '';
  /** @type {Record<string, string>} */
  const bridge = hasMultiMemory() ? { bridge: `bridge${suffix}` } : { accessor: `accessor${suffix}`, bridge_fb: 'bridge_fb' };
  return { kernels: shared ? 'worker' : 'side', ...bridge };
};

/** @param {string} baseUrl @param {string} name */
async function compile(baseUrl, name) {
  const url = `${baseUrl}${name}.wasm`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The kernel module is missing: ${url} answered ${response.status} ${response.statusText}.`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** @typedef {{kernels: WebAssembly.Module} & import('./bridge.js').BridgeModules} Modules */

/** The kernels of one engine. */
export class Layer {
  /** @type {WebAssembly.Memory | null} */
  memory = null;
  /** @type {Record<string, any>} */
  exports = {};
  /** @type {LayerCalls | null} */
  calls = null;
  /** @type {TableSlots | null} */
  #slots = null;
  /** @type {number[]} */
  #taken = [];
  #view = new Uint8Array(0);

  /** @param {Modules} modules @param {boolean} shared */
  constructor(modules, shared) {
    this.modules = modules;
    this.shared = shared;
  }

  /** Compiles everything. @param {string} baseUrl of the .wasm files, ends with / @param {boolean} shared */
  static async load(baseUrl, shared) {
    const names = Object.entries(moduleNames(shared));
    const compiled = await Promise.all(names.map(([, name]) => compile(baseUrl, name)));
    return new Layer(/** @type {any} */ (Object.fromEntries(names.map(([role], i) => [role, compiled[i]]))), shared);
  }

  /**
   * Makes the memory and links the kernels into Python's table.
   * @param {number} budgetBytes
   * @param {{memory: WebAssembly.Memory, table: WebAssembly.Table} | null} main Python's; null in tests without Python
   * @returns {number[]} table indices in the order of LAYER_NAMES
   */
  open(budgetBytes, main) {
    if (this.memory !== null) throw new Error('Layer memory is open already; a page has one App.');
    const maximum = Math.min(Math.floor(budgetBytes / WASM_PAGE_BYTES), PAGES_MAX);
    if (maximum < PAGES_FIRST) {
      throw new Error(`The layer budget is ${budgetBytes} bytes; it must be at least ${PAGES_FIRST * WASM_PAGE_BYTES} (2 MiB).`);
    }
    this.memory = new WebAssembly.Memory({ initial: PAGES_FIRST, maximum, shared: this.shared });
    this.exports = new WebAssembly.Instance(this.modules.kernels, { env: { memory: this.memory } }).exports;
    this.calls = new LayerCalls(this.exports, this.memory);
    if (this.exports.lw_memory_start(maximum * WASM_PAGE_BYTES) !== 1) throw this.calls.error();
    return main === null ? [] : this.#link(main);
  }

  /** @param {{memory: WebAssembly.Memory, table: WebAssembly.Table}} main */
  #link(main) {
    const table = this.exports.__indirect_function_table;
    const bridge = makeBridge(this.modules, main, { memory: /** @type {WebAssembly.Memory} */ (this.memory), table });
    const all = /** @type {Record<string, any>} */ ({ ...this.exports, ...bridge });
    const slots = (this.#slots = new TableSlots(main.table));
    this.#taken = LAYER_NAMES.map((name) => slots.take(all[name]));
    return this.#taken;
  }

  /** Bytes of Layer memory; good until it grows. @param {number} address @param {number} sizeBytes */
  bytes(address, sizeBytes) {
    if (this.memory === null) throw new Error('Layer memory is not open.');
    if (this.#view.buffer !== this.memory.buffer) this.#view = new Uint8Array(this.memory.buffer);
    const start = address >>> 0;
    if (start + sizeBytes > this.#view.length) {
      throw new RangeError(`The ${sizeBytes} bytes at ${start} end past Layer memory, which has ${this.#view.length} bytes.`);
    }
    return this.#view.subarray(start, start + sizeBytes);
  }

  /** Room for an ephemeral result that is written here; it ends with the next call into the context.
   * @param {number} context @param {number} sizeBytes */
  room(context, sizeBytes) {
    const address = this.exports.lw_result_room?.(context, sizeBytes) >>> 0;
    if (address === 0) throw this.calls?.error() ?? new Error('Layer memory is not open.');
    return { address, bytes: this.bytes(address, sizeBytes) };
  }

  /** Gives the slots in Python's table back; Python must not call kernels after it. */
  close() {
    for (const slot of this.#taken) this.#slots?.give(slot);
    this.#taken = [];
  }
}
