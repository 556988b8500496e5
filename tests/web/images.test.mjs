/** @file Parts of textures: what does not fit the texture is told, and nothing of it is sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Images } from '../../web/backends/common/images.js';

/** @param {Uint8Array | null} texels @param {{ width: number, height: number } | null} image */
function made(texels, image) {
  /** @type {number[][]} */
  const sent = [];
  const images = new Images((_, problem) => assert.fail(problem), () => {}, () => {});
  const textures = {
    create: () => ({}), refine: () => {}, showFrom: () => false,
    writeRows: (_record, level, first, source, rows = 0) => sent.push([level, first, source.byteLength ?? 0, rows]),
  };
  const driver = /** @type {any} */ ({ textures, limits: { maxTextureSide: 4096 } });
  images.create(driver, { handle: 1, width: 8, height: 4, levels: 4, format: 0, sampler: 0 });
  const transfers = /** @type {any} */ ({ texels: () => texels, image: () => image });
  return { sent, part: (/** @type {number} */ level, /** @type {number} */ first, /** @type {number} */ rows) => (
    images.part(driver, 1, 7, { level, first, rows }, transfers)) };
}

test('a small copy comes first, then rows', () => {
  const { sent, part } = made(new Uint8Array(8 * 4 * 4), null);
  part(3, 0, 0);
  part(0, 0, 3);
  part(0, 3, 1);
  assert.deepEqual(sent, [[3, 0, 4, 0], [0, 0, 96, 3], [0, 3, 32, 1]]);
});

test('texels and images of another size, and rows that are none, are told', () => {
  for (const [texels, image, says] of /** @type {[Uint8Array | null, any, RegExp][]} */ ([
    [new Uint8Array(64), null, /64 bytes are written, but 8 x 4 texels have 128/],
    [null, { width: 4, height: 4 }, /image of transfer 7 has 4 x 4 texels, but the texture has 8 x 4/],
  ])) {
    const { sent, part } = made(texels, image);
    assert.throws(() => part(3, 0, 0), says);
    assert.throws(() => part(0, 0, 2), says);
    assert.deepEqual(sent, []);
  }
  const { sent, part } = made(new Uint8Array(128), null);
  assert.throws(() => part(0, 3, 2), /Rows 3 to 5 of level 0 are no part/);
  assert.throws(() => part(1, 0, 1), /Rows 0 to 1 of level 1 are no part/);
  assert.deepEqual(sent, []);
});
