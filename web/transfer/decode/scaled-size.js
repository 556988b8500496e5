// @ts-check
/** @file The size of an image that is scaled down. Owns nothing else. */

/** The size after scaling the longer side down to maxSide (0 = as it is); rounds half up, like assets/images.py.
 * @param {number} width @param {number} height @param {number} maxSide @returns {[number, number]} */
export function scaledSize(width, height, maxSide) {
  const longest = Math.max(width, height);
  if (maxSide === 0 || longest <= maxSide) return [width, height];
  const side = (/** @type {number} */ value) => Math.max(1, Math.floor((2 * value * maxSide + longest) / (2 * longest)));
  return [side(width), side(height)];
}
