// The table of sunlight, looked up.
fn sunlight_at(height: f32, cosine: f32) -> vec3<f32> {
  let low = horizon_cosine(height) - 2.0 * SUN_RADIUS;
  let at = vec2<f32>(sqrt(saturate((cosine - low) / (1.0 - low))), sqrt(saturate(height / (TOP_KM - GROUND_KM))));
  return textureSampleLevel(air_sunlight, linear_sampler, between_texels(at, SUNLIGHT_SIZE), 0.0).rgb;
}

// What the ground sends back of light from a zenith angle with this cosine.
fn ground_light(cosine: f32) -> vec3<f32> {
  return ALBEDO * sunlight_at(0.0, cosine) * (max(cosine, 0.0) / PI);
}
