/** GPU times: one timer a frame, in turn, of those that are drawn; one odd answer counts for nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PassTimes } from '../../web/backends/common/timing.js';
import { TIMERS } from '../../web/gen/passes.js';

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
