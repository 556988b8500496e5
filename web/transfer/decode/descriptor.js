// @ts-check
/**
 * @file Reads and checks a MESH_BUILD descriptor (gpu/spec.py): untrusted numbers become bounded views.
 *
 * Owns: the bounds checks on the bytes that really arrived. Does not: build.
 * Limits: all sums are of numbers below 2^53, so nothing wraps.
 */
import {
  ACCESSOR, FAIL_FORMAT, MESH_BUILD_HEAD, MESH_BUILD_POSED, MESH_BUILD_SKIN, MESH_BUILD_UV_TRANSFORM, SEMANTICS,
} from '../../gen/layouts.js';
import { Failure } from './failure.js';
import { chooseStrongest, leaveOutStrays } from './influences.js';

export const VERTICES_MAX = 1 << 24;
const INDICES_MAX = 3 * VERTICES_MAX;
const HEAD_WORDS = MESH_BUILD_HEAD.length;
const ACCESSOR_WORDS = ACCESSOR.length;
const MATRIX_WORDS = 12;
const UV_WORDS = 6;
const JOINTS_MAX = 65536;

/** @typedef {Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>} Elements */

/**
 * @typedef {object} Source one attribute: element i starts at items[i * stride]
 * @property {Elements} items
 * @property {number} stride in items
 * @property {number} components
 * @property {boolean} normalized
 * @property {number} count
 */

/**
 * @typedef {object} Plan
 * @property {number} vertexCount of the result
 * @property {number} indexCount of the result
 * @property {number} flags
 * @property {number} topology index in GLTF_MODES
 * @property {boolean} srgbColors of discs
 * @property {Float32Array} matrix 3x4 row-major
 * @property {Float32Array | null} uvMatrix 2x3 row-major
 * @property {Float32Array | null} joints 3x4 row-major, one after another
 * @property {number} jointCount of a mesh that is posed while it is drawn
 * @property {Source | null} indices
 * @property {Map<string, Source>} attributes by semantic
 * @property {number[]} strays what leaveOutStrays found
 */

/** @type {Record<number, new (buffer: ArrayBuffer, offset: number, length: number) => Elements>} */
const TYPES = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
/** @type {Record<number, number>} */
export const COMPONENT_BYTES = { 5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4 };

/** @param {string} message */
const broken = (message) => new Failure(FAIL_FORMAT, message);

/** The transfers that a descriptor reads; it is not checked yet. @param {Uint32Array} words @returns {number[]} */
export function sourcesOf(words) {
  const first = HEAD_WORDS + MATRIX_WORDS;
  const found = new Set();
  for (let at = first + 1, i = 0; i <= words[0] && at < words.length; i += 1, at += ACCESSOR_WORDS) found.add(words[at]);
  found.delete(0);
  found.delete(undefined);
  return [...found];
}

/** @param {Uint32Array} words of one ACCESSOR @param {(transfer: number) => ArrayBuffer} bufferOf @returns {Source} */
function readAccessor(words, bufferOf) {
  const [semantic, transfer, offset, stride, type, components, normalized, count] = words;
  const name = SEMANTICS[semantic];
  const size = COMPONENT_BYTES[type];
  if (name === undefined || size === undefined || components < 1 || components > (name === 'inverse_bind' ? 16 : 4)) {
    throw broken(`An accessor has semantic ${semantic}, component type ${type} and ${components} components, which are unknown.`);
  }
  const step = stride === 0 ? size * components : stride;
  if (step < size * components || step % size !== 0 || offset % size !== 0) {
    throw broken(`The ${name} accessor has offset ${offset} and stride ${step}; both must be multiples of ${size} and the ` +
      `stride at least ${size * components} bytes.`);
  }
  if (transfer === 0) {
    return { items: new Float32Array(components), stride: 0, components, normalized: normalized !== 0, count };
  }
  const buffer = bufferOf(transfer);
  const end = count === 0 ? offset : offset + (count - 1) * step + size * components;
  if (end > buffer.byteLength) {
    throw broken(`The ${name} accessor ends at byte ${end}, outside of its buffer of ${buffer.byteLength} bytes.`);
  }
  const items = new TYPES[type](buffer, offset, (end - offset) / size);
  return { items, stride: step / size, components, normalized: normalized !== 0, count };
}

