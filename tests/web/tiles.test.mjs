// Tiles of 3D Tiles 1.0 in the decode workers: they are taken apart as hosts/tiles.py does, points become discs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { openModel } from '../../web/transfer/decode/containers.js';
import { Failure } from '../../web/transfer/decode/failure.js';
import { unzipped } from '../../web/transfer/decode/gzipped.js';
import { buildMesh } from '../../web/transfer/decode/mesh.js';
import { unpack } from '../../web/transfer/decode/unpack.js';
import { FAIL_TOO_LARGE, MESH_BUILD_DISCS, SEMANTICS, UNPACK_KINDS } from '../../web/gen/layouts.js';

const encode = (text) => new TextEncoder().encode(text);

/** @param {string} magic @param {object} feature @param {Uint8Array} data @param {Uint8Array} [model] @param {number} [format] */
function tile(magic, feature, data, model = new Uint8Array(0), format) {
  const header = format === undefined ? 28 : 32;
  const json = encode(JSON.stringify(feature));
  const bytes = new Uint8Array(header + json.length + data.length + model.length);
  bytes.set(encode(magic));
  const view = new DataView(bytes.buffer);
  [1, bytes.length, json.length, data.length, 0, 0].forEach((value, i) => view.setUint32(4 + 4 * i, value, true));
  if (format !== undefined) view.setUint32(28, format, true);
  bytes.set(json, header);
  bytes.set(data, header + json.length);
  bytes.set(model, header + json.length + data.length);
  return bytes;
}

/** @param {...Uint8Array} parts */
function cmpt(...parts) {
  const size = 16 + parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(size);
  bytes.set(encode('cmpt'));
  const view = new DataView(bytes.buffer);
  [1, size, parts.length].forEach((value, i) => view.setUint32(4 + 4 * i, value, true));
  parts.reduce((at, part) => { bytes.set(part, at); return at + part.length; }, 16);
  return bytes;
}

const points = (n) => tile('pnts', { POINTS_LENGTH: n, POSITION: { byteOffset: 0 } }, Uint8Array.from({ length: 12 * n }, (_, i) => i));

test('the parts of a composite lie aligned in one buffer', () => {
  const { json, bin, container } = openModel(cmpt(points(1), points(3), tile('i3dm', {}, new Uint8Array(3), encode('m.glb\0'), 0)).buffer);
  const parts = JSON.parse(new TextDecoder().decode(json)).layerw_parts;
  assert.equal(container, 5);
  assert.deepEqual(parts.map((part) => part.kind), ['pnts', 'pnts', 'i3dm']);
  assert.deepEqual(parts.map((part) => part.featureBytes), [[0, 12], [16, 36], [56, 3]]);
  assert.equal(parts[1].feature.POINTS_LENGTH, 3);
  assert.equal(parts[2].uri, 'm.glb');
  assert.deepEqual([...new Uint8Array(bin, 16, 36)], Array.from({ length: 36 }, (_, i) => i));
});

test('any damage to a tile is a sentence', () => {
  let seed = 7;
  const chance = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n; };
  const file = cmpt(points(2), tile('b3dm', { BATCH_LENGTH: 0 }, new Uint8Array(0), encode('glTF')), cmpt(points(1)));
  let refused = 0;
  for (let i = 0; i < 2000; i += 1) {
    const bytes = file.slice();
    for (let n = chance(4); n >= 0; n -= 1) bytes[chance(bytes.length)] = [0, 1, 255, 0x7b, chance(256)][chance(5)];
    try {
      openModel(bytes.buffer);
    } catch (error) {
      assert.ok(error instanceof Failure && error.message.length > 10, String(error));
      refused += 1;
    }
  }
  assert.ok(refused > 1000);
});

test('points become discs as large as they lie apart', () => {
  const positions = Float32Array.from([0, 0, 0, 2, 0, 0, 0, 2, 0, 2, 2, 0]);
  const colors = Uint16Array.from([0xf800, 0x07e0, 0x001f, 0xffff]);
  const build = (/** @type {number[]} */ color, /** @type {ArrayBuffer} */ bytes, srgb = 1) => {
    const words = new Uint32Array(8 + 12 + 3 * 8);
    words.set([2, 4, 0, MESH_BUILD_DISCS, 0, 0, srgb, 0]);
    new Float32Array(words.buffer).set([1, 0, 0, 10, 0, 1, 0, 0, 0, 0, 1, 0], 8);
    words.set([SEMANTICS.indexOf('position'), 1, 0, 0, 5126, 3, 0, 4], 28);
    words.set([SEMANTICS.indexOf('color'), 2, 0, 0, ...color, 4], 36);
    return buildMesh(words, (transfer) => (transfer === 1 ? positions.buffer : bytes));
  };
  const { bytes, vertexCount, indexCount, payload } = build([5123, 1, 0], colors.buffer);
  assert.deepEqual([bytes.length, vertexCount, indexCount], [80, 4, 0]);
  const floats = new Float32Array(bytes.buffer);
  assert.deepEqual([...floats.subarray(5, 8)], [12, 0, 0]);
  assert.ok(Math.abs(floats[4] - Math.sqrt(2)) < 1e-6);
  assert.deepEqual([...bytes.subarray(12, 16)], [255, 0, 0, 255]);
  assert.deepEqual([...bytes.subarray(32, 36)], [0, 255, 0, 255]);
  assert.deepEqual([...payload.subarray(0, 6)], [10, 0, 0, 12, 2, 0]);
  const plain = build([5121, 3, 1], Uint8Array.from([10, 20, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0]).buffer);
  assert.deepEqual([...plain.bytes.subarray(12, 16)], [10, 20, 30, 255]);
  const linear = build([5126, 3, 0], new Float32Array(12).fill(0.5).buffer, 0);
  assert.deepEqual([...linear.bytes.subarray(12, 16)], [188, 188, 188, 255]);
  positions[4] = NaN;
  assert.throws(() => build([5123, 1, 0], colors.buffer), /position of point 1 is/);
});

test('gzip is unpacked within what was allowed', async () => {
  const data = new Uint8Array(5000).map((_, i) => i % 7);
  const packed = new Uint8Array(gzipSync(data));
  const buffer = packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length);
  assert.deepEqual(new Uint8Array(await unzipped(buffer.slice(0), 'a', 6000)), data);
  assert.equal(await unzipped(data.buffer, 'a', 1), data.buffer);
  await assert.rejects(unzipped(buffer.slice(0), 'a', 5000), (error) => error.code === FAIL_TOO_LARGE && error.a === 5000 + packed.length);
  const bomb = buffer.slice(0);
  new DataView(bomb).setUint32(bomb.byteLength - 4, 8, true);
  await assert.rejects(unzipped(bomb, 'a', 6000), /damaged gzip/);
});

test('ids become colours of a palette', async () => {
  const ids = Float32Array.from([1, 0, 7, -1]);
  const words = (/** @type {number[]} */ ...more) => Uint32Array.of(UNPACK_KINDS.indexOf('palette'), 1, 0, 16, 16, 5126, 4, 4, ...more);
  const made = await unpack(words(0xff0000ff, 0xff00ff00), () => ids.buffer, /** @type {any} */ (null));
  assert.deepEqual([...new Uint32Array(made)], [0xff00ff00, 0xff0000ff, 0xffffffff, 0xffffffff]);
  const wrong = words(1);
  wrong[7] = 5;
  await assert.rejects(unpack(wrong, () => ids.buffer, /** @type {any} */ (null)), /5 ids of component type 5126/);
});
