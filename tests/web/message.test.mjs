/** Messages between page and program (web/engine/message.js); Python's half is tests/unit/test_page_messages.py. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeMessage, splitMessage } from '../../web/engine/message.js';

const again = (value) => {
  const { head, arrays } = splitMessage(encodeMessage('name', value));
  return decodeMessage(head, arrays).value;
};

test('values arrive as they were sent', () => {
  for (const value of [null, true, 0, -1.5, '', 'größe ☃', [], {}, [1, [2, null]], { a: { b: [false, 'x'] } }]) {
    assert.deepEqual(again(value), value);
  }
  assert.equal(again(undefined), null);
  assert.deepEqual(again([NaN, Infinity, -Infinity]), [NaN, Infinity, -Infinity]);
  const keys = JSON.parse('{"__proto__": [1]}');
  assert.deepEqual(Object.keys(again(keys)), ['__proto__']);
});

test('arrays keep their kind; a shape is a property', () => {
  for (const Class of [Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array]) {
    const array = new Class([1, 2, 3]);
    const found = again({ deep: [array] }).deep[0];
    assert.equal(found.constructor, Class);
    assert.deepEqual([...found], [1, 2, 3]);
    assert.deepEqual(found.shape, [3]);
  }
  assert.deepEqual([...again(new BigInt64Array([2n ** 60n]))], [2n ** 60n]);
  assert.deepEqual([...again(new Uint8Array([1, 2, 3]).buffer)], [1, 2, 3]);
  const matrix = Object.assign(new Float32Array(6), { shape: [2, 3] });
  assert.deepEqual(again(matrix).shape, [2, 3]);
  assert.deepEqual([...again(new Float32Array([1, 2, 3, 4]).subarray(1, 3))], [2, 3], 'a view is its own part only');
});

test('what can not be sent is named with its place', () => {
  assert.throws(() => encodeMessage('a', { b: [1, new Map()] }), /a Map at \["b"\]\[1\]/);
  assert.throws(() => encodeMessage('a', 10n), /bigint at its top/);
  assert.throws(() => encodeMessage('a', () => 1), /function/);
  const loop = [];
  loop.push(loop);
  assert.throws(() => encodeMessage('a', loop), /64 levels/);
  assert.throws(() => encodeMessage('', 1), /not empty/);
  assert.throws(() => encodeMessage('layerw-report', 1), /layerw-/);
});
