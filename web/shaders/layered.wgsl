// The material kind "layered": pbr with the textures of its layers (KHR_materials_specular, _sheen, _clearcoat).
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  if ((material.bound & HAS_SPECULAR) != 0u) {
    s.specular *= textureSample(specular_texture, specular_sampler, uv_of(UV_SPECULAR, in)).a;
  }
  if ((material.bound & HAS_SPECULAR_COLOR) != 0u) {
    s.specular_color *= textureSample(specular_color_texture, specular_color_sampler, uv_of(UV_SPECULAR_COLOR, in)).rgb;
  }
  if ((material.bound & HAS_SHEEN_COLOR) != 0u) {
    s.sheen_color *= textureSample(sheen_color_texture, sheen_color_sampler, uv_of(UV_SHEEN_COLOR, in)).rgb;
  }
  if ((material.bound & HAS_SHEEN_ROUGHNESS) != 0u) {
    s.sheen_roughness *= textureSample(sheen_roughness_texture, sheen_roughness_sampler, uv_of(UV_SHEEN_ROUGHNESS, in)).a;
  }
  if ((material.bound & HAS_CLEARCOAT) != 0u) {
    s.clearcoat *= textureSample(clearcoat_texture, clearcoat_sampler, uv_of(UV_CLEARCOAT, in)).r;
  }
  if ((material.bound & HAS_CLEARCOAT_ROUGHNESS) != 0u) {
    let at = uv_of(UV_CLEARCOAT_ROUGHNESS, in);
    s.clearcoat_roughness *= textureSample(clearcoat_roughness_texture, clearcoat_roughness_sampler, at).g;
  }
  if ((material.bound & HAS_CLEARCOAT_NORMAL) != 0u) {
    let at = uv_of(UV_CLEARCOAT_NORMAL, in);
    let sample = textureSample(clearcoat_normal_texture, clearcoat_normal_sampler, at).xyz;
    s.clearcoat_normal = bent_normal(in, at, sample, material.clearcoat_normal_scale);
  }
  return s;
}
