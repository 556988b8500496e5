// The sky as a function of direction, for the sky pass, reflections and the fog.

// Gradient from ground over horizon to zenith. softness: 0 as seen, 1 blurred over most of the sphere.
vec3 sky_gradient(vec3 direction, float softness) {
  float up = pow(saturate(direction.y), frame.sky_zenith.w);
  vec3 clear = mix(frame.sky_horizon.rgb, frame.sky_zenith.rgb, up);
  vec3 blurred = mix(frame.sky_horizon.rgb, frame.sky_zenith.rgb, 0.35 + 0.3 * saturate(direction.y));
  vec3 above = mix(clear, blurred, softness * softness);
  float width = mix(0.015, 0.7, softness);
  return mix(frame.sky_ground.rgb, above, smoothstep(-width, width, direction.y + 0.25 * width));
}

// Light that the air scatters around the sun; no disc.
vec3 sun_glow(vec3 direction, float softness) {
  float c = saturate(dot(direction, frame.sun_direction.xyz));
  float sharp = 0.030 * pow(c, 8.0) + 0.09 * pow(c, 90.0) + 0.5 * pow(c, 1600.0);
  float soft = 0.045 * pow(c, 4.0);
  return frame.sun_color.rgb * mix(sharp, soft, saturate(softness * 2.0)) * smoothstep(-0.25, 0.05, direction.y);
}

vec3 sky_reflection(vec3 direction, float roughness) {
  return sky_gradient(direction, roughness) + sun_glow(direction, roughness);
}

// Optical depth of the fog from the camera along `direction` for `length` metres: exponential in height.
float fog_depth(vec3 direction, float distance_m) {
  float height = frame.camera_hi.y + frame.camera_lo.y;
  float falloff = max(frame.fog_params.x, 1e-6);
  float drop = clamp(falloff * direction.y * distance_m, -30.0, 80.0);
  float slope = abs(drop) < 1e-3 ? 1.0 - 0.5 * drop : (1.0 - exp(-drop)) / drop;
  return frame.fog_color.w * exp(clamp(-falloff * height, -30.0, 10.0)) * distance_m * slope;
}

float fog_opacity(vec3 direction, float distance_m) {
  return min(1.0 - exp(-fog_depth(direction, max(distance_m - frame.fog_params.y, 0.0))), frame.fog_params.z);
}

vec3 fog_radiance(vec3 direction) {
  float c = saturate(dot(direction, frame.sun_direction.xyz));
  return frame.fog_color.rgb + frame.sun_color.rgb * (0.022 * pow(c, 6.0) + 0.03 * pow(c, 40.0));
}

vec3 apply_fog(vec3 radiance, vec3 p) {
  float distance_m = length(p);
  vec3 direction = p / max(distance_m, 1e-4);
  return mix(radiance, fog_radiance(direction), fog_opacity(direction, distance_m));
}
