/** The generated decoder and event writer against the bytes that Python froze, and against the same damaged streams. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMMANDS, decodeCommands } from '../../web/gen/commands.js';
import { EventWriter } from '../../web/gen/events.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8'));
const golden = read('stream.json');
const camel = (name) => name.replace(/_(\w)/g, (_, c) => c.toUpperCase());
const words = (hex) => new Uint32Array(Uint8Array.from(Buffer.from(hex, 'hex')).buffer);

function recorder() {
  const calls = [];
  const sink = new Proxy({}, { get: (_, name) => (...values) => { calls.push([name, values]); } });
  return { calls, sinks: { gpu: sink, transfers: sink, page: sink } };
}

test('every command arrives with its values', () => {
  for (const [name, hex] of Object.entries(golden.commands)) {
    const { calls, sinks } = recorder();
    const errors = [];
    assert.equal(decodeCommands(words(hex), sinks, (message) => errors.push(message)), 1);
    assert.deepEqual(errors, []);
    const [called, values] = calls[0];
    assert.equal(called, camel(name));
    const plain = [...words(hex)].slice(1);
    values.forEach((value, i) => assert.ok(value === plain[i] || value === 0.5 + i, `${name}[${i}] is ${value}`));
  }
});

test('the table has every frozen command', () => {
  assert.deepEqual([...COMMANDS.values()].map(({ name }) => name).sort(), Object.keys(golden.commands).sort());
});

test('the event writer writes the frozen bytes', () => {
  const queued = [];
  const writer = new EventWriter((event) => queued.push(event));
  for (const [name, hex] of Object.entries(golden.events)) {
    const expected = words(hex);
    const method = camel(name);
    const count = writer[method].length;
    const floats = new Float32Array(expected.buffer);
    // Floats among the golden values are small; as integers those words are huge.
    const values = Array.from({ length: count }, (_, i) => (expected[1 + i] > 0x3e000000 ? floats[1 + i] : expected[1 + i]));
    const source = EventWriter.prototype[method].toString();
    if (source.includes('bytesOf')) values[count - 1] = 'grüße';
    assert.deepEqual(writer[method](...values), expected, name);
    assert.equal(queued.at(-1).length, expected.length);
  }
});

test('an event longer than the header can say has 0 there', () => {
  const event = new EventWriter().transferDone(5, 6, 7, 8, new Uint8Array(300_001));
  assert.equal(event[0], 16);
  assert.equal(event[5], 300_001);
  assert.equal(event.length, 6 + 75_001);
});

test('damaged streams end as in Python', () => {
  const cases = read('fuzz.json');
  assert.ok(cases.length >= 400);
  for (const { words: stream, calls: expected, error } of cases) {
    const { calls, sinks } = recorder();
    const errors = [];
    decodeCommands(Uint32Array.from(stream), sinks, (message) => errors.push(message));
    assert.deepEqual(calls.map(([name]) => name), expected.map(camel));
    assert.deepEqual(errors, error ? [error] : []);
  }
});

test('a sink that throws loses only its own command', () => {
  const seen = [];
  const gpu = { frameBegin: (n) => { if (n === 2) throw new Error('two is too many'); seen.push(n); } };
  const errors = [];
  const stream = Uint32Array.from([0x20001, 1, 0x20001, 2, 0x20001, 3]);
  assert.equal(decodeCommands(stream, { gpu, transfers: {}, page: {} }, (message) => errors.push(message)), 3);
  assert.deepEqual(seen, [1, 3]);
  assert.deepEqual(errors, ['Command 1 (frame_begin) at word 2 failed: two is too many']);
});
