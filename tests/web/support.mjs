/** Helpers of the transfer tests: a small heap, recorded events, files instead of a network. */
import { existsSync, readFileSync } from 'node:fs';
import { localPort } from '../../web/transfer/decode/local-port.js';
import { Transfers } from '../../web/transfer/fetcher.js';

export const SHARED = new URL('../../../shared/data/', import.meta.url);
export const sharedReason = existsSync(SHARED) ? false : 'the shared data folder is not beside this repository';
export const readShared = (path) => new Uint8Array(readFileSync(new URL(path, SHARED))).buffer;

/** A heap that only ever grows, like a bump arena. */
export class FakeHeap {
  bytes = new Uint8Array(1 << 20);
  end = 8;
  put(data) {
    const view = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const at = this.end;
    this.bytes.set(view, at);
    this.end = (at + view.byteLength + 7) & ~7;
    return [at, view.byteLength];
  }
  u8(address, size) { return this.bytes.subarray(address, address + size); }
  text(address, size) { return new TextDecoder().decode(this.u8(address, size)); }
}

/** Answers `fetch` from a table of URL -> bytes, a Response, or a function. */
export function fakeFetch(files, log = []) {
  return async (url, init) => {
    log.push(url);
    const file = files[url];
    if (typeof file === 'function') return file(init.signal, init);
    if (file === undefined) return new Response('no', { status: 404, statusText: 'Not Found' });
    return new Response(file, { headers: { 'content-length': String(file.byteLength) } });
  };
}

/** Transfers on services in this thread, with promises for their events. */
export function makeTransfers({ files = {}, log, workers = 1, lanes, decodeFunction, layer } = {}) {
  const heap = new FakeHeap();
  const waiting = new Map();
  const early = new Map();
  const settle = (event) => {
    const resolve = waiting.get(event.transfer);
    if (resolve) resolve(event);
    else early.set(event.transfer, event);
    waiting.delete(event.transfer);
  };
  const events = {
    transferDone: (transfer, heldBytes, a, b, payload) => settle({ ok: true, transfer, heldBytes, a, b, payload }),
    transferFailed: (transfer, code, a, b, message) => settle({ ok: false, transfer, code, a, b, message }),
  };
  const fetchFunction = fakeFetch(files, log);
  const transfers = new Transfers({
    heap, events, baseUrl: 'http://test/app/', decodeWorkers: workers, lanes, layer,
    makePort: (onAnswer) => localPort(onAnswer, { fetchFunction, decodeFunction }),
  });
  const event = (transfer) => {
    if (early.has(transfer)) {
      const found = early.get(transfer);
      early.delete(transfer);
      return Promise.resolve(found);
    }
    return new Promise((resolve) => waiting.set(transfer, resolve));
  };
  const fetchUrl = (id, kind, url, { maxBytes = 1 << 24, priority = 0, sha256 = '' } = {}) => {
    transfers.fetch(id, kind, priority, maxBytes, ...heap.put(url), ...(sha256 ? heap.put(sha256) : [0, 0]));
    return event(id);
  };
  return { transfers, heap, event, fetchUrl, events };
}

/** A MESH_BUILD descriptor; accessors are [semantic, transfer, offset, stride, type, components, normalized, count]. */
export function descriptor({ vertices, indices, flags = 0, topology = 4, matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
  index = [0, 0, 0, 0, 0, 0, 0, 0], attributes, uvMatrix }) {
  const words = new Uint32Array(8 + 12 + 8 * (1 + attributes.length) + (uvMatrix ? 6 : 0));
  words.set([attributes.length, vertices, indices, flags, topology]);
  new Float32Array(words.buffer).set(matrix, 8);
  [index, ...attributes].forEach((accessor, i) => words.set(accessor, 20 + 8 * i));
  if (uvMatrix) new Float32Array(words.buffer).set(uvMatrix, words.length - 6);
  return words;
}

/** A glb of a JSON text and a BIN chunk. */
export function makeGlb(json, bin = new Uint8Array(0)) {
  const text = new TextEncoder().encode(json.padEnd((json.length + 3) & ~3));
  const size = 12 + 8 + text.length + 8 + bin.length;
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  [0x46546c67, 2, size, text.length, 0x4e4f534a].forEach((word, i) => view.setUint32(4 * i, word, true));
  out.set(text, 20);
  view.setUint32(20 + text.length, bin.length, true);
  view.setUint32(24 + text.length, 0x004e4942, true);
  out.set(bin, 28 + text.length);
  return out;
}
