// @ts-check
/**
 * @file Reads one URL into one ArrayBuffer that never passes its limit.
 *
 * Owns: the streaming read. Does not: retry, cache or choose what to fetch.
 * Limits: `maxBytes` holds for the buffer that is kept. The buffer grows by doubling (its old half is freed at
 * once where ArrayBuffer.transfer exists). Content-Length counts compressed bytes, so that it only ever refuses
 * early; the read itself decides.
 */
import { FAIL_ABORTED, FAIL_NETWORK, FAIL_TOO_LARGE } from '../../gen/layouts.js';
import { Failure } from './failure.js';

const FIRST_BYTES = 64 * 1024;
const URL_SHOWN_CHARS = 200;

/** A URL short enough for a message; a data URI may have megabytes. @param {string} url */
export const shown = (url) => (url.length > URL_SHOWN_CHARS ? `${url.slice(0, URL_SHOWN_CHARS)}...` : url);

/** @param {ArrayBuffer} buffer @param {number} sizeBytes @returns {ArrayBuffer} resized; the old one is given up */
export function resized(buffer, sizeBytes) {
  if (buffer.byteLength === sizeBytes) return buffer;
  // @ts-ignore: ArrayBuffer.prototype.transfer is newer than the library types
  if (typeof buffer.transfer === 'function') return buffer.transfer(sizeBytes);
  if (sizeBytes < buffer.byteLength) return buffer.slice(0, sizeBytes);
  const larger = new ArrayBuffer(sizeBytes);
  new Uint8Array(larger).set(new Uint8Array(buffer));
  return larger;
}

/** @param {string} url @param {number} needed @param {number} limit */
function tooLarge(url, needed, limit) {
  const message = `${shown(url)} needs ${needed} bytes or more; ${limit} were allowed.`;
  return new Failure(FAIL_TOO_LARGE, message, Math.min(needed, 0xffffffff));
}

/** @param {string} url @param {AbortSignal} signal @param {typeof fetch} fetchFunction @returns {Promise<Response>} */
async function respond(url, signal, fetchFunction) {
  let response;
  try {
    response = await fetchFunction(url, { signal });
  } catch (error) {
    if (signal.aborted) throw new Failure(FAIL_ABORTED, `The fetch of ${shown(url)} was cancelled.`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(FAIL_NETWORK, `${shown(url)} could not be fetched: ${reason}.`);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  const text = response.statusText ? ` ${response.statusText}` : '';
  throw new Failure(FAIL_NETWORK, `${shown(url)} answered HTTP ${response.status}${text}.`, response.status);
}

/** @param {ReadableStream<Uint8Array>} body @param {string} url @param {number} firstBytes @param {number} maxBytes */
async function readAll(body, url, firstBytes, maxBytes) {
  const reader = body.getReader();
  let buffer = new ArrayBuffer(firstBytes);
  let used = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return resized(buffer, used);
    const needed = used + value.byteLength;
    if (needed > maxBytes) {
      await reader.cancel();
      throw tooLarge(url, Math.max(needed, 2 * maxBytes), maxBytes);
    }
    if (needed > buffer.byteLength) buffer = resized(buffer, Math.min(maxBytes, Math.max(needed, 2 * buffer.byteLength)));
    new Uint8Array(buffer, used).set(value);
    used = needed;
  }
}

/**
 * The whole body of a URL.
 * @param {string} url
 * @param {{ maxBytes: number, signal: AbortSignal, fetchFunction: typeof fetch }} options
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchBytes(url, { maxBytes, signal, fetchFunction }) {
  const response = await respond(url, signal, fetchFunction);
  const declared = Number(response.headers.get('content-length') ?? 0);
  try {
    if (declared > maxBytes) {
      await response.body?.cancel();
      throw tooLarge(url, declared, maxBytes);
    }
    if (response.body === null) return new ArrayBuffer(0);
    return await readAll(response.body, url, Math.min(maxBytes, declared || FIRST_BYTES), maxBytes);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (signal.aborted) throw new Failure(FAIL_ABORTED, `The fetch of ${shown(url)} was cancelled.`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(FAIL_NETWORK, `The connection broke while ${shown(url)} was read: ${reason}.`);
  }
}
