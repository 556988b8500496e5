/**
 * Typed views on the engine's wasm memory.
 *
 * Owns: the views, and the epoch (how often the memory grew).
 * Does not: allocate, or keep a view for a caller: growth detaches every view, so callers ask again.
 * Limits: addresses are unsigned 32 bits (`>>> 0` everywhere; signed shifts break above 2 GiB).
 */

const MEMORY_BYTES_MAX = 2 ** 32; // Pyodide's
const NEARLY_FULL = 0.875;
const GIB = 2 ** 30;

/** Views on a memory that may grow at any call into Python. */
export class Heap {
  /** Growths seen so far; a view made at another epoch is detached. */
  epoch = 0;
  /** @type {WebAssembly.Memory | null} */
  #memory = null;
  /** @type {ArrayBufferLike} */
  #buffer = new ArrayBuffer(0);
  #warned = false;

  /** @param {WebAssembly.Memory} memory the memory that addresses mean from now on */
  attach(memory) {
    this.#memory = memory;
    this.refresh();
  }

  /** Sees whether the memory grew. Called once a submit; every view function also calls it. */
  refresh() {
    const buffer = this.#memory === null ? this.#buffer : this.#memory.buffer;
    if (buffer === this.#buffer) return;
    this.#buffer = buffer;
    this.epoch += 1;
  }

  /** A warning, once, before Python finds no more memory; '' otherwise. */
  nearlyFull() {
    if (this.#warned || this.sizeBytes < NEARLY_FULL * MEMORY_BYTES_MAX) return '';
    this.#warned = true;
    return `Python's memory has grown to ${(this.sizeBytes / GIB).toFixed(2)} GiB; a page gives it at most ${MEMORY_BYTES_MAX / GIB} GiB, and `
      + 'beyond that numpy raises MemoryError. Let go of arrays that are no longer used (memory that was grown is used again), or '
      + 'keep smaller types: float32 in place of float64 is half.';
  }

  /** Bytes of the whole memory now. */
  get sizeBytes() {
    this.refresh();
    return this.#buffer.byteLength;
  }

  /**
   * @param {number} address
   * @param {number} sizeBytes
   */
  u8(address, sizeBytes) {
    const start = this.#at(address, sizeBytes, 1);
    return new Uint8Array(this.#buffer, start, sizeBytes >>> 0);
  }

  /**
   * @param {number} address a multiple of 4
   * @param {number} count words
   */
  u32(address, count) {
    const start = this.#at(address, count * 4, 4);
    return new Uint32Array(this.#buffer, start, count >>> 0);
  }

  /**
   * @param {number} address a multiple of 4
   * @param {number} count floats
   */
  f32(address, count) {
    const start = this.#at(address, count * 4, 4);
    return new Float32Array(this.#buffer, start, count >>> 0);
  }

  /**
   * UTF-8 text. Copies first: TextDecoder refuses views on shared memory.
   * @param {number} address
   * @param {number} sizeBytes
   */
  text(address, sizeBytes) {
    return decoder.decode(this.u8(address, sizeBytes).slice());
  }

  /**
   * Refreshes and checks; callers read `#buffer` only after it.
   * @param {number} address
   * @param {number} sizeBytes
   * @param {number} alignment_bytes
   */
  #at(address, sizeBytes, alignment_bytes) {
    this.refresh();
    const start = address >>> 0;
    if (start + sizeBytes > this.#buffer.byteLength) {
      throw new RangeError(
        `The ${sizeBytes} bytes at address ${start} end at ${start + sizeBytes}, past the heap's ` +
          `${this.#buffer.byteLength} bytes.`,
      );
    }
    if (start % alignment_bytes !== 0) {
      throw new RangeError(`The address ${start} is not a multiple of ${alignment_bytes}, which its type needs.`);
    }
    return start;
  }
}

const decoder = new TextDecoder();
