// What a surface is made of: glTF's metallic-roughness model, and what a program's shader gets and gives
// (docs/shaders-of-programs.md tells the fields).
const ROUGHNESS_MIN = 0.045; // smoother, highlights of lights without size would be smaller than a pixel

struct SurfaceIn {
  world_position: vec3<f32>, // metres; float32, so coarse far from the origin
  normal: vec3<f32>, // unit, towards the viewer's side
  tangent: vec4<f32>, // w = the bitangent's sign; zero where the mesh has none
  uv: vec2<f32>,
  uv1: vec2<f32>,
  color: vec4<f32>, // linear: the material's colour, the entity's and the vertex's, multiplied
  view: vec3<f32>, // unit, from the surface to the camera
  time: f32, // seconds
  instance: u32,
  relative_position: vec3<f32>, // to the camera
  facing: f32, // 1 in front, -1 behind
}

struct Surface {
  base_color: vec4<f32>, // linear
  metallic: f32,
  roughness: f32,
  normal: vec3<f32>,
  occlusion: f32,
  emissive: vec3<f32>,
  alpha: f32, // multiplies base_color.a
  unlit: bool,
  // The rest is glTF's extensions of these names.
  specular: f32, // how much what is no metal reflects
  specular_color: vec3<f32>, // of that, head-on
  ior: f32,
  sheen_color: vec3<f32>,
  sheen_roughness: f32,
  clearcoat: f32,
  clearcoat_roughness: f32,
  clearcoat_normal: vec3<f32>,
  transmission: f32,
  thickness: f32, // metres, scaled as the entity
  diffuse_transmission: f32, // the share of scattered light that leaves on the other side
  diffuse_transmission_color: vec3<f32>,
  anisotropy: f32,
  anisotropy_direction: vec3<f32>, // unit, in the world: along the brushing
  iridescence: f32,
  iridescence_nm: f32,
}

fn surface_in(in: Varyings, front: bool) -> SurfaceIn {
  let facing = select(-1.0, 1.0, front);
  let world = in.position + frame.camera_hi.xyz + frame.camera_lo.xyz;
  return SurfaceIn(
    world, normalize(in.normal) * facing, in.tangent, in.uv, in.uv1, in.color, -normalize(in.position),
    frame.camera_hi.w, in.row, in.position, facing);
}

// Where a texture is looked up: its set of uvs, transformed (KHR_texture_transform). row: UV_ and its name.
fn uv_of(row: u32, in: SurfaceIn) -> vec2<f32> {
  let at = vec3<f32>(select(in.uv, in.uv1, material.uv[row].w > 0.5), 1.0);
  return vec2<f32>(dot(material.uv[row].xyz, at), dot(material.uv[row + 1u].xyz, at));
}

// Where the axes of a texture at uv lie in the world, and the normal. Without vertex tangents they come from screen
// derivatives (Schueler 2007).
fn tangent_frame(in: SurfaceIn, uv: vec2<f32>) -> mat3x3<f32> {
  let n = in.normal;
  let dp1 = dpdx(in.relative_position);
  let dp2 = dpdy(in.relative_position);
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
    u = cross(n, t) * sign(in.tangent.w) * in.facing;
  }
  return mat3x3<f32>(t, u, n);
}

// The direction that a normal map's texel says. Two channels (BC5, EAC RG11) have no z: 0 is read, which no other normal map
// says, far below the surface.
fn map_direction(texel: vec3<f32>) -> vec3<f32> {
  let e = texel * 2.0 - 1.0;
  return vec3<f32>(e.xy, select(e.z, sqrt(saturate(1.0 - dot(e.xy, e.xy))), texel.z == 0.0));
}

// The normal in world axes that a normal map's texel at uv gives.
fn bent_normal(in: SurfaceIn, uv: vec2<f32>, texel: vec3<f32>, scale: f32) -> vec3<f32> {
  return normalize(tangent_frame(in, uv) * (map_direction(texel) * vec3<f32>(scale, scale, 1.0)));
}

