/** Transfers (web/transfer/fetcher.js) with services in this thread: lanes, limits, ownership, leaks. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { FETCH_DIGEST } from '../../web/gen/layouts.js';
import { descriptor, makeGlb, makeTransfers, readShared, sharedReason } from './support.mjs';

const BYTES = 0, MODEL = 1, BLOB = 2;
const NETWORK = 1, TOO_LARGE = 2, HASH = 3, FORMAT = 4, ABORTED = 5;
const BASE = 'http://test/app/';
const idle = () => new Promise((resolve) => setTimeout(resolve, 5));

test('FETCH_BYTES gives the body and holds nothing; relative URLs start at the base', async () => {
  const { transfers, fetchUrl } = makeTransfers({ files: { [`${BASE}a%20b/x.json`]: Buffer.from('{"a":1}') } });
  const event = await fetchUrl(1, BYTES, 'a b/x.json');
  assert.equal(new TextDecoder().decode(event.payload), '{"a":1}');
  assert.deepEqual(transfers.stats(), { live: 1, heldBytes: 0, inFlight: 0 });
  transfers.transferRelease(1);
  assert.equal(transfers.stats().live, 0);
});

test('a limit refuses early by Content-Length, and while reading without one', async () => {
  let cancelled = 0;
  const endless = () => new Response(new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1000)), cancel: () => { cancelled += 1; } }));
  const { fetchUrl, transfers } = makeTransfers({ files: { [`${BASE}big`]: new Uint8Array(5000), [`${BASE}endless`]: endless } });
  const big = await fetchUrl(1, BLOB, 'big', { maxBytes: 4999 });
  assert.deepEqual([big.code, big.a], [TOO_LARGE, 5000]);
  assert.match(big.message, /needs 5000 bytes or more; 4999 were allowed/);
  const stream = await fetchUrl(2, BLOB, 'endless', { maxBytes: 2500 });
  assert.deepEqual([stream.code, stream.a], [TOO_LARGE, 5000]);
  assert.equal(cancelled, 1);
  assert.equal((await fetchUrl(3, BLOB, 'big', { maxBytes: 5000 })).heldBytes, 5000);
  assert.equal(transfers.stats().heldBytes, 5000);
});

test('network errors carry the HTTP status; a broken connection is one too', async () => {
  const broken = () => new Response(new ReadableStream({ start: (c) => { c.enqueue(new Uint8Array(4)); c.error(new Error('reset')); } }));
  const refused = () => { throw new TypeError('refused'); };
  const { fetchUrl } = makeTransfers({ files: { [`${BASE}broken`]: broken, [`${BASE}refused`]: refused } });
  const missing = await fetchUrl(1, BYTES, 'nothing');
  assert.deepEqual([missing.code, missing.a], [NETWORK, 404]);
  assert.match(missing.message, /nothing answered HTTP 404 Not Found/);
  const cut = await fetchUrl(2, BYTES, 'broken');
  assert.deepEqual([cut.code, cut.a], [NETWORK, 0]);
  assert.match((await fetchUrl(3, BYTES, 'refused')).message, /could not be fetched: refused/);
  assert.match((await fetchUrl(4, BYTES, 'http://[')).message, /is no URL/);
});

test('a content hash is checked', async () => {
  const file = Buffer.from('tile');
  const hash = createHash('sha256').update(file).digest('hex');
  const { fetchUrl } = makeTransfers({ files: { [`${BASE}t`]: file } });
  assert.ok((await fetchUrl(1, BLOB, 't', { sha256: hash.slice(0, 16) })).ok);
  const wrong = await fetchUrl(2, BLOB, 't', { sha256: 'f'.repeat(16) });
  assert.equal(wrong.code, HASH);
  assert.match(wrong.message, new RegExp(`sha256 ${hash.slice(0, 16)}, but ffffffffffffffff was expected`));
});

test('with FETCH_DIGEST the sha256 of the whole file comes before the glTF JSON', async () => {
  const file = Buffer.from(makeGlb(JSON.stringify({ asset: { version: '2.0' } }), new Uint8Array(64).fill(7)));
  const { fetchUrl } = makeTransfers({ files: { [`${BASE}a.glb`]: file } });
  const plain = await fetchUrl(1, MODEL, 'a.glb');
  const { ok, payload, heldBytes } = await fetchUrl(2, MODEL | FETCH_DIGEST, 'a.glb');
  assert.deepEqual([ok, heldBytes], [true, plain.heldBytes]);
  assert.equal(Buffer.from(payload.subarray(0, 32)).toString('hex'), createHash('sha256').update(file).digest('hex'));
  assert.deepEqual(payload.subarray(32), plain.payload);
});

test('lanes limit fetches; the highest priority goes next; a release frees its lane', async () => {
  const log = [];
  const gates = {};
  const files = {};
  for (const name of ['a', 'b', 'c', 'd']) {
    files[BASE + name] = (signal) => new Promise((resolve, reject) => {
      gates[name] = () => resolve(new Response('x'));
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }
  const { transfers, fetchUrl } = makeTransfers({ files, log, lanes: 1 });
  const a = fetchUrl(1, BYTES, 'a', { priority: 1 });
  fetchUrl(2, BYTES, 'b', { priority: 1 });
  const c = fetchUrl(3, BYTES, 'c', { priority: 2 });
  const d = fetchUrl(4, BYTES, 'd', { priority: 0 });
  transfers.transferPriority(4, 5);
  await idle();
  assert.deepEqual(log, [`${BASE}a`]);
  gates.a();
  await a;
  await idle();
  assert.deepEqual(log, [`${BASE}a`, `${BASE}d`]);
  gates.d();
  await d;
  await idle();
  assert.deepEqual(log.at(-1), `${BASE}c`);
  transfers.transferRelease(3);
  await idle();
  assert.deepEqual(log.at(-1), `${BASE}b`);
  assert.equal(transfers.stats().inFlight, 1);
  assert.equal(await Promise.race([c, idle()]), undefined); // released: no event
});

test('on a quick line a lane is given what comes next; never more than the lanes at a time; a release in between', async () => {
  let running = 0, most = 0;
  const log = [], files = {};
  const names = Array.from({ length: 9 }, (_, n) => `f${n}`);
  for (const name of names) {
    files[BASE + name] = async () => {
      most = Math.max(most, (running += 1));
      await idle();
      running -= 1;
      return name === 'f4' ? new Response('', { status: 500 }) : new Response(name);
    };
  }
  const { transfers, fetchUrl } = makeTransfers({ files, log, lanes: 2, workers: 2 });
  assert.ok((await fetchUrl(1, BYTES, 'f0')).ok);
  const posted = names.slice(1).map((name, n) => fetchUrl(n + 2, BYTES, name, { priority: -n }));
  assert.equal(transfers.stats().inFlight, 4, 'two run, and two wait in their workers');
  transfers.transferRelease(4); // waits behind f1
  transfers.transferRelease(2); // f1 itself
  const ended = await Promise.all(posted.filter((_, n) => n !== 0 && n !== 2));
  assert.deepEqual(ended.map(({ ok }) => ok), [true, false, true, true, true, true]);
  assert.ok(most <= 3, `${most} at a time`); // one that was let go may still come to its end
  assert.ok(!log.includes(`${BASE}f3`) && transfers.stats().inFlight === 0);
});

test('Fox.glb: model, mesh and image; nothing is left after the releases', { skip: sharedReason }, async () => {
  const images = [];
  const decodeFunction = async (blob, options) => {
    const image = { width: options.resizeWidth ?? 2, height: options.resizeHeight ?? 2, closed: false, close() { this.closed = true; } };
    images.push([blob, image]);
    return image;
  };
  const { transfers, fetchUrl, event, heap } = makeTransfers({ files: { [`${BASE}Fox.glb`]: new Uint8Array(readShared('models/Fox.glb')) }, decodeFunction });
  const model = await fetchUrl(1, MODEL, 'Fox.glb');
  const root = JSON.parse(new TextDecoder().decode(model.payload));
  assert.equal(model.a, 1);
  const position = root.accessors[root.meshes[0].primitives[0].attributes.POSITION];
  const words = descriptor({ vertices: position.count, indices: position.count, flags: 1,
    attributes: [[1, 1, 0, 0, 5126, 3, 0, position.count]] });
  transfers.meshBuild(2, ...heap.put(words));
  const mesh = await event(2);
  assert.equal(mesh.heldBytes, position.count * 34);
  assert.equal(transfers.bytes(2).byteLength, mesh.heldBytes);
  const bounds = new Float32Array(mesh.payload.buffer);
  assert.deepEqual([...bounds.subarray(0, 3)], position.min);
  const view = root.bufferViews[root.images[0].bufferView];
  transfers.imageDecode(3, 1, view.byteOffset, view.byteLength, 1 << 24, 64);
  const image = await event(3);
  assert.deepEqual([image.a, image.b, image.heldBytes], [64, 64, 64 * 64 * 4]);
  assert.equal(images[0][0].type, 'image/png');
  assert.equal(transfers.image(3), images[0][1]);
  assert.throws(() => transfers.bytes(1), /holds no built mesh/);
  assert.equal(transfers.stats().heldBytes, model.heldBytes + mesh.heldBytes + image.heldBytes);
  for (const id of [1, 2, 3]) transfers.transferRelease(id);
  assert.ok(images[0][1].closed);
  assert.deepEqual(transfers.stats(), { live: 0, heldBytes: 0, inFlight: 0 });
});

test('a mesh of two files in two workers: a buffer moves and both still serve', async () => {
  const position = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]);
  const normal = new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]);
  const files = { [`${BASE}p`]: new Uint8Array(position.buffer), [`${BASE}n`]: new Uint8Array(normal.buffer) };
  const { transfers, fetchUrl, event, heap } = makeTransfers({ files, workers: 2 });
  await Promise.all([fetchUrl(1, BLOB, 'p'), fetchUrl(2, BLOB, 'n')]);
  const words = descriptor({ vertices: 3, indices: 3, attributes: [[1, 1, 0, 0, 5126, 3, 0, 3], [2, 2, 0, 0, 5126, 3, 0, 3]] });
  for (const id of [3, 4]) transfers.meshBuild(id, ...heap.put(words));
  for (const id of [3, 4]) assert.ok((await event(id)).ok);
  transfers.transferRelease(2);
  transfers.meshBuild(5, ...heap.put(words));
  const failed = await event(5);
  assert.deepEqual([failed.ok, failed.code], [false, ABORTED]);
});

test('broken requests fail alone', async () => {
  const { transfers, fetchUrl, event, heap } = makeTransfers({ files: { [`${BASE}x`]: makeGlb('{}', new Uint8Array(8)).slice(0, 30), [`${BASE}b`]: new Uint8Array(8), [`${BASE}empty`]: new Uint8Array(0) } });
  const cut = await fetchUrl(1, MODEL, 'x');
  assert.equal(cut.code, FORMAT);
  assert.match(cut.message, /app\/x: The glb says that it has/);
  await fetchUrl(2, BLOB, 'b');
  transfers.meshBuild(3, ...heap.put(new Uint32Array(3)));
  assert.match((await event(3)).message, /has 3 words; it must have 28/);
  transfers.imageDecode(4, 2, 4, 100, 1000, 0);
  assert.match((await event(4)).message, /image ends at byte 104, outside of its buffer of 8/);
  transfers.imageDecode(5, 9, 0, 0, 1000, 0);
  assert.equal((await event(5)).code, ABORTED);
  assert.equal((await fetchUrl(6, 7, 'b')).code, FORMAT);
  await fetchUrl(7, BLOB, 'empty');
  transfers.imageDecode(8, 7, 0, 0, 1000, 0);
  assert.equal((await event(8)).code, FORMAT, 'an empty file is no image; it is no transfer that is gone');
  transfers.destroy();
  assert.deepEqual(transfers.stats(), { live: 0, heldBytes: 0, inFlight: 0 });
});

test('a dead worker fails its work and is replaced', async () => {
  const { Transfers } = await import('../../web/transfer/fetcher.js');
  const dead = [];
  const failed = [];
  const makePort = (onAnswer, onDead) => { dead.push(onDead); return { post() {}, close() {} }; };
  const heap = { text: () => 'u', u8: () => new Uint8Array(4) };
  const events = { transferDone() {}, transferFailed: (...values) => failed.push(values) };
  const transfers = new Transfers({ heap, events, baseUrl: BASE, decodeWorkers: 1, makePort });
  transfers.fetch(1, BLOB, 0, 10, 0, 1, 0, 0);
  dead[0]('out of memory');
  assert.deepEqual(failed, [[1, NETWORK, 0, 0, 'A decode worker stopped: out of memory.']]);
  assert.equal(dead.length, 2);
  assert.equal(transfers.stats().inFlight, 0);
});

/** Transfers on one lane of a worker that answers when a test says so. */
async function byHand() {
  const { Transfers } = await import('../../web/transfer/fetcher.js');
  const { FakeHeap } = await import('./support.mjs');
  const ports = [], failed = [], heap = new FakeHeap();
  const makePort = (answer, die) => {
    const asked = [];
    ports.push({ asked, answer, die });
    return { post: (request) => asked.push(request), close() {} };
  };
  const events = { transferDone() {}, transferFailed: (id) => failed.push(id) };
  const transfers = new Transfers({ heap, events, baseUrl: BASE, decodeWorkers: 1, lanes: 1, makePort });
  const fetch = (id, priority) => transfers.fetch(id, BLOB, priority, 10, ...heap.put('f'), 0, 0);
  const done = (id, tookMs) => ports[0].answer({ op: 'done', id, heldBytes: 0, a: 0, b: 0, payload: '', tookMs });
  return { ports, failed, fetch, done, asked: (port) => ports[port].asked.map(({ id }) => id) };
}

