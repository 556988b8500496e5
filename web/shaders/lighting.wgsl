// One surface under the sun (GGX: Walter et al. 2007, height-correlated Smith: Heitz 2014) and the sky.
const DIELECTRIC_F0 = 0.04; // of an index of refraction of 1.5

struct LitSurface {
  base_color: vec3<f32>,
  normal: vec3<f32>,
  metallic: f32,
  roughness: f32,
  occlusion: f32,
  f0: vec3<f32>, // the share that is reflected head-on
  f90: f32, // and at a flat angle
  entering: f32, // the share of light from one side that is left to scatter, by what pbr has
  sheen: vec3<f32>,
  sheen_roughness: f32,
  under_sheen: f32, // the share of light that sheen leaves to what is below
  coat: f32,
  coat_normal: vec3<f32>,
  coat_roughness: f32,
  under_coat: f32, // as under_sheen
  anisotropy: f32,
  along: vec3<f32>, // unit, in the surface: where facets lie as if they were rough
  through: vec3<f32>, // the share of light from behind that scatters to this side
}

// One without layers.
fn plain_surface(base_color: vec3<f32>, normal: vec3<f32>, metallic: f32, roughness: f32, occlusion: f32) -> LitSurface {
  let f0 = mix(vec3<f32>(DIELECTRIC_F0), base_color, metallic);
  return LitSurface(
    base_color, normal, metallic, roughness, occlusion, f0, 1.0, 1.0, vec3<f32>(0.0), 1.0, 1.0, 0.0, normal, 1.0, 1.0,
    0.0, vec3<f32>(0.0), vec3<f32>(0.0));
}

