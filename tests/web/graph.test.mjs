/** The frame graph: what nobody reads costs nothing, lives share images, and the bytes are those that Python charges. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Graph } from '../../web/backends/common/graph.js';
import { planView } from '../../web/backends/common/plan.js';
import { View } from '../../web/backends/common/view.js';
import { NullPasses } from '../../web/backends/null/passes.js';

const target = (name, more = {}) => (
  { name, format: 'picture', samples: 1, divide: 1, side: 0, images: 1, outside: false, ...more });
const pass = (name, kind, reads, color, more = {}) => (
  { name, kind, reads, colors: [color].flat(), depth: '', depthWrite: false, when: '', timer: name, ...more });
const TARGETS = [target('a', { samples: 4 }), target('b'), target('c'), target('d'), target('unread'), target('out', { outside: true })];
const PASSES = [
  pass('draw', 'draws', [], 'a'), pass('more', 'draws', [], 'a'), pass('resolve', 'resolve', ['a'], 'b'),
  pass('side', 'fullscreen', ['b'], 'unread'), pass('one', 'fullscreen', ['b'], 'c'),
  pass('glow', 'fullscreen', ['c'], 'd', { when: 'glow' }), pass('last', 'fullscreen', ['c', 'd'], 'out'),
];
const plan = (flags, filled, timed = '') => planView(PASSES, TARGETS, ['glow'], flags, filled, timed);
const names = ({ groups }) => groups.map(({ steps }) => steps.map((step) => step.pass.name).join('+'));

test('a pass that nobody reads is not drawn and has no image', () => {
  assert.deepEqual(names(plan(0, 0b11)), ['draw+more', 'one', 'last']);
  assert.deepEqual([...plan(0, 0b11).imageOf.keys()], ['a', 'b', 'c'], 'nobody draws d either');
});

test('a flag brings its passes, and a list that is empty takes only passes away whose target is drawn anyhow', () => {
  assert.deepEqual(names(plan(1, 0b01)), ['draw', 'one', 'glow', 'last']);
  assert.deepEqual(names(plan(1, 0)), ['draw', 'one', 'glow', 'last'], 'the first one clears');
  assert.deepEqual(names(plan(1, 0b11, 'more')), ['draw', 'more', 'one', 'glow', 'last'], 'to be timed');
});

test('what is stored is what somebody uses later', () => {
  const [draw, more] = plan(0, 0b11, 'draw').groups;
  assert.deepEqual([draw.clearsColors, draw.keepsColors, draw.resolves], [[true], [true], ['']]);
  assert.deepEqual([more.clearsColors, more.keepsColors, more.resolves], [[false], [false], ['b']]);
});

test('a pass with several colours clears, keeps and resolves each for itself', () => {
  const passes = [
    pass('both', 'draws', [], ['a', 'e']), pass('first', 'resolve', ['a'], 'b'), pass('second', 'resolve', ['e'], 'c'),
    pass('on', 'fullscreen', ['b', 'c'], ['d', 'unread']), pass('last', 'fullscreen', ['d'], 'out'),
  ];
  const { groups, imageOf } = planView(passes, [...TARGETS, target('e', { samples: 4 })], [], 0, 1, '');
  assert.deepEqual(groups.map(({ colors, resolves, clearsColors, keepsColors }) => ({ colors, resolves, clearsColors, keepsColors })), [
    { colors: ['a', 'e'], resolves: ['b', 'c'], clearsColors: [true, true], keepsColors: [false, false] },
    { colors: ['d', 'unread'], resolves: ['', ''], clearsColors: [true, true], keepsColors: [true, true] },
    { colors: ['out'], resolves: [''], clearsColors: [true], keepsColors: [true] },
  ]);
  assert.notEqual(imageOf.get('a'), imageOf.get('e'));
  assert.ok(imageOf.has('unread'), 'it is an output of a pass that is drawn');
});

test('where a target is read, only what it needs is drawn, and outputs without a target have no image', () => {
  const passes = [...PASSES, pass('ask', 'draws', [], ['', 'answer'], { when: 'ask' })];
  const targets = [...TARGETS, target('answer', { read: true, side: 1 })];
  const { groups, imageOf } = planView(passes, targets, ['glow', 'ask'], 0b10, 0b111, '');
  assert.deepEqual(names({ groups }), ['ask']);
  assert.deepEqual([groups[0].colors, [...imageOf.keys()]], [['', 'answer'], ['answer']]);
  assert.deepEqual(names(planView(passes, targets, ['glow', 'ask'], 0, 0b111, '')), ['draw+more', 'one', 'last']);
});

test('targets whose lives do not meet share an image', () => {
  const { images, imageOf } = plan(1, 0b11);
  assert.equal(imageOf.get('d'), imageOf.get('b'), 'b is last read by one');
  assert.notEqual(imageOf.get('d'), imageOf.get('c'));
  assert.equal(images.length, 3);
});

test('the pool holds the bytes that the GPU ledger is charged', () => {
  const cases = JSON.parse(readFileSync(new URL('../golden/targets.json', import.meta.url), 'utf-8'));
  assert.ok(cases.length >= 4);
  for (const { picture, views, bytes } of cases) {
    const graph = new Graph(new NullPasses());
    graph.resize(...picture);
    const drawn = views.map(([flags, width, height, drawn = [width, height]], index) => {
      const view = new View(index);
      view.begin(null, 0, 0, width, height, flags, ...drawn);
      return view;
    });
    graph.drawFrame(drawn, false);
    assert.equal(graph.sizeBytes, bytes, JSON.stringify({ picture, views }));
    graph.drawFrame(drawn.slice(0, 1), false);
    assert.ok(views.length === 1 || graph.sizeBytes <= bytes, 'what a frame does not use is freed');
  }
});
