// Fog along a line of sight, for its shadows: how far into it light has come by a share of its opacity.
const FOG_FAR_M = 60000.0; // of what is not there: the sky's fog (skypass.wgsl)

// How far along a direction the fog's optical depth is `wanted`: fog_depth the other way round. Metres from the fog's start.
fn fog_way(direction: vec3<f32>, wanted: f32) -> f32 {
  let height = frame.camera_hi.y + frame.camera_lo.y;
  let falloff = max(frame.fog_params.x, 1e-6);
  let thick = max(frame.fog_color.w * exp(clamp(-falloff * height, -30.0, 10.0)), 1e-9);
  let rise = falloff * direction.y;
  let x = min(wanted * rise / thick, 0.9999);
  return select(-log(1.0 - x) / rise, wanted / thick * (1.0 + 0.5 * x), abs(x) < 1e-3);
}

// The share of the fog's light from a direction that comes straight from the sun; the rest comes from all around.
fn sun_share(direction: vec3<f32>) -> f32 {
  let white = vec3<f32>(0.2126, 0.7152, 0.0722);
  let c = dot(direction, frame.sun_direction.xyz);
  let ahead = 0.64 / pow(1.36 - 1.2 * c, 1.5); // Henyey and Greenstein, g = 0.6, over that of all around
  let sun = dot(frame.sun_color.rgb, white) * ahead / (4.0 * PI);
  let around = dot(frame.irradiance[0].rgb, white) * 0.282095;
  return sun / max(sun + around, 1e-6);
}
