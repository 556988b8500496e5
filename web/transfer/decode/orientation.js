// @ts-check
/**
 * @file Takes the orientation that a camera wrote beside an image out of its file, so that the browser decodes the
 * stored texels as they are: uvs mean those.
 *
 * Owns: Exif in JPEG, PNG and WebP. `createImageBitmap` has no option for it that all browsers have.
 * Does not: touch AVIF, whose rotation is a part of the picture. Sources: Exif 2.32, 4.5.4; PNG 11.3.4.5 (eXIf); RFC 9649.
 */
const EXIF = 0x45786966; // Exif
const PNG_EXIF = 0x65584966; // eXIf
const WEBP_EXIF = 0x45584946; // EXIF
const NOTHING = new Uint8Array(0);
const UNKNOWN = new TextEncoder().encode('none'); // a chunk that readers pass over

/** @typedef {{ at: number, end: number, put: Uint8Array<ArrayBuffer> }} Edit */

/** @param {DataView} view @returns {Edit[]} */
function jpegEdits(view) {
  const edits = [];
  for (let at = 2; at + 8 <= view.byteLength && view.getUint8(at) === 0xff;) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xda) break; // the picture begins
    const alone = marker === 0xff ? 1 : marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 0;
    const end = alone ? at + alone : at + 2 + view.getUint16(at + 2);
    if (marker === 0xe1 && view.getUint32(at + 4) === EXIF) edits.push({ at, end: Math.min(end, view.byteLength), put: NOTHING });
    at = end;
  }
  return edits;
}

/** @param {DataView} view @returns {Edit[]} */
function pngEdits(view) {
  const edits = [];
  for (let at = 8; at + 12 <= view.byteLength;) {
    const end = at + 12 + view.getUint32(at);
    if (view.getUint32(at + 4) === PNG_EXIF) edits.push({ at, end: Math.min(end, view.byteLength), put: NOTHING });
    at = end;
  }
  return edits;
}

/** @param {DataView} view @returns {Edit[]} */
function webpEdits(view) {
  const edits = [];
  for (let at = 12; at + 8 <= view.byteLength;) {
    const size = view.getUint32(at + 4, true);
    if (view.getUint32(at) === WEBP_EXIF) edits.push({ at, end: at + 4, put: UNKNOWN });
    at += 8 + size + (size & 1);
  }
  return edits;
}

const READERS = { 'image/jpeg': jpegEdits, 'image/png': pngEdits, 'image/webp': webpEdits };

/** @param {Uint8Array<ArrayBuffer>} bytes @param {string} type @returns {Uint8Array<ArrayBuffer>[]} parts of a Blob; no copies */
export function withoutOrientation(bytes, type) {
  const read = READERS[/** @type {keyof typeof READERS} */ (type)];
  const parts = [];
  let from = 0;
  for (const { at, end, put } of read ? read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) : []) {
    parts.push(bytes.subarray(from, at), put);
    from = end;
  }
  parts.push(bytes.subarray(from));
  return parts;
}
