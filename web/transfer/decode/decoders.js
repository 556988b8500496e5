// @ts-check
/**
 * @file The decoders that come from npm (server/layerw_server/runtime/decoders.py): loaded when the first file needs one.
 *
 * Owns: their modules in this worker, and that one which trapped, or whose memory grew past KEPT_BYTES_MAX, is not used
 * again. Does not: know formats.
 */
import { FAIL_FORMAT, FAIL_NETWORK } from '../../gen/layouts.js';
import { Failure } from './failure.js';

const KEPT_BYTES_MAX = 64 * 1024 * 1024;

/** @typedef {'meshopt_decoder' | 'draco_decoder' | 'basis_transcoder'} Name */

export class Decoders {
  /** @type {Map<Name, Promise<any>>} */
  #modules = new Map();
  /** How many were given up. */
  #tries = 0;

  /** @param {string} folder where they lie, ends with / */
  constructor(folder) {
    this.folder = folder;
  }

  /** Calls `use` with a decoder; whatever that throws that is no Failure has broken the decoder.
   * @template T @param {Name} name @param {(module: any) => T} use @returns {Promise<T>} */
  async with(name, use) {
    let found = this.#modules.get(name);
    if (found === undefined) this.#modules.set(name, found = this.#load(name));
    let module;
    try {
      module = await found;
    } catch (error) {
      this.#drop(name);
      const text = `The decoder ${name} could not be loaded from ${this.folder} (${/** @type {Error} */ (error).message}); run \`layerw runtime\`, or export again.`;
      throw new Failure(FAIL_NETWORK, text);
    }
    try {
      const result = use(module);
      if (module.HEAPU8?.buffer.byteLength > KEPT_BYTES_MAX) this.#drop(name);
      return result;
    } catch (error) {
      if (error instanceof Failure) throw error;
      this.#drop(name);
      throw new Failure(FAIL_FORMAT, `The decoder ${name} broke down at it (${error}): the file is damaged.`);
    }
  }

  /** @param {Name} name */
  #drop(name) {
    this.#modules.delete(name);
    this.#tries += 1;
  }

  /** @param {Name} name @returns {Promise<any>} */
  async #load(name) {
    const address = `${this.folder}${name}.mjs${this.#tries && name === 'meshopt_decoder' ? `?${this.#tries}` : ''}`;
    const found = await import(address);
    if (name === 'meshopt_decoder') {
      await found.MeshoptDecoder.ready;
      return found.MeshoptDecoder;
    }
    const answer = await fetch(`${this.folder}${name}.wasm`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const module = await found.default({ wasmBinary: await answer.arrayBuffer() });
    module.initializeBasis?.();
    return module;
  }
}
