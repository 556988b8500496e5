/**
 * Times alloc and free of every contender on the same mixes. Each case runs in fresh instances, in turns, so that what
 * else the machine does falls on all of them. Sizes of the heap are counted from before the allocator's start.
 */
const CASES = [ // name, slots, largest bytes
  ['16 B-1 KiB', 256, 1024],
  ['16 B-16 KiB', 256, 16384],
  ['10,000 live slots, 16 B-1 KiB', 10000, 1024],
  ['16 B-64 KiB', 256, 65536],
];
const HEAP_SLOTS = 2000;
const BUDGET_BYTES = 256 * 2 ** 20; // the default layer budget; the page table takes 12 bytes for each wasm page of it

/** @typedef {{alloc: Function, free: Function, memory: WebAssembly.Memory, mix: WebAssembly.Module}} Heap */

/** @param {Heap} heap @returns {any} */
const driver = (heap) => new WebAssembly.Instance(heap.mix, { env: { alloc: heap.alloc, free: heap.free } }).exports;

/** Nanoseconds of a pair. @param {any} run @param {any[]} args @param {number} pairs */
function timed(run, args, pairs) {
  const start = performance.now();
  const refused = run(...args, pairs);
  const ns = (performance.now() - start) * 1e6 / pairs;
  if (refused) throw new Error(`refused at step ${refused} of ${args}`);
  return ns;
}

/** @param {Record<string, () => Heap>} contenders @param {{rounds: number, pairs: number}} options */
export function measure(contenders, { rounds, pairs }) {
  /** @type {Record<string, Record<string, {ns: number[], heap?: number}>>} */
  const found = {};
  for (const log of [0, 1]) {
    for (const [name, slots, most] of CASES) {
      const key = `${name}${log ? ', log' : ''}`;
      const drivers = Object.entries(contenders).map(([contender, make]) => ({ contender, mix: driver(make()) }));
      found[key] = {};
      for (const { contender, mix } of drivers) {
        mix.clear(0);
        timed(mix.run, [slots, most, log], pairs); // compiled and filled
        found[key][contender] = { ns: [] };
      }
      for (let round = 0; round < rounds; round += 1) {
        for (const { contender, mix } of drivers) {
          found[key][contender].ns.push(timed(mix.run, [slots, most, log], pairs));
        }
      }
      for (const { mix } of drivers) mix.clear(slots);
      for (const [contender, make] of Object.entries(contenders)) {
        const heap = make();
        const before = heap.memory.buffer.byteLength - (heap.given ?? 0);
        const mix = driver(heap);
        mix.clear(0);
        mix.run(HEAP_SLOTS, most, log, 10 * HEAP_SLOTS);
        found[key][contender].heap = (heap.memory.buffer.byteLength - before) / mix.peak_bytes();
        mix.clear(HEAP_SLOTS);
      }
    }
  }
  return found;
}

/** An instance on the smallest memory that it links with, so that every page of the heap counts. @param {WebAssembly.Module} module */
function smallest(module) {
  for (let initial = 1; ; initial += 1) {
    try {
      const memory = new WebAssembly.Memory({ initial, maximum: 65535 });
      return /** @type {any} */ (new WebAssembly.Instance(module, { env: { memory } }).exports);
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError) || initial > 64) throw error;
    }
  }
}

/** side.wasm's allocator. @param {WebAssembly.Module} module @param {WebAssembly.Module} mix @returns {Heap} */
export function layerHeap(module, mix) {
  const exports = smallest(module);
  const present = exports.memory.buffer.byteLength;
  if (exports.lw_memory_start(BUDGET_BYTES) !== 1) throw new Error(`memory_start failed: ${exports.lw_error_code()}`);
  const given = exports.memory.buffer.byteLength - present;
  return { alloc: exports.lw_raw_alloc, free: exports.lw_raw_free, memory: exports.memory, mix, given };
}

/** A module that exports malloc and free. @param {WebAssembly.Module} module @param {WebAssembly.Module} mix */
export function libcHeap(module, mix) {
  const wasi = new Proxy({}, { get: () => () => 0 });
  const exports = /** @type {any} */ (new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi }).exports);
  exports._initialize?.();
  return { alloc: exports.malloc, free: exports.free, memory: exports.memory, mix };
}
