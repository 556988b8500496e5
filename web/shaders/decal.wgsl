// The material kind "decal": what lies on surfaces inside of a box, whatever they are made of. Drawn over the resolved
// picture; the resolved depth says where the surface is, and which way it faces. The box's +Z faces the picture's viewer.
struct DecalIn {
  @location(0) position: vec3<f32>,
  @location(15) row: u32, // ROW_LOCATION
}

struct DecalVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) @interpolate(flat) origin: vec3<f32>, // of the box, from the camera
  @location(1) @interpolate(flat) rotation: vec4<f32>,
  @location(2) @interpolate(flat) scale: vec3<f32>,
  @location(3) @interpolate(flat) shear: vec3<f32>,
  @location(4) @interpolate(flat) color: vec4<f32>,
  @location(5) @interpolate(flat) row: u32,
  @location(6) @interpolate(flat) adapted_ev: f32,
}

// Cosines of the angle between a surface and the way that the decal is thrown: it fades between them.
const DECAL_GONE = 0.15;
const DECAL_WHOLE = 0.4;

@vertex
fn vertex_main(in: DecalIn) -> DecalVaryings {
  let tint = color_of(in.row);
  var out: DecalVaryings;
  out.rotation = rotation_of(in.row);
  out.scale = scale_of(in.row);
  out.shear = shear_used(in.row);
  out.origin = from_camera(vec3<f32>(0.0), position_of(in.row));
  out.color = vec4<f32>(srgb_to_linear(tint.rgb), tint.a) * material.base_color;
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  let p = rotate(out.rotation, stretched(out.scale, out.shear, in.position)) + out.origin;
  out.clip = frame.view_projection * vec4<f32>(p, 1.0);
  return out;
}

// A direction in the box's own axes, in units of its sides.
fn into_box(in: DecalVaryings, v: vec3<f32>) -> vec3<f32> {
  let q = rotate(vec4<f32>(-in.rotation.xyz, in.rotation.w), v);
  let z = q.z / in.scale.z;
  let y = (q.y - in.shear.z * z) / in.scale.y;
  return vec3<f32>((q.x - in.shear.x * y - in.shear.y * z) / in.scale.x, y, z);
}

fn decal_uv(row: u32, uv: vec2<f32>, one: f32) -> vec2<f32> {
  let at = vec3<f32>(uv, one);
  return vec2<f32>(dot(material.uv[row].xyz, at), dot(material.uv[row + 1u].xyz, at));
}

@fragment
fn fragment_main(in: DecalVaryings) -> Seen {
  adapted_ev = in.adapted_ev;
  let texel = vec2<i32>(in.clip.xy);
  let place = surface_at(texel);
  let p = place.xyz;
  let local = into_box(in, p - in.origin);
  let outside = max(max(abs(local.x), abs(local.y)), abs(local.z));
  // Also where a number is NaN: a box without extent covers nothing.
  if (place.w == 0.0 || !(outside <= 0.5)) {
    discard;
  }
  let right = slope_at(texel, vec2<i32>(1, 0), p);
  let down = slope_at(texel, vec2<i32>(0, 1), p);
  let geometric = facing_of(right, down, p);
  let thrown = rotate(in.rotation, vec3<f32>(0.0, 0.0, 1.0));
  // At both ends of the box it thins out, so that no edge is cut across a slope.
  let share = smoothstep(DECAL_GONE, DECAL_WHOLE, dot(geometric, thrown)) * saturate((0.5 - abs(local.z)) * 8.0);
  let uv = local.xy * vec2<f32>(1.0, -1.0) + 0.5;
  let dx = into_box(in, right).xy * vec2<f32>(1.0, -1.0);
  let dy = into_box(in, down).xy * vec2<f32>(1.0, -1.0);
  var base = in.color;
  if ((material.bound & HAS_BASE_COLOR) != 0u) {
    let at = decal_uv(UV_BASE_COLOR, uv, 1.0);
    base *= textureSampleGrad(base_color_texture, base_color_sampler, at, decal_uv(UV_BASE_COLOR, dx, 0.0), decal_uv(UV_BASE_COLOR, dy, 0.0));
  }
  let alpha = base.a * share;
  if (!(alpha > 0.0)) {
    discard;
  }
  var roughness = material.roughness;
  var metallic = material.metallic;
  if ((material.bound & HAS_METALLIC_ROUGHNESS) != 0u) {
    let at = decal_uv(UV_METALLIC_ROUGHNESS, uv, 1.0);
    let mr = textureSampleGrad(metallic_roughness_texture, metallic_roughness_sampler, at, decal_uv(UV_METALLIC_ROUGHNESS, dx, 0.0), decal_uv(UV_METALLIC_ROUGHNESS, dy, 0.0));
    roughness *= mr.g;
    metallic *= mr.b;
  }
  var occlusion = 1.0;
  if ((material.bound & HAS_OCCLUSION) != 0u) {
    let at = decal_uv(UV_OCCLUSION, uv, 1.0);
    let dark = textureSampleGrad(occlusion_texture, occlusion_sampler, at, decal_uv(UV_OCCLUSION, dx, 0.0), decal_uv(UV_OCCLUSION, dy, 0.0)).r;
    occlusion = 1.0 + material.occlusion_strength * (dark - 1.0);
  }
  var emitted = material.emissive * material.emissive_strength;
  if ((material.bound & HAS_EMISSIVE) != 0u) {
    let at = decal_uv(UV_EMISSIVE, uv, 1.0);
    emitted *= textureSampleGrad(emissive_texture, emissive_sampler, at, decal_uv(UV_EMISSIVE, dx, 0.0), decal_uv(UV_EMISSIVE, dy, 0.0)).rgb;
  }
  var normal = geometric;
  if ((material.bound & HAS_NORMAL) != 0u) {
    let at = decal_uv(UV_NORMAL, uv, 1.0);
    let texel_normal = textureSampleGrad(normal_texture, normal_sampler, at, decal_uv(UV_NORMAL, dx, 0.0), decal_uv(UV_NORMAL, dy, 0.0)).xyz;
    let bent = map_direction(texel_normal) * vec3<f32>(material.normal_scale, material.normal_scale, 1.0);
    let along = rotate(in.rotation, vec3<f32>(1.0, 0.0, 0.0));
    let t = normalize(along - geometric * dot(geometric, along));
    normal = normalize(t * bent.x + cross(geometric, t) * bent.y + geometric * bent.z);
  }
  var radiance = base.rgb;
  if (material.lit > 0.0) {
    let surface = plain_surface(base.rgb, normal, saturate(metallic), clamp(roughness, ROUGHNESS_MIN, 1.0), occlusion);
    radiance = shade(surface, p, geometric);
  }
  return seen_light(apply_fog(radiance + emitted, p), alpha, p, in.row);
}
