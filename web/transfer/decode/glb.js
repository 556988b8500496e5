// @ts-check
/**
 * @file Takes a glb apart (binary glTF 2.0), alone or inside of a tile.
 *
 * Owns: the checks of its header and chunks. Source: glTF 2.0 specification section 4.4, "GLB File Format".
 */
import { FAIL_FORMAT } from '../../gen/layouts.js';
import { Failure } from './failure.js';

export const JSON_BYTES_MAX = 16 * 1024 * 1024;
export const MAGIC_GLTF = 0x46546c67;
const CHUNK_JSON = 0x4e4f534a;
const CHUNK_BIN = 0x004e4942;

/** @typedef {[number, number]} Range first byte, and the one after the last */
/** @typedef {{ json: Uint8Array<ArrayBuffer>, bin: ArrayBuffer | null, container: number }} Model
 *  container: 0 gltf, 1 glb, 2 b3dm, 3 i3dm, 4 pnts, 5 cmpt */

/** @param {string} message */
export const broken = (message) => new Failure(FAIL_FORMAT, message);

/** @param {number} sizeBytes */
export function checkJsonSize(sizeBytes) {
  if (sizeBytes > JSON_BYTES_MAX) throw broken(`The glTF JSON has ${sizeBytes} bytes; at most ${JSON_BYTES_MAX} are read.`);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {number} start @param {number} end
 * @returns {{ json: Range, bin: Range | null }} byte ranges in the file */
export function splitGlb(bytes, start, end) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end - start < 20) throw broken(`The glb has ${end - start} bytes; its headers alone need 20.`);
  const version = view.getUint32(start + 4, true);
  const total = view.getUint32(start + 8, true);
  if (version !== 2) throw broken(`The glb has version ${version}; only version 2 is read.`);
  if (total > end - start) throw broken(`The glb says that it has ${total} bytes, but only ${end - start} arrived: it is cut off.`);
  const limit = start + total;
  /** @type {Range | null} */
  let json = null;
  /** @type {Range | null} */
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
