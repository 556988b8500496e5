/**
 * A program in an address: `#code=` and its text, deflated, in base64url. It stays in the browser: no host is sent a
 * fragment.
 *
 * Limits: an address of LINK_CHARS_MAX, which mails and chats still carry whole; a text of TEXT_BYTES_MAX, however well
 * it was packed.
 */

export const LINK_CHARS_MAX = 8000;
export const TEXT_BYTES_MAX = 256 * 1024;
const KEY = '#code=';

/**
 * @param {string} text a program
 * @param {string} page its page's address
 * @returns {Promise<string>} the address that shows it
 * @throws {RangeError} it is too long for one, or larger than what `textOf` opens
 */
export async function linkOf(text, page) {
  const blob = new Blob([text]);
  if (blob.size > TEXT_BYTES_MAX) throw new RangeError(`The program has ${blob.size} bytes, and ${TEXT_BYTES_MAX} is the most that a link opens; download it instead.`);
  const stream = blob.stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const link = new URL(KEY + base64url(bytes), page).href;
  if (link.length <= LINK_CHARS_MAX) return link;
  throw new RangeError(`The link would have ${link.length} characters, and ${LINK_CHARS_MAX} is the most that mails and chats carry; download the program instead.`);
}

/**
 * @param {string} hash of an address
 * @returns {Promise<string | null>} the program in it; null where there is none
 * @throws {Error} it is damaged
 */
export async function textOf(hash) {
  if (!hash.startsWith(KEY)) return null;
  try {
    const packed = Uint8Array.from(atob(hash.slice(KEY.length).replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return await inflated(packed);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new Error('The program in this link is damaged; perhaps its end was cut off. This is the example as it was.');
  }
}

/** @param {Uint8Array<ArrayBuffer>} packed */
async function inflated(packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for (let size = 0, part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > TEXT_BYTES_MAX) {
      await reader.cancel();
      throw new RangeError(`The program in this link is larger than ${TEXT_BYTES_MAX / 1024} KiB and was not opened.`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
