// Value noise with its analytic gradient, from an integer hash: the same bits on every API.
float hash3(ivec3 p) {
  uvec3 q = uvec3(p);
  uint h = (q.x * 0x8da6b343u) ^ (q.y * 0xd8163841u) ^ (q.z * 0xcb1ab31fu);
  h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12u)) * 0x297a2d39u;
  h = h ^ (h >> 15u);
  return float(h >> 8u) * (2.0 / 16777216.0) - 1.0;
}

// xyz = gradient, w = value in [-1, 1].
vec4 noise3(vec3 p) {
  vec3 cell = floor(p);
  vec3 f = p - cell;
  ivec3 i = ivec3(cell);
  vec3 u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  vec3 du = 30.0 * f * f * (f - 1.0) * (f - 1.0);
  float a = hash3(i);
  float b = hash3(i + ivec3(1, 0, 0));
  float c = hash3(i + ivec3(0, 1, 0));
  float d = hash3(i + ivec3(1, 1, 0));
  float e = hash3(i + ivec3(0, 0, 1));
  float g = hash3(i + ivec3(1, 0, 1));
  float h = hash3(i + ivec3(0, 1, 1));
  float k = hash3(i + ivec3(1, 1, 1));
  float x0 = mix(mix(a, c, u.y), mix(e, h, u.y), u.z);
  float x1 = mix(mix(b, d, u.y), mix(g, k, u.y), u.z);
  float y0 = mix(mix(a, b, u.x), mix(e, g, u.x), u.z);
  float y1 = mix(mix(c, d, u.x), mix(h, k, u.x), u.z);
  float z0 = mix(mix(a, b, u.x), mix(c, d, u.x), u.y);
  float z1 = mix(mix(e, g, u.x), mix(h, k, u.x), u.y);
  return vec4(du * vec3(x1 - x0, y1 - y0, z1 - z0), mix(x0, x1, u.x));
}

// xy = gradient, z = value in [-1, 1].
vec3 noise2(vec2 p, int seed) {
  vec2 cell = floor(p);
  vec2 f = p - cell;
  ivec2 i = ivec2(cell);
  vec2 u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  vec2 du = 30.0 * f * f * (f - 1.0) * (f - 1.0);
  float a = hash3(ivec3(i, seed));
  float b = hash3(ivec3(i + ivec2(1, 0), seed));
  float c = hash3(ivec3(i + ivec2(0, 1), seed));
  float d = hash3(ivec3(i + ivec2(1, 1), seed));
  vec2 slope = vec2(mix(b - a, d - c, u.y), mix(c - a, d - b, u.x));
  return vec3(du * slope, mix(mix(a, b, u.x), mix(c, d, u.x), u.y));
}
