// @ts-check
/**
 * @file Transfers: fetches, mesh builds and image decodes that the engine asked for, and what they hold.
 *
 * Owns: the lanes (fetches at a time) with their priority queue, the pool of decode workers, and the finished
 * meshes and images until the engine releases them. Fetched bytes stay in the worker that fetched them and are
 * read there; only when a job needs bytes of two workers does a buffer move, and then it moves without a copy. Images of
 * one file are decoded by all workers: those that have less to do are lent a copy of their (packed) bytes.
 * Does not: decide what to load, count against budgets (Python reserves first), or touch the GPU.
 *
 * Life of a transfer: queued -> active -> done | failed, then released. A released transfer answers nothing.
 */
import { FAIL_ABORTED, FAIL_FORMAT, FAIL_NETWORK, READ_RANGE } from '../gen/layouts.js';
import { Blocks } from './blocks.js';
import { sourcesOf } from './decode/descriptor.js';
import { packedSources } from './decode/packed-sources.js';
import { NO_LIMITS } from './decode/patience.js';
import { workerPort } from './decode/ports.js';

/** @typedef {import('./decode/service.js').Request} Request */
/** @typedef {import('./decode/service.js').Answer} Answer */
/** @typedef {import('./decode/ports.js').Port} Port */
/** @typedef {{ u8: (address: number, size: number) => Uint8Array, u32: (address: number, count: number) => Uint32Array, text: (address: number, size: number) => string }} HeapViews */
/**
 * @typedef {object} EventSink the part of gen/events.js that is used here
 * @property {(transfer: number, heldBytes: number, a: number, b: number, payload: string | Uint8Array<ArrayBuffer>) => unknown} transferDone
 * @property {(transfer: number, code: number, a: number, b: number, message: string) => unknown} transferFailed
 */
/**
 * @typedef {object} Entry
 * @property {'queued' | 'active' | 'done' | 'failed'} state
 * @property {boolean} isFetch
 * @property {number} priority
 * @property {Request | null} request while queued
 * @property {Slot | null} slot the worker that works on it or keeps its bytes
 * @property {number} heldBytes
 * @property {Uint8Array | null} bytes of a built mesh
 * @property {ImageBitmap | null} image
 * @property {boolean} keeps whether its bytes stay in the worker, to be read there
 * @property {number} deadline when its worker counts as hung, of performance.now(); Infinity: never
 * @property {Entry | null} next a fetch that begins in the worker where this one ends
 * @property {Entry | null} behind the fetch that this one waits for in the worker
 * @property {number} block where a mesh is built in Layer memory: an allocator's handle, 0 = outside of it
 */
/** @typedef {import('../kernels/layer.js').Layer} Layer */
/** @typedef {{ port: Port, jobs: number }} Slot */

const LANES = 6; // until Python says how many
const QUICK_MS = 250; // a fetch that took less is shorter than this thread may be busy: lanes are given what comes next
const HUNG_MS = 20_000; // a decoder that takes longer is given up, with its worker
const LOOK_MS = 1000;

/** @returns {number} decode workers for this machine */
const defaultWorkers = () => ((globalThis.navigator?.hardwareConcurrency ?? 2) >= 4 ? 2 : 1);

export class Transfers {
  /** @type {Map<number, Entry>} */
  #entries = new Map();
  /** @type {Slot[]} */
  #slots = [];
  /** @type {Map<number, (buffer: ArrayBuffer | null) => void>} moves that wait for a worker's answer */
  #moves = new Map();
  #moving = Promise.resolve();
  /** Images of a file that were asked for just now. @type {Extract<Request, { op: 'image' }>[]} */
  #parts = [];
  /** Those whose bytes another worker is to send. @type {Map<number, { from: Slot, request: Request }>} */
  #lends = new Map();
  #fetching = 0;
  #quick = false; // whether the last file that came was, by its worker's clock: answers wait while this thread is busy
  #closed = false;
  /** @type {ReturnType<typeof setInterval> | undefined} while decoders work */
  #watch = undefined;
  /** @type {import('./decode/patience.js').Limits} */
  #limits = NO_LIMITS;

