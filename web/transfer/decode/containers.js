// @ts-check
/**
 * @file Splits models: .gltf (JSON), .glb (binary glTF 2.0) and the tiles of 3D Tiles 1.0 (tiles.js).
 *
 * Owns: which of them a file is. Does not: read the JSON.
 * Limits: JSON_BYTES_MAX of JSON, because it goes through Python's heap. Bytes after a container's own length are
 * ignored. The BIN chunk is moved to the start of the file's buffer, so that accessors are aligned in it.
 */
import { resized } from './body.js';
import { MAGIC_GLTF, broken, checkJsonSize, splitGlb } from './glb.js';
import { isTile, openTile } from './tiles.js';

export { JSON_BYTES_MAX } from './glb.js';

/** @typedef {import('./glb.js').Model} Model */

/** @param {DataView} view */
const magicText = (view) =>
  Array.from({ length: Math.min(4, view.byteLength) }, (_, i) => {
    const code = view.getUint8(i);
    return code >= 32 && code < 127 ? String.fromCharCode(code) : '?';
  }).join('');

/** Takes a file apart; its buffer is given up (the BIN chunk lives in it on).
 * @param {ArrayBuffer} buffer @returns {Model} */
export function openModel(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const magic = bytes.byteLength >= 4 ? view.getUint32(0, true) : 0;
  if (magic === MAGIC_GLTF) return takeGlb(bytes);
  if (isTile(bytes)) return openTile(buffer);
  let first = magic << 8 === 0xbfbbef << 8 ? 3 : 0; // a byte order mark
  while (first < bytes.byteLength && (bytes[first] === 32 || (bytes[first] >= 9 && bytes[first] <= 13))) first += 1;
  if (bytes[first] !== 0x7b) {
    throw broken(`The file starts with "${magicText(view)}" and is neither glTF JSON nor glb nor b3dm, i3dm, pnts or cmpt.`);
  }
  checkJsonSize(bytes.byteLength);
  return { json: bytes.subarray(first), bin: null, container: 0 };
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Model} */
function takeGlb(bytes) {
  const parts = splitGlb(bytes, 0, bytes.byteLength);
  checkJsonSize(parts.json[1] - parts.json[0]);
  const json = bytes.slice(parts.json[0], parts.json[1]);
  let bin = null;
  if (parts.bin) {
    bytes.copyWithin(0, parts.bin[0], parts.bin[1]);
    bin = resized(bytes.buffer, parts.bin[1] - parts.bin[0]);
  }
  return { json, bin, container: 1 };
}
