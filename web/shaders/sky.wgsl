// The sky as a function of direction, for the sky pass, reflections and the fog: the air (air_lookup.wgsl), or a gradient that
// a program paints.

// Gradient from ground over horizon to zenith. softness: 0 as seen, 1 blurred over most of the sphere.
fn sky_gradient(direction: vec3<f32>, softness: f32) -> vec3<f32> {
  let up = pow(saturate(direction.y), frame.sky_zenith.w);
  let clear = mix(frame.sky_horizon.rgb, frame.sky_zenith.rgb, up);
  let blurred = mix(frame.sky_horizon.rgb, frame.sky_zenith.rgb, 0.35 + 0.3 * saturate(direction.y));
  let above = mix(clear, blurred, softness * softness);
  let width = mix(0.015, 0.7, softness);
  return mix(frame.sky_ground.rgb, above, smoothstep(-width, width, direction.y + 0.25 * width));
}

// Light that the air scatters around the sun; no disc.
fn sun_glow(direction: vec3<f32>, softness: f32) -> vec3<f32> {
  let c = saturate(dot(direction, frame.sun_direction.xyz));
  let sharp = 0.030 * pow(c, 8.0) + 0.09 * pow(c, 90.0) + 0.5 * pow(c, 1600.0);
  let soft = 0.045 * pow(c, 4.0);
  return frame.sun_color.rgb * mix(sharp, soft, saturate(softness * 2.0)) * smoothstep(-0.25, 0.05, direction.y);
}

fn is_air() -> bool {
  return frame.air.x > 0.5 && frame.air.x < 1.5;
}

fn sky_reflection(direction: vec3<f32>, roughness: f32) -> vec3<f32> {
  if (frame.air.x > 0.5) { // the air or a panorama
    return mirrored_air(direction, roughness);
  }
  return sky_gradient(direction, roughness) + sun_glow(direction, roughness);
}

// Optical depth of the fog from the camera along `direction` for `length` metres: exponential in height.
fn fog_depth(direction: vec3<f32>, distance: f32) -> f32 {
  let height = frame.camera_hi.y + frame.camera_lo.y;
  let falloff = max(frame.fog_params.x, 1e-6);
  let drop = clamp(falloff * direction.y * distance, -30.0, 80.0);
  let slope = select((1.0 - exp(-drop)) / drop, 1.0 - 0.5 * drop, abs(drop) < 1e-3);
  return frame.fog_color.w * exp(clamp(-falloff * height, -30.0, 10.0)) * distance * slope;
}

fn fog_opacity(direction: vec3<f32>, distance: f32) -> f32 {
  return min(1.0 - exp(-fog_depth(direction, max(distance - frame.fog_params.y, 0.0))), frame.fog_params.z);
}

fn fog_radiance(direction: vec3<f32>) -> vec3<f32> {
  if (frame.fog_color.r < 0.0) { // no colour given: that of the sky near the horizon
    return mirrored_air(normalize(vec3<f32>(direction.x, max(direction.y, 0.04), direction.z)), 0.0);
  }
  let c = saturate(dot(direction, frame.sun_direction.xyz));
  return frame.fog_color.rgb + frame.sun_color.rgb * (0.022 * pow(c, 6.0) + 0.03 * pow(c, 40.0));
}

// What air and fog between the camera and p (relative to it) add, and in alpha what they leave.
fn haze_before(p: vec3<f32>) -> vec4<f32> {
  let distance = length(p);
  let direction = p / max(distance, 1e-4);
  var haze = vec4<f32>(0.0, 0.0, 0.0, 1.0);
  if (is_air()) {
    haze = air_between(direction, distance);
    // Under closed clouds the air between is as grey as they are.
    haze = vec4<f32>(mix(haze.rgb, frame.overcast.rgb * ((1.0 - haze.a) * 0.4), frame.overcast.w), haze.a);
  }
  if (frame.fog_color.w > 0.0) {
    let opacity = fog_opacity(direction, distance);
    haze = vec4<f32>(mix(haze.rgb, fog_radiance(direction), opacity), haze.a * (1.0 - opacity));
  }
  return haze;
}

fn apply_fog(radiance: vec3<f32>, p: vec3<f32>) -> vec3<f32> {
  let haze = haze_before(p);
  return radiance * haze.a + haze.rgb;
}
