// The rest pose of skinned meshes, as the mesh builder blends it.
import test from 'node:test';
import assert from 'node:assert/strict';

import { chooseStrongest, leaveOutStrays } from '../../web/transfer/decode/influences.js';
import { mirrors, pose } from '../../web/transfer/decode/skin.js';

const source = (items, components) => ({
  items: Float32Array.from(items), stride: components, components, normalized: false, count: items.length / components,
});
const close = (found, wanted) => found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-5, `${found} is not ${wanted}`));
const MOVED = [1, 0, 0, 10, 0, 1, 0, 0, 0, 0, 1, 0];
const MIRROR = [-1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0];

/** Two vertices: one of joint 0, one halfway between joints 0 and 1. */
const attributes = () => new Map([
  ['position', source([1, 2, 3, 1, 2, 3], 3)], ['normal', source([1, 0, 0, 0, 1, 0], 3)],
  ['tangent', source([0, 1, 0, -1, 0, 1, 0, 1], 4)], ['joints', source([0, 1, 0, 0, 0, 1, 0, 0], 4)],
  ['weights', source([2, 0, 0, 0, 0.5, 0.5, 0, 0], 4)],
]);

test('vertices are blends of their joints, weights need not sum to one', () => {
  const made = attributes();
  assert.equal(pose(made, Float32Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, ...MOVED])), false);
  close([...made.get('position').items], [1, 2, 3, 6, 2, 3]);
  close([...made.get('tangent').items], [0, 1, 0, -1, 0, 1, 0, 1]);
});

test('inverse bind matrices come first; a mirror turns normals as the surface', () => {
  const made = attributes();
  const inverse = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, -1, -2, -3, 1];
  made.set('inverse_bind', source([...inverse, ...inverse], 16));
  assert.equal(pose(made, Float32Array.from([...MIRROR, ...MIRROR])), true);
  close([...made.get('position').items], [0, 0, 0, 0, 0, 0]);
  const [x, y] = made.get('normal').items;
  assert.ok(x < 0 && y === 0);
});

test('inverse bind matrices mirror where most of them do', () => {
  const plain = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1], mirror = [1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 5, 6, 7, 1];
  assert.equal(mirrors(source([...plain, ...mirror, ...mirror], 16)), true);
  assert.equal(mirrors(source([...plain, ...mirror], 16)), false);
});

test('a joint that the skin has not moves nothing, and is told', () => {
  const made = attributes();
  assert.deepEqual(leaveOutStrays(made, 2), []);
  assert.deepEqual(leaveOutStrays(made, 1), [1, 1, 1]);
  assert.deepEqual([...made.get('weights').items], [2, 0, 0, 0, 0.5, 0, 0, 0]);
  pose(made, Float32Array.from(MOVED));
  close([...made.get('position').items], [11, 2, 3, 11, 2, 3]);
  const lost = attributes().set('joints', source([9, 9, 9, 9, 0, 7, 0, 0], 4));
  assert.deepEqual(leaveOutStrays(lost, 2), [0, 9, 2]);
  pose(lost, Float32Array.from([...MOVED, ...MIRROR]));
  close([...lost.get('position').items], [11, 2, 3, 11, 2, 3]);
});

test('of eight joints the strongest four move a vertex', () => {
  const made = attributes();
  made.set('joints', source([0, 1, 2, 3, 0, 1, 0, 0], 4)).set('joints1', source([4, 5, 6, 7, 0, 0, 0, 0], 4));
  made.set('weights', source([0.1, 0.05, 0, 0.2, 0.5, 0.5, 0, 0], 4));
  made.set('weights1', source([0.3, -1, NaN, 0.35, 0, 0, 0, 0], 4));
  chooseStrongest(made);
  assert.deepEqual([...made.get('joints').items], [7, 4, 3, 0, 0, 1, 0, 0]);
  close([...made.get('weights').items], [0.35, 0.3, 0.2, 0.1, 0.5, 0.5, 0, 0]);
  assert.ok(!made.has('joints1') && !made.has('weights1'));
  assert.throws(() => chooseStrongest(made.set('joints1', source([0, 0, 0, 0], 4))), /no four accessors/);
});
