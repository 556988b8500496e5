/** Pictures of the page: one on its way at a time, the newest wins, nothing is made that nobody takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Feeds as EngineFeeds } from '../../web/engine/feeds.js';
import { PageTextures } from '../../web/page/textures.js';

const later = () => new Promise((resolve) => setTimeout(resolve, 2));

class Canvas {
  constructor(width, height) {
    Object.assign(this, { width, height, shown: 0 });
  }

  get [Symbol.toStringTag]() {
    return 'HTMLCanvasElement';
  }
}

class Bitmap {
  static open = 0;

  constructor(source, width, height) {
    Object.assign(this, { width, height, shown: source.shown });
    Bitmap.open += 1;
  }

  close() {
    Bitmap.open -= 1;
  }

  get [Symbol.toStringTag]() {
    return 'ImageBitmap';
  }
}

/** Animation frames by hand, and a browser that makes bitmaps. */
const frames = new Map();
let ticket = 0;
let made = 0;
const runFrame = () => {
  const waiting = [...frames.values()];
  frames.clear();
  for (const call of waiting) call();
};
Object.assign(globalThis, {
  document: { hidden: false },
  HTMLMediaElement: { HAVE_CURRENT_DATA: 2 },
  requestAnimationFrame: (call) => (frames.set((ticket += 1), call), ticket),
  cancelAnimationFrame: (number) => frames.delete(number),
  createImageBitmap: async (source, { resizeWidth = source.width, resizeHeight = source.height }) => {
    made += 1;
    if (source.broken) throw new Error('it is broken');
    return new Bitmap(source, resizeWidth, resizeHeight);
  },
});
const { Feeds } = await import('../../web/page/feeds.js');

/** The page's and the engine's half, back to back. */
function setUp() {
  const told = [];
  const textures = new PageTextures();
  const engine = new EngineFeeds({
    heap: { text: (_, size) => JSON.stringify({ name: 'tv', max_side: size }) },
    events: {
      feedPicture: (...values) => told.push(values),
      feedTrouble: (feed, failed, text) => told.push([feed, failed, text]),
    },
    baseUrl: 'http://a.example/app/',
    post: (order) => page.receive(order),
  });
  const page = new Feeds(textures, (message) => engine.receive(message));
  const open = (feed = 1, maxSide = 64) => engine.open(feed, 0, maxSide);
  made = 0;
  return { told, textures, engine, page, open };
}

test('a canvas is looked at once a frame, and only after the last picture was taken', async () => {
  const { told, textures, engine, page, open } = setUp();
  const canvas = new Canvas(8, 4);
  open();
  textures.set('tv', canvas);
  for (let n = 0; n < 5; n += 1) {
    runFrame();
    await later();
  }
  assert.deepEqual([made, told], [1, [[1, 8, 4]]], 'the engine draws nothing: nothing piles up');
  canvas.shown = 7;
  assert.equal(engine.picture(1).shown, 0);
  engine.taken(1);
  assert.equal(engine.picture(1), null);
  runFrame();
  await later();
  assert.equal(engine.picture(1).shown, 7);
  engine.close(1);
  runFrame();
  await later();
  assert.deepEqual([Bitmap.open, made, frames.size], [0, 2, 0]);
  page.destroy();
});

test('a still source is sent once, and again after update, set and a lost device', async () => {
  const { told, textures, engine, page, open } = setUp();
  textures.set('tv', new Canvas(8, 4), { live: false });
  open();
  await later();
  for (const again of [() => textures.update('tv'), () => textures.set('tv', new Canvas(16, 16), { live: false }), () => open()]) {
    engine.taken(1);
    await later();
    const before = told.length;
    again();
    await later();
    assert.equal(told.length, before + 1);
  }
  assert.deepEqual(told.map(([, width]) => width), [8, 8, 16, 16]);
  textures.update('tv');
  textures.update('tv');
  await later();
  assert.equal(told.length, 4, 'the last was not taken yet');
  engine.taken(1);
  await later();
  assert.equal(told.length, 5, 'but what is new is not forgotten');
  page.destroy();
  engine.destroy();
  assert.equal(Bitmap.open, 0);
});

test('large pictures are scaled down, empty ones wait, broken ones are told', async () => {
  const { told, textures, engine, page, open } = setUp();
  open(1, 64);
  const canvas = new Canvas(0, 0);
  textures.set('tv', canvas);
  runFrame();
  await later();
  assert.deepEqual(told, []);
  Object.assign(canvas, { width: 256, height: 100 });
  runFrame();
  await later();
  assert.deepEqual(told, [[1, 64, 25]]);
  canvas.broken = true;
  engine.taken(1);
  runFrame();
  await later();
  runFrame();
  await later();
  assert.equal(told.length, 2);
  assert.match(told[1][2], /it is broken/);
  canvas.broken = false;
  textures.update('tv');
  await later();
  assert.equal(told.length, 3, 'it begins again');
  textures.delete('tv');
  engine.taken(1);
  runFrame();
  await later();
  assert.equal(told.length, 3);
  engine.destroy();
  page.destroy();
  assert.equal(Bitmap.open, 0);
});

test('a picture of a feed that ended is closed', () => {
  const { engine } = setUp();
  engine.receive({ type: 'picture', feed: 9, bitmap: new Bitmap({}, 1, 1) });
  assert.equal(Bitmap.open, 0);
});

test('names and sources are checked at the line that gives them', () => {
  const textures = new PageTextures();
  assert.throws(() => textures.set('', new Canvas(1, 1)), /1 to 256 characters/);
  assert.throws(() => textures.set('tv', {}), /was given Object; it takes HTMLCanvasElement/);
  assert.throws(() => textures.set('tv', null), /was given Null/);
  assert.throws(() => textures.update('tv'), /has no "tv"/);
  assert.equal(textures.delete('tv'), false);
  textures.set('tv', new Canvas(1, 1));
  assert.ok(textures.has('tv'));
});
