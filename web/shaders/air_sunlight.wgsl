// How much sunlight comes through, by the sun's height above the horizon and the place's above the ground.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let at = table_place(in, SUNLIGHT_SIZE);
  let height = at.y * at.y * (TOP_KM - GROUND_KM);
  let low = horizon_cosine(height) - 2.0 * SUN_RADIUS;
  let cosine = low + (1.0 - low) * at.x * at.x;
  let way = way_to(height, cosine).x;
  var depth = vec3<f32>(0.0);
  for (var n = 0; n < 40; n++) {
    let a = step_end(n, 40) * way;
    let b = step_end(n + 1, 40) * way;
    depth += medium_at(height_along(height, cosine, 0.5 * (a + b))).lost * (b - a);
  }
  let seen = saturate((cosine - horizon_cosine(height)) / (2.0 * SUN_RADIUS) + 0.5);
  return vec4<f32>(exp(-depth) * (seen * seen * (3.0 - 2.0 * seen)), 1.0);
}
