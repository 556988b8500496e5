/** Handle tables: stale handles are refused, live ones counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandleTable } from '../../web/engine/handles.js';

const handle = (index, generation) => ((generation << 20) | index) >>> 0;

test('a handle means its object until it is removed', () => {
  const table = new HandleTable('mesh');
  const object = table.create({ handle: handle(3, 0) });
  assert.equal(table.get(handle(3, 0)), object);
  assert.equal(table.liveCount, 1);
  assert.equal(table.remove(handle(3, 0)), object);
  assert.equal(table.liveCount, 0);
  assert.throws(() => table.get(handle(3, 0)), /mesh handle 3 \(generation 0\) is stale or was never created/);
  assert.equal(table.tryGet(handle(3, 0)), undefined);
});

test('the slot serves a later generation, and the old handle stays stale', () => {
  const table = new HandleTable('mesh');
  table.create({ handle: handle(1, 4) });
  table.remove(handle(1, 4));
  const next = table.create({ handle: handle(1, 5) });
  assert.equal(table.get(handle(1, 5)), next);
  assert.throws(() => table.get(handle(1, 4)), /now 1 \(generation 5\) lives there/);
  assert.throws(() => table.remove(handle(1, 4)), /stale/);
  assert.equal(table.liveCount, 1);
});

test('a used generation never comes back, a taken slot is not given twice, index 0 is none', () => {
  const table = new HandleTable('buffer');
  table.create({ handle: handle(2, 7) });
  assert.throws(() => table.create({ handle: handle(2, 8) }), /is in use by 2 \(generation 7\)/);
  table.remove(handle(2, 7));
  assert.throws(() => table.create({ handle: handle(2, 7) }), /is stale: generation 7/);
  assert.throws(() => table.create({ handle: 0 }), /index 0/);
  assert.equal(table.liveCount, 0);
});

test('the highest index and generation work', () => {
  const table = new HandleTable('texture');
  const last = handle(5, 4095);
  assert.equal(table.create({ handle: last }).handle, 0xfff00005);
  assert.equal(table.get(last).handle, last);
});

test('after a clear every handle starts anew', () => {
  const table = new HandleTable('texture');
  table.create({ handle: handle(1, 9) });
  table.clear();
  assert.equal(table.liveCount, 0);
  table.create({ handle: handle(1, 0) });
  assert.equal(table.liveCount, 1);
});
