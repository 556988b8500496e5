/** Runs the mixes on side.wasm, zig's malloc and the dlmalloc of Pyodide's module; posts to /result. */
import { layerHeap, libcHeap, measure } from './mixes.js';

const post = (key, value) => fetch(`/result?k=${key}`, { method: 'POST', body: JSON.stringify(value) });
const load = async (url) => new WebAssembly.Module(await (await fetch(url)).arrayBuffer());

async function main() {
  const [side, zig, mix, mixLayer] = await Promise.all(
    ['/kernels/side.wasm', 'zig.wasm', 'mix.wasm', 'mix-layer.wasm'].map(load));
  const { loadPyodide } = await import('/runtime/pyodide.mjs');
  const module = (await loadPyodide({ indexURL: '/runtime/' }))._module;
  const found = measure({
    layerw: () => layerHeap(side, mixLayer),
    zig: () => libcHeap(zig, mix),
    dlmalloc: () => ({ alloc: module._malloc, free: module._free, memory: module.memory, mix }),
  }, { rounds: 7, pairs: 300000 });
  await post('memory', found);
  await post('done', {});
}

main().catch((error) => fetch('/result?k=failed', { method: 'POST', body: String(error.stack ?? error) }));
