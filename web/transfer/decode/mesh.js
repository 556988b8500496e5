// @ts-check
/**
 * @file Builds one mesh: interleaved VERTEX vertices, then indices, in one run of bytes that goes to the GPU as it is: a
 * block of shared Layer memory, or a buffer of its own.
 *
 * Owns: the order of the steps, flat normals, the bounds of the result. Does not: know where bytes come from.
 * Limits: little-endian machines (all browsers); 2^24 vertices.
 */
import {
  FAIL_FORMAT, MESH_BUILD_DISCS, MESH_BUILD_FLAT_NORMALS, MESH_BUILD_MIRRORED, MESH_BUILD_POSED, MESH_BUILD_TRANSFORM, POSED_BYTES, UV1_BYTES, VERTEX_BYTES,
} from '../../gen/layouts.js';
import { readDescriptor } from './descriptor.js';
import { DISC_WORDS, writeDiscs } from './discs.js';
import { Failure } from './failure.js';
import { listCount, writeIndices } from './indices.js';
import { writePosed } from './posed.js';
import { mirrors, pose } from './skin.js';
import { determinant, octahedral, writeColors, writeNormals, writePositions, writeTangents, writeUvs, writeUvs1 } from './vertices.js';

/** @typedef {import('./descriptor.js').Plan} Plan */
/** @typedef {{ bytes: Uint8Array, vertexCount: number, indexCount: number, payload: Float32Array<ArrayBuffer> }} Built
 * payload: the bounds, how far the joints of a posed mesh reach, and vertices of joints that there are not (`strays`) */

const VERTEX_WORDS = VERTEX_BYTES / 4;
const SHORT_INDEX_VERTICES_MAX = 65535;

/** Bytes of a vertex. @param {Plan} plan @returns {number} */
const vertexBytes = ({ attributes, flags }) => VERTEX_BYTES + (attributes.has('uv1') ? UV1_BYTES : 0)
  + (flags & MESH_BUILD_POSED ? POSED_BYTES : 0);

/** Bytes of a result. @param {number} vertexCount @param {number} indexCount @param {number} bytes of a vertex
 * @returns {number} */
export function meshBytes(vertexCount, indexCount, bytes) {
  const indexBytes = vertexCount <= SHORT_INDEX_VERTICES_MAX ? 2 : 4;
  return vertexCount * bytes + ((indexCount * indexBytes + 3) & ~3);
}

/** @param {Uint8Array} bytes @param {number} vertexCount @param {number} indexCount @param {number} each of a vertex */
function indexView({ buffer, byteOffset }, vertexCount, indexCount, each) {
  const start = byteOffset + vertexCount * each;
  return vertexCount <= SHORT_INDEX_VERTICES_MAX ? new Uint16Array(buffer, start, indexCount) : new Uint32Array(buffer, start, indexCount);
}

/** @param {Plan} plan @param {Uint8Array} bytes @param {boolean} mirrored */
function writeVertices(plan, bytes, mirrored) {
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  const ints = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  const matrix = plan.flags & MESH_BUILD_TRANSFORM ? plan.matrix : null;
  const { attributes } = plan;
  const position = /** @type {import('./descriptor.js').Source} */ (attributes.get('position'));
  writePositions(floats, position, matrix);
  const normal = attributes.get('normal');
  if (normal) writeNormals(ints, normal, matrix);
  const tangent = attributes.get('tangent');
  if (tangent) writeTangents(ints, tangent, matrix, mirrored ? -1 : 1);
  const uv = attributes.get('uv');
  if (uv) writeUvs(floats, uv, plan.uvMatrix);
  const uv1 = attributes.get('uv1');
  if (uv1) writeUvs1(floats, uv1, position.count * VERTEX_WORDS);
  const color = attributes.get('color');
  if (color) writeColors(ints, color);
  else for (let at = 7; at < position.count * VERTEX_WORDS; at += VERTEX_WORDS) ints[at] = -1;
}

