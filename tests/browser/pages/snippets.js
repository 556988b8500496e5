/** @file Small WGSL programs, one feature each: what they draw must be the same on both APIs. `p` is the pixel, from 0 to 31,
 * `i` the same in whole numbers, `q` from 0 to 1; each gives a colour. */

export const MODULE = `
struct Corner { @builtin(position) clip: vec4<f32>, @location(0) place: vec2<f32>, @location(1) @interpolate(flat) id: u32 }

@vertex
fn vertex_main(@builtin(vertex_index) index: u32) -> Corner {
  let ndc = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u)) * 2.0 - 1.0;
  return Corner(vec4<f32>(ndc, 0.0, 1.0), ndc, 7u);
}
`;

/** Name, statements, declarations. @type {[string, string, string?][]} */
export const SNIPPETS = [
  ['whole numbers', `let a = (i.x * 7 + i.y) / 3; let b = (i.x - 16) / 5; let c = (i.y + 16) % 7; let d = u32(i.x) * 2654435769u;
    return vec4f(f32(a) / 100.0, f32(b + 4) / 8.0, f32(c) / 16.0, f32(d >> 24u) / 255.0);`],
  ['remainder of negative numbers', 'var c = i - 16; c.x %= 5; let d = (i.yx - 9) % vec2i(3, -7); return vec4f(vec2f(c), vec2f(d)) / 40.0 + 0.5;'],
  ['bits', `let u = vec2u(i); let h = (u.x ^ (u.y << 3u)) & 0xffu; let n = ~i.x & 15; let s = (i.x - 16) >> 1u;
    return vec4f(f32(h) / 255.0, f32(n) / 15.0, f32(s + 8) / 16.0, f32((u.x | u.y) & 31u) / 31.0);`],
  ['remainder', 'let r = (p.x - 16.0) % 5.0; let v = (vec3f(p, 3.0) - 16.0) % vec3f(3.0, 7.0, 2.0); return vec4f(r / 10.0 + 0.5, v / 14.0 + 0.5);'],
  ['rounding', 'let x = (p.x - 16.0) * 0.5; return vec4f(round(x), trunc(x), floor(x), ceil(x)) / 32.0 + 0.5;'],
  ['select', `let v = select(vec3f(q, 0.25), vec3f(0.75), vec3f(q, q.x) > vec3f(q.yx, 0.5)); let n = select(i.y, i.x, i.x > 9);
    return vec4f(v.xy, f32(n) / 31.0, select(v.z, 1.0, q.x < q.y));`],
  ['select of whole numbers', `let n = select(i.yx, i, i > vec2i(9, 20)); let u = select(vec2u(i), vec2u(3u), q > vec2f(0.7));
    let b = select(vec2<bool>(false), vec2<bool>(true), q > vec2f(0.5)); return vec4f(f32(n.x) / 31.0, vec2f(u) / 31.0, f32(b.x & b.y));`],
  ['comparisons', `let a = p < p.yx; let b = !a; let c = (a & vec2<bool>(i.x > 8, true)) | (i == vec2i(3, 4)); let d = i.x > 5 && i.y < 20 || false;
    return vec4f(f32(a.x), f32(all(b)), f32(any(c)), select(0.25, 0.75, d != c.y));`.replace('i.x > 5 && i.y < 20 || false', '(i.x > 5 && i.y < 20) || false')],
  ['loops', `var sum = 0; for (var n = 0; n < i.x; n++) { if (n == 5) { continue; } if (n > 20) { break; } sum += n; }
    var k = i.y; while (k > 3) { k -= 3; } var j = 0; loop { j += 2; if (j > i.x) { break; } }
    return vec4f(f32(sum) / 255.0, f32(k) / 4.0, f32(j) / 40.0, 1.0);`],
  ['continuing', `var total = 0; var n = 0; loop { let odd = n & 1; if (odd == 1) { continue; } total += n; continuing { n += 1 + odd; break if n > i.x; } }
    return vec4f(f32(total) / 255.0, f32(n) / 64.0, 0.0, 1.0);`],
  ['switch', `var c = vec3f(); switch (i.x % 5) { case 0, 3: { c.x = 1.0; } case 1: { if (i.y > 16) { break; } c.y = 1.0; } default: { c.z = q.y; } }
    return vec4f(c, 1.0);`],
  ['functions and pointers', 'var s = State(q, 0.0); grow(&s, 0.25); grow(&s, q.x); var x = 0.5; twice(&x); return vec4f(s.place, s.age, fract(x + f32(fib(i.x & 7)) / 13.0));',
    `fn grow(s: ptr<function, State>, by: f32) { (*s).age += by * 0.5; s.place = s.place.yx * 0.9; twice(&s.age); }
     struct State { place: vec2f, age: f32 } fn twice(x: ptr<function, f32>) { *x = *x * 2.0; }
     fn fib(n: i32) -> i32 { var a = vec2i(0, 1); for (var k = 0; k < n; k++) { a = vec2i(a.y, a.x + a.y); } return a.x; }`],
  ['arrays', `var t = TABLE; t[i.x & 3].y = q.x; let w = array(0.1, 0.2, 0.4, 0.8); var z: array<f32, 5>; z[i.y % 5] = 1.0;
    return vec4f(t[i.y & 3] , w[(i.x + i.y) & 3], z[2]);`, 'const TABLE = array<vec2f, 4>(vec2f(0.1), vec2f(0.9, 0.3), vec2f(0.5, 0.7), vec2f(1, 0));'],
  ['matrices', `let m = mat3x3f(vec3f(q, 0.1), vec3f(0.3, q.y, 0.2), vec3f(0.5)); let n = mat2x3f(q.x, 0.2, 0.3, 0.4, q.y, 0.6); let v = n * q;
    let w = v * m; let r = transpose(n) * w; return vec4f(r, determinant(m) + 0.5, (m * m)[1].z);`],
  ['bit patterns', `let b = bitcast<u32>(q.x + 1.0); let f = bitcast<vec2f>(vec2i(1065353216 + i * 4096)); let u = unpack4x8unorm(b * 2654435769u);
    let s = unpack4x8snorm(u32(i.x) << 24u); let h = unpack2x16float(pack2x16float(q)); let t = unpack2x16unorm(pack2x16unorm(q.yx));
    return vec4f(fract(f.x * 9.0), u.w, s.w * 0.5 + 0.5, (h.x + t.x) * 0.5 + f32(b & 1u) * 0.01);`],
  ['bits of the library', `let u = vec2u(i); let h = (u.x * 2654435769u) ^ (u.y << 27u); let m = insertBits(h, u.y, u.x, 5u);
    let z = countLeadingZeros(h >> u.x) + countTrailingZeros(h << u.y) + firstLeadingBit(u.x) % 64u + firstTrailingBit(u.y) % 64u;
    return vec4f(f32(reverseBits(h) & 255u) / 255.0, f32(countOneBits(m)) / 32.0, f32(z % 64u) / 64.0, f32(extractBits(h, u.x, u.y) & 255u) / 255.0);`],
  ['packing of the library', `let a = pack4x8unorm(vec4f(q, 0.3, 2.0)); let b = pack4x8snorm(vec4f(q, q.yx) * 2.0 - 1.0);
    return vec4f(unpack4x8unorm(a).xy, unpack4x8snorm(b).zw * 0.5 + 0.5);`],
  ['functions', `let v = vec3f(q, 0.5); return vec4f(dot(cross(v, v.zxy), v), length(reflect(v, normalize(v.yzx))) * 0.5,
    mix(smoothstep(0.2, 0.8, q.x), step(0.5, q.y), 0.3), saturate(atan2(q.x - 0.5, q.y - 0.5) / 6.3 + 0.5));`],
  ['more functions', `return vec4f(fma(q.x, 0.5, 0.25), inverseSqrt(q.y + 1.0), faceForward(q, q - 0.5, vec2f(1.0)).x * 0.5 + 0.5,
    abs(sign(q.x - 0.5)) * degrees(radians(0.4)) + f32(clamp(i.x, 3, 20) + min(i.y, 9) - max(2, i.x)) / 99.0);`],
  ['exponents', 'let e = ldexp(vec2f(q.y, 0.75), i.yx / 16 - vec2i(1)); return vec4f(e, exp2(-q.x), log2(q.y + 1.0));'],
  ['constants', 'let a = N / 2; let b: f32 = N; const k = N * 3; return vec4f(f32(a) / 8.0, b / 16.0, f32(k) * q.x / 64.0, HALF + AREA[1] * 0.1);',
    'const N = 7; const HALF: f32 = N / 14.0; const AREA = array(1.0, HALF * 2, 3); const_assert N > 3;'],
  ['private variables', 'count = i.x; bump(); bump(); let m = seen; return vec4f(f32(count) / 40.0, m.x, m.y, 1.0);',
    'var<private> count: i32 = 3; var<private> seen: vec2f; fn bump() { count += 2; seen += vec2f(0.25, f32(count) / 99.0); }'],
  ['derivatives', 'return vec4f(dpdx(p.x * p.y) / 32.0, abs(dpdy(p.y * 0.5)), fwidth(q.x * 8.0), 1.0);'],
  ['hidden names and words', `let sample = q.x; var input = sample; { let sample = 0.25; input += sample; } let distance = distance(q, vec2f(0.5));
    for (var sample = 0; sample < 2; sample++) { let output = f32(sample); input += output * 0.1; } let texture = vec2f(input, distance);
    return vec4f(texture, helper(sample), 1.0);`, 'fn helper(half: f32) -> f32 { let lerp = half; let helper = lerp * 0.5; return helper; }'],
  ['overrides', 'if (SHIFTED) { return vec4f(1.0); } return vec4f(q, f32(COUNT) / 8.0, SCALE);',
    'override SHIFTED = false; override COUNT: u32 = 3; override SCALE: f32 = 0.5;'],
  ['discard', 'if ((i.x ^ i.y) % 3 == 0) { discard; } return vec4f(q, 1.0, 1.0);'.replace('(i.x ^ i.y) % 3', '((i.x ^ i.y) % 3)')],
  ['interpolation', 'return vec4f(in.place * 0.0 + q, f32(in.id) / 8.0, 1.0);'],
  ['vectors', `var v = vec4f(q, 0.1, 0.2); v.w = v[i.x & 3]; v[1] = 0.3; let w = vec4f(v.zyx, 1); let u = vec3(1, 0, 0) * q.x + vec3f(vec2u(i).xyx) / 99.0;
    let k = vec2(3, 4) + i; return vec4f(w.wx * v.w, u.z, f32(k.x * k.y) / 1500.0);`],
  ['precedence', `let a = -q.x * -2.0 - (q.y - (0.5 - q.x)) * (1.0 / (q.y + 1.0)); let b = (i.x - (i.y - 3)) / (2 * (1 + (i.x & 1)));
    let c = (1u << (u32(i.x) & 3u)) - (8u >> 2u) * 1u; return vec4f(a * 0.25 + 0.5, f32(b + 20) / 50.0, f32(c & 15u) / 15.0, -(-q.x));`],
];

/** @param {string} name */
export function moduleOf(name) {
  const [, statements, declarations = ''] = SNIPPETS.find(([one]) => one === name);
  return `${declarations}
@fragment
fn fragment_main(in: Corner) -> @location(0) vec4<f32> {
  let p = floor(in.clip.xy);
  let i = vec2<i32>(p);
  let q = p / 31.0;
  ${statements}
}
`;
}
