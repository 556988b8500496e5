/**
 * Runs every contender in turn on this page, several rounds, and posts milliseconds per frame to /result.
 *
 * Query: ?rounds=3&frames=60&many=60&warmup=20&only=TEXT&size=1080x720; `many` is the frames of the scene of 100,000.
 * Measured is the page thread's CPU time of one frame: its p50 and p99 over the frames of a round; the table takes
 * the median over rounds. Contenders alternate inside a round, so that a noisy minute hits all of them. Before every
 * frame the GPU's queue is drained, outside of what is measured: a rasteriser that lags would otherwise block the
 * encoding thread, and its threads would take the core from it.
 * `gpu_ms`: layerw's main pass by timestamp query, null where the device has none.
 */
import { create as mixers } from './animals.js';
import { create as rawWebgl2 } from './raw-webgl2.js';
import { create as rawWebgpu } from './raw-webgpu.js';
import { HEIGHT, WIDTH, makeScene } from './scene.js';
import { create as three } from './three.js';

const query = new URLSearchParams(location.search);
const frameCount = (name, other) => Number(query.get(name) ?? other);
const rounds = frameCount('rounds', 3);
const frames = frameCount('frames', 60);
const many = frameCount('many', frames);
/** Not measured: wasm and JavaScript run in the browser's slow tiers at first. */
const warmUp = frameCount('warmup', 20);
/** Boxes of the two scenes. */
const [FEW, MANY] = [10_000, 100_000];
const ANIMALS = frameCount('animals', 1000);
/** Frames by scene. @type {Record<string, {warmUp: number, frames: number}>} */
const COUNTS = {
  boxes: { warmUp, frames }, instances: { warmUp: Math.min(warmUp, many), frames: many },
  animals: { warmUp: Math.min(warmUp, many), frames: many },
  points: { warmUp: Math.min(warmUp, 2), frames: Math.max(3, many >> 2) }, // seconds a frame without a GPU
};
const only = query.get('only') ?? '';

/** @param {string} key @param {unknown} value */
const post = (key, value) => fetch(`/result?k=${key}`, {
  method: 'POST',
  body: typeof value === 'string' ? value : JSON.stringify(value),
});
const nextFrame = () => new Promise(requestAnimationFrame);

/** @param {number[]} values */
function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { cpu_ms: at(0.5), cpu_p99_ms: at(0.99), frames: sorted.length };
}

/** Waits until the GPU has done all that this canvas was given. @param {HTMLCanvasElement} canvas @param {string} api */
async function drain(canvas, api) {
  if (api === 'webgpu') await canvas.getContext('webgpu')?.getConfiguration()?.device.queue.onSubmittedWorkDone();
  else canvas.getContext('webgl2')?.readPixels(0, 0, 1, 1, 6408, 5121, new Uint8Array(4)); // RGBA, UNSIGNED_BYTE
}

async function measureScript(api, counts, create) {
  const canvas = document.body.appendChild(document.createElement('canvas'));
  const contender = await create(canvas);
  const times = [];
  try {
    for (let k = 0; k < counts.frames + counts.warmUp; k += 1) {
      await nextFrame();
      let spent = 0;
      // A contender may ask to be drained inside a frame: its draws would not fit the driver's command buffer.
      for (const part of contender.parts ?? [contender.frame]) {
        await drain(canvas, api);
        const start = performance.now();
        part(k / 60);
        spent += performance.now() - start;
      }
      if (k >= counts.warmUp) times.push(spent);
    }
    await drain(canvas, api);
  } finally {
    contender.destroy();
    canvas.remove();
  }
  return summary(times);
}

/** Makes the engine's animation frames wait for the GPU too, and times them; returns what undoes it.
 * @param {Map<number, number>} times milliseconds by frame: the page has callbacks of its own besides the engine's */
function drainBeforeFrames(element, api, times) {
  const original = globalThis.requestAnimationFrame;
  globalThis.requestAnimationFrame = (callback) => original((now) => {
    const canvas = element.host?.canvas;
    const ready = canvas && element.dataset.backend ? drain(canvas, api) : Promise.resolve();
    ready.catch(() => {}).then(() => {
      const start = performance.now();
      callback(now);
      times.set(now, (times.get(now) ?? 0) + performance.now() - start);
    });
  });
  return () => (globalThis.requestAnimationFrame = original);
}