fn ggx_specular(n: vec3<f32>, v: vec3<f32>, l: vec3<f32>, f0: vec3<f32>, f90: f32, roughness: f32) -> vec3<f32> {
  let h = normalize(v + l);
  let nv = max(dot(n, v), 1e-3);
  let nl = max(dot(n, l), 0.0);
  let nh = saturate(dot(n, h));
  let a = roughness * roughness;
  let a2 = a * a;
  let d = nh * nh * (a2 - 1.0) + 1.0;
  let distribution = a2 / (PI * d * d);
  let visibility = 0.5 / (nl * sqrt(nv * nv * (1.0 - a2) + a2) + nv * sqrt(nl * nl * (1.0 - a2) + a2) + 1e-5);
  let fresnel = f0 + (f90 - f0) * pow(1.0 - saturate(dot(v, h)), 5.0);
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
fn ambient_light(s: LitSurface, nv: f32, reflected: vec3<f32>, irradiance: vec3<f32>) -> vec3<f32> {
  let fit = environment_brdf(s.roughness, nv);
  let single = s.f0 * fit.x + s.f90 * fit.y;
  let lost = max(1.0 - fit.x - fit.y, 0.0);
  let average = s.f0 + (s.f90 - s.f0) / 21.0;
  let multiple = single * average / (1.0 - lost * average) * lost;
  let diffuse = s.base_color * (1.0 - s.metallic) * max(1.0 - single - multiple, vec3<f32>(0.0));
  return single * reflected + (multiple + diffuse) * irradiance;
}

// What the base reflects where there may be brushing (KHR_materials_anisotropy; Burley 2012, Heitz 2014).
fn base_specular(s: LitSurface, v: vec3<f32>, l: vec3<f32>) -> vec3<f32> {
  if (s.anisotropy <= 0.0) {
    return ggx_specular(s.normal, v, l, s.f0, s.f90, s.roughness);
  }
  let across = cross(s.normal, s.along);
  let h = normalize(v + l);
  let nv = max(dot(s.normal, v), 1e-3);
  let nl = max(dot(s.normal, l), 0.0);
  let small = s.roughness * s.roughness;
  let large = mix(small, 1.0, s.anisotropy * s.anisotropy);
  let facet = vec3<f32>(small * dot(s.along, h), large * dot(across, h), small * large * saturate(dot(s.normal, h)));
  let w = small * large / max(dot(facet, facet), 1e-12);
  let distribution = small * large * w * w / PI;
  let shadowed = nl * length(vec3<f32>(large * dot(s.along, v), small * dot(across, v), nv));
  let masked = nv * length(vec3<f32>(large * dot(s.along, l), small * dot(across, l), nl));
  let visibility = 0.5 / (shadowed + masked + 1e-5);
  let fresnel = s.f0 + (s.f90 - s.f0) * pow(1.0 - saturate(dot(v, h)), 5.0);
  return min(distribution * visibility, 64.0) * fresnel;
}

// The normal by which a brushed surface mirrors what is around: turned towards the eye across the brushing (McAuley 2015).
fn mirroring_normal(s: LitSurface, v: vec3<f32>) -> vec3<f32> {
  if (!LAYERED || s.anisotropy <= 0.0) {
    return s.normal;
  }
  let across = cross(s.normal, s.along);
  let turned = normalize(cross(cross(across, v), across));
  let sharp = 1.0 - s.anisotropy * (1.0 - s.roughness);
  let kept = sharp * sharp;
  return normalize(mix(turned, s.normal, kept * kept));
}

// Radiance towards v of light from l, by the irradiance of a surface that faces it. A coat takes from all that is below it,
// on the light's way out.
fn reflected_share(s: LitSurface, v: vec3<f32>, l: vec3<f32>) -> vec3<f32> {
  let nl = saturate(dot(s.normal, l));
  let diffuse = s.base_color * ((1.0 - s.metallic) / PI * s.entering);
  if (!LAYERED) {
    return nl * (diffuse + ggx_specular(s.normal, v, l, s.f0, s.f90, s.roughness));
  }
  var sum = nl * (diffuse + base_specular(s, v, l));
  if (LAYERED) {
    if (s.under_sheen < 1.0) {
      sum = sum * s.under_sheen + s.sheen * (nl * sheen_lobe(s.normal, v, l, s.sheen_roughness));
    }
    if (s.coat > 0.0) {
      let lobe = ggx_specular(s.coat_normal, v, l, vec3<f32>(DIELECTRIC_F0), 1.0, s.coat_roughness);
      sum = sum * s.under_coat + s.coat * saturate(dot(s.coat_normal, l)) * lobe;
    }
  }
  return sum;
}

// As reflected_share, of light that comes from behind: a Lambertian lobe (KHR_materials_diffuse_transmission).
fn passed_share(s: LitSurface, l: vec3<f32>) -> vec3<f32> {
  return s.through * (saturate(-dot(s.normal, l)) / PI * s.entering * s.under_sheen * s.under_coat);
}

// Radiance towards v of light from l: `irradiance` is what a surface that faces it gets. No surface shines through from
// behind its geometric normal, whatever the normal map says.
fn reflected_light(s: LitSurface, v: vec3<f32>, l: vec3<f32>, irradiance: vec3<f32>, geometric: vec3<f32>) -> vec3<f32> {
  let towards = dot(geometric, l);
  let facing = smoothstep(-0.1, 0.0, towards);
  if (LAYERED && towards < 0.0) {
    return irradiance * (facing * reflected_share(s, v, l) + smoothstep(0.0, 0.1, -towards) * passed_share(s, l));
  }
  if (facing <= 0.0) {
    return vec3<f32>(0.0);
  }
  return irradiance * facing * reflected_share(s, v, l);
}

// The surroundings in a mirror at n. A direction that points into the surface sees the surface, not the sky.
fn mirrored_sky(
  v: vec3<f32>, n: vec3<f32>, roughness: f32, occlusion: f32, geometric: vec3<f32>, p: vec3<f32>,
) -> vec3<f32> {
  let nv = max(dot(n, v), 1e-3);
  let r = reflect(-v, n);
  let horizon = saturate(1.0 + dot(r, geometric));
  let specular_occlusion = saturate(pow(nv + occlusion, 2.0 * roughness * roughness) - 1.0 + occlusion);
  return mirrored_around(p, r, roughness, geometric) * (horizon * horizon * specular_occlusion);
}

// Radiance towards the camera, without emission and fog. p: camera-relative; geometric: the unperturbed normal.
fn shade(s: LitSurface, p: vec3<f32>, geometric: vec3<f32>) -> vec3<f32> {
  let v = -normalize(p);
  let nv = max(dot(s.normal, v), 1e-3);
  let l = frame.sun_direction.xyz;
  let around = screen_light(p, s.normal, geometric);
  let visible = sun_visibility(p, geometric) * cloud_light(p) * around.sun;
  let sun = frame.sun_color.rgb * (smoothstep(-0.1, 0.15, dot(geometric, l)) * visible);
  let irradiance = ambient_irradiance(p, geometric, around.bent) * (s.occlusion * bounced(around.open, s.base_color));
  let occlusion = s.occlusion * around.open;
  let mirrored = mirrored_sky(v, mirroring_normal(s, v), s.roughness, occlusion, geometric, p);
  var ambient = ambient_light(s, nv, mirrored, irradiance);
  if (LAYERED) {
    ambient = ambient * s.under_sheen + s.sheen * irradiance * sheen_albedo(s.sheen_roughness, nv);
    if (s.coat > 0.0) {
      let reflected = mirrored_sky(v, s.coat_normal, s.coat_roughness, occlusion, geometric, p);
      ambient = ambient * s.under_coat + reflected * (1.0 - s.under_coat);
    }
  }
  var passed = vec3<f32>(0.0);
  if (LAYERED && largest(s.through) > 0.0) {
    let behind = smoothstep(0.0, 0.1, -dot(geometric, l));
    if (behind > 0.0) {
      passed = frame.sun_color.rgb * (behind * sun_visibility(p, -geometric) * cloud_light(p)) * passed_share(s, l);
    }
    let fit = environment_brdf(s.roughness, nv);
    let entering = max(vec3<f32>(1.0) - (s.f0 * fit.x + s.f90 * fit.y), vec3<f32>(0.0));
    let other = ambient_irradiance(p, -geometric, -s.normal) * (s.occlusion * s.under_sheen * s.under_coat);
    passed += s.through * entering * other;
  }
  return sun * reflected_share(s, v, l) + ambient + passed + lamp_light(s, v, p, geometric);
}
