// How bright a part of the view is, log2 of its luminance before exposure, from four taps; clamped to -8 to 8 EV.
fn tap(uv: vec2<f32>) -> vec3<f32> {
  return textureSampleLevel(source, linear_sampler, uv, 0.0).rgb;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let uv = uv_of(in);
  let q = 0.25 / vec2<f32>(f32(LUMINANCE_SIDE));
  let c = 0.25 * (tap(uv - q) + tap(uv + q) + tap(uv + vec2<f32>(-q.x, q.y)) + tap(uv + vec2<f32>(q.x, -q.y)));
  let light = dot(c, vec3<f32>(0.2126, 0.7152, 0.0722));
  let was_ev = textureLoad(exposure, vec2<i32>(0), 0).r;
  return vec4<f32>(clamp(log2(max(light, 1e-6)) - was_ev, -8.0, 8.0), 0.0, 0.0, 1.0);
}
