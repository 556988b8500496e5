// @ts-check
/**
 * @file Writes the POSED stream (gpu/spec.py) of a mesh that is posed while it is drawn: by joints, or by morphs.
 *
 * Owns: weights as bytes that add up to 255, and how far each joint's vertices lie from it. Does not: move vertices.
 * Limits: four joints a vertex; a vertex without weights follows its first joint.
 */
import { POSED_BYTES } from '../../gen/layouts.js';
import { asFloats } from './vertices.js';

/** @typedef {import('./descriptor.js').Source} Source */

/** Four weights as one word of bytes that add up to 255. @param {Float32Array} weights from 0 to 1 @returns {number} */
function packed(weights) {
  let largest = 0;
  let rest = 255;
  let word = 0;
  for (let k = 1; k < 4; k += 1) if (weights[k] > weights[largest]) largest = k;
  for (let k = 0; k < 4; k += 1) {
    if (k === largest) continue;
    const value = Math.round(weights[k] * 255);
    rest -= value;
    word |= value << (8 * k);
  }
  return (word | (Math.max(rest, 0) << (8 * largest))) >>> 0;
}

/** Squares of the distance of a place to every joint's own. @param {Source | undefined} inverse @param {number} joint
 * @param {Float32Array} floats @param {number} at of a position @returns {number} */
function squareFrom(inverse, joint, floats, at) {
  const x = floats[at], y = floats[at + 1], z = floats[at + 2];
  if (!inverse) return x * x + y * y + z * z;
  const { items: m, stride } = inverse;
  const o = joint * stride;
  const px = m[o] * x + m[o + 4] * y + m[o + 8] * z + m[o + 12];
  const py = m[o + 1] * x + m[o + 5] * y + m[o + 9] * z + m[o + 13];
  const pz = m[o + 2] * x + m[o + 6] * y + m[o + 10] * z + m[o + 14];
  return px * px + py * py + pz * pz;
}

/**
 * @param {Uint8Array} bytes of the result, with its vertices @param {number} offset of the stream
 * @param {import('./descriptor.js').Plan} plan @param {number} count vertices of the result
 * @param {Uint32Array | null} numbers which vertex of the file each is; null: the same
 * @returns {Float32Array} of each joint, -1 where no vertex follows it
 */
export function writePosed(bytes, offset, { attributes, jointCount }, count, numbers) {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + offset, count * POSED_BYTES / 4);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, count * 8);
  const reach = new Float32Array(jointCount).fill(-1);
  const given = [attributes.get('joints'), attributes.get('weights')].map((source) => source && asFloats(source));
  const [joints, weights] = given;
  const inverse = attributes.get('inverse_bind');
  const share = new Float32Array(4);
  for (let i = 0; i < count; i += 1) {
    const source = numbers === null ? i : numbers[i];
    words[4 * i + 3] = source;
    if (!joints || !weights || jointCount === 0) continue;
    let total = 0;
    for (let k = 0; k < 4; k += 1) total += share[k] = Math.max(0, weights.data[source * weights.stride + k]) || 0;
    if (total > 0 && total < Infinity) for (let k = 0; k < 4; k += 1) share[k] /= total;
    else share.set([1, 0, 0, 0]);
    const four = [0, 0, 0, 0];
    for (let k = 0; k < 4; k += 1) {
      if (share[k] === 0) continue;
      const joint = joints.data[source * joints.stride + k];
      four[k] = joint;
      reach[joint] = Math.max(reach[joint], squareFrom(inverse, joint, floats, 8 * i));
    }
    words[4 * i] = four[0] | (four[1] << 16);
    words[4 * i + 1] = four[2] | (four[3] << 16);
    words[4 * i + 2] = packed(share);
  }
  return reach.map((square) => (square < 0 ? square : Math.sqrt(square)));
}
