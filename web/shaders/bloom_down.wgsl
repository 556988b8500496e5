// Half the size by 13 taps: five overlapping boxes of 4 (Jimenez, "Next generation post processing", SIGGRAPH 2014).
// Weights sum to 1, so light is kept. No Karis average: the resolve has weighed the samples of an edge already.
fn tap(uv: vec2<f32>, offset: vec2<f32>) -> vec3<f32> {
  return textureSampleLevel(source, linear_sampler, uv + offset, 0.0).rgb;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let uv = uv_of(in);
  let t = 1.0 / vec2<f32>(textureDimensions(source));
  let inner = tap(uv, vec2<f32>(-t.x, -t.y)) + tap(uv, vec2<f32>(t.x, -t.y)) + tap(uv, vec2<f32>(-t.x, t.y))
    + tap(uv, vec2<f32>(t.x, t.y));
  let sides = tap(uv, vec2<f32>(-2.0 * t.x, 0.0)) + tap(uv, vec2<f32>(2.0 * t.x, 0.0))
    + tap(uv, vec2<f32>(0.0, -2.0 * t.y)) + tap(uv, vec2<f32>(0.0, 2.0 * t.y));
  let corners = tap(uv, -2.0 * t) + tap(uv, 2.0 * t) + tap(uv, vec2<f32>(-2.0 * t.x, 2.0 * t.y))
    + tap(uv, vec2<f32>(2.0 * t.x, -2.0 * t.y));
  let center = tap(uv, vec2<f32>(0.0));
  return vec4<f32>(inner * 0.125 + sides * 0.0625 + corners * 0.03125 + center * 0.125, 1.0);
}
