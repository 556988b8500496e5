// @ts-check
/**
 * @file KTX2 files of Basis Universal (KHR_texture_basisu): the header checked, then transcoded to what this GPU reads.
 *
 * Owns: every number of the header, before the transcoder sees the file; which family a GPU gets; which levels are kept.
 * Does not: load the transcoder. Limits: 2D images of Basis (UASTC, ETC1S), no arrays, cubes or other formats.
 * Source: KTX File Format 2.0; Khronos Data Format 1.3; KHR_texture_basisu.
 */
import { COMPRESSED_ASTC, COMPRESSED_BC, COMPRESSED_BC5, COMPRESSED_ETC2, FAIL_FORMAT, FAIL_TOO_LARGE, TEXTURE_BLOCK_BYTES, TEXTURE_FAMILIES } from '../../gen/layouts.js';
import { Failure } from './failure.js';
import { encodeTwoChannels } from './two-channels.js';

export const SIDE_MAX = 16_384;
const MAGIC = [0xab, 0x4b, 0x54, 0x58, 0x20, 0x32, 0x30, 0xbb, 0x0d, 0x0a, 0x1a, 0x0a];
const HEADER_BYTES = 80, LEVEL_BYTES = 24;
const ETC1S = 163, UASTC = 166; // colour models of the data format descriptor
/** The transcoder's numbers; of those of two channels, what they are made of. @type {Record<string, number>} */
const TARGETS = { rgba8: 13, astc: 10, bc7: 6, etc2: 1, etc2_rgb: 0, bc1: 2, bc5: 13, eac_rg11: 13 };

const BC5 = TEXTURE_FAMILIES.indexOf('bc5'), EAC_RG11 = TEXTURE_FAMILIES.indexOf('eac_rg11');

/** @param {number} family */
const isTwoChannels = (family) => family === BC5 || family === EAC_RG11;

/** @typedef {{ width: number, height: number, levels: number, isUastc: boolean }} Header */
/** @typedef {{ bytes: Uint8Array<ArrayBuffer>, width: number, height: number, family: number, levels: number }} Texels */

/** @param {string} message */
const broken = (message) => new Failure(FAIL_FORMAT, message);

/** @param {Uint8Array} bytes @returns {boolean} */
export const isKtx2 = (bytes) => MAGIC.every((byte, at) => bytes[at] === byte);

/** @param {number} width @param {number} height @returns {number} blocks of 4 x 4 */
const blocks = (width, height) => Math.ceil(width / 4) * Math.ceil(height / 4);

