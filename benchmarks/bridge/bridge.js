/**
 * Two kernel modules with a memory each: sorts 50,000 integers of one in the other in every way, copies, and results of
 * variable size. Posts medians in microseconds to /result.
 */
import { Layer } from '/web/kernels/layer.js';
import { makeBridge } from '/web/kernels/bridge.js';
import { NO_LIBRARIES } from '/web/kernels/libraries.js';

const COUNT = 50_000;
const MIB = 1 << 20;
const OFFSETS = [[0, 1], [1, 0], [1, 1], [3, 1], [1, 3], [7, 5], [8, 4]]; // of target and source, bytes

const post = (key, value) => fetch(`/result?k=${key}`, { method: 'POST', body: typeof value === 'string' ? value : JSON.stringify(value) });
const load = async (name) => WebAssembly.compile(await (await fetch(`/kernels/${name}.wasm`)).arrayBuffer());

/** Median microseconds of one call; each sample times as many calls as make it last 2 ms. */
function time(run, samples = 15) {
  run();
  let calls = 1;
  for (;;) {
    const start = performance.now();
    for (let i = 0; i < calls; i += 1) run();
    if (performance.now() - start > 2 || calls > 1 << 20) break;
    calls *= 2;
  }
  const found = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const start = performance.now();
    for (let i = 0; i < calls; i += 1) run();
    found.push((performance.now() - start) * 1000 / calls);
  }
  return found.sort((a, b) => a - b)[samples >> 1];
}

/** The fallback to a shared memory, and 5 MiB there. */
async function sharedFallback(main) {
  const modules = { kernels: await load('worker'), accessor: await load('accessor_shared'), bridge_fb: await load('bridge_fb') };
  const layer = new Layer(modules, true);
  layer.open(64 * MIB, null);
  const there = layer.exports.lw_raw_alloc(0, 5 * MIB) >>> 0;
  new Uint8Array(layer.memory.buffer, there, 5 * MIB).fill(1);
  return { there, fallback: makeBridge(modules, main, { memory: layer.memory, table: layer.exports.__indirect_function_table }, false) };
}