/** Words of the joints' matrices. @param {Uint32Array} words @returns {number} */
const jointWords = (words) => (words[3] & MESH_BUILD_SKIN ? words[5] * MATRIX_WORDS : 0);

/** @param {Uint32Array} words */
function checkHead(words) {
  const [attributes, vertices, indices, flags] = words;
  const uv = flags & MESH_BUILD_UV_TRANSFORM ? UV_WORDS : 0;
  const expected = HEAD_WORDS + MATRIX_WORDS + (1 + attributes) * ACCESSOR_WORDS + uv + jointWords(words);
  if (words.length !== expected) {
    throw broken(`A mesh descriptor of ${attributes} attributes has ${words.length} words; it must have ${expected}.`);
  }
  if (vertices > VERTICES_MAX || indices > INDICES_MAX) {
    throw broken(`A mesh has ${vertices} vertices and ${indices} indices; at most ${VERTICES_MAX} and ${INDICES_MAX} are built.`);
  }
}

/** @param {Map<string, Source>} attributes @param {number} joints */
function checkSkin(attributes, joints) {
  const wrong = ['joints', 'weights'].find((name) => attributes.get(name)?.components !== 4);
  if (wrong) throw broken(`A mesh with a skin has no ${wrong} accessor of four components.`);
  const inverse = attributes.get('inverse_bind');
  if (inverse && (inverse.components !== 16 || inverse.count < joints)) {
    throw broken(`A skin of ${joints} joints has ${inverse.count} inverse bind matrices of ${inverse.components} numbers.`);
  }
}

/** @param {Uint32Array<ArrayBuffer>} words @param {(transfer: number) => ArrayBuffer} bufferOf @returns {Plan} */
export function readDescriptor(words, bufferOf) {
  checkHead(words);
  const first = HEAD_WORDS + MATRIX_WORDS;
  const accessor = (/** @type {number} */ i) => words.subarray(first + i * ACCESSOR_WORDS, first + (i + 1) * ACCESSOR_WORDS);
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  /** @type {Map<string, Source>} */
  const attributes = new Map();
  for (let i = 1; i <= words[0]; i += 1) {
    const item = accessor(i);
    attributes.set(SEMANTICS[item[0]], readAccessor(item, bufferOf));
  }
  const position = attributes.get('position');
  if (position === undefined) throw broken('A mesh descriptor has no position accessor.');
  for (const [name, source] of attributes) {
    if (source.count !== position.count && name !== 'inverse_bind') {
      throw broken(`The ${name} accessor has ${source.count} elements, but there are ${position.count} positions.`);
    }
  }
  chooseStrongest(attributes);
  const end = words.length - jointWords(words);
  const isPosed = (words[3] & MESH_BUILD_POSED) !== 0;
  const hasSkin = (words[3] & MESH_BUILD_SKIN) !== 0 || (isPosed && words[5] > 0);
  if (hasSkin) checkSkin(attributes, words[5]);
  if (isPosed && words[5] > JOINTS_MAX) throw broken(`A skin has ${words[5]} joints; at most ${JOINTS_MAX} are posed.`);
  return {
    vertexCount: words[1], indexCount: words[2], flags: words[3], topology: words[4],
    srgbColors: words[6] !== 0,
    matrix: floats.subarray(HEAD_WORDS, first),
    uvMatrix: words[3] & MESH_BUILD_UV_TRANSFORM ? floats.subarray(end - UV_WORDS, end) : null,
    joints: words[3] & MESH_BUILD_SKIN ? floats.subarray(end) : null,
    jointCount: isPosed ? words[5] : 0,
    indices: accessor(0)[1] === 0 ? null : readAccessor(accessor(0), bufferOf),
    attributes,
    strays: hasSkin ? leaveOutStrays(attributes, words[5]) : [],
  };
}
