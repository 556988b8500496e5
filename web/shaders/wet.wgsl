// What pools on the ground mirror of what is opaque; alpha: how sure that is. Pools are level.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = texel_of(in, vec2<f32>(textureDimensions(depth)));
  let place = surface_at(texel);
  let p = place.xyz;
  let n = facing_of(slope_at(texel, vec2<i32>(1, 0), p), slope_at(texel, vec2<i32>(0, 1), p), p);
  if (place.w <= 0.0 || pool_at(p, n, frame.weather.x * open_sky(p, n)) <= 0.01) {
    return vec4<f32>(0.0);
  }
  let view = normalize(p);
  return traced(clip_of(p), vec3<f32>(view.x, abs(view.y), view.z), interleaved_noise(floor(in.clip.xy)));
}
