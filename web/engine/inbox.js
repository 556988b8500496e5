/**
 * The queue of events on their way to Python.
 *
 * Owns: encoded events (gen/events.js) in the order they happened, until a frame copies them.
 * Does not: encode or read them.
 * Limits: input that a stuck program never takes is dropped past INPUT_QUEUED_BYTES_MAX and counted;
 * events of transfers and of the device are never dropped.
 */

const INPUT_QUEUED_BYTES_MAX = 1 << 20;

/** Events wait here; right before each frame call they are copied to where Python wants them. */
export class Inbox {
  /** Input events that were dropped because nobody took them. */
  droppedCount = 0;
  /** @type {Uint32Array[]} */
  #queue = [];
  /** @type {WeakSet<Uint32Array>} */
  #ofTransfers = new WeakSet();
  #queuedBytes = 0;
  #address = 0;
  #capacityBytes = 0;

  /** Bytes of all events that wait. */
  get neededBytes() {
    return this.#queuedBytes;
  }

  /** What the next frame takes besides the events that wait. */
  get roomBytes() {
    return Math.max(this.#capacityBytes - this.#queuedBytes, 0);
  }

  /**
   * Python says where events go (the `inbox` command).
   * @param {number} address
   * @param {number} sizeBytes
   */
  place(address, sizeBytes) {
    this.#address = address >>> 0;
    this.#capacityBytes = sizeBytes >>> 0;
  }

  /**
   * Queues whole events that must arrive. The array is kept, not copied.
   * @param {Uint32Array} words
   */
  push(words) {
    if (words.length === 0) return;
    this.#queue.push(words);
    this.#queuedBytes += words.byteLength;
  }

  /** Queues an event of a transfer, which may be taken between frames. @param {Uint32Array} words */
  pushTransfer(words) {
    this.#ofTransfers.add(words);
    this.push(words);
  }

  /**
   * Queues input, or drops it where a program has not taken any for a long time.
   * @param {Uint32Array} words
   */
  pushInput(words) {
    if (this.#queuedBytes + words.byteLength > INPUT_QUEUED_BYTES_MAX) this.droppedCount += 1;
    else this.push(words);
  }

  /**
   * Copies as many events of transfers as fit, in their order, past all others: what goes on between frames.
   * @param {import('./heap.js').Heap} heap
   * @returns {number} bytes copied
   */
  copyTransfersTo(heap) {
    const others = this.#queue.filter((words) => !this.#ofTransfers.has(words));
    this.#queue = this.#queue.filter((words) => this.#ofTransfers.has(words));
    const copied = this.copyTo(heap);
    this.#queue = [...others, ...this.#queue];
    return copied;
  }

  /**
   * Copies as many whole events as fit, in order.
   * @param {import('./heap.js').Heap} heap
   * @returns {number} bytes copied
   */
  copyTo(heap) {
    if (this.#queue.length === 0 || this.#capacityBytes === 0) return 0;
    const target = heap.u32(this.#address, this.#capacityBytes >>> 2);
    let word = 0;
    let taken = 0;
    for (const words of this.#queue) {
      if (word + words.length > target.length) break;
      target.set(words, word);
      word += words.length;
      taken += 1;
    }
    this.#queue.splice(0, taken);
    this.#queuedBytes -= word * 4;
    return word * 4;
  }
}
