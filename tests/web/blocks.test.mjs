/** Meshes built in blocks of Layer memory (web/transfer/blocks.js, web/transfer/fetcher.js), with the real kernels, shared and not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Layer } from '../../web/kernels/layer.js';
import { descriptor, makeTransfers } from './support.mjs';

const KERNELS = new URL('../../engine_py/layerw/_kernels/', import.meta.url);
const BLOB = 2, MESH = 1, PINNED = 0, FAR = 3, MIB = 1 << 20;
const VERTICES = 4998;
const SIZE = VERTICES * 34;

function openLayer(shared) {
  const kernels = new WebAssembly.Module(readFileSync(new URL(`${shared ? 'worker' : 'side'}.wasm`, KERNELS)));
  const layer = new Layer(/** @type {any} */ ({ kernels }), shared);
  layer.open(16 * MIB, null);
  return layer;
}

async function desk(shared) {
  const layer = openLayer(shared);
  const positions = Float32Array.from({ length: 3 * VERTICES }, (_, i) => Math.sin(i));
  const made = makeTransfers({ files: { 'http://test/app/p': new Uint8Array(positions.buffer) }, layer: () => layer });
  await made.fetchUrl(1, BLOB, 'p');
  const words = descriptor({ vertices: VERTICES, indices: VERTICES, attributes: [[1, 1, 0, 0, 5126, 3, 0, VERTICES]] });
  const build = (id, block) => made.transfers.meshBuildIn(id, ...made.heap.put(words), block);
  const alloc = (size = SIZE) => layer.exports.lw_alloc(MESH, size, PINNED);
  const isAlive = (block) => layer.exports.lw_address(block) !== 0;
  return { ...made, layer, build, alloc, isAlive };
}

for (const shared of [false, true]) {
  const kind = shared ? 'shared' : 'copied';

  test(`${kind}: the same bytes as outside of it, wherever the block is moved, and freed with the transfer`, async () => {
    const { transfers, event, layer, build, alloc, isAlive } = await desk(shared);
    build(2, 0);
    await event(2);
    const [, hole, block] = [alloc(2000), alloc(300_000), alloc()]; // the first one brings the bookkeeping
    layer.bytes(layer.exports.lw_address(block) >>> 0, SIZE).fill(0xee);
    build(3, block);
    assert.equal((await event(3)).heldBytes, SIZE);
    assert.deepEqual(transfers.bytes(3), transfers.bytes(2));
    assert.equal(transfers.bytes(3).buffer, layer.memory.buffer);
    assert.equal(transfers.stats().heldBytes, 3 * 4 * VERTICES + SIZE, 'what lies in blocks is not held outside');
    const before = layer.exports.lw_address(block);
    layer.exports.lw_free(hole, MESH);
    layer.exports.lw_set_tier(block, FAR);
    layer.exports.lw_defragment(MESH, MIB);
    assert.notEqual(layer.exports.lw_address(block), before);
    assert.deepEqual(transfers.bytes(3), transfers.bytes(2));
    transfers.transferRelease(3);
    assert.ok(!isAlive(block));
    assert.throws(() => transfers.bytes(3), /holds no built mesh/);
  });

  test(`${kind}: a block that is released while it is written is freed when that ended`, async () => {
    const { transfers, build, alloc, isAlive } = await desk(shared);
    const block = alloc();
    build(2, block);
    transfers.transferRelease(2);
    assert.ok(isAlive(block), 'a worker may be writing');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(!isAlive(block));
  });

  test(`${kind}: a build that fails keeps its block until its release; a stale one is refused`, async () => {
    const { transfers, event, heap, build, alloc, isAlive } = await desk(shared);
    const block = alloc();
    transfers.meshBuildIn(2, ...heap.put(new Uint32Array(3)), block);
    assert.match((await event(2)).message, /must have 28/);
    assert.ok(isAlive(block));
    transfers.transferRelease(2);
    assert.ok(!isAlive(block));
    build(3, 0);
    await event(3);
    if (shared) assert.throws(() => build(4, block), /freed already/);
  });
}

test('shared: a block that is too small is never written past', async () => {
  const { event, build, alloc } = await desk(true);
  build(2, alloc(1000));
  assert.match((await event(2)).message, /169932 bytes was to be built in a block of 1000 bytes/);
});

test('without Layer memory a block is refused', async () => {
  const { transfers, heap } = makeTransfers({});
  assert.throws(() => transfers.meshBuildIn(2, ...heap.put(new Uint32Array(28)), 7), /not open/);
});
