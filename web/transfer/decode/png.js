// @ts-check
/** @file Encodes a picture as PNG (8-bit RGB, tagged sRGB): what a screenshot's file is made of.
 *
 * Does not: keep alpha (the canvas is opaque) or search for the best filter; every row is the difference to the one
 * above, which suits rendered pictures. The same bytes for the same picture on one browser.
 * Source: Portable Network Graphics, 3rd edition (W3C 2025), sections 5, 9, 10 and 13.
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const FILTER_UP = 2;
const CHUNK_FRAME_BYTES = 12; // length, name, checksum

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) value = CRC_TABLE[(value ^ bytes[i]) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}

/** Rows of a filter byte and RGB, each less the row above. @param {Uint8Array} rgba @param {number} width
 * @param {number} height */
function filtered(rgba, width, height) {
  const out = new Uint8Array((width * 3 + 1) * height);
  let to = 0;
  let from = 0;
  for (let y = 0; y < height; y += 1) {
    out[to++] = FILTER_UP;
    const up = y === 0 ? 0 : width * 4;
    for (let x = 0; x < width; x += 1, from += 4, to += 3) {
      for (let c = 0; c < 3; c += 1) out[to + c] = rgba[from + c] - (up === 0 ? 0 : rgba[from + c - up]);
    }
  }
  return out;
}

/** zlib's format. @param {Uint8Array<ArrayBuffer>} bytes */
async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array} rgba width * height * 4 bytes, upper row first; alpha is left out
 * @param {number} width @param {number} height @returns {Promise<Uint8Array<ArrayBuffer>>} */
export async function encodePng(rgba, width, height) {
  if (rgba.length !== width * height * 4) {
    throw new Error(`A PNG of ${width} x ${height} pixels takes ${width * height * 4} bytes, but ${rgba.length} were given.`);
  }
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, 2, 0, 0, 0], 8); // bits, RGB, the only compression and filter method, not interlaced
  /** @type {[string, Uint8Array][]} */
  const chunks = [
    ['IHDR', head], ['sRGB', new Uint8Array([0])], ['IDAT', await deflated(filtered(rgba, width, height))],
    ['IEND', new Uint8Array(0)],
  ];
  const sizeBytes = chunks.reduce((sum, [, data]) => sum + CHUNK_FRAME_BYTES + data.length, SIGNATURE.length);
  const out = new Uint8Array(sizeBytes);
  out.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const [name, data] of chunks) at = putChunk(out, at, name, data);
  return out;
}

/** @param {Uint8Array} out @param {number} at @param {string} name @param {Uint8Array} data @returns {number} its end */
function putChunk(out, at, name, data) {
  const view = new DataView(out.buffer);
  const end = at + CHUNK_FRAME_BYTES + data.length;
  view.setUint32(at, data.length);
  for (let i = 0; i < 4; i += 1) out[at + 4 + i] = name.charCodeAt(i);
  out.set(data, at + 8);
  view.setUint32(end - 4, crc32(out.subarray(at + 4, end - 4)));
  return end;
}
