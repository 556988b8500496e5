// What may lie on a surface where LAYERED: sheen of cloth, a clear coat over everything, a film whose colours come and go
// with the angle (KHR_materials_sheen, _clearcoat, _iridescence). lighting.wgsl puts them together.

// The largest of three.
fn largest(c: vec3<f32>) -> f32 {
  return max(c.r, max(c.g, c.b));
}

// Sheen that goes from l to v: fibres that stand up ("Charlie", Estevez and Kulla 2017; visibility of Ashikhmin 2007).
fn sheen_lobe(n: vec3<f32>, v: vec3<f32>, l: vec3<f32>, roughness: f32) -> f32 {
  let nv = max(dot(n, v), 1e-3);
  let nl = max(dot(n, l), 0.0);
  let nh = saturate(dot(n, normalize(v + l)));
  let sharpness = 1.0 / (roughness * roughness);
  let distribution = (2.0 + sharpness) * pow(max(1.0 - nh * nh, 1e-6), 0.5 * sharpness) / (2.0 * PI);
  return distribution / (4.0 * (nl + nv - nl * nv));
}

// The share of light from all around that sheen_lobe sends to nv: an own fit of its integral, within 0.05 for the
// roughness that SHEEN_ROUGHNESS_MIN allows; below that the lobe would reflect more than there is.
const SHEEN_ROUGHNESS_MIN = 0.3;

fn sheen_albedo(roughness: f32, nv: f32) -> f32 {
  return saturate(exp((0.347 - 1.41 * nv) / roughness - 0.861));
}

// What the eye makes of waves that lag behind by `path` nm, as linear colours (Belcour and Barla 2017, from their fit).
fn film_color(path: f32, shift: vec3<f32>) -> vec3<f32> {
  let phase = 2.0 * PI * path * 1e-9;
  let height = vec3<f32>(5.4856e-13, 4.4201e-13, 5.2481e-13);
  let place = vec3<f32>(1.6810e6, 1.7953e6, 2.2084e6);
  let width = vec3<f32>(4.3278e9, 9.3046e9, 6.6121e9);
  var xyz = height * sqrt(2.0 * PI * width) * cos(place * phase + shift) * exp(-phase * phase * width);
  xyz.x += 9.7470e-14 * sqrt(2.0 * PI * 4.5282e9) * cos(2.2399e6 * phase + shift.x) * exp(-4.5282e9 * phase * phase);
  xyz /= 1.0685e-7;
  return vec3<f32>(
    dot(xyz, vec3<f32>(3.2404542, -1.5371385, -0.4985314)), dot(xyz, vec3<f32>(-0.9692660, 1.8760108, 0.0415560)),
    dot(xyz, vec3<f32>(0.0556434, -0.2040259, 1.0572252)));
}

// What a film of `thickness` nm on a surface that reflects f0 reflects towards nv, as its reflectance head-on.
fn film_f0(ior: f32, thickness: f32, f0: vec3<f32>, nv: f32) -> vec3<f32> {
  let film = mix(1.0, ior, smoothstep(0.0, 0.03, thickness));
  let inside2 = 1.0 - (1.0 - nv * nv) / (film * film);
  let grazing = pow(1.0 - nv, 5.0);
  if (inside2 <= 0.0) {
    return vec3<f32>(1.0);
  }
  let inside = sqrt(inside2);
  let step = (film - 1.0) / (film + 1.0);
  let r12 = step * step + (1.0 - step * step) * grazing;
  let through = 1.0 - r12;
  let root = sqrt(clamp(f0, vec3<f32>(0.0), vec3<f32>(0.9999)));
  let under = (1.0 + root) / (1.0 - root);
  let second = (under - film) / (under + film);
  let r23 = second * second + (1.0 - second * second) * pow(1.0 - inside, 5.0);
  let shift = PI - select(0.0, PI, film < 1.0) + select(vec3<f32>(0.0), vec3<f32>(PI), under < vec3<f32>(film));
  let r123 = clamp(r12 * r23, vec3<f32>(1e-5), vec3<f32>(0.9999));
  let bounced = through * through * r23 / (1.0 - r123);
  let path = 2.0 * film * thickness * inside;
  let once = sqrt(r123) * (bounced - through);
  var seen_film = r12 + bounced + once * 2.0 * film_color(path, shift);
  seen_film += sqrt(r123) * once * 2.0 * film_color(2.0 * path, 2.0 * shift);
  return saturate((max(seen_film, vec3<f32>(0.0)) - grazing) / max(1.0 - grazing, 1e-3));
}
