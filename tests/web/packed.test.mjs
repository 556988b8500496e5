/** Files from hosts that send them as they lie there (web/engine/packed.js). */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const BASE = 'https://host.example/game/runtime/';
const WASM = Buffer.from('a module '.repeat(500));
const GZ = gzipSync(WASM);
const LOCK = JSON.stringify({ packages: {}, layerw: { gz: { 'a.wasm': [WASM.length, GZ.length], 'b.zip': [WASM.length, GZ.length] } } });
const SUM = `sha256-${createHash('sha256').update(WASM).digest('base64')}`;

/** @type {string[]} */
let asked = [];
/** @type {(name: string) => Response} */
let host = () => new Response('', { status: 404 });
globalThis.fetch = /** @type {typeof fetch} */ (async (input) => {
  const name = String(input).slice(BASE.length);
  asked.push(name);
  return host(name);
});
const { PackedFolder } = await import('../../web/engine/packed.js');

/** A host that knows only what lies there. @param {Record<string, string>} headers of .gz files */
const plain = (headers = {}) => (/** @type {string} */ name) => {
  if (name === 'pyodide-lock.json') return new Response(LOCK);
  if (name.endsWith('.gz')) return new Response(GZ, { headers });
  return new Response(WASM, { headers: { 'content-type': 'text/plain' } });
};

/** @param {(name: string) => Response} answers @param {string} name @param {RequestInit} [init] */
async function ask(answers, name, init) {
  [host, asked] = [answers, []];
  const response = await new PackedFolder(BASE).fetch(name, init);
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

test('a host that compresses is left alone', async () => {
  const { bytes } = await ask(() => new Response(WASM, { headers: { 'content-encoding': 'br', 'content-type': 'application/wasm' } }), 'a.wasm');
  assert.deepEqual([bytes.equals(WASM), asked], [true, ['a.wasm']]);
});

test('where it does not, the .gz is inflated here and has the right type', async () => {
  const { response, bytes } = await ask(plain(), 'a.wasm');
  assert.ok(bytes.equals(WASM));
  assert.deepEqual(asked, ['a.wasm', 'pyodide-lock.json', 'a.wasm.gz']);
  assert.equal(response.headers.get('content-type'), 'application/wasm');
});

test('a .gz that the browser inflated already is taken as it is', async () => {
  const answers = plain();
  const { bytes } = await ask((name) => (name.endsWith('.gz') ? new Response(WASM) : answers(name)), 'a.wasm');
  assert.ok(bytes.equals(WASM));
});

test('what has no smaller form, or has lost it, comes as it lies there; WebAssembly never as text', async () => {
  const unlisted = await ask(plain(), 'c.wasm');
  assert.deepEqual([unlisted.bytes.equals(WASM), asked.includes('c.wasm.gz')], [true, false]);
  assert.equal(unlisted.response.headers.get('content-type'), 'application/wasm');
  const answers = plain();
  const lost = await ask((name) => (name.endsWith('.gz') ? new Response('', { status: 404 }) : answers(name)), 'b.zip');
  assert.ok(lost.bytes.equals(WASM));
});

test('a missing file is told by its status', async () => {
  const { response } = await ask((name) => (name === 'pyodide-lock.json' ? new Response(LOCK) : new Response('', { status: 404 })), 'a.wasm');
  assert.equal(response.status, 404);
});

test('a sum is checked of what comes out', async () => {
  assert.ok((await ask(plain(), 'b.zip', { integrity: SUM })).bytes.equals(WASM));
  await assert.rejects(ask(plain(), 'b.zip', { integrity: SUM.replace(/.=$/, 'A=') }), /not the file that this export has/);
});

test('a damaged .gz fails instead of giving half a file', async () => {
  const answers = plain();
  const half = (/** @type {string} */ name) => (name.endsWith('.gz') ? new Response(GZ.subarray(0, GZ.length / 2)) : answers(name));
  await assert.rejects(ask(half, 'a.wasm'));
});

test('fetch is taken over for the folder alone, and given back', async () => {
  globalThis.location = /** @type {Location} */ (new URL(BASE));
  const before = globalThis.fetch;
  const giveBack = new PackedFolder(BASE).listen();
  [host, asked] = [plain(), []];
  assert.ok(Buffer.from(await (await fetch(`${BASE}a.wasm`)).arrayBuffer()).equals(WASM));
  await fetch(`${BASE}deeper/a.wasm`);
  assert.deepEqual(asked, ['a.wasm', 'pyodide-lock.json', 'a.wasm.gz', 'deeper/a.wasm']);
  giveBack();
  assert.equal(globalThis.fetch, before);
});
