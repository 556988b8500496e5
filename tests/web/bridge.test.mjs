/** The bridge in JavaScript: against a model, at 2 GiB, both ways of linking, and planted faults that the checks catch. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as bridge from '../../web/kernels/bridge.js';
import * as libraries from '../../web/kernels/libraries.js';
import { agreesWithTheModel, allHold, copiesArrive, makePair, SEEDS, STEPS } from './bridge_checks.mjs';

const CODE = { ...bridge, ...libraries };
const kinds = [];
for (const shared of [false, true]) for (const multiMemory of [true, false]) kinds.push({ shared, multiMemory });
const said = ({ shared, multiMemory }) => `${shared ? 'shared' : 'single'}, ${multiMemory ? 'multi-memory' : 'fallback'}`;
for (const kind of kinds) {
  test(`${said(kind)}: every promise holds, also right at 2 GiB and above`, () => allHold(CODE, kind));

  test(`${said(kind)}: spans of several pieces arrive at every alignment`, () => {
    copiesArrive(makePair(CODE, { ...kind, pages: [3, 3] }), 64, 8, [16_384, 16_390, 40_003]);
  });
}

for (const multiMemory of [true, false]) {
  test(`one memory at both ends, ${multiMemory ? 'multi-memory' : 'fallback'}: overlapping spans are moved`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) agreesWithTheModel(CODE, { multiMemory, oneMemory: true }, seed, STEPS);
  });
}

// -- both ways of linking; the clients are tests/kernels/clients, assembled by test_node.py ---------------------
const clients = process.env.LW_TEST_MODULES;
const client = (name) => new WebAssembly.Module(readFileSync(join(clients, `${name}.wasm`)));
const skip = clients === undefined && 'LW_TEST_MODULES is not set; run it through pytest (tests/web/test_node.py)';
const raise = (pair, addOne) => {
  const there = new Uint32Array(pair.side.memory.buffer, 4096, 100).map((_, i) => i);
  new Uint32Array(pair.side.memory.buffer, 4096, 100).set(there);
  assert.equal(addOne(4096, 100), 1);
  assert.deepEqual([...new Uint32Array(pair.side.memory.buffer, 4096, 100)], [...there].map((value) => value + 1));
  assert.equal(addOne(2 ** 32 - 8, 100), 0, 'refused, not trapped');
};
for (const kind of kinds) {
  test(`${said(kind)}: imports are replaced at instantiation`, { skip }, () => {
    const pair = makePair(CODE, kind);
    const own = { env: { memory: pair.main.memory } };
    raise(pair, libraries.instantiate(client('imported'), own, {}, pair.bridge).add_one);
    assert.throws(() => libraries.instantiate(client('imported'), own, {}), /function env\.lw_stm_copy is imported, but neither given nor in one of 1/);
  });

  test(`${said(kind)}: a handle is passed at init, and the rest is found by name`, { skip }, () => {
    const pair = makePair(CODE, kind);
    const exports = new WebAssembly.Instance(client('handed'), { env: { memory: pair.main.memory, table: pair.main.table } }).exports;
    const library = pair.libraries.open('bridge', pair.bridge);
    const lookup = pair.libraries.handOver(exports.init, library, pair.get.main);
    raise(pair, exports.add_one);
    assert.equal(pair.main.table.length, 4, 'none, the lookup and two symbols');
    pair.libraries.close(library);
    pair.libraries.slots.give(lookup);
    assert.throws(() => pair.libraries.handOver(exports.init, library, pair.get.main), /is not open/);
    assert.throws(() => pair.libraries.handOver(exports.init, pair.libraries.open('empty', {}), pair.get.main), /refused the library empty/);
    pair.libraries.handOver(exports.init, pair.libraries.open('bridge', pair.bridge), pair.get.main);
    assert.equal(pair.main.table.length, 4, 'slots were used again');
  });
}

test('from wasm a library is opened, looked up and closed by name; 0 says no', () => {
  const pair = makePair(CODE, { multiMemory: true });
  const [wasm, names] = [pair.get.main, { side: 100, get_u8: 200, nothing: 300, toString: 400 }];
  pair.libraries.add('side', pair.get.side);
  for (const [name, at] of Object.entries(names)) pair.bytes('main').set(new TextEncoder().encode(name), at);
  const library = wasm.library_open(names.side, 4);
  assert.ok(library > 0);
  const slot = wasm.library_symbol(library, names.get_u8, 6);
  assert.equal(pair.main.table.get(slot)(0), 0);
  for (const [handle, at, size] of [[library, 300, 7], [library, 400, 8], [library + 1, 200, 6], [library, 65_533, 6], [library, 2 ** 32 - 2, 6]]) {
    assert.equal(wasm.library_symbol(handle, at, size), 0);
  }
  assert.deepEqual([wasm.library_open(300, 7), wasm.library_open(65_535, 2)], [0, 0]);
  assert.deepEqual([wasm.library_close(library), wasm.library_close(library)], [1, 0]);
  assert.equal(pair.libraries.openCount, 0);
});

// -- planted faults ------------------------------------------------------------------------------------------
const FAULTS = {
  'the source is taken as signed': ['bridge.js', 'from().subarray(start >>> 0, (start >>> 0) + (size >>> 0))', 'from().subarray(start, start + size)'],
  'the target is taken as signed': ['bridge.js', '(size >>> 0)), at >>> 0)', '(size >>> 0)), at)'],
  'one byte short': ['bridge.js', '(start >>> 0) + (size >>> 0))', '(start >>> 0) + (size >>> 0) - 1)'],
  'views are kept over growth': ['bridge.js', '(view.buffer === memory.buffer ? view :', '(view.length > 0 ? view :'],
  'a turned copy stops after its first piece': ['bridge.js', '    done += piece;', '    done = size;'],
  'a turned copy loses its tail': ['bridge.js', 'for (let i = most; i < piece; i += 1)', 'for (let i = most + 1; i < piece; i += 1)'],
  'a turned copy writes behind its span': ['bridge.js', 'Math.max(piece - turn, 0)]', 'piece]'],
  'a turned copy is not moved': ['bridge.js', '    move(target, target + turn, most);\n', ''],
  'a slot leaks': ['slots.js', '    this.#free.push(slot);\n', ''],
  'a slot keeps its function': ['slots.js', '    this.table.set(slot, null);\n', ''],
  'a symbol gets a slot each time': ['libraries.js', '    if (known !== undefined) return known;\n', ''],
  'a closed library answers': ['libraries.js', '    this.#open.delete(library);\n', ''],
};
// In a folder of its own each: an edited copy of web/kernels.
const WEB = fileURLToPath(new URL('../../web/kernels/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'layerw-bridge-'));
after(() => rmSync(scratch, { recursive: true }));
writeFileSync(join(scratch, 'package.json'), '{"type": "module"}');

for (const [name, [file, old, now]] of Object.entries(FAULTS)) {
  test(`planted: ${name}`, async (t) => {
    const folder = join(scratch, name.replaceAll(' ', '_'));
    cpSync(WEB, folder, { recursive: true });
    const text = readFileSync(join(folder, file), 'utf8');
    assert.ok(text.includes(old), `${file} no longer has ${old}: plant the fault elsewhere`);
    writeFileSync(join(folder, file), text.replace(old, now));
    const load = (each) => import(pathToFileURL(join(folder, each)).href);
    const code = { ...(await load('bridge.js')), ...(await load('libraries.js')) };
    const fails = () => kinds.filter((kind) => !kind.multiMemory).forEach((kind) => allHold(code, kind));
    assert.throws(fails, (error) => (t.diagnostic(error.message.split('\n')[0]), true));
  });
}
