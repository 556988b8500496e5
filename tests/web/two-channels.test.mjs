// Blocks of two channels: what a GPU reads of them is what was put in.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeTwoChannels } from '../../web/transfer/decode/two-channels.js';

/** The table of EAC that is asked for, from the standard's text. */
const EAC = { 0: [-3, -6, -9, -15, 2, 5, 8, 14], 13: [-1, -2, -3, -10, 0, 1, 2, 9], 15: [-3, -5, -7, -9, 2, 4, 6, 8] };
const bitsOf = (bytes) => bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);

function bc4(block) {
  const [a, b] = block, bits = bitsOf([...block.slice(2)].reverse());
  const ends = a > b ? [a, b, ...[6, 5, 4, 3, 2, 1].map((k) => (k * a + (7 - k) * b) / 7)]
    : [a, b, ...[4, 3, 2, 1].map((k) => (k * a + (5 - k) * b) / 5), 0, 255];
  return Array.from({ length: 16 }, (_, i) => ends[Number((bits >> BigInt(3 * i)) & 7n)]);
}

function eac(block) {
  const steps = EAC[block[1] & 15];
  if (!steps) return null;
  const bits = bitsOf([...block.slice(2)]);
  return Array.from({ length: 16 }, (_, i) => {
    const step = steps[Number((bits >> BigInt(45 - 3 * (4 * (i & 3) + (i >> 2)))) & 7n)];
    return Math.min(Math.max(8 * block[0] + 4 + 8 * (block[1] >> 4) * step, 0), 2047) * (255 / 2047);
  });
}

for (const [family, decode] of [['bc5', bc4], ['eac_rg11', eac]]) {
  test(`${family} keeps red and green, of sides that are no multiples of four too`, () => {
    const [width, height] = [42, 23], across = 11, down = 6;
    const rgba = new Uint8Array(4 * width * height);
    for (let i = 0; i < width * height; i += 1) {
      rgba.set([128 + 100 * Math.sin((i % width) / 9), 128 + 90 * Math.cos(i / width / 9), 17 * i, 255], 4 * i);
    }
    const out = new Uint8Array(16 * across * down);
    encodeTwoChannels(rgba, width, height, family, out);
    let read = 0, worst = 0;
    for (let block = 0; block < across * down; block += 1) {
      for (let channel = 0; channel < 2; channel += 1) {
        const found = decode(out.slice(16 * block + 8 * channel, 16 * block + 8 * channel + 8));
        if (found === null) continue; // another table
        read += 1;
        for (let i = 0; i < 16; i += 1) {
          const x = 4 * (block % across) + (i & 3), y = 4 * Math.floor(block / across) + (i >> 2);
          if (x < width && y < height) worst = Math.max(worst, Math.abs(found[i] - rgba[4 * (y * width + x) + channel]));
        }
      }
    }
    assert.ok(read >= 20, `${read} blocks`);
    assert.ok(worst < 5, `${worst} of 255`);
  });

  test(`a flat block of ${family} is exact`, () => {
    const rgba = new Uint8Array(64).fill(128), out = new Uint8Array(16);
    encodeTwoChannels(rgba, 4, 4, family, out);
    if (family === 'bc5') return assert.deepEqual(bc4(out.slice(0, 8)), Array(16).fill(128));
    assert.ok(Math.abs((decode(out.slice(0, 8)) ?? [128])[5] - 128) < 1.1);
  });
}
