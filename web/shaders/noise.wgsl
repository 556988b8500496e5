// Value noise with its analytic gradient, from an integer hash: the same bits on every API.
fn hash3(p: vec3<i32>) -> f32 {
  let q = vec3<u32>(p);
  var h = (q.x * 0x8da6b343u) ^ (q.y * 0xd8163841u) ^ (q.z * 0xcb1ab31fu);
  h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12u)) * 0x297a2d39u;
  h = h ^ (h >> 15u);
  return f32(h >> 8u) * (2.0 / 16777216.0) - 1.0;
}

// Between the values of a cell's eight corners: a at its origin, b, c, e along x, y, z. xyz = gradient, w = value.
fn between_corners(f: vec3<f32>, a: f32, b: f32, c: f32, d: f32, e: f32, g: f32, h: f32, k: f32) -> vec4<f32> {
  let u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  let du = 30.0 * f * f * (f - 1.0) * (f - 1.0);
  let x0 = mix(mix(a, c, u.y), mix(e, h, u.y), u.z);
  let x1 = mix(mix(b, d, u.y), mix(g, k, u.y), u.z);
  let y0 = mix(mix(a, b, u.x), mix(e, g, u.x), u.z);
  let y1 = mix(mix(c, d, u.x), mix(h, k, u.x), u.z);
  let z0 = mix(mix(a, b, u.x), mix(c, d, u.x), u.y);
  let z1 = mix(mix(e, g, u.x), mix(h, k, u.x), u.y);
  return vec4<f32>(du * vec3<f32>(x1 - x0, y1 - y0, z1 - z0), mix(x0, x1, u.x));
}

// xyz = gradient, w = value in [-1, 1].
fn noise3(p: vec3<f32>) -> vec4<f32> {
  let cell = floor(p);
  let i = vec3<i32>(cell);
  return between_corners(p - cell, hash3(i), hash3(i + vec3<i32>(1, 0, 0)), hash3(i + vec3<i32>(0, 1, 0)),
                         hash3(i + vec3<i32>(1, 1, 0)), hash3(i + vec3<i32>(0, 0, 1)), hash3(i + vec3<i32>(1, 0, 1)),
                         hash3(i + vec3<i32>(0, 1, 1)), hash3(i + vec3<i32>(1, 1, 1)));
}

// The same, which begins again after `period` cells along x and z.
fn tiled_noise3(p: vec3<f32>, period: i32) -> vec4<f32> {
  let cell = floor(p);
  let around = vec3<i32>(period, 0x40000000, period);
  let i = ((vec3<i32>(cell) % around) + around) % around;
  let j = (i + 1) % around;
  return between_corners(p - cell, hash3(i), hash3(vec3<i32>(j.x, i.y, i.z)), hash3(vec3<i32>(i.x, j.y, i.z)),
                         hash3(vec3<i32>(j.x, j.y, i.z)), hash3(vec3<i32>(i.x, i.y, j.z)), hash3(vec3<i32>(j.x, i.y, j.z)),
                         hash3(vec3<i32>(i.x, j.y, j.z)), hash3(j));
}

// xy = gradient, z = value in [-1, 1].
fn noise2(p: vec2<f32>, seed: i32) -> vec3<f32> {
  let cell = floor(p);
  let f = p - cell;
  let i = vec2<i32>(cell);
  let u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  let du = 30.0 * f * f * (f - 1.0) * (f - 1.0);
  let a = hash3(vec3<i32>(i, seed));
  let b = hash3(vec3<i32>(i + vec2<i32>(1, 0), seed));
  let c = hash3(vec3<i32>(i + vec2<i32>(0, 1), seed));
  let d = hash3(vec3<i32>(i + vec2<i32>(1, 1), seed));
  let slope = vec2<f32>(mix(b - a, d - c, u.y), mix(c - a, d - b, u.x));
  return vec3<f32>(du * slope, mix(mix(a, b, u.x), mix(c, d, u.x), u.y));
}
