// The material kind "layered": pbr with the textures of its layers (KHR_materials_specular, _sheen, _clearcoat).
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  if ((material.bound & HAS_SPECULAR) != 0u) {
    s.specular *= textureSampleBias(specular_texture, specular_sampler, uv_of(UV_SPECULAR, in), frame.upscale.y).a;
  }
  if ((material.bound & HAS_SPECULAR_COLOR) != 0u) {
    s.specular_color *= textureSampleBias(specular_color_texture, specular_color_sampler, uv_of(UV_SPECULAR_COLOR, in), frame.upscale.y).rgb;
  }
  if ((material.bound & HAS_SHEEN_COLOR) != 0u) {
    s.sheen_color *= textureSampleBias(sheen_color_texture, sheen_color_sampler, uv_of(UV_SHEEN_COLOR, in), frame.upscale.y).rgb;
  }
  if ((material.bound & HAS_SHEEN_ROUGHNESS) != 0u) {
    s.sheen_roughness *= textureSampleBias(sheen_roughness_texture, sheen_roughness_sampler, uv_of(UV_SHEEN_ROUGHNESS, in), frame.upscale.y).a;
  }
  if ((material.bound & HAS_CLEARCOAT) != 0u) {
    s.clearcoat *= textureSampleBias(clearcoat_texture, clearcoat_sampler, uv_of(UV_CLEARCOAT, in), frame.upscale.y).r;
  }
  if ((material.bound & HAS_CLEARCOAT_ROUGHNESS) != 0u) {
    let at = uv_of(UV_CLEARCOAT_ROUGHNESS, in);
    s.clearcoat_roughness *= textureSampleBias(clearcoat_roughness_texture, clearcoat_roughness_sampler, at, frame.upscale.y).g;
  }
  if ((material.bound & HAS_CLEARCOAT_NORMAL) != 0u) {
    let at = uv_of(UV_CLEARCOAT_NORMAL, in);
    let sample = textureSampleBias(clearcoat_normal_texture, clearcoat_normal_sampler, at, frame.upscale.y).xyz;
    s.clearcoat_normal = bent_normal(in, at, sample, material.clearcoat_normal_scale);
  }
  return s;
}
