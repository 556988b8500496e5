// @ts-check
/** @file What the backends keep about each resource, and the checks that come before any API call.
 *
 * Owns: the record types and their checks. Does not: call a GPU API. A record with state 'failed' or 'pending' is
 * alive (its handle counts) but draws that use it are skipped.
 */
import {
  COMPRESSED_FIRST, LAYOUTS, LIGHTS_MAX, LIGHT_LIST_LINES, LIGHT_LIST_WIDTH, LIGHT_TEXELS, MATERIAL_KINDS, POSED_BYTES, SAMPLER_ANISOTROPY, STREAM_POSED, STREAM_UV1, TEXTURE_BLOCK_BYTES, TEXTURE_FAMILIES, TOPOLOGIES, UV1_BYTES,
} from '../../gen/layouts.js';

/** What a view's lights and cluster lists take. */
/** A view's lights on the GPU, in lines: those of the lists, and then those of the rows. */
export const LIGHT_LINE_BYTES = 4 * LIGHT_LIST_WIDTH;
export const LIGHT_LINES = LIGHT_LIST_LINES + (LIGHTS_MAX * LIGHT_TEXELS * 16) / LIGHT_LINE_BYTES;
export const LIGHT_BYTES = LIGHT_LINES * LIGHT_LINE_BYTES;

/** Bytes, followed by zeros up to the end of a line. @param {Uint8Array} bytes @returns {Uint8Array} */
export function wholeLines(bytes) {
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / LIGHT_LINE_BYTES) * LIGHT_LINE_BYTES);
  whole.set(bytes);
  return whole;
}

/** @typedef {'pending' | 'ready' | 'failed'} State */
/** compressed: COMPRESSED_*.
 * @typedef {{ maxBufferBytes: number, maxTextureSide: number, maxRows: number, compressed: number }} Limits */
/**
 * @typedef {object} BufferRecord
 * @property {number} handle
 * @property {number} sizeBytes
 * @property {number} usage 1 vertex, 2 index
 * @property {State} state
 * @property {any} native
 * @property {Set<MeshRecord>} users
 */
/**
 * @typedef {object} TextureRecord
 * @property {number} handle
 * @property {number} width
 * @property {number} height
 * @property {number} levels
 * @property {number} format 0 sRGB, 1 linear, 2 sRGB that views draw
 * @property {number} sampler SAMPLER_* bits
 * @property {number} sizeBytes
 * @property {State} state
 * @property {any} native
 * @property {Set<MaterialRecord>} users
 */
/**
 * @typedef {object} MeshRecord
 * @property {number} handle
 * @property {BufferRecord | undefined} vertexBuffer
 * @property {number} vertexOffset
 * @property {number} vertexCount
 * @property {BufferRecord | undefined} indexBuffer undefined: not indexed
 * @property {number} indexOffset
 * @property {number} indexCount
 * @property {number} indexBytes 2 or 4
 * @property {number} topology
 * @property {number} streams STREAM_*: what follows the vertices
 * @property {number} elements what one instance draws: index count, or vertex count without indices, or quads
 * @property {number} triangles of one instance
 * @property {boolean} ready
 * @property {any} native
 */
/** As gpu/spec.py's shader_create sends it. params: members of a WGSL struct.
 * @typedef {{ wgsl: string, params: string, textures: string[], displaces: boolean }} ShaderSource */
/**
 * @typedef {object} ShaderRecord
 * @property {number} handle
 * @property {ShaderSource} source the newest; what draws may be an older one
 * @property {'pending' | 'ready' | 'failed'} state failed: no text of it ever compiled
 * @property {any} native of the last one that compiled
 * @property {Set<MaterialRecord>} users
 */
/**
 * @typedef {object} MaterialRecord
 * @property {number} handle
 * @property {number} kind
 * @property {number} flags
 * @property {(TextureRecord | null | undefined)[]} textures the engine's, then the shader's; null = none, undefined = gone
 * @property {ShaderRecord | null} shader of a program; null = the kind's own
 * @property {Float32Array<ArrayBuffer>} block MATERIAL_BLOCK, bound = which textures there are; then the shader's parameters
 * @property {boolean} ready
 * @property {any[]} pipelines by draw pass and the mesh's variant, filled when first drawn
 * @property {any} native
 */

