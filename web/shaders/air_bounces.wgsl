// Light of second and further scattering, per unit of what is scattered at a height while the sun stands at one.
const BOUNCE_DIRECTIONS = 32;
const BOUNCE_STEPS = 16;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let at = table_place(in, BOUNCES_SIZE);
  let height = max(at.y * at.y * (TOP_KM - GROUND_KM), 0.001);
  let sun_y = 2.0 * at.x - 1.0;
  let sun_x = sqrt(max(1.0 - sun_y * sun_y, 0.0));
  let r = GROUND_KM + height;
  var light = vec3<f32>(0.0);
  var kept = vec3<f32>(0.0);
  for (var d = 0; d < BOUNCE_DIRECTIONS; d++) {
    let cosine = 1.0 - 2.0 * (f32(d) + 0.5) / f32(BOUNCE_DIRECTIONS);
    let toward = cosine * sun_y + sqrt(1.0 - cosine * cosine) * cos((f32(d) + 0.5) * 2.39996323) * sun_x;
    let ways = way_to(height, cosine);
    let way = select(ways.x, ways.y, ways.y >= 0.0);
    var left = vec3<f32>(1.0);
    for (var n = 0; n < BOUNCE_STEPS; n++) {
      let a = step_end(n, BOUNCE_STEPS) * way;
      let b = step_end(n + 1, BOUNCE_STEPS) * way;
      let h = height_along(height, cosine, 0.5 * (a + b));
      let here = medium_at(h);
      let through = exp(-here.lost * (b - a));
      let scattered = left * (here.rayleigh + here.mie) * (1.0 - through) / max(here.lost, vec3<f32>(1e-9));
      let sun_cosine = clamp((r * sun_y + 0.5 * (a + b) * toward) / (GROUND_KM + h), -1.0, 1.0);
      light += scattered * sunlight_at(h, sun_cosine) / (4.0 * PI);
      kept += scattered;
      left *= through;
    }
    if (ways.y >= 0.0) {
      light += left * ground_light(clamp((r * sun_y + way * toward) / GROUND_KM, -1.0, 1.0));
    }
  }
  let count = f32(BOUNCE_DIRECTIONS);
  return vec4<f32>(light / count / (1.0 - min(kept / count, vec3<f32>(0.99))), 1.0);
}