// The material's values and textures.
fn default_surface(in: SurfaceIn) -> Surface {
  let glow = material.emissive * material.emissive_strength;
  var s = Surface(
    in.color, material.metallic, material.roughness, in.normal, 1.0, glow, 1.0, false, material.specular,
    material.specular_color, material.ior, material.sheen_color, material.sheen_roughness, material.clearcoat,
    material.clearcoat_roughness, in.normal, material.transmission, material.thickness,
    material.diffuse_transmission, material.diffuse_transmission_color, material.anisotropy,
    vec3<f32>(0.0), material.iridescence, material.iridescence_nm);
  if (LAYERED && material.anisotropy > 0.0) {
    let turn = vec2<f32>(cos(material.anisotropy_rotation), sin(material.anisotropy_rotation));
    s.anisotropy_direction = normalize(tangent_frame(in, in.uv) * vec3<f32>(turn, 0.0));
  }
  if ((material.bound & HAS_BASE_COLOR) != 0u) {
    s.base_color *= textureSampleBias(base_color_texture, base_color_sampler, uv_of(UV_BASE_COLOR, in), frame.upscale.y);
  }
  if ((material.bound & HAS_METALLIC_ROUGHNESS) != 0u) {
    let mr = textureSampleBias(metallic_roughness_texture, metallic_roughness_sampler, uv_of(UV_METALLIC_ROUGHNESS, in), frame.upscale.y);
    s.roughness *= mr.g;
    s.metallic *= mr.b;
  }
  if ((material.bound & HAS_OCCLUSION) != 0u) {
    let sample = textureSampleBias(occlusion_texture, occlusion_sampler, uv_of(UV_OCCLUSION, in), frame.upscale.y).r;
    s.occlusion = 1.0 + material.occlusion_strength * (sample - 1.0);
  }
  if ((material.bound & HAS_EMISSIVE) != 0u) {
    s.emissive *= textureSampleBias(emissive_texture, emissive_sampler, uv_of(UV_EMISSIVE, in), frame.upscale.y).rgb;
  }
  if ((material.bound & HAS_NORMAL) != 0u) {
    let at = uv_of(UV_NORMAL, in);
    s.normal = bent_normal(in, at, textureSampleBias(normal_texture, normal_sampler, at, frame.upscale.y).xyz, material.normal_scale);
  }
  return s;
}

// What light meets (KHR_materials_ior, _specular, _sheen, _clearcoat, _iridescence, _transmission, _diffuse_transmission). view: unit, to the camera.
fn lit_surface(s: Surface, view: vec3<f32>) -> LitSurface {
  let roughness = clamp(s.roughness, ROUGHNESS_MIN, 1.0);
  var lit = plain_surface(s.base_color.rgb, s.normal, saturate(s.metallic), roughness, s.occlusion);
  if (LAYERED) {
    let step = (s.ior - 1.0) / (s.ior + 1.0);
    let f0 = min(step * step * s.specular_color, vec3<f32>(1.0)) * saturate(s.specular);
    lit.f0 = mix(f0, lit.base_color, lit.metallic);
    let film = saturate(s.iridescence);
    if (film > 0.0) {
      let nv = saturate(dot(s.normal, view));
      lit.f0 = mix(lit.f0, film_f0(material.iridescence_ior, s.iridescence_nm, lit.f0, nv), film);
    }
    let passing = saturate(s.diffuse_transmission) * (1.0 - lit.metallic);
    if (passing > 0.0) {
      lit.through = s.diffuse_transmission_color * (passing * (1.0 - saturate(s.transmission)));
      if (material.attenuation_distance > 0.0) {
        let left = max(material.attenuation_color, vec3<f32>(1e-4));
        lit.through *= pow(left, vec3<f32>(max(s.thickness, 0.0) / material.attenuation_distance));
      }
      lit.base_color *= 1.0 - passing;
    }
    lit.base_color *= mix(1.0 - saturate(s.transmission), 1.0, lit.metallic);
    lit.anisotropy = saturate(s.anisotropy);
    let along = s.anisotropy_direction - s.normal * dot(s.anisotropy_direction, s.normal);
    if (dot(along, along) < 1e-8) {
      lit.anisotropy = 0.0;
    } else {
      lit.along = normalize(along);
    }
    lit.entering = min((1.0 - largest(f0)) / (1.0 - DIELECTRIC_F0), 1.0);
    lit.f90 = mix(saturate(s.specular), 1.0, lit.metallic);
    lit.sheen = saturate(s.sheen_color);
    lit.sheen_roughness = clamp(s.sheen_roughness, SHEEN_ROUGHNESS_MIN, 1.0);
    lit.under_sheen = 1.0 - largest(lit.sheen) * sheen_albedo(lit.sheen_roughness, saturate(dot(s.normal, view)));
    lit.coat = saturate(s.clearcoat);
    lit.coat_normal = s.clearcoat_normal;
    lit.coat_roughness = clamp(s.clearcoat_roughness, ROUGHNESS_MIN, 1.0);
    let fit = environment_brdf(lit.coat_roughness, saturate(dot(s.clearcoat_normal, view)));
    lit.under_coat = 1.0 - lit.coat * saturate(DIELECTRIC_F0 * fit.x + fit.y);
  }
  return lit;
}
