// The air between the camera and what it sees: slices side by side, each a small sky; alpha: the share that is left.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let side = f32(SLICE);
  let texel = floor(uv_of(in) * vec2<f32>(f32(DEPTHS) * side, side));
  let slice = floor(texel.x / side);
  let place = vec2<f32>(texel.x - slice * side, texel.y) / (side - 1.0);
  let share = (slice + 1.0) / f32(DEPTHS);
  var direction = sky_direction(place);
  let way = FAR_KM * share * share;
  // The ground of the tables is not the scene's: what lies below is looked at along the ground.
  let lowest = horizon_elevation_sine(way);
  direction = normalize(vec3<f32>(direction.x, max(direction.y, lowest), direction.z) + vec3<f32>(0.0, 1e-5, 0.0));
  let seen = walked(frame.air_sun.w, direction, way, 8);
  return vec4<f32>(min(seen.light, vec3<f32>(6e4)), dot(seen.left, vec3<f32>(1.0 / 3.0)));
}

// The lowest direction, by the sine of its elevation, that does not meet the ground on the way.
fn horizon_elevation_sine(way: f32) -> f32 {
  let h = frame.air_sun.w;
  let r = GROUND_KM + h;
  return max(-(h * (h + 2.0 * GROUND_KM) + way * way) / (2.0 * r * way), -1.0) + 1e-4;
}
