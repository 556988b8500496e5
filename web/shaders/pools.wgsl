// What wet.wgsl found, in place of the surroundings that the lit surface mirrors there: their difference is added.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  adapted_ev = exposure_ev();
  // The mean of nine texels hides the noise that rays begin with.
  let step = 1.0 / vec2<f32>(textureDimensions(pools));
  var found = vec4<f32>(0.0);
  for (var k = 0; k < 9; k++) {
    let off = vec2<f32>(f32(k % 3) - 1.0, f32(k / 3) - 1.0) * step;
    found += textureSampleLevel(pools, linear_sampler, uv_of(in) + off, 0.0) / 9.0;
  }
  let texel = texel_of(in, vec2<f32>(textureDimensions(depth)));
  let place = surface_at(texel);
  if (found.a <= 0.0 || place.w <= 0.0) {
    return vec4<f32>(0.0);
  }
  let p = place.xyz;
  let n = facing_of(slope_at(texel, vec2<i32>(1, 0), p), slope_at(texel, vec2<i32>(0, 1), p), p);
  let pool = pool_at(p, n, frame.weather.x * open_sky(p, n));
  let v = -normalize(p);
  let fit = environment_brdf(POOL_ROUGHNESS, max(dot(n, v), 1e-3));
  let plain = exposed(mirrored_around(p, reflect(-v, n), POOL_ROUGHNESS, n));
  let share = pool * (DIELECTRIC_F0 * fit.x + fit.y) * haze_before(p).a;
  return vec4<f32>((found.rgb - plain * found.a) * share, 0.0);
}
