// @ts-check
/**
 * @file Takes tiles of 3D Tiles 1.0 apart: batched (b3dm) and instanced models (i3dm), point clouds (pnts), composites
 * (cmpt) of them and of glbs.
 *
 * Owns: the checks of headers and lengths. Does not: read the JSON; assets/parts.py makes one glTF document of the parts,
 * and its checks hold for every number in them. The result is {"layerw_parts": [...]}, see `PART`; binary parts are moved
 * together to the start of the file's buffer, each to a multiple of 8 bytes, so that accessors are aligned in it.
 * Limits: PARTS_MAX tiles in a composite, DEPTH_MAX composites in each other. Bytes after a tile's own length are ignored.
 * Source: 3D Tiles 1.0 (OGC 18-053r2), "Tile format specifications".
 *
 *     0  magic | 4  version | 8  all bytes | 12 feature JSON | 16 feature bytes | 20 batch JSON | 24 batch bytes
 *     i3dm: 28 format of its model, 0 = a URI, 1 = a glb        cmpt: 12 tiles, then those
 */
import { resized } from './body.js';
import { MAGIC_GLTF, broken, checkJsonSize, splitGlb } from './glb.js';

const PARTS_MAX = 4096;
const DEPTH_MAX = 8;
const HEADER_BYTES = 28;
const CMPT = 'cmpt';
const KINDS = ['b3dm', 'i3dm', 'pnts', CMPT];
const INNER = [...KINDS, 'glTF'];

/** @typedef {import('./glb.js').Range} Range */
/** @typedef {{ kind: string, json: Record<string, Range>, bytes: Record<string, Range>, uri: string | null }} Part */

const text = new TextDecoder();

/** @param {Uint8Array} bytes @param {number} at */
const magicOf = (bytes, at) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** @param {Uint8Array} bytes @returns {boolean} */
export const isTile = (bytes) => bytes.byteLength >= 12 && KINDS.includes(magicOf(bytes, 0));

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @param {number} end @param {string} kind
 * @returns {number} where the tile ends */
function endOf(bytes, start, end, kind) {
  if (end - start < 16) throw broken(`The ${kind} has ${end - start} bytes; its header alone needs 16.`);
  const total = new DataView(bytes.buffer).getUint32(start + 8, true);
  if (total > end - start) throw broken(`The ${kind} says that it has ${total} bytes, but only ${end - start} arrived: it is cut off.`);
  return start + total;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @param {number} end @param {number} depth
 * @param {Part[]} parts are added to */
function collect(bytes, start, end, depth, parts) {
  const view = new DataView(bytes.buffer);
  const kind = magicOf(bytes, start);
  const limit = endOf(bytes, start, end, kind);
  if (parts.length >= PARTS_MAX) throw broken(`The composite tile has more than ${PARTS_MAX} parts.`);
  if (kind === CMPT) {
    if (depth >= DEPTH_MAX) throw broken(`Composite tiles lie in each other more than ${DEPTH_MAX} deep.`);
    const count = view.getUint32(start + 12, true);
    let at = start + 16;
    for (let i = 0; i < count; i += 1) {
      if (at + 12 > limit) throw broken(`The composite tile has ${count} parts, but its bytes end at part ${i}.`);
      collect(bytes, at, limit, depth + 1, parts);
      const size = view.getUint32(at + 8, true);
      if (size < 12) throw broken(`Part ${i} of the composite tile says that it has ${size} bytes.`);
      at += size;
      if (at + 4 <= limit && !INNER.includes(magicOf(bytes, at))) at += -(at - start) & 7; // a glb may be padded from outside
    }
    return;
  }
  if (view.getUint32(start, true) === MAGIC_GLTF) {
    const { json, bin } = splitGlb(bytes, start, limit);
    return void parts.push({ kind: 'glb', json: { gltf: json }, bytes: bin ? { bin } : {}, uri: null });
  }
  if (!KINDS.includes(kind)) throw broken(`A composite tile holds a part that starts with "${kind.replace(/[^ -~]/g, '?')}", which is no tile.`);
  parts.push(batched(bytes, start, limit, kind));
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @param {number} end @param {string} kind @returns {Part} */
function batched(bytes, start, end, kind) {
  const view = new DataView(bytes.buffer);
  const header = HEADER_BYTES + (kind === 'i3dm' ? 4 : 0);
  if (end - start < header) throw broken(`The ${kind} has ${end - start} bytes; its header alone needs ${header}.`);
  /** @type {Range[]} */
  const tables = [];
  let at = start + header;
  for (const offset of [12, 16, 20, 24]) {
    const size = view.getUint32(start + offset, true);
    tables.push([at, at + size]);
    at += size;
  }
  if (at > end) throw broken(`The ${kind}'s tables end at byte ${at - start}, past its ${end - start} bytes.`);
  /** @type {Part} */
  const part = { kind, json: { feature: tables[0], batch: tables[2] }, bytes: { featureBytes: tables[1], batchBytes: tables[3] }, uri: null };
  if (kind === 'pnts') return part;
  const format = kind === 'i3dm' ? view.getUint32(start + 28, true) : 1;
  if (format > 1) throw broken(`The i3dm says that its model has format ${format}; 0 (a URI) and 1 (a glb) are known.`);
  if (format === 0) return { ...part, uri: text.decode(bytes.subarray(at, end)).replace(/[\0\s]+$/, '') };
  if (at + 12 > end || view.getUint32(at, true) !== MAGIC_GLTF) throw broken(`The ${kind} holds no glTF 2.0 at byte ${at - start}.`);
  const { json, bin } = splitGlb(bytes, at, end);
  part.json.gltf = json;
  if (bin) part.bytes.bin = bin;
  return part;
}

/** Takes a tile apart; its buffer is given up. @param {ArrayBuffer} buffer @returns {import('./glb.js').Model} */
export function openTile(buffer) {
  const bytes = new Uint8Array(buffer);
  const container = 2 + KINDS.indexOf(magicOf(bytes, 0));
  /** @type {Part[]} */
  const parts = [];
  collect(bytes, 0, bytes.byteLength, 0, parts);
  checkJsonSize(parts.reduce((sum, part) => sum + Object.values(part.json).reduce((all, [from, to]) => all + to - from, 0), 0));
  const texts = parts.map((part) => Object.entries(part.json).map(([name, [from, to]]) =>
    `"${name}":${text.decode(bytes.subarray(from, to)).replace(/[\0\s]+$/, '') || '{}'}`));
  let end = 0;
  const places = parts.map((part) => Object.entries(part.bytes).map(([name, [from, to]]) => {
    const at = (end + 7) & ~7; // never after `from`: headers leave more room than rounding takes
    bytes.copyWithin(at, from, to);
    end = at + to - from;
    return `"${name}":[${at},${to - from}]`;
  }));
  const whole = parts.map((part, i) => `{${[`"kind":"${part.kind}"`, `"uri":${JSON.stringify(part.uri)}`, ...texts[i], ...places[i]].join()}}`);
  const json = new Uint8Array(new TextEncoder().encode(`{"layerw_parts":[${whole.join()}]}`));
  return { json, bin: end > 0 ? resized(buffer, end) : null, container };
}
