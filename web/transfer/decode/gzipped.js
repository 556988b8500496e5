// @ts-check
/**
 * @file Files that are stored as gzip, as many tiles are: unpacks them where the server did not say so.
 *
 * Owns: that the result fits into what was allowed for the file, with the packed bytes, before it is made.
 */
import { FAIL_FORMAT, FAIL_TOO_LARGE } from '../../gen/layouts.js';
import { shown } from './body.js';
import { Failure } from './failure.js';

const BYTES_MIN = 18;

/** The file, unpacked where it begins as gzip does. @param {ArrayBuffer} buffer @param {string} url @param {number} maxBytes
 * @returns {Promise<ArrayBuffer>} */
export async function unzipped(buffer, url, maxBytes) {
  const bytes = new Uint8Array(buffer);
  if (bytes.length < BYTES_MIN || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) return buffer;
  const stated = new DataView(buffer).getUint32(bytes.length - 4, true);
  if (bytes.length + stated > maxBytes) {
    throw new Failure(FAIL_TOO_LARGE, `${shown(url)} needs ${bytes.length} bytes and ${stated} unpacked; ${maxBytes} were allowed.`,
      Math.min(bytes.length + stated, 0xffffffff));
  }
  const found = new Uint8Array(stated);
  const reader = new Blob([buffer]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  let used = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (used + value.length > stated) throw new RangeError('it is larger than it states');
      found.set(value, used);
      used += value.length;
    }
    if (used < stated) throw new RangeError('it is smaller than it states');
  } catch (error) {
    reader.cancel().catch(() => {});
    throw new Failure(FAIL_FORMAT, `${shown(url)} is damaged gzip: ${error instanceof Error ? error.message : error}.`);
  }
  return found.buffer;
}
