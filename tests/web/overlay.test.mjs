// The overlay's words, without a page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passLines } from '../../web/page/overlay.js';

const passes = (...times) => times.map((ms, number) => ({ name: `pass ${number}`, gpu_ms: ms }));

test('of the passes it names those that take the most, and how many others there are', () => {
  assert.deepEqual(passLines(passes(0.5, null, 3, 0.25, 2, 1)), ['gpu   pass 2 3.00  pass 4 2.00  pass 5 1.00  pass 0 0.50 ms, 1 more']);
  assert.deepEqual(passLines(passes(1, 2)), ['gpu   pass 1 2.00  pass 0 1.00 ms']);
});

test('where nothing is timed it says nothing', () => {
  assert.deepEqual(passLines(passes(null, null)), []);
  assert.deepEqual(passLines([]), []);
});

test('the line of thirty passes has room on a small page', () => {
  assert.ok(passLines(passes(...Array.from({ length: 30 }, (_, k) => 10 * k)))[0].length < 90);
});
