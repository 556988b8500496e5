// @ts-check
/**
 * @file Blocks of Layer memory that meshes are built in: where they are now, and when they are freed.
 *
 * Owns: the blocks of released transfers that a worker still writes; each is freed when that worker answers or dies, so
 * nothing is written to freed memory. Python allocated them and named them in mesh_build. Where memory is shared the
 * worker writes the block itself; elsewhere its result is copied once, when it arrives.
 */

/** @typedef {import('../kernels/layer.js').Layer} Layer */
/** @typedef {{ memory: SharedArrayBuffer, address: number, sizeBytes: number }} Target what a worker writes to */

const REGION_ANY = 255;

export class Blocks {
  /** @type {Map<number, {block: number, writer: object}>} by transfer */
  #written = new Map();

  /** @param {() => Layer | null} layer Layer memory, once it is open */
  constructor(layer) {
    this.layer = layer;
  }

  /** For the worker; undefined where it can't reach the memory. @param {number} block @returns {Target | undefined} */
  target(block) {
    const layer = this.#layer();
    if (!layer.shared) return undefined;
    const memory = /** @type {SharedArrayBuffer} */ (/** @type {ArrayBufferLike} */ (/** @type {WebAssembly.Memory} */ (layer.memory).buffer));
    return { memory, address: this.#address(block), sizeBytes: layer.exports.lw_size(block) >>> 0 };
  }

  /** Its bytes; good until the memory grows or the block moves. @param {number} block @returns {Uint8Array} */
  bytes(block) {
    const layer = this.#layer();
    return layer.bytes(this.#address(block), layer.exports.lw_size(block) >>> 0);
  }

  /** @param {number} block @param {ArrayBuffer} buffer no larger than it */
  fill(block, buffer) {
    this.bytes(block).set(new Uint8Array(buffer));
  }

  /** A transfer ends. @param {number} transfer @param {number} block @param {object | null} writer who still writes it */
  release(transfer, block, writer) {
    if (writer === null) this.#free(block);
    else this.#written.set(transfer, { block, writer });
  }

  /** A worker answered, or never will. @param {number} transfer */
  ended(transfer) {
    const found = this.#written.get(transfer);
    if (found === undefined) return;
    this.#written.delete(transfer);
    this.#free(found.block);
  }

  /** A worker is gone with all that it wrote. @param {object} writer */
  died(writer) {
    for (const [transfer, found] of [...this.#written]) {
      if (found.writer === writer) this.ended(transfer);
    }
  }

  /** @param {number} block */
  #free(block) {
    const layer = this.#layer();
    if (layer.exports.lw_free(block, REGION_ANY) === 0) throw layer.calls?.error();
  }

  /** @param {number} block @returns {number} */
  #address(block) {
    const layer = this.#layer();
    const address = layer.exports.lw_address(block) >>> 0;
    if (address === 0) throw layer.calls?.error();
    return address;
  }

  #layer() {
    const layer = this.layer();
    if (layer === null || layer.memory === null) throw new Error('A mesh was to be built in Layer memory, which is not open.');
    return layer;
  }
}
