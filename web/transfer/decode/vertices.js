// @ts-check
/**
 * @file Writes interleaved VERTEX vertices (gpu/spec.py) from glTF attributes: the hot loops.
 *
 * Owns: one loop an attribute, over Float32Arrays only, so that each stays monomorphic; integers are widened first.
 * Does not: check bounds (descriptor.js) or make indices (indices.js).
 * Source of the octahedral map: Cigolle et al., "A Survey of Efficient Representations for Independent Unit
 * Vectors", JCGT 2014.
 *
 *     word   0  1  2   3               4                    5  6   7
 *            x  y  z   normal snorm16  tangent xyzw snorm8  u  v   color rgba unorm8
 */
import { FAIL_FORMAT } from '../../gen/layouts.js';
import { Failure } from './failure.js';

/** @typedef {import('./descriptor.js').Source} Source */

/** Factors of normalised integers (glTF 2.0, 3.6.2.2). @param {Source} source @returns {number} */
function scaleOf(source) {
  if (!source.normalized) return 1;
  if (source.items instanceof Int8Array) return 1 / 127;
  if (source.items instanceof Uint8Array) return 1 / 255;
  if (source.items instanceof Int16Array) return 1 / 32767;
  if (source.items instanceof Uint16Array) return 1 / 65535;
  return 1;
}

/** The same attribute as floats. @param {Source} source @returns {{ data: Float32Array, stride: number }} */
export function asFloats(source) {
  const { items, stride, components, count } = source;
  if (items instanceof Float32Array) return { data: items, stride };
  const scale = scaleOf(source);
  const floor = scale === 1 ? -Infinity : -1; // the most negative integer is -1 too
  const data = new Float32Array(count * components);
  if (items instanceof Int8Array) widenInt8(data, items, stride, components, scale, floor);
  else if (items instanceof Int16Array) widenInt16(data, items, stride, components, scale, floor);
  else widen(data, items, stride, components, scale);
  return { data, stride: components };
}

// Three copies of one loop: each sees few types of arrays, so that the compiler keeps it fast.
/** @param {Float32Array} data @param {Int8Array} items @param {number} stride @param {number} components
 * @param {number} scale @param {number} floor */
function widenInt8(data, items, stride, components, scale, floor) {
  for (let c = 0; c < components; c += 1) {
    for (let out = c, at = c; out < data.length; out += components, at += stride) {
      const value = items[at] * scale;
      data[out] = value < floor ? floor : value;
    }
  }
}

/** @param {Float32Array} data @param {Int16Array} items @param {number} stride @param {number} components
 * @param {number} scale @param {number} floor */
function widenInt16(data, items, stride, components, scale, floor) {
  for (let c = 0; c < components; c += 1) {
    for (let out = c, at = c; out < data.length; out += components, at += stride) {
      const value = items[at] * scale;
      data[out] = value < floor ? floor : value;
    }
  }
}

/** @param {Float32Array} data @param {import('./descriptor.js').Elements} items unsigned @param {number} stride
 * @param {number} components @param {number} scale */
function widen(data, items, stride, components, scale) {
  for (let c = 0; c < components; c += 1) {
    for (let out = c, at = c; out < data.length; out += components, at += stride) data[out] = items[at] * scale;
  }
}

/** @param {Float32Array} out 8 words a vertex @param {Source} source @param {Float32Array | null} matrix 3x4 */
export function writePositions(out, source, matrix) {
  const { data, stride } = asFloats(source);
  const count = source.count;
  let check = 0; // stays 0 unless a value is NaN or infinite
  if (matrix === null) {
    for (let i = 0, at = 0, to = 0; i < count; i += 1, at += stride, to += 8) {
      const x = data[at], y = data[at + 1], z = data[at + 2];
      check += x * 0 + y * 0 + z * 0;
      out[to] = x;
      out[to + 1] = y;
      out[to + 2] = z;
    }
  } else {
    const [a, b, c, d, e, f, g, h, i0, j, k, l] = matrix;
    for (let i = 0, at = 0, to = 0; i < count; i += 1, at += stride, to += 8) {
      const x = data[at], y = data[at + 1], z = data[at + 2];
      check += x * 0 + y * 0 + z * 0;
      out[to] = a * x + b * y + c * z + d;
      out[to + 1] = e * x + f * y + g * z + h;
      out[to + 2] = i0 * x + j * y + k * z + l;
    }
  }
  if (check !== 0) refusePosition(data, stride, count);
}

/** @param {Float32Array} data @param {number} stride @param {number} count */
function refusePosition(data, stride, count) {
  for (let i = 0; i < count; i += 1) {
    const p = data.subarray(i * stride, i * stride + 3);
    if (!p.every(Number.isFinite)) {
      throw new Failure(FAIL_FORMAT, `The position of vertex ${i} is (${[...p].join(', ')}); all three must be finite numbers.`);
    }
  }
}