test('what waited for a worker that died is asked of the one in its place', async () => {
  const { ports, failed, fetch, done, asked } = await byHand();
  for (const [id, priority] of [[1, 9], [2, 0], [3, 5], [4, 4]]) fetch(id, priority);
  done(1, 1);
  assert.deepEqual(asked(0), [1, 3, 4], 'one runs, one waits in the worker, and one here');
  ports[0].die('out of memory');
  assert.deepEqual(failed, [3, 4]);
  assert.deepEqual(asked(1), [2]);
});

test('a line is as quick as the worker says, however long its answer lay here', async () => {
  for (const [tookMs, expected] of [[3, [1, 2, 3]], [900, [1, 2]]]) {
    const { fetch, done, asked } = await byHand();
    for (const id of [1, 2, 3, 4]) fetch(id, -id);
    if (tookMs < 250) await new Promise((resolve) => setTimeout(resolve, 270)); // the answer lay here
    done(1, tookMs);
    assert.deepEqual(asked(0), expected);
  }
});

/** Three workers, each with what it was asked, and a file of six PNGs (their headers) held by one of them. */
async function withImages() {
  const { Transfers } = await import('../../web/transfer/fetcher.js');
  const { localPort } = await import('../../web/transfer/decode/local-port.js');
  const { FakeHeap, fakeFetch } = await import('./support.mjs');
  const png = new Uint8Array(40);
  png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 4, 0, 0, 0, 4, 8, 6]);
  const file = new Uint8Array(6 * png.length);
  for (let k = 0; k < 6; k += 1) file.set(png, k * png.length);
  const asked = [], dead = [], told = new Map(), heap = new FakeHeap();
  const decodeFunction = async () => ({ width: 4, height: 4, close() {} });
  const makePort = (onAnswer, onDead) => {
    const own = [], port = localPort(onAnswer, { fetchFunction: fakeFetch({ [`${BASE}f`]: file }), decodeFunction });
    asked.push(own);
    dead.push(onDead);
    return { post: (request, transfer) => { own.push(request); port.post(request, transfer); }, close: () => port.close() };
  };
  const events = {
    transferDone: (id, held) => told.set(id, held), transferFailed: (id, code, a, b, message) => told.set(id, message),
  };
  const transfers = new Transfers({ heap, events, baseUrl: BASE, decodeWorkers: 3, makePort });
  transfers.fetch(1, BLOB, 0, 1 << 16, ...heap.put('f'), 0, 0);
  while (!told.has(1)) await idle();
  const decode = () => { for (let k = 0; k < 6; k += 1) transfers.imageDecode(2 + k, 1, k * png.length, png.length, 1000, 0, 0); };
  return { transfers, asked, dead, told, decode };
}