  /**
   * @param {object} options
   * @param {HeapViews} options.heap
   * @param {EventSink} options.events
   * @param {string | URL} options.baseUrl relative URLs start here
   * @param {string} [options.decodersUrl] folder of the decoders from npm, ends with /
   * @param {() => number} [options.can] which compressed textures the GPU takes, COMPRESSED_*
   * @param {number} [options.hungMs] for tests
   * @param {number} [options.decodeWorkers] 1 or 2 by default
   * @param {number} [options.lanes] fetches at a time
   * @param {() => Layer | null} [options.layer] Layer memory, once it is open
   * @param {import('./decode/ports.js').PortMaker} [options.makePort] for tests
   */
  constructor({ heap, events, baseUrl, decodersUrl = '', can = () => 0, hungMs = HUNG_MS, decodeWorkers, lanes = LANES, layer = () => null, makePort = workerPort }) {
    this.heap = heap;
    this.blocks = new Blocks(layer);
    this.events = events;
    this.baseUrl = String(baseUrl);
    this.decodersUrl = decodersUrl;
    this.can = can;
    this.hungMs = hungMs;
    this.lanes = lanes;
    this.makePort = makePort;
    for (let i = 0; i < Math.max(1, decodeWorkers ?? defaultWorkers()); i += 1) this.#slots.push(this.#openSlot());
  }

  // -- commands ------------------------------------------------------------------------------------------------

