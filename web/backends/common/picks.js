// @ts-check
/** @file Answers to what is drawn in a pixel, on their way back from the GPU: nothing waits for them.
 *
 * Owns: which are pending. Does not: draw; a view with the flag `picking` does. Limits: Python bounds how many there are.
 */

const words = new Uint32Array(1);
const number = new Float32Array(words.buffer);

export class Picks {
  /** @type {Set<number>} */
  #pending = new Set();

  /** @param {import('../../gen/events.js').EventWriter} events */
  constructor(events) {
    this.events = events;
  }

  /** @param {number} pick @param {Promise<Uint32Array>} texel row + 1, and the bits of a depth */
  async wait(pick, texel) {
    this.#pending.add(pick);
    try {
      const [row, depth] = await texel;
      words[0] = depth;
      if (this.#pending.delete(pick)) this.events.picked(pick, row, number[0]);
    } catch (error) {
      const message = `What is drawn could not be read back: ${/** @type {Error} */ (error).message}`;
      if (this.#pending.delete(pick)) this.events.pickFailed(pick, message);
    }
  }

  /** Ends those that are pending, and views that will not be drawn. @param {string} reason
   * @param {readonly import('./view.js').View[]} views */
  fail(reason, views) {
    const asked = views.map(({ pick }) => pick).filter((pick) => pick !== 0);
    const picks = [...this.#pending, ...asked];
    this.#pending.clear();
    for (const pick of picks) this.events.pickFailed(pick, reason);
  }
}
