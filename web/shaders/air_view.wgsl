// What the camera sees of the air, in every direction.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let seen = walked(frame.air_sun.w, sky_direction(table_place(in, SKY_SIZE)), 1e5, i32(frame.air.w));
  return vec4<f32>(min(seen.light, vec3<f32>(6e4)), 1.0);
}
