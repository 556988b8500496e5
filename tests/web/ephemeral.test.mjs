/** Results of variable size: sizes and targets, growth in between, above 2 GiB, debug epochs, and planted faults. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LayerCalls } from '../../web/gen/kernels.js';
import { Layer } from '../../web/kernels/layer.js';
import { module, TWO_GIB } from './bridge_checks.mjs';

const MIB = 1 << 20;
const SMALL_BYTES = 128; // of ephemeral.h
const SIZES = [...Array(141).keys(), 1000, 5000];
const debug = process.env.LW_TEST_MODULES;
const skip = debug === undefined && 'LW_TEST_MODULES is not set; run it through pytest (tests/web/test_node.py)';
const kernels = (shared) => module(shared ? 'worker' : 'side');
const debugKernels = (shared) => new WebAssembly.Module(readFileSync(join(debug, `${shared ? 'worker' : 'side'}.wasm`)));

/** An open memory, calls of one glue over it, and 5,000 bytes there. */
function open(Calls, shared, { budget = 64 * MIB, from = kernels(shared) } = {}) {
  const layer = new Layer({ kernels: from }, shared);
  layer.open(budget, null);
  const address = layer.exports.lw_raw_alloc(0, 5000) >>> 0;
  layer.bytes(address, 5000).forEach((_, i, all) => { all[i] = i * 7 + (i >> 8); });
  return { layer, address, calls: new Calls(layer.exports, layer.memory), header: (at) => [...new Uint32Array(layer.bytes(at - 16, 16).slice().buffer)] };
}

/** Every size, in all forms, into targets at every alignment; what is beside in the target stays. */
function sizesArrive({ layer, address, calls }) {
  const source = layer.bytes(address, 5000).slice();
  for (const size of SIZES) {
    assert.deepEqual(calls.lw_copy_of(1, address, size), source.slice(0, size), `${size} bytes`);
    for (const shift of [0, 1, 2, 3]) {
      const around = new Uint8Array(size + 16).fill(0xee);
      const expected = around.slice();
      expected.set(source.subarray(0, size), 4 + shift);
      assert.equal(calls.lw_copy_of_into(1, address, size, around.subarray(4 + shift, 4 + shift + size)), size);
      assert.deepEqual(around, expected, `${size} bytes at +${shift}`);
      assert.equal(calls.lw_copy_of_into(1, address, size, around.subarray(4 + shift)), size);
      assert.deepEqual(around, expected, `${size} bytes at +${shift} of a target with more room`);
      if (size > 0) assert.throws(() => calls.lw_copy_of_into(1, address, size, new Uint8Array(size - 1)), RangeError);
    }
  }
}

/** A result is read from the memory as it is after the call, which may have grown it. */
function growthIsSeen({ layer, address, calls }) {
  calls.lw_copy_of(1, address, 4);
  for (let size = 4 * MIB; size <= 16 * MIB; size *= 2) {
    const before = layer.memory.buffer.byteLength;
    assert.equal(calls.lw_copy_of(2, address, 5000)[4999], layer.bytes(address, 5000)[4999]);
    const far = calls.lw_copy_of(2, address, size); // reads past the 5,000 bytes: zeros and others, all inside
    assert.ok(layer.memory.buffer.byteLength > before, 'this call grew the memory');
    assert.deepEqual(far.slice(0, 5000), layer.bytes(address, 5000).slice());
    const target = new Uint8Array(48);
    layer.memory.grow(1);
    assert.equal(calls.lw_copy_of_into(1, address, 48, target), 48);
    assert.deepEqual(target, layer.bytes(address, 48).slice());
  }
}

