/**
 * Opens a program and posts its boot, the intervals of its frames and the engine's figures, and its last picture.
 *
 * Query: ?src=../app/main.py&query=play%3D1&backend=webgpu&seconds=20&warm=5&width=1080&height=720&thread=main&quality=medium
 * &name=fox&profile=1. `query` is the program's own; `warm`: seconds that are not counted (pipelines are made then).
 * `profile`: afterwards, five seconds under cProfile (slower: only the shares mean something). Intervals are those of
 * requestAnimationFrame on the page's thread, so they are the program's with thread=main.
 */
import { at, get, picture, post, wait } from './page.js';

const spread = (values) => values.length ? { p50: at(values, 0.5), p95: at(values, 0.95), p99: at(values, 0.99), max: Math.max(...values) } : null;
const label = `${get('name', 'program')}-${get('backend', 'webgpu')}`;

async function measure(host, seconds) {
  const figures = { intervals: [], gpu: [], cpu: [], python: [] };
  const end = performance.now() + seconds * 1000;
  for (let last = performance.now(); last < end;) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    figures.intervals.push(now - last);
    last = now;
    if (figures.intervals.length % 10 === 0) {
      const { gpu_ms, frame_cpu_ms, python_ms } = await host.request('stats');
      if (gpu_ms != null) figures.gpu.push(gpu_ms);
      figures.cpu.push(frame_cpu_ms);
      figures.python.push(python_ms);
    }
  }
  return figures;
}

/** Where Python's time goes: the dearest functions of five seconds. */
async function profile(host) {
  await host.request('python', 'import cProfile\nimport builtins\nbuiltins._profile = cProfile.Profile()\nbuiltins._profile.enable()');
  await wait(5000);
  return host.request('python', 'import io, pstats\n_profile.disable()\n_text = io.StringIO()\npstats.Stats(_profile, stream=_text).sort_stats("cumtime").print_stats(90)\n_text.getvalue()');
}

async function main() {
  await import('../web/layer-w.js');
  const start = performance.now();
  const element = document.createElement('layer-w');
  const attributes = { src: get('src', '../app/main.py'), query: get('query', ''), backend: get('backend', 'webgpu'), thread: get('thread', 'main'), quality: get('quality', 'medium') };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.style.cssText = `display:block;width:${get('width', 1080)}px;height:${get('height', 720)}px`;
  document.body.append(element);
  for (let k = 0; k < 2400 && !element.host?.report; k += 1) await wait(25);
  const ready_ms = performance.now() - start;
  await measure(element.host, Number(get('warm', 5)));
  const { intervals, gpu, cpu, python } = await measure(element.host, Number(get('seconds', 20)));
  const report = await element.host.request('report', 0);
  const found = { ready_ms, frames: intervals.length, interval_ms: spread(intervals), late: intervals.filter((ms) => ms > 25).length, gpu_ms: spread(gpu), cpu: cpu.at(-1), python_ms: python.at(-1), errors: element.errors };
  await post(label, { ...found, passes: report.passes, entities: report.entities, png: await picture(element.host) });
  if (get('profile', '')) await post(`${label}-profile`, await profile(element.host));
}

main().catch((error) => post('failed', { error: String(error) })).finally(() => post('done', {}));
