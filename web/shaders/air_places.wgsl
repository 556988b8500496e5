// Which direction a texel of the sky's tables stands for: from left to right around, with the sun in the middle; from top to
// bottom from the zenith to the nadir, closest at the horizon.

fn horizon_elevation() -> f32 {
  let h = frame.air_sun.w;
  return -acos(GROUND_KM / (GROUND_KM + h));
}

// The sun's direction on the ground plan.
fn sun_ahead() -> vec2<f32> {
  let sun = frame.air_sun.xz;
  let long = length(sun);
  return select(vec2<f32>(0.0, -1.0), sun / max(long, 1e-6), long > 1e-4);
}

fn sky_direction(at: vec2<f32>) -> vec3<f32> {
  let low = horizon_elevation();
  let c = 1.0 - 2.0 * at.y;
  let elevation = low + select(-c * c * (0.5 * PI + low), c * c * (0.5 * PI - low), c >= 0.0);
  let turned = (2.0 * at.x - 1.0) * PI;
  let ahead = sun_ahead();
  let flat = ahead * cos(turned) + vec2<f32>(-ahead.y, ahead.x) * sin(turned);
  return vec3<f32>(flat.x * cos(elevation), sin(elevation), flat.y * cos(elevation));
}

// The way back.
fn sky_place(direction: vec3<f32>) -> vec2<f32> {
  let low = horizon_elevation();
  let elevation = asin(clamp(direction.y, -1.0, 1.0));
  let above = elevation >= low;
  let share = select((low - elevation) / (0.5 * PI + low), (elevation - low) / (0.5 * PI - low), above);
  let c = sqrt(saturate(share));
  let ahead = sun_ahead();
  let flat = direction.xz;
  let turned = atan2(dot(flat, vec2<f32>(-ahead.y, ahead.x)), dot(flat, ahead) + select(0.0, 1e-6, dot(flat, flat) < 1e-10));
  return vec2<f32>(0.5 + turned / (2.0 * PI), 0.5 - 0.5 * select(-c, c, above));
}
