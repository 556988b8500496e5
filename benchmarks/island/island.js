/**
 * Opens flight.py, takes pictures of its views, then flies and posts frame intervals and the engine's figures.
 *
 * Query: ?backend=webgpu&seconds=20&width=1080&height=720&thread=main&quality=medium&pictures=start,air@19.5&table=1&renewals=8.
 * pictures: views of flight.py, with an hour of the day if it shall be another; '' = none. table: GPU time by pass, also
 * with parts of light and air left out (PARTS of flight.py). renewals: seconds of GPU time of shadows while the sun stands, and
 * as many while it turns so that a far cascade is always being renewed. Everything is measured on a real clock; intervals are
 * those of requestAnimationFrame on the thread that draws.
 */
import { at, get, picture as png, post, wait } from './page.js';

const seconds = Number(get('seconds', 20));
const width = Number(get('width', 1080));
const height = Number(get('height', 720));
const backend = get('backend', 'webgpu');

const element = document.createElement('layer-w');
for (const [name, value] of Object.entries({ src: '../app/flight.py', backend, thread: get('thread', 'main'), quality: get('quality', 'medium') })) element.setAttribute(name, value);
element.style.cssText = `display:block;width:${width}px;height:${height}px`;
document.body.append(element);

const python = (code) => element.host.request('python', code);
const inFlight = (code) => python(`import sys\nflight = sys.modules.get('flight') or sys.modules['__main__']\n${code}`);
const report = () => element.host.request('report', 0);

async function settle(limit_s) {
  for (let k = 0; k < limit_s * 4; k += 1) {
    const now = await report();
    if (now.settled && now.entities > 1000) return now;
    await wait(250);
  }
  return report();
}

/** Median of each pass on the GPU over some seconds, milliseconds. */
async function passes(limit_ms) {
  const times = new Map();
  for (const end = performance.now() + limit_ms; performance.now() < end; await wait(170)) {
    for (const { name, gpu_ms } of (await report()).passes) times.set(name, [...times.get(name) ?? [], gpu_ms]);
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, at(all, 0.5)]));
}

/** GPU time by pass, of everything and with one part after the other left out. */
async function table() {
  const found = {};
  await inFlight('flight.dress()');
  await settle(20); // probes look around
  for (const part of ['', ...JSON.parse(await inFlight('import json\njson.dumps(list(flight.PARTS))'))]) {
    await inFlight(`flight.leave_out(${JSON.stringify(part)})`);
    await wait(700);
    found[part || 'everything'] = await passes(2600);
  }
  await inFlight('flight.undress()');
  await post(`passes-${backend}`, found);
}

/** GPU time of shadows in the frames of some seconds, milliseconds; `each` runs before every report. */
async function shadows(limit_ms, each) {
  const times = [];
  for (const end = performance.now() + limit_ms; performance.now() < end;) {
    await each();
    const ms = (await report()).passes.find(({ name }) => name === 'shadow')?.gpu_ms;
    if (ms != null) times.push(ms);
  }
  times.sort((a, b) => a - b);
  return { readings: times.length, mean: times.reduce((sum, ms) => sum + ms, 0) / times.length, p50: at(times, 0.5), p99: at(times, 0.99), max: times.at(-1) };
}

/** What renewing a far cascade adds to a frame. */
async function renewals(limit_ms) {
  await settle(20);
  const still = await shadows(limit_ms, () => {});
  const turning = await shadows(limit_ms, () => inFlight('flight.turn_sun(0.05)'));
  await post(`renewals-${backend}`, { still, turning, above_mean_ms: turning.max - turning.mean });
}

async function picture(view) {
  const [name, hour] = view.split('@');
  await inFlight(`flight.look(${JSON.stringify(name)}, ${hour ?? 'None'})`);
  await wait(300);
  const start = performance.now();
  const figures = await settle(30);
  const settle_ms = performance.now() - start;
  await post(`picture-${backend}-${view.replace('@', '-')}`, { settle_ms, figures, png: await png(element.host) });
}

async function fly() {
  await inFlight("flight.mode = 'fly'");
  await wait(1000);
  const intervals = [];
  const gpu = [];
  const python_ms = [];
  const cpu = [];
  let last = performance.now();
  const end = last + seconds * 1000;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    intervals.push(now - last);
    last = now;
    if (intervals.length % 10 === 0) {
      const stats = await element.host.request('stats');
      if (stats.gpu_ms != null) gpu.push(stats.gpu_ms);
      cpu.push(stats.frame_cpu_ms);
      python_ms.push(stats.python_ms);
    }
  }
  const stats = await report();
  const sorted = intervals.toSorted((a, b) => a - b);
  const gpuSorted = gpu.toSorted((a, b) => a - b);
  await post(`flight-${backend}`, {
    frames: intervals.length, interval_ms: { p50: at(sorted, 0.5), p95: at(sorted, 0.95), p99: at(sorted, 0.99), max: sorted.at(-1) },
    gpu_ms: gpu.length ? { p50: at(gpuSorted, 0.5), p99: at(gpuSorted, 0.99) } : null, cpu: cpu.at(-1), python_ms: python_ms.at(-1), stats,
  });
}

async function main() {
  await import('../web/layer-w.js');
  for (let k = 0; k < 240 && !(await ready()); k += 1) await wait(250);
  const first = await settle(60);
  await post(`boot-${backend}`, { ...first, errors: element.errors });
  for (const view of get('pictures', 'start,air,ridge,coast').split(',').filter(Boolean)) await picture(view);
  if (get('table', '0') === '1') await table();
  if (Number(get('renewals', 0)) > 0) await renewals(1000 * Number(get('renewals', 0)));
  if (seconds > 0) await fly();
}

async function ready() {
  try {
    return await Promise.race([inFlight("flight.world.state == 'ready'"), wait(2000)]);
  } catch {
    return false;
  }
}

main().catch((error) => post('failed', { error: String(error), errors: element.errors })).finally(() => post('done', {}));
