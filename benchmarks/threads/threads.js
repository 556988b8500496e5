/**
 * One thread against two, in a worker as the engine is one: cull + LOD of a million, an empty parallel_for, and steps of
 * 10,000 particles. The two take turns, sample by sample; posts milliseconds and checksums to /result.
 */
import { Layer } from '/web/kernels/layer.js';
import { Threads } from '/web/kernels/threads.js';

const MIB = 1 << 20;
const SAMPLES = 120;
const GRAIN = 16_384;
const CHUNKS = 64; // of the empty parallel_for
const CALLS = 200;
const SPACING = 0.05;
const SIDES = [25, 20, 20];
const STEP_S = 1 / 120;

/** @param {string} key @param {unknown} value */
const post = (key, value) => fetch(`/result?k=${key}`, { method: 'POST', body: JSON.stringify(value) });
const compile = async (url) => WebAssembly.compile(await (await fetch(url)).arrayBuffer());
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {() => void} run */
function ms(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

async function open() {
  const modules = { kernels: await compile('worker.wasm') };
  const layer = new Layer(modules, true);
  layer.open(512 * MIB, null);
  const threads = new Threads({
    module: modules.kernels, memory: layer.memory, kernels: layer.exports,
    make: () => new Worker('/web/kernels/job-worker.js', { type: 'module' }),
    gone: (lock) => navigator.locks.request(lock, () => {}),
    fail: (text) => post('failed', text), warn: (text) => post('failed', text),
  });
  threads.want(1);
  while (layer.exports.lw_threads_running() !== 2) await pause(5);
  return { layer, k: layer.exports, threads };
}

/** Samples of one and two threads in turn: a main thread that may not wait runs all by itself. */
function compare(k, one, two = one) {
  const found = { one: [], two: [] };
  for (let turn = -3; turn < SAMPLES; turn += 1) {
    for (const [name, may, run] of [['one', 0, one], ['two', 1, two]]) {
      k.lw_threads_main_waits(may);
      const took = ms(run);
      if (turn >= 0) found[name].push(took);
    }
  }
  return found;
}

function checksum(layer, address, words) {
  const view = new Uint32Array(layer.memory.buffer, address >>> 0, words);
  let total = 0;
  for (let i = 0; i < words; i += 1) total = (total + Math.imul(view[i], i + 1)) >>> 0;
  return total;
}

async function cull({ layer, k }) {
  const at = {};
  for (const name of ['view', 'positions', 'radii', 'rows', 'until_m']) {
    const bytes = new Uint8Array(await (await fetch(`data/${name}.bin`)).arrayBuffer());
    at[name] = k.lw_raw_alloc(1, bytes.length) >>> 0;
    layer.bytes(at[name], bytes.length).set(bytes);
    at[`${name}Size`] = bytes.length;
  }
  const [count, lods] = [at.rowsSize / 4, at.until_mSize / 4];
  const room = (words) => k.lw_raw_alloc(1, words * 4) >>> 0;
  const chunks = Math.ceil(count / GRAIN);
  const [out, other, counts, chunkCounts] = [room(lods * count), room(lods * chunks * GRAIN), room(16), room(16 * chunks)];
  const args = [at.view, at.positions, at.radii, at.rows, count, at.until_m, lods];
  let [taken, takenByTwo] = [0, 0];
  const times = compare(k, () => { taken = k.lw_cull_lods(...args, out, counts); },
    () => { takenByTwo = k.lw_cull_lods_threaded(...args, other, counts, GRAIN, chunkCounts); });
  return { ...times, equal: taken === takenByTwo && checksum(layer, out, taken) === checksum(layer, other, taken) };
}

function empty({ k }) {
  const run = () => { for (let i = 0; i < CALLS; i += 1) k.test_nothing(CHUNKS); };
  const found = compare(k, run);
  for (const times of Object.values(found)) times.forEach((time, i) => { times[i] = time / CALLS; });
  return { ...found, equal: true };
}

function pool({ layer, k }) {
  const count = SIDES[0] * SIDES[1] * SIDES[2];
  const handle = k.lw_sph_create(count, SPACING, 0, 0, 0, 3, 2, 1);
  k.lw_sph_configure(handle, 0, -9.81, 0, 0.05, 3);
  const stage = k.lw_sph_stage(handle, count * 24) >>> 0;
  const rows = new Float32Array(layer.memory.buffer, stage, count * 6).fill(0);
  for (let i = 0; i < count; i += 1) {
    const place = [i % SIDES[0], Math.floor(i / SIDES[0]) % SIDES[1], Math.floor(i / (SIDES[0] * SIDES[1]))];
    place.forEach((value, axis) => { rows[i * 6 + axis] = (value + 0.6) * SPACING; });
  }
  if (handle === 0 || k.lw_sph_spawn(handle, count) === 0) throw new Error(`sph: error ${k.lw_error_code()}`);
  return { handle, sum: () => [0, 1, 2].map((field) => checksum(layer, k.lw_sph_field(handle, field), count)).join() };
}

function sph(all) {
  const [one, two] = [pool(all), pool(all)];
  const found = compare(all.k, () => all.k.lw_sph_step(one.handle, STEP_S), () => all.k.lw_sph_step(two.handle, STEP_S));
  return { ...found, equal: one.sum() === two.sum() };
}

async function main() {
  const all = await open();
  const result = { cull: await cull(all), empty: empty(all), sph: sph(all) };
  await all.threads.stop();
  await post('threads', result);
  await post('done', '');
}

main().catch((error) => post('failed', String(error.stack ?? error)));
