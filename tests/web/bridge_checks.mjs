/**
 * What the bridge promises in JavaScript; each check throws when a promise is broken. bridge.test.mjs breaks them.
 * Runs in node and in the page (tests/browser/pages/bridge.html has its own assert and fs).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const KERNELS = new URL('../../engine_py/layerw/_kernels/', import.meta.url);
const WASM_PAGE_BYTES = 65536;
export const PAGES_ABOVE = 32_769; // 2 GiB and one wasm page
export const TWO_GIB = 2 ** 31;
export const SEEDS = 8;
export const STEPS = 150;
const compiled = new Map();
export const module = (name) => {
  if (!compiled.has(name)) compiled.set(name, new WebAssembly.Module(readFileSync(new URL(`${name}.wasm`, KERNELS))));
  return compiled.get(name);
};

/** What kinds of values an accessor has: bytes, and a DataView's name for it. */
export const KINDS = { u8: [1, 'Uint8'], i8: [1, 'Int8'], u16: [2, 'Uint16'], i16: [2, 'Int16'], u32: [4, 'Uint32'],
  u64: [8, 'BigUint64'], f32: [4, 'Float32'], f64: [8, 'Float64'] };

/** mulberry32: whole numbers below a limit. */
export function random(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/**
 * Two memories, a bridge, an accessor on each, libraries for main's table.
 * @param code the modules of web/kernels, as they are or with a planted fault
 */
export function makePair(code, { multiMemory, shared = false, oneMemory = false, pages = [1, 1] }) {
  const suffix = shared ? '_shared' : '';
  const table = () => new WebAssembly.Table({ initial: 1, element: 'anyfunc' });
  const main = { memory: new WebAssembly.Memory({ initial: pages[0], maximum: 65_535 }), table: table() };
  const side = { memory: oneMemory ? main.memory : new WebAssembly.Memory({ initial: pages[1], maximum: 65_535, shared }), table: table() };
  const modules = { bridge: module(`bridge${suffix}`), accessor: module(`accessor${suffix}`), bridge_fb: module('bridge_fb') };
  const bridge = code.makeBridge(modules, main, side, multiMemory);
  const libraries = new code.Libraries(main.table);
  const access = (end, name, host) => new WebAssembly.Instance(module(name), { env: { memory: end.memory }, host }).exports;
  return { main, side, bridge, libraries, shared, bytes: (name) => new Uint8Array({ main, side }[name].memory.buffer),
    get: { main: access(main, 'accessor', libraries.imports(main.memory)), side: access(side, `accessor${suffix}`, code.NO_LIBRARIES) } };
}

function same(a, b) {
  if (globalThis.Buffer) return Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.length), Buffer.from(b.buffer, b.byteOffset, b.length)) === 0;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

/** Every size and alignment, both ways, near a place; the bytes beside stay. */
export function copiesArrive(pair, near, alignments, sizes) {
  const low = Math.max(near - 200, 0);
  const window = 400 + 2 * Math.max(...sizes);
  const [main, side] = ['main', 'side'].map((name) => pair.bytes(name).subarray(low, low + window));
  const number = random(near % 1000);
  const noise = Uint8Array.from({ length: window }, () => number(256));
  const at = near - low + 16;
  for (let a = 0; a < alignments; a += 1) {
    for (let b = 0; b < alignments; b += 1) {
      for (const size of sizes) {
        for (const [call, target, origin] of [[pair.bridge.lw_mts_copy, side, main], [pair.bridge.lw_stm_copy, main, side]]) {
          origin.set(noise);
          target.fill(0xee);
          const expected = new Uint8Array(window).fill(0xee);
          expected.set(noise.subarray(at + b, at + b + size), at + a);
          assert.equal(call(low + at + a, low + at + b, size), 1);
          assert.ok(same(target, expected), `${size} bytes from +${b} to +${a} near ${near}`);
          assert.ok(same(origin, noise), 'the source changed');
        }
      }
    }
  }
}

