// @ts-check
/**
 * @file The size of an image, read from its header before anything is decoded.
 *
 * Owns: PNG, JPEG, WebP and AVIF headers. Does not: decode, or trust the declared MIME type.
 * Sources: PNG (ISO/IEC 15948) 11.2.2; JPEG (ITU-T T.81) B.2.2; RFC 9649 (WebP); ISO/IEC 14496-12, 8.11.14 and
 * 23008-12, 6.5.3 (AVIF's boxes).
 */
import { FAIL_FORMAT } from '../../gen/layouts.js';
import { Failure } from './failure.js';

const FTYP = 0x66747970;
const AVIF_BRANDS = [0x61766966, 0x61766973]; // avif, avis
const ISPE = 0x69737065;
const AVIF_HEADER_BYTES_MAX = 65_536;

/** @typedef {{ type: string, width: number, height: number }} ImageSize */

/** @param {string} what @param {number} sizeBytes @returns {Failure} */
const cutOff = (what, sizeBytes) => new Failure(FAIL_FORMAT, `The ${what} image of ${sizeBytes} bytes ends inside of its header.`);

/** @param {DataView} view @returns {ImageSize} */
function jpegSize(view) {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) break;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) { at += 1; continue; } // fill bytes
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    const alone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += alone ? 2 : 2 + view.getUint16(at + 2);
  }
  throw new Failure(FAIL_FORMAT, `The JPEG image of ${view.byteLength} bytes has no frame header where it should be (byte ${at}).`);
}

/** @param {DataView} view @returns {ImageSize} */
function webpSize(view) {
  if (view.byteLength < 30) throw cutOff('WebP', view.byteLength);
  const kind = view.getUint32(12);
  const type = 'image/webp';
  if (kind === 0x56503858) { // VP8X
    const at = (/** @type {number} */ i) => view.getUint16(i, true) | (view.getUint8(i + 2) << 16);
    return { type, width: 1 + at(24), height: 1 + at(27) };
  }
  if (kind === 0x5650384c) { // VP8L
    const bits = view.getUint32(21, true);
    return { type, width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

/** The largest `ispe` (an image, its alpha plane, tiles and thumbnails have one each). @param {DataView} view @returns {ImageSize} */
function avifSize(view) {
  let width = 0;
  let height = 0;
  const end = Math.min(view.byteLength - 16, AVIF_HEADER_BYTES_MAX);
  for (let at = 0; at <= end; at += 1) {
    if (view.getUint32(at) !== ISPE) continue;
    width = Math.max(width, view.getUint32(at + 8));
    height = Math.max(height, view.getUint32(at + 12));
    at += 15;
  }
  if (width === 0) throw cutOff('AVIF', view.byteLength);
  return { type: 'image/avif', width, height };
}

/** @param {Uint8Array} bytes @returns {ImageSize} */
function sizeOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.byteLength >= 12 ? view.getUint32(0) : 0;
  if (magic === 0x89504e47) {
    if (bytes.byteLength < 24) throw cutOff('PNG', bytes.byteLength);
    return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (magic >>> 8 === 0xffd8ff) return jpegSize(view);
  if (magic === 0x52494646 && view.getUint32(8) === 0x57454250) return webpSize(view);
  if (magic !== 0 && view.getUint32(4) === FTYP && AVIF_BRANDS.includes(view.getUint32(8))) return avifSize(view);
  throw new Failure(FAIL_FORMAT, `The image of ${bytes.byteLength} bytes is neither PNG nor JPEG nor WebP nor AVIF nor KTX2.`);
}

/** @param {Uint8Array} bytes @returns {ImageSize} type and size; throws Failure */
export function imageSize(bytes) {
  const size = sizeOf(bytes);
  if (size.width === 0 || size.height === 0) {
    throw new Failure(FAIL_FORMAT, `The image is ${size.width} x ${size.height} pixels; both must be 1 or more.`);
  }
  return size;
}