/** One unit vector as two snorm16, x lowest. @param {number} x @param {number} y @param {number} z @returns {number} */
export function octahedral(x, y, z) {
  const sum = Math.abs(x) + Math.abs(y) + Math.abs(z);
  if (!(sum > 0)) return 0; // also NaN: +Z
  let u = x / sum;
  let v = y / sum;
  if (z < 0) {
    const folded = (1 - Math.abs(v)) * (u < 0 ? -1 : 1);
    v = (1 - Math.abs(u)) * (v < 0 ? -1 : 1);
    u = folded;
  }
  const a = (u * 32767 + (u < 0 ? -0.5 : 0.5)) | 0;
  const b = (v * 32767 + (v < 0 ? -0.5 : 0.5)) | 0;
  return (a & 0xffff) | (b << 16);
}

/** The cofactors of the 3x3 part: what turns normals, also under mirrors and uneven scales.
 * @param {Float32Array} m 3x4 row-major @returns {number[]} */
export function cofactors(m) {
  return [
    m[5] * m[10] - m[6] * m[9], m[6] * m[8] - m[4] * m[10], m[4] * m[9] - m[5] * m[8],
    m[2] * m[9] - m[1] * m[10], m[0] * m[10] - m[2] * m[8], m[1] * m[8] - m[0] * m[9],
    m[1] * m[6] - m[2] * m[5], m[2] * m[4] - m[0] * m[6], m[0] * m[5] - m[1] * m[4],
  ];
}

/** @param {Float32Array} m 3x4 row-major @returns {number} */
export const determinant = (m) => {
  const c = cofactors(m);
  return m[0] * c[0] + m[1] * c[1] + m[2] * c[2];
};

/** @param {Int32Array} out @param {Source} source @param {Float32Array | null} matrix */
export function writeNormals(out, source, matrix) {
  const { data, stride } = asFloats(source);
  const count = source.count;
  if (matrix === null) {
    for (let i = 0, at = 0, to = 3; i < count; i += 1, at += stride, to += 8) {
      out[to] = octahedral(data[at], data[at + 1], data[at + 2]);
    }
    return;
  }
  const sign = determinant(matrix) < 0 ? -1 : 1;
  const [a, b, c, d, e, f, g, h, k] = cofactors(matrix).map((value) => value * sign);
  for (let i = 0, at = 0, to = 3; i < count; i += 1, at += stride, to += 8) {
    const x = data[at], y = data[at + 1], z = data[at + 2];
    out[to] = octahedral(a * x + b * y + c * z, d * x + e * y + f * z, g * x + h * y + k * z);
  }
}

/** @param {Int32Array} out @param {Source} source @param {Float32Array | null} matrix @param {number} mirror 1 or -1 */
export function writeTangents(out, source, matrix, mirror) {
  const { data, stride } = asFloats(source);
  const [a, b, c, , d, e, f, , g, h, k] = matrix ?? [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];
  const four = source.components === 4;
  for (let i = 0, at = 0, to = 4; i < source.count; i += 1, at += stride, to += 8) {
    const x = data[at], y = data[at + 1], z = data[at + 2];
    const tx = a * x + b * y + c * z, ty = d * x + e * y + f * z, tz = g * x + h * y + k * z;
    const length = Math.sqrt(tx * tx + ty * ty + tz * tz);
    if (!(length > 0)) { out[to] = 0; continue; } // zero: the shader derives it
    const s = 127 / length;
    const w = (four && data[at + 3] < 0 ? -127 : 127) * mirror;
    out[to] = (Math.round(tx * s) & 255) | ((Math.round(ty * s) & 255) << 8) | ((Math.round(tz * s) & 255) << 16) | (w << 24);
  }
}

/** @param {Float32Array} out @param {Source} source @param {Float32Array | null} matrix 2x3 row-major */
export function writeUvs(out, source, matrix) {
  const { data, stride } = asFloats(source);
  const [a, b, c, d, e, f] = matrix ?? [1, 0, 0, 0, 1, 0];
  for (let i = 0, at = 0, to = 5; i < source.count; i += 1, at += stride, to += 8) {
    const u = data[at], v = data[at + 1];
    out[to] = a * u + b * v + c;
    out[to + 1] = d * u + e * v + f;
  }
}

/** A second set, tight. @param {Float32Array} out @param {Source} source @param {number} first word */
export function writeUvs1(out, source, first) {
  const { data, stride } = asFloats(source);
  for (let i = 0, at = 0, to = first; i < source.count; i += 1, at += stride, to += 2) {
    out[to] = data[at];
    out[to + 1] = data[at + 1];
  }
}

/** @param {number} value @returns {number} */
const unorm8 = (value) => (value <= 0 ? 0 : value >= 1 ? 255 : (value * 255 + 0.5) | 0);

/** @param {Int32Array} out @param {Source} source */
export function writeColors(out, source) {
  const { data, stride } = asFloats(source);
  const four = source.components === 4;
  for (let i = 0, at = 0, to = 7; i < source.count; i += 1, at += stride, to += 8) {
    const alpha = four ? unorm8(data[at + 3]) : 255;
    out[to] = unorm8(data[at]) | (unorm8(data[at + 1]) << 8) | (unorm8(data[at + 2]) << 16) | (alpha << 24);
  }
}