/** The same with payloads placed by hand: across the old end, right behind it, and empty there. */
function oldEndIsNoEnd(Calls, shared) {
  for (const [back, size] of [[16, 64], [32, 33], [0, 16], [0, 0], [16, 5000]]) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared });
    const write = (at, length) => {
      new Uint32Array(memory.buffer)[(at - 16) >> 2] = length;
      new Uint8Array(memory.buffer).fill(3, at, at + length);
      return at;
    };
    let next = () => write(1024, 8);
    const calls = new Calls({ lw_copy_of: () => next() }, memory);
    const intoTarget = () => {
      const target = new Uint8Array(size);
      assert.equal(calls.lw_copy_of_into(0, 0, 0, target), size);
      return target;
    };
    assert.deepEqual(calls.lw_copy_of(0, 0, 0), new Uint8Array(8).fill(3));
    for (const read of [() => calls.lw_copy_of(0, 0, 0), intoTarget]) {
      const end = memory.buffer.byteLength;
      next = () => (memory.grow(1), write(end - back, size));
      assert.deepEqual(read(), new Uint8Array(size).fill(3), `${size} bytes, ${back} in front of the old end`);
    }
  }
}

/** Headers and payloads above 2 GiB, where an address has its highest bit set. */
function highResultsArrive(Calls, shared) {
  const own = open(Calls, shared, { budget: 3 * 1024 * MIB });
  while (own.layer.exports.lw_raw_alloc(0, 64 * MIB) >>> 0 < TWO_GIB) assert.equal(own.layer.exports.lw_error_code(), 0);
  const high = own.layer.exports.lw_raw_alloc(0, 5000) >>> 0;
  own.layer.bytes(high, 5000).set(own.layer.bytes(own.address, 5000));
  const at = own.layer.exports.lw_copy_of(3, high, 2 * MIB) >>> 0; // its arena is made now, so it is up there
  assert.ok(at > TWO_GIB);
  assert.deepEqual(own.header(at), [2 * MIB, 0, 0, 0]);
  const source = own.layer.bytes(high, 5000).slice();
  const target = new Uint8Array(5000);
  for (const size of [129, 5000]) {
    assert.ok(own.layer.exports.lw_copy_of(3, high, size) >>> 0 > TWO_GIB);
    assert.deepEqual(own.calls.lw_copy_of(3, high, size), source.slice(0, size));
    assert.equal(own.calls.lw_copy_of_into(3, high, size, target), size);
    assert.deepEqual(target.slice(0, size), source.slice(0, size));
  }
}

function allHold(Calls) {
  for (const shared of [false, true]) {
    sizesArrive(open(Calls, shared));
    growthIsSeen(open(Calls, shared));
    oldEndIsNoEnd(Calls, shared);
    highResultsArrive(Calls, shared);
  }
}

