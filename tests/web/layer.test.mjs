/** Layer memory, ephemeral results and the bridge, as the page uses them (node 24: multi-memory and shared memory). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeBridge } from '../../web/kernels/bridge.js';
import { Layer } from '../../web/kernels/layer.js';
import { Libraries, NO_LIBRARIES } from '../../web/kernels/libraries.js';

const KERNELS = new URL('../../engine_py/layerw/_kernels/', import.meta.url);
const MIB = 1 << 20;
const compile = (name) => new WebAssembly.Module(readFileSync(new URL(`${name}.wasm`, KERNELS)));
const load = (shared) => {
  const suffix = shared ? '_shared' : '';
  return new Layer({ kernels: compile(shared ? 'worker' : 'side'), accessor: compile(`accessor${suffix}`),
    bridge: compile(`bridge${suffix}`), bridge_fb: compile('bridge_fb') }, shared);
};
const open = (shared, budget = 16 * MIB) => {
  const layer = load(shared);
  layer.open(budget, null);
  return layer;
};
const header = (layer, at) => new Uint32Array(layer.bytes(at - 16, 16).slice().buffer);

for (const shared of [false, true]) {
  const kind = shared ? 'shared' : 'single';

  test(`${kind}: room for bytes from outside is a result like any other`, () => {
    const layer = open(shared);
    for (const size of [0, 100, 5000]) {
      const { address, bytes } = layer.room(1, size);
      assert.equal(bytes.length, size);
      assert.equal(address % 16, 0);
      assert.deepEqual([...header(layer, address)], [size, 0, 0, 0]);
    }
    assert.equal(layer.room(1, 9 * MIB).bytes.length, 9 * MIB, 'twice that would be over the budget of 16 MiB');
    assert.throws(() => layer.room(1, 16 * MIB), { name: 'LayerError', code: 2 });
    assert.throws(() => layer.room(99, 4), /context/);
  });

  test(`${kind}: a header is a length and twelve zero bytes, in front of an aligned payload`, () => {
    const layer = open(shared);
    const from = layer.exports.lw_raw_alloc(0, 5000);
    layer.bytes(from, 5000).fill(7);
    for (const size of [1, 16, 128, 129, 5000]) {
      const at = layer.exports.lw_copy_of(0, from, size) >>> 0;
      assert.equal(at % 16, 0);
      assert.deepEqual([...header(layer, at)], [size, 0, 0, 0]);
      assert.ok(layer.bytes(at, size).every((value) => value === 7));
    }
  });

  test(`${kind}: an empty result is a valid one`, () => {
    const layer = open(shared);
    const at = layer.exports.lw_copy_of(3, 0, 0) >>> 0;
    assert.notEqual(at, 0);
    assert.deepEqual([...header(layer, at)], [0, 0, 0, 0]);
    assert.equal(layer.calls.lw_copy_of(3, 0, 0).length, 0);
  });

  test(`${kind}: 0 comes with an error, never with an empty one`, () => {
    const layer = open(shared);
    for (const call of [() => layer.calls.lw_copy_of(99, 0, 4), () => layer.calls.lw_copy_of(0, 0, 0x30000000),
      () => layer.calls.lw_copy_of(0, 0, 16 * MIB)]) {
      layer.exports.lw_error_clear();
      assert.throws(call, (error) => error.code > 0 && error.message.length > 10 && /limit is \d+/.test(error.message));
    }
    assert.match(layer.calls.lw_error_text(0), /result: bytes|alloc: wasm pages|context/);
  });

  test(`${kind}: the next call into a context overwrites, another context does not`, () => {
    const layer = open(shared);
    const [a, b] = [layer.exports.lw_raw_alloc(0, 64), layer.exports.lw_raw_alloc(0, 64)];
    layer.bytes(a, 64).fill(1);
    layer.bytes(b, 64).fill(2);
    const first = layer.exports.lw_copy_of(0, a, 64) >>> 0;
    layer.exports.lw_copy_of(1, b, 64);
    assert.equal(layer.bytes(first, 1)[0], 1);
    layer.exports.lw_copy_of(0, b, 64);
    assert.equal(layer.bytes(first, 1)[0], 2, 'the payload ended with the next call');
  });

  test(`${kind}: a blob arena doubles, keeps to its cap and shrinks; contexts give everything back`, () => {
    const layer = open(shared);
    const live = () => new Uint32Array(layer.calls.lw_statistics(0).buffer)[8 + 3 * 12 + 2];
    const before = live();
    layer.exports.lw_copy_of(2, 0, 3 * MIB);
    assert.ok(live() >= 4 * MIB, 'doubled to the next power of two');
    for (let i = 0; i < 600; i += 1) layer.exports.lw_copy_of(2, 0, 200);
    assert.ok(live() < MIB, 'shrunk');
    assert.equal(layer.exports.lw_context_end(2), 1);
    assert.equal(live(), before);
  });

  test(`${kind}: memory never passes the budget, and the budget has a least value`, () => {
    const layer = open(shared, 4 * MIB);
    const handles = [];
    for (;;) {
      const handle = layer.exports.lw_alloc(1, 100_000, 3);
      if (handle === 0) break;
      handles.push(handle);
    }
    assert.ok(handles.length > 20 && layer.memory.buffer.byteLength <= 4 * MIB);
    assert.throws(() => load(shared).open(MIB, null), /must be at least 2097152/);
    assert.throws(() => layer.bytes(layer.memory.buffer.byteLength - 4, 8), /end past Layer memory/);
  });

  for (const multiMemory of [true, false]) {
    const how = `${kind}, ${multiMemory ? 'multi-memory' : 'fallback'}`;
    const pair = () => {
      const layer = open(shared);
      const main = { memory: new WebAssembly.Memory({ initial: 4, maximum: 40 }), table: new WebAssembly.Table({ initial: 2, element: 'anyfunc' }) };
      const side = { memory: layer.memory, table: layer.exports.__indirect_function_table };
      return { layer, main, bridge: makeBridge(layer.modules, main, side, multiMemory) };
    };

    test(`${how}: every size and alignment arrives, both ways, and nothing beside it changes`, () => {
      const { layer, main, bridge } = pair();
      const at = layer.exports.lw_raw_alloc(0, 8192);
      const side = layer.bytes(at, 8192);
      const here = new Uint8Array(main.memory.buffer);
      for (const size of [0, 1, 7, 8, 9, 63, 64, 95, 96, 97, 1000]) {
        for (const [a, b] of [[0, 0], [1, 0], [0, 3], [5, 7], [15, 2]]) {
          here.fill(0xee);
          side.fill(0xee);
          for (let i = 0; i < size; i += 1) here[100 + a + i] = i * 31 + size;
          assert.equal(bridge.lw_mts_copy(at + 200 + b, 100 + a, size), 1);
          assert.deepEqual(side.slice(200 + b, 200 + b + size), here.slice(100 + a, 100 + a + size));
          assert.ok(side[199 + b] === 0xee && side[200 + b + size] === 0xee);
          assert.equal(bridge.lw_stm_copy(5000 + a, at + 200 + b, size), 1);
          assert.deepEqual(here.slice(5000 + a, 5000 + a + size), side.slice(200 + b, 200 + b + size));
          assert.ok(here[4999 + a] === 0xee && here[5000 + a + size] === 0xee);
        }
      }
    });

    test(`${how}: a copy past an end writes nothing and does not trap; growth is seen`, () => {
      const { layer, main, bridge } = pair();
      const end = layer.memory.buffer.byteLength;
      for (const [to, from, size] of [[end - 4, 0, 8], [0xfffffff0, 0, 32], [4096, 4 * 65536 - 4, 8], [0, 0, 0xffffffff]]) {
        assert.equal(bridge.lw_mts_copy(to, from, size), 0);
      }
      assert.equal(bridge.lw_stm_copy(4 * 65536 - 4, 4096, 8), 0);
      main.memory.grow(1);
      assert.equal(bridge.lw_stm_copy(4 * 65536 - 4, 4096, 8), 1);
      assert.equal(bridge.lw_stm_copy(0, 4096, 1000), 1, 'the fallback made its views anew');
    });

    test(`${how}: functions go from table to table, and slots come back`, () => {
      const { layer, main, bridge } = pair();
      const side = layer.exports.__indirect_function_table;
      const libraries = new Libraries(main.table);
      const library = libraries.open('kernels', layer.exports);
      const slot = libraries.symbol(library, 'lw_version');
      assert.equal(libraries.symbol(library, 'lw_version'), slot);
      assert.equal(main.table.get(slot)(), layer.exports.lw_version());
      const target = side.grow(1);
      assert.equal(bridge.lw_mts_function(target, slot), 1);
      assert.equal(side.get(target)(), layer.exports.lw_version());
      assert.equal(bridge.lw_stm_function(0, target), 1);
      assert.equal(bridge.lw_mts_function(0xffffff, slot), 0);
      assert.throws(() => libraries.symbol(library, 'nothing'), /exports no function nothing/);
      const size = main.table.length;
      libraries.close(library);
      assert.throws(() => libraries.symbol(library, 'lw_version'), /is not open/);
      for (let i = 0; i < 20; i += 1) {
        const again = libraries.open('kernels', layer.exports);
        libraries.symbol(again, 'lw_sum');
        libraries.close(again);
      }
      assert.equal(main.table.length, size, 'slots were used again');
    });
  }
}

test('headers, copies and accessors are right above 2 GiB', { timeout: 60_000 }, (t) => {
  const layer = load(false);
  try {
    layer.open(3 * 1024 * MIB, null);
    layer.memory.grow(2 * 1024 * 16 + 16);
  } catch {
    return t.skip('this machine gives no 2 GiB');
  }
  const high = 2 ** 31 + 4096;
  layer.bytes(high, 4).set([1, 2, 3, 4]);
  const main = { memory: new WebAssembly.Memory({ initial: 1 }), table: new WebAssembly.Table({ initial: 1, element: 'anyfunc' }) };
  const side = { memory: layer.memory, table: layer.exports.__indirect_function_table };
  for (const multiMemory of [true, false]) {
    const bridge = makeBridge(layer.modules, main, side, multiMemory);
    for (const size of [4, 200]) {
      assert.equal(bridge.lw_stm_copy(16, high, size), 1);
      assert.deepEqual([...new Uint8Array(main.memory.buffer, 16, 4)], [1, 2, 3, 4]);
      assert.equal(bridge.lw_mts_copy(high + 1001, 16, size), 1);
      assert.deepEqual([...layer.bytes(high + 1001, 4)], [1, 2, 3, 4]);
    }
  }
  const accessor = new WebAssembly.Instance(layer.modules.accessor, { env: { memory: layer.memory }, host: NO_LIBRARIES }).exports;
  accessor.set_f64(high + 3, -1.5);
  assert.equal(accessor.get_f64(high + 3), -1.5);
  accessor.set_u8(high, 255);
  assert.deepEqual([accessor.get_u8(high), accessor.get_i8(high)], [255, -1]);
  accessor.set_u64(high, -2n);
  assert.equal(BigInt.asUintN(64, accessor.get_u64(high)), 2n ** 64n - 2n);
  // An allocation that ends up above 2 GiB, and a result there.
  while (true) {
    const address = layer.exports.lw_raw_alloc(0, 64 * MIB) >>> 0;
    assert.notEqual(address, 0);
    if (address > 2 ** 31) break;
  }
  const at = layer.exports.lw_copy_of(0, high, 300_000) >>> 0;
  assert.ok(at > 2 ** 31);
  assert.deepEqual([...header(layer, at)], [300_000, 0, 0, 0]);
  assert.equal(layer.calls.lw_copy_of(0, high + 1001, 4)[3], 4);
});
