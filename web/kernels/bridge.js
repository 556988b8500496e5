/**
 * The bridge between two memories: with multi-memory one module, without it the fallback of the same interface.
 *
 * Owns: the choice, the accessors, and the host's half of the fallback (TypedArray.set on views that it keeps).
 * Does not: grow a memory; nothing here can. Does not look names up (libraries.js).
 * Limits: main's memory is not shared.
 */
import { NO_LIBRARIES } from './libraries.js';

/**
 * @typedef {{memory: WebAssembly.Memory, table: WebAssembly.Table}} Side one module's memory and table
 * @typedef {{bridge?: WebAssembly.Module, accessor?: WebAssembly.Module, bridge_fb?: WebAssembly.Module}} BridgeModules
 *   bridge, or the two others; bridge and accessor fit side's memory (shared or not)
 * @typedef {(to: number, from: number, size: number) => void} Move
 * @typedef {{lw_mts_copy: Function, lw_stm_copy: Function, lw_mts_function: Function, lw_stm_function: Function}} Bridge
 */

// A module with two memories: what the feature looks like.
const TWO_MEMORIES = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0]);

const TURN_BYTES_MIN = 1024; // below, the bytes cost less than the calls
const TURN_BYTES_MAX = 16_384; // of one piece: half of a first-level cache

export const hasMultiMemory = () => WebAssembly.validate(TWO_MEMORIES);

/** @param {WebAssembly.Memory} memory @returns {() => Uint8Array<ArrayBuffer>} a view that is made once a growth */
function bytesOf(memory) {
  let view = new Uint8Array(/** @type {ArrayBuffer} */ (memory.buffer));
  return () => (view.buffer === memory.buffer ? view : (view = new Uint8Array(/** @type {ArrayBuffer} */ (memory.buffer))));
}

/**
 * Between shared and other memory `set` goes byte by byte where the two ends differ modulo 8: 7x slower. So a piece lands
 * where they agree, up to 7 bytes behind its place, and is then moved within its memory while it is in the cache.
 * Writes nothing outside of the target's span.
 * @param {Uint8Array} to @param {Uint8Array} from @param {number} at @param {number} start @param {number} size
 * @param {Move} move within the memory of `to`
 */
function copyTurned(to, from, at, start, size, move) {
  const turn = (start - at) & 7;
  for (let done = 0; done < size; ) {
    const piece = Math.min(TURN_BYTES_MAX, size - done);
    const [target, source, most] = [at + done, start + done, Math.max(piece - turn, 0)];
    to.set(from.subarray(source, source + most), target + turn);
    move(target, target + turn, most);
    for (let i = most; i < piece; i += 1) to[target + i] = /** @type {number} */ (from[source + i]);
    done += piece;
  }
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
  const accessor = /** @type {Record<string, any>} */ (instance(modules.accessor, { env: { memory: side.memory }, host: NO_LIBRARIES }));
  const [mainBytes, sideBytes] = [bytesOf(main.memory), bytesOf(side.memory)];
  const shared = !(side.memory.buffer instanceof ArrayBuffer);
  /** @type {(to: () => Uint8Array, from: () => Uint8Array, move: Move) => (to: number, from: number, size: number) => void} */
  const bulk = (to, from, move) => (at, start, size) => {
    const turned = shared && size >>> 0 >= TURN_BYTES_MIN && ((at ^ start) & 7) !== 0;
    if (turned) copyTurned(to(), from(), at >>> 0, start >>> 0, size >>> 0, move);
    else to().set(from().subarray(start >>> 0, (start >>> 0) + (size >>> 0)), at >>> 0);
  };
  return /** @type {any} */ (instance(modules.bridge_fb, {
    env: { memory: main.memory },
    main: tables.main,
    side: { ...tables.side, ...accessor },
    host: {
      mts_bulk: bulk(sideBytes, mainBytes, accessor.move),
      stm_bulk: bulk(mainBytes, sideBytes, (to, from, size) => mainBytes().copyWithin(to, from, from + size)),
    },
  }));
}