/** Gives every triangle its own three vertices with the triangle's normal.
 * @param {ArrayBuffer} from shared vertices @param {Uint32Array} list @param {Uint8Array} to
 * @param {number} uv1 the word where the second uvs begin, 0 = none */
function writeFlat(from, list, to, uv1) {
  const source = new Int32Array(from);
  const out = new Int32Array(to.buffer, to.byteOffset, to.byteLength >>> 2);
  const p = new Float32Array(to.buffer, to.byteOffset, to.byteLength >>> 2);
  if (uv1 > 0) {
    for (let i = 0, at = list.length * VERTEX_WORDS; i < list.length; i += 1, at += 2) {
      out.set(source.subarray(uv1 + 2 * list[i], uv1 + 2 * list[i] + 2), at);
    }
  }
  for (let i = 0, at = 0; i < list.length; i += 1) {
    const start = list[i] * VERTEX_WORDS;
    for (let word = 0; word < VERTEX_WORDS; word += 1, at += 1) out[at] = source[start + word];
  }
  for (let a = 0; a < list.length * VERTEX_WORDS; a += 3 * VERTEX_WORDS) {
    const b = a + VERTEX_WORDS, c = b + VERTEX_WORDS;
    const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
    const vx = p[c] - p[a], vy = p[c + 1] - p[a + 1], vz = p[c + 2] - p[a + 2];
    out[a + 3] = out[b + 3] = out[c + 3] = octahedral(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx);
  }
}

/** Smallest and largest position, and the radius around their middle. @param {Uint8Array} bytes @param {number} count */
function boundsOf(bytes, count) {
  const p = new Float32Array(bytes.buffer, bytes.byteOffset, count * VERTEX_WORDS);
  let ax = Infinity, ay = Infinity, az = Infinity, bx = -Infinity, by = -Infinity, bz = -Infinity;
  for (let i = 0; i < p.length; i += VERTEX_WORDS) {
    const x = p[i], y = p[i + 1], z = p[i + 2];
    if (x < ax) ax = x;
    if (x > bx) bx = x;
    if (y < ay) ay = y;
    if (y > by) by = y;
    if (z < az) az = z;
    if (z > bz) bz = z;
  }
  const cx = (ax + bx) / 2, cy = (ay + by) / 2, cz = (az + bz) / 2;
  let square = 0;
  for (let i = 0; i < p.length; i += VERTEX_WORDS) {
    const x = p[i] - cx, y = p[i + 1] - cy, z = p[i + 2] - cz;
    square = Math.max(square, x * x + y * y + z * z);
  }
  return count === 0 ? new Float32Array(7) : Float32Array.of(ax, ay, az, bx, by, bz, Math.sqrt(square));
}

/** @param {Plan} plan @param {number} inputVertices @returns {boolean} whether normals are made here */
function checkCounts(plan, inputVertices) {
  const flat = (plan.flags & MESH_BUILD_FLAT_NORMALS) !== 0;
  const indexCount = listCount(plan.topology, plan.indices ? plan.indices.count : inputVertices);
  const vertexCount = flat ? indexCount : inputVertices;
  if (flat && plan.topology < 4) throw new Failure(FAIL_FORMAT, 'Flat normals were asked for points or lines, which have none.');
  if (plan.indexCount !== indexCount || plan.vertexCount !== vertexCount) {
    throw new Failure(FAIL_FORMAT, `A mesh was planned with ${plan.vertexCount} vertices and ${plan.indexCount} indices, but its ` +
      `accessors give ${vertexCount} and ${indexCount}.`);
  }
  return flat;
}

/** Zeroed bytes for a result. @param {number} sizeBytes @param {import('../blocks.js').Target} [target] */
function room(sizeBytes, target) {
  if (target === undefined) return new Uint8Array(sizeBytes);
  if (sizeBytes > target.sizeBytes) {
    throw new Failure(FAIL_FORMAT, `A mesh of ${sizeBytes} bytes was to be built in a block of ${target.sizeBytes} bytes.`);
  }
  return new Uint8Array(target.memory, target.address, sizeBytes).fill(0);
}