for (const shared of [false, true]) {
  const kind = shared ? 'shared' : 'single';
  test(`${kind}: every size arrives, in targets at every alignment, and never outside of one`, () => sizesArrive(open(LayerCalls, shared)));
  test(`${kind}: growth between call and read is seen`, () => growthIsSeen(open(LayerCalls, shared)));
  test(`${kind}: payloads across and behind the old end are read`, () => oldEndIsNoEnd(LayerCalls, shared));
  test(`${kind}: headers and payloads above 2 GiB`, { timeout: 60_000 }, () => highResultsArrive(LayerCalls, shared));

  test(`${kind}: a payload lives until the next call into its context, in each of the arenas`, () => {
    const { layer, address } = open(LayerCalls, shared);
    const other = layer.exports.lw_raw_alloc(0, 5000) >>> 0;
    layer.bytes(other, 5000).fill(9);
    for (const size of [SMALL_BYTES, SMALL_BYTES + 1, 5000]) {
      const at = layer.exports.lw_copy_of(5, address, size) >>> 0;
      const kept = layer.bytes(at, size).slice();
      layer.exports.lw_copy_of(6, other, size);
      layer.exports.lw_error_text(7);
      layer.exports.lw_alloc(0, 300_000, 0);
      assert.deepEqual(layer.bytes(at, size).slice(), kept, 'other contexts and allocations leave it alone');
      assert.equal(layer.exports.lw_copy_of(5, other, size) >>> 0, at);
      assert.ok(layer.bytes(at, size).every((value) => value === 9), 'overwritten by the next call');
    }
  });

  test(`${kind}, debug build: a stale header is caught by its epoch`, { skip }, () => {
    const { layer, address, calls, header } = open(LayerCalls, shared, { from: debugKernels(shared) });
    /** What a test that keeps a payload does: remembers the epoch, and asks before it reads again. */
    const keep = (at) => ({ at, epoch: header(at)[1] });
    const isStale = ({ at, epoch }) => header(at)[1] !== epoch;
    for (const size of [4, 5000]) {
      const held = keep(layer.exports.lw_copy_of(5, address, size) >>> 0);
      assert.ok(held.epoch > 0 && !isStale(held));
      assert.deepEqual(header(held.at), [size, held.epoch, 0, 0]);
      layer.exports.lw_copy_of(6, address, size);
      assert.ok(!isStale(held), 'another context has its own epochs');
      calls.lw_copy_of(5, address, size);
      assert.ok(isStale(held), 'used after the next call into its context');
      const next = keep(layer.exports.lw_copy_of(5, address, size) >>> 0);
      assert.equal(next.at, held.at, 'same place, so only the epoch tells');
      assert.equal(next.epoch, held.epoch + 2);
    }
    const text = keep(layer.exports.lw_error_text(5) >>> 0);
    layer.exports.lw_error_text(5);
    assert.ok(isStale(text));
  });

  test(`${kind}, debug build: the generated calls read its headers as well`, { skip }, () => {
    const own = open(LayerCalls, shared, { from: debugKernels(shared) });
    sizesArrive(own);
    assert.throws(() => own.calls.lw_copy_of(99, 0, 4), (error) => error.code === 1 && /context, its number 99, the limit is 15/.test(error.message));
  });
}

// -- planted faults in the generated calls ------------------------------------------------------------------------
const FAULTS = {
  'addresses are signed': ['size_bytes) >>> 0;', 'size_bytes);'],
  'the header is read behind its place': ['[(at - 16) >>> 2]', '[(at - 12) >>> 2]'],
  'the header is read as signed': ['[(at - 16) >>> 2]', '[(at - 16) >> 2]'],
  'growth that detaches is not seen': ['if (at > this.#bytes.length) this.#derive();', 'if (this.#bytes.length === 0) { if (this.made) throw new Error("stale"); this.made = true; this.#derive(); }'],
  'growth that lengthens is not seen': ['if (at + size > this.#bytes.length) this.#derive();', ''],
  'one byte short': ['slice(at, at + size)', 'slice(at, at + size - 1)'],
  'the last bytes of a small result are lost': ['for (let rest = this.#words[word]; done < size; rest >>>= 8)', 'for (let rest = 0; done < size; rest >>>= 8)'],
  'a small target is not checked': ['if (size > target.length)', 'if (false)'],
  'a word too many': ['done + 4 <= size', 'done < size'],
};
const scratch = mkdtempSync(join(tmpdir(), 'layerw-ephemeral-'));
after(() => rmSync(scratch, { recursive: true }));
writeFileSync(join(scratch, 'package.json'), '{"type": "module"}');
const GLUE = fileURLToPath(new URL('../../web/gen/kernels.js', import.meta.url));

for (const [name, [old, now]] of Object.entries(FAULTS)) {
  test(`planted: ${name}`, async (t) => {
    const text = readFileSync(GLUE, 'utf8');
    assert.ok(text.includes(old), `the generated calls no longer have ${old}: plant the fault elsewhere`);
    const file = join(scratch, `${name.replaceAll(' ', '_')}.js`);
    cpSync(GLUE, file);
    writeFileSync(file, text.replaceAll(old, now));
    const { LayerCalls: Calls } = await import(pathToFileURL(file).href);
    assert.throws(() => allHold(Calls), (error) => (t.diagnostic(error.message.split('\n')[0]), true));
  });
}
