// Along a line of sight through the air, under sun and moon.
struct Walked {
  light: vec3<f32>, // radiance towards its start
  left: vec3<f32>, // of what is behind
}

fn bounced_at(height: f32, cosine: f32) -> vec3<f32> {
  let at = vec2<f32>(0.5 * cosine + 0.5, sqrt(saturate(height / (TOP_KM - GROUND_KM))));
  return textureSampleLevel(air_bounces, linear_sampler, between_texels(at, BOUNCES_SIZE), 0.0).rgb;
}

// Rayleigh's scattering, and Mie's (Cornette and Shanks).
fn phases(c: f32) -> vec2<f32> {
  let g = MIE_FORWARD;
  let mie = 3.0 / (8.0 * PI) * (1.0 - g * g) * (1.0 + c * c)
    / ((2.0 + g * g) * pow(max(1.0 + g * g - 2.0 * g * c, 1e-4), 1.5));
  return vec2<f32>(3.0 / (16.0 * PI) * (1.0 + c * c), mie);
}

// What one source adds at a place: `source` towards it, `shine` its irradiance above the air.
fn scattered_here(here: Medium, height: f32, cosine: f32, phase: vec2<f32>, shine: vec3<f32>) -> vec3<f32> {
  let once = sunlight_at(height, cosine) * (here.rayleigh * phase.x + here.mie * phase.y);
  return shine * (once + bounced_at(height, cosine) * (here.rayleigh + here.mie));
}

// From a height in a direction, for at most `far` km. Where the ground is met it is seen.
fn walked(height: f32, direction: vec3<f32>, far: f32, count: i32) -> Walked {
  let r = GROUND_KM + height;
  let ways = way_to(height, direction.y);
  let end = select(ways.x, ways.y, ways.y >= 0.0);
  let way = min(end, far);
  let sun = frame.air_sun.xyz;
  let moon = frame.air_moon.xyz;
  let has_moon = frame.air_moon_light.g > 0.0;
  let to_sun = dot(direction, sun);
  let to_moon = dot(direction, moon);
  let sun_phase = phases(to_sun);
  let moon_phase = phases(to_moon);
  var light = vec3<f32>(0.0);
  var left = vec3<f32>(1.0);
  for (var n = 0; n < count; n++) {
    let a = step_end(n, count) * way;
    let b = step_end(n + 1, count) * way;
    let middle = 0.5 * (a + b);
    let h = height_along(height, direction.y, middle);
    let here = medium_at(h);
    let through = exp(-here.lost * (b - a));
    var source = scattered_here(
      here, h, clamp((r * sun.y + middle * to_sun) / (GROUND_KM + h), -1.0, 1.0), sun_phase, frame.air_sun_light.rgb);
    if (has_moon) {
      source += scattered_here(
        here, h, clamp((r * moon.y + middle * to_moon) / (GROUND_KM + h), -1.0, 1.0), moon_phase, frame.air_moon_light.rgb);
    }
    light += left * source * (1.0 - through) / max(here.lost, vec3<f32>(1e-9));
    left *= through;
  }
  if (ways.y >= 0.0 && far > ways.y) {
    var ground = frame.air_sun_light.rgb * ground_light(clamp((r * sun.y + way * to_sun) / GROUND_KM, -1.0, 1.0));
    if (has_moon) {
      ground += frame.air_moon_light.rgb * ground_light(clamp((r * moon.y + way * to_moon) / GROUND_KM, -1.0, 1.0));
    }
    light += left * ground;
    left = vec3<f32>(0.0);
  }
  return Walked(light, left);
}