/** @param {Uint8Array} bytes that isKtx2 @returns {Header} */
export function readHeader(bytes) {
  if (bytes.byteLength < HEADER_BYTES) throw broken(`The KTX2 file of ${bytes.byteLength} bytes ends inside of its header of ${HEADER_BYTES}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (/** @type {number} */ at) => view.getUint32(at, true);
  const [format, , width, height, depth, layers, faces, levels, scheme, described, describedBytes] = Array.from({ length: 11 }, (_, i) => word(12 + 4 * i));
  if (format !== 0) throw broken(`The KTX2 file holds texels of Vulkan's format ${format}; only those of Basis (format 0) are read.`);
  if (width < 1 || height < 1 || depth > 0 || layers > 1 || faces !== 1) {
    throw broken(`The KTX2 file is ${width} x ${height} x ${depth} texels with ${layers} layers and ${faces} faces; one flat image is read.`);
  }
  if (width > SIDE_MAX || height > SIDE_MAX) {
    throw new Failure(FAIL_TOO_LARGE, `The KTX2 file is ${width} x ${height} texels; at most ${SIDE_MAX} on a side are read.`, width, height);
  }
  const full = 32 - Math.clz32(Math.max(width, height));
  if (levels < 1 || levels > full) throw broken(`The KTX2 file of ${width} x ${height} texels has ${levels} levels; 1 to ${full} are read.`);
  if (scheme > 2) throw broken(`The KTX2 file is packed by scheme ${scheme}; 0, 1 (Basis) and 2 (Zstandard) are read.`);
  const end = HEADER_BYTES + LEVEL_BYTES * levels;
  if (described < end || describedBytes < 44 || described + describedBytes > bytes.byteLength) {
    throw broken(`The KTX2 file of ${bytes.byteLength} bytes has its description at byte ${described}, ${describedBytes} bytes long.`);
  }
  const model = bytes[described + 12];
  if (model !== ETC1S && model !== UASTC) throw broken(`The KTX2 file has colour model ${model}; 163 (ETC1S) and 166 (UASTC) are read.`);
  if ((scheme === 1) !== (model === ETC1S)) throw broken(`The KTX2 file has colour model ${model}, which scheme ${scheme} can't pack.`);
  for (let level = 0; level < levels; level += 1) checkLevel(view, level, end, { width, height, levels, isUastc: model === UASTC }, scheme);
  return { width, height, levels, isUastc: model === UASTC };
}

/** @param {DataView} view @param {number} level @param {number} first byte of data at the earliest @param {Header} header
 * @param {number} scheme */
function checkLevel(view, level, first, { width, height, isUastc }, scheme) {
  const at = HEADER_BYTES + LEVEL_BYTES * level;
  const [offset, size, plain] = [0, 8, 16].map((i) => Number(view.getBigUint64(at + i, true)));
  if (offset < first || size < 1 || offset + size > view.byteLength) {
    throw broken(`Level ${level} of the KTX2 file lies at byte ${offset}, ${size} bytes long, outside of its ${view.byteLength} bytes.`);
  }
  const expected = 16 * blocks(Math.max(1, width >> level), Math.max(1, height >> level));
  if (isUastc && (plain !== expected || (scheme === 0 && size !== expected))) {
    throw broken(`Level ${level} of the KTX2 file says that it has ${plain} bytes; ${width >> level} x ${height >> level} texels have ${expected}.`);
  }
}

/** What this GPU gets, an index in TEXTURE_FAMILIES. Normals of ETC1S stay colours, which take no more bytes. UASTC is
 * ASTC, so that comes before EAC, which would be a second loss for the same bytes.
 * @param {Header} header @param {boolean} hasAlpha @param {number} can COMPRESSED_* @param {boolean} [directions] of a normal map
 * @returns {number} */
export function chooseFamily({ width, height, isUastc }, hasAlpha, can, directions = false) {
  if (width % 4 !== 0 || height % 4 !== 0) return 0; // WebGPU takes whole blocks only
  /** @type {[number, string][]} */
  const best = isUastc && directions ? [[COMPRESSED_BC5, 'bc5'], [COMPRESSED_ASTC, 'astc'], [COMPRESSED_ETC2, 'eac_rg11']] : isUastc ? [[COMPRESSED_ASTC, 'astc'], [COMPRESSED_BC, 'bc7'], [COMPRESSED_ETC2, hasAlpha ? 'etc2' : 'etc2_rgb']]
    : [[COMPRESSED_ETC2, hasAlpha ? 'etc2' : 'etc2_rgb'], [COMPRESSED_BC, hasAlpha ? 'bc7' : 'bc1'], [COMPRESSED_ASTC, 'astc']];
  const found = best.find(([needed]) => can & needed);
  return found ? TEXTURE_FAMILIES.indexOf(found[1]) : 0;
}

/** The levels that are kept: those of at most maxSide, or the smallest one. @param {Header} header @param {number} maxSide 0 = all
 * @returns {number} the first */
export function firstLevel({ width, height, levels }, maxSide) {
  let level = 0;
  while (maxSide > 0 && level < levels - 1 && Math.max(width, height) >> level > maxSide) level += 1;
  return level;
}

/** Bytes of a result. @param {number} width @param {number} height @param {number} family @param {number} levels */
export function texelsBytes(width, height, family, levels) {
  if (family === 0) return 4 * width * height;
  let sum = 0;
  for (let level = 0; level < levels; level += 1) sum += TEXTURE_BLOCK_BYTES[family] * blocks(Math.max(1, width >> level), Math.max(1, height >> level));
  return sum;
}

/** @param {any} module of basis_transcoder @param {Uint8Array} bytes that isKtx2 @param {number} maxBytes of the result
 * @param {number} maxSide @param {number} can COMPRESSED_* @param {boolean} [directions] of a normal map @returns {Texels} */
export function transcode(module, bytes, maxBytes, maxSide, can, directions = false) {
  const header = readHeader(bytes);
  const first = firstLevel(header, maxSide);
  const width = Math.max(1, header.width >> first), height = Math.max(1, header.height >> first);
  const likely = chooseFamily({ ...header, width, height }, true, can, directions);
  const needed = Math.max(texelsBytes(width, height, likely, header.levels - first), isTwoChannels(likely) ? 4 * width * height : 0);
  if (needed > maxBytes) {
    const message = `The KTX2 file of ${header.width} x ${header.height} texels needs ${needed} bytes; ${maxBytes} were allowed.`;
    throw new Failure(FAIL_TOO_LARGE, message, header.width, header.height);
  }
  const file = new module.KTX2File(bytes);
  try {
    if (!file.isValid() || file.getWidth() !== header.width || file.getHeight() !== header.height || !file.startTranscoding()) {
      throw broken(`The KTX2 file of ${bytes.byteLength} bytes (${header.width} x ${header.height} texels) is damaged: Basis can't read it.`);
    }
    const family = chooseFamily({ ...header, width, height }, Boolean(file.getHasAlpha()), can, directions);
    const levels = family === 0 ? 1 : header.levels - first;
    const out = new Uint8Array(texelsBytes(width, height, family, levels));
    const target = TARGETS[TEXTURE_FAMILIES[family]];
    for (let level = 0, at = 0; level < levels; level += 1) {
      const across = Math.max(1, width >> level), down = Math.max(1, height >> level);
      const texels = isTwoChannels(family) ? new Uint8Array(4 * across * down) : null;
      const size = file.getImageTranscodedSizeInBytes(first + level, 0, 0, target);
      const part = texels ?? out.subarray(at, at + size);
      if (part.byteLength !== size || !file.transcodeImage(part, first + level, 0, 0, target, 0, -1, -1)) {
        throw broken(`Level ${first + level} of the KTX2 file of ${header.width} x ${header.height} texels is damaged: Basis can't read it.`);
      }
      if (texels) encodeTwoChannels(texels, across, down, family === BC5 ? 'bc5' : 'eac_rg11', out.subarray(at));
      at += texels ? texelsBytes(across, down, family, 1) : size;
    }
    return { bytes: out, width, height, family, levels };
  } finally {
    file.close();
    file.delete();
  }
}
