// @ts-check
/** @file Handles: which object a number from Python means.
 *
 * Owns: one table per kind of resource. A handle is index (low 20 bits, from 1) | generation (high 12 bits); Python
 * hands them out, so this side only checks: a slot is used by one live object, and a generation never comes back.
 * Does not: destroy what it refers to. Limits: 1,048,575 slots; 4,095 generations a slot, then Python retires it.
 */
import { HANDLE_INDEX_BITS } from '../gen/layouts.js';

export const INDEX_MASK = 2 ** HANDLE_INDEX_BITS - 1;

/** @param {number} handle @returns {string} for messages */
const show = (handle) => `${handle & INDEX_MASK} (generation ${handle >>> HANDLE_INDEX_BITS})`;

/** @template {{ handle: number }} T */
export class HandleTable {
  /** @param {string} kind for messages: "buffer" */
  constructor(kind) {
    this.kind = kind;
    /** Objects by index; a draw reads this directly and compares `.handle`. @type {(T | undefined)[]} */
    this.slots = [];
    /** @type {number[]} */
    this.lastGeneration = [];
    this.liveCount = 0;
  }

  /** Takes the slot of `object.handle`. Throws where it is taken or the generation was used before.
   * @param {T} object @returns {T} */
  create(object) {
    const handle = object.handle;
    const index = handle & INDEX_MASK;
    const generation = handle >>> HANDLE_INDEX_BITS;
    if (index === 0) throw new Error(`The ${this.kind} handle ${handle} has index 0, which means none; count from 1.`);
    while (this.slots.length <= index) this.slots.push(undefined);
    const live = this.slots[index];
    if (live) throw new Error(`The ${this.kind} handle ${show(handle)} is in use by ${show(live.handle)}.`);
    if (generation <= (this.lastGeneration[index] ?? -1)) {
      throw new Error(`The ${this.kind} handle ${show(handle)} is stale: generation ${this.lastGeneration[index]} was `
        + 'the last one of this slot, use the next.');
    }
    this.slots[index] = object;
    this.lastGeneration[index] = generation;
    this.liveCount += 1;
    return object;
  }

  /** The live object, or undefined. @param {number} handle @returns {T | undefined} */
  tryGet(handle) {
    const object = this.slots[handle & INDEX_MASK];
    return object !== undefined && object.handle === handle ? object : undefined;
  }

  /** The live object; throws for a stale or unknown handle. @param {number} handle @returns {T} */
  get(handle) {
    const object = this.tryGet(handle);
    if (object) return object;
    const now = this.slots[handle & INDEX_MASK];
    const instead = now ? `now ${show(now.handle)} lives there` : 'nothing lives there';
    throw new Error(`The ${this.kind} handle ${show(handle)} is stale or was never created: ${instead}.`);
  }

  /** Ends a handle and gives its object back, for its owner to destroy. @param {number} handle @returns {T} */
  remove(handle) {
    const object = this.get(handle);
    this.slots[handle & INDEX_MASK] = undefined;
    this.liveCount -= 1;
    return object;
  }

  /** Forgets everything, generations too: after a lost device every handle starts anew. */
  clear() {
    this.slots = [];
    this.lastGeneration = [];
    this.liveCount = 0;
  }

  /** @returns {T[]} the live objects */
  live() {
    return /** @type {T[]} */ (this.slots.filter((object) => object !== undefined));
  }
}
