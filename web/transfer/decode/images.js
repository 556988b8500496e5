// @ts-check
/**
 * @file Decodes images with the browser's own decoders, never larger than was allowed.
 *
 * Owns: the size checks and the options that keep texels as they are in the file. Does not: upload.
 * Limits: IMAGE_SIDE_MAX on a side as stored; `maxBytes` for all that a decode holds: while an image is scaled the
 * browser has it at full size as well. What the decoder itself needs besides is the browser's own.
 */
import { FAIL_FORMAT, FAIL_TOO_LARGE } from '../../gen/layouts.js';
import { Failure } from './failure.js';
import { imageSize } from './image_header.js';
import { withoutOrientation } from './orientation.js';
import { scaledSize } from './scaled-size.js';

export const IMAGE_SIDE_MAX = 8192;

/** The image, and its copy where it is scaled; as assets/jobs.py.
 * @param {number} width @param {number} height @param {number} maxSide @returns {number} */
export function decodeBytes(width, height, maxSide) {
  const [w, h] = scaledSize(width, height, maxSide);
  return 4 * width * height + (w !== width || h !== height ? 4 * w * h : 0);
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes the encoded image
 * @param {number} maxBytes of decoded RGBA texels, see decodeBytes
 * @param {number} maxSide
 * @param {typeof createImageBitmap} decode
 * @returns {Promise<ImageBitmap>}
 */
export async function decodeImage(bytes, maxBytes, maxSide, decode) {
  const { type, width, height } = imageSize(bytes);
  if (width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX) {
    const message = `The image is ${width} x ${height} pixels; at most ${IMAGE_SIDE_MAX} on a side are decoded.`;
    throw new Failure(FAIL_TOO_LARGE, message, width, height);
  }
  const [resizeWidth, resizeHeight] = scaledSize(width, height, maxSide);
  const needed = decodeBytes(width, height, maxSide);
  if (needed > maxBytes) {
    const message = `Decoding the image of ${width} x ${height} pixels needs ${needed} bytes; ${maxBytes} were allowed.`;
    throw new Failure(FAIL_TOO_LARGE, message, width, height);
  }
  /** @type {ImageBitmapOptions} */
  const options = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' };
  if (resizeWidth !== width || resizeHeight !== height) Object.assign(options, { resizeWidth, resizeHeight, resizeQuality: 'high' });
  try {
    return await decode(new Blob(withoutOrientation(bytes, type), { type }), options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(FAIL_FORMAT, `The browser could not decode the ${type} of ${width} x ${height} pixels: ${reason}`);
  }
}
