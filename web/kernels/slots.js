/**
 * Slots of a growable function table, taken and given back.
 *
 * Owns: which slots of ours are free. Does not: touch the slots that the table's module made.
 * Limits: a table never shrinks, so slots are used again instead. Slot 0 is never given out: it means none.
 */

/** One table's slots. */
export class TableSlots {
  /** @type {number[]} */
  #free = [];

  /** @param {WebAssembly.Table} table */
  constructor(table) {
    this.table = table;
    if (table.length === 0) table.grow(1);
  }

  /**
   * Puts a function into a slot; returns the slot.
   * @param {Function | null} value an exported wasm function; null leaves the slot empty for a bridge to fill
   */
  take(value) {
    const slot = this.#free.pop() ?? this.table.grow(1);
    this.table.set(slot, value);
    return slot;
  }

  /** Empties a slot, which is then used again. @param {number} slot */
  give(slot) {
    this.table.set(slot, null);
    this.#free.push(slot);
  }
}
