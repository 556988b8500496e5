/** The translator of WGSL to GLSL ES 3.00 (web/shaders/translate): small cases, what is refused and where. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShaderError, checkShader, locateLine, joinPieces, translate } from '../../web/shaders/translate/translate.js';

/** The body that a fragment stage's statements become, without the indentation. */
function body(statements, before = '') {
  const text = `${before}\n@group(0) @binding(0) var<uniform> u: vec4<f32>;\n@group(0) @binding(1) var<uniform> k: vec4<i32>;
@fragment fn f(@builtin(position) p: vec4<f32>) -> @location(0) vec4<f32> {\n${statements}\nreturn p;\n}`;
  const { glsl } = translate([{ name: 't.wgsl', text }], 'fragment');
  return /vec4 f\(vec4 p\) \{\n([^]*?)\n {2}return p;\n\}/.exec(glsl)[1].split('\n').map((line) => line.trim()).join('\n');
}

/** @param {string} text @param {'vertex' | 'fragment'} stage */
function refusal(text, stage = 'fragment') {
  try {
    translate([{ name: 't.wgsl', text }], stage);
  } catch (error) {
    assert.ok(error instanceof ShaderError, String(error?.stack));
    return error;
  }
  return assert.fail(`this should be refused: ${text}`);
}

