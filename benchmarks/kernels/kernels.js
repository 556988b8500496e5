/**
 * Times side.wasm on the files of data.py, then runs contenders.py in Pyodide; posts both to /result.
 * The same cases, checks and staggered arrays as native.c.
 */
import { rays } from './rays.js';

const REPEATS = 15;
const WARM_UP = 5;

/** @param {string} key @param {unknown} value */
const post = (key, value) => fetch(`/result?k=${key}`, {
  method: 'POST',
  body: typeof value === 'string' ? value : JSON.stringify(value),
});

/** Arrays in a module's own memory. */
class Layout {
  /** @param {WebAssembly.Exports} exports */
  constructor(exports) {
    this.memory = exports.memory;
    this.at = exports.__heap_base.value;
    this.placed = 0;
  }

  /** @param {number} sizeBytes @returns {number} address, staggered: big arrays at 64 KiB steps alias in the cache */
  room(sizeBytes) {
    const address = ((this.at + 63) & ~63) + 64 * (this.placed++ % 32);
    this.at = address + sizeBytes;
    const missing = this.at + 64 - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    return address;
  }

  /** @param {Uint8Array} bytes */
  put(bytes) {
    const address = this.room(bytes.length);
    new Uint8Array(this.memory.buffer).set(bytes, address);
    return address;
  }

  /** @param {number} address @param {number} words */
  checksum(address, words) {
    const view = new Uint32Array(this.memory.buffer, address, words);
    let total = 0;
    for (let i = 0; i < words; i += 1) total = (total + Math.imul(view[i], i + 1)) >>> 0;
    return total;
  }

  /** @param {number} to @param {number} from @param {number} sizeBytes */
  copy(to, from, sizeBytes) {
    new Uint8Array(this.memory.buffer).copyWithin(to, from, from + sizeBytes);
  }
}

/** @param {() => void} prepare @param {() => void} run */
function timed(prepare, run) {
  const times = [];
  for (let turn = 0; turn < WARM_UP + REPEATS; turn += 1) {
    prepare();
    const start = performance.now();
    run();
    if (turn >= WARM_UP) times.push(performance.now() - start);
  }
  return times;
}

/** @param {any} k @param {Layout} layout @param {Record<string, Uint8Array>} d */
function side(k, layout, d) {
  const at = Object.fromEntries(Object.entries(d).map(([name, bytes]) => [name, layout.put(bytes)]));
  const count = d.rows.length / 4;
  const lods = d.until_m.length / 4;
  const out = layout.room(lods * d.rows.length);
  const counts = layout.room(64);
  let taken = 0;
  const cull = timed(() => {}, () => {
    taken = k.lw_cull_lods(at.view, at.positions, at.radii, at.rows, count, at.until_m, lods, out, counts);
  });
  const found = { cull: { side: [cull, layout.checksum(out, taken)] } };
  for (const bits of [32, 64]) {
    const keys = d[`keys${bits}`];
    const n = keys.length * 8 / bits;
    const [own, payload, spareKeys, spare] = [keys.length, n * 4, keys.length, n * 4].map((size) => layout.room(size));
    const prepare = () => {
      layout.copy(own, at[`keys${bits}`], keys.length);
      layout.copy(payload, at.rows, n * 4);
    };
    const times = timed(prepare, () => k[`lw_sort_u${bits}`](own, payload, spareKeys, spare, n));
    found[`sort ${bits}`] = { side: [times, layout.checksum(payload, n)] };
  }
  const local = ['position', 'rotation', 'scale'];
  const world = [...local.map((name) => layout.put(d[name])), layout.put(new Uint8Array(d.scale.length))];
  const args = [at.parents, at.children, d.children.length / 4, ...local.map((name) => at[name]), ...world];
  const compose = timed(() => {}, () => k.lw_compose_rows(...args));
  found.hierarchy = { side: [compose, layout.checksum(world[0], d.position.length / 4)] };
  return { ...found, ...rays(k, layout, at, d, timed) };
}

async function inPyodide(data) {
  const { loadPyodide } = await import('/runtime/pyodide.mjs');
  const pyodide = await loadPyodide({ indexURL: '/runtime/' });
  await pyodide.loadPackage(['numpy', 'layerw'], { messageCallback() {} });
  pyodide.FS.mkdirTree('/data');
  for (const [name, bytes] of Object.entries(data)) pyodide.FS.writeFile(`/data/${name}.bin`, bytes);
  pyodide.FS.writeFile('/data/kinds.json', await (await fetch('data/kinds.json')).text());
  for (const name of ['contenders.py', 'rays_contenders.py']) {
    pyodide.FS.writeFile(`/data/${name}`, await (await fetch(name)).text());
  }
  pyodide.runPython('import sys; sys.path.insert(0, "/data")');
  return JSON.parse(pyodide.runPython('import contenders; contenders.main("/data")'));
}

async function main() {
  const kinds = await (await fetch('data/kinds.json')).json();
  const data = {};
  for (const name of Object.keys(kinds)) {
    data[name] = new Uint8Array(await (await fetch(`data/${name}.bin`)).arrayBuffer());
  }
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 65535 });
  const bytes = await (await fetch('/kernels/side.wasm')).arrayBuffer();
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  await post('side', side(instance.exports, new Layout(instance.exports), data));
  await post('pyodide', await inPyodide(data));
  await post('done', '{}');
}

main().catch((error) => post('failed', String(error.stack ?? error)));
