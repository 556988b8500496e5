// One scene in all engines of one node, step by step in turn:
//     node physics.mjs RUNTIME LAYERW PEERS NATIVE SCENE SLEEPS STEPS TURN
// Milliseconds are CPU time of the process (of the native program: of its thread), as others share the machine.
// Prints {contender: {step_ms, read_ms, awake, height, settled_after, ...}}. SLEEPS 1: steps are counted from when all
// boxes of a contender sleep.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { engines } from './peers.mjs';

const [runtime, engine, peers, native, scene] = process.argv.slice(2, 7).map((name) => resolve(name));
const [sleeps, steps, turn] = process.argv.slice(7).map(Number);
const SETTLE_MAX = 400;
const bytes = readFileSync(scene);
const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const records = Array.from({ length: floats.length / 7 }, (_, k) => [...floats.subarray(7 * k, 7 * k + 7)]);

const spent_ms = (start) => { const used = process.cpuUsage(start); return (used.user + used.system) / 1000; };
const timed = (call) => { const start = process.cpuUsage(); call(); return spent_ms(start); };

async function ours() {
  const { loadPyodide } = await import(pathToFileURL(join(runtime, 'pyodide.mjs')).href);
  const pyodide = await loadPyodide({ indexURL: runtime });
  await pyodide.loadPackage('numpy', { messageCallback() {} });
  pyodide.FS.mkdirTree('/engine/layerw');
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: engine }, '/engine/layerw');
  pyodide.FS.writeFile('/home/scene.bin', new Uint8Array(bytes));
  pyodide.runPython('import sys; sys.path.insert(0, "/engine"); sys.dont_write_bytecode = True');
  pyodide.runPython(readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'ours.py'), 'utf8'));
  const made = pyodide.runPython(`Ours("/home/scene.bin", ${sleeps ? 'True' : 'False'})`);
  const step = made.step;
  return {
    step: () => [timed(step), 0],
    awake: () => made.awake(),
    end: () => ({ height: made.height(), hash: made.state_hash(), python_ms: made.python_ms.toJs().slice(-steps) }),
  };
}

function floor() {
  const child = spawn(native, [scene, String(sleeps)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last = [];
  return {
    step: async () => {
      child.stdin.write('step\n');
      last = JSON.parse((await lines.next()).value);
      return [last[0], 0];
    },
    awake: () => last[1] ?? 1,
    end: () => { child.stdin.end(); return { hash: last[2] }; },
  };
}

const contenders = { layerw: await ours(), native: floor() };
for (const [name, make] of Object.entries(await engines(peers))) {
  const world = make(records, Boolean(sleeps));
  contenders[name] = {
    step: () => [timed(world.step), timed(world.read)],
    awake: world.awake,
    end: () => { const height = world.height(); world.close(); return { height, iterations: world.iterations }; },
  };
}

const found = {};
const names = Object.keys(contenders);
for (const name of names) {
  found[name] = { step_ms: [], read_ms: [], settled_after: 0 };
  if (!sleeps) continue;
  while (found[name].settled_after < SETTLE_MAX && (found[name].settled_after % 20 || contenders[name].awake())) {
    await contenders[name].step();
    found[name].settled_after += 1;
  }
}
for (let k = 0; k < steps; k += 1) {
  for (let i = 0; i < names.length; i += 1) {
    const name = names[(i + k + turn) % names.length];
    const [step_ms, read_ms] = await contenders[name].step();
    found[name].step_ms.push(step_ms);
    found[name].read_ms.push(read_ms);
  }
}
for (const name of names) {
  Object.assign(found[name], { awake: contenders[name].awake() }, contenders[name].end());
}
console.log(JSON.stringify(found));
process.exit(0);
