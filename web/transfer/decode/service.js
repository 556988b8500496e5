// @ts-check
/**
 * @file What a decode worker does: fetch, check, split, build meshes, decode images, encode PNGs; and the bytes that it
 * keeps.
 *
 * Owns: the bytes of fetched models and blobs, by transfer handle, until they are released or moved to another
 * worker. Results for the GPU (meshes, images) are transferred away at once. Runs in a worker, or in the same
 * thread where no worker can be made. Does not: queue or prioritise (fetcher.js).
 *
 * A request that fails answers `failed` and changes nothing else; no exception leaves `handle`.
 */
import { FAIL_ABORTED, FAIL_FORMAT, FETCH_BLOB, FETCH_BYTES, FETCH_DIGEST, FETCH_KIND_MASK, FETCH_MODEL, FETCH_PATIENT, FETCH_RELOAD, FETCH_REVALIDATE, READ_RANGE } from '../../gen/layouts.js';
import { fetchBytes, shown } from './body.js';
import { openModel } from './containers.js';
import { Failure } from './failure.js';
import { unzipped } from './gzipped.js';
import { checkHash, sha256Bytes } from './hash.js';
import { decodeImage } from './images.js';
import { isKtx2, readHeader, transcode } from './ktx2.js';
import { buildMesh } from './mesh.js';
import { Decoders } from './decoders.js';
import { encodePng } from './png.js';
import { unpack } from './unpack.js';

const PATIENT_TIMES = 4; // gpu/spec.py says so

/** @typedef {import('./patience.js').Limits} Limits */
/**
 * @typedef {{ op: 'fetch', id: number, url: string, kind: number, maxBytes: number, sha256: string, limits: Limits, after?: number }
 *   | { op: 'mesh', id: number, descriptor: Uint32Array<ArrayBuffer>, target?: import('../blocks.js').Target }
 *   | { op: 'image', id: number, source: number, offset: number, sizeBytes: number, maxBytes: number, maxSide: number, directions: boolean, decoders: string, can: number, bytes?: ArrayBuffer }
 *   | { op: 'lend', id: number, source: number, offset: number, sizeBytes: number }
 *   | { op: 'read', id: number, ranges: Uint32Array }
 *   | { op: 'unpack', id: number, words: Uint32Array, decoders: string }
 *   | { op: 'png', id: number, rgba: Uint8Array<ArrayBuffer>, width: number, height: number }
 *   | { op: 'release', id: number }
 *   | { op: 'give', id: number }
 *   | { op: 'take', id: number, buffer: ArrayBuffer }} Request
 * @typedef {{ op: 'done', id: number, heldBytes: number, a: number, b: number, payload: string | Uint8Array<ArrayBuffer>,
 *     buffer?: ArrayBuffer, image?: ImageBitmap, tookMs?: number }
 *   | { op: 'failed', id: number, code: number, a: number, b: number, message: string }
 *   | { op: 'given', id: number, buffer: ArrayBuffer | null }
 *   | { op: 'lent', id: number, buffer: ArrayBuffer | null }
 *   | { op: 'ready', id: number }} Answer
 */

/** @param {number} flags @returns {RequestCache} */
const cacheMode = (flags) => (flags & FETCH_RELOAD ? 'reload' : flags & FETCH_REVALIDATE ? 'no-cache' : 'default');

/** @param {Limits} limits @returns {Limits} */
const patient = (limits) => ({ ...limits, firstByteMs: PATIENT_TIMES * limits.firstByteMs, stallMs: PATIENT_TIMES * limits.stallMs });

