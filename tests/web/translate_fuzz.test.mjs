/** Broken and hostile shaders: the translator ends, and throws nothing but its own error. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PROGRAMS, pieceFile } from '../../web/shaders/programs.js';
import { ShaderError, translate } from '../../web/shaders/translate/translate.js';

const SHADERS = new URL('../../web/shaders/', import.meta.url);
const ROUNDS = 500;
const TOKEN = /\s+|[A-Za-z_]\w*|\d[\w.]*|[^\w\s]/g;
const EXTRAS = ['(', ')', '{', '}', '<', '>', ';', ',', '.', '@', '&', '*', '-', '0', '1u', '1e99', '0x', 'array', 'vec3', 'ptr',
  'loop', 'continuing', 'break', 'return', 'fn', 'struct', 'var', 'let', 'override', 'const', 'frame', '\u00e4', '/*', '"', '\u0000'];

/** xorshift32: the same cases on every machine. */
function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** @returns {string} 'glsl' or 'refused' */
function outcome(text, stage) {
  try {
    return translate([{ name: 'fuzz', text }], stage).glsl.length > 0 ? 'glsl' : 'empty';
  } catch (error) {
    assert.ok(error instanceof ShaderError, `${error?.stack}\n${text.slice(0, 2000)}`);
    assert.ok(error.at.line >= 1 && error.at.column >= 1 && /[.!?]$/.test(error.reason), error.message);
    return 'refused';
  }
}

/** Some tokens left out, doubled, swapped or replaced. */
function broken(tokens, random) {
  const out = [...tokens];
  for (let edits = 1 + random(3); edits > 0; edits -= 1) {
    const at = random(out.length);
    const other = out[random(out.length)];
    const now = [[], [out[at], out[at]], [other], [EXTRAS[random(EXTRAS.length)]], [out[at], EXTRAS[random(EXTRAS.length)]]][random(5)];
    out.splice(at, 1, ...now);
  }
  return out.join('');
}

const sources = Object.entries(PROGRAMS).map(([name, pieces]) => [name, pieces.map((piece) => (
  readFileSync(new URL(pieceFile(piece, 'webgl2'), SHADERS), 'utf8'))).join('\n').match(TOKEN)]);

test('broken shaders are refused with a place', () => {
  const random = randomNumbers(0x2545f491);
  const seen = { glsl: 0, refused: 0, empty: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const [, tokens] = sources[random(sources.length)];
    seen[outcome(broken(tokens, random), 'fragment')] += 1;
  }
  assert.ok(seen.refused > ROUNDS / 3 && seen.glsl > ROUNDS / 50 && seen.empty === 0, JSON.stringify(seen));
});

test('soups of tokens are refused', () => {
  const random = randomNumbers(77);
  const words = [...new Set([...EXTRAS, ...sources.flatMap(([, tokens]) => tokens)])];
  for (let round = 0; round < ROUNDS; round += 1) {
    const soup = Array.from({ length: 1 + random(60) }, () => words[random(words.length)]).join(' ');
    outcome(`@fragment fn f() -> @location(0) vec4<f32> { ${soup}`, 'fragment');
    outcome(soup, 'vertex');
  }
});

const many = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
const main = (text) => `@fragment fn f(@builtin(position) p: vec4f) -> @location(0) vec4f { ${text} }`;
/** Grows with the number in the name, or faster where the translator is careless. */
const HOSTILE = {
  'nested parentheses': main(`return vec4f(${'('.repeat(1e5)}1.0${')'.repeat(1e5)});`),
  'nested calls': main(`return vec4f(${'sin('.repeat(1e4)}1.0${')'.repeat(1e4)});`),
  'a long sum': main(`let x = ${'p.x + '.repeat(5e4)}1.0; return p;`),
  'a row of signs': main(`let x = ${'-'.repeat(1e5)}p.x; return p;`).replaceAll('--', '- -'),
  'a long path': main(`let x = p${'.xyzw'.repeat(5e4)}; return p;`),
  'nested blocks': main(`${'{'.repeat(1e5)}`),
  'a row of else': main(`if (p.x > 0.0) { } ${'else if (p.x > 0.0) { } '.repeat(1e4)} return p;`),
  'nested types': `alias A = ${'array<'.repeat(1e5)}f32`,
  'nested comments': '/*'.repeat(1e5),
  'a chain of constants': `${many(5000, (i) => `const c${i} = c${i + 1};`)} const c5000 = 1; ${main('return p;')}`,
  'a chain of functions': `${many(3000, (i) => `fn f${i}() -> f32 { return f${i + 1}(); }`)} fn f3000() -> f32 { return 1.0; } ${main('return vec4f(f0());')}`,
  'doubling structs': `struct S0 { a: vec4f, b: vec4f } ${many(60, (i) => `struct S${i + 1} { a: S${i}, b: S${i} }`)} ${main('var s: S60; return p;')}`,
  'doubling structs within the limit': `struct S0 { a: vec4f, b: vec4f } ${many(14, (i) => `struct S${i + 1} { a: S${i}, b: S${i} }`)}
    @group(0) @binding(0) var<uniform> u: S14; ${main('var s: S13; return p;')}`,
  'doubling text': main(`let a = vec3<bool>(); let x = ${'select(a, a, '.repeat(60)}a${')'.repeat(60)}; return p;`),
  'a huge array': main('var a: array<array<f32, 65536>, 65536>; return p;'),
  'a huge value': main('var a: array<vec4f, 65536>; return p;'),
  'huge numbers': main(`let a = ${'9'.repeat(1e5)}; let b = 1e400; let c = 1 << 1000000; return p;`),
  'many names': main(`${many(5000, (i) => `let in_${i} = ${i};`)} return p;`),
  'many hidden names': main(`${many(100, () => '{ let a = 1;')} ${'}'.repeat(100)} return p;`),
  'prototypes': main('let __proto__ = 1; let a = constructor(1); let b = toString; return p.valueOf;'),
  'types named as members of objects': 'alias A = constructor<f32>; struct toString { a: vec3<hasOwnProperty> }',
};
for (const [name, text] of Object.entries(HOSTILE)) test(`hostile: ${name}`, () => { outcome(text, 'fragment'); });
