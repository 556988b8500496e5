/**
 * Libraries whose functions another module calls through its table: open, look a symbol up, close.
 *
 * Owns: the slots that the symbols of an open library take in the other module's table; `close` gives them back.
 * Limits: a symbol is an exported wasm function. A slot that was given back may be another function's later, so callers
 * drop what they looked up when they close.
 */
import { TableSlots } from './slots.js';

/** The libraries that one module's table may call. */
export class Libraries {
  /** @type {Map<number, {name: string, exports: WebAssembly.Exports, slots: Map<string, number>}>} */
  #open = new Map();
  #next = 1;

  /** @param {WebAssembly.Table} table of the module that calls */
  constructor(table) {
    this.slots = new TableSlots(table);
  }

  /** @param {string} name @param {WebAssembly.Exports} exports @returns {number} a handle, never used again */
  open(name, exports) {
    this.#open.set(this.#next, { name, exports, slots: new Map() });
    return this.#next++;
  }

  /** The table slot of a library's function; the same one every time. @param {number} library @param {string} name */
  symbol(library, name) {
    const own = this.#library(library);
    const known = own.slots.get(name);
    if (known !== undefined) return known;
    const value = own.exports[name];
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

  /** @param {number} library */
  #library(library) {
    const own = this.#open.get(library);
    if (own === undefined) throw new Error(`The library handle ${library} is not open; it was closed or never given out.`);
    return own;
  }
}