  /** @param {number} transfer @param {number} kind @param {number} priority @param {number} maxBytes
   * @param {number} url @param {number} urlBytes @param {number} sha256 @param {number} sha256Bytes */
  fetch(transfer, kind, priority, maxBytes, url, urlBytes, sha256, sha256Bytes) {
    const text = this.heap.text(url, urlBytes);
    const hash = sha256Bytes === 0 ? '' : this.heap.text(sha256, sha256Bytes);
    const entry = this.#open(transfer, true, priority);
    let absolute;
    try {
      absolute = new URL(text, this.baseUrl).href;
    } catch {
      return this.#fail(transfer, FAIL_NETWORK, 0, 0, `"${text.slice(0, 200)}" is no URL.`);
    }
    entry.request = { op: 'fetch', id: transfer, url: absolute, kind, maxBytes, sha256: hash, limits: this.#limits };
    this.#startFetches();
  }

  /** Of fetches to come. @param {number} lanes @param {number} firstByteMs @param {number} stallMs @param {number} bytesPerSMin */
  fetchLimits(lanes, firstByteMs, stallMs, bytesPerSMin) {
    this.lanes = lanes;
    this.#limits = { firstByteMs, stallMs, bytesPerSMin };
    this.#startFetches();
  }

  /** @param {number} transfer @param {number} data @param {number} sizeBytes */
  meshBuild(transfer, data, sizeBytes) {
    this.meshBuildIn(transfer, data, sizeBytes, 0);
  }

  /** @param {number} transfer @param {number} data @param {number} sizeBytes @param {number} block 0 = outside of Layer memory */
  meshBuildIn(transfer, data, sizeBytes, block) {
    const bytes = this.heap.u8(data, sizeBytes).slice();
    const descriptor = new Uint32Array(/** @type {ArrayBuffer} */ (bytes.buffer), 0, bytes.byteLength >>> 2);
    this.#open(transfer, false, 0).block = block;
    const target = block === 0 ? undefined : this.blocks.target(block);
    this.#startJob({ op: 'mesh', id: transfer, descriptor, target }, sourcesOf(descriptor));
  }

  /** @param {number} transfer @param {number} source @param {number} offset @param {number} sizeBytes
   * @param {number} maxBytes @param {number} maxSide @param {number} directions 1: of a normal map */
  imageDecode(transfer, source, offset, sizeBytes, maxBytes, maxSide, directions) {
    this.#open(transfer, false, 0);
    const { decodersUrl: decoders } = this;
    const how = { directions: directions === 1, decoders, can: this.can() };
    /** @type {Extract<Request, { op: 'image' }>} */
    const request = { op: 'image', id: transfer, source, offset, sizeBytes, maxBytes, maxSide, ...how };
    if (sizeBytes === 0 || this.#slots.length === 1) return this.#startJob(request, [source]);
    if (this.#parts.push(request) === 1) queueMicrotask(() => this.#shareOut());
  }

  /** @param {number} transfer @param {number} data @param {number} sizeBytes */
  bytesRead(transfer, data, sizeBytes) {
    const ranges = Uint32Array.from(this.heap.u32(data, sizeBytes >>> 2));
    const sources = new Set(ranges.filter((_, index) => index % READ_RANGE.length === 0));
    this.#open(transfer, false, 0);
    this.#startJob({ op: 'read', id: transfer, ranges }, [...sources]);
  }

  /** @param {number} transfer @param {number} data @param {number} sizeBytes */
  unpack(transfer, data, sizeBytes) {
    const words = Uint32Array.from(this.heap.u32(data, sizeBytes >>> 2));
    const entry = this.#open(transfer, false, 0);
    entry.keeps = true;
    this.#startJob({ op: 'unpack', id: transfer, words, decoders: this.decodersUrl }, packedSources(words));
  }

  /** @param {number} transfer @param {number} priority */
  transferPriority(transfer, priority) {
    const entry = this.#entries.get(transfer);
    if (entry) entry.priority = priority;
  }

  /** @param {number} transfer */
  transferRelease(transfer) {
    const entry = this.#entries.get(transfer);
    if (entry === undefined) return;
    this.#entries.delete(transfer);
    entry.slot?.port.post({ op: 'release', id: transfer });
    entry.image?.close();
    if (entry.block !== 0) this.blocks.release(transfer, entry.block, entry.state === 'active' ? entry.slot : null);
    if (entry.state === 'active') this.#jobEnded(entry);
  }

  // -- for the backends and the report ---------------------------------------------------------------------------

  /** A built mesh. @param {number} transfer @returns {Uint8Array} */
  bytes(transfer) {
    const entry = this.#entries.get(transfer);
    if (entry?.block && entry.state === 'done') return this.blocks.bytes(entry.block);
    if (entry?.bytes) return entry.bytes;
    throw new Error(`Transfer ${transfer} holds no built mesh; only the result of mesh_build is uploaded to buffers.`);
  }

  /** Texels of a KTX2 file, null where the transfer holds an image. @param {number} transfer @returns {Uint8Array | null} */
  texels(transfer) {
    const entry = this.#entries.get(transfer);
    return entry?.image ? null : entry?.bytes ?? null;
  }

  /** A decoded image. @param {number} transfer @returns {ImageBitmap} */
  image(transfer) {
    const image = this.#entries.get(transfer)?.image;
    if (image) return image;
    throw new Error(`Transfer ${transfer} holds no decoded image; only the result of image_decode is uploaded to textures.`);
  }

  /** @returns {{ live: number, heldBytes: number, inFlight: number }} */
  stats() {
    let heldBytes = 0;
    let inFlight = 0;
    for (const entry of this.#entries.values()) {
      heldBytes += entry.heldBytes;
      if (entry.state === 'active') inFlight += 1;
    }
    return { live: this.#entries.size, heldBytes, inFlight };
  }

  /** Ends everything; the object is of no use afterwards. */
  destroy() {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const entry of this.#entries.values()) entry.image?.close();
    this.#entries.clear();
    for (const slot of this.#slots) slot.port.close();
    this.#slots = [];
  }

  // -- the work --------------------------------------------------------------------------------------------------

  /** @returns {Slot} */
  #openSlot() {
    /** @type {Slot} */
    const slot = { jobs: 0, port: { post() {}, close() {} } };
    slot.port = this.makePort((answer) => this.#onAnswer(answer), (reason) => this.#onDead(slot, reason));
    return slot;
  }

  /** @param {number} transfer @param {boolean} isFetch @param {number} priority @returns {Entry} */
  #open(transfer, isFetch, priority) {
    if (this.#entries.has(transfer)) throw new Error(`Transfer ${transfer} exists already; release it before its handle is used again.`);
    /** @type {Entry} */
    const entry = {
      state: 'queued', isFetch, priority, request: null, slot: null, heldBytes: 0, bytes: null, image: null, keeps: isFetch, deadline: Infinity, block: 0,
      next: null, behind: null,
    };
    this.#entries.set(transfer, entry);
    return entry;
  }

  /** @returns {Slot} the worker with the least to do */
  #idlest() {
    return this.#slots.reduce((best, slot) => (slot.jobs < best.jobs ? slot : best));
  }

  /** @param {Entry} entry @param {Slot} slot @param {Request} request @param {Transferable[]} transfer */
  #activate(entry, slot, request, transfer = []) {
    entry.state = 'active';
    entry.slot = slot;
    entry.request = null;
    slot.jobs += 1;
    if (entry.isFetch && !entry.behind) this.#fetching += 1;
    if (request.op === 'unpack' || request.op === 'image') {
      entry.deadline = performance.now() + this.hungMs;
      this.#watch ??= setInterval(() => this.#lookForHung(), Math.min(LOOK_MS, this.hungMs));
    }
    slot.port.post(request, transfer);
  }

  /** @param {Entry} entry was active */
  #jobEnded(entry) {
    if (entry.slot) entry.slot.jobs -= 1;
    if (!entry.isFetch) return;
    const { next, behind } = entry;
    entry.next = entry.behind = null;
    if (behind) behind.next = null; // it had not begun
    else if (next) next.behind = null; // it took the lane over in its worker
    else this.#fetching -= 1;
    this.#startFetches();
  }

  /** Fills the lanes. On a quick line each is given what comes next as well, which its worker begins without this thread;
   * on a slow one the order may still change. */
  #startFetches() {
    while (!this.#closed) {
      /** @type {Entry | null} */
      let best = null;
      for (const entry of this.#entries.values()) {
        if (entry.state === 'queued' && entry.request && entry.isFetch && (!best || entry.priority > best.priority)) best = entry;
      }
      if (best === null || best.request === null) return;
      if (this.#fetching < this.lanes) {
        this.#activate(best, this.#idlest(), best.request);
        continue;
      }
      if (!this.#quick) return;
      const [after, lane] = [...this.#entries].find(([, entry]) => this.#takesNext(entry)) ?? [];
      if (!after || !lane?.slot) return;
      [lane.next, best.behind] = [best, lane];
      this.#activate(best, lane.slot, /** @type {Request} */ ({ ...best.request, after }));
    }
  }

  /** @param {Entry} entry @returns {boolean} whether a fetch may wait behind it; its worker may just have died */
  #takesNext({ state, isFetch, slot, next, behind }) {
    return state === 'active' && isFetch && !next && !behind && slot !== null && this.#slots.includes(slot);
  }

  /** @param {Request} request @param {number[]} sources */
  #startJob(request, sources) {
    const missing = sources.find((source) => this.#entries.get(source)?.state !== 'done' || !this.#entries.get(source)?.slot);
    if (missing !== undefined) {
      return this.#fail(request.id, FAIL_ABORTED, 0, 0, `Transfer ${missing} holds no fetched bytes that transfer ${request.id} could read.`);
    }
    const slots = new Set(sources.map((source) => this.#entries.get(source)?.slot));
    const entry = /** @type {Entry} */ (this.#entries.get(request.id));
    const slot = /** @type {Slot} */ ([...slots][0] ?? this.#idlest());
    if (slots.size <= 1) this.#activate(entry, slot, request, request.op === 'mesh' ? [request.descriptor.buffer] : []);
    else this.#moving = this.#moving.then(() => this.#gather(request, sources));
  }

  /** Gives each image of a file to a worker; what others are lent goes first, so that nobody waits for a decode. */
  #shareOut() {
    const own = [];
    for (const request of this.#parts.splice(0)) {
      const entry = this.#entries.get(request.id), source = this.#entries.get(request.source), target = this.#idlest();
      const from = source?.state === 'done' ? source.slot : null;
      if (!entry || this.#closed) continue;
      if (!from || target.jobs >= from.jobs) {
        if (from) from.jobs += 1;
        own.push({ request, from });
        continue;
      }
      Object.assign(entry, { state: 'active', slot: target });
      target.jobs += 1;
      this.#lends.set(request.id, { from, request });
      from.port.post({ op: 'lend', id: request.id, source: request.source, offset: request.offset, sizeBytes: request.sizeBytes });
    }
    for (const { request, from } of own) {
      if (from) from.jobs -= 1; // it was only planned
      this.#startJob(request, [request.source]);
    }
  }

  /** @param {number} id @param {ArrayBuffer | null} bytes */
  #lent(id, bytes) {
    const lend = this.#lends.get(id), entry = this.#entries.get(id);
    this.#lends.delete(id);
    if (!lend || !entry?.slot || entry.state !== 'active') return;
    if (bytes === null) return this.#fail(id, FAIL_ABORTED, 0, 0, `Transfer ${id} is an image whose bytes were let go.`);
    entry.slot.jobs -= 1; // counted again
    this.#activate(entry, entry.slot, /** @type {Request} */ ({ ...lend.request, offset: 0, bytes }), [bytes]);
  }

  /** Brings the sources of one job to one worker, then starts it. @param {Request} request @param {number[]} sources */
  async #gather(request, sources) {
    const target = this.#entries.get(sources[0])?.slot;
    for (const source of sources) {
      const entry = this.#entries.get(source);
      if (!entry || !target || !entry.slot || entry.slot === target) continue;
      const from = entry.slot;
      const buffer = await new Promise((/** @type {(buffer: ArrayBuffer | null) => void} */ resolve) => {
        this.#moves.set(source, resolve);
        from.port.post({ op: 'give', id: source });
      });
      if (buffer === null || this.#entries.get(source) !== entry) continue; // released meanwhile
      entry.slot = target;
      target.port.post({ op: 'take', id: source, buffer }, [buffer]);
    }
    const entry = this.#entries.get(request.id);
    if (entry && !this.#closed) this.#startJob(request, sources);
  }

  /** @param {Answer} answer */
  #onAnswer(answer) {
    if (answer.op === 'ready') return;
    if (answer.op === 'lent') return this.#lent(answer.id, answer.buffer);
    if (answer.op === 'given') {
      this.#moves.get(answer.id)?.(answer.buffer);
      this.#moves.delete(answer.id);
      return;
    }
    const entry = this.#entries.get(answer.id);
    this.blocks.ended(answer.id);
    if (entry === undefined || entry.state !== 'active') {
      if (answer.op === 'done') answer.image?.close(); // released while it was on its way
      return;
    }
    if (entry.deadline < Infinity) this.#alive(entry.slot);
    if (answer.op === 'failed') return this.#fail(answer.id, answer.code, answer.a, answer.b, answer.message);
    entry.state = 'done';
    entry.heldBytes = entry.block === 0 ? answer.heldBytes : 0;
    entry.bytes = answer.buffer && entry.block === 0 ? new Uint8Array(answer.buffer) : null;
    if (answer.buffer && entry.block !== 0) this.blocks.fill(entry.block, answer.buffer);
    entry.image = answer.image ?? null;
    if (answer.tookMs !== undefined) this.#quick = answer.tookMs < QUICK_MS;
    this.#jobEnded(entry);
    if (!entry.keeps) entry.slot = null; // what was fetched or unpacked is read there, an empty file too
    this.events.transferDone(answer.id, answer.heldBytes, answer.a, answer.b, answer.payload);
  }

  /** @param {number} transfer @param {number} code @param {number} a @param {number} b @param {string} message */
  #fail(transfer, code, a, b, message) {
    const entry = this.#entries.get(transfer);
    if (entry === undefined) return;
    const wasActive = entry.state === 'active';
    entry.state = 'failed';
    entry.request = null;
    if (wasActive) this.#jobEnded(entry);
    entry.slot = null;
    this.events.transferFailed(transfer, code, a, b, message);
  }

  /** A worker came back: what waits behind has its whole time again. @param {Slot | null} slot */
  #alive(slot) {
    for (const entry of this.#entries.values()) {
      if (entry.slot === slot && entry.deadline < Infinity) entry.deadline = performance.now() + this.hungMs;
    }
  }

  /** Ends a worker whose decoder does not come back: its file is broken; what else the worker did may be asked for again. */
  #lookForHung() {
    const working = [...this.#entries].filter(([, entry]) => entry.state === 'active' && entry.deadline < Infinity);
    const hung = working.find(([, entry]) => entry.deadline < performance.now());
    if (hung?.[1].slot) {
      const [id, { slot }] = hung;
      this.#fail(id, FAIL_FORMAT, 0, 0, `A decoder took longer than ${this.hungMs / 1000} s and was given up; the file may be broken.`);
      this.#onDead(slot, 'a decoder beside it hung');
    }
    if (working.length > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** A worker died: what it worked on fails, what it kept is gone, and another takes its place.
   * @param {Slot} slot @param {string} reason */
  #onDead(slot, reason) {
    if (this.#closed) return;
    slot.port.close();
    this.blocks.died(slot);
    const fresh = this.#openSlot();
    this.#slots[this.#slots.indexOf(slot)] = fresh;
    for (const [id, resolve] of this.#moves) {
      if (this.#entries.get(id)?.slot === slot) resolve(null);
    }
    for (const [id, { from }] of [...this.#lends]) if (from === slot) this.#lent(id, null);
    for (const [id, entry] of [...this.#entries]) {
      if (entry.slot !== slot) continue;
      if (entry.state === 'active') this.#fail(id, entry.isFetch ? FAIL_NETWORK : FAIL_ABORTED, 0, 0, `A decode worker stopped: ${reason}.`);
      else Object.assign(entry, { slot: null, heldBytes: 0 });
    }
  }
}
