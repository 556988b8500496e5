// @ts-check
/**
 * @file Makes plain bytes of packed ones: meshopt, Draco, and elements that a sparse accessor replaces (gpu/spec.py's UNPACK).
 *
 * Owns: the checks of places and sizes before anything is allocated; the result has exactly the bytes that were promised.
 * Source: EXT_meshopt_compression, KHR_draco_mesh_compression, glTF 2.0, 3.6.2.3.
 */
import { DRACO_ATTRIBUTE, FAIL_FORMAT, MESHOPT_FILTERS, MESHOPT_MODES, SPARSE, UNPACK_HEAD, UNPACK_KINDS } from '../../gen/layouts.js';
import { COMPONENT_BYTES } from './descriptor.js';
import { unpackDraco } from './draco.js';
import { Failure } from './failure.js';

export const OUT_BYTES_MAX = 1 << 30;

/** @typedef {(transfer: number) => ArrayBuffer} BufferOf */

/** @param {string} message */
const broken = (message) => new Failure(FAIL_FORMAT, message);

/** A place in a transfer. @param {BufferOf} bufferOf @param {number} transfer @param {number} offset @param {number} size
 * @param {string} what @returns {Uint8Array<ArrayBuffer>} */
function part(bufferOf, transfer, offset, size, what) {
  const buffer = bufferOf(transfer);
  if (offset + size > buffer.byteLength) {
    throw broken(`${what} ends at byte ${offset + size}, outside of its buffer of ${buffer.byteLength} bytes.`);
  }
  return new Uint8Array(buffer, offset, size);
}

/** @param {Uint8Array} source @param {Uint32Array} words @param {Uint8Array} target @param {import('./decoders.js').Decoders} decoders */
async function meshopt(source, [, , offset, , outBytes, mode, filter, stride], target, decoders) {
  const [modeName, filterName] = [MESHOPT_MODES[mode], MESHOPT_FILTERS[filter]];
  if (!modeName || !filterName || stride < 1 || stride > 256 || outBytes % stride !== 0) {
    throw broken(`A meshopt view has mode ${mode}, filter ${filter} and a stride of ${stride} bytes, which are unknown.`);
  }
  await decoders.with('meshopt_decoder', (module) => {
    try {
      module.decodeGltfBuffer(target, outBytes / stride, stride, source, modeName, filterName);
    } catch (error) {
      if (!String(error).includes('Malformed')) throw error; // it trapped
      throw broken(`The meshopt data at byte ${offset} (${source.byteLength} bytes, ${modeName}) is damaged: it holds no `
        + `${outBytes / stride} elements of ${stride} bytes.`);
    }
  });
}

/** @param {Uint32Array} words @param {BufferOf} bufferOf @param {Uint8Array} target */
function sparse(words, bufferOf, target) {
  const [, transfer, offset, , outBytes, size, stride, replaced] = words;
  const at = UNPACK_HEAD.length;
  const [indexTransfer, indexOffset, indexBytes, valueTransfer, valueOffset] = words.subarray(at, at + SPARSE.length);
  if (size < 1 || outBytes % size !== 0 || stride < size || ![1, 2, 4].includes(indexBytes)) {
    throw broken(`A sparse accessor has elements of ${size} bytes with a stride of ${stride} and indices of ${indexBytes} bytes.`);
  }
  const count = outBytes / size;
  if (transfer !== 0) {
    const base = part(bufferOf, transfer, offset, (count - 1) * stride + size, 'A sparse accessor');
    if (stride === size) target.set(base);
    else for (let i = 0; i < count; i += 1) target.set(base.subarray(i * stride, i * stride + size), i * size);
  }
  const indices = part(bufferOf, indexTransfer, indexOffset, replaced * indexBytes, 'The indices of a sparse accessor');
  const values = part(bufferOf, valueTransfer, valueOffset, replaced * size, 'The values of a sparse accessor');
  const view = new DataView(indices.buffer, indices.byteOffset, indices.byteLength);
  for (let i = 0; i < replaced; i += 1) {
    const index = indexBytes === 1 ? view.getUint8(i) : indexBytes === 2 ? view.getUint16(2 * i, true) : view.getUint32(4 * i, true);
    if (index >= count) throw broken(`A sparse accessor replaces element ${index} of ${count}.`);
    target.set(values.subarray(i * size, (i + 1) * size), index * size);
  }
}

/** @param {Uint32Array} words @param {Uint8Array<ArrayBuffer>} source of ids @param {Uint32Array} target colours */
function palette(words, source, target) {
  const [type, stride, count] = words.subarray(5);
  const colors = words.subarray(UNPACK_HEAD.length);
  const size = COMPONENT_BYTES[type];
  if (!size || stride < size || target.length !== count || (count - 1) * stride + size > source.byteLength) {
    throw broken(`${count} ids of component type ${type} with a stride of ${stride} bytes are no ${target.length} colours of ${source.byteLength} bytes.`);
  }
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  /** @type {Record<number, (at: number) => number>} */
  const read = {
    5120: (at) => view.getInt8(at), 5121: (at) => view.getUint8(at), 5122: (at) => view.getInt16(at, true),
    5123: (at) => view.getUint16(at, true), 5125: (at) => view.getUint32(at, true), 5126: (at) => Math.trunc(view.getFloat32(at, true)),
  };
  for (let i = 0; i < count; i += 1) target[i] = colors[read[type](i * stride)] ?? 0xffffffff;
}

/** @param {Uint32Array} words @param {BufferOf} bufferOf @param {import('./decoders.js').Decoders} decoders
 * @returns {Promise<ArrayBuffer>} */
export async function unpack(words, bufferOf, decoders) {
  const [kind, transfer, offset, size, outBytes, attributes] = words;
  const name = UNPACK_KINDS[kind];
  const more = name === 'draco' ? attributes * DRACO_ATTRIBUTE.length : name === 'sparse' ? SPARSE.length : name === 'palette' ? Math.max(words.length - UNPACK_HEAD.length, 1) : 0;
  if (name === undefined || words.length !== UNPACK_HEAD.length + more || outBytes === 0 || outBytes > OUT_BYTES_MAX) {
    throw broken(`An order to unpack has kind ${kind}, ${words.length} words and ${outBytes} bytes of result, which is none.`);
  }
  if (name === 'sparse') {
    const target = new Uint8Array(outBytes);
    sparse(words, bufferOf, target);
    return target.buffer;
  }
  const source = part(bufferOf, transfer, offset, size, `What ${name} packed`);
  const target = new Uint8Array(outBytes);
  if (name === 'palette') palette(words, source, new Uint32Array(target.buffer));
  else if (name === 'meshopt') await meshopt(source, words, target, decoders);
  else await decoders.with('draco_decoder', (module) => unpackDraco(module, source, words, target));
  return target.buffer;
}
