/**
 * Libraries whose functions another module calls through its table: open, look a symbol up, close.
 *
 * Owns: the slots that the symbols of an open library take in the other module's table; `close` gives them back.
 * A wasm module reaches them in two ways: its imports are replaced when it is instantiated (`instantiate`), or it is
 * handed a library and the lookup's slot at its init (`handOver`) and finds the rest by name, through its table.
 * Limits: a symbol is an exported wasm function. A slot that was given back may be another function's later, so callers
 * drop what they looked up when they close.
 */
import { TableSlots } from './slots.js';

const decoder = new TextDecoder();

/** What an accessor imports where there are no libraries. */
export const NO_LIBRARIES = { library_open: () => 0, library_symbol: () => 0, library_close: () => 0 };

/** @typedef {Record<string, any>} Exports of an instance, or functions put together from several */

/** The libraries that one module's table may call. */
export class Libraries {
  /** @type {Map<string, Exports>} */
  #known = new Map();
  /** @type {Map<number, {name: string, exports: Exports, slots: Map<string, number>}>} */
  #open = new Map();
  #next = 1;

  /** @param {WebAssembly.Table} table of the module that calls */
  constructor(table) {
    this.slots = new TableSlots(table);
  }

  /** Makes a library known, so that wasm may open it by name. @param {string} name @param {Exports} exports */
  add(name, exports) {
    this.#known.set(name, exports);
  }

  /** @param {string} name @param {Exports} exports @returns {number} a handle, never used again */
  open(name, exports) {
    this.#open.set(this.#next, { name, exports, slots: new Map() });
    return this.#next++;
  }

  /** The table slot of a library's function; the same one every time. @param {number} library @param {string} name */
  symbol(library, name) {
    const own = this.#library(library);
    const known = own.slots.get(name);
    if (known !== undefined) return known;
    const value = Object.hasOwn(own.exports, name) ? own.exports[name] : undefined;
    if (typeof value !== 'function') {
      throw new Error(`The library ${own.name} exports no function ${name}; it has ${Object.keys(own.exports).length} others.`);
    }
    const slot = this.slots.take(value);
    own.slots.set(name, slot);
    return slot;
  }

  /** Ends a library and gives its slots back. @param {number} library */
  close(library) {
    for (const slot of this.#library(library).slots.values()) this.slots.give(slot);
    this.#open.delete(library);
  }

  get openCount() {
    return this.#open.size;
  }

  /**
   * What an accessor imports as "host": nothing throws into wasm, 0 says no.
   * @param {WebAssembly.Memory} memory where the names lie; the accessor has checked their ends
   */
  imports(memory) {
    /** @type {(at: number, size: number) => string} */
    const text = (at, size) => decoder.decode(new Uint8Array(memory.buffer).slice(at >>> 0, (at >>> 0) + (size >>> 0)));
    return {
      library_open: (/** @type {number} */ at, /** @type {number} */ size) => {
        const name = text(at, size);
        const exports = this.#known.get(name);
        return exports === undefined ? 0 : this.open(name, exports);
      },
      library_symbol: (/** @type {number} */ library, /** @type {number} */ at, /** @type {number} */ size) => {
        try {
          return this.symbol(library >>> 0, text(at, size));
        } catch {
          return 0;
        }
      },
      library_close: (/** @type {number} */ library) => {
        if (!this.#open.has(library >>> 0)) return 0;
        this.close(library >>> 0);
        return 1;
      },
    };
  }

  /**
   * Linking by handle: calls `init(library, slot of library_symbol)`, which returns 1, or 0 where something is missing.
   * @param {(library: number, lookup: number) => number} init of the module whose table this is
   * @param {number} library @param {Exports} accessor on that module's memory
   * @returns {number} the lookup's slot; give it back when the module ends
   */
  handOver(init, library, accessor) {
    const { name } = this.#library(library);
    const lookup = this.slots.take(accessor.library_symbol);
    if (init(library, lookup) !== 0) return lookup;
    this.slots.give(lookup);
    throw new Error(`The module refused the library ${name}: its init found not all that it needs.`);
  }

  /** @param {number} library */
  #library(library) {
    const own = this.#open.get(library);
    if (own === undefined) throw new Error(`The library handle ${library} is not open; it was closed or never given out.`);
    return own;
  }
}

/**
 * Linking by imports: each function that a module imports is replaced by the one of that name in the libraries.
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Imports} own memories and tables, and functions that go before the libraries'
 * @param {Exports[]} libraries the first that has a name is taken
 */
export function instantiate(module, own, ...libraries) {
  /** @type {Record<string, Record<string, any>>} */
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const value = own[from]?.[name] ?? (kind === 'function' ? libraries.find((each) => Object.hasOwn(each, name))?.[name] : undefined);
    if (value === undefined) throw new Error(`The ${kind} ${from}.${name} is imported, but neither given nor in one of ${libraries.length} libraries.`);
    (imports[from] ??= {})[name] = value;
  }
  return new WebAssembly.Instance(module, imports).exports;
}
