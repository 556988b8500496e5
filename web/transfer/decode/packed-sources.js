// @ts-check
/** @file Which transfers an order to unpack reads (gpu/spec.py's UNPACK). Owns nothing else: it is loaded with the engine. */
import { UNPACK_HEAD, UNPACK_KINDS } from '../../gen/layouts.js';

/** @param {Uint32Array} words @returns {number[]} */
export function packedSources(words) {
  const found = [words[1]];
  if (UNPACK_KINDS[words[0]] === 'sparse') found.push(words[UNPACK_HEAD.length], words[UNPACK_HEAD.length + 3]);
  return [...new Set(found)].filter((transfer) => transfer > 0);
}
