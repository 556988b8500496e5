/** The heap's warning before Python's memory is full. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heap } from '../../web/engine/heap.js';

test('a memory that is nearly full is told once, with both numbers', () => {
  const heap = new Heap();
  assert.equal(heap.nearlyFull(), '');
  const memory = { buffer: { byteLength: 3.4 * 2 ** 30 } };
  heap.attach(memory);
  assert.equal(heap.nearlyFull(), '');
  memory.buffer = { byteLength: 3.5 * 2 ** 30 };
  assert.match(heap.nearlyFull(), /grown to 3\.50 GiB; a page gives it at most 4 GiB/);
  memory.buffer = { byteLength: 3.9 * 2 ** 30 };
  assert.equal(heap.nearlyFull(), '');
});
