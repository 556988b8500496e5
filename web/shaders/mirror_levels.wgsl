// Levels of what surfaces reflect that are ever rougher, side by side: octahedral, each the mean over the lobe of its
// roughness (GGX, seen head-on: Karis 2014). mirror_source(direction, wide) is what is prefiltered, of the program that
// has this; wide: the solid angle that a sample stands for, steradians.
const MIRROR_SAMPLES = 64;

// texel: from the corner of the levels; alpha 0 between them.
fn mirrored_texel(texel: vec2<f32>) -> vec4<f32> {
  let whole = f32(MIRROR_SIDE);
  let level = clamp(floor(-log2(max(1.0 - (texel.x + 0.5) / (2.0 * whole), 1e-6))), 0.0, f32(MIRRORS) - 1.0);
  let side = whole * exp2(-level);
  let place = (texel - vec2<f32>(2.0 * whole - 2.0 * side, 0.0)) / (side - 1.0);
  if (place.x > 1.0 || place.y > 1.0) {
    return vec4<f32>(0.0);
  }
  let n = octahedral_direction(place);
  let roughness = mirror_roughness(level);
  if (roughness <= 0.0) {
    return vec4<f32>(mirror_source(n, 4.0 * PI / (whole * whole)), 1.0);
  }
  let helper = select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(1.0, 0.0, 0.0), abs(n.y) > 0.9);
  let t = normalize(cross(helper, n));
  let b = cross(n, t);
  let a2 = roughness * roughness * roughness * roughness;
  var sum = vec3<f32>(0.0);
  var weight = 0.0;
  for (var k = 0; k < MIRROR_SAMPLES; k++) {
    let u = (f32(k) + 0.5) / f32(MIRROR_SAMPLES);
    let cosine = sqrt((1.0 - u) / (1.0 + (a2 - 1.0) * u));
    let sine = sqrt(1.0 - cosine * cosine);
    let phi = f32(k) * 2.39996323;
    let h = t * (sine * cos(phi)) + b * (sine * sin(phi)) + n * cosine;
    let l = 2.0 * dot(n, h) * h - n;
    let nl = dot(n, l);
    if (nl > 0.0) {
      let edge = cosine * cosine * (a2 - 1.0) + 1.0; // GGX seen head-on: a direction's density is a2 / (4 pi edge^2)
      sum += mirror_source(l, 4.0 * PI * edge * edge / (a2 * f32(MIRROR_SAMPLES))) * nl;
      weight += nl;
    }
  }
  return vec4<f32>(sum / max(weight, 1e-4), 1.0);
}