const CASES = [
  ['numbers take the type of their surroundings', 'let a = 2 * u.x; let b: u32 = 7; let c = 1 / 2; let d = 1e-3 + u.y;',
    'float a = 2.0 * u.x;\nuint b = 7u;\nint c = 0;\nfloat d = 1e-3 + u.y;'],
  ['constants are computed as WGSL does', 'const n = 7 / 2; let a = f32(n) * u.x; let b = 0x8da6b343u; let c = -(-3.5);',
    'float a = 3.0 * u.x;\nuint b = 0x8da6b343u;\nfloat c = 3.5;'],
  ['vectors of literals', 'let a = vec2(1, 2).yyx * u.x; let b = vec3(1, 2, 3).z / 2 * u.x; let c = vec2(7, 8) / 2; let d = vec2(1, 2) * 2 + u.xy;',
    'vec3 a = vec2(1.0, 2.0).yyx * u.x;\nfloat b = 1.0 * u.x;\nivec2 c = ivec2(7, 8) / 2;\nvec2 d = vec2(1.0, 2.0) * 2.0 + u.xy;'],
  ['functions of literals are literals', 'let a = max(1, 2) * u.x; let b: u32 = abs(-3) + 1; let c = sign(vec2(1, 2)) * u.xy; let d = min(1, 2.5);',
    'float a = 2.0 * u.x;\nuint b = 4u;\nvec2 c = sign(vec2(1.0, 2.0)) * u.xy;\nfloat d = 1.0;'],
  ['vectors', 'let a = vec3(1, 0, 2) * u.x; let b = vec2f(u.zw).yx; let c = vec4(b, 0, 1); let d = vec3<u32>(k.xyz);',
    'vec3 a = vec3(1.0, 0.0, 2.0) * u.x;\nvec2 b = vec2(u.zw).yx;\nvec4 c = vec4(b, 0.0, 1.0);\nuvec3 d = uvec3(k.xyz);'],
  ['comparisons of vectors are functions', 'let a = u < vec4(0.5); let b = !a; let c = any(b) && all(k == vec4(1));',
    'bvec4 a = lessThan(u, vec4(0.5));\nbvec4 b = not(a);\nbool c = any(b) && all(equal(k, ivec4(1)));'],
  ['select computes both sides', 'let a = select(u.x, u.y, u.z > 0); let b = select(u, p, u < p); let c = select(1, 2, k.x == 0);',
    'float a = mix(u.x, u.y, u.z > 0.0);\nvec4 b = mix(u, p, lessThan(u, p));\nint c = ((k.x == 0) ? (2) : (1));'],
  ['bits', 'let a = (k.x << 3u) | (k.y & 7); let b = (u32(k.x) >> 2) ^ 5u; let c = ~k; let d = (u.x < 1) | (u.y < 2);',
    'int a = (k.x << 3u) | (k.y & 7);\nuint b = (uint(k.x) >> 2u) ^ 5u;\nivec4 c = ~k;\nbool d = (u.x < 1.0) && (u.y < 2.0);'
      .replace('&& (u.y', '|| (u.y')],
  ['functions with other names', 'let a = inverseSqrt(u.x) + saturate(u.y) + atan2(u.x, u.y); let b = dpdx(u); let c = round(u);',
    'float a = inversesqrt(u.x) + clamp(u.y, 0.0, 1.0) + atan(u.x, u.y);\nvec4 b = dFdx(u);\nvec4 c = roundEven(u);'],
  ['remainders have the sign of the first', 'var a = u.x % 2.0; a %= u.y; let b = k % 3; var c = 5u; c %= 3;',
    'float a = lw_remainder(u.x, 2.0);\na = lw_remainder(a, u.y);\nivec4 b = lw_remainder(k, ivec4(3));\nuint c = 5u;\nc %= 3u;'],
  ['variables start as zero', 'var a: f32; var b: mat3x3f; var c: array<vec2f, 2>; var d: bool;',
    'float a = 0.0;\nmat3 b = mat3(0.0);\nvec2[2] c = vec2[2](vec2(0.0), vec2(0.0));\nbool d = false;'],
  ['matrices', 'let m = mat2x2f(u.xy, u.zw); let n = mat4x3<f32>(); let a = m * u.xy; let b = n * u; let c = m[1].x;',
    'mat2 m = mat2(u.xy, u.zw);\nmat4x3 n = mat4x3(0.0);\nvec2 a = m * u.xy;\nvec3 b = n * u;\nfloat c = m[1].x;'],
  ['words of GLSL are renamed', 'let sample = u.x; let distance = sample; let input = distance(u, p) * distance;'.replace('distance(u, p)', 'length(u)'),
    'float sample_1 = u.x;\nfloat distance_1 = sample_1;\nfloat input_1 = length(u) * distance_1;'],
  ['inner names hide outer ones', 'let a = 1.0; { let a = a + u.x; var b = a; }',
    'float a = 1.0;\n{\nfloat a_1 = a + u.x;\nfloat b = a_1;\n}'],
  ['if and switch', 'var a = 0; if k.x > 1 { a = 1; } else if (k.x < 0) { a++; } else { a -= 2; } switch k.y { case 1, 2: { a = 3; } default { } }',
    'int a = 0;\nif (k.x > 1) {\na = 1;\n} else if (k.x < 0) {\na += 1;\n} else {\na -= 2;\n}\nswitch (k.y) {\ncase 1: case 2: {\na = 3;\n}\nbreak;\ndefault: {\n}\nbreak;\n}'],
  ['loops', 'for (var i = 0u; i < 3; i++) { if (u.x > f32(i)) { continue; } } while (u.x > 9.0) { break; }',
    'for (uint i = 0u; i < 3u; i += 1u) {\nif (u.x > float(i)) {\ncontinue;\n}\n}\nwhile (u.x > 9.0) {\nbreak;\n}'],
  ['a continuing block runs after continue', 'var i = 0; loop { let j = i; if (j == 2) { continue; } continuing { i += j; break if i > 4; } }',
    'int i = 0;\n{\nbool again_1 = false;\nint j;\nwhile (true) {\nif (again_1) {\ni += j;\nif (i > 4) {\nbreak;\n}\n}\nagain_1 = true;\nj = i;\nif (j == 2) {\ncontinue;\n}\n}\n}'],
  ['bit patterns', 'let a = bitcast<u32>(u.x); let b = bitcast<vec4<f32>>(k); let c = unpack2x16float(a); let d = pack2x16unorm(c);',
    'uint a = floatBitsToUint(u.x);\nvec4 b = intBitsToFloat(k);\nvec2 c = unpackHalf2x16(a);\nuint d = packUnorm2x16(c);'],
  ['unary minus', 'let a = -u.x * -2.0; let b = u.x - -1.0; let c = -(-u); let d = u.x - (u.y - u.z); let e = (u.x + u.y) * u.z;',
    'float a = -u.x * -2.0;\nfloat b = u.x - -1.0;\nvec4 c = -(-u);\nfloat d = u.x - (u.y - u.z);\nfloat e = (u.x + u.y) * u.z;'],
];
for (const [name, source, expected] of CASES) test(name, () => assert.equal(body(source), expected));

