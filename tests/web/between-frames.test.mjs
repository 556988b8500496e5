// What goes on between frames: only events of transfers, and only a part of the time.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BetweenFrames } from '../../web/engine/between-frames.js';
import { Inbox } from '../../web/engine/inbox.js';

const heap = { memory: new Uint32Array(64), u32(address, count) { return this.memory.subarray(address, address + count); } };

test('events of transfers are taken past others, which stay in their order', () => {
  const inbox = new Inbox();
  inbox.place(0, 256);
  inbox.push(Uint32Array.of(1, 10));
  inbox.pushTransfer(Uint32Array.of(2, 20, 21));
  inbox.pushInput(Uint32Array.of(3, 30));
  inbox.pushTransfer(Uint32Array.of(4, 40));
  assert.equal(inbox.copyTransfersTo(heap), 20);
  assert.deepEqual([...heap.memory.subarray(0, 5)], [2, 20, 21, 4, 40]);
  assert.equal(inbox.neededBytes, 16);
  assert.equal(inbox.copyTransfersTo(heap), 0);
  assert.equal(inbox.copyTo(heap), 16);
  assert.deepEqual([...heap.memory.subarray(0, 4)], [1, 10, 3, 30]);
});

test('what does not fit waits in its order', () => {
  const inbox = new Inbox();
  inbox.place(0, 12);
  inbox.pushTransfer(Uint32Array.of(2, 20));
  inbox.push(Uint32Array.of(1, 10));
  inbox.pushTransfer(Uint32Array.of(4, 40));
  assert.equal(inbox.copyTransfersTo(heap), 8);
  assert.equal(inbox.neededBytes, 16);
  assert.equal(inbox.copyTransfersTo(heap), 8);
  assert.deepEqual([...heap.memory.subarray(0, 2)], [4, 40]);
});

test('it wakes once for many, takes its share of the time, and ends', async () => {
  let now = 0;
  let steps = 0;
  const between = new BetweenFrames(() => { steps += 1; now += 10; }, () => now);
  const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
  between.wake();
  await turn();
  assert.equal(steps, 0, 'before the first frame nothing goes on');
  between.frameEnded();
  for (let i = 0; i < 5; i += 1) between.wake();
  await turn(2);
  assert.equal(steps, 1);
  between.wake();
  await turn(12);
  assert.equal(steps, 1, '10 of 10 milliseconds are spent already');
  now = 100;
  await turn(12);
  assert.equal(steps, 2);
  between.stop();
  between.wake();
  await turn(6);
  assert.equal(steps, 2);
});

test('until the next frame is due it goes on, as long as a step ends before', async () => {
  let now = 0;
  let taken = 4;
  const starts = [];
  const between = new BetweenFrames(() => { starts.push(now); now += taken; }, () => now);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 8));
  for (const start of [0, 20, 40]) {
    now = start;
    between.frameBegan(start);
    now = start + 2;
    between.frameEnded();
  }
  for (let k = 0; k < 5; k += 1) {
    between.wake();
    await turn();
  }
  assert.deepEqual(starts, [42, 46, 50], 'a fourth step would end at 58, after 16 of 20 ms');
  now = 60;
  between.frameBegan(now);
  now = 62;
  between.frameEnded();
  taken = 30;
  await turn();
  assert.deepEqual(starts.slice(3), [62], 'what waited goes on after the frame');
  between.wake();
  await turn();
  assert.equal(starts.length, 4, 'a step that took 30 ms is not expected to end in time');
  between.stop();
});