/** To the last byte and not one further; nothing traps. */
export function endsAreChecked(pair) {
  const ends = { main: pair.bytes('main').length, side: pair.bytes('side').length };
  for (const [call, target, origin] of [[pair.bridge.lw_mts_copy, 'side', 'main'], [pair.bridge.lw_stm_copy, 'main', 'side']]) {
    for (const size of [0, 1, 8, 200, 2000]) {
      assert.equal(call(ends[target] - size, 0, size), 1);
      assert.equal(call(0, ends[origin] - size, size), 1);
      for (const past of [1, 8, 2 ** 31 - 1]) {
        if (ends[target] - size + past < 2 ** 32) assert.equal(call(ends[target] - size + past, 0, size), 0);
        if (ends[origin] - size + past < 2 ** 32) assert.equal(call(0, ends[origin] - size + past, size), 0);
      }
    }
    for (const [to, from, size] of [[0, 0, 2 ** 32 - 1], [2 ** 32 - 16, 0, 32], [0, 2 ** 32 - 16, 32]]) assert.equal(call(to, from, size), 0);
  }
}

/** The last value fits; one byte further traps and writes nothing. */
export function accessorsStopAtTheEnd(pair) {
  for (const name of ['main', 'side']) {
    const own = pair.bytes(name);
    own.fill(9);
    for (const [kind, [width]] of Object.entries(KINDS)) {
      for (const address of [own.length - width + 1, own.length, 2 ** 31, 2 ** 32 - 1]) {
        assert.throws(() => pair.get[name][`get_${kind}`](address), WebAssembly.RuntimeError);
        assert.throws(() => pair.get[name][`set_${kind}`](address, kind === 'u64' ? 1n : 1), WebAssembly.RuntimeError);
      }
    }
    assert.ok(own.every((value) => value === 9));
  }
}

/** Reads and writes of every kind at every alignment near a place agree with a DataView. */
export function accessorsAgree(pair, near) {
  for (const name of ['main', 'side']) {
    const view = new DataView(pair[name].memory.buffer);
    const own = pair.bytes(name);
    for (let shift = -16; shift < 16; shift += 1) {
      const at = near + shift;
      for (const [kind, [width, type]] of Object.entries(KINDS)) {
        for (const value of kind === 'u64' ? [0n, 2n ** 64n - 2n] : kind[0] === 'u' ? [1, 2 ** (8 * width) - 2] : [-1, -2, 100]) {
          own.fill(0xa5, at - 1, at + width + 1);
          pair.get[name][`set_${kind}`](at, value);
          assert.equal(view[`get${type}`](at, true), value, `set_${kind} at ${at}`);
          const got = pair.get[name][`get_${kind}`](at);
          assert.equal(kind === 'u64' ? BigInt.asUintN(64, got) : kind === 'u32' ? got >>> 0 : got, value, `get_${kind} at ${at}`);
          assert.deepEqual([own[at - 1], own[at + width]], [0xa5, 0xa5], `set_${kind} writes beside`);
        }
      }
    }
  }
}

const SYMBOLS = ['get_u8', 'get_u32', 'size_bytes'];

