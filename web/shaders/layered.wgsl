// The material kinds "layered" and "glass": pbr with the textures of its layers (glTF's KHR_materials_ of these names). A
// material has any of them, each at one of the places layer_0 to layer_6.
fn place_of(texture: u32) -> u32 {
  return (select(material.layers_low, material.layers_high, texture >= 8u) >> (4u * (texture & 7u))) & 15u;
}

fn layer_uv(place: u32, in: SurfaceIn) -> vec2<f32> {
  return uv_of(UV_LAYER_0 + 2u * (max(place, 1u) - 1u), in);
}

fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  if ((material.layers_low | material.layers_high) == 0u) {
    return s;
  }
  var t: array<vec4<f32>, 8>; // by place; 0: there is none, which changes nothing
  t[0] = vec4<f32>(1.0);
  if ((material.bound & HAS_LAYER_0) != 0u) {
    t[1] = textureSampleBias(layer_0_texture, layer_0_sampler, uv_of(UV_LAYER_0, in), frame.upscale.y);
  }
  if ((material.bound & HAS_LAYER_1) != 0u) {
    t[2] = textureSampleBias(layer_1_texture, layer_1_sampler, uv_of(UV_LAYER_1, in), frame.upscale.y);
  }
  if ((material.bound & HAS_LAYER_2) != 0u) {
    t[3] = textureSampleBias(layer_2_texture, layer_2_sampler, uv_of(UV_LAYER_2, in), frame.upscale.y);
  }
  if ((material.bound & HAS_LAYER_3) != 0u) {
    t[4] = textureSampleBias(layer_3_texture, layer_3_sampler, uv_of(UV_LAYER_3, in), frame.upscale.y);
  }
  if ((material.bound & HAS_LAYER_4) != 0u) {
    t[5] = textureSampleBias(layer_4_texture, layer_4_sampler, uv_of(UV_LAYER_4, in), frame.upscale.y);
  }
  if ((material.bound & HAS_LAYER_5) != 0u) {
    t[6] = textureSampleBias(layer_5_texture, layer_5_sampler, uv_of(UV_LAYER_5, in), frame.upscale.y);
  }
  if ((material.bound & HAS_LAYER_6) != 0u) {
    t[7] = textureSampleBias(layer_6_texture, layer_6_sampler, uv_of(UV_LAYER_6, in), frame.upscale.y);
  }
  s.specular *= t[place_of(LAYER_SPECULAR)].a;
  s.specular_color *= t[place_of(LAYER_SPECULAR_COLOR)].rgb;
  s.sheen_color *= t[place_of(LAYER_SHEEN_COLOR)].rgb;
  s.sheen_roughness *= t[place_of(LAYER_SHEEN_ROUGHNESS)].a;
  s.clearcoat *= t[place_of(LAYER_CLEARCOAT)].r;
  s.clearcoat_roughness *= t[place_of(LAYER_CLEARCOAT_ROUGHNESS)].g;
  s.transmission *= t[place_of(LAYER_TRANSMISSION)].r;
  s.thickness *= t[place_of(LAYER_THICKNESS)].g;
  s.diffuse_transmission *= t[place_of(LAYER_DIFFUSE_TRANSMISSION)].a;
  s.diffuse_transmission_color *= t[place_of(LAYER_DIFFUSE_TRANSMISSION_COLOR)].rgb;
  s.iridescence *= t[place_of(LAYER_IRIDESCENCE)].r;
  s.iridescence_nm = mix(material.iridescence_nm_min, material.iridescence_nm, t[place_of(LAYER_IRIDESCENCE_THICKNESS)].g);
  let coat_normal = place_of(LAYER_CLEARCOAT_NORMAL);
  if (coat_normal != 0u) {
    s.clearcoat_normal = bent_normal(in, layer_uv(coat_normal, in), t[coat_normal].xyz, material.clearcoat_normal_scale);
  }
  let brushed = place_of(LAYER_ANISOTROPY);
  if (brushed != 0u) {
    let turn = vec2<f32>(cos(material.anisotropy_rotation), sin(material.anisotropy_rotation));
    let given = t[brushed].xyz * vec3<f32>(2.0, 2.0, 1.0) - vec3<f32>(1.0, 1.0, 0.0);
    let way = vec2<f32>(given.x * turn.x - given.y * turn.y, given.x * turn.y + given.y * turn.x);
    s.anisotropy *= given.z;
    s.anisotropy_direction = tangent_frame(in, layer_uv(brushed, in)) * vec3<f32>(way, 0.0);
  }
  return s;
}