test('functions come in the order that GLSL needs, pointers are inout, and what nobody reaches is left out', () => {
  const text = `fn unused() -> f32 { return 1.0; }
@fragment fn f() -> @location(0) vec4f { var s = State(1.0, vec2f()); step_(&s, 2.0); return vec4f(s.age); }
fn step_(s: ptr<function, State>, by: f32) { (*s).age += twice(by); s.place.x = by; }
fn twice(x: f32) -> f32 { return 2 * x; }
struct State { age: f32, place: vec2f }`;
  const { glsl } = translate([{ name: 't.wgsl', text }], 'fragment');
  assert.ok(!glsl.includes('unused'));
  const at = ['struct State', 'float twice(float x)', 'void step_(inout State s, float by)', 'vec4 f()', 'void main()'].map((one) => glsl.indexOf(one));
  assert.deepEqual([...at].sort((a, b) => a - b), at);
  assert.ok(at[0] >= 0 && glsl.includes('s.age += twice(by);') && glsl.includes('step_(s, 2.0);'));
});

const TEXTURES = `@group(1) @binding(0) var image: texture_2d<f32>;
@group(1) @binding(1) var image_sampler: sampler;
@group(1) @binding(2) var layers: texture_2d_array<f32>;
@group(1) @binding(3) var depth: texture_depth_2d;
@group(1) @binding(4) var compare: sampler_comparison;
@group(1) @binding(5) var ids: texture_2d<u32>;
`;
test('functions that GLSL does not have are brought along, once, unless the program has its own', () => {
  const of = (before) => translate([{ name: 't.wgsl', text: `${before}@fragment fn f() -> @location(0) vec4f {
  return vec4f(f32(countLeadingZeros(5u) + reverseBits(1u) + countOneBits(7u))); }` }], 'fragment').glsl;
  assert.equal(of('').match(/^uint (\w+)\(uint e\) \{$/gm).length, 3);
  assert.ok(of('fn reverseBits(e: u32) -> u32 { return 8u; }\n').includes('uint reverseBits(uint e) {\n  return 8u;'));
});

test('textures and samplers become one; what the stage needs is told', () => {
  const { glsl, textures } = translate([{ name: 't.wgsl', text: `${TEXTURES}
fn read(t: texture_2d<f32>, s: sampler, at: vec2f) -> vec4f { return textureSampleLevel(t, s, at, 1.0); }
@fragment fn f(@location(0) uv: vec2f) -> @location(0) vec4f {
  let size = vec2f(textureDimensions(image));
  let lit = textureSampleCompareLevel(depth, compare, uv, 0.5);
  let id = textureLoad(ids, vec2u(uv * size), 0).r;
  let layer = textureSample(layers, image_sampler, uv, 3);
  return read(image, image_sampler, uv) * lit + layer + textureSample(image, image_sampler, uv, vec2i(1, 0)) + f32(id);
}` }], 'fragment');
  for (const line of [
    'vec4 read(sampler2D t, vec2 at) {', 'textureLod(t, at, 1.0)', 'vec2(uvec2(textureSize(image, 0)))',
    'textureLod(depth, vec3(uv, 0.5), 0.0)', 'texelFetch(ids, ivec2(uvec2(uv * size)), 0).r', 'texture(layers, vec3(uv, float(3)))',
    'read(image, uv)', 'textureOffset(image, uv, ivec2(1, 0))', 'precision highp usampler2D;', 'uniform sampler2DShadow depth;',
  ]) assert.ok(glsl.includes(line), `${line}\n${glsl}`);
  assert.deepEqual(Object.fromEntries(textures.map(({ name, binding, sampler }) => [name, [binding, sampler]])),
    { image: [0, 'image_sampler'], layers: [2, 'image_sampler'], depth: [3, 'compare'], ids: [5, ''] });
});

test('a depth texture that is only read is a plain sampler', () => {
  const { glsl } = translate([{ name: 't.wgsl', text: `${TEXTURES}
@fragment fn f(@builtin(position) p: vec4f) -> @location(0) vec4f { return vec4f(textureLoad(depth, vec2i(p.xy), 0)); }` }], 'fragment');
  assert.ok(glsl.includes('uniform sampler2D depth;') && glsl.includes('texelFetch(depth, ivec2(p.xy), 0).r'));
});

test('a vertex stage has clip space of both kinds, attributes and varyings by location', () => {
  const { glsl } = translate([{ name: 't.wgsl', text: `struct Out { @builtin(position) at: vec4f, @location(2) @interpolate(flat) id: u32 }
@vertex fn v(@location(3) place: vec3f, @builtin(vertex_index) i: u32) -> Out { return Out(vec4f(place, 1), i); }` }], 'vertex');
  for (const line of ['layout(location = 3) in vec3 a_location3;', 'flat out uint v_location2;', 'v(a_location3, uint(gl_VertexID))',
    'gl_Position = CLIP_CONTROL ? ', '#define CLIP_CONTROL true', 'gl_PointSize = 1.0;']) assert.ok(glsl.includes(line), line);
});

test('overrides are macros that the loader sets', () => {
  const text = 'override MASK: bool = false; override SIDE = 4u; @fragment fn f() -> @location(0) vec4f { let SIDES = 1.0; if (MASK) { discard; } return vec4f(f32(SIDE)); }';
  const { glsl, overrides } = translate([{ name: 't.wgsl', text }], 'fragment');
  assert.ok(glsl.includes('#ifndef MASK\n#define MASK false\n#endif') && glsl.includes('#define SIDE 4u') && glsl.includes('if (MASK)'));
  assert.deepEqual(overrides, ['MASK', 'SIDE']);
});

const main = (text) => `@fragment fn f() -> @location(0) vec4f { ${text} return vec4f(); }`;
const uniform = (members) => `struct Block { ${members} }\n@group(0) @binding(0) var<uniform> b: Block;\n${main('')}`;
/** What is refused at the place marked by a paragraph sign, and why. */
const REFUSALS = [
  [main('let a = §nothing;'), /Nothing is named `nothing`/],
  [main('let a: f32 = §1u;'), /The value of `a` is u32, but f32 is needed/],
  [main('let a = 1.0 §+ 1u;'), /`\+` can't join f32 and u32/],
  [main('let a = §vec2f(1, 2, 3);'), /vec2<f32>\(\.\.\.\) needs 2 components, not those of \(i32, i32, i32\)/],
  [main('let a = vec2f()§.z;'), /has 2 components, so `z` leaves it/],
  [main('let a = 1; §a = 2;'), /`a` can't be changed; only a var can/],
  [main('let a = §missing(1);'), /There is no function `missing`/],
  [main('let a: i32 = §3000000000;'), /3000000000 is no i32; the range is -2147483648 to 2147483647/],
  [main('let a = 1 & 2 §== 2;'), /can't follow `&` without parentheses/],
  [main('let a = §1.0h;'), /16 bits/],
  [main('let a = §sin(1, 2);'), /`sin` takes 1 arguments, not 2/],
  [main('let a = vec2(1, 2) / 2 §* 1.5;'), /`\*` can't join vec2<i32> and f32/],
  [main('let a = §-mat2x2f();'), /`-` can't be applied to mat2x2<f32>/],
  [main('let a = §dot(1.0, 2.0);'), /`dot` has no form that takes \(f32, f32\)/],
  [main('let §filter = 1;'), /reserved word of WGSL/],
  [`fn a(x: ptr<function, f32>) { }\n${main('var v: vec2f; a(§&v.x);')}`, /can't point to a component of a vector/],
  [main('§loop { }'), /never ends/],
  [main('§break;'), /stands in no loop/],
  [main('let a = array(1, 2)[§2];'), /index is 2, but array<i32, 2> has the elements 0 to 1/],
  [main('let a = 5 §/ 0;'), /divided by 0/],
  [main('let a: §array<array<f32, 2>, 2> = 1;'), /no arrays of arrays/],
  ['§enable f16;', /`enable f16` asks for a feature/],
  [`@group(0) @binding(0) var<storage, read> s: §array<f32>;\n${main('')}`, /An array without a size needs storage/],
  [`@group(0) @binding(0) var<storage, read> §s: vec4f;\n${main('')}`, /storage memory, which WebGL2 does not have.*webgl2\.wgsl/],
  [`fn §a() -> f32 { return b(); }\nfn b() -> f32 { return a(); }\n${main('let x = a();')}`, /calls itself/],
  [`const §a = b;\nconst b = a;\n${main('')}`, /needs itself/],
  [`struct §S { a: S }\n${main('')}`, /needs itself/],
  [`fn §a() -> f32 { if (true) { return 1.0; } }\n${main('')}`, /end can be reached without a return/],
  [uniform('§a: array<f32, 4>'), /Elements of array<f32, 4> have 4 bytes/],
  [uniform('§a: mat2x2f, b: f32'), /lies at byte 0 \(16 bytes\) in WGSL, but at byte 0 \(32 bytes\) in GLSL/],
  [uniform('a: f32, @align(32) §b: f32'), /lies at byte 32 \(4 bytes\) in WGSL, but at byte 4/],
  [`${TEXTURES}${main('let a = §textureGather(0, image, image_sampler, vec2f());')}`, /outside of the subset/],
  [`${TEXTURES}${main('let a = §textureLoad(depth, vec2i(), 0); let b = textureSampleCompare(depth, compare, vec2f(), 0.5);')}`,
    /compared elsewhere, so it can't be read here/],
  [`${TEXTURES}@group(2) @binding(0) var other: sampler;
${main('let a = textureSample(image, image_sampler, vec2f()); let b = §textureSample(image, other, vec2f());')}`,
    /read with `image_sampler` and with `other`; WebGL2 binds one sampler a texture/],
  ['@fragment fn f(@location(0) §a: u32) -> @location(0) vec4f { return vec4f(); }', /needs @interpolate\(flat\)/],
  ['§@compute @workgroup_size(1) fn f() {}', /has 0 fragment entry points/],
  ['§/* open', /never closed/],
  ['fn f() { let a = §"x"; }', /The character "\\"" has no meaning/],
];
for (const [marked, reason] of REFUSALS) {
  test(`refused: ${reason.source}`, () => {
    const before = marked.slice(0, marked.indexOf('§')).split('\n');
    const { reason: told, at } = refusal(marked.replace('§', ''));
    assert.match(told, reason);
    assert.deepEqual([at.piece, at.line, at.column], ['t.wgsl', before.length, before[before.length - 1].length + 1], told);
  });
}

test('what only a fragment stage can do is refused where a vertex stage reaches it', () => {
  const text = 'fn slope(x: f32) -> f32 {\n  return dpdx(x);\n}\n@vertex fn v() -> @builtin(position) vec4f { return vec4f(slope(1.0)); }';
  const { reason, at } = refusal(text, 'vertex');
  assert.match(reason, /`dpdx` works in a fragment stage only/);
  assert.equal(at.line, 2);
});

test('an error names the piece, its own line, and shows it', () => {
  const pieces = [
    { name: 'frame.wgsl', text: 'const A = 1.0;\n\n' },
    { name: 'the program', text: '// surface\nfn surface() -> f32 {\n  return A + colour;\n}' },
  ];
  assert.throws(() => checkShader(pieces), (error) => {
    assert.equal(error.message, 'the program:3:14: Nothing is named `colour` here.\n  return A + colour;\n             ^');
    return error instanceof ShaderError;
  });
});

test('a line of the joined text is a line of a piece', () => {
  const pieces = [{ name: 'a', text: '1\n2\n' }, { name: 'b', text: '1' }, { name: 'c', text: '1\n2' }];
  const found = joinPieces(pieces).split('\n').map((_, index) => locateLine(pieces, index + 1));
  assert.deepEqual(found.map(({ piece, line }) => `${piece}${line}`), ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']);
  assert.equal(locateLine(pieces, 7), undefined);
});
