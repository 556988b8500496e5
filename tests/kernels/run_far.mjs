// Runs a Python file in Pyodide, where physics steps on several threads of node:
//     node run_far.mjs RUNTIME LAYERW SCRIPT THREADS [dying]
// dying: the workers' stacks are a few bytes, so that they end within the first task that they take, and say nothing.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const here = (name) => pathToFileURL(resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../web/kernels', name)).href;

async function work() {
  const { module, memory, slot, stack, tls } = workerData;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stack | 0;
  exports.__wasm_init_tls(tls);
  try {
    exports.lw_worker_run(slot);
  } catch {
    await new Promise(() => {}); // dead, and nobody hears of it
  }
}

async function main() {
  const [runtime, engine, script] = process.argv.slice(2, 5).map((name) => resolve(name));
  const threads = Number(process.argv[5]);
  const dying = process.argv[6] === 'dying';
  const { makeBridge, hasMultiMemory } = await import(here('bridge.js'));
  const { TableSlots } = await import(here('slots.js'));
  const { loadPyodide } = await import(pathToFileURL(join(runtime, 'pyodide.mjs')).href);
  const pyodide = await loadPyodide({ indexURL: runtime });
  await pyodide.loadPackage('numpy', { messageCallback() {} });
  pyodide.FS.mkdirTree('/engine/layerw');
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: engine }, '/engine/layerw');
  const compiled = (name) => new WebAssembly.Module(readFileSync(join(engine, '_kernels', `${name}.wasm`)));
  const modules = hasMultiMemory() ? { bridge: compiled('bridge_shared') }
    : { accessor: compiled('accessor_shared'), bridge_fb: compiled('bridge_fb') };
  const workers = [];
  let kernels;
  const up = async () => { while (kernels.lw_rigid_threads() < threads) await new Promise((next) => { setTimeout(next, 5); }); };
  pyodide.registerJsModule('node_threads', {
    open(names) {
      const module = compiled('rigid/rigid_shared');
      const memory = new WebAssembly.Memory({ initial: 64, maximum: 32768, shared: true });
      kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
      const { memory: mainMemory, wasmTable } = pyodide._module;
      const bridge = makeBridge(modules, { memory: mainMemory, table: wasmTable }, { memory, table: kernels.__indirect_function_table });
      const slots = new TableSlots(wasmTable);
      for (let k = 1; k < threads; k += 1) {
        const slot = kernels.lw_thread_new(262144);
        const data = { module, memory, slot, stack: dying ? 48 : kernels.lw_thread_stack(slot) >>> 0, tls: kernels.lw_thread_tls(slot) >>> 0 };
        workers.push(new Worker(new URL(import.meta.url), { workerData: data, argv: process.argv.slice(2) }));
      }
      return JSON.stringify([...JSON.parse(names).map((name) => kernels[name]), kernels.lw_rigid_room, bridge.lw_mts_copy,
        bridge.lw_stm_copy].map((one) => slots.take(one)));
    },
    up,
    lose: () => workers[0].terminate(),
  });
  pyodide.runPython('import sys; sys.path.insert(0, "/engine"); sys.dont_write_bytecode = True');
  await pyodide.runPythonAsync(readFileSync(script, 'utf8'));
  process.exit(0);
}

await (isMainThread ? main() : work());
