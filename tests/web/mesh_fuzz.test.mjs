/** Mesh descriptors with random words: a mesh, or a Failure with a sentence; never another error, never a long loop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourcesOf } from '../../web/transfer/decode/descriptor.js';
import { Failure } from '../../web/transfer/decode/failure.js';
import { buildMesh } from '../../web/transfer/decode/mesh.js';
import { descriptor } from './support.mjs';

const ROUNDS = 20_000;
const WORDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 64, 255, 5120, 5121, 5122, 5123, 5125, 5126, 0xffff, 0x7fffffff, 0xffffffff];
const buffers = new Map([[1, new ArrayBuffer(96)], [2, new ArrayBuffer(7)]]);

/** @param {number} transfer */
function bufferOf(transfer) {
  const buffer = buffers.get(transfer);
  if (buffer === undefined) throw new Failure(0, `Transfer ${transfer} holds no bytes.`);
  return buffer;
}

/** A small random generator: the same numbers on every machine. @param {number} seed */
function random(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const whole = () => descriptor({
  vertices: 3, indices: 3, index: [0, 1, 48, 0, 5123, 1, 0, 3], attributes: [[1, 1, 0, 0, 5126, 3, 0, 3]],
});

test('the descriptor that is mutated builds', () => {
  assert.equal(buildMesh(whole(), bufferOf).vertexCount, 3);
});

test('mutated descriptors build or fail with a sentence', () => {
  const next = random(7);
  let built = 0, failed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const words = whole();
    for (let edits = 1 + Math.floor(next() * 3); edits > 0; edits -= 1) {
      words[Math.floor(next() * words.length)] = WORDS[Math.floor(next() * WORDS.length)];
    }
    const cut = next() < 0.1 ? words.slice(0, Math.floor(next() * words.length)) : words;
    assert.ok(sourcesOf(cut).length <= cut.length);
    try {
      buildMesh(cut, bufferOf);
      built += 1;
    } catch (error) {
      assert.ok(error instanceof Failure, `${error} of ${[...cut]}`);
      assert.match(error.message, /\.$/);
      failed += 1;
    }
  }
  assert.ok(built > 100 && failed > 1000, `${built} built, ${failed} failed`);
});

test('random words end at once', () => {
  const next = random(11);
  for (let round = 0; round < 2000; round += 1) {
    const words = Uint32Array.from({ length: Math.floor(next() * 80) }, () => Math.floor(next() * 2 ** 32));
    assert.ok(sourcesOf(words).length <= words.length);
    assert.throws(() => buildMesh(words, bufferOf), Failure);
  }
});