/** @param {Plan} plan @param {number} points @param {import('../blocks.js').Target} [target] @returns {Built} */
function buildDiscs(plan, points, target) {
  if (plan.vertexCount !== points || plan.indexCount !== 0) {
    throw new Failure(FAIL_FORMAT, `Discs were planned as ${plan.vertexCount} points and ${plan.indexCount} indices, but there are ${points} points.`);
  }
  const bytes = room(4 * DISC_WORDS * points, target);
  return { bytes, vertexCount: points, indexCount: 0, payload: writeDiscs(plan, bytes) };
}

/** Whether it is drawn as a mirror image of the file's; where joints are baked in, that is done here. @param {Plan} plan */
function isMirrored({ flags, matrix, joints, attributes }) {
  const turned = (flags & MESH_BUILD_TRANSFORM) !== 0 && determinant(matrix) < 0;
  if ((flags & MESH_BUILD_POSED) === 0) return turned !== (joints !== null && pose(attributes, joints));
  const inverse = attributes.get('inverse_bind');
  return ((flags & MESH_BUILD_MIRRORED) !== 0) !== (inverse !== undefined && mirrors(inverse));
}

/**
 * @param {Uint32Array<ArrayBuffer>} descriptor MESH_BUILD words
 * @param {(transfer: number) => ArrayBuffer} bufferOf the bytes of a finished transfer; throws where it has none
 * @param {import('../blocks.js').Target} [target] where to build it; a buffer of its own by default
 * @returns {Built}
 */
export function buildMesh(descriptor, bufferOf, target) {
  const plan = readDescriptor(descriptor, bufferOf);
  const inputVertices = /** @type {import('./descriptor.js').Source} */ (plan.attributes.get('position')).count;
  if (plan.flags & MESH_BUILD_DISCS) return buildDiscs(plan, inputVertices, target);
  const flat = checkCounts(plan, inputVertices);
  const { vertexCount, indexCount } = plan;
  const mirrored = isMirrored(plan);
  const input = { topology: plan.topology, indices: plan.indices, vertices: inputVertices, flip: mirrored };
  const bytes = room(meshBytes(vertexCount, indexCount, vertexBytes(plan)), target);
  /** Which vertex of the file each of the result is, where they are others. @type {Uint32Array | null} */
  let numbers = null;
  if (flat) {
    const list = new Uint32Array(indexCount);
    writeIndices(list, input);
    const shared = new ArrayBuffer(inputVertices * vertexBytes(plan));
    writeVertices(plan, new Uint8Array(shared), mirrored);
    writeFlat(shared, list, bytes, plan.attributes.has('uv1') ? inputVertices * VERTEX_WORDS : 0);
    if (list.length > 0) numbers = list;
    const out = indexView(bytes, vertexCount, indexCount, vertexBytes(plan));
    for (let i = 0; i < indexCount; i += 1) out[i] = i;
  } else {
    writeVertices(plan, bytes, mirrored);
    writeIndices(indexView(bytes, vertexCount, indexCount, vertexBytes(plan)), input);
  }
  const bounds = boundsOf(bytes, vertexCount);
  if (!(plan.flags & MESH_BUILD_POSED)) return { bytes, vertexCount, indexCount, payload: Float32Array.of(...bounds, ...plan.strays) };
  const reach = writePosed(bytes, vertexCount * (vertexBytes(plan) - POSED_BYTES), plan, vertexCount, numbers);
  const payload = new Float32Array(bounds.length + reach.length + plan.strays.length);
  payload.set(bounds);
  payload.set(reach, bounds.length);
  payload.set(plan.strays, bounds.length + reach.length);
  return { bytes, vertexCount, indexCount, payload };
}
