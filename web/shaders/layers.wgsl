// What may lie on a surface where LAYERED: sheen of cloth, and a clear coat over everything (KHR_materials_sheen,
// KHR_materials_clearcoat). lighting.wgsl puts them together.

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