test('images of one file are decoded by all workers, lent bytes first', async () => {
  const { transfers, asked, told, decode } = await withImages();
  decode();
  while (told.size < 7) await idle();
  assert.deepEqual([...told.values()].slice(1), Array(6).fill(64));
  const images = asked.map((own) => own.filter(({ op }) => op === 'image').length);
  assert.deepEqual(images.toSorted(), [2, 2, 2]);
  const owner = asked.find((own) => own.some(({ op }) => op === 'fetch')).map(({ op }) => op);
  assert.deepEqual(owner, ['fetch', 'lend', 'lend', 'lend', 'lend', 'image', 'image']);
  assert.equal(transfers.stats().inFlight, 0);
  for (let id = 1; id < 8; id += 1) transfers.transferRelease(id);
  assert.deepEqual(transfers.stats(), { live: 0, heldBytes: 0, inFlight: 0 });
});

test('what a worker was to lend fails with it, and what was released meanwhile answers nothing', async () => {
  const { transfers, asked, dead, told, decode } = await withImages();
  decode();
  transfers.transferRelease(3);
  await Promise.resolve(); // they are shared out, and nobody has answered yet
  dead[asked.findIndex((own) => own.some(({ op }) => op === 'fetch'))]('out of memory');
  for (let k = 0; k < 10; k += 1) await idle();
  assert.deepEqual([...told.keys()].toSorted(), [1, 2, 4, 5, 6, 7]);
  for (const [id, text] of told) if (id > 1) assert.match(text, /let go|out of memory|no fetched bytes/);
  assert.equal(transfers.stats().inFlight, 0);
});