const mib = (/** @type {number} */ bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;

/** @param {number} sizeBytes @param {number} usage @param {Limits} limits @returns {string} '' = fine */
export function checkBuffer(sizeBytes, usage, limits) {
  if (usage !== 1 && usage !== 2) return `Its usage is ${usage}; use 1 (vertex) or 2 (index), never both.`;
  if (sizeBytes === 0 || sizeBytes % 4 !== 0) return `Its size is ${sizeBytes} bytes; use a positive multiple of 4.`;
  if (sizeBytes > limits.maxBufferBytes) {
    return `Its size is ${mib(sizeBytes)}, but this device's limit is ${mib(limits.maxBufferBytes)}; use several buffers.`;
  }
  return '';
}

/** @param {number} width @param {number} height @returns {number} levels of the full chain */
export const fullChain = (width, height) => 32 - Math.clz32(Math.max(width, height));

/** @param {number} format of texture_create @returns {number} */
export const texelBytes = (format) => (format === 4 ? 16 : format === 3 ? 8 : 4);

/** @typedef {{ x: number, y: number, width: number, height: number }} Place of texels */

/** Samples along what is seen at a flat angle. @param {number} bits SAMPLER_* @returns {number} */
export const anisotropy = (bits) => Math.floor(bits / SAMPLER_ANISOTROPY) || 8;

/** An index in TEXTURE_FAMILIES, 0 = not compressed. @param {number} format @returns {number} */
export const familyOf = (format) => (format < COMPRESSED_FIRST ? 0 : 1 + ((format - COMPRESSED_FIRST) >> 1));

/** Levels of a compressed texture in its bytes. @param {TextureRecord} record
 * @returns {{ width: number, height: number, rowBytes: number, offset: number, sizeBytes: number }[]} width, height: of whole blocks */
export function compressedLevels({ width, height, levels, format }) {
  const block = TEXTURE_BLOCK_BYTES[familyOf(format)];
  const found = [];
  for (let level = 0, offset = 0; level < levels; level += 1) {
    const across = Math.ceil(Math.max(1, width >> level) / 4), down = Math.ceil(Math.max(1, height >> level) / 4);
    found.push({ width: 4 * across, height: 4 * down, rowBytes: across * block, offset, sizeBytes: across * down * block });
    offset += across * down * block;
  }
  return found;
}

/** @param {number} width @param {number} height @param {number} levels @param {number} format @returns {number} */
export function textureBytes(width, height, levels, format) {
  let sum = 0;
  if (familyOf(format) > 0) {
    const made = compressedLevels(/** @type {TextureRecord} */ ({ width, height, levels, format }));
    return made.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  }
  for (let level = 0; level < levels; level += 1) {
    sum += texelBytes(format) * Math.max(1, width >> level) * Math.max(1, height >> level);
  }
  return sum;
}

/** @param {number} width @param {number} height @param {number} levels @param {number} format @param {Limits} limits
 * @returns {string} '' = fine */
export function checkTexture(width, height, levels, format, limits) {
  const limit = limits.maxTextureSide;
  if (width === 0 || height === 0) return `Its size is ${width} x ${height}; both sides must be at least 1.`;
  if (width > limit || height > limit) {
    return `Its size is ${width} x ${height}, but this device's limit is ${limit} a side; scale the image down.`;
  }
  if (familyOf(format) > 0 && (width % 4 !== 0 || height % 4 !== 0 || levels < 1 || levels > fullChain(width, height))) {
    return `It is compressed and has ${levels} levels of ${width} x ${height} texels; both sides must be multiples of 4.`;
  }
  if (familyOf(format) === 0 && levels !== 1 && levels !== fullChain(width, height)) {
    return `It has ${levels} levels; use 1 or the full chain of ${fullChain(width, height)}.`;
  }
  if (familyOf(format) >= TEXTURE_FAMILIES.length) {
    return `Its format is ${format}; use 0 (rgba8 sRGB), 1 (rgba8 linear), 2 (drawn by views), 3 (rgba16float), 4 (rgba32uint) or a compressed one.`;
  }
  return '';
}

/** A range of `count` items of `strideBytes` at `offset` must lie inside of the buffer.
 * @param {string} what @param {number} offset @param {number} count @param {number} strideBytes
 * @param {BufferRecord} buffer @returns {string} '' = fine */
function checkRange(what, offset, count, strideBytes, buffer) {
  const end = offset + count * strideBytes;
  if (end <= buffer.sizeBytes) return '';
  return `Its ${count} ${what} end at byte ${end}, but the buffer has ${buffer.sizeBytes} bytes.`;
}

/** Of a vertex. @param {number} streams @returns {number} */
const streamsBytes = (streams) => (streams & STREAM_UV1 ? UV1_BYTES : 0) + (streams & STREAM_POSED ? POSED_BYTES : 0);

/** Where a mesh's streams begin in its vertex buffer; those that it has not are where they would be.
 * @param {MeshRecord} mesh @returns {{ uv1: number, posed: number }} bytes */
export function streamsOf({ topology, vertexOffset, vertexCount, streams }) {
  const uv1 = vertexOffset + vertexCount * LAYOUTS[topology].strideBytes;
  return { uv1, posed: uv1 + vertexCount * streamsBytes(streams & STREAM_UV1) };
}

/** @param {MeshRecord} mesh @returns {string} '' = fine */
export function checkMesh(mesh) {
  const { vertexBuffer, indexBuffer } = mesh;
  if (!vertexBuffer || vertexBuffer.usage !== 1) return 'Its vertex buffer does not exist or has not usage 1.';
  if (mesh.vertexOffset % 4 !== 0) return `Its vertex offset is ${mesh.vertexOffset}; use a multiple of 4.`;
  if (mesh.topology >= TOPOLOGIES.length) {
    return `Its topology is ${mesh.topology}; use 0 to ${TOPOLOGIES.length - 1} (${TOPOLOGIES.join(', ')}).`;
  }
  const { strideBytes, isElement } = LAYOUTS[mesh.topology];
  const vertexBytes = strideBytes + streamsBytes(mesh.streams);
  const vertices = checkRange('vertices', mesh.vertexOffset, mesh.vertexCount, vertexBytes, vertexBuffer);
  if (vertices || !indexBuffer) return vertices;
  if (isElement) return `It has indices, which a mesh of ${TOPOLOGIES[mesh.topology]} has not.`;
  if (indexBuffer.usage !== 2) return 'Its index buffer has not usage 2.';
  if (mesh.indexBytes !== 2 && mesh.indexBytes !== 4) return `Its indices have ${mesh.indexBytes} bytes; use 2 or 4.`;
  if (mesh.indexOffset % mesh.indexBytes !== 0) {
    return `Its index offset is ${mesh.indexOffset}; use a multiple of ${mesh.indexBytes}.`;
  }
  return checkRange('indices', mesh.indexOffset, mesh.indexCount, mesh.indexBytes, indexBuffer);
}

/** @param {MaterialRecord} material @returns {string} '' = fine */
export function checkMaterial(material) {
  if (material.kind >= MATERIAL_KINDS.length) {
    return `Its kind is ${material.kind}; use 0 to ${MATERIAL_KINDS.length - 1} (${MATERIAL_KINDS.join(', ')}).`;
  }
  if (material.textures.includes(undefined)) return 'One of its textures does not exist.';
  return '';
}

/** Throws where a view's lights don't fit. @param {number} count @param {number} words of cluster lists */
export function checkLights(count, words) {
  if (count > LIGHTS_MAX || words % LIGHT_LIST_WIDTH !== 0 || words > LIGHT_LIST_WIDTH * LIGHT_LIST_LINES) {
    throw new Error(`${count} lights and ${words} words of lists came; at most ${LIGHTS_MAX} and ${LIGHT_LIST_LINES} lines of `
      + `${LIGHT_LIST_WIDTH}.`);
  }
}

/** @param {number} topology @param {number} elements of one instance @returns {number} */
export const trianglesOf = (topology, elements) => (
  LAYOUTS[topology]?.isElement ? elements * (LAYOUTS[topology].vertices === 4 ? 2 : LAYOUTS[topology].vertices / 3) : topology === 0 ? Math.floor(elements / 3) : 0);

/** Throws where a write leaves its buffer. @param {BufferRecord} record @param {number} offset @param {number} sizeBytes */
export function checkWrite(record, offset, sizeBytes) {
  if (offset % 4 !== 0 || sizeBytes % 4 !== 0) {
    throw new Error(`${sizeBytes} bytes are written at offset ${offset}, but both must be multiples of 4.`);
  }
  if (offset + sizeBytes > record.sizeBytes) {
    throw new Error(`The write ends at byte ${offset + sizeBytes}, but the buffer has ${record.sizeBytes} bytes.`);
  }
}
