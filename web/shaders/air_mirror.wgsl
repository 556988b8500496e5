// The sky as surfaces reflect it: what mirror_levels.wgsl prefilters.
fn mirror_source(direction: vec3<f32>, wide: f32) -> vec3<f32> {
  if (is_panorama()) {
    return panorama_light(direction, wide);
  }
  let clear = textureSampleLevel(air_view, linear_sampler, between_texels(sky_place(direction), SKY_SIZE), 0.0).rgb;
  return under_clouds(direction, clear);
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  return mirrored_texel(floor(uv_of(in) * vec2<f32>(2.0 * f32(MIRROR_SIDE), f32(MIRROR_SIDE))));
}
