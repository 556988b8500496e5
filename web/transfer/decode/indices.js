// @ts-check
/**
 * @file Turns every glTF primitive mode into a list of triangles, lines or points, and checks each index.
 *
 * Owns: unrolling and the range check. Limits: primitive restart is not part of glTF; its value fails the check.
 * Source: glTF 2.0 specification, 3.7.2.1 (the orders of strips and fans).
 */
import { FAIL_FORMAT, GLTF_MODES } from '../../gen/layouts.js';
import { Failure } from './failure.js';

/** @typedef {import('./descriptor.js').Source} Source */
/** @typedef {Uint16Array | Uint32Array} IndexArray */

/** @param {number} topology index in GLTF_MODES @param {number} count of the input @returns {number} of the list */
export function listCount(topology, count) {
  switch (GLTF_MODES[topology]) {
    case 'points': return count;
    case 'lines': return count - (count % 2);
    case 'line_loop': return count < 2 ? 0 : 2 * count;
    case 'line_strip': return count < 2 ? 0 : 2 * (count - 1);
    case 'triangles': return count - (count % 3);
    case 'triangle_strip':
    case 'triangle_fan': return count < 3 ? 0 : 3 * (count - 2);
    default: throw new Failure(FAIL_FORMAT, `The primitive mode is ${topology}; the modes are 0 to ${GLTF_MODES.length - 1}.`);
  }
}

/** @param {Source} source @param {number} vertices */
function checkRange(source, vertices) {
  const { items, stride, count } = source;
  let largest = -1;
  let where = 0;
  for (let i = 0, at = 0; i < count; i += 1, at += stride) {
    const value = items[at];
    if (value > largest) { largest = value; where = i; }
  }
  if (largest >= vertices) {
    throw new Failure(FAIL_FORMAT, `Index ${where} names vertex ${largest}, but the mesh has only ${vertices} vertices.`);
  }
}

/** Writes the list. @param {IndexArray} out @param {number} topology
 * @param {(i: number) => number} at the i-th input index @param {number} count of the input */
function unroll(out, topology, at, count) {
  const mode = GLTF_MODES[topology];
  if (mode === 'line_loop' || mode === 'line_strip') {
    for (let i = 0; 2 * i < out.length; i += 1) {
      out[2 * i] = at(i);
      out[2 * i + 1] = at((i + 1) % count);
    }
    return;
  }
  for (let i = 0; 3 * i < out.length; i += 1) {
    const odd = mode === 'triangle_strip' ? i & 1 : 0;
    out[3 * i] = mode === 'triangle_strip' ? at(i) : at(i + 1);
    out[3 * i + 1] = mode === 'triangle_strip' ? at(i + 1 + odd) : at(i + 2);
    out[3 * i + 2] = mode === 'triangle_strip' ? at(i + 2 - odd) : at(0);
  }
}

/** @param {IndexArray} out triangles */
function flipWinding(out) {
  for (let i = 0; i + 2 < out.length; i += 3) {
    const second = out[i + 1];
    out[i + 1] = out[i + 2];
    out[i + 2] = second;
  }
}

/**
 * Fills `out` with a list; its length is listCount().
 * @param {IndexArray} out
 * @param {{ topology: number, indices: Source | null, vertices: number, flip: boolean }} input
 */
export function writeIndices(out, { topology, indices, vertices, flip }) {
  const mode = GLTF_MODES[topology];
  const isList = mode === 'triangles' || mode === 'lines' || mode === 'points';
  if (indices) checkRange(indices, vertices);
  if (isList && indices && indices.stride === 1) {
    out.set(indices.items.length === out.length ? indices.items : indices.items.subarray(0, out.length));
  } else if (isList) {
    for (let i = 0; i < out.length; i += 1) out[i] = indices ? indices.items[i * indices.stride] : i;
  } else {
    const at = indices ? (/** @type {number} */ i) => indices.items[i * indices.stride] : (/** @type {number} */ i) => i;
    unroll(out, topology, at, indices ? indices.count : vertices);
  }
  if (flip && mode.startsWith('triangle')) flipWinding(out);
}
