/** GPU times: one timer a frame, in turn, of those that are drawn; one odd answer counts for nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planView } from '../../web/backends/common/plan.js';
import { PassTimes, RARE, isTimed } from '../../web/backends/common/timing.js';
import { PASSES, RARE_TIMERS, TARGETS, TIMERS, VIEW_FLAGS } from '../../web/gen/passes.js';

const bits = (...names) => names.reduce((sum, name) => sum | (1 << TIMERS.indexOf(name)), 0);

test('each timer that is drawn has its turn', () => {
  const times = new PassTimes(true);
  const seen = [];
  for (let frame = 0; frame < 60; frame += 1) {
    const timed = times.next();
    times.draws(bits('opaque', 'sky'));
    times.draws(bits('tone'));
    if (timed) seen.push(timed);
  }
  assert.ok(seen.length >= 12);
  assert.deepEqual(seen.slice(0, 6), ['opaque', 'sky', 'tone', 'opaque', 'sky', 'tone']);
});

test('nothing is measured where the API has no timers', () => {
  const times = new PassTimes(false);
  for (let frame = 0; frame < 60; frame += 1) {
    times.draws(bits('opaque'));
    assert.equal(times.next(), '');
  }
  assert.equal(times.gpuMs, null);
});

test('the sum is of what is drawn now, and an odd answer is left out', () => {
  const times = new PassTimes(true);
  const told = [];
  times.onTime = (timer, ms) => told.push([TIMERS[timer], ms]);
  times.add('opaque', [1, 2]);
  times.add('opaque', [90]);
  times.add('sky', [0.5]);
  times.add('bloom', [4]);
  assert.deepEqual(told, [['opaque', 3], ['opaque', 3], ['sky', 0.5], ['bloom', 4]]);
  times.next();
  times.draws(bits('opaque', 'sky'));
  assert.equal(times.gpuMs, 3.5, 'bloom is not drawn any more');
  times.add('opaque', [90]);
  assert.equal(times.gpuMs, 90.5, 'twice is no accident');
});

test('what only some frames draw is measured when it comes, each pass for itself', () => {
  const times = new PassTimes(true);
  const told = new Map();
  times.onTime = (timer, ms) => told.set(TIMERS[timer], ms);
  const air = (1 << VIEW_FLAGS.indexOf('air_tables')) | (1 << VIEW_FLAGS.indexOf('air_view'));
  const plan = planView(PASSES, TARGETS, VIEW_FLAGS, air, 0, RARE);
  assert.equal(times.next(plan.timers), RARE, 'at once');
  const timed = plan.groups.filter(({ steps }) => isTimed(RARE, steps[0].pass.timer));
  assert.ok(timed.every(({ steps }) => steps.every(({ pass }) => pass.timer === steps[0].pass.timer)), 'no group has two');
  const names = timed.map(({ steps }) => steps[0].pass.timer);
  assert.deepEqual([...names].sort(), [...RARE_TIMERS].sort());
  times.addEach(names, names.map((_, index) => index + 1));
  assert.deepEqual([...told], names.map((name, index) => [name, index + 1]));
  times.draws(plan.timers);
  assert.notEqual(times.next(plan.timers), RARE, 'they are known');
  times.addEach(['opaque', 'sky', 'opaque'], [1, 5, 2]);
  assert.deepEqual([told.get('opaque'), told.get('sky')], [3, 5]);
});