/** @param {string} src a program beside this file @param {string} query @param {string} api */
async function measureLayerw(src, query, api, counts) {
  const element = document.createElement('layer-w');
  const total = counts.frames + counts.warmUp;
  const attributes = {
    src, query, backend: api, thread: 'main', clock: 'virtual', frames: total,
  };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.style.cssText = `display:block;width:${WIDTH}px;height:${HEIGHT}px`;
  const times = new Map();
  const program = [];
  element.addEventListener('program', ({ detail }) => program.push(detail));
  const restore = drainBeforeFrames(element, api, times);
  document.body.append(element);
  try {
    const { report } = await element.finished;
    if (report.errors.length > 0) throw new Error(report.errors.join('\n'));
    const stats = await element.host.request('stats').catch(() => null);
    return {
      ...summary([...times.values()].slice(-total).slice(counts.warmUp)),
      program_ms: program.length > 0 ? summary(program.slice(counts.warmUp)).cpu_ms : null,
      python_ms: report.python_ms.p50,
      gpu_ms: (stats ?? report).gpu_ms ?? null,
      draws: report.draws,
      rows_uploaded: report.rows_uploaded,
    };
  } finally {
    restore();
    element.remove();
  }
}

function allContenders() {
  const [boxes, crowd] = [makeScene(FEW), makeScene(MANY)];
  const found = {};
  for (const api of ['webgl2', 'webgpu']) {
    const raw = api === 'webgl2' ? rawWebgl2 : rawWebgpu;
    const script = (scene, create) => () => measureScript(api, COUNTS[scene], create);
    found[`boxes/${api}/raw loop`] = script('boxes', (canvas) => raw(canvas, boxes, false));
    found[`boxes/${api}/raw batched`] = script('boxes', (canvas) => raw(canvas, boxes, true));
    found[`boxes/${api}/layerw`] = () => measureLayerw('boxes.py', `count=${FEW}`, api, COUNTS.boxes);
    found[`boxes/${api}/layerw temporal`] = () => (
      measureLayerw('boxes.py', `count=${FEW}&antialias=temporal`, api, COUNTS.boxes));
    found[`boxes/${api}/layerw picked`] = () => measureLayerw('boxes.py', `count=${FEW}&picks=1`, api, COUNTS.boxes);
    found[`boxes/${api}/three meshes`] = script('boxes', (canvas) => three(canvas, boxes, { api, instanced: false }));
    found[`instances/${api}/raw batched`] = script('instances', (canvas) => raw(canvas, crowd, true));
    found[`instances/${api}/layerw`] = () => measureLayerw('boxes.py', `count=${MANY}`, api, COUNTS.instances);
    found[`instances/${api}/three InstancedMesh`] = script('instances', (canvas) => three(canvas, crowd, { api, instanced: true }));
    found[`empty/${api}/layerw`] = () => measureLayerw('empty.py', '', api, COUNTS.boxes);
    found[`still/${api}/layerw`] = () => measureLayerw('still.py', '', api, COUNTS.instances);
    found[`points/${api}/layerw`] = () => measureLayerw('points.py', '', api, COUNTS.points);
    found[`lights/${api}/layerw`] = () => measureLayerw('lights.py', '', api, COUNTS.instances);
    found[`animals/${api}/layerw crowd`] = () => measureLayerw('animals.py', `count=${ANIMALS}`, api, COUNTS.animals);
    found[`animals/${api}/layerw graphs`] = () => (
      measureLayerw('animals.py', `count=${ANIMALS}&graphs=1`, api, COUNTS.animals));
    found[`animals/${api}/three mixers`] = script('animals', (canvas) => mixers(canvas, ANIMALS, api));
    found[`meshes/${api}/layerw`] = () => measureLayerw('meshes.py', '', api, COUNTS.instances);
  }
  return found;
}

async function main() {
  await import('../web/layer-w.js');
  const contenders = Object.entries(allContenders()).filter(([name]) => name.includes(only));
  const found = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of contenders) {
      let result;
      try {
        result = await run();
      } catch (error) {
        result = { error: String(error) };
      }
      (found[name] ??= []).push(result);
      await post('progress', `${round} ${name} ${JSON.stringify(result)}`);
    }
  }
  globalThis.result = found;
  await post('drawing', found);
  await post('done', '{}');
}

main().catch((error) => post('failed', String(error.stack ?? error)));
