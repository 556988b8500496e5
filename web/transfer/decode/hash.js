// @ts-check
/**
 * @file Checks that bytes have the content hash that their address promised.
 *
 * Owns: SHA-256 (FIPS 180-4): the browser's where the page is a secure context, else the one below, which is
 * about ten times slower.
 */
import { FAIL_HASH } from '../../gen/layouts.js';
import { shown } from './body.js';
import { Failure } from './failure.js';

/** The first 32 bits of the fractional parts of the `root`-th roots of the first primes. @param {number} count
 * @param {number} root */
function primeRoots(count, root) {
  const words = [];
  for (let n = 2; words.length < count; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d += 1) prime = n % d !== 0;
    if (prime) words.push(((n ** (1 / root)) % 1) * 2 ** 32);
  }
  return Uint32Array.from(words);
}

const START = primeRoots(8, 2);
const ROUND = primeRoots(64, 3);

/** @param {Uint32Array} state 8 words, updated @param {DataView} view @param {number} at @param {Uint32Array} w */
function block(state, view, at, w) {
  for (let i = 0; i < 16; i += 1) w[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const a = w[i - 15];
    const b = w[i - 2];
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) | 0; });
}

/** @param {ArrayBuffer} buffer @returns {string} lowercase hex; for pages without crypto.subtle */
export function sha256Slow(buffer) {
  const state = START.slice();
  const w = new Uint32Array(64);
  const whole = buffer.byteLength & ~63;
  const view = new DataView(buffer);
  for (let at = 0; at < whole; at += 64) block(state, view, at, w);
  const rest = buffer.byteLength - whole;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(new Uint8Array(buffer, whole));
  tail[rest] = 0x80;
  const end = new DataView(tail.buffer);
  end.setUint32(tail.byteLength - 8, Math.floor(buffer.byteLength / 2 ** 29));
  end.setUint32(tail.byteLength - 4, buffer.byteLength << 3);
  for (let at = 0; at < tail.byteLength; at += 64) block(state, end, at, w);
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** @param {ArrayBuffer} buffer @returns {Promise<Uint8Array>} its 32 bytes */
export async function sha256Bytes(buffer) {
  const hex = await sha256(buffer);
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** @param {ArrayBuffer} buffer @returns {Promise<string>} lowercase hex */
export async function sha256(buffer) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return sha256Slow(buffer);
  const digest = new Uint8Array(await subtle.digest('SHA-256', buffer));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {ArrayBuffer} buffer @param {string} expected a prefix of the hash, "" = unchecked @param {string} url */
export async function checkHash(buffer, expected, url) {
  if (expected === '') return;
  const found = await sha256(buffer);
  if (found.startsWith(expected)) return;
  const message = `${shown(url)} has sha256 ${found.slice(0, Math.max(expected.length, 16))}, but ${expected} was expected.`;
  throw new Failure(FAIL_HASH, message);
}
