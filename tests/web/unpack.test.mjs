// Orders to unpack: what a worker that hangs costs, and headers that lie, before any decoder is loaded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Transfers } from '../../web/transfer/fetcher.js';
import { checkDraco } from '../../web/transfer/decode/draco.js';
import { Decoders } from '../../web/transfer/decode/decoders.js';
import { chooseFamily, firstLevel, readHeader, texelsBytes, transcode } from '../../web/transfer/decode/ktx2.js';
import { unpack } from '../../web/transfer/decode/unpack.js';
import { COMPRESSED_ASTC, COMPRESSED_BC, COMPRESSED_BC5, COMPRESSED_ETC2, FAIL_FORMAT, TEXTURE_FAMILIES, UNPACK_KINDS } from '../../web/gen/layouts.js';

const UNIT = new URL('../unit/', import.meta.url);
const KTX2 = Object.fromEntries(Object.entries(JSON.parse(readFileSync(new URL('ktx2_files.json', UNIT), 'utf8')))
  .map(([name, data]) => [name, Uint8Array.from(Buffer.from(/** @type {string} */ (data), 'base64'))]));
const decoders = new Decoders('http://nowhere/');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('a decoder that hangs fails alone, its worker is replaced, and what was asked of others goes on', async () => {
  const ports = [];
  const events = { done: [], failed: [], transferDone: (id) => events.done.push(id), transferFailed: (id, code, a, b, text) => events.failed.push([id, code, text]) };
  const heap = { u32: () => Uint32Array.of(UNPACK_KINDS.indexOf('draco'), 1, 0, 4, 4, 0, 0, 0), u8: () => new Uint8Array(0), text: () => 'http://x/a.glb' };
  const transfers = new Transfers({
    heap, events, baseUrl: 'http://x/', decodeWorkers: 1, hungMs: 30,
    makePort: (onAnswer) => {
      const port = { onAnswer, posts: [], closed: false, post: (request) => port.posts.push(request), close: () => { port.closed = true; } };
      ports.push(port);
      return port;
    },
  });
  transfers.fetch(1, 2, 1, 100, 0, 0, 0, 0);
  ports[0].onAnswer({ op: 'done', id: 1, heldBytes: 4, a: 0, b: 0, payload: '' });
  transfers.unpack(2, 0, 32);
  assert.equal(ports[0].posts.at(-1).op, 'unpack');
  await wait(120);
  assert.deepEqual(events.failed.map(([id, code]) => [id, code]), [[2, FAIL_FORMAT]]);
  assert.match(events.failed[0][2], /longer than 0.03 s/);
  assert.equal(ports[0].closed, true);
  assert.equal(ports.length, 2, 'another worker took its place');
  transfers.fetch(3, 2, 1, 100, 0, 0, 0, 0);
  ports[1].onAnswer({ op: 'done', id: 3, heldBytes: 4, a: 0, b: 0, payload: '' });
  assert.deepEqual(events.done, [1, 3]);
  transfers.destroy();
});

test('sparse elements replace others, and no decoder is loaded for them', async () => {
  const base = new Float32Array([0, 1, 2, 3]).buffer;
  const more = new Uint8Array(12);
  more[0] = 2;
  new DataView(more.buffer).setFloat32(4, 9, true);
  const words = (index = 4, count = 4) => Uint32Array.of(2, 1, 0, 4 * count, 4 * count, 4, 4, 1, 2, 0, 1, 2, index);
  const bufferOf = (id) => (id === 1 ? base : more.buffer);
  assert.deepEqual([...new Float32Array(await unpack(words(), bufferOf, decoders))], [0, 1, 9, 3]);
  await assert.rejects(unpack(words(4, 2), bufferOf, decoders), /replaces element 2 of 2/);
  await assert.rejects(unpack(words(12), bufferOf, decoders), /ends at byte 16, outside of its buffer of 12 bytes/);
  await assert.rejects(unpack(Uint32Array.of(9, 1, 0, 4, 4, 0, 0, 0), bufferOf, decoders), /kind 9/);
});

test('Draco that says another size is refused before it is unpacked', () => {
  const square = Uint8Array.from(Buffer.from(JSON.parse(readFileSync(new URL('packed_draco.json', UNIT), 'utf8')).square, 'base64'));
  checkDraco(square, 6, 4);
  assert.throws(() => checkDraco(square, 9, 4), /2 triangles of 4 vertices; the file says 3 of 4/);
  assert.throws(() => checkDraco(square, 6, 3), /the file says 2 of 3/);
  assert.throws(() => checkDraco(square.slice(0, 9), 6, 4), /has 9 bytes/);
  assert.throws(() => checkDraco(new Uint8Array(40), 6, 4), /not with "DRACO"/);
});

test('a GPU gets the family that it takes, and levels that fit', () => {
  const family = (name, can, alpha = true) => TEXTURE_FAMILIES[chooseFamily(readHeader(KTX2[name]), alpha, can)];
  const all = COMPRESSED_ASTC | COMPRESSED_BC | COMPRESSED_ETC2;
  assert.deepEqual([all, COMPRESSED_BC, COMPRESSED_ETC2, 0].map((can) => family('uastc', can)), ['astc', 'bc7', 'etc2', 'rgba8']);
  assert.deepEqual([all, COMPRESSED_BC, COMPRESSED_ASTC].map((can) => family('etc1s', can, false)), ['etc2_rgb', 'bc1', 'astc']);
  const normals = (name, can) => TEXTURE_FAMILIES[chooseFamily(readHeader(KTX2[name]), false, can, true)];
  assert.deepEqual([all | COMPRESSED_BC5, COMPRESSED_BC5, all, COMPRESSED_ETC2, COMPRESSED_BC, 0].map((can) => normals('uastc', can)),
    ['bc5', 'bc5', 'astc', 'eac_rg11', 'rgba8', 'rgba8']);
  assert.deepEqual([all | COMPRESSED_BC5, COMPRESSED_BC].map((can) => normals('etc1s', can)), ['etc2_rgb', 'bc1']);
  assert.equal(chooseFamily({ width: 6, height: 8, levels: 1, isUastc: true }, true, all), 0);
  assert.deepEqual([0, 16, 9, 1].map((side) => firstLevel(readHeader(KTX2.uastc), side)), [0, 0, 1, 4]);
  assert.equal(texelsBytes(16, 16, TEXTURE_FAMILIES.indexOf('bc1'), 5), 8 * 23);
});

test('a KTX2 file that needs more than was allowed, or lies, never reaches the transcoder', () => {
  const none = { KTX2File: class { constructor() { throw new Error('reached'); } } };
  assert.throws(() => transcode(none, KTX2.uastc, 100, 0, COMPRESSED_BC), (error) => error.a === 16 && /needs 368 bytes; 100 were allowed/.test(error.message));
  assert.throws(() => transcode(none, KTX2.uastc, 1000, 0, COMPRESSED_BC), /reached/);
  let refused = 0;
  let seed = 7;
  const random = () => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; };
  for (let run = 0; run < 4000; run += 1) {
    const bytes = Object.values(KTX2)[run % 4].slice();
    for (let change = 0; change <= run % 3; change += 1) bytes[12 + Math.floor(random() * 190)] = [0, 255, Math.floor(random() * 256)][run % 3];
    try {
      const { width, height } = readHeader(random() < 0.2 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes);
      assert.ok(width <= 16384 && height <= 16384);
    } catch (error) {
      assert.equal(error.name, 'Failure');
      refused += 1;
    }
  }
  assert.ok(refused > 1000);
});
