/**
 * Runs every contender in turn on this page, several rounds, and posts CPU milliseconds per frame.
 *
 * Query: ?rounds=3&frames=60. A contender's figure is the median over rounds of the median over frames; the
 * contenders alternate inside a round, so that a noisy minute hits all of them.
 */
import { create as three } from './three.js';
import { create as rawWebgl2 } from './raw-webgl2.js';
import { create as rawWebgpu } from './raw-webgpu.js';
import { HEIGHT, WIDTH, makeScene } from './scene.js';

const query = new URLSearchParams(location.search);
const rounds = Number(query.get('rounds') ?? 3);
const frames = Number(query.get('frames') ?? 60);
const only = query.get('only');
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const nextFrame = () => new Promise(requestAnimationFrame);

async function measureScript(create) {
  const canvas = document.body.appendChild(document.createElement('canvas'));
  const contender = await create(canvas);
  const times = [];
  for (let k = 0; k < frames + 10; k += 1) {
    await nextFrame();
    const start = performance.now();
    contender.frame(k / 60);
    if (k >= 10) times.push(performance.now() - start);
  }
  contender.destroy();
  canvas.remove();
  return { cpu_ms: median(times) };
}

async function measureLayerw(program, backend) {
  const element = document.createElement('layer-w');
  for (const [name, value] of Object.entries({ src: `../app/${program}`, backend, thread: 'main', clock: 'virtual', frames: frames + 10 })) element.setAttribute(name, String(value));
  element.style.cssText = `display:block;width:${WIDTH}px;height:${HEIGHT}px`;
  document.body.append(element);
  const result = await element.finished;
  element.remove();
  if (result.errors.length) throw new Error(result.errors.join('\n'));
  return { cpu_ms: result.frame_cpu_ms.p50, python_ms: result.python_ms.p50 ?? result.python_ms };
}

const boxes = makeScene(10000);
const many = makeScene(100000);
const contenders = {};
for (const api of ['webgl2', 'webgpu']) {
  const raw = api === 'webgl2' ? rawWebgl2 : rawWebgpu;
  contenders[`boxes/${api}/raw loop`] = () => measureScript((canvas) => raw(canvas, boxes, false));
  contenders[`boxes/${api}/raw batched`] = () => measureScript((canvas) => raw(canvas, boxes, true));
  contenders[`boxes/${api}/three meshes`] = () => measureScript((canvas) => three(canvas, boxes, { api, instanced: false }));
  contenders[`boxes/${api}/layerw`] = () => measureLayerw('boxes.py', api);
  contenders[`instances/${api}/raw batched`] = () => measureScript((canvas) => raw(canvas, many, true));
  contenders[`instances/${api}/three InstancedMesh`] = () => measureScript((canvas) => three(canvas, many, { api, instanced: true }));
  contenders[`instances/${api}/layerw`] = () => measureLayerw('instances.py', api);
}

async function main() {
  await import('../web/layer-w.js');
  const found = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      if (only && !name.includes(only)) continue;
      try {
        (found[name] ??= []).push(await run());
      } catch (error) {
        (found[name] ??= []).push({ error: String(error) });
      }
      await fetch(`/result?k=${encodeURIComponent('progress')}`, { method: 'POST', body: `${round} ${name} ${JSON.stringify(found[name].at(-1))}` });
    }
  }
  globalThis.result = found;
  await fetch('/result?k=drawing', { method: 'POST', body: JSON.stringify(found) });
  await fetch('/result?k=done', { method: 'POST', body: '{}' });
}

main();
