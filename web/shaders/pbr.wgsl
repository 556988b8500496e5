// Fragment stage of the material kind "pbr": glTF's metallic-roughness model.

// Where a texture (its number in MATERIAL_TEXTURES) is looked up: its set of uvs, transformed (KHR_texture_transform).
fn uv_of(slot: u32, in: Varyings) -> vec2<f32> {
  let at = vec3<f32>(select(in.uv, in.uv1, material.uv[2u * slot].w > 0.5), 1.0);
  return vec2<f32>(dot(material.uv[2u * slot].xyz, at), dot(material.uv[2u * slot + 1u].xyz, at));
}

// The normal map's normal in world axes. Without vertex tangents they come from screen derivatives (Schueler 2007).
fn mapped_normal(n: vec3<f32>, in: Varyings, facing: f32) -> vec3<f32> {
  let uv = uv_of(2u, in);
  let sample = textureSample(normal_texture, normal_sampler, uv).xyz * 2.0 - 1.0;
  let dp1 = dpdx(in.position);
  let dp2 = dpdy(in.position);
  let duv1 = dpdx(uv);
  let duv2 = dpdy(uv);
  let a = cross(dp2, n);
  let b = cross(n, dp1);
  var t = a * duv1.x + b * duv2.x;
  // v grows downwards in the image, and glTF's green points up in it.
  var u = -(a * duv1.y + b * duv2.y);
  // The sign of dot(dp1, a) makes this independent of which way rows count.
  let longest = sign(dot(dp1, a)) * inverseSqrt(max(max(dot(t, t), dot(u, u)), 1e-30));
  t *= longest;
  u *= longest;
  if (dot(in.tangent.xyz, in.tangent.xyz) > 1e-8) {
    t = normalize(in.tangent.xyz - n * dot(n, in.tangent.xyz));
    u = cross(n, t) * sign(in.tangent.w) * facing;
  }
  let scaled = vec3<f32>(sample.xy * material.surface.z, sample.z);
  return normalize(t * scaled.x + u * scaled.y + n * scaled.z);
}

@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
  let bound = u32(material.extra.z);
  let facing = select(-1.0, 1.0, front);
  let geometric = normalize(in.normal) * facing;
  var base = in.color;
  var roughness = material.surface.y;
  var metallic = material.surface.x;
  var occlusion = 1.0;
  var emissive = material.emissive.rgb;
  var normal = geometric;
  if ((bound & HAS_BASE_COLOR) != 0u) {
    base *= textureSample(base_color_texture, base_color_sampler, in.uv);
  }
  if ((bound & HAS_METALLIC_ROUGHNESS) != 0u) {
    let mr = textureSample(metallic_roughness_texture, metallic_roughness_sampler, uv_of(1u, in));
    roughness *= mr.g;
    metallic *= mr.b;
  }
  if ((bound & HAS_OCCLUSION) != 0u) {
    let sample = textureSample(occlusion_texture, occlusion_sampler, uv_of(3u, in)).r;
    occlusion = 1.0 + material.surface.w * (sample - 1.0);
  }
  if ((bound & HAS_EMISSIVE) != 0u) {
    emissive *= textureSample(emissive_texture, emissive_sampler, uv_of(4u, in)).rgb;
  }
  if ((bound & HAS_NORMAL) != 0u) {
    normal = mapped_normal(geometric, in, facing);
  }
  if (MASK) {
    if (base.a < material.emissive.w - CUTOFF_ROUNDING) {
      discard;
    }
  }
  let surface = Surface(base.rgb, normal, saturate(metallic), clamp(roughness, 0.045, 1.0), occlusion);
  let radiance = shade(surface, in.position, geometric) + emissive;
  return radiance_color(apply_fog(radiance, in.position), select(1.0, base.a, BLEND));
}
