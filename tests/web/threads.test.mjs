/** threads.js with real workers of node: width, a dead worker is replaced, all end and give their memory back. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Threads } from '../../web/kernels/threads.js';

const FILE = new URL('../../engine_py/layerw/_kernels/worker.wasm', import.meta.url);
const SCRIPT = new URL('../../web/kernels/job-worker.js', import.meta.url);
const skip = existsSync(FILE) ? false : 'the kernels are not built: make kernels';
const LIMIT = { skip, timeout: 60_000 };

/** job-worker.js as a worker of node, in the browser's terms. */
function make(source = readFileSync(SCRIPT, 'utf-8')) {
  const shim = `const { parentPort } = require('node:worker_threads'); globalThis.self = globalThis;
    globalThis.postMessage = (data) => parentPort.postMessage(data);
    parentPort.on('message', (data) => self.onmessage({ data }));\n`;
  const worker = new Worker(shim + source, { eval: true });
  const like = { onmessage: null, onerror: null,
    postMessage: (data) => worker.postMessage(data), terminate: () => worker.terminate() };
  like.exited = new Promise((resolve) => worker.on('exit', resolve));
  worker.on('message', (data) => like.onmessage({ data }));
  worker.on('error', (error) => like.onerror({ message: error.message }));
  return like;
}

function parts(over = {}) {
  const module = new WebAssembly.Module(readFileSync(FILE));
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 1024, shared: true });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
  assert.equal(kernels.lw_memory_start(32 << 20), 1);
  const [failures, warnings] = [[], []];
  const gone = (lock, worker) => worker.exited; // node gives the lock of an ended thread to nobody
  return { module, memory, kernels, make, gone, failures, warnings, fail: (text) => failures.push(text),
    warn: (text) => warnings.push(text), ...over };
}

function figures({ kernels, memory }) {
  const at = kernels.lw_raw_alloc(0, 512) >>> 0;
  kernels.lw_threads_figures_write(at);
  const [width, mainWaits] = new Uint32Array(memory.buffer, at, 2);
  kernels.lw_memory_statistics_write(at);
  const live = [...new Uint32Array(memory.buffer, at + 40, 4)].join(); // of region logic, by tier
  kernels.lw_raw_free(at);
  return { width, mainWaits, live };
}

async function until(check) {
  for (let tries = 0; !check(); tries++) {
    assert.ok(tries < 4000, 'nothing happened in 20 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('workers take part, end, and give stacks and TLS back', LIMIT, async () => {
  const all = parts();
  const before = figures(all).live;
  const threads = new Threads(all);
  for (let cycle = 0; cycle < 3; cycle++) {
    threads.want(2);
    await until(() => figures(all).width === 3);
    await threads.stop();
    assert.deepEqual(figures(all), { width: 1, mainWaits: 0, live: before });
  }
  assert.equal(threads.count, 0);
  assert.deepEqual(all.failures, []);
});

test('a worker that traps is reported and replaced', LIMIT, async () => {
  const all = parts();
  const threads = new Threads(all);
  threads.want(1);
  await until(() => figures(all).width === 2);
  const job = all.kernels.lw_job_new(0xffff, 0, 1, 1); // no such function in the table: the call traps
  all.kernels.lw_job_start(job);
  await until(() => threads.replacedCount === 1 && figures(all).width === 2);
  assert.equal(all.kernels.lw_job_state(job), 5);
  assert.equal(all.kernels.lw_job_error(job), 11);
  assert.match(all.failures[0], /Job worker 1 ended with error 11: RuntimeError/);
  await threads.stop();
});

test('a worker that was killed is noticed and replaced', LIMIT, async () => {
  const all = parts();
  const threads = new Threads(all);
  threads.want(1);
  await until(() => figures(all).width === 2);
  threads.lose();
  await until(() => threads.replacedCount === 1 && figures(all).width === 2);
  assert.deepEqual(all.failures, []);
  assert.match(all.warnings[0], /Job worker 1 was ended from outside/);
  await threads.stop();
  assert.equal(figures(all).width, 1);
});

test('fewer are wanted, then more again', LIMIT, async () => {
  const all = parts();
  const before = figures(all).live;
  const threads = new Threads(all);
  threads.want(3);
  await until(() => figures(all).width === 4);
  threads.want(1);
  await until(() => threads.count === 1 && figures(all).width === 2);
  threads.want(0);
  threads.want(2); // while one is about to end
  await until(() => threads.count === 2 && figures(all).width === 3);
  await Promise.all([threads.stop(), threads.stop()]);
  assert.deepEqual(figures(all), { width: 1, mainWaits: 0, live: before });
});

test('a script that fails is reported; stop still resolves', LIMIT, async () => {
  let made = 0;
  const all = parts({ make: () => make(made++ === 0 ? 'throw new Error("planted");' : undefined) });
  const threads = new Threads(all);
  threads.want(1);
  await until(() => threads.replacedCount === 1 && figures(all).width === 2);
  assert.match(all.failures[0], /planted/);
  await threads.stop();
  assert.equal(threads.count, 0);
});

test('a script that always fails is given up, and the rest goes on', LIMIT, async () => {
  const all = parts({ make: () => make('throw new Error("planted");') });
  const before = figures(all).live;
  const threads = new Threads(all);
  threads.want(1);
  await until(() => all.failures.length === 3);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(all.failures.length, 3);
  assert.deepEqual(figures(all), { width: 1, mainWaits: 0, live: before });
  await threads.stop();
});
