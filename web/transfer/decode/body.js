// @ts-check
/**
 * @file Reads one URL into one ArrayBuffer that never passes its limit.
 *
 * Owns: the streaming read. Does not: retry, or choose what to fetch and how long to wait (patience.js).
 * Limits: `maxBytes` holds for the buffer that is kept. The buffer grows by doubling (its old half is freed at
 * once where ArrayBuffer.transfer exists). Content-Length counts compressed bytes, so that it only ever refuses
 * early; the read itself decides.
 */
import { FAIL_ABORTED, FAIL_NETWORK, FAIL_TOO_LARGE } from '../../gen/layouts.js';
import { Failure } from './failure.js';
import { NO_LIMITS, Patience } from './patience.js';

/** @typedef {import('./patience.js').Limits} Limits */

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

/** Why a fetch ended: the reason of its signal where that was aborted. @param {unknown} error @param {string} url
 * @param {AbortSignal} signal @param {(reason: string) => string} sentence */
function failureOf(error, url, signal, sentence) {
  if (error instanceof Failure) return error;
  if (signal.reason instanceof Failure) return signal.reason;
  if (signal.aborted) return new Failure(FAIL_ABORTED, `The fetch of ${shown(url)} was cancelled.`);
  return new Failure(FAIL_NETWORK, sentence(error instanceof Error ? error.message : String(error)));
}

/** What another server may lack: the browser says the same of one that is not there. @param {string} url */
const elsewhere = (url) => (/^https?:/.test(url) && new URL(url).origin !== globalThis.origin
  ? ' If that server is there, it has to send Access-Control-Allow-Origin.' : '');

/** @param {string} url @param {RequestInit & { signal: AbortSignal }} init @param {typeof fetch} fetchFunction
 * @returns {Promise<Response>} */
async function respond(url, init, fetchFunction) {
  let response;
  try {
    response = await fetchFunction(url, init);
  } catch (error) {
    throw failureOf(error, url, init.signal, (reason) => `${shown(url)} could not be fetched: ${reason}.${elsewhere(url)}`);
  }
  if (response.ok) return response;
  response.body?.cancel().catch(() => {}); // its end is not waited for
  const text = response.statusText ? ` ${response.statusText}` : '';
  throw new Failure(FAIL_NETWORK, `${shown(url)} answered HTTP ${response.status}${text}.`, response.status);
}

/** @param {ReadableStream<Uint8Array>} body @param {string} url @param {number} firstBytes @param {number} maxBytes
 * @param {Patience} patience */
async function readAll(body, url, firstBytes, maxBytes, patience) {
  const reader = body.getReader();
  let buffer = new ArrayBuffer(firstBytes);
  let used = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return resized(buffer, used);
    patience.received(value.byteLength);
    const needed = used + value.byteLength;
    if (needed > maxBytes) {
      reader.cancel().catch(() => {});
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
 * @param {object} options
 * @param {number} options.maxBytes
 * @param {AbortController} options.controller ends the fetch; patience does so as well
 * @param {typeof fetch} options.fetchFunction
 * @param {RequestCache} [options.cache]
 * @param {Limits} [options.limits]
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchBytes(url, { maxBytes, controller, fetchFunction, cache = 'default', limits = NO_LIMITS }) {
  const { signal } = controller;
  const patience = new Patience(shown(url), limits, controller);
  try {
    const response = await respond(url, { signal, cache }, fetchFunction);
    patience.begin();
    const declared = Number(response.headers.get('content-length') ?? 0);
    if (declared > maxBytes) {
      response.body?.cancel().catch(() => {});
      throw tooLarge(url, declared, maxBytes);
    }
    if (response.body === null) return new ArrayBuffer(0);
    return await readAll(response.body, url, Math.min(maxBytes, declared || FIRST_BYTES), maxBytes, patience);
  } catch (error) {
    throw failureOf(error, url, signal, (reason) => `The connection broke while ${shown(url)} was read: ${reason}.`);
  } finally {
    patience.end();
  }
}