/** @param {Uint8Array} first @param {Uint8Array} second @returns {Uint8Array<ArrayBuffer>} */
function joined(first, second) {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

export class DecodeService {
  /** @param {(answer: Answer, transfer: Transferable[]) => void} post
   * @param {{ fetchFunction?: typeof fetch, decodeFunction?: typeof createImageBitmap }} [functions] for tests */
  constructor(post, functions = {}) {
    this.post = post;
    this.fetchFunction = functions.fetchFunction ?? ((input, init) => fetch(input, init));
    this.decodeFunction = functions.decodeFunction ?? ((/** @type {any} */ image, /** @type {any} */ options) => createImageBitmap(image, options));
    /** @type {Map<number, ArrayBuffer>} */
    this.store = new Map();
    /** @type {Map<number, AbortController>} */
    this.active = new Map();
    /** Fetches that begin where another ends, by that one. @type {Map<number, Request>} */
    this.next = new Map();
    this.decoders = new Decoders('');
  }

  /** @param {Request} request @returns {Promise<void>} */
  async handle(request) {
    if (request.op === 'release') return this.#release(request.id);
    if (request.op === 'give') return this.#give(request.id);
    if (request.op === 'lend') return this.#lend(request);
    if (request.op === 'take') return void this.store.set(request.id, request.buffer);
    if (request.op === 'fetch' && request.after && this.active.has(request.after)) return void this.next.set(request.after, request);
    const controller = new AbortController();
    this.active.set(request.id, controller);
    try {
      if (request.op === 'fetch') await this.#fetch(request, controller);
      else if (request.op === 'mesh') this.#mesh(request);
      else if (request.op === 'read') this.#read(request);
      else if (request.op === 'unpack') await this.#unpack(request, controller.signal);
      else if (request.op === 'png') await this.#png(request);
      else await this.#image(request, controller.signal);
    } catch (error) {
      this.#fail(request.id, error);
    } finally {
      this.active.delete(request.id);
      const next = this.next.get(request.id);
      this.next.delete(request.id);
      if (next) this.handle(next);
    }
  }

  /** Ends every fetch and drops all bytes. */
  destroy() {
    this.next.clear();
    for (const controller of this.active.values()) controller.abort();
    this.store.clear();
  }

  /** @param {number} id */
  #release(id) {
    for (const [before, { id: waits }] of this.next) if (waits === id) this.next.delete(before);
    this.active.get(id)?.abort();
    this.store.delete(id);
  }

  /** @param {number} id */
  #give(id) {
    const buffer = this.store.get(id) ?? null;
    this.store.delete(id);
    this.post({ op: 'given', id, buffer }, buffer ? [buffer] : []);
  }

  /** A copy of an image's bytes, for another worker. @param {Extract<Request, { op: 'lend' }>} request */
  #lend({ id, source, offset, sizeBytes }) {
    const held = this.store.get(source);
    const buffer = held ? held.slice(offset, offset + sizeBytes) : null;
    this.post({ op: 'lent', id, buffer }, buffer ? [buffer] : []);
  }

  /** @param {number} id @param {unknown} error */
  #fail(id, error) {
    const failure = error instanceof Failure ? error : new Failure(FAIL_FORMAT, `Decoding failed: ${String(error)}.`);
    this.post({ op: 'failed', id, code: failure.code, a: failure.a, b: failure.b, message: failure.message }, []);
  }

  /** @param {number} transfer @returns {ArrayBuffer} */
  #bufferOf(transfer) {
    const buffer = this.store.get(transfer);
    if (buffer === undefined) throw new Failure(FAIL_ABORTED, `Transfer ${transfer} holds no bytes that can be read (it ended or was released).`);
    return buffer;
  }

  /** @param {Extract<Request, { op: 'fetch' }>} request @param {AbortController} controller */
  async #fetch({ id, url, kind: kindAndFlags, maxBytes, sha256, limits }, controller) {
    const begunMs = performance.now();
    const kind = kindAndFlags & FETCH_KIND_MASK;
    const cache = cacheMode(kindAndFlags);
    const file = await fetchBytes(url, {
      maxBytes, controller, cache, fetchFunction: this.fetchFunction, limits: kindAndFlags & FETCH_PATIENT ? patient(limits) : limits,
    });
    await checkHash(file, sha256, url);
    const buffer = await unzipped(file, url, maxBytes);
    if (controller.signal.aborted) throw new Failure(FAIL_ABORTED, `The fetch of ${shown(url)} was cancelled.`);
    const tookMs = performance.now() - begunMs;
    if (kind === FETCH_BYTES) {
      this.post({ op: 'done', id, heldBytes: 0, a: 0, b: 0, payload: new Uint8Array(buffer), tookMs }, [buffer]);
    } else if (kind === FETCH_BLOB) {
      this.store.set(id, buffer);
      this.post({ op: 'done', id, heldBytes: buffer.byteLength, a: 0, b: 0, payload: '', tookMs }, []);
    } else if (kind === FETCH_MODEL) {
      const digest = kindAndFlags & FETCH_DIGEST ? await sha256Bytes(buffer) : new Uint8Array(0);
      if (controller.signal.aborted) throw new Failure(FAIL_ABORTED, `The fetch of ${shown(url)} was cancelled.`);
      this.#model(id, buffer, url, digest, tookMs);
    } else {
      throw new Failure(FAIL_FORMAT, `The fetch kind is ${kind}; the kinds are 0 to 2.`);
    }
  }

  /** @param {number} id @param {ArrayBuffer} buffer @param {string} url @param {Uint8Array} digest in front of the payload
   * @param {number} tookMs */
  #model(id, buffer, url, digest, tookMs) {
    let model;
    try {
      model = openModel(buffer);
    } catch (error) {
      if (error instanceof Failure) error.message = `${shown(url)}: ${error.message}`;
      throw error;
    }
    if (model.bin) this.store.set(id, model.bin);
    const heldBytes = model.bin ? model.bin.byteLength : 0;
    const payload = digest.length === 0 ? model.json : joined(digest, model.json);
    this.post({ op: 'done', id, heldBytes, a: model.container, b: 0, payload, tookMs }, [payload.buffer]);
  }

  /** @param {Extract<Request, { op: 'mesh' }>} request */
  #mesh({ id, descriptor, target }) {
    const { bytes, vertexCount, indexCount, payload: floats } = buildMesh(descriptor, (transfer) => this.#bufferOf(transfer), target);
    const payload = new Uint8Array(floats.buffer);
    /** @type {Answer} */
    const answer = { op: 'done', id, heldBytes: bytes.byteLength, a: vertexCount, b: indexCount, payload };
    if (target) return this.post(answer, []);
    answer.buffer = /** @type {ArrayBuffer} */ (bytes.buffer);
    this.post(answer, [answer.buffer]);
  }

  /** @param {Extract<Request, { op: 'read' }>} request */
  #read({ id, ranges }) {
    const parts = [];
    for (let at = 0; at < ranges.length; at += READ_RANGE.length) {
      const [transfer, offset, size] = ranges.subarray(at, at + READ_RANGE.length);
      const buffer = this.#bufferOf(transfer);
      if (offset + size > buffer.byteLength) {
        throw new Failure(FAIL_FORMAT, `Bytes up to ${offset + size} are read, outside of a buffer of ${buffer.byteLength} bytes.`);
      }
      parts.push(new Uint8Array(buffer, offset, size));
    }
    const payload = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let end = 0;
    for (const part of parts) {
      payload.set(part, end);
      end += part.length;
    }
    this.post({ op: 'done', id, heldBytes: 0, a: 0, b: 0, payload }, [payload.buffer]);
  }

  /** @param {Extract<Request, { op: 'unpack' }>} request @param {AbortSignal} signal */
  async #unpack({ id, words, decoders }, signal) {
    this.decoders.folder = decoders;
    const buffer = await unpack(words, (transfer) => this.#bufferOf(transfer), this.decoders);
    if (signal.aborted) return;
    this.store.set(id, buffer);
    this.post({ op: 'done', id, heldBytes: buffer.byteLength, a: 0, b: 0, payload: '' }, []);
  }

  /** @param {Extract<Request, { op: 'png' }>} request */
  async #png({ id, rgba, width, height }) {
    const payload = await encodePng(rgba, width, height);
    this.post({ op: 'done', id, heldBytes: 0, a: width, b: height, payload }, [payload.buffer]);
  }

  /** @param {Extract<Request, { op: 'image' }>} request @param {AbortSignal} signal */
  async #image({ id, source, offset, sizeBytes, maxBytes, maxSide, directions, decoders, can, bytes: lent }, signal) {
    const buffer = lent ?? this.#bufferOf(source);
    const size = sizeBytes === 0 ? buffer.byteLength - offset : sizeBytes;
    if (size < 0 || offset + size > buffer.byteLength) {
      throw new Failure(FAIL_FORMAT, `The image ends at byte ${offset + size}, outside of its buffer of ${buffer.byteLength} bytes.`);
    }
    const bytes = new Uint8Array(buffer, offset, size);
    if (isKtx2(bytes)) {
      readHeader(bytes); // before the transcoder is even loaded
      this.decoders.folder = decoders;
      const made = await this.decoders.with('basis_transcoder', (module) => transcode(module, bytes, maxBytes, maxSide, can, directions));
      if (signal.aborted) return;
      const payload = new Uint8Array(Uint32Array.of(made.family, made.levels).buffer);
      /** @type {Answer} */
      const answer = { op: 'done', id, heldBytes: made.bytes.byteLength, a: made.width, b: made.height, payload, buffer: made.bytes.buffer };
      return this.post(answer, [made.bytes.buffer]);
    }
    const image = await decodeImage(bytes, maxBytes, maxSide, this.decodeFunction);
    if (signal.aborted) return image.close();
    const { width, height } = image;
    this.post({ op: 'done', id, heldBytes: width * height * 4, a: width, b: height, payload: '', image }, [image]);
  }
}