/** Any order of calls against two arrays of bytes and counted slots. */
export function agreesWithTheModel(code, options, seed, steps) {
  const number = random(seed);
  const pair = makePair(code, { ...options, pages: [1 + number(2), 1 + number(2)] });
  const model = {};
  const of = (name) => (options.oneMemory ? 'main' : name);
  for (const name of ['main', 'side']) {
    if (of(name) !== name) continue;
    model[name] = Uint8Array.from(pair.bytes(name), () => number(256));
    pair.bytes(name).set(model[name]);
  }
  const ends = () => (number(2) ? ['main', 'side'] : ['side', 'main']);
  const places = [() => Math.max(WASM_PAGE_BYTES * number(4) - 300, 0) + number(600), () => number(3 * WASM_PAGE_BYTES), () => number(4000),
    () => number(4000), () => 2 ** 32 - 1 - number(300), () => 2 ** 31 - 8 + number(16)];
  const lengths = [() => number(25), () => 90 + number(300), () => 1000 + number(3000), () => 30_000 + number(100_000), () => 2 ** 32 - 1 - number(9)];
  const [open, moved, spare] = [new Map(), new Map(), []];
  let most = 0;
  const expected = (name) => (name === 'size_bytes' ? model[of('side')].length : new DataView(model[of('side')].buffer)[name === 'get_u8' ? 'getUint8' : 'getInt32'](123, true));
  const agrees = (table, slot, name) => assert.equal(pair[table].table.get(slot)(...(name === 'size_bytes' ? [] : [123])), expected(name));
  const pick = (items) => {
    const all = [...items];
    return all[number(all.length)];
  };
  const rules = {
    copy() {
      const [target, origin] = ends();
      const [a, b] = number(2) ? [pick(places)(), pick(places)()] : ((near) => [near, Math.max(near - 40 + number(80), 0)])(number(4000));
      const bytes = pick(lengths)();
      const [to, from] = [model[of(target)], model[of(origin)]];
      const fits = a + bytes <= to.length && b + bytes <= from.length;
      assert.equal(pair.bridge[target === 'side' ? 'lw_mts_copy' : 'lw_stm_copy'](a, b, bytes), Number(fits), `copy ${bytes} from ${b} to ${a}`);
      if (fits) to.set(from.slice(b, b + bytes), a);
    },
    access() {
      const [name] = ends();
      const [kind, [width, type]] = Object.entries(KINDS)[number(8)];
      const [at, own] = [pick(places)(), model[of(name)]];
      const value = kind === 'u64' ? BigInt(number(2 ** 32)) << 13n : number(256) - (kind[0] === 'u' ? 0 : 128);
      if (at + width > own.length) return assert.throws(() => pair.get[name][`set_${kind}`](at, value), WebAssembly.RuntimeError);
      new DataView(own.buffer)[`set${type}`](at, value, true);
      pair.get[name][`set_${kind}`](at, value);
      const got = pair.get[name][`get_${kind}`](at);
      return assert.equal(kind === 'u32' ? got >>> 0 : got, new DataView(own.buffer)[`get${type}`](at, true));
    },
    grow() {
      const [name] = ends();
      const own = model[of(name)];
      if (own.length >= 3 * WASM_PAGE_BYTES) return;
      pair[name].memory.grow(1);
      model[of(name)] = new Uint8Array(own.length + WASM_PAGE_BYTES);
      model[of(name)].set(own);
    },
    open() { open.set(pair.libraries.open('side', pair.get.side), new Map()); },
    symbol() {
      if (open.size === 0) return;
      const [library, name] = [pick(open.keys()), SYMBOLS[number(3)]];
      const slot = pair.libraries.symbol(library, name);
      assert.ok(slot > 0 && (open.get(library).get(name) ?? slot) === slot);
      open.get(library).set(name, slot);
      most = Math.max(most, [...open.values()].reduce((sum, slots) => sum + slots.size, 0));
      agrees('main', slot, name);
    },
    close() {
      if (open.size === 0) return;
      const library = pick(open.keys());
      pair.libraries.close(library);
      for (const slot of open.get(library).values()) assert.equal(pair.main.table.get(slot), null, 'a slot that was given back is empty');
      open.delete(library);
      assert.throws(() => pair.libraries.symbol(library, 'get_u8'), /is not open/);
    },
    move() {
      const all = [...open.values()].flatMap((slots) => [...slots]);
      if (all.length === 0) return;
      const [name, slot] = pick(all);
      const target = spare.pop() ?? pair.side.table.grow(1);
      assert.equal(pair.bridge.lw_mts_function(target, slot), 1);
      moved.set(target, name);
      assert.equal(pair.bridge.lw_stm_function(slot, target), 1);
      assert.equal(pair.bridge.lw_mts_function(pair.side.table.length, slot), 0);
    },
    giveBack() {
      if (moved.size === 0) return;
      const slot = pick([...moved.keys()]);
      moved.delete(slot);
      pair.side.table.set(slot, null);
      spare.push(slot);
    },
  };
  for (let step = 0; step < steps; step += 1) {
    const name = pick(['copy', 'copy', 'copy', 'access', 'access', ...Object.keys(rules)]);
    rules[name]();
    for (const [slot, symbol] of moved) agrees('side', slot, symbol);
    for (const [end, own] of Object.entries(model)) assert.ok(same(pair.bytes(end), own), `${end} differs from the model after step ${step} (${name}) of seed ${seed}`);
    assert.ok(pair.main.table.length <= 1 + most, 'slots leak');
  }
}

/** Every promise of one kind ({shared, multiMemory}), right at 2 GiB too. */
export function allHold(code, kind) {
  copiesArrive(makePair(code, kind), 0, 8, [0, 1, 7, 8, 9, 175, 176, 177, 1024, 1100]);
  endsAreChecked(makePair(code, { ...kind, pages: [1, 2] }));
  accessorsStopAtTheEnd(makePair(code, kind));
  const high = makePair(code, { ...kind, pages: [PAGES_ABOVE, PAGES_ABOVE] });
  for (const near of [TWO_GIB, TWO_GIB + 8192]) {
    copiesArrive(high, near, 8, [1, 9, 200, 1100]);
    accessorsAgree(high, near);
  }
  for (let seed = 1; seed <= SEEDS; seed += 1) agreesWithTheModel(code, kind, seed, STEPS);
}
