/**
 * The bridge between two memories: with multi-memory one module, without it the fallback of the same interface.
 *
 * Owns: the choice, the accessors, and the host's half of the fallback (TypedArray.set on views that it keeps).
 * Does not: grow a memory; nothing here can.
 */

/**
 * @typedef {{memory: WebAssembly.Memory, table: WebAssembly.Table}} Side one module's memory and table
 * @typedef {{bridge?: WebAssembly.Module, accessor?: WebAssembly.Module, bridge_fb?: WebAssembly.Module}} BridgeModules
 *   bridge, or the two others; bridge and accessor fit side's memory (shared or not)
 * @typedef {{lw_mts_copy: Function, lw_stm_copy: Function, lw_mts_function: Function, lw_stm_function: Function}} Bridge
 */

// A module with two memories: what the feature looks like.
const TWO_MEMORIES = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0]);

export const hasMultiMemory = () => WebAssembly.validate(TWO_MEMORIES);

/** @param {WebAssembly.Memory} memory @returns {() => Uint8Array<ArrayBuffer>} a view that is made once a growth */
function bytesOf(memory) {
  let view = new Uint8Array(/** @type {ArrayBuffer} */ (memory.buffer));
  return () => (view.buffer === memory.buffer ? view : (view = new Uint8Array(/** @type {ArrayBuffer} */ (memory.buffer))));
}

/** @param {WebAssembly.Module | undefined} module @param {WebAssembly.Imports} imports */
function instance(module, imports) {
  if (module === undefined) throw new Error('This half of the bridge was not compiled; see layer.js, which chooses.');
  return new WebAssembly.Instance(module, imports).exports;
}

/**
 * @param {BridgeModules} modules
 * @param {Side} main
 * @param {Side} side
 * @param {boolean} multiMemory
 * @returns {Bridge}
 */
export function makeBridge(modules, main, side, multiMemory = hasMultiMemory()) {
  const tables = { main: { table: main.table }, side: { table: side.table } };
  if (multiMemory) {
    const imports = { main: { ...tables.main, memory: main.memory }, side: { ...tables.side, memory: side.memory } };
    return /** @type {any} */ (instance(modules.bridge, imports));
  }
  const accessor = instance(modules.accessor, { env: { memory: side.memory } });
  const [mainBytes, sideBytes] = [bytesOf(main.memory), bytesOf(side.memory)];
  /** @type {(to: () => Uint8Array, from: () => Uint8Array) => (to: number, from: number, size: number) => void} */
  const bulk = (to, from) => (at, start, size) => {
    to().set(from().subarray(start >>> 0, (start >>> 0) + (size >>> 0)), at >>> 0);
  };
  return /** @type {any} */ (instance(modules.bridge_fb, {
    env: { memory: main.memory },
    main: tables.main,
    side: { ...tables.side, ...accessor },
    host: { mts_bulk: bulk(sideBytes, mainBytes), stm_bulk: bulk(mainBytes, sideBytes) },
  }));
}
