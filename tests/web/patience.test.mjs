/** How long fetches are waited for (web/transfer/decode/patience.js), and which cache they may read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FETCH_PATIENT, FETCH_RELOAD, FETCH_REVALIDATE } from '../../web/gen/layouts.js';
import { makeTransfers } from './support.mjs';

const BYTES = 0, TIMEOUT = 6;
const BASE = 'http://test/app/';

/** A response whose body gives `first` at once, then a chunk of `size` every `everyMs`, `chunks` times or for ever. */
function slowly(seen, { first = 0, size = 1, everyMs = 0, chunks = Infinity }) {
  return (signal) => {
    let timer;
    const body = new ReadableStream({
      start(controller) {
        if (first) controller.enqueue(new Uint8Array(first));
        signal.addEventListener('abort', () => {
          clearInterval(timer);
          seen.aborted += 1;
          try { controller.error(signal.reason); } catch { /* it ended before */ }
        });
        if (!everyMs) return;
        timer = setInterval(() => {
          controller.enqueue(new Uint8Array(size));
          if ((chunks -= 1) > 0) return;
          clearInterval(timer);
          controller.close();
        }, everyMs);
      },
    });
    return new Response(body);
  };
}

/** As a browser's fetch: it rejects with the signal's reason. */
const neverAnswered = (seen) => (signal) => new Promise((_, reject) => {
  signal.addEventListener('abort', () => { seen.aborted += 1; reject(signal.reason); });
});

test('no head, a stalled body and a trickle end by their limits; the lane is free at once', async () => {
  const seen = { aborted: 0 };
  const { transfers, fetchUrl } = makeTransfers({ files: {
    [`${BASE}silent`]: neverAnswered(seen),
    [`${BASE}half`]: slowly(seen, { first: 500 }),
    [`${BASE}trickle`]: slowly(seen, { everyMs: 5 }),
    [`${BASE}good`]: new Uint8Array(9),
  } });
  transfers.fetchLimits(1, 60, 40, 1e6);
  const silent = fetchUrl(1, BYTES, 'silent', { priority: 3 });
  const half = fetchUrl(2, BYTES, 'half', { priority: 2 });
  const trickle = fetchUrl(3, BYTES, 'trickle', { priority: 1 });
  const good = fetchUrl(4, BYTES, 'good');
  assert.deepEqual([(await silent).code, (await half).code, (await trickle).code], [TIMEOUT, TIMEOUT, TIMEOUT]);
  assert.match((await silent).message, /silent was not answered within 0\.06 s/);
  assert.match((await half).message, /half stalled after 500 bytes: fewer than 1000000 bytes a second arrived for 0\.04 s/);
  assert.match((await trickle).message, /trickle stalled after \d+ bytes/);
  assert.equal((await good).payload.byteLength, 9);
  assert.equal(seen.aborted, 3);
  assert.equal(transfers.stats().inFlight, 0);
});

test('a slow body above the least rate arrives, however long it takes', async () => {
  const seen = { aborted: 0 };
  const { transfers, fetchUrl } = makeTransfers({ files: { [`${BASE}slow`]: slowly(seen, { size: 100, everyMs: 20, chunks: 12 }) } });
  transfers.fetchLimits(6, 1000, 120, 1);
  const slow = await fetchUrl(1, BYTES, 'slow');
  assert.deepEqual([slow.ok, slow.payload.byteLength, seen.aborted], [true, 1200, 0]);
});

test('a patient fetch waits four times as long', async () => {
  const seen = { aborted: 0 };
  const late = () => new Promise((resolve) => setTimeout(() => resolve(new Response('x')), 120));
  const { transfers, fetchUrl } = makeTransfers({ files: { [`${BASE}late`]: late, [`${BASE}silent`]: neverAnswered(seen) } });
  transfers.fetchLimits(6, 60, 60, 1);
  assert.match((await fetchUrl(1, BYTES | FETCH_PATIENT, 'silent')).message, /within 0\.24 s/);
  assert.equal((await fetchUrl(2, BYTES | FETCH_PATIENT, 'late')).ok, true);
});

test('a release ends the fetch without a word; nothing waits for it afterwards', async () => {
  const seen = { aborted: 0 };
  const { transfers, fetchUrl } = makeTransfers({ files: { [`${BASE}silent`]: neverAnswered(seen), [`${BASE}good`]: new Uint8Array(1) } });
  transfers.fetchLimits(1, 1e9, 1e9, 1);
  fetchUrl(1, BYTES, 'silent');
  await new Promise((resolve) => setTimeout(resolve, 5));
  transfers.transferRelease(1);
  assert.equal((await fetchUrl(2, BYTES, 'good')).ok, true);
  assert.equal(seen.aborted, 1);
});

test('flags choose what the cache may answer', async () => {
  const caches = [];
  const { fetchUrl } = makeTransfers({ files: { [`${BASE}x`]: (_signal, init) => { caches.push(init.cache); return new Response('x'); } } });
  for (const [id, flags] of [0, FETCH_REVALIDATE, FETCH_RELOAD].entries()) await fetchUrl(id + 1, BYTES | flags, 'x');
  assert.deepEqual(caches, ['default', 'no-cache', 'reload']);
});
