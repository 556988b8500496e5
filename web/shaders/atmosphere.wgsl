// The air: what it scatters and lets through (Hillaire 2020), for the passes that fill its tables. Lengths in kilometres,
// heights above the ground; scene/air.py has the same in numpy.

const SUN_RADIUS = 0.0047; // of the disc, radians: how soft the edge of the Earth's shadow is

// The cosine of the horizon's zenith angle.
fn horizon_cosine(height: f32) -> f32 {
  let h = max(height, 0.0);
  return -sqrt(h * (h + 2.0 * GROUND_KM)) / (GROUND_KM + h);
}

// The height after `way` from a height, in a direction with this cosine to the zenith.
fn height_along(height: f32, cosine: f32, way: f32) -> f32 {
  let change = way * way + 2.0 * (GROUND_KM + height) * cosine * way + height * (height + 2.0 * GROUND_KM);
  return max(change / (sqrt(max(change + GROUND_KM * GROUND_KM, 1.0)) + GROUND_KM), 0.0);
}

// How far it is to the air's top; to the ground where that is met (else -1).
fn way_to(height: f32, cosine: f32) -> vec2<f32> {
  let r = GROUND_KM + height;
  let along = r * cosine;
  let top = max((TOP_KM - r) * (TOP_KM + r), 0.0);
  let deep = along * along - height * (height + 2.0 * GROUND_KM);
  let down = select(-1.0, max(-along - sqrt(max(deep, 0.0)), 0.0), deep >= 0.0 && cosine < 0.0);
  return vec2<f32>(-along + sqrt(along * along + top), down);
}

struct Medium {
  rayleigh: vec3<f32>, // scattered a kilometre
  mie: f32,
  lost: vec3<f32>,
}

fn medium_at(height: f32) -> Medium {
  let h = max(height, 0.0);
  let rayleigh = RAYLEIGH * (frame.air.z * exp(-h / RAYLEIGH_HEIGHT_KM));
  let haze = frame.air.y * exp(-h / MIE_HEIGHT_KM);
  let ozone = OZONE * max(1.0 - abs(h - OZONE_MIDDLE_KM) / OZONE_WIDTH_KM, 0.0);
  return Medium(rayleigh, MIE * haze, rayleigh + MIE_EXTINCTION * haze + ozone);
}

// Where a table is looked up, so that 0 and 1 are the middles of its first and last texels.
fn between_texels(at: vec2<f32>, size: vec2<f32>) -> vec2<f32> {
  return (saturate(at) * (size - 1.0) + 0.5) / size;
}

// The share of 0 to 1 at which a pass's fragment lies, for the same.
fn table_place(in: FullscreenVaryings, size: vec2<f32>) -> vec2<f32> {
  return saturate((uv_of(in) * size - 0.5) / (size - 1.0));
}

// The ends of step n of a way that begins where the air is dense: they grow.
fn step_end(n: i32, count: i32) -> f32 {
  let share = f32(n) / f32(count);
  return share * share;
}
