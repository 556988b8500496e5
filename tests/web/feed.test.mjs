/** A feed of the page: a live canvas of which no picture could be made is asked again. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Feed } from '../../web/page/feed.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a live canvas that fails once shows again later, and one that was taken away does not', async () => {
  const canvas = { [Symbol.toStringTag]: 'HTMLCanvasElement', width: 4, height: 4 };
  let broken = true;
  let frame = () => {};
  const before = { ...globalThis };
  Object.assign(globalThis, {
    HTMLMediaElement: { HAVE_CURRENT_DATA: 2 },
    requestAnimationFrame: (call) => { frame = call; return 1; },
    cancelAnimationFrame: () => { frame = () => {}; },
    createImageBitmap: async () => {
      if (broken) throw new DOMException('The source image could not be decoded.', 'InvalidStateError');
      return { close() {} };
    },
  });
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const sent = [];
    const failed = [];
    const feed = new Feed(64, { send: (bitmap) => sent.push(bitmap), fail: (text) => failed.push(text) });
    feed.use(canvas, true);
    frame();
    await settled();
    assert.equal(failed.length, 1);
    assert.equal(feed.failed, true);
    broken = false;
    mock.timers.tick(999);
    await settled();
    assert.equal(sent.length, 0);
    mock.timers.tick(1);
    await settled();
    assert.equal(sent.length, 1);
    assert.equal(feed.failed, false);
    broken = true;
    feed.taken();
    frame();
    await settled();
    assert.equal(failed.length, 2);
    feed.end();
    broken = false;
    mock.timers.tick(5000);
    await settled();
    assert.equal(sent.length, 1);
  } finally {
    mock.timers.reset();
    for (const name of ['HTMLMediaElement', 'requestAnimationFrame', 'cancelAnimationFrame', 'createImageBitmap']) {
      if (name in before) globalThis[name] = before[name];
      else delete globalThis[name];
    }
  }
});

test('a video is told only when it fails again and again', async () => {
  const video = { [Symbol.toStringTag]: 'HTMLVideoElement', videoWidth: 4, videoHeight: 4, readyState: 4, addEventListener() {}, requestVideoFrameCallback() {} };
  Object.assign(globalThis, {
    HTMLMediaElement: { HAVE_CURRENT_DATA: 2 },
    cancelAnimationFrame: () => {},
    createImageBitmap: async () => { throw new DOMException('No frame.', 'InvalidStateError'); },
  });
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const failed = [];
    const feed = new Feed(64, { send() {}, fail: (text) => failed.push(text) });
    feed.use(video, true);
    await settled();
    mock.timers.tick(1000);
    await settled();
    assert.equal(failed.length, 0);
    mock.timers.tick(1000);
    await settled();
    assert.equal(failed.length, 1);
    feed.end();
  } finally {
    mock.timers.reset();
    for (const name of ['HTMLMediaElement', 'cancelAnimationFrame', 'createImageBitmap']) delete globalThis[name];
  }
});