async function main() {
  const modules = { kernels: await load('side'), accessor: await load('accessor'), bridge: await load('bridge'), bridge_fb: await load('bridge_fb') };
  const [main, side] = [new Layer(modules, false), new Layer(modules, false)];
  for (const layer of [main, side]) layer.open(64 * MIB, null);
  const end = (layer) => ({ memory: layer.memory, table: layer.exports.__indirect_function_table });
  const bridges = { bridged: makeBridge(modules, end(main), end(side), true), fallback: makeBridge(modules, end(main), end(side), false) };
  const access = new WebAssembly.Instance(modules.accessor, { env: { memory: side.memory }, host: NO_LIBRARIES }).exports;

  const room = (layer, bytes) => layer.exports.lw_raw_alloc(0, bytes) >>> 0;
  const here = { keys: room(main, 4 * COUNT), payload: room(main, 4 * COUNT), a: room(main, 4 * COUNT), b: room(main, 4 * COUNT) };
  const there = { keys: room(side, 4 * COUNT), payload: room(side, 4 * COUNT), a: room(side, 4 * COUNT), b: room(side, 4 * COUNT) };
  const big = { here: room(main, 5 * MIB), more: room(main, 5 * MIB), there: room(side, 5 * MIB) };
  const integers = (layer, address) => new Uint32Array(layer.memory.buffer, address, COUNT);
  let state = 1;
  const values = Uint32Array.from({ length: COUNT }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0));
  const sort = (layer, at) => layer.exports.lw_sort_u32(at.keys, at.payload, at.a, at.b, COUNT);
  const fill = () => integers(main, here.keys).set(values);

  const modes = {
    direct: () => { fill(); sort(main, here); },
    bridged: () => {
      fill();
      bridges.bridged.lw_mts_copy(there.keys, here.keys, 4 * COUNT);
      sort(side, there);
      bridges.bridged.lw_stm_copy(here.keys, there.keys, 4 * COUNT);
    },
    fallback: () => {
      fill();
      bridges.fallback.lw_mts_copy(there.keys, here.keys, 4 * COUNT);
      sort(side, there);
      bridges.fallback.lw_stm_copy(here.keys, there.keys, 4 * COUNT);
    },
    'per element': () => {
      fill();
      const own = integers(main, here.keys);
      for (let i = 0; i < COUNT; i += 1) access.set_u32(there.keys + 4 * i, own[i]);
      sort(side, there);
      for (let i = 0; i < COUNT; i += 1) own[i] = access.get_u32(there.keys + 4 * i);
    },
  };
  const expected = values.slice().sort().join();
  const equal = {};
  for (const [name, run] of Object.entries(modes)) {
    integers(side, there.keys).fill(0);
    run();
    equal[name] = integers(main, here.keys).join() === expected;
  }
  const times = Object.fromEntries(Object.entries(modes).map(([name, run]) => [`sort ${name}`, time(run)]));

  // Pages that were never written are one page of zeros, which is always in the cache: fill both ends first.
  for (const [layer, address] of [[main, big.here], [main, big.more], [side, big.there]]) {
    new Uint32Array(layer.memory.buffer, address, 5 * MIB / 4).forEach((_, i, all) => { all[i] = Math.imul(i, 2654435761); });
  }
  // The same copy in one memory is the floor; V8 gives wasm's memory.copy and copyWithin the same memmove.
  const bytes = new Uint8Array(main.memory.buffer);
  const view = new DataView(main.memory.buffer);
  const pair = {
    '4 MiB in one memory': () => bytes.copyWithin(big.more, big.here, big.here + 4 * MIB),
    '4 MiB bridged': () => bridges.bridged.lw_mts_copy(big.there, big.here, 4 * MIB),
  };
  const turns = Array.from({ length: 7 }, () => Object.values(pair).map((run) => time(run, 5))); // in turns: their ratio is asked
  Object.keys(pair).forEach((name, i) => { times[name] = turns.map((turn) => turn[i]).sort((a, b) => a - b)[3]; });
  const shared = await sharedFallback(end(main));
  const misaligned = [];
  for (const [to, from] of [[0, 0], ...OFFSETS]) {
    const [name, at] = [`(+${to}, +${from})`, [big.there + to, big.here + from, 4 * MIB]];
    times[`4 MiB fallback ${name}`] = time(() => bridges.fallback.lw_mts_copy(...at));
    times[`4 MiB fallback to shared memory ${name}`] = time(() => shared.fallback.lw_mts_copy(shared.there + to, at[1], at[2]));
    if (to !== from) misaligned.push(name);
  }
  for (const kind of ['fallback', 'fallback to shared memory']) {
    times[`4 MiB ${kind} misaligned, worst`] = Math.max(...misaligned.map((name) => times[`4 MiB ${kind} ${name}`]));
  }
  // What the fallback replaces: 8 bytes a call, from JavaScript and from wasm.
  times['4 MiB by 8-byte accessor misaligned'] = time(() => {
    for (let i = 0; i < 4 * MIB; i += 8) access.set_u64(big.there + 3 + i, view.getBigUint64(big.here + 1 + i, true));
  }, 5);
  const words = makeBridge(modules, end(main), end(side), false);
  words.set_bulk(0xffffffff);
  times['4 MiB by 8-byte accessor misaligned, loop in wasm'] = time(() => words.lw_mts_copy(big.there + 3, big.here + 1, 4 * MIB), 5);
  for (const size of [8, 64, 4096]) {
    times[`${size} B bridged`] = time(() => bridges.bridged.lw_mts_copy(big.there, big.here, size));
    times[`${size} B fallback`] = time(() => bridges.fallback.lw_mts_copy(big.there, big.here, size));
  }
  const small = new Uint8Array(64);
  const three = new Uint8Array(3 * MIB);
  times['result of 32 B to JavaScript, copied'] = time(() => side.calls.lw_copy_of_into(0, big.there, 32, small));
  times['result of 3 MiB into a used buffer'] = time(() => side.calls.lw_copy_of_into(0, big.there, 3 * MIB, three));
  const at = side.exports.lw_copy_of(0, big.there, 3 * MIB) >>> 0;
  times['of which the reading alone'] = time(() => three.set(side.bytes(at, 3 * MIB)));
  await post('bridge', { times, equal });
  await post('done', '');
}

main().catch((error) => post('failed', String(error.stack ?? error)));
