// @ts-check
/**
 * @file Blocks of two channels, BC5 and EAC RG11, out of plain texels: what normal maps become.
 *
 * The pinned transcoder makes them of red and alpha alone, and a glTF's normal map has x and y in red and green.
 * Source: Khronos Data Format 1.3, 18.4 (RGTC) and 22.6 (EAC).
 */

/** EAC's tables of steps from the middle. */
const STEPS = [
  [-3, -6, -9, -15, 2, 5, 8, 14], [-3, -7, -10, -13, 2, 6, 9, 12], [-2, -5, -8, -13, 1, 4, 7, 12], [-2, -4, -6, -13, 1, 3, 5, 12],
  [-3, -6, -8, -12, 2, 5, 7, 11], [-3, -7, -9, -11, 2, 6, 8, 10], [-4, -7, -8, -11, 3, 6, 7, 10], [-3, -5, -8, -11, 2, 4, 7, 10],
  [-2, -6, -8, -10, 1, 5, 7, 9], [-2, -5, -8, -10, 1, 4, 7, 9], [-2, -4, -8, -10, 1, 3, 7, 9], [-2, -5, -7, -10, 1, 4, 6, 9],
  [-3, -4, -7, -10, 2, 3, 6, 9], [-1, -2, -3, -10, 0, 1, 2, 9], [-4, -6, -8, -9, 3, 5, 7, 8], [-3, -5, -7, -9, 2, 4, 6, 8],
];
const BC_ORDER = [1, 7, 6, 5, 4, 3, 2, 0]; // the number of each of eight equal steps from the smaller end
const values = new Uint8Array(16), numbers = new Uint8Array(16), tried = new Uint8Array(16);

/** Of `values` between low and high. @param {Uint8Array} out @param {number} at @param {number} low @param {number} high */
function writeBc4(out, at, low, high) {
  out[at] = high;
  out[at + 1] = low;
  const scale = high > low ? 7 / (high - low) : 0; // equal ends: every number but 6 and 7 says that end
  let bits = 0, filled = 0, to = at + 2;
  for (let i = 0; i < 16; i += 1) {
    bits |= (scale === 0 ? 0 : BC_ORDER[Math.round((values[i] - low) * scale)]) << filled;
    for (filled += 3; filled >= 8; filled -= 8, bits >>= 8) out[to++] = bits & 255;
  }
}

/** The same; its 11 bits are those of the eight, stretched. @param {Uint8Array} out @param {number} at @param {number} low
 * @param {number} high */
function writeEac(out, at, low, high) {
  let best = Infinity, head = 0;
  for (let table = 0; table < 16 && best > 0; table += 1) {
    const steps = STEPS[table], bottom = steps[3], top = steps[7];
    const times = Math.min(Math.max(Math.round((high - low) / (top - bottom)), 1), 15);
    const base = Math.min(Math.max(Math.round((low + high - times * (top + bottom)) / 2), 0), 255);
    let error = 0;
    for (let i = 0; i < 16 && error < best; i += 1) {
      const wanted = values[i] * (2047 / 255) - 8 * base - 4;
      let nearest = Infinity;
      for (let k = 0; k < 8; k += 1) {
        const off = Math.abs(wanted - 8 * times * steps[k]);
        if (off < nearest) { nearest = off; tried[i] = k; }
      }
      error += nearest * nearest;
    }
    if (error >= best) continue;
    best = error;
    head = (base << 8) | (times << 4) | table;
    numbers.set(tried);
  }
  out[at] = head >> 8;
  out[at + 1] = head & 255;
  let bits = 0, filled = 0, to = at + 2;
  for (let i = 0; i < 16; i += 1) { // down the columns, the first in the highest bits
    bits = ((bits << 3) | numbers[4 * (i & 3) + (i >> 2)]) & 0xffff;
    for (filled += 3; filled >= 8; filled -= 8) out[to++] = (bits >> (filled - 8)) & 255;
  }
}

/** Red and green of RGBA8 texels. @param {Uint8Array} rgba @param {number} width @param {number} height of any size: blocks at the
 *  edge repeat the last texels @param {'bc5' | 'eac_rg11'} family @param {Uint8Array} out 16 bytes a block */
export function encodeTwoChannels(rgba, width, height, family, out) {
  const write = family === 'bc5' ? writeBc4 : writeEac;
  let at = 0;
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4, at += 16) {
      for (let channel = 0; channel < 2; channel += 1) {
        let low = 255, high = 0;
        for (let i = 0; i < 16; i += 1) {
          const value = rgba[4 * (Math.min(y + (i >> 2), height - 1) * width + Math.min(x + (i & 3), width - 1)) + channel];
          values[i] = value;
          if (value < low) low = value;
          if (value > high) high = value;
        }
        write(out, at + 8 * channel, low, high);
      }
    }
  }
}
