// The clouds' pattern: noise of several octaves, the same again in both directions after CLOUD_TEXELS; a texel more at each
// side is there to be filtered with.
fn tiled_noise(p: vec2<f32>, period: i32, seed: i32) -> f32 {
  let cell = floor(p);
  let f = p - cell;
  let a = (vec2<i32>(cell) + 2 * period) % period;
  let b = (a + 1) % period;
  let u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  return mix(mix(hash3(vec3<i32>(a, seed)), hash3(vec3<i32>(b.x, a.y, seed)), u.x),
             mix(hash3(vec3<i32>(a.x, b.y, seed)), hash3(vec3<i32>(b, seed)), u.x), u.y);
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = floor(uv_of(in) * (CLOUD_TEXELS + 2.0)) - 0.5;
  let at = texel / CLOUD_TEXELS;
  var sum = 0.0;
  var weight = 0.5;
  var cells = 6;
  for (var octave = 0; octave < 4; octave++) {
    sum += weight * tiled_noise(at * f32(cells), cells, 11 + octave);
    cells *= 2;
    weight *= 0.5;
  }
  return vec4<f32>(saturate(0.5 + 0.75 * sum), 0.0, 0.0, 1.0);
}
