// @ts-check
/**
 * @file Meshes that Draco packed, by Google's decoder: indices and attributes into one buffer.
 *
 * Owns: that the packed mesh is as large as the glTF says, before the decoder makes it. Does not: load the decoder.
 * Source: KHR_draco_mesh_compression; Draco bitstream 2.2, sections 4 (header) and 5, 6 (connectivity).
 */
import { DRACO_ATTRIBUTE, FAIL_FORMAT, UNPACK_HEAD } from '../../gen/layouts.js';
import { COMPONENT_BYTES } from './descriptor.js';
import { Failure } from './failure.js';

const HAS_METADATA = 0x8000;
/** @type {Record<number, string>} */
const TYPES = { 5120: 'DT_INT8', 5121: 'DT_UINT8', 5122: 'DT_INT16', 5123: 'DT_UINT16', 5125: 'DT_UINT32', 5126: 'DT_FLOAT32' };

/** @param {string} message */
const broken = (message) => new Failure(FAIL_FORMAT, message);

/** A number of seven bits a byte. @param {Uint8Array} bytes @param {number} at @returns {[number, number]} it, and where it ends */
function varint(bytes, at) {
  let value = 0;
  for (let shift = 1; at < bytes.length; shift *= 128) {
    const byte = bytes[at++];
    value += (byte & 127) * shift;
    if (byte < 128 || shift > 2 ** 28) return [value, at];
  }
  return [value, at];
}

/** Refuses what would be larger than was promised. @param {Uint8Array} bytes @param {number} indices @param {number} vertices */
export function checkDraco(bytes, indices, vertices) {
  const magic = String.fromCharCode(...bytes.subarray(0, 5));
  if (bytes.length < 14 || magic !== 'DRACO') throw broken(`What Draco packed has ${bytes.length} bytes and begins with ${JSON.stringify(magic)}, not with "DRACO".`);
  const [major, minor, type, method] = bytes.subarray(5, 9);
  if (type !== (indices > 0 ? 1 : 0)) throw broken(`Draco packed something of type ${type}; points have type 0, a mesh has 1.`);
  if (type === 0) {
    const points = bytes[11] | bytes[12] << 8 | bytes[13] << 16;
    if (major === 2 && !((bytes[9] | bytes[10] << 8) & HAS_METADATA) && (points !== (vertices & 0xffffff) || bytes.length < 15 || bytes[14] > 0x7f)) {
      throw broken(`Draco packed ${points} points; the file says ${vertices}.`);
    }
    return;
  }
  if (major !== 2 || minor !== 2 || (bytes[9] | (bytes[10] << 8)) & HAS_METADATA) return; // the decoder's own checks are left
  const [first, then] = varint(bytes, method === 0 ? 11 : 12);
  const [second] = varint(bytes, then);
  const [faces, points] = method === 0 ? [first, second] : [second, first];
  if (3 * faces !== indices || points > vertices) {
    throw broken(`Draco packed ${faces} triangles of ${points} vertices; the file says ${indices / 3} of ${vertices}.`);
  }
}

/** @param {any} module of draco_decoder @param {Uint8Array} source @param {Uint32Array} words @param {Uint8Array} target */
export function unpackDraco(module, source, words, target) {
  const [attributes, indexBytes, indexCount] = words.subarray(5);
  const rows = Array.from({ length: attributes }, (_, i) => words.subarray(UNPACK_HEAD.length + i * DRACO_ATTRIBUTE.length));
  const vertices = rows[0]?.[3] ?? 0;
  checkDraco(source, indexCount, vertices);
  const made = /** @type {any[]} */ ([]);
  const keep = (/** @type {any} */ object) => { made.push(object); return object; };
  try {
    const decoder = keep(new module.Decoder());
    const buffer = keep(new module.DecoderBuffer());
    buffer.Init(new Int8Array(source.buffer, source.byteOffset, source.byteLength), source.byteLength);
    const isMesh = indexCount > 0;
    const mesh = keep(isMesh ? new module.Mesh() : new module.PointCloud());
    const status = keep(isMesh ? decoder.DecodeBufferToMesh(buffer, mesh) : decoder.DecodeBufferToPointCloud(buffer, mesh));
    if (!status.ok()) throw broken(`Draco can't unpack ${source.byteLength} bytes: ${status.error_msg()}.`);
    const faces = isMesh ? mesh.num_faces() : 0;
    if (mesh.num_points() !== vertices || 3 * faces !== indexCount) {
      throw broken(`Draco packed ${faces} triangles of ${mesh.num_points()} vertices; the file says ${indexCount / 3} of ${vertices}.`);
    }
    const indices = (/** @type {number} */ bytes, /** @type {number} */ at) => (bytes === 2
      ? decoder.GetTrianglesUInt16Array(mesh, 2 * indexCount, at) : decoder.GetTrianglesUInt32Array(mesh, 4 * indexCount, at));
    if (isMesh) copy(module, target, 0, indexCount * indexBytes, (at) => indices(indexBytes, at), 'triangles');
    for (const [id, type, components, count, offset] of rows) {
      const attribute = decoder.GetAttributeByUniqueId(mesh, id);
      if (!attribute.ptr || attribute.num_components() !== components || !(type in TYPES)) {
        throw broken(`Draco packed no attribute ${id} of ${components} components of type ${type}.`);
      }
      const size = count * components * COMPONENT_BYTES[type];
      copy(module, target, offset, size, (at) => decoder.GetAttributeDataArrayForAllPoints(mesh, attribute, module[TYPES[type]], size, at), `attribute ${id}`);
    }
  } finally {
    for (const object of made.reverse()) module.destroy(object);
  }
}

/** @param {any} module @param {Uint8Array} target @param {number} offset @param {number} size
 * @param {(address: number) => boolean} write @param {string} what */
function copy(module, target, offset, size, write, what) {
  if (offset + size > target.byteLength) throw broken(`The ${what} that Draco packed end at byte ${offset + size} of ${target.byteLength}.`);
  const at = module._malloc(size);
  if (!at) throw broken(`Draco has no room for ${size} bytes.`);
  try {
    if (!write(at)) throw broken(`Draco did not give the ${what}.`);
    target.set(module.HEAPU8.subarray(at, at + size), offset);
  } finally {
    module._free(at);
  }
}
