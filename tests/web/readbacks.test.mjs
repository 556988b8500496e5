/** Pictures on their way: row padding and channels, the PNG's bytes, one picture a frame, lost devices, dead encoders. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { Readings, copyPicture } from '../../web/backends/common/readings.js';
import { localPort } from '../../web/transfer/decode/local-port.js';
import { encodePng } from '../../web/transfer/decode/png.js';
import { EventWriter } from '../../web/gen/events.js';
import { Readbacks } from '../../web/engine/readbacks.js';

const DONE = 22;
const SAVED = 23;
const FAILED = 24;
const later = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A picture with padded rows, as WebGPU gives it; pixel (x, y) is red x, green y, blue 7. */
function picture(width, height, { isBgra = false, bytesPerRow = 256, closed = [] } = {}) {
  const bytes = new Uint8Array(bytesPerRow * height).fill(99);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) bytes.set(isBgra ? [7, y, x, 3] : [x, y, 7, 3], y * bytesPerRow + x * 4);
  }
  return { width, height, bytesPerRow, bytes, isBgra, close: () => closed.push(width) };
}

const expected = (width, height) =>
  Uint8Array.from({ length: width * height * 4 }, (_, i) => [(i >> 2) % width, Math.floor((i >> 2) / width), 7, 255][i & 3]);

test('rows lose their padding, channels are in order, and the picture is opaque', () => {
  for (const isBgra of [false, true]) {
    for (const buffer of [new ArrayBuffer(5 * 3 * 4 + 16), new SharedArrayBuffer(5 * 3 * 4 + 16)]) {
      const target = new Uint8Array(buffer, 16);
      copyPicture(picture(5, 3, { isBgra }), target);
      assert.deepEqual([...target], [...expected(5, 3)]);
    }
  }
});

test('a PNG decodes to what went in', async () => {
  for (const [width, height] of [[1, 1], [5, 3], [300, 2]]) {
    const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 37 + (i >> 5)) & 255);
    const png = await encodePng(rgba, width, height);
    const view = new DataView(png.buffer);
    assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    const chunks = {};
    for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
      chunks[String.fromCharCode(...png.subarray(at + 4, at + 8))] = png.subarray(at + 8, at + 8 + view.getUint32(at));
    }
    assert.deepEqual(Object.keys(chunks), ['IHDR', 'sRGB', 'IDAT', 'IEND']);
    assert.deepEqual([...chunks.IHDR.subarray(8)], [8, 2, 0, 0, 0]);
    const rows = inflateSync(chunks.IDAT);
    const stride = width * 3 + 1;
    assert.equal(rows.length, stride * height);
    for (let y = 0; y < height; y += 1) {
      for (let i = 1; i < stride; i += 1) {
        if (y > 0) rows[y * stride + i] += rows[(y - 1) * stride + i];
        const x = Math.floor((i - 1) / 3);
        assert.equal(rows[y * stride + i], rgba[(y * width + x) * 4 + (i - 1) % 3]);
      }
    }
  }
  await assert.rejects(encodePng(new Uint8Array(4), 2, 1), /takes 8 bytes, but 4 were given/);
});

/** Readbacks on a memory of `roomBytes` with one arena, which each call overwrites. */
function setUp({ roomBytes = 1 << 16, makePort = localPort } = {}) {
  const events = [];
  const files = new Map();
  const memory = new Uint8Array(1 << 16);
  const layer = {
    room: (context, sizeBytes) => {
      if (sizeBytes > roomBytes) throw new Error(`result ${sizeBytes}, the limit is ${roomBytes}`);
      return { address: 32, bytes: memory.subarray(32, 32 + sizeBytes) };
    },
  };
  const readbacks = new Readbacks({
    heap: { text: (_, size) => `file${size}.png` },
    events: new EventWriter((words) => events.push(words)),
    layer: () => layer,
    saveFile: (name, bytes) => files.set(name, bytes),
    makePort,
  });
  const take = () => events.splice(0).map((words) => [words[0] & 0xffff, words[1]]);
  return { readbacks, memory, files, events, take };
}

test('one picture a frame, into the arena, closed once it is copied', () => {
  const { readbacks, memory, events, take } = setUp();
  const closed = [];
  readbacks.done(1, picture(4, 2, { closed }));
  readbacks.done(2, picture(3, 2, { closed, isBgra: true }));
  readbacks.deliver(0);
  assert.deepEqual(take(), [], 'its event must reach this very frame, so a full inbox waits');
  readbacks.deliver(100);
  assert.deepEqual([...events[0].subarray(1)], [1, 32, 4, 2]);
  assert.deepEqual([...memory.subarray(32, 32 + 32)], [...expected(4, 2)]);
  assert.deepEqual(closed, [4]);
  readbacks.deliver(100);
  readbacks.deliver(100);
  assert.deepEqual(take(), [[DONE, 1], [DONE, 2]]);
  assert.deepEqual([...memory.subarray(32, 32 + 24)], [...expected(3, 2)]);
});

test('without room in Layer memory it fails with its reason, and so does its file', async () => {
  const { readbacks, files, events, take } = setUp({ roomBytes: 8 });
  readbacks.readbackFile(1, 0, 3);
  readbacks.done(1, picture(4, 2));
  readbacks.deliver(100);
  assert.match(new TextDecoder().decode(events[0].subarray(3)), /no room in Layer memory: result 32, the limit is 8/);
  await readbacks.idle();
  await later();
  assert.deepEqual(take(), [[FAILED, 1]]);
  assert.equal(files.size, 0);
});

test('files are saved in the background, and idle waits for them', async () => {
  const { readbacks, files, take } = setUp();
  readbacks.readbackFile(1, 0, 1);
  readbacks.readbackFile(2, 0, 2);
  readbacks.done(1, picture(4, 2));
  readbacks.failed(2, 'planted');
  await readbacks.idle();
  assert.deepEqual(take(), [[FAILED, 2], [SAVED, 1]]);
  assert.deepEqual([...files.keys()], ['file1.png']);
  readbacks.destroy();
});

test('an encoder that dies fails its files', async () => {
  let die = () => {};
  const makePort = (onAnswer, onDead) => {
    die = onDead;
    return { post() {}, close() {} };
  };
  const { readbacks, take } = setUp({ makePort });
  readbacks.readbackFile(1, 0, 1);
  readbacks.done(1, picture(4, 2));
  die('it fell over');
  await readbacks.idle();
  assert.deepEqual(take(), [[FAILED, 1]]);
});

test('a lost device fails what was asked for and what is pending; late pictures are closed', async () => {
  const closed = [];
  const seen = [];
  const readings = new Readings({ done: (number) => seen.push(number), failed: (number, text) => seen.push([number, text]) });
  let finish = (_) => {};
  const source = { read: () => new Promise((resolve) => (finish = resolve)) };
  readings.want(1);
  readings.begin(source);
  readings.want(2);
  readings.fail('gone');
  assert.deepEqual(seen, [[2, 'gone'], [1, 'gone']]);
  finish(picture(4, 2, { closed }));
  await later();
  assert.deepEqual(closed, [4]);
  readings.want(3);
  readings.begin({ read: async () => { throw new Error('no memory'); } });
  await later();
  assert.match(seen[2][1], /could not be read back: no memory/);
  readings.want(4);
  readings.begin({ read: async () => picture(4, 2) });
  await later();
  assert.equal(seen[3], 4);
});
