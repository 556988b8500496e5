// @ts-check
/**
 * @file Points of a file as DISC elements (gpu/spec.py): where they are, their colours, and how large they are drawn.
 *
 * Owns: the size of points: how far they lie from each other, if they cover the largest side of the box around them
 * evenly, as scans of surfaces do. So a tile's points close its surface at every level of detail.
 * Does not: check bounds (descriptor.js).
 *
 *     word   0  1  2   3                     4
 *            x  y  z   color rgba unorm8     size, metres
 */
import { FAIL_FORMAT } from '../../gen/layouts.js';
import { Failure } from './failure.js';
import { asFloats } from './vertices.js';

/** @typedef {import('./descriptor.js').Plan} Plan */
/** @typedef {import('./descriptor.js').Source} Source */

export const DISC_WORDS = 5;
const SIZE_MIN_M = 1e-6;

/** @param {number} linear @returns {number} */
const encoded = (linear) => {
  const v = Math.min(Math.max(linear, 0), 1);
  return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
};

/** @param {Int32Array} out @param {Source} source @param {boolean} srgb */
function writeColors(out, source, srgb) {
  const { data, stride } = asFloats(source);
  const { components, count, normalized } = source;
  const scale = normalized || source.items instanceof Float32Array ? 255 : 1;
  if (components === 1) {
    for (let i = 0, at = 0, to = 3; i < count; i += 1, at += stride, to += DISC_WORDS) {
      const value = normalized ? Math.round(data[at] * 65535) : data[at];
      const red = value >> 11, green = (value >> 5) & 63, blue = value & 31;
      out[to] = (red << 3 | red >> 2) | (green << 2 | green >> 4) << 8 | (blue << 3 | blue >> 2) << 16 | 255 << 24;
    }
    return;
  }
  const byte = (/** @type {number} */ v) => Math.round(255 * (srgb ? Math.min(Math.max(v * scale / 255, 0), 1) : encoded(v * scale / 255)));
  for (let i = 0, at = 0, to = 3; i < count; i += 1, at += stride, to += DISC_WORDS) {
    const alpha = components === 4 ? Math.round(Math.min(Math.max(data[at + 3] * scale, 0), 255)) : 255;
    out[to] = byte(data[at]) | byte(data[at + 1]) << 8 | byte(data[at + 2]) << 16 | alpha << 24;
  }
}

/** @param {Plan} plan @param {Uint8Array} bytes all zeros, DISC_WORDS words a point
 * @returns {Float32Array<ArrayBuffer>} least and greatest position, and the radius around their middle */
export function writeDiscs(plan, bytes) {
  const out = new Float32Array(bytes.buffer, bytes.byteOffset, plan.vertexCount * DISC_WORDS);
  const colors = new Int32Array(bytes.buffer, bytes.byteOffset, plan.vertexCount * DISC_WORDS);
  const source = /** @type {Source} */ (plan.attributes.get('position'));
  const { data, stride } = asFloats(source);
  const [a, b, c, d, e, f, g, h, i0, j, k, l] = plan.matrix;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0, at = 0, to = 0; i < plan.vertexCount; i += 1, at += stride, to += DISC_WORDS) {
    const x = data[at], y = data[at + 1], z = data[at + 2];
    out[to] = a * x + b * y + c * z + d;
    out[to + 1] = e * x + f * y + g * z + h;
    out[to + 2] = i0 * x + j * y + k * z + l;
    for (let axis = 0; axis < 3; axis += 1) {
      const value = out[to + axis];
      if (!Number.isFinite(value)) throw new Failure(FAIL_FORMAT, `The position of point ${i} is (${x}, ${y}, ${z}); all three must be finite numbers.`);
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
  }
  const color = plan.attributes.get('color');
  if (color) writeColors(colors, color, plan.srgbColors);
  else for (let to = 3; to < colors.length; to += DISC_WORDS) colors[to] = -1;
  const sides = high.map((value, axis) => value - low[axis]).sort((p, q) => q - p);
  const size = Math.max(Math.sqrt(2 * sides[0] * sides[1] / plan.vertexCount), sides[0] / plan.vertexCount, SIZE_MIN_M); // a square's diagonal
  const middle = high.map((value, axis) => (value + low[axis]) / 2);
  let square = 0;
  for (let to = 0; to < out.length; to += DISC_WORDS) {
    out[to + 4] = size;
    square = Math.max(square, (out[to] - middle[0]) ** 2 + (out[to + 1] - middle[1]) ** 2 + (out[to + 2] - middle[2]) ** 2);
  }
  return Float32Array.of(...low, ...high, Math.sqrt(square) + size);
}
