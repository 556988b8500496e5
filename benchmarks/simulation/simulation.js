/** Runs the scenes of scenes.py on side.wasm and posts {scene: {Chromium: [[ms of each step], checksum]}}. */
const DT_S = 1 / 120;
const BUDGET_BYTES = 192 * 2 ** 20;
const GUARD = 4; // columns before the first cell of shallow water; one row above

/** @param {string} key @param {unknown} value */
const post = (key, value) => fetch(`/result?k=${key}`, {
  method: 'POST',
  body: typeof value === 'string' ? value : JSON.stringify(value),
});

/** @param {string} name */
const load = async (name) => new Uint8Array(await (await fetch(`data/${name}`)).arrayBuffer());

/** @param {Uint32Array} words */
function checksum(words) {
  let total = 0;
  for (let i = 0; i < words.length; i += 1) total = (total + Math.imul(words[i], i + 1)) >>> 0;
  return total;
}

/** @param {number} steps @param {() => number} step */
function timed(steps, step) {
  const times = [];
  for (let turn = 0; turn < steps; turn += 1) {
    const start = performance.now();
    if (!step()) throw new Error('a step was refused');
    times.push(performance.now() - start);
  }
  return times;
}

/** @param {any} k @param {any} scene @param {Uint8Array} rows */
function particles(k, scene, rows) {
  const count = rows.length / 24;
  const water = k.lw_sph_create(count, scene.spacing, 0, 0, 0, ...scene.high);
  k.lw_sph_configure(water, 0, -9.81, 0, 0.05, 60);
  const stage = k.lw_sph_stage(water, rows.length) >>> 0;
  new Uint8Array(k.memory.buffer).set(rows, stage);
  if (k.lw_sph_spawn(water, count) !== count) throw new Error('spawn was refused');
  const times = timed(scene.steps, () => k.lw_sph_step(water, DT_S));
  let sum = 0;
  for (const axis of [0, 1, 2]) {
    sum += checksum(new Uint32Array(k.memory.buffer, k.lw_sph_field(water, axis) >>> 0, count));
  }
  k.lw_sph_destroy(water);
  return [times, sum >>> 0];
}

/** @param {any} k @param {any} scene @param {Float32Array[]} fields ground and depth */
function flood(k, scene, fields) {
  const { columns, rows } = scene;
  const water = k.lw_shallow_create(columns, rows, scene.cell_m, 9.81, 0.05);
  const stride = k.lw_shallow_stride(water);
  const view = (/** @type {number} */ field) => new Float32Array(
    k.memory.buffer, k.lw_shallow_field(water, field) >>> 0, stride * (rows + 2));
  const at = (/** @type {number} */ row) => (row + 1) * stride + GUARD;
  fields.forEach((values, field) => {
    const to = view(field);
    for (let row = 0; row < rows; row += 1) to.set(values.subarray(row * columns, (row + 1) * columns), at(row));
  });
  if (!k.lw_shallow_check(water)) throw new Error('the heights were refused');
  const times = timed(scene.steps, () => k.lw_shallow_step(water, DT_S));
  const depth = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) depth.set(view(1).subarray(at(row), at(row) + columns), row * columns);
  return [times, checksum(new Uint32Array(depth.buffer))];
}

async function main() {
  const scenes = await (await fetch('data/scenes.json')).json();
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 65535 });
  const bytes = await (await fetch('/kernels/side.wasm')).arrayBuffer();
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const kernels = /** @type {any} */ ({ ...instance.exports, memory });
  if (!kernels.lw_memory_start(BUDGET_BYTES)) throw new Error('Layer memory did not start');
  const found = {};
  for (const [name, scene] of Object.entries(scenes)) {
    if (scene.sides) found[name] = { Chromium: particles(kernels, scene, await load(`${name}.bin`)) };
  }
  const fields = [];
  for (const name of ['ground', 'depth']) fields.push(new Float32Array((await load(`${name}.bin`)).buffer));
  found.flood = { Chromium: flood(kernels, scenes.flood, fields) };
  await post('page', found);
  await post('done', '{}');
}

main().catch((error) => post('failed', String(error.stack ?? error)));
