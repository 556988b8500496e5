// @ts-check
/**
 * @file Poses the vertices of a skinned mesh by its joints: linear blend skinning, once, while the mesh is built.
 *
 * Owns: the blend. Does not: animate. Limits: four joints a vertex; a vertex without weights follows its first joint.
 * Source: glTF 2.0, 3.7.3.3: sum of weight * joint matrix * inverse bind matrix; normals by its cofactors.
 */
import { asFloats, cofactors, determinant } from './vertices.js';

/** @typedef {import('./descriptor.js').Source} Source */

/** Joint matrix * inverse bind matrix of every joint, 3x4 row-major. @param {Float32Array} joints 12 each
 * @param {Source | undefined} inverse column-major 4x4 @returns {Float32Array} */
function jointMatrices(joints, inverse) {
  if (!inverse) return joints;
  const out = new Float32Array(joints.length);
  const { data, stride } = asFloats(inverse);
  for (let j = 0; j < joints.length / 12; j += 1) {
    for (let row = 0; row < 3; row += 1) {
      for (let column = 0; column < 4; column += 1) {
        let sum = column === 3 ? joints[j * 12 + row * 4 + 3] * data[j * stride + 15] : 0;
        for (let k = 0; k < 3; k += 1) sum += joints[j * 12 + row * 4 + k] * data[j * stride + column * 4 + k];
        out[j * 12 + row * 4 + column] = sum;
      }
    }
  }
  return out;
}

/** Whether most of them make mirror images. @param {Source} inverse column-major 4x4 @returns {boolean} */
export function mirrors(inverse) {
  const { data, stride } = asFloats(inverse);
  let mirrored = 0;
  for (let j = 0; j < inverse.count; j += 1) {
    const at = j * stride;
    const [x, y, z] = [0, 4, 8].map((column) => data.subarray(at + column, at + column + 3));
    const m = Float32Array.of(x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0);
    mirrored += determinant(m) < 0 ? 1 : 0;
  }
  return 2 * mirrored > inverse.count;
}

/** The matrix of vertex i. @param {Float32Array} out 12 @param {Float32Array} matrices
 * @param {{ data: Float32Array, stride: number }} joints @param {{ data: Float32Array, stride: number }} weights
 * @param {number} i */
function blend(out, matrices, joints, weights, i) {
  let total = 0;
  for (let k = 0; k < 4; k += 1) total += weights.data[i * weights.stride + k];
  out.fill(0);
  for (let k = 0; k < 4; k += 1) {
    const weight = total > 0 ? weights.data[i * weights.stride + k] / total : Number(k === 0);
    const joint = joints.data[i * joints.stride + k];
    if (weight === 0) continue;
    for (let m = 0; m < 12; m += 1) out[m] += weight * matrices[joint * 12 + m];
  }
}

/** @param {Float32Array} data @returns {Source} of three components, tight */
const vectors = (data) => ({
  items: /** @type {Float32Array<ArrayBuffer>} */ (data), stride: 3, components: 3, normalized: false, count: data.length / 3,
});

/**
 * Replaces positions, normals and tangents by posed ones.
 * @param {Map<string, Source>} attributes with joints and weights @param {Float32Array} joints 12 numbers each
 * @returns {boolean} whether the pose mirrors the mesh
 */
export function pose(attributes, joints) {
  const matrices = jointMatrices(joints, attributes.get('inverse_bind'));
  const [of, weights] = ['joints', 'weights'].map((name) => asFloats(/** @type {Source} */ (attributes.get(name))));
  const position = /** @type {Source} */ (attributes.get('position'));
  const [normal, tangent] = ['normal', 'tangent'].map((name) => attributes.get(name));
  const [p, n, t] = [position, normal, tangent].map((source) => (source ? asFloats(source) : null));
  const { count } = position;
  const out = { p: new Float32Array(3 * count), n: new Float32Array(n ? 3 * count : 0), t: new Float32Array(t ? 4 * count : 0) };
  const m = new Float32Array(12);
  let mirrored = 0;
  for (let i = 0; i < count; i += 1) {
    blend(m, matrices, of, weights, i);
    const sign = determinant(m) < 0 ? -1 : 1;
    mirrored += sign;
    if (p) turn(out.p, 3 * i, p, i, m, 4, m[3], m[7], m[11]);
    if (n) turn(out.n, 3 * i, n, i, Float32Array.from(cofactors(m), (value) => value * sign), 3, 0, 0, 0);
    if (t) {
      turn(out.t, 4 * i, t, i, m, 4, 0, 0, 0);
      out.t[4 * i + 3] = t.data[i * t.stride + 3];
    }
  }
  attributes.set('position', vectors(out.p));
  if (n) attributes.set('normal', vectors(out.n));
  if (t) attributes.set('tangent', { ...vectors(out.t), stride: 4, components: 4, count });
  return mirrored < 0;
}

/** out = matrix * v + (x, y, z). @param {Float32Array} out @param {number} to
 * @param {{ data: Float32Array, stride: number }} from @param {number} i @param {Float32Array} m @param {number} row its width
 * @param {number} x @param {number} y @param {number} z */
function turn(out, to, { data, stride }, i, m, row, x, y, z) {
  const a = data[i * stride], b = data[i * stride + 1], c = data[i * stride + 2];
  out[to] = m[0] * a + m[1] * b + m[2] * c + x;
  out[to + 1] = m[row] * a + m[row + 1] * b + m[row + 2] * c + y;
  out[to + 2] = m[2 * row] * a + m[2 * row + 1] * b + m[2 * row + 2] * c + z;
}
