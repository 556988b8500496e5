/** Checks and states that every backend shares, on the null backend: bounds, limits, pending, failed, stale, merged runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBackend } from '../../web/backends/null/device.js';
import { Decoder } from '../../web/engine/decoder.js';
import { EventWriter } from '../../web/gen/events.js';
import { FRAME_BLOCK_BYTES, MATERIAL_BLOCK_BYTES } from '../../web/gen/layouts.js';
import { HANDLES, create, destroy, frame } from '../browser/pages/scene.js';
import { TestHeap, TestStream } from '../browser/pages/stream.js';

async function setUp(more = {}) {
  const heap = new TestHeap(32 << 20);
  const stream = new TestStream();
  const events = [];
  const errors = [];
  const readbacks = [];
  const transfer = new Uint8Array(64);
  const transfers = {
    bytes: (h) => { if (h !== 9) throw new Error(`Transfer ${h} is unknown.`); return transfer; },
    image: () => ({ width: 4, height: 4 }),
    texels: () => null,
  };
  const writer = new EventWriter((words) => events.push(words));
  const pictures = { done: () => {}, failed: (number, text) => readbacks.push([number, text]) };
  const backend = await createBackend({ heap, transfers, events: writer, pictures, ...more });
  const decoder = new Decoder({ heap, sinks: { gpu: backend }, onError: (message) => errors.push(message) });
  const run = (fill) => { heap.end = 16; fill(stream); stream.submit(heap, decoder); return errors.splice(0); };
  const failures = () => events.splice(0).filter((w) => (w[0] & 0xffff) === 20)
    .map((w) => new TextDecoder().decode(new Uint8Array(w.buffer, 16, w[3])));
  return { heap, backend, run, events, failures, readbacks };
}
const VIEW = { eye: [0, 2, 7], look: [0, -0.2, -1], width: 320, height: 200 };

test('the scene is created, drawn, and leaves nothing behind', async () => {
  const { heap, backend, run, events } = await setUp();
  assert.deepEqual(run((s) => create(s, heap)), []);
  assert.equal(backend.stats().liveHandles, HANDLES);
  assert.deepEqual(run((s) => frame(s, heap, VIEW)), []);
  const before = backend.stats().gpuBytes - backend.resourceBytes; // targets are made with the first frame
  const { draws, triangles } = backend.stats();
  assert.ok(draws >= 15 && draws < 30, `81 boxes of one material are one draw, so ${draws} in all`);
  assert.ok(triangles > 20_000);
  assert.deepEqual(run((s) => destroy(s)), []);
  assert.equal(backend.stats().liveHandles, 0);
  assert.equal(backend.stats().gpuBytes, before);
  assert.deepEqual(events, []);
});

for (const timesUploads of [true, false]) {
  test(`what uploads took is told once a frame: ${timesUploads}`, async () => {
    const { run, events } = await setUp({ timesUploads });
    run((s) => {
      s.add('buffer_create', 5, 4096, 1);
      for (const offset of [0, 64]) s.add('buffer_upload', 5, offset, 9, 0, 64);
    });
    run((s) => s.add('frame_end'));
    run((s) => s.add('frame_end'));
    const told = events.filter((words) => (words[0] & 0xffff) === 32);
    assert.deepEqual(told.map((words) => words[1]), timesUploads ? [128] : []);
    for (const words of told) assert.ok(new Float32Array(words.buffer, words.byteOffset, words.length)[2] >= 0);
  });
}

test('a readback says that nothing is drawn, or that the device is lost', async () => {
  const { heap, backend, run, readbacks } = await setUp();
  assert.deepEqual(run((s) => create(s, heap)), []);
  run((s) => frame(s, heap, { ...VIEW, readbacks: [7] }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(readbacks.splice(0), [[7, 'The picture could not be read back: the null backend draws none.']]);
  run((s) => s.add('readback', 8));
  await backend.loseDevice();
  assert.match(readbacks[0][1], /^The GPU was lost before/);
});

test('a picture of a feed that is not needed is dropped on a lost device too', async () => {
  const taken = [];
  const events = new EventWriter(() => {});
  const feeds = { picture: () => ({ width: 4, height: 4 }), taken: (feed) => taken.push(feed) };
  const backend = await createBackend({ heap: new TestHeap(1 << 20), events, feeds });
  backend.textureFeed(0, 3);
  await backend.loseDevice();
  backend.textureFeed(0, 4);
  backend.textureFeed(0x100001, 5); // it is asked for again
  assert.deepEqual(taken, [3, 4]);
});

test('what passes a limit is refused with value and limit', async () => {
  const { run, failures } = await setUp();
  assert.deepEqual(run((s) => s.add('texture_create', 1, 65536, 65536, 17, 0, 0)), []);
  assert.match(failures()[0], /^The texture 1 could not be made. Its size is 65536 x 65536, .* limit is 8192 a side/);
  run((s) => s.add('texture_create', 2, 16, 8, 3, 0, 0));
  assert.match(failures()[0], /It has 3 levels; use 1 or the full chain of 5/);
  run((s) => s.add('buffer_create', 1, 0xfffffffc, 1));
  assert.match(failures()[0], /4096.0 MiB, but this device's limit is 1024.0 MiB/);
  run((s) => s.add('buffer_create', 2, 64, 3));
  assert.match(failures()[0], /usage is 3; use 1 \(vertex\) or 2 \(index\), never both/);
  run((s) => s.add('material_create', 1, 99, 0, 0, 16, 0, 16, MATERIAL_BLOCK_BYTES));
  assert.match(failures()[0], /Its kind is 99; use 0 to \d+/);
});

test('writes past the end are refused', async () => {
  const { run } = await setUp();
  run((s) => s.add('buffer_create', 1, 64, 1));
  assert.match(run((s) => s.add('buffer_write', 1, 32, 16, 36))[0], /ends at byte 68, but the buffer has 64 bytes/);
  assert.match(run((s) => s.add('buffer_write', 1, 2, 16, 4))[0], /must be multiples of 4/);
  assert.match(run((s) => s.add('buffer_upload', 1, 0, 9, 32, 64))[0], /up to 96 are read, but transfer 9 holds 64/);
  assert.match(run((s) => s.add('buffer_upload', 1, 0, 8, 0, 4))[0], /Transfer 8 is unknown/);
  assert.match(run((s) => s.add('rows_write', 0, 0, 1024, 16))[0], /up to 1024 are written, but the capacity is 0/);
  assert.match(run((s) => s.add('frame_block', 16, 12))[0], new RegExp(`12 bytes, expected ${FRAME_BLOCK_BYTES}`));
  run((s) => s.add('texture_create', 1, 8, 8, 4, 0, 0));
  assert.match(run((s) => s.add('texture_write', 1, 16, 255))[0], /255 bytes are written, but 8 x 8 texels have 256/);
  assert.match(run((s) => s.add('texture_upload', 1, 3))[0], /has 4 x 4 texels, but the texture has 8 x 8/);
});

test('a mesh outside of its buffers fails', async () => {
  const { run, failures } = await setUp();
  run((s) => s.add('buffer_create', 1, 320, 1).add('buffer_create', 2, 16, 2));
  run((s) => s.add('mesh_create', 1, 1, 32, 10, 2, 0, 3, 2, 0, 0));
  assert.match(failures()[0], /10 vertices end at byte 352, but the buffer has 320 bytes/);
  run((s) => s.add('mesh_create', 2, 1, 0, 10, 2, 4, 9, 2, 0, 0));
  assert.match(failures()[0], /9 indices end at byte 22, but the buffer has 16 bytes/);
  run((s) => s.add('mesh_create', 3, 2, 0, 0, 0, 0, 0, 0, 0, 0));
  assert.match(failures()[0], /vertex buffer does not exist or has not usage 1/);
});

test('draws of pending, failed, stale or destroyed resources are skipped', async () => {
  const { heap, backend, run } = await setUp();
  run((s) => create(s, heap));
  run((s) => frame(s, heap, VIEW));
  const all = backend.stats().triangles;
  run((s) => s.add('texture_create', 5, 8, 8, 4, 0, 0).add('material_destroy', 1)
    .add('material_create', (1 << 20) | 1, 0, 0, 0, heap.put(new Uint8Array([5, 0, 0, 0])), 1, heap.put(new Uint8Array(MATERIAL_BLOCK_BYTES)),
      MATERIAL_BLOCK_BYTES));
  run((s) => frame(s, heap, VIEW));
  const without = backend.stats().triangles;
  assert.equal(all - without, 2 * (81 * 12 + 24 * 32 * 2), 'boxes and sphere of the stale material, in the opaque and the shadow pass');
  run((s) => s.add('buffer_destroy', 3));
  run((s) => frame(s, heap, VIEW));
  assert.ok(backend.stats().triangles < without, 'the sphere lost its vertices');
});

test('draws past the visible rows are skipped and told', async () => {
  const { heap, backend, run } = await setUp();
  run((s) => create(s, heap));
  const errors = run((s) => {
    frame(s, heap, VIEW);
    s.words.pop(); // frame_end
    s.add('draw_list', 1, heap.put(Uint32Array.from([1, 1, 5, 5000, 0, 0, 0, 0])), 1).add('frame_end');
  });
  assert.match(errors[0], /1 draws index past the \d+ visible or \d+ still rows and were skipped/);
  assert.ok(backend.stats().draws > 1);
});

test('a lost device empties every handle and says so', async () => {
  const { heap, backend, run, events } = await setUp();
  run((s) => create(s, heap));
  await backend.loseDevice();
  assert.deepEqual(events.map((words) => words[0] & 0xffff), [18, 19]);
  assert.equal(backend.stats().liveHandles, 0);
  // What Python sent before it heard of the new device was for the old one: frees, writes, even what is made.
  assert.deepEqual(run((s) => { destroy(s); create(s, heap); frame(s, heap, VIEW); }), []);
  assert.deepEqual(run((s) => s.add('shadow_tile', 0, 0, 1024, 0, 1, heap.put(new Uint32Array(8)), 1)), []);
  assert.deepEqual([backend.stats().liveHandles, backend.stats().draws], [0, 0]);
  assert.deepEqual(run((s) => { destroy(s); s.add('device_begin'); create(s, heap); }), []);
  assert.equal(backend.stats().liveHandles, HANDLES);
  assert.deepEqual(run((s) => frame(s, heap, VIEW)), []);
  assert.ok(backend.stats().draws >= 15);
});
