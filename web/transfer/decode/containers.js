// @ts-check
/**
 * @file Splits glTF files: .gltf (JSON), .glb (binary glTF 2.0) and .b3dm (3D Tiles 1.0, batched models).
 *
 * Owns: the checks of headers and chunk lengths. Does not: read the JSON, except to place a b3dm's RTC_CENTER.
 * Limits: JSON_BYTES_MAX of JSON, because it goes through Python's heap. Bytes after a container's own length are
 * ignored. The BIN chunk is moved to the start of the file's buffer, so that accessors are aligned in it.
 * Source: glTF 2.0 specification section 4.4, "GLB File Format"; 3D Tiles 1.0, "Batched 3D Model".
 */
import { FAIL_FORMAT } from '../../gen/layouts.js';
import { resized } from './body.js';
import { Failure } from './failure.js';

export const JSON_BYTES_MAX = 16 * 1024 * 1024;
const MAGIC_GLTF = 0x46546c67;
const MAGIC_B3DM = 0x6d643362;
const CHUNK_JSON = 0x4e4f534a;
const CHUNK_BIN = 0x004e4942;
const B3DM_HEADER_BYTES = 28;

/** @typedef {{ json: Uint8Array<ArrayBuffer>, bin: ArrayBuffer | null, container: number }} Model
 *  container: 0 gltf, 1 glb, 2 b3dm */

/** @param {string} message */
const broken = (message) => new Failure(FAIL_FORMAT, message);

/** @param {DataView} view */
const magicText = (view) =>
  Array.from({ length: Math.min(4, view.byteLength) }, (_, i) => {
    const code = view.getUint8(i);
    return code >= 32 && code < 127 ? String.fromCharCode(code) : '?';
  }).join('');

/** @param {number} sizeBytes */
function checkJsonSize(sizeBytes) {
  if (sizeBytes > JSON_BYTES_MAX) {
    throw broken(`The glTF JSON has ${sizeBytes} bytes; at most ${JSON_BYTES_MAX} are read.`);
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @param {number} end
 * @returns {{ json: [number, number], bin: [number, number] | null }} byte ranges in the file */
function splitGlb(bytes, start, end) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end - start < 20) throw broken(`The glb has ${end - start} bytes; its headers alone need 20.`);
  const version = view.getUint32(start + 4, true);
  const total = view.getUint32(start + 8, true);
  if (version !== 2) throw broken(`The glb has version ${version}; only version 2 is read.`);
  if (total > end - start) throw broken(`The glb says that it has ${total} bytes, but only ${end - start} arrived: it is cut off.`);
  const limit = start + total;
  /** @type {[number, number] | null} */
  let json = null;
  /** @type {[number, number] | null} */
  let bin = null;
  for (let at = start + 12; at + 8 <= limit; ) {
    const length = view.getUint32(at, true);
    const type = view.getUint32(at + 4, true);
    const from = at + 8;
    if (from + length > limit) {
      throw broken(`The glb chunk at byte ${at - start} has ${length} bytes, but only ${limit - from} are left in the file.`);
    }
    if (json === null && type !== CHUNK_JSON) throw broken('The first chunk of the glb is not JSON.');
    if (json === null) json = [from, from + length];
    else if (bin === null && type === CHUNK_BIN) bin = [from, from + length];
    at = from + ((length + 3) & ~3);
  }
  if (json === null) throw broken(`The glb of ${total} bytes has no JSON chunk.`);
  return { json, bin };
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {{ start: number, end: number, center: number[] | null }} */
function openB3dm(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < B3DM_HEADER_BYTES) {
    throw broken(`The b3dm has ${bytes.byteLength} bytes; its header alone needs ${B3DM_HEADER_BYTES}.`);
  }
  const total = view.getUint32(8, true);
  if (total > bytes.byteLength) {
    throw broken(`The b3dm says that it has ${total} bytes, but only ${bytes.byteLength} arrived: it is cut off.`);
  }
  const tables = [12, 16, 20, 24].map((offset) => view.getUint32(offset, true));
  const start = tables.reduce((sum, size) => sum + size, B3DM_HEADER_BYTES);
  if (start + 12 > total) throw broken(`The b3dm's tables end at byte ${start}, past its ${total} bytes.`);
  if (view.getUint32(start, true) !== MAGIC_GLTF) throw broken(`The b3dm holds no glTF 2.0 at byte ${start}.`);
  return { start, end: total, center: rtcCenter(bytes.subarray(B3DM_HEADER_BYTES, B3DM_HEADER_BYTES + tables[0])) };
}

/** @param {Uint8Array<ArrayBuffer>} table the feature table's JSON @returns {number[] | null} */
function rtcCenter(table) {
  if (table.byteLength === 0) return null;
  let center;
  try {
    center = JSON.parse(new TextDecoder().decode(table)).RTC_CENTER;
  } catch {
    throw broken(`The b3dm's feature table of ${table.byteLength} bytes is not JSON.`);
  }
  if (center === undefined) return null;
  if (Array.isArray(center) && center.length === 3 && center.every(Number.isFinite)) return center;
  throw broken('The RTC_CENTER of the b3dm is not three numbers.');
}

/** Tells Python about a b3dm's RTC_CENTER the way glTF 1.0 did. @param {Uint8Array<ArrayBuffer>} json
 * @param {number[]} center @returns {Uint8Array<ArrayBuffer>} */
function withCenter(json, center) {
  let root;
  try {
    root = JSON.parse(new TextDecoder().decode(json));
  } catch {
    return json; // Python reports it
  }
  root.extensions = { ...root.extensions, CESIUM_RTC: { center } };
  return new Uint8Array(new TextEncoder().encode(JSON.stringify(root)));
}

/** Takes a file apart; its buffer is given up (the BIN chunk lives in it on).
 * @param {ArrayBuffer} buffer @returns {Model} */
export function openModel(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const magic = bytes.byteLength >= 4 ? view.getUint32(0, true) : 0;
  if (magic === MAGIC_GLTF) return takeGlb(bytes, 0, bytes.byteLength, 1, null);
  if (magic === MAGIC_B3DM) {
    const { start, end, center } = openB3dm(bytes);
    return takeGlb(bytes, start, end, 2, center);
  }
  let first = magic << 8 === 0xbfbbef << 8 ? 3 : 0; // a byte order mark
  while (first < bytes.byteLength && (bytes[first] === 32 || (bytes[first] >= 9 && bytes[first] <= 13))) first += 1;
  if (bytes[first] !== 0x7b) {
    throw broken(`The file starts with "${magicText(view)}" and is neither glTF JSON nor glb nor b3dm.`);
  }
  checkJsonSize(bytes.byteLength);
  return { json: bytes.subarray(first), bin: null, container: 0 };
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @param {number} end @param {number} container
 * @param {number[] | null} center @returns {Model} */
function takeGlb(bytes, start, end, container, center) {
  const parts = splitGlb(bytes, start, end);
  checkJsonSize(parts.json[1] - parts.json[0]);
  const json = bytes.slice(parts.json[0], parts.json[1]);
  let bin = null;
  if (parts.bin) {
    bytes.copyWithin(0, parts.bin[0], parts.bin[1]);
    bin = resized(bytes.buffer, parts.bin[1] - parts.bin[0]);
  }
  return { json: center ? withCenter(json, center) : json, bin, container };
}
