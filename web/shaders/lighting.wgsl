// One surface under the sun (GGX: Walter et al. 2007, height-correlated Smith: Heitz 2014) and the sky.

struct LitSurface {
  base_color: vec3<f32>,
  normal: vec3<f32>,
  metallic: f32,
  roughness: f32,
  occlusion: f32,
}

// SH irradiance over pi, L2 (Ramamoorthi and Hanrahan 2001); the coefficients are convolved with the cosine already.
fn sky_irradiance(n: vec3<f32>) -> vec3<f32> {
  var e = frame.irradiance[0].rgb * 0.282095;
  e += frame.irradiance[1].rgb * (0.488603 * n.y);
  e += frame.irradiance[2].rgb * (0.488603 * n.z);
  e += frame.irradiance[3].rgb * (0.488603 * n.x);
  e += frame.irradiance[4].rgb * (1.092548 * n.x * n.y);
  e += frame.irradiance[5].rgb * (1.092548 * n.y * n.z);
  e += frame.irradiance[6].rgb * (0.315392 * (3.0 * n.z * n.z - 1.0));
  e += frame.irradiance[7].rgb * (1.092548 * n.x * n.z);
  e += frame.irradiance[8].rgb * (0.546274 * (n.x * n.x - n.y * n.y));
  return max(e, vec3<f32>(0.0));
}

fn ggx_specular(n: vec3<f32>, v: vec3<f32>, l: vec3<f32>, f0: vec3<f32>, roughness: f32) -> vec3<f32> {
  let h = normalize(v + l);
  let nv = max(dot(n, v), 1e-3);
  let nl = max(dot(n, l), 0.0);
  let nh = saturate(dot(n, h));
  let a = roughness * roughness;
  let a2 = a * a;
  let d = nh * nh * (a2 - 1.0) + 1.0;
  let distribution = a2 / (PI * d * d);
  let visibility = 0.5 / (nl * sqrt(nv * nv * (1.0 - a2) + a2) + nv * sqrt(nl * nl * (1.0 - a2) + a2) + 1e-5);
  let fresnel = f0 + (1.0 - f0) * pow(1.0 - saturate(dot(v, h)), 5.0);
  return min(distribution * visibility, 64.0) * fresnel;
}

// Analytic fit of the split-sum environment term (Karis 2014, after Lazarov 2013): what f0 is multiplied by, what is added.
fn environment_brdf(roughness: f32, nv: f32) -> vec2<f32> {
  let r = vec4<f32>(-1.0, -0.0275, -0.572, 0.022) * roughness + vec4<f32>(1.0, 0.0425, 1.04, -0.04);
  let a = min(r.x * r.x, exp2(-9.28 * nv)) * r.x + r.y;
  return vec2<f32>(-1.04, 1.04) * a + r.zw;
}

// The sky's light by a surface that loses none: what leaves the facets after several bounces is added, and what is
// reflected is not scattered as well (Fdez-Aguera, "A multiple-scattering microfacet model for real-time IBL", 2019).
fn ambient_light(s: LitSurface, f0: vec3<f32>, nv: f32, reflected: vec3<f32>, irradiance: vec3<f32>) -> vec3<f32> {
  let fit = environment_brdf(s.roughness, nv);
  let single = f0 * fit.x + fit.y;
  let lost = max(1.0 - fit.x - fit.y, 0.0);
  let average = f0 + (1.0 - f0) / 21.0;
  let multiple = single * average / (1.0 - lost * average) * lost;
  let diffuse = s.base_color * (1.0 - s.metallic) * max(1.0 - single - multiple, vec3<f32>(0.0));
  return single * reflected + (multiple + diffuse) * irradiance;
}

// Radiance towards v of light from l: `irradiance` is what a surface that faces it gets. No surface shines through from
// behind its geometric normal, whatever the normal map says.
fn reflected_light(s: LitSurface, v: vec3<f32>, l: vec3<f32>, irradiance: vec3<f32>, geometric: vec3<f32>) -> vec3<f32> {
  let nl = saturate(dot(s.normal, l)) * smoothstep(-0.1, 0.0, dot(geometric, l));
  if (nl <= 0.0) {
    return vec3<f32>(0.0);
  }
  let f0 = mix(vec3<f32>(0.04), s.base_color, s.metallic);
  let diffuse = s.base_color * ((1.0 - s.metallic) / PI);
  return irradiance * nl * (diffuse + ggx_specular(s.normal, v, l, f0, s.roughness));
}

// The share of sunlight that reaches p (camera-relative): 3x3 taps, each filtered by the comparison sampler.
fn sun_visibility(p: vec3<f32>, n: vec3<f32>) -> f32 {
  let strength = frame.shadow_params.z;
  if (strength <= 0.0) {
    return 1.0;
  }
  let m = frame.shadow_matrix;
  let texel = frame.shadow_params.x;
  let texel_m = texel / max(length(vec3<f32>(m[0].x, m[1].x, m[2].x)), 1e-6);
  let q = m * vec4<f32>(p + n * (1.5 * texel_m), 1.0);
  var lit = 0.0;
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      let uv = q.xy + vec2<f32>(f32(x), f32(y)) * texel;
      lit += textureSampleCompareLevel(shadow_map, shadow_sampler, uv, q.z + frame.shadow_params.y);
    }
  }
  let edge = max(abs(q.x - 0.5), abs(q.y - 0.5)) * 2.0;
  let far = max(smoothstep(0.85, 1.0, length(p) / max(frame.shadow_params.w, 1e-3)), smoothstep(0.9, 0.99, edge));
  return mix(1.0, mix(lit / 9.0, 1.0, far), strength);
}

// Radiance towards the camera, without emission and fog. p: camera-relative; geometric: the unperturbed normal.
fn shade(s: LitSurface, p: vec3<f32>, geometric: vec3<f32>) -> vec3<f32> {
  let v = -normalize(p);
  let nv = max(dot(s.normal, v), 1e-3);
  let f0 = mix(vec3<f32>(0.04), s.base_color, s.metallic);
  let diffuse = s.base_color * (1.0 - s.metallic);
  let l = frame.sun_direction.xyz;
  let nl = saturate(dot(s.normal, l)) * smoothstep(-0.1, 0.15, dot(geometric, l));
  let sun = frame.sun_color.rgb * (nl * sun_visibility(p, geometric));
  let direct = sun * (diffuse / PI + ggx_specular(s.normal, v, l, f0, s.roughness));
  let r = reflect(-v, s.normal);
  // A mirror direction that points into the surface sees the surface, not the sky.
  let horizon = saturate(1.0 + dot(r, geometric));
  let specular_occlusion = saturate(pow(nv + s.occlusion, 2.0 * s.roughness * s.roughness) - 1.0 + s.occlusion);
  let reflected = sky_reflection(r, s.roughness) * (horizon * horizon * specular_occlusion);
  let ambient = ambient_light(s, f0, nv, reflected, sky_irradiance(s.normal) * s.occlusion);
  return direct + ambient + lamp_light(s, v, p, geometric);
}
