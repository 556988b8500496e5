// A level, half of it itself and half the wider ones by a 3 x 3 tent: each is a mean, so light is kept.
fn tap(uv: vec2<f32>, offset: vec2<f32>) -> vec3<f32> {
  return textureSampleLevel(wider, linear_sampler, uv + offset, 0.0).rgb;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let uv = uv_of(in);
  let t = 1.0 / vec2<f32>(textureDimensions(wider));
  let sides = tap(uv, vec2<f32>(-t.x, 0.0)) + tap(uv, vec2<f32>(t.x, 0.0)) + tap(uv, vec2<f32>(0.0, -t.y))
    + tap(uv, vec2<f32>(0.0, t.y));
  let corners = tap(uv, -t) + tap(uv, t) + tap(uv, vec2<f32>(-t.x, t.y)) + tap(uv, vec2<f32>(t.x, -t.y));
  let tent = tap(uv, vec2<f32>(0.0)) * 0.25 + sides * 0.125 + corners * 0.0625;
  let own = textureSampleLevel(source, linear_sampler, uv, 0.0).rgb;
  return vec4<f32>(mix(own, tent, 0.5), 1.0);
}
