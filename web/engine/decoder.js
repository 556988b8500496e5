// @ts-check
/** @file Takes one submit: finds its words in the engine's heap and calls a sink for each command.
 *
 * Owns: nothing but the sinks it was given; names no GPU API. The walk itself is generated (gen/commands.js).
 * Limits: words of a malformed command and all that follow it are dropped; what came before has run.
 */
import { decodeCommands } from '../gen/commands.js';

/**
 * @typedef {object} HeapViews
 * @property {(address: number, count: number) => Uint32Array} u32 a view that is valid until the heap grows
 */

export class Decoder {
  /** @param {{ heap: HeapViews, sinks: import('../gen/commands.js').Sinks, onError: (message: string) => void }} parts
   *  `sinks.gpu` may be replaced at any time (a rebuilt device). */
  constructor({ heap, sinks, onError }) {
    this.heap = heap;
    this.sinks = sinks;
    this.onError = onError;
    this.commands = 0;
  }

  /** Runs the commands at `address`. @param {number} address @param {number} words @returns {number} commands read */
  submit(address, words) {
    this.commands = 0;
    if (words > 0) this.commands = decodeCommands(this.heap.u32(address >>> 0, words), this.sinks, this.onError);
    return this.commands;
  }
}
